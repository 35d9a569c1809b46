"""Head office in memory, and its people and their ERP, who write there with plain SQL: what the triggers make of it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from structura_local import clock
from structura_local.domain import parts
from structura_local.domain.actors import ACTORS, HEAD_OFFICE
from structura_local.domain.fields import Collection, Merge
from structura_local.domain.row import LIFE, Row, back
from structura_local.domain.stamp import WORD_LENGTH, join, next_time, time
from sync.carry import stick
from sync.carry.office import Desk
from sync.central.memory import MemoryCentral, Partition
from sync.protocol import Central
from sync.simulation.desk import KEY, MemoryDesk

Key = tuple[str, str]
Op = Callable[["Statement"], None]

LOGIN = "erp"  # who writes here


@dataclass(slots=True)
class Office:
    """`incarnation`: which database this is; another one after it was restored from a dump, whatever it holds."""

    partition: Partition
    incarnation: int = 0

    def attach(self) -> Central:
        """A connection of a plant's PC."""
        return MemoryCentral(self.partition)

    @property
    def key(self) -> stick.Key:
        """What the one bundle of all PCs signs files with."""
        return KEY

    def desk(self, link: Any) -> Desk:
        """Where files carried by hand come in and go out; `link` is who pushes what they bring."""
        return MemoryDesk(self.partition, link)

    def dump(self) -> Any:
        """What it takes to go back to this moment."""
        return self.partition.backup()

    def restore(self, dump: Any) -> None:
        """Go back to a dump: another database, with older content."""
        self.partition.restore(dump)
        self.incarnation += 1

    def look(self) -> None:
        """See that `partition` is what is held here."""

    def actor(self) -> str:
        """Who writes here; another one after each restore, and when a node has found central set back."""
        name = f"{self.incarnation}|{self.partition.epoch}|{LOGIN}"
        return hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()[:WORD_LENGTH]

    def transaction(self, work: Op) -> dict[Key, Row]:
        """Run one transaction; all its rows get one number. Returns the rows that it wrote."""
        statement = Statement(self.partition, self.actor())
        work(statement)
        if statement.written:
            self.partition.head += 1
            for (table, _), row in statement.written.items():
                self.partition.put(table, row, None, self.partition.head)
        return statement.written


@dataclass(slots=True)
class Statement:
    """What a transaction at head office can do with rows, as the views and their triggers offer it."""

    partition: Partition
    actor: str
    written: dict[Key, Row] = field(default_factory=dict)

    def get(self, collection: Collection, row_id: str) -> Row | None:
        """A row, deleted or not."""
        key = (collection.table, row_id)
        held = self.partition.rows.get(key)
        return self.written.get(key) or (held.row if held else None)

    def insert(self, collection: Collection, row_id: str, data: Mapping[str, Any]) -> Row:
        """A new row."""
        stamp = self._stamp(None)
        data = {**collection.defaults(), **data}
        entries: parts.Parts = {}
        for name, value in data.items():
            match _kind(collection, name):
                case Merge.COUNTER:
                    entries = parts.based(entries, name, stamp, value)
                case Merge.SET:
                    entries = parts.listed(entries, name, self.actor, time(stamp), value)
        return self._keep(collection, Row(row_id, stamp, 1, {}, entries, parts.shown(data, entries)))

    def insert_again(self, collection: Collection, row: Row, data: Mapping[str, Any]) -> tuple[Row, Row]:
        """A deleted row is back, and has these values and no others: the row without them, and with them."""
        stamp = self._stamp(row)
        returned = back(row, stamp)
        left_out = {field.name: None for field in collection.stored if field.name in returned.data}
        return returned, self._change(collection, returned, {**left_out, **collection.defaults(), **data}, stamp)

    def update(self, collection: Collection, row: Row, changes: Mapping[str, Any]) -> Row:
        """Other values; of a counter the difference counts, of a set what was added and removed."""
        stamp = self._stamp(row)
        if all(row.data.get(name) == value for name, value in changes.items()):
            return row
        return self._change(collection, row, changes, stamp)

    def delete(self, collection: Collection, row: Row) -> Row:
        """The row as a tombstone."""
        stamps = {**row.stamps, LIFE: self._stamp(row)}
        return self._keep(collection, replace(row, life=row.life + 1, stamps=stamps))

    def _change(self, collection: Collection, row: Row, changes: Mapping[str, Any], stamp: str) -> Row:
        news = {name: value for name, value in changes.items() if row.data.get(name) != value}
        entries = row.parts
        for name, value in news.items():
            match _kind(collection, name):
                case Merge.COUNTER:
                    entries = parts.counted(entries, name, self.actor, value)
                case Merge.SET:
                    entries = parts.listed(entries, name, self.actor, time(stamp), value)
        data = {name: value for name, value in {**row.data, **news}.items() if value is not None}
        stamps = {**row.stamps, **dict.fromkeys(news, stamp)}
        stamps = {name: written for name, written in stamps.items() if name == LIFE or written != row.born}
        return self._keep(collection, replace(row, stamps=stamps, parts=entries, data=parts.shown(data, entries)))

    def _keep(self, collection: Collection, row: Row) -> Row:
        self.written[collection.table, row.id] = row
        return row

    def _stamp(self, row: Row | None) -> str:
        now = join(self.partition.now(), 0, "")
        if (ACTORS.table, self.actor) not in self.partition.rows:
            since = clock.iso(self.partition.now())
            data = {"node": HEAD_OFFICE, "user": LOGIN, "since": since}
            self._keep(ACTORS, Row(self.actor, now + self.actor, 1, {}, {}, data))
        seen = [next_time(time(stamp)) for stamp in (row.born, *row.stamps.values())] if row else []
        return max([now, *seen]) + self.actor


def _kind(collection: Collection, name: str) -> Merge:
    known = collection.by_name.get(name)
    return known.merge if known else Merge.LAST_WRITER
