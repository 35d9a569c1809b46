"""The loop around the exchange: wakes, exchanges, backs off, says what it does, stops.

It wakes when something is written here, when central notifies, and every few seconds in case a notification could not
come (behind a pooler). It runs on the server's event loop and leaves it after every slice of work.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable
from functools import partial
from typing import Any, TypeVar

from structura_local import __version__, clock
from structura_local.domain.row import kept_from
from structura_local.errors import AppError
from structura_local.store import graves, node
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Change
from sync.central.postgres import Held, PostgresCentral
from sync.local import SYNC, KeyRing, LocalPort
from sync.protocol import NotCounted, SyncError, VersionRefused, Welcome
from sync.session import Then, exchange
from sync.status import Monitor

POLL = 5.0  # seconds between looks at central without a reason
GATHER = 0.02  # seconds in which the writes of one tap come together
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds between attempts while the link is down
REFUSED_PAUSE = 300.0  # seconds; only an upgrade helps
DAY = 86_400_000  # milliseconds

T = TypeVar("T")


class Worker:
    """`plant` and `dsn` come from the enrolment bundle. Run it with `run()`, cancel that to stop."""

    def __init__(self, store: Store, ring: KeyRing, plant: str, dsn: str, monitor: Monitor) -> None:
        self._store = store
        self._port = LocalPort(store, ring)
        self._plant = plant
        self._dsn = dsn
        self._monitor = monitor
        self._now_there = 0  # what time it was at head office when it last answered
        self._emptied = 0  # on which day graves were last emptied
        self._news = asyncio.Event()  # something to exchange
        self._asked = asyncio.Event()  # a person asked for it: no waiting for the link either
        self._check_asked = False  # a person asked for a thorough one
        self._log = logging.getLogger(__name__)
        monitor.enrolled = True
        monitor.wake = self._ask
        monitor.check = self._ask_for_check
        monitor.report(state="connecting", detail="Connecting to head office.")
        store.door.listen(self._written)

    async def run(self) -> None:
        """Exchange until cancelled. No error ends it; each is reported and tried again."""
        pause = FIRST_PAUSE
        while True:
            contact = clock.iso(self._store.now())
            self._contact = False
            try:
                await self._connected()
            except SyncError as error:
                self._failed(str(error))
                refused = isinstance(error, VersionRefused)
            except AppError as error:  # the plant's own database, a full disk for example
                self._failed(str(error))
                refused = False
            except Exception:
                self._log.exception("the sync worker met an error it does not know")
                self._failed("The exchange failed unexpectedly; the server's log has the details.")
                refused = False
            if self._contact:
                pause = FIRST_PAUSE
            wait = REFUSED_PAUSE if refused else pause * random.uniform(0.5, 1.0)
            self._monitor.report(
                nextTry=clock.iso(self._store.now() + int(wait * 1000)),
                offlineSince=self._monitor.snapshot().offlineSince or contact,
            )
            await _first_of(self._asked, wait)
            self._asked.clear()
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _connected(self) -> None:
        """Exchange over one connection for as long as it lives."""
        central = await PostgresCentral.connect(self._dsn, self._plant, lambda head: self._news.set())
        try:
            while True:
                self._news.clear()
                self._asked.clear()
                await self._exchange(central)
                await _first_of(self._news, POLL)
                await asyncio.sleep(GATHER)
        finally:
            await central.close()

    async def _exchange(self, central: PostgresCentral) -> None:
        self._monitor.report(state="exchanging", detail="Asking head office.")
        detail = "Everything has been exchanged; waiting for changes."
        try:
            async with self._store.exchanging:
                await exchange(self._port, central, self._plant, __version__, self, at_once)
                self._contact = True
                if await self._to_be_counted():
                    await exchange(self._port, central, self._plant, __version__, self, at_once, thorough=True)
        except NotCounted as error:
            self._log.warning("sync: %s", error)
            detail = f"{detail} {error}"
        self._contact = True
        await self._empty_graves(central)
        self._monitor.report(
            state="waiting",
            detail=detail,
            lastExchange=clock.iso(self._store.now()),
            lastError=None,
            offlineSince=None,
            nextTry=None,
        )

    async def _to_be_counted(self) -> bool:
        """Whether both sides are to count all their rows anew: when somebody asks, once a day by head office's clock,
        and after everything was exchanged.

        It is noted before, so that what fails or takes too long is not in the way until the next day.
        """
        now = self._now_there
        if not self._check_asked and abs(now - node.counted(await self._store.reader.state())) < DAY:
            return False
        self._check_asked = False
        await self._store.door.write(partial(node.counting, now), SYNC)
        return True

    async def _empty_graves(self, central: PostgresCentral) -> None:
        """Once a day: what was deleted long ago keeps its id, and nothing else.

        By head office's clock or by this one, whichever is behind: one may be years ahead, and what is emptied is gone.
        """
        now = min(self._now_there, self._store.now())
        today = now // DAY
        if self._emptied != today:
            mark = await self._port.mark()
            await self._store.door.write(partial(graves.empty, now, upto=mark), Author("rules"))
            self._emptied = today
            with contextlib.suppress(Held):  # by somebody who writes there; it is not urgent
                await central.empty_graves(kept_from(today * DAY))

    def welcomed(self, welcome: Welcome) -> None:
        """Central has answered (session.Observer)."""
        self._now_there = welcome.now
        self._monitor.report(
            state="exchanging", detail="Exchanging changes.", clockOffsetMs=welcome.now - self._store.now()
        )

    def moved(self, pushed: int, pulled: int) -> None:
        """Rows are safe on the other side (session.Observer)."""
        self._contact = True
        snapshot = self._monitor.snapshot()
        self._monitor.report(pushed=snapshot.pushed + pushed, pulled=snapshot.pulled + pulled)

    def compared(self, differing: list[str]) -> None:
        """Both sides' digests were compared (session.Observer)."""
        now = clock.iso(self._store.now())
        if not differing:
            self._monitor.report(inStep=now, differing=())
        else:
            self._log.error("sync: %s differ from head office's and could not be mended", ", ".join(differing))
            self._monitor.report(differing=tuple(differing))

    def _failed(self, sentence: str) -> None:
        if self._monitor.snapshot().lastError != sentence:
            self._log.warning("sync: %s", sentence)
        self._monitor.report(state="offline", detail="No exchange; the plant works by itself.", lastError=sentence)

    def _written(self, changes: list[Change]) -> None:
        if any(change.origin != "sync" for change in changes):
            self._news.set()

    def _ask_for_check(self) -> None:
        self._check_asked = True
        self._ask()

    def _ask(self) -> None:
        self._asked.set()
        self._news.set()


async def at_once(first: Awaitable[T], then: Then) -> tuple[T, Any]:
    """Both at the same time (session.Together). If the first fails, the second has been for nothing."""
    beside = asyncio.ensure_future(then())
    try:
        result = await first
    except BaseException:
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)
        raise
    return result, await beside


async def _first_of(event: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):  # wait_for may swallow a cancellation (Python 3.11)
            await event.wait()
