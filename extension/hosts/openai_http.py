"""A host behind HTTP: any server that speaks OpenAI's chat completions, such as the webui's API, vLLM and llama.cpp."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Condition, Lock
from typing import Any

import httpx
from pydantic import SecretStr

from ..errors import HostError, HostGarbled, HostRefused, HostTimeout
from ..messages import Generation, Message
from ..prompt import valid
from .address import address, authorization
from .answer import Answer
from .event_stream import objects
from .fields import MOST_STOPS, PREPARED, fields, names, untaken
from .pieces import until
from .refusal import refusal, too_slow, translated
from .served import MODELS, UNKNOWN_CONTEXT, Counter, Served, counter, offers, served
from .token_ids import TokenIds
from .window import estimate
from .words import biases

ASIDE = 10.0
"""Most seconds to wait for a connection and for answers that are not generated: the list of models, a count."""
SUCCESSORS = {"max_tokens": "max_completion_tokens"}
"""Fields that newer models take under another name."""
HIDEABLE = 8
"""Characters from which on a message is kept out of errors that quote the server."""


class OpenAIHTTP:
    """A host that asks a server. `timeout` is the seconds to wait for the next piece of an answer.

    An empty `model` takes the first one the server lists. The key is sent in the Authorization header and nowhere else.
    Raises SettingsError for a URL or a key that cannot be one. `clock` returns seconds, for tests of patience.
    """

    def __init__(
        self,
        url: str,
        model: str = "",
        api_key: SecretStr | str = "",
        timeout: float = 120.0,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        where = address(url)
        key = api_key if isinstance(api_key, SecretStr) else SecretStr(api_key)
        self._url = url
        self._server = where.url
        self._key = key
        self._wanted = model
        self._timeout = timeout
        self._clock = clock
        self._client = httpx.Client(
            headers={"Accept-Encoding": "identity", **authorization(key)},
            auth=where.auth,
            timeout=httpx.Timeout(timeout, connect=min(timeout, ASIDE), pool=None),
            trust_env=not where.loopback,
        )
        self._served: Served | None = None
        self._counter: Counter | None = None
        self._uncountable = False
        self._silent = False
        self._refused: frozenset[str] = frozenset()
        self._token_ids = TokenIds(self._ask)
        self._asking = Lock()
        self._replies = 0
        self._ended = Condition()
        weakref.finalize(self, self._client.close)

    def __repr__(self) -> str:
        return f"OpenAIHTTP({self._server!r}, {self._wanted!r})"

    @property
    def model(self) -> str:
        """The model that was asked for, or else the first the server lists. Raises HostError when it cannot be asked."""
        return self._wanted or self._found().model or "unnamed"

    @property
    def adapter(self) -> str:
        """The adapters the webui says are active, '' where there are none or the server does not say."""
        found = self._found_if_it_answers()
        return found.adapter if found else ""

    @property
    def context_length(self) -> int:
        """Tokens of prompt and reply together as the server says; 4096 where it does not, or does not answer."""
        found = self._found_if_it_answers()
        return found.context_length if found else UNKNOWN_CONTEXT

    def offers(self, model: str) -> bool:
        """Return whether the server answers with this model when it is asked for it, as far as it says. Raises HostError."""
        return offers(self._ask, model)

    def take(self, model: str) -> None:
        """Ask for another model from now on, '' for the first the server lists; what was known of the one before is asked anew."""
        with self._asking:
            self._wanted, self._served, self._counter = model, None, None
            self._uncountable = self._silent = False
            self._refused = frozenset()
            self._token_ids = TokenIds(self._ask)

    def rest(self, seconds: float) -> None:
        """Wait until no reply of this host is being made. Raises HostTimeout where that takes longer."""
        with self._ended:
            if not self._ended.wait_for(lambda: self._replies == 0, seconds):
                raise HostTimeout("A reply is still being written. Stop it, or try again in a moment.")

    @contextmanager
    def _replying(self) -> Iterator[None]:
        with self._ended:
            self._replies += 1
        try:
            yield
        finally:
            with self._ended:
                self._replies -= 1
                self._ended.notify_all()

    def beside(self, model: str) -> OpenAIHTTP:
        """Return a host that asks the same server for another model."""
        return OpenAIHTTP(self._url, model, self._key, self._timeout, clock=self._clock)

    def ask(self, path: str, question: Any) -> Any:
        """Ask for something small; GET without a question. Returns None for a refusal. Raises HostError where nothing answers."""
        return self._ask(path, question)

    def administer(self, path: str, question: Any = None, wait: float = ASIDE) -> Any:
        """Ask for what a server keeps for those who run it, for so many seconds; GET without a question, whose answer is returned.

        Raises HostError, HostRefused with what the server says.
        """
        method = "GET" if question is None else "POST"
        with translated(self._server, wait), self._client.stream(method, self._server + path, json=question, timeout=wait) as response:
            if response.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
                raise HostRefused(
                    f"{self._server} lets only those list and load models who have its admin key. Start it with --admin-key the same as"
                    " --api-key, or without, and set FAMILIAR_API_KEY to it."
                )
            if not response.is_success:
                raise refusal(response, self._server, self._hidden()).error
            return next(objects(response.iter_bytes(), self._server), None) if question is None else None

    def close(self) -> None:
        """Close idle connections. The host may not be used afterwards. Happens by itself when the host is dropped."""
        self._client.close()

    def count(self, text: str) -> int:
        """Return the tokens as the server counts them, where it does (webui, llama.cpp, vLLM); else an estimate. Never raises."""
        if not text or self._uncountable or self._silent:
            return estimate(text)
        name = self._wanted or (self._served.model if self._served else "")
        try:
            with self._asking:
                self._counter = self._counter or counter(self._ask, name)
                self._uncountable = self._counter is None
            counted = self._counter.count(self._ask, valid(text), name) if self._counter else None
        except HostError:
            counted, self._silent = None, True
        return estimate(text) if counted is None else counted

    def untaken(self, options: Generation) -> list[str]:
        """Return the names of what was chosen for a generation and does nothing here, as far as the server has said. Asks nothing."""
        refused = {name for name, _ in options.further if self._refused.issuperset(names(name))}
        words = ("banned-words", options.banned, {"bad_words", "logit_bias"}), ("word-weights", options.weighted, {"logit_bias"})
        lost = [name for name, chosen, by in words if chosen and (self._refused >= by or self._token_ids.unknown)]
        return [*untaken(options), *(name for name, _ in options.further if name in refused), *lost]

    def generate(self, messages: Sequence[Message], options: Generation) -> Generator[str, None, None]:
        """Yield the reply in the server's pieces; reasoning that it sends apart comes first, as <think>…</think>.

        Closing closes the connection, on which servers stop. Raises HostUnreachable, HostTimeout, HostRefused or HostGarbled.
        """
        return until(self._generate(messages, options), options.stop[MOST_STOPS:])

    def _generate(self, messages: Sequence[Message], options: Generation) -> Generator[str, None, None]:
        self._silent = False
        model = self._wanted or self._found().model
        hidden = self._hidden(messages)
        answer = Answer(self._server, hidden)
        question = self._question(messages, options, model)
        with self._replying(), translated(self._server, self._timeout), self._opened(question, hidden) as response:
            yield from self._read(response, answer)
        if answer.model and not self._wanted and answer.model != model:
            self._served = None

    def _read(self, response: httpx.Response, answer: Answer) -> Iterator[str]:
        """Yield the pieces of an answer, waiting for each no longer than the timeout, also while comments keep coming."""
        patience = _Patience(self._server, self._timeout, self._clock)
        try:
            for part in objects(patience.watch(response.iter_bytes()), self._server):
                if part is None:
                    answer.complete = True
                    break
                for piece in answer.pieces(part):
                    yield piece
                    patience.renew()
        except httpx.TransportError:
            if not answer.complete:
                raise
        yield from answer.end()

    def _question(self, messages: Sequence[Message], options: Generation, model: str) -> dict[str, Any]:
        optional = {**fields(options), "logit_bias": self._bias(options, model) or None, "model": model or None, "user": PREPARED}
        said = [{"role": message.role, "content": valid(message.content)} for message in messages]
        return {"messages": said, "stream": True, **_without(optional, self._refused)}

    def _bias(self, options: Generation, model: str) -> dict[str, float]:
        """Return OpenAI's logit_bias of banned and weighted words, as far as the server says what tokens they are."""
        if not (options.banned or options.weighted):
            return {}
        try:
            with self._asking:
                made, _ = biases(options, lambda text: self._token_ids.of(text, model))
        except HostError:
            return {}
        return {str(token): weight for token, weight in made.items()}

    @contextmanager
    def _opened(self, question: dict[str, Any], hidden: Sequence[str]) -> Iterator[httpx.Response]:
        """Open the answer. A server that does not support one of the optional fields is asked without it, now and later."""
        while True:
            with self._client.stream("POST", f"{self._server}/v1/chat/completions", json=question) as response:
                if response.is_success:
                    yield response
                    return
                refused = refusal(response, self._server, hidden)
            if refused.field not in question:
                raise refused.error
            self._refused |= {refused.field}
            question = _without(question, {refused.field})

    def _hidden(self, messages: Sequence[Message] = ()) -> tuple[str, ...]:
        """Return what no error may repeat: the key, and what was said as far as it is not just a word."""
        said = {message.content for message in messages if len(message.content) >= HIDEABLE}
        return tuple(filter(None, (self._key.get_secret_value().strip(), *sorted(said, key=len, reverse=True))))

    def _found(self) -> Served:
        with self._asking:
            if self._served is None:
                self._served = served(self._ask, self._wanted, self._server)
            return self._served

    def _found_if_it_answers(self) -> Served | None:
        """Return what is served, or None from a server that does not answer; it is asked again after the next reply."""
        if self._silent:
            return None
        try:
            return self._found()
        except HostError:
            self._silent = True
            return None

    def _ask(self, path: str, question: Any) -> Any:
        """Ask something small. Returns None where the server does not know the path or does not answer in JSON.

        Raises HostError where it does not answer, is not ready, or keeps the list of models from who has no key.
        """
        wait = min(self._timeout, ASIDE)
        method = "GET" if question is None else "POST"
        with translated(self._server, wait), self._client.stream(method, self._server + path, json=question, timeout=wait) as response:
            if response.is_success:
                try:
                    return next(objects(response.iter_bytes(), self._server), None)
                except HostGarbled:
                    return None
            listing = path == MODELS and not self._wanted and response.status_code not in (404, 405)
            if listing or response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                raise refusal(response, self._server, self._hidden()).error
            return None


class _Patience:
    """Raises HostTimeout when bytes keep coming and none of them are a piece of the answer."""

    def __init__(self, server: str, timeout: float, clock: Callable[[], float]) -> None:
        self._server, self._timeout, self._clock = server, timeout, clock
        self._since = clock()

    def renew(self) -> None:
        self._since = self._clock()

    def watch(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            if self._clock() - self._since > self._timeout:
                raise too_slow(self._server, self._timeout)
            yield chunk


def _without(fields: Mapping[str, Any], refused: Iterable[str]) -> dict[str, Any]:
    """Return the fields that have a value, without the refused ones or with those that have succeeded them."""
    renamed = {SUCCESSORS.get(name, "") if name in refused else name: value for name, value in fields.items()}
    return {name: value for name, value in renamed.items() if name and value is not None}
