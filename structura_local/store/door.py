"""THE DOOR: the one way to write, for the API, imports and the sync alike.

One thread owns the one writing connection. It takes all writes that are waiting into one SQLite transaction, commits
once (one fsync for all), and only then answers the writers and announces what changed. Before, it waits a moment for
more: who was answered together asks again together, and two commits cost nearly twice as much as one. What a write puts
waits beside until it has succeeded, and then goes into the database with that of the others; one that needs the
database for more gets a savepoint. So one that fails takes nobody with it.
"""

import asyncio
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, TypeVar

from structura_local import clock
from structura_local.domain.stamp import BEGINNING, WORD_LENGTH, HybridClock
from structura_local.errors import AppError
from structura_local.store import sqlite
from structura_local.store.recent import Recent
from structura_local.store.transaction import UNRULED, Author, Change, Run, Shared, Transaction

_log = logging.getLogger(__name__)

MAX_GROUP = 256  # writes that share a commit
MAX_WAITING = 256  # writes of people that wait for the next; who comes then is told to come again
TURNS = 4  # of the event loop without another write, before those that wait are written,
ENOUGH = 64  # unless there are so many

T = TypeVar("T")
Listener = Callable[[list[Change]], None]


class Write:
    """A write that waits for its turn, and afterwards its outcome."""

    __slots__ = ("actors", "afterwards", "author", "changes", "error", "future", "result", "work")

    def __init__(self, work: Callable[[Transaction], Any], author: Author, future: asyncio.Future[Any]) -> None:
        self.work = work
        self.author = author
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None
        self.actors: dict[str, str] = {}
        self.changes: list[Change] = []
        self.afterwards: list[Callable[[], None]] = []


