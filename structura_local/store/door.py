"""THE DOOR: the one way to write, for the API, imports and the sync alike.

One thread owns the one writing connection. It takes all writes that are waiting into one SQLite transaction, gives
each a savepoint so that one that fails takes nobody with it, commits once (one fsync for all), and only then answers
the writers and announces what changed.
"""

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from structura_local import clock
from structura_local.domain.stamp import HybridClock
from structura_local.errors import AppError
from structura_local.store import sqlite
from structura_local.store.transaction import Author, Change, Transaction

_log = logging.getLogger(__name__)

UNRULED = ("import", "setup")  # origins of data that is taken as it is
MAX_GROUP = 256  # writes that share a commit

T = TypeVar("T")
Listener = Callable[[list[Change]], None]


class _Write:
    """A write that waits for its turn, and afterwards its outcome."""

    __slots__ = ("afterwards", "author", "changes", "error", "future", "result", "work")

    def __init__(self, work: Callable[[Transaction], Any], author: Author, future: asyncio.Future[Any]) -> None:
        self.work = work
        self.author = author
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None
        self.changes: list[Change] = []
        self.afterwards: list[Callable[[], None]] = []


class Door:
    """Open it with `Door.open`; it lives on the event loop that opened it."""

    def __init__(self, connection: sqlite.Connection, hybrid: HybridClock, now: clock.Now, seq: int) -> None:
        self._connection = connection
        self._clock = hybrid
        self._now = now
        self._seq = seq
        self._kept = hybrid.last
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._rules: Callable[[Transaction], None] | None = None
        self._listeners: list[Listener] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="door", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, path: Path, now: clock.Now) -> "Door":
        """The door of a migrated database. A database without a node id gets one."""
        connection = sqlite.connect(path)
        state = dict(connection.execute("SELECT key, value FROM node_state").fetchall())
        if "node" not in state:
            state["node"] = clock.random_word(8)
            connection.execute("INSERT INTO node_state (key, value) VALUES ('node', ?)", (state["node"],))
        logged = connection.execute("SELECT max(seq) FROM change_log").fetchone()[0] or 0
        hybrid = HybridClock(state["node"], now, state.get("clock", ""))
        return cls(connection, hybrid, now, max(logged, int(state.get("mark", "0"))))

    def follow(self, rules: Callable[[Transaction], None]) -> None:
        """Have `rules` run at the end of each write, in its transaction; not after an import or a setup."""
        self._rules = rules

    def listen(self, listener: Listener) -> None:
        """Call `listener` on the event loop with the changes of each commit, after it."""
        self._listeners.append(listener)

    async def write(self, work: Callable[[Transaction], T], author: Author) -> T:
        """Run `work` in a transaction and return its result once that is safe on disk.

        What `work` raises is raised here and undoes this write only. Raises AppError `disk-full` or `database` when
        SQLite cannot write; then nothing of it is kept.
        """
        if self._closed:
            raise AppError("shutting-down")
        write = _Write(work, author, self._loop.create_future())
        self._queue.put(write)
        return await write.future  # type: ignore[no-any-return]

    async def close(self) -> None:
        """Finish what is waiting, fold the log into the database, close."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        open_ = True
        while open_:
            group: list[_Write] = []
            item = self._queue.get()
            while item is not None:
                group.append(item)
                if len(group) == MAX_GROUP:
                    break
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
            open_ = item is not None
            if group:
                self._commit(group)
                self._loop.call_soon_threadsafe(self._answer, group)
        try:
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite.Error as error:
            _log.warning("the write-ahead log could not be folded in at the end: %s", error)
        self._connection.close()

    def _commit(self, group: list[_Write]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for write in group:
                self._one(write)
            if self._clock.last != self._kept:
                self._connection.execute(
                    "INSERT INTO node_state (key, value) VALUES ('clock', ?)"
                    " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    (self._clock.last,),
                )
            self._connection.execute("COMMIT")
            self._kept = self._clock.last
        except Exception as error:  # whatever it was, nobody who waits is left without an answer
            _log.error("a commit failed, nothing of it was kept: %s", error)
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            for write in group:
                write.error, write.changes, write.afterwards = error, [], []

    def _one(self, write: _Write) -> None:
        tx = Transaction(self._connection, self._clock, write.author, self._now(), self._seq)
        if write.author.origin not in UNRULED:
            tx.rules = self._rules
        self._connection.execute("SAVEPOINT write")
        try:
            write.result = write.work(tx)
            self._settle(tx)
            write.changes, write.afterwards = tx.changes, tx.afterwards
        except BaseException as error:
            if not self._connection.in_transaction:
                raise  # SQLite gave up on the whole transaction, as it does when the disk is full
            write.error = error
            self._connection.execute("ROLLBACK TO write")
        self._connection.execute("RELEASE write")
        self._seq = tx.seq

    def _settle(self, tx: Transaction) -> None:
        """Run the rules. One that fails undoes a person's write, who hears of it, but never what a sync has brought."""
        if tx.author.origin != "sync":
            tx.settle()
            return
        brought = len(tx.changes)
        self._connection.execute("SAVEPOINT rules")
        try:
            tx.settle()
        except Exception as error:
            if isinstance(error, sqlite.Error):
                raise
            _log.exception("a rule failed on what a sync brought")
            self._connection.execute("ROLLBACK TO rules")
            del tx.changes[brought:]
        self._connection.execute("RELEASE rules")

    def _answer(self, group: list[_Write]) -> None:
        try:
            for work in [work for write in group for work in write.afterwards]:
                work()
            changes = [change for write in group for change in write.changes]
            if changes:
                for listener in self._listeners:
                    listener(changes)
        finally:  # what is safe on disk is answered, whoever fails to hear of it
            self._resolve(group)

    def _resolve(self, group: list[_Write]) -> None:
        for write in group:
            if write.future.done():
                continue
            if write.error is None:
                write.future.set_result(write.result)
            else:
                write.future.set_exception(_translated(write.error))


def _translated(error: BaseException) -> BaseException:
    if not isinstance(error, sqlite.Error):
        return error
    app_error = AppError("disk-full" if sqlite.is_full(error) else "database")
    app_error.__cause__ = error
    return app_error
