"""Clones: what people of a chat might say next, by the model of a host with the adapter of a voice on it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, replace
from threading import Lock

from ..errors import CommandRefused, HostTimeout
from ..hosts.checkpoint import Checkpoint
from ..hosts.embedded import Embedded
from ..hosts.generating import Generating, failure
from ..hosts.window import require_room
from ..messages import Generation, Message
from ..refresh.rendering.renderer import Renderer
from ..refresh.turns import Conversation, Speaker, Turn
from .context import Said, conversation
from .scoring import likelihoods
from .voice import Voice

AT_ONCE = 16
"""Replies the model works on at the same time; more wait for those before."""
_ROOM = 16
"""Tokens by which name tags may differ in length."""
PATIENCE = 60.0
"""Seconds that a question for likelihoods waits for the model."""


@dataclass(frozen=True, slots=True)
class Part:
    """Who is to speak, and the words it begins with."""

    speaker: Speaker
    seed: str = ""


class Clones:
    """The people of a voice, for as long as a command takes. `agreed` says whose words may be spoken; nobody else is.

    One at a time uses the model of the host, which answers as before in between. Safe to use from several threads.
    """

    def __init__(self, host: Embedded, voice: Voice, agreed: Callable[[Speaker], bool]) -> None:
        self.host = host
        self.voice = voice
        self._agreed = agreed
        self._made: tuple[Checkpoint, Checkpoint, Renderer] | None = None
        self._lock = Lock()

    def part(self, named: str, seed: str = "") -> Part:
        """Return somebody by name or id, to be spoken as. Raises NotFound, and CommandRefused for who did not agree to it."""
        speaker = self.voice.speaker(named)
        if not self._agreed(speaker):
            raise CommandRefused(
                f"{speaker.name} has not agreed to be spoken as. Ask, and write it down: familiar people consent given {speaker.id}"
            )
        return Part(speaker, seed)

    def everybody(self) -> list[Part]:
        """Return all who agreed. Raises CommandRefused where nobody did."""
        found = [Part(each) for each in self.voice.people if self._agreed(each)]
        if not found:
            raise CommandRefused(f"Nobody {self.voice.name} was trained on has agreed to be spoken as. `familiar people` shows who is who.")
        return found

    def say(self, said: Sequence[Said], parts: Sequence[Part], options: Generation) -> Generator[tuple[int, str], None, None]:
        """Yield what is said, in pieces, each with the number of the part it is of: several come side by side.

        A seed comes first. Whoever speaks ends where another would begin. What does not fit of the context is left out at its beginning.
        Closing stops the model. Raises HostRefused when not even the seed fits, HostError when the model fails, and as `loaded` does.
        """
        checkpoint = self.checkpoint
        prompts = [self._prompt(conversation(said, self.voice), part, options.max_new_tokens) for part in parts]
        stops = (*options.stop, *self.renderer.stops.strings)
        for first in range(0, len(parts), AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, len(parts)))
            some = [prompts[number] for number in numbers]
            run = Generating(checkpoint, some, options, ends=self.renderer.stops.ids, fitting=self._worn)
            begun = set()
            for number in numbers:
                if seed := parts[number].seed.strip():
                    begun.add(number)
                    yield number, seed
            with closing(run.pieces(self.host.turn, stops)) as pieces:
                for row, piece in pieces:
                    number = numbers[row]
                    if number not in begun:
                        piece = piece.lstrip()
                    if piece:
                        begun.add(number)
                        yield number, piece

    def said(self, said: Sequence[Said], parts: Sequence[Part], options: Generation) -> list[str]:
        """Return what is said by each, whole, without spaces around it. Raises as `say` does."""
        texts = [""] * len(parts)
        for number, piece in self.say(said, parts, options):
            texts[number] += piece
        return [text.strip() for text in texts]

    def next_speakers(self, said: Sequence[Said], among: Sequence[Part] = ()) -> dict[Speaker, float]:
        """Return how probable it is that each speaks next, the most probable first; together they are 1.

        It is the likelihood of their name tags behind the context, each to the power of one by its number of tokens, as parts of their sum.
        Raises HostTimeout while the model is busy, HostError, and as `loaded` does.
        """
        if not said:
            raise CommandRefused("Nothing was said yet, so nobody can be told to be next. Give a context.")
        people = [part.speaker for part in among or self.everybody()]
        longest = max(people, key=lambda each: len(each.name))
        talk = self._fitting(conversation(said, self.voice), lambda talk: self.renderer.prompt(talk, longest), _ROOM)
        prompts = [self.renderer.prompt(talk, each) for each in people]
        if not self.host.turn.acquire(timeout=PATIENCE):
            raise HostTimeout(f"{self.host.model} is writing. Try again when it is done.")
        try:
            with self._worn():
                shares = likelihoods(self.checkpoint.model, prompts)
        except Exception as exc:
            raise failure(exc, self.host.model) from exc
        finally:
            self.host.turn.release()
        return dict(sorted(zip(people, shares, strict=True), key=lambda each: -each[1]))

    def ask(self, messages: Sequence[Message], options: Generation, *, adapted: bool = False) -> Generator[str, None, None]:
        """Yield what the model answers to messages in its own chat template, without any adapter; `adapted` puts the voice's on.

        Raises as the host does.
        """
        base = self.host.load()
        prompt = base.prompt(messages)
        require_room(len(prompt), options.max_new_tokens, base.window, base.name)
        run = Generating(base, [prompt], options, fitting=self._worn if adapted else base.adapters.off)
        with closing(run.pieces(self.host.turn, (*options.stop, *base.stops))) as pieces:
            for _, piece in pieces:
                yield piece

    @property
    def checkpoint(self) -> Checkpoint:
        """The model with the tokenizer of the voice. Raises TrainingRefused where the adapter does not fit it, and what loading raises."""
        return self._loaded()[1]

    @property
    def renderer(self) -> Renderer:
        """What makes tokens of a talk, as in the training. Raises as `checkpoint` does."""
        return self._loaded()[2]

    def _loaded(self) -> tuple[Checkpoint, Checkpoint, Renderer]:
        base = self.host.load()
        with self._lock:
            if self._made is None or self._made[0] is not base:
                self.voice.require(base.place)
                renderer = Renderer(base.tokenizer, self.voice.style, self.voice.people, self.voice.others)
                self._made = (base, replace(base, tokenizer=renderer.tokenizer), renderer)
            return self._made

    def _worn(self) -> AbstractContextManager[None]:
        base, checkpoint, renderer = self._loaded()
        return base.adapters.on(self.voice.adapter, len(checkpoint.tokenizer) if renderer.added else 0)

    def _prompt(self, talk: Conversation, part: Part, longest: int) -> list[int]:
        def prompt(talk: Conversation) -> list[int]:
            if not part.seed.strip():
                return self.renderer.prompt(talk, part.speaker)
            begun = self.renderer.render(replace(talk, turns=(*talk.turns, Turn(part.speaker, part.seed, learned=False))))
            return begun.ids[: max(span.end for span in begun.spans if span.kind != "end")]

        return prompt(self._fitting(talk, prompt, longest))

    def _fitting(self, talk: Conversation, prompt: Callable[[Conversation], list[int]], longest: int) -> Conversation:
        """Return as much of the end of a talk as the model can see with its prompt and the longest reply. Raises HostRefused."""
        window = self.checkpoint.window

        def without(count: int) -> Conversation:
            return replace(talk, turns=talk.turns[count:])

        def fits(talk: Conversation) -> bool:
            return len(prompt(talk)) + longest <= window

        count = len(talk.turns)
        left_out = bisect_left(range(count), True, key=lambda count: fits(without(count)))
        if left_out < count:
            return without(left_out)
        require_room(len(prompt(without(count))), longest, window, self.host.model)
        if not count:
            return talk
        last = talk.turns[-1]

        def shortened(cut: int) -> Conversation:
            return replace(talk, turns=(replace(last, text=last.text[cut:]),))

        return shortened(bisect_left(range(len(last.text)), True, key=lambda cut: fits(shortened(cut))))
