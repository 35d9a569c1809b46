"""Reading the journal of conflicts, and whose the writes in it are."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.sql import ColumnElement

from structura_local.domain.actors import ACTORS
from structura_local.domain.conflicts import CONFLICTS, UNSHOWN
from structura_local.domain.query import Part, Query
from structura_local.domain.row import LIFE, Row
from structura_local.domain.stamp import TIME_LENGTH
from structura_local.store.read import Reader
from structura_local.store.rows import codec
from structura_local.store.tables import CHANGE_LOG, COLLECTION_TABLES
from structura_local.store.transaction import Transaction

_TABLE = COLLECTION_TABLES[CONFLICTS.table]
_SHOWN: tuple[ColumnElement[bool], ...] = (_TABLE.c["_life"] % 2 == 1, _TABLE.c["field"].not_in(UNSHOWN))
_PLACE = (_TABLE.c["_born"], _TABLE.c["id"])
_AT_ONCE = 500  # values of a query


class Author(NamedTuple):
    """Of a write: the node, and the user there."""

    node: str
    user: str


async def find(reader: Reader, query: Query) -> Part:
    """The entries that a query asks for, the latest writes first. `since` and `until` are about `at`."""
    kind = codec(CONFLICTS)
    wanted = [*_SHOWN, *(kind.column(name).in_(values) for name, values in query.equal)]
    if query.since is not None:
        wanted.append(func.epoch_ms(_TABLE.c["at"]) >= query.since)
    if query.until is not None:
        wanted.append(func.epoch_ms(_TABLE.c["at"]) <= query.until)
    total = None
    if query.counted:
        ((total,),) = await reader.fetch(select(func.count()).select_from(_TABLE).where(*wanted))
    statement = kind.select().where(*wanted).order_by(*(column.desc() for column in _PLACE))
    if query.after is not None:
        statement = statement.where(tuple_(*_PLACE) < query.after)
    limit = query.limit or 0
    rows = [kind.decode(line).row for line in await reader.fetch(statement.limit(limit + 1))]
    more = len(rows) > limit
    del rows[limit:]
    return Part(rows, total, (rows[-1].born, rows[-1].id) if more else None)


async def of_row(reader: Reader, collection: str, row_id: str) -> list[Row]:
    """All conflicts about one row, the latest first."""
    mine = (_TABLE.c["collection"] == collection, _TABLE.c["row_id"] == row_id)
    part = codec(CONFLICTS).select().where(*_SHOWN, *mine).order_by(*(column.desc() for column in _PLACE))
    return [codec(CONFLICTS).decode(line).row for line in await reader.fetch(part)]


async def unseen(reader: Reader) -> int:
    """How many nobody has looked at."""
    statement = select(func.count()).select_from(_TABLE).where(*_SHOWN, _TABLE.c["seen"] == 0)
    ((count,),) = await reader.fetch(statement)
    return int(count)


async def authors(reader: Reader, stamps: Iterable[str]) -> Mapping[str, Author]:
    """Who writes under these stamps' actors, by the actor; without those of whom this node has not heard yet."""
    actors = sorted({stamp[TIME_LENGTH:] for stamp in stamps})
    found: dict[str, Author] = {}
    for start in range(0, len(actors), _AT_ONCE):
        for stored in await reader.by_ids(ACTORS, actors[start : start + _AT_ONCE]):
            data = stored.row.data
            found[stored.row.id] = Author(data["node"], data["user"])
    return found


async def graves(reader: Reader, rows: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The stamps under which these rows, (collection, id), have ever been deleted, as far as this node knows."""
    found: set[str] = set()
    for collection, row_id in sorted(set(rows)):
        for statement in _graves(collection, row_id):
            found |= {line[0] for line in await reader.fetch(statement)}
    return frozenset(found)


def same_write(tx: Transaction, row: Row) -> list[Row]:
    """The entries that a person sees as one with this: a PIN's two fields were lost at once."""
    data = row.data
    entries = tx.find(CONFLICTS, rowId=data["rowId"], loserStamp=data["loserStamp"])
    return [one for one in entries if one.id == row.id or (one.data["field"] in UNSHOWN and _alike(one, row))]


def _alike(one: Row, other: Row) -> bool:
    return bool(one.data["collection"] == other.data["collection"])


def _graves(collection: str, row_id: str) -> list[Select[Any]]:
    log = CHANGE_LOG.c
    logged = select(log.stamp).where(log.collection == collection, log.row_id == row_id, log.kind == "delete")
    table = COLLECTION_TABLES.get(collection)
    if table is None:
        return [logged]
    present = func.json_extract(table.c["_stamps"], f"$.{LIFE}")
    return [logged, select(present).where(table.c.id == row_id, present.is_not(None))]
