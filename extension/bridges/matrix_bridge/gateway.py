"""The Matrix gateway: one account, which hears in a thread and an event loop of its own and hands everything to the core."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING, Any

from ...errors import BridgeError, FamiliarError
from ..gateway import Vital
from ..heard import Capabilities
from ..lanes import Lanes
from .account import Cabinet
from .allowance import Allowance
from .calls import Calls, Refused
from .connection import Connection
from .crosssigning import CrossSigning
from .handle import MATRIX, MatrixHandle
from .invites import Invites
from .ledger import Ledger
from .login import GONE, Access, Login
from .patience import ONCE, Patience
from .rooms import PLATFORM, Spot
from .syncing import Syncing

if TYPE_CHECKING:
    from nio import AsyncClient

    from ...settings import Settings
    from ..room import Room

log = logging.getLogger(__name__)

LONGEST_PAUSE = 30.0
"""Seconds between two tries to reach the server."""
BLINK = 60.0
"""Seconds for which nothing may be heard without what was said meanwhile being looked at for its age."""


class Matrix:
    """An account on Matrix. It stands on the settings, and on files in the data directory."""

    name = PLATFORM

    def __init__(self, room: Room, account: Settings | None = None, *, capabilities: Capabilities = MATRIX) -> None:
        """`account` are the settings that say whose it is, where they are not those of the program."""
        self.room, self.capabilities = room, capabilities
        self._account = account
        self.invites = Invites(self)
        self.lanes = Lanes()
        self._connection: Connection | None = None
        self._syncing: Syncing | None = None
        self._thread: Thread | None = None
        self._ended, self._stop = Event(), asyncio.Event()
        self._connected, self._reconnects, self._trouble, self._signing = False, 0, "", ""
        self._heard: datetime | None = None

    @property
    def settings(self) -> Settings:
        """Those in effect."""
        return self.room.app.settings

    @property
    def connection(self) -> Connection:
        """What it stands on. Raises BridgeError before it is open."""
        if self._connection is None:
            raise BridgeError("There is no connection to Matrix.")
        return self._connection

    @staticmethod
    def clock() -> datetime:
        """Return the time."""
        return datetime.now(UTC)

    def open(self) -> None:
        """As Gateway says."""
        opened: Future[None] = Future()
        self._thread = Thread(target=lambda: asyncio.run(self._run(opened)), name="familiar-matrix", daemon=True)
        self._thread.start()
        opened.result()

    def close(self) -> None:
        """As Gateway says."""
        self.lanes.close()
        if self._connection is not None and not self._ended.is_set():
            self._connection.loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join()

    def wait(self, timeout: float | None = None) -> bool:
        """As Gateway says."""
        return self._ended.wait(timeout)

    def vital(self) -> Vital:
        """As Gateway says."""
        on = self._connection
        if on is None:
            return Vital(connected=False, trouble=self._trouble)
        answered, late = on.patience.answered, on.opening.trouble() if not self._ended.is_set() else ""
        troubles = (self._trouble, self._signing, self._syncing.trouble if self._syncing else "", late)
        return Vital(
            self._connected,
            on.account.user,
            None if answered is None else monotonic() - answered,
            self._heard,
            on.patience.waits,
            on.patience.waited,
            self._reconnects,
            " ".join(filter(None, troubles)),
        )

    def handle(self, place_id: str) -> MatrixHandle | None:
        """As Gateway says."""
        spot = Spot.of(place_id)
        known = spot is not None and self._connection is not None and self._connection.rooms.known(spot.room)
        return MatrixHandle(self, spot) if known and spot is not None else None

    def places(self, since: datetime, known: Sequence[str]) -> Sequence[str]:
        """As Gateway says: the sync itself tells all that was said since it was last heard, in any place."""
        return ()

    def joined(self, room: str) -> None:
        """Take notice that we are in a room."""
        from nio import MatrixRoom

        self.connection.client.rooms.setdefault(room, MatrixRoom(room, self.connection.client.user_id))

    def listened(self, when: datetime) -> None:
        """Take notice that something was said."""
        self._heard = when if self._heard is None else max(self._heard, when)

    def is_old(self, when: datetime) -> bool:
        """Return whether something is too old to be answered once it is caught up."""
        return self.clock() - when > timedelta(hours=self.settings.catch_up_hours)

    async def _run(self, opened: Future[None]) -> None:
        try:
            try:
                ONCE.set(True)  # who opens it tries again, and so does every round of listening
                syncing, first = await self._begin()
            except BaseException as exc:  # noqa: BLE001 - whatever it is, it is who opened that must know
                self._trouble = str(exc) if isinstance(exc, FamiliarError) else type(exc).__name__
                opened.set_exception(exc)
                return
            opened.set_result(None)
            listening, stopping = asyncio.create_task(self._listen(syncing, first)), asyncio.create_task(self._stop.wait())
            await asyncio.wait([listening, stopping], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if not listening.done():
                listening.cancel()
            elif (failed := listening.exception()) is not None:
                log.error("The Matrix bridge failed, by a fault of its own", exc_info=failed)
            await asyncio.gather(listening, stopping, return_exceptions=True)
        finally:
            self._connected = False
            self._ended.set()
            if self._connection is not None:
                await self._connection.close()

    async def _begin(self) -> tuple[Syncing, Mapping[str, Any]]:
        """Log in, have the keys ready, and ask what is new for the first time."""
        access = Access.of(self._account or self.settings)
        client, patience = _client(access)
        cabinet = Cabinet.of(self.settings.data_dir, access.user)
        try:
            account = await Login(client, cabinet, access)()
            ledger = Ledger(cabinet.folder / "ledger.sqlite")
        except BaseException:
            await client.close()
            raise
        on = Connection(client, account, patience, Calls(client), ledger, asyncio.get_running_loop())
        self._connection = on
        self._syncing = syncing = Syncing(self)
        first = await syncing.ask(first=True)
        await syncing.meet(first)
        self._signing = await CrossSigning(client, on.calls, cabinet, access.password)(account)
        if self._signing:
            log.warning("%s", self._signing)
        cabinet.close_to_others()
        on.in_background(on.pay())
        self.invites.answer()
        log.info("Matrix: %s is logged in as the device %s", account.user, account.device)
        return syncing, first

    async def _listen(self, syncing: Syncing, answer: Mapping[str, Any] | None) -> None:
        """Hear until it is stopped, or the login ends."""
        fresh, away, pause = True, 0.0, 0.0
        while True:
            try:
                if answer is None:
                    answer = await syncing.ask(first=False)
                    await syncing.meet(answer)
                if fresh or away:
                    await self._came(again=bool(away))
                await syncing.hear(answer, late=fresh or (away > 0 and monotonic() - away > BLINK))
                answer, fresh, away, pause, self._connected = None, False, 0.0, 0.0, True
            except FamiliarError as exc:
                if isinstance(exc, Refused) and exc.code in GONE:
                    self._log_out()
                    return
                answer, away = None, away or monotonic()
                pause = await self._away(pause, exc)

    def _log_out(self) -> None:
        who = self.connection.account.user
        self._trouble = f"{who} was logged out elsewhere: start the bridge again, so that it logs in anew."
        log.error("%s", self._trouble)

    async def _away(self, pause: float, exc: FamiliarError) -> float:
        self._connected = False
        log.warning("Nothing is heard on Matrix now: %s", exc)
        longer = min(max(pause * 2, 0.5), LONGEST_PAUSE)
        await asyncio.sleep(longer)
        return longer

    async def _came(self, *, again: bool) -> None:
        """Let the core take up what was left unanswered, before anything new is heard."""
        if again:
            self._reconnects += 1
            log.info("Matrix is heard again")
        done, loop = asyncio.Event(), self.connection.loop

        def connected() -> None:
            try:
                self.room.connected(self)
            finally:
                loop.call_soon_threadsafe(done.set)

        self.lanes.put(PLATFORM, connected)
        await done.wait()


def _client(access: Access) -> tuple[AsyncClient, Patience]:
    """Return a client of nio whose requests have patience, and that patience."""
    for name in ("nio", "peewee"):  # they write the words of messages and keys into the log
        logging.getLogger(name).setLevel(logging.CRITICAL)
    from nio import AsyncClient, AsyncClientConfig
    from nio.store import SqliteStore

    config = AsyncClientConfig(store=SqliteStore, max_limit_exceeded=0, max_timeouts=0, encryption_enabled=True)
    client = AsyncClient(access.homeserver, access.user, config=config)
    patience = Patience(Allowance())
    client.send = patience.around(client.send)
    return client, patience
