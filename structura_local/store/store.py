"""The plant's database as one thing to open and close: the door for writing, a reader beside it."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy.exc import DatabaseError

from structura_local import __version__, clock
from structura_local.errors import AppError, Damaged, StartError
from structura_local.store import snapshot, sqlite
from structura_local.store.door import Door
from structura_local.store.node import new_node
from structura_local.store.promote import promote
from structura_local.store.read import Reader
from structura_local.store.revision import NEWEST, revision
from structura_local.store.tables import COLLECTION_TABLES
from structura_local.store.transaction import Author, Change, Transaction

LOOKED_AT = 128 * 2**20  # bytes of a database that is looked through at each start; larger ones, beside the work

_log = logging.getLogger(__name__)

STAMPS = "(stamps)"  # in `Store.versions`: what stands for the stamps of all rows


@dataclass(frozen=True, slots=True)
class Store:
    """`exchanging` is held by who exchanges with head office: two at a time would take each other for a copy."""

    door: Door
    reader: Reader
    now: clock.Now
    versions: Counter[str]  # of the collections, by table: counts the commits that changed one since the start
    on_load: list[Callable[[Set[str]], None]] = field(default_factory=list)  # called when many rows come into tables
    exchanging: asyncio.Lock = field(default_factory=asyncio.Lock)

    def restamped(self) -> None:
        """Rows have other stamps, and so other versions and places in the lists, but nothing else has changed."""
        for table in (STAMPS, *COLLECTION_TABLES):
            self.versions[table] += 1

    def loaded(self, tables: Set[str]) -> None:
        """Rows have come into these collections, and nobody has heard of each."""
        for table in tables:
            self.versions[table] += 1
        for hear in self.on_load:
            hear(tables)

    @classmethod
    async def open(
        cls, path: Path, now: clock.Now = clock.now, *, before_upgrade: Callable[[], object] = lambda: None
    ) -> "Store":
        """Create or migrate the database at `path` and open it. StartError if it cannot be; Damaged, if it is that.

        `before_upgrade` is called before a database of an older version is changed.
        """
        try:
            _look_at(path)
            if revision(path) != NEWEST:
                from structura_local.store.migrate import upgrade  # noqa: PLC0415 - it brings Alembic

                upgrade(path, before_upgrade)
            door = Door.open(path, now)
        except snapshot.Unsound as error:
            raise Damaged(f"The database {path} is damaged: {error}") from error
        except (sqlite.Error, DatabaseError) as error:
            reason = getattr(error, "orig", None) or error
            kind = Damaged if sqlite.is_damage(reason) else StartError
            raise kind(f"The database {path} cannot be opened: {reason}") from error
        with contextlib.suppress(AppError):  # on a full disk it can be read all the same
            await door.write(_opened, Author("setup"))
        versions: Counter[str] = Counter()
        door.listen(partial(_count, versions))
        return cls(door, await Reader.open(path), now, versions)

    async def close(self) -> None:
        """Finish waiting writes and close."""
        await self.reader.close()
        await self.door.close()


def _look_at(path: Path) -> None:
    """Unsound if a database is cut off, or damaged in a way that is found in no time."""
    if not path.exists() or path.stat().st_size == 0:
        return
    if path.stat().st_size <= LOOKED_AT:
        snapshot.check(path, quick=True)
    else:
        snapshot.check_length(path)


def _opened(tx: Transaction) -> None:
    """What a database needs that another program, or another PC, had open before."""
    promote(tx)
    if (before := tx.state(snapshot.PROGRAM)) != __version__:
        if before:
            _log.info("version %s had this database open before; this is %s", before, __version__)
        tx.set_state(snapshot.PROGRAM, __version__)
    if tx.state(snapshot.MARK):  # restored: what happened since, head office may know
        new_node(tx)
        tx.forget_state(snapshot.MARK)


def _count(versions: Counter[str], changes: list[Change]) -> None:
    for table in {change.collection for change in changes}:
        versions[table] += 1
