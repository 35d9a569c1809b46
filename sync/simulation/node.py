"""A plant PC: the real store, rules and port on a database in memory, without threads."""

import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import TypeVar

from structura_local.domain.catalog import BY_TABLE, SYNCED
from structura_local.domain.row import Row
from structura_local.operations.rules import Rules
from structura_local.store import aside, sqlite
from structura_local.store.door import Door, Write
from structura_local.store.migrate import upgrade
from structura_local.store.node import offer_all
from structura_local.store.read import Reader
from structura_local.store.rows import Codec, Stored, codec, compiled
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction
from sync.local import LocalPort, retry
from sync.simulation.stepping import pause, run

T = TypeVar("T")
Key = tuple[str, str]


@cache
def template() -> sqlite.Connection:
    """An empty database of the real schema."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plant.db"
        upgrade(path)
        database = sqlite.connect(path)
        copy = sqlite.copied(database)
        database.close()
        return copy


class SteppedDoor(Door):
    """The door without its thread: a write is committed by who brings it."""

    committed: Callable[[Transaction], None]

    def _start(self) -> None:
        self.committed = lambda tx: None

    async def write(self, work: Callable[[Transaction], T], author: Author, *, spare: bool = False) -> T:
        """For the session, which others may overtake."""
        await pause("door")
        result = self.at_once(work, author)
        await pause("commit")
        return result

    def at_once(self, work: Callable[[Transaction], T], author: Author) -> T:
        """For people."""
        used: list[Transaction] = []

        def watched(tx: Transaction) -> T:
            used.append(tx)
            return work(tx)

        write = Write(watched, author, None)  # type: ignore[arg-type]
        self._commit([write])
        if write.error is not None:
            raise write.error
        self.committed(used[0])
        return write.result  # type: ignore[no-any-return]


class SteppedReader(Reader):
    """A reader on the door's own connection; `paused`: others may write before it reads."""

    def __init__(self, connection: sqlite.Connection, *, paused: bool = True) -> None:
        self._connection_ = connection
        self._paused = paused

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Reader]:
        """Nobody comes between."""
        await pause("snapshot")
        yield SteppedReader(self._connection_, paused=False)

    async def run(self, work: Callable[[sqlite.Connection], T]) -> T:
        if self._paused:
            await pause("read")
        return work(self._connection_)


class Ring:
    """PIN keys in memory."""

    def __init__(self, name: str) -> None:
        self.keys = {name: "00"}

    def pin_keys(self) -> dict[str, str]:
        return self.keys

    def add_pin_keys(self, keys: dict[str, str]) -> None:
        self.keys = {**self.keys, **keys}


class Node:
    """A PC; `now` is the true time (milliseconds since 1970), of which its clock differs by `skew`."""

    def __init__(self, name: str, now: Callable[[], int], database: sqlite.Connection | None = None) -> None:
        self.name = name
        self.true = now
        self.skew = 0
        self.ring = Ring(name)
        self.newer = False
        self.set_disk(database or template())

    def wall(self) -> int:
        """What its clock shows."""
        return max(self.true() + self.skew, 0)

    def set_disk(self, database: sqlite.Connection) -> None:
        """Put a copy of a database on this PC, and start the program on it."""
        self.database = sqlite.copied(database)
        self.start()

    def start(self) -> None:
        """The program starts, as after a power cut: what was not committed is gone."""
        if self.database.in_transaction:
            self.database.execute("ROLLBACK")
        began = self.true()
        self.door = SteppedDoor.of(self.database, self.wall, lambda: self.true() - began)
        self.identity = self.state()["node"]
        self.door.follow(Rules(UTC))
        self.store = Store(self.door, SteppedReader(self.database), self.wall, Counter())
        self.port = LocalPort(self.store, self.ring)

    def enroll(self) -> None:
        """The bundle of a plant arrives at a database that has nothing yet."""
        self.door.at_once(offer_all, Author("setup"))

    def retry(self) -> None:
        """Somebody asks that what was set aside is tried again."""
        for direction in (aside.PUSH, aside.PULL):
            run(retry(self.store, run(aside.read(self.store.reader, direction))))

    def rows(self) -> dict[Key, Row]:
        """All rows, deleted ones too."""
        return {key: stored.row for key, stored in self.stored().items()}

    def row(self, key: Key) -> Row | None:
        """One row, deleted or not."""
        kind = codec(BY_TABLE[key[0]])
        line = self.database.execute(f"{_all(kind)} WHERE id = ?", (key[1],)).fetchone()
        return kind.decode(line).row if line else None

    def stored(self) -> dict[Key, Stored]:
        """All rows, with what is still to be pushed of them."""
        return {
            (kind.collection.table, stored.row.id): stored
            for kind in map(codec, SYNCED)
            for stored in map(kind.decode, self.database.execute(_all(kind)).fetchall())
        }

    def agreed(self, mark: int) -> dict[Key, Row]:
        """The rows that do not wait to be pushed."""
        return {key: stored.row for key, stored in self.stored().items() if stored.seq <= mark}

    def state(self) -> dict[str, str]:
        """The node's own state."""
        return dict(self.database.execute(_STATE).fetchall())

    def aside(self) -> dict[Key, str]:
        """The rows set aside in either direction: the direction."""
        return {(line[1], line[2]): line[0] for line in self.database.execute(_ASIDE).fetchall()}


_STATE = "SELECT key, value FROM node_state"
_ASIDE = "SELECT direction, collection, row_id FROM set_aside"


@cache
def _all(kind: Codec) -> str:
    return compiled(kind.select())[0]