class Door:
    """Open it with `Door.open`; it lives on the event loop that opened it."""

    def __init__(self, connection: sqlite.Connection, run: Run, now: clock.Now, seq: int) -> None:
        self._connection = connection
        self._run = run
        self._now = now
        self._seq = seq
        self._kept = run.clock.last
        self._recent = Recent()
        self._rules: Callable[[Transaction], None] | None = None
        self._listeners: list[Listener] = []
        self._closed = False
        self.full = False  # whether the disk is too full for anybody to write who may not use the reserve
        self.on_full: Callable[[], None] = lambda: None  # a write has found it so
        self.unwritable = False  # whether the last write has failed because the disk takes none
        self._start()

    def _start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Write] = deque()
        self._idle = asyncio.Event()
        self._idle.set()
        self._queue: queue.SimpleQueue[list[Write] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="door", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, path: Path, now: clock.Now) -> "Door":
        """The door of a migrated database. A database without a node id gets one."""
        return cls.of(sqlite.connect(path), now, clock.stopwatch())

    @classmethod
    def of(cls, connection: sqlite.Connection, now: clock.Now, elapsed: Callable[[], int]) -> Self:
        """The door of an open database; a new run of the program begins. `elapsed`: milliseconds since it began."""
        state = dict(connection.execute("SELECT key, value FROM node_state").fetchall())
        if "node" not in state:
            state["node"] = clock.random_word(WORD_LENGTH)
            connection.execute("INSERT INTO node_state (key, value) VALUES ('node', ?)", (state["node"],))
        logged = connection.execute("SELECT max(seq) FROM change_log").fetchone()[0] or 0
        last, observed = state.get("clock", f"{BEGINNING} {BEGINNING}").split()
        hybrid = HybridClock(now, last, observed)
        run = Run(state["node"], clock.random_word(WORD_LENGTH), hybrid, elapsed)
        return cls(connection, run, now, max(logged, int(state.get("mark", "0"))))

    def follow(self, rules: Callable[[Transaction], None]) -> None:
        """Have `rules` run at the end of each write, in its transaction; not after an import or a setup."""
        self._rules = rules

    def listen(self, listener: Listener) -> None:
        """Call `listener` on the event loop with the changes of each commit, after it."""
        self._listeners.append(listener)

    @property
    def waiting(self) -> int:
        """How many writes wait for the next commit."""
        return len(self._waiting)

    @property
    def run(self) -> Run:
        """This run of the program, as the sync wants to know it."""
        return self._run

    async def write(self, work: Callable[[Transaction], T], author: Author, *, spare: bool = False) -> T:
        """Run `work` in a transaction and return its result once that is safe on disk.

        `spare`: also when the disk is full but for the reserve. What `work` raises is raised here and undoes this write
        only. Raises AppError `busy` if too many of people's wait already, and `disk-full` or another when SQLite cannot
        write; then nothing of it is kept.
        """
        if self._closed:
            raise AppError("shutting-down")
        if self.full and not spare:
            raise AppError("disk-full")
        if author.origin == "api" and self.waiting >= MAX_WAITING:
            raise AppError("busy")
        write = Write(work, author, self._loop.create_future())
        self._waiting.append(write)
        if self._idle.is_set():
            self._idle.clear()
            self._gather()
        return await write.future  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Finish what is waiting, fold the log into the database, close."""
        if not self._closed:
            self._closed = True
            await self._idle.wait()
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    def _gather(self, known: int = 0, turns: int = 0) -> None:
        """Have those written who wait, once nobody else has come for some turns of the event loop."""
        turns = turns + 1 if known == self.waiting else 0
        if turns < TURNS and self.waiting < ENOUGH:
            self._loop.call_soon(self._gather, self.waiting, turns)
        else:
            self._queue.put([self._waiting.popleft() for _ in range(min(self.waiting, MAX_GROUP))])

    def _work(self) -> None:
        while group := self._queue.get():
            self._commit(group)
            self._loop.call_soon_threadsafe(self._answer, group)
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite.Error as error:
            _log.warning("the write-ahead log could not be folded in at the end: %s", error)
        self._connection.close()

    def _commit(self, group: list[Write]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            shared = Shared(self._connection, self._recent)
            for write in group:
                self._one(write, shared)
            shared.write()
            if wrote := self._run.clock.last != self._kept:
                self._connection.execute(
                    "INSERT INTO node_state (key, value) VALUES ('clock', ?)"
                    " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    (f"{self._run.clock.last} {self._run.clock.observed}",),
                )
            self._connection.execute("COMMIT")
            self._kept = self._run.clock.last
            if wrote:
                self.unwritable = False
        except Exception as error:  # whatever it was, nobody who waits is left without an answer
            _log.error("a commit failed, nothing of it was kept: %s", error)
            self.unwritable = sqlite.is_unwritable(error)
            self._recent.clear()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for write in group:
                for name in write.actors:
                    self._run.actors.pop(name, None)  # who wrote for the first time did not get known
                write.error, write.changes, write.afterwards = error, [], []

    def _one(self, write: Write, shared: Shared) -> None:
        tx = Transaction(shared, self._run, write.author, self._now(), self._seq)
        if write.author.origin != "api":
            self._recent.clear()  # a sync or an import changes many rows, and each once
        if write.author.origin not in UNRULED:
            tx.rules = self._rules
        try:
            write.result = write.work(tx)
            self._settle(tx)
            tx.keep()
            write.changes, write.afterwards = tx.changes, tx.afterwards
            write.actors = tx.actors
            self._run.actors |= tx.actors
        except BaseException as error:
            if shared.broken or not self._connection.in_transaction:
                raise  # SQLite gave up on the whole transaction, as it does when the disk is full
            write.error = error
            tx.undo()
        self._seq = tx.seq

    def _settle(self, tx: Transaction) -> None:
        """Run the rules. One that fails undoes a person's write, who hears of it, but never what a sync has brought."""
        if tx.author.origin != "sync":
            tx.settle()
            return
        brought, known = len(tx.changes), dict(tx.actors)
        tx.connection.execute("SAVEPOINT rules")
        try:
            tx.settle()
        except Exception as error:
            if isinstance(error, sqlite.Error):
                raise
            _log.exception("a rule failed on what a sync brought")
            tx.forget_drafts()
            tx.connection.execute("ROLLBACK TO rules")
            del tx.changes[brought:]
            tx.actors = known
        tx.connection.execute("RELEASE rules")

    def _answer(self, group: list[Write]) -> None:
        try:
            for work in [work for write in group for work in write.afterwards]:
                _call(work)
            changes = [change for write in group for change in write.changes]
            if changes:
                for listener in self._listeners:
                    _call(listener, changes)
        finally:  # what is safe on disk is answered, whoever fails to hear of it
            self._resolve(group)
            if self._waiting:
                self._gather()
            else:
                self._idle.set()

    def _resolve(self, group: list[Write]) -> None:
        for write in group:
            if write.future.done():
                continue
            if write.error is None:
                write.future.set_result(write.result)
            else:
                if sqlite.is_full(write.error):
                    self.on_full()
                write.future.set_exception(sqlite.translated(write.error))


def _call(work: Callable[..., None], *args: Any) -> None:
    """One that fails keeps no other from its turn."""
    try:
        work(*args)
    except Exception:
        _log.exception("what follows a commit has failed; all of it was kept")
