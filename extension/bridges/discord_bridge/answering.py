"""Answering an interaction: a slash command, a menu, a button or a form, whose answer can be shown to one person alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...texts import tr
from ..heard import Post
from .handle import DiscordHandle
from .places import person
from .sending import calling, content, file, view, words

if TYPE_CHECKING:
    import discord


@dataclass
class Progress:
    """How far an interaction is answered."""

    thinking: bool = False
    """Whether Discord shows that person, and nobody else, that it thinks; the first answer takes its place."""
    over: bool = False
    """Whether all was said: what comes now is no answer to the interaction any more."""


@dataclass(frozen=True)
class Answering(DiscordHandle):
    """A place, as long as an interaction in it is answered. What comes too late for that is posted there, or sent in private."""

    interaction: discord.Interaction
    progress: Progress = field(default_factory=Progress)

    def post(self, post: Post) -> str:
        """As Handle says."""
        good = not self.progress.over and not self.interaction.is_expired()
        if post.private:
            return self._follow_up(post) if good else self._alone(post)
        if not good or post.reply_to or post.speaker:
            return super().post(post)
        return self._follow_up(post)

    def finish(self) -> None:
        """Take away that it thinks, where nothing was said to that person."""
        self.progress.over = True
        if self.progress.thinking and not self.interaction.is_expired():
            self.progress.thinking = False
            self._call(self._clear, "answering a command")

    def _follow_up(self, post: Post) -> str:
        return self.account.line.call(self._followed_up(post, content(post)), "answering a command")

    def _alone(self, post: Post) -> str:
        elsewhere = super().direct(person(self.interaction.user))
        if elsewhere is None:
            return ""
        late = Post(tr("That took longer than Discord lets me answer you alone there."))
        elsewhere.post(late)
        return elsewhere.post(Post(post.text, post.mentions, buttons=post.buttons, file=post.file, key=post.key))

    async def _followed_up(self, post: Post, held: bytes | None) -> str:
        """Send a further answer.

        The first one takes the place of the sign that we think, and is seen by as few as that. So something else takes that
        place before an answer for everybody, and is removed after it: once the sign was removed itself, nothing more would be taken.
        """
        aside, self.progress.thinking = self.progress.thinking and not post.private, False
        if aside:
            await self.interaction.edit_original_response(content="…")
        given: dict[str, Any] = {"content": words(post.text), "view": view(post.buttons), "file": file(post, held)}
        given = {name: value for name, value in given.items() if value}
        followup = self.interaction.followup
        sent = await followup.send(wait=True, ephemeral=post.private, allowed_mentions=calling(post.mentions), **given)
        if aside:
            await self._clear()
        return str(sent.id)

    async def _clear(self) -> None:
        """Remove what that person alone was shown."""
        import discord

        try:
            await self.interaction.delete_original_response()
        except discord.NotFound:
            return
