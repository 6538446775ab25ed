"""What is sent to Discord: whom a message may call, its buttons, its files, and the mark by which a repeated one is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from io import BytesIO
from secrets import token_hex
from typing import TYPE_CHECKING

from ...errors import BridgeError
from ..heard import Button, Post
from .places import number

if TYPE_CHECKING:
    import discord

NONCE = 25
"""Characters of a nonce at most."""
MOST_BUTTONS = 25
LONGEST_ID, LONGEST_LABEL = 100, 80


def nonce(key: str) -> str:
    """Return the nonce of a post: for one without a key one that nothing else has, so that it can be tried again.

    Within some minutes Discord sends no second message of the same nonce in a channel: it gives back the first one, with the
    content that one was sent with, whatever the second says. After that, and for posts under another name, it can not tell.
    """
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:NONCE] if key else token_hex(NONCE // 2)


def words(text: str) -> str:
    """Return a text as it can be sent: without halves of characters, which are no text to Discord."""
    return text.encode("utf-8", "replace").decode("utf-8")


def calling(people: Iterable[str], replied_to: int = 0) -> discord.AllowedMentions:
    """Return that nobody but these is called; who is replied to only where they are among them."""
    import discord

    ids = [found for found in map(number, people) if found]
    users = [discord.Object(found) for found in ids]
    return discord.AllowedMentions(everyone=False, roles=False, users=users, replied_user=replied_to in ids)


def view(buttons: Sequence[Button]) -> discord.ui.View | None:
    """Return buttons as Discord takes them, None for none. Nothing is kept of it here: a press tells the button's id."""
    if not buttons:
        return None
    import discord

    made = discord.ui.View(timeout=None)
    for each in buttons[:MOST_BUTTONS]:
        made.add_item(discord.ui.Button(custom_id=each.id[:LONGEST_ID], label=each.label[:LONGEST_LABEL]))
    made.stop()
    return made


def content(post: Post) -> bytes | None:
    """Return what the file of a post holds, None where it has none. Raises BridgeError."""
    if post.file is None:
        return None
    try:
        return post.file.read()
    except OSError as exc:
        raise BridgeError(f"The file could not be read ({exc.strerror}).") from None


def file(post: Post, held: bytes | None) -> discord.File | None:
    """Return the file of a post as Discord takes it."""
    if post.file is None or held is None:
        return None
    import discord

    return discord.File(BytesIO(held), post.file.name)
