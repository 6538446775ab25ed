"""The only place that constructs adapters: settings in, a working application out."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from .characters import Character, Expert, character, characters
from .clones.voices import Voices
from .companion import RESERVE, Companion
from .context.handover import Handovers
from .context.library import Library
from .database import Database
from .documents.drive.client import GOOGLE, Drive
from .documents.writing import Writing
from .embedders import embedder_for
from .errors import CommandRefused, FamiliarError, MissingModel, SettingsError, StoreError
from .hosts.taken import untaken
from .hosts.wished import Wished
from .memory.asking import Stopped
from .memory.enrichment import Enrichment
from .memory.idle import Idle
from .memory.memories import Memories
from .memory.summarising import Sizes
from .messages import Attention, Generation, Person, Place, Turn
from .options.layers import Choices, Spot
from .options.store import Options
from .permissions.authorizer import Authorizer
from .permissions.store import Granted, Record
from .ports import Embedder, Host, Rack
from .refresh.people import People
from .settings import Settings, origins, save
from .vectors import Server

if TYPE_CHECKING:
    from .ports import Vectors

log = logging.getLogger(__name__)

_OF_THE_HOST = ("host", "model", "adapter", "api_key", "timeout")
"""Settings that ask for another host when they change."""


@dataclass
class App:
    """Everything of one data directory, wired together. Nothing is opened or loaded before its first use."""

    settings: Settings
    memories: Memories
    library: Library
    companion: Companion
    idle: Idle
    authorizer: Authorizer
    handovers: Handovers = field(default_factory=Handovers)
    """Documents that are being taken in."""
    _host: Host | None = None
    _given: bool = False
    """Whether the host was handed in, so that no other may take its place."""
    _enricher: tuple[tuple[str, str, float], Host] | None = None
    _wished: Wished = field(default_factory=Wished)
    _rack: tuple[Host, Rack | None] | None = None
    _voices: Voices | None = None
    _lock: Lock = field(default_factory=Lock)
    _swapping: Lock = field(default_factory=Lock)

    @property
    def host(self) -> Host:
        """What runs the model, made at the first use. Raises SettingsError or MissingModel."""
        with self._lock:
            if self._host is None:
                from .hosts.choice import host_for

                self._host = host_for(self.settings)
            return self._host

    def host_for(self, expert: Expert) -> tuple[Host, str]:
        """Return what runs the model a companion wishes; where that cannot be had, the usual one and a sentence that says so.

        Raises as `host` does.
        """
        return self._wished.host(expert, self.settings, self.host, given=self._given)

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The hosts that may answer: the usual one, and the one that a companion wished last. Raises as `host` does."""
        wished = self._wished.last
        return (self.host,) if wished is None else (self.host, wished)

    @property
    def voices(self) -> Voices:
        """What speaks as the people of imported chats, with the adapters that were trained on them."""
        if self._voices is None:
            database, settings = self.memories.database, self.settings
            self._voices = Voices(settings.data_dir, lambda: self.host, lambda: People(database, self.settings.person))
        return self._voices

    @property
    def rack(self) -> Rack:
        """What exchanges the model. Raises CommandRefused where nothing can, and as `host` does."""
        from .hosts.rack import rack_for

        host = self.host
        with self._lock:
            if self._rack is None or self._rack[0] is not host:
                own = host if isinstance(host, Rack) else None
                self._rack = (host, own if self._given else rack_for(host, self.settings))
            found = self._rack[1]
        if found is None:
            raise CommandRefused(f"{host.model} is the only model here. Set FAMILIAR_HOST to what has more of them.")
        return found

    def swap(self, act: Callable[[Rack], str]) -> str:
        """Exchange the model or its adapter, one at a time, and keep that in the settings; return what the person should know besides.

        Raises what the act raises, and as `rack` does.
        """
        with self._swapping:
            rack = self.rack
            told = act(rack)
            return f"{told} {self._keep(rack.kept)}".strip()

    def _keep(self, values: Mapping[str, str]) -> str:
        """Keep settings that hold already, and say in a sentence if they will not after a restart."""
        if all(getattr(self.settings, name) == value for name, value in values.items()):
            return ""
        lost = ""
        try:
            kept = save(self.settings, **values)
            known = origins(kept.data_dir, os.environ)
            if outweighed := [f"FAMILIAR_{name.upper()}" for name in values if known[name] == "the environment"]:
                lost = f"After a restart {' and '.join(outweighed)} in the environment will hold."
        except (SettingsError, StoreError) as exc:
            kept = self.settings.changed(**values)
            lost = f"After a restart it will be as before: {exc}"
        with self._lock:
            self.settings = kept
        return lost

    @property
    def writing(self) -> Writing:
        """What makes documents of replies and saves them, by the settings."""
        chosen = self.settings
        drive = Drive(Path(chosen.drive_credentials), GOOGLE) if chosen.drive_credentials else None
        return Writing(self.memories.database, chosen.documents_dir, drive, convert=chosen.drive_convert)

    @property
    def enrichment(self) -> Enrichment | None:
        """What puts memory into questions by the settings, None where nothing does."""
        chosen = self.settings
        return Enrichment(self._enricher_now, chosen.enrich_timeout) if chosen.enrich.strip() else None

    def _enricher_now(self) -> Host:
        chosen = self.settings
        if chosen.enrich.strip().lower() == "host":
            return self.host
        wanted = (chosen.enrich, chosen.enrich_model, chosen.enrich_timeout)
        if self._enricher is None or self._enricher[0] != wanted:
            from .hosts.choice import enricher_for

            self._enricher = (wanted, enricher_for(chosen))
        return self._enricher[1]

    @property
    def attention(self) -> Attention:
        """What the settings say about recall and documents."""
        return self.settings.attention

    @property
    def generation(self) -> Generation:
        """What the settings say about generating."""
        return Generation(max_new_tokens=self.settings.max_new_tokens, temperature=self.settings.temperature)

    @property
    def options(self) -> Options:
        """What was chosen for places and people."""
        return Options(self.memories.database)

    def choices(self, spot: Spot) -> Choices:
        """Return what was chosen at a spot; nothing, with a warning, where the diary cannot be read. Never raises."""
        try:
            return self.options.at(spot)
        except FamiliarError as exc:
            log.warning("The turn goes on without what was chosen for it: %s", exc)
            return Choices(spot, ())

    def manner(self, character: Character, expert: Expert, turn: Turn) -> tuple[Generation, Attention, str]:
        """Return how a companion answers a turn at this machine: how it generates, what it is shown, and its system prompt.

        `expert` is what counts of what its file says. Never raises.
        """
        choices = self.choices(Spot(channel=turn.place.id, person=turn.person.id))
        generation = choices.answering(expert.generation(self.generation), turn.said)
        return generation, choices.attention(expert.attention(self.attention)), choices.context(character.context, turn.said)

    def untaken(self, spot: Spot) -> list[str]:
        """Return the names of what was chosen for generating at a spot and does nothing with the model there is. Never raises."""
        try:
            return untaken(self.host, self.choices(spot).generation(self.generation))
        except FamiliarError as exc:
            log.debug("Nobody knows what a model takes that is not there: %s", exc)
            return []

    @property
    def characters_dir(self) -> Path:
        """Folder of the companions' files."""
        return self.settings.data_dir / "characters"

    def character(self, name: str) -> Character:
        """Return the companion of this name. Raises SettingsError, NotFound."""
        return character(name, self.characters_dir)

    def shelf_of(self, companion: str) -> str:
        """Return the companion whose documents one draws on: its own name, unless its file says another. Never raises."""
        try:
            return self.character(companion).expert.shelf.strip() or companion
        except FamiliarError as exc:
            log.warning("%s", exc)
            return companion

    def companions(self) -> list[str]:
        """Return the companions to choose from: the default one, those with a file, and those talked to before."""
        try:
            known = [companion for _, _, companion, _, _ in self.memories.diary.places(self.settings.person)]
        except StoreError as exc:
            log.warning("Companions talked to before are not known now: %s", exc)
            known = []
        return list(dict.fromkeys([self.settings.companion, *characters(self.characters_dir), *known]))

    def turn(self, said: str, place: Place, companion: str = "", person: Person | None = None, row: int | None = None) -> Turn:
        """Return a turn of this moment; its row is the next one of the place where none is given. Raises StoreError."""
        return Turn(
            person or Person(self.settings.person),
            place,
            companion or self.settings.companion,
            said,
            self.memories.next_row(place.id) if row is None else row,
            datetime.now(UTC),
        )

    def use(self, settings: Settings, host: Host | None = None) -> None:
        """Go on with other settings (those of the data directory and the stores stay as they are)."""
        with self._lock:
            changed = [name for name in _OF_THE_HOST if getattr(settings, name) != getattr(self.settings, name)]
            self.settings = settings
            self.memories.retention.days = settings.retention_days
            self.memories.corrections.used = settings.learn
            self.memories.chat_logs.on = settings.chat_logs
            if host is not None or changed:
                self._host, self._given, self._rack = host, host is not None, None

    @property
    def notes(self) -> bool:
        """Whether the settings ask for facts or summaries."""
        return self.settings.facts or self.settings.summaries != "off"

    @property
    def thinks(self) -> bool:
        """Whether the settings ask for work in idle time."""
        return self.notes or self.settings.learn

    def think(self, stopped: Stopped) -> bool:
        """Do a piece of the idle work that the settings ask for, and return whether there may be more.

        Raises StoreError, HostError, and what making the host raises.
        """
        if self.settings.learn and self.memories.learning.step(self.settings.scope, stopped):
            return True
        more = self.settings.facts and self.memories.fact_finding.step(self.host, stopped)
        if not more and not stopped():
            self.memories.warm_up()  # the indexes take up what was noted
            more = self._summarise(stopped)
        return more

    def sum_up_again(self, number: int, stopped: Stopped) -> int:
        """Make a summary anew as the settings say, and return the id of the new one; 0 when it was stopped.

        Raises NotFound, SettingsError, StoreError, HostError, and what making the host raises; then the one there stays.
        """
        method = self.settings.summaries
        if method == "off":
            raise SettingsError("Summaries are switched off. Set FAMILIAR_SUMMARIES=extract or =model, then try again.")
        made = self.memories.summarising.remake(number, self.host, self._sizes(), method, stopped)
        self.memories.forgetting.scrub()
        return made

    def _summarise(self, stopped: Stopped) -> bool:
        method = self.settings.summaries
        return method != "off" and self.memories.summarising.step(self.host, self._sizes(), method, stopped)

    def _sizes(self) -> Sizes:
        chosen, host = self.settings, self.host
        # The chat itself is cut by exact counts; a quarter less makes sure that nothing falls out that is not summed up.
        sight = (host.context_length - chosen.max_new_tokens - RESERVE - chosen.budget) * 3 // 4
        return Sizes(max(sight, 64), max(chosen.budget // 6, 40))

    def close(self) -> None:
        """Let go of everything."""
        self.handovers.close()
        self.idle.close()
        self.memories.close()


def build(settings: Settings, host: Host | None = None, embedder: Embedder | None = None) -> App:
    """Return the application of these settings. `host` and `embedder` replace those the settings name."""
    database = Database(settings.diary_url, settings.lock_timeout)
    embedder = embedder or _embedder(settings)
    library = Library(database, embedder)
    memories = Memories(
        database, embedder, settings.data_dir, settings.patience, settings.retention_days, _chroma(settings), library.catch_up
    )
    memories.corrections.used = settings.learn
    memories.chat_logs.on = settings.chat_logs
    # What follows asks the application, so that settings that change later count.
    idle = Idle(lambda stopped: app.think(stopped), lambda: app.thinks)
    made = Companion(memories, idle, lambda: app.enrichment, library)
    authorizer = Authorizer(Granted(database), Record(database), lambda: app.settings.permissions)
    app = App(settings, memories, library, made, idle, authorizer, _host=host, _given=host is not None)
    return app


def log_to_file(settings: Settings) -> None:
    """Write the log of this process to `familiar.log` in the data directory: 1 MB, three old ones kept."""
    logger = logging.getLogger(__package__)
    logger.setLevel(settings.log_level)
    if any(isinstance(handler, RotatingFileHandler) for handler in logger.handlers):
        return
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(settings.data_dir / "familiar.log", maxBytes=1_000_000, backupCount=3, encoding="utf-8")
    except OSError as exc:
        log.warning("No log file: %s", exc)
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(process)d: %(message)s"))
    logger.addHandler(handler)


def _chroma(settings: Settings) -> Server | None:
    return Server(settings.chroma_url, settings.chroma_token.get_secret_value()) if settings.chroma_url else None


def _embedder(settings: Settings) -> Embedder:
    try:
        return embedder_for(settings)
    except MissingModel as exc:
        log.warning("%s", exc)
        return _Missing(str(exc))


class _Missing:
    """Stands where no embedding model is: says what is missing each time it is asked, and recall goes on by words."""

    name = ""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    @property
    def dimensions(self) -> int:
        raise MissingModel(self._reason)

    @property
    def window(self) -> int:
        raise MissingModel(self._reason)

    def count(self, texts: Sequence[str]) -> list[int]:
        raise MissingModel(self._reason)

    def embed(self, texts: Sequence[str]) -> Vectors:
        raise MissingModel(self._reason)

    def words(self, words: Sequence[str]) -> Vectors:
        raise MissingModel(self._reason)
