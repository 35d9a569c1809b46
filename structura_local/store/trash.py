"""Reading what was deleted: tombstones of a collection keep the data that the row had."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String, cast, func, literal, select, tuple_, union_all

from structura_local.domain.fields import Collection
from structura_local.domain.query import Part
from structura_local.domain.row import Row
from structura_local.store.read import Reader
from structura_local.store.rows import codec
from structura_local.store.tables import CHANGE_LOG, DELETED


@dataclass(frozen=True, slots=True)
class Deleted:
    """A tombstone; `by` is the user who deleted it, where that is known here."""

    collection: Collection
    row: Row
    by: str | None


async def deleted(
    reader: Reader,
    collections: Sequence[Collection],
    since: str,
    limit: int,
    after: Sequence[str] | None,
    *,
    counted: bool,
) -> Part:
    """Tombstones of these collections with a stamp of `since` or later, the last deleted first.

    `after`: a page's place, as the `next` of the page before it.
    """
    by_table = {collection.table: collection for collection in collections}
    arms = []
    for collection in collections:
        table = codec(collection).table
        turned = func.json_extract(table.c["_stamps"], "$.life")
        arms.append(
            select(literal(collection.table).label("collection"), table.c.id, cast(turned, String).label("stamp"))
            .where(DELETED)
            .where(turned >= since)
        )
    union = union_all(*arms).subquery()
    place = (union.c.stamp, union.c.collection, union.c.id)
    total = None
    if counted:
        ((total,),) = await reader.fetch(select(func.count()).select_from(union))
    statement = select(*place).order_by(*(column.desc() for column in place)).limit(limit + 1)
    if after is not None:
        statement = statement.where(tuple_(*place) < tuple(after))
    lines = await reader.fetch(statement)
    page = lines[:limit]
    found = [await _deleted(reader, by_table[collection], row_id) for _, collection, row_id in page]
    return Part([one for one in found if one], total, tuple(page[-1]) if len(lines) > limit else None)


async def _deleted(reader: Reader, collection: Collection, row_id: str) -> Deleted | None:
    kind = codec(collection)
    lines: Sequence[Any] = await reader.fetch(kind.select().where(kind.table.c.id == row_id))
    row = kind.decode(lines[0]).row
    if row.alive:
        return None  # somebody was quicker
    log = CHANGE_LOG.c
    mine = (log.collection == collection.table, log.row_id == row_id, log.kind == "delete")
    by = await reader.fetch(select(log.user_id).where(*mine).order_by(log.seq.desc()).limit(1))
    return Deleted(collection, row, by[0][0] if by else None)
