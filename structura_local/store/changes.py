"""Reading the change log: who changed what, when, from what to what."""

from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.sql import ColumnElement

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.query import Part, Query
from structura_local.store.read import Reader
from structura_local.store.tables import CHANGE_LOG

_SHOWN = [collection.table for collection in COLLECTIONS]
_COLUMNS = {
    "seq": CHANGE_LOG.c.seq,
    "collection": CHANGE_LOG.c.collection,
    "rowId": CHANGE_LOG.c.row_id,
    "kind": CHANGE_LOG.c.kind,
    "origin": CHANGE_LOG.c.origin,
    "userId": CHANGE_LOG.c.user_id,
}


@dataclass(frozen=True, slots=True)
class Logged:
    """One change of one row. `at`: milliseconds since 1970. `fields`: [old, new] by name; secrets are masked."""

    seq: int
    at: int
    collection: str
    row_id: str
    kind: str
    origin: str
    user_id: str | None
    fields: dict[str, list[Any]]


async def changes(reader: Reader, query: Query, after: int) -> Part:
    """The logged changes with numbers greater than `after` that a query asks for, but for what only the sync uses."""
    wanted: list[ColumnElement[bool]] = [CHANGE_LOG.c.seq > after, CHANGE_LOG.c.collection.in_(_SHOWN)]
    wanted += [_COLUMNS[name].in_(values) for name, values in query.equal]
    if query.since is not None:
        wanted.append(CHANGE_LOG.c.at >= query.since)
    if query.until is not None:
        wanted.append(CHANGE_LOG.c.at <= query.until)
    total = None
    if query.counted:
        ((total,),) = await reader.fetch(select(func.count()).select_from(CHANGE_LOG).where(*wanted))
    seq = CHANGE_LOG.c.seq
    if query.after is not None:
        (place,) = query.after
        wanted.append(seq < place if query.descending else seq > place)
    columns = (*_COLUMNS.values(), CHANGE_LOG.c.at, CHANGE_LOG.c.fields)
    statement = select(*columns).where(*wanted).order_by(seq.desc() if query.descending else seq)
    limit = query.limit or 0
    lines = await reader.fetch(statement.limit(limit + 1))
    found = [_decoded(line) for line in lines[:limit]]
    return Part(found, total, (found[-1].seq,) if len(lines) > limit else None)


def _decoded(line: Any) -> Logged:
    seq, collection, row_id, kind, origin, user_id, at, fields = line
    return Logged(seq, at, collection, row_id, kind, origin, user_id, orjson.loads(fields))
