"""Lists as clients ask for them: a `Query` as SQL. A page begins behind a key, not after so many rows."""

from typing import Any

from sqlalchemy import Select, and_, case, exists, false, func, literal_column, or_, select, tuple_
from sqlalchemy.sql import ColumnElement

from structura_local.domain.fields import Collection, Kind
from structura_local.domain.messages import TO_ALL
from structura_local.domain.query import Part, Query
from structura_local.errors import AppError
from structura_local.store.read import Reader
from structura_local.store.rows import Codec, codec, compiled
from structura_local.store.sqlite import Connection
from structura_local.store.tables import ALIVE, order


async def search(reader: Reader, collection: Collection, query: Query, *, public: bool = False) -> Part:
    """The rows that a query asks for, not counted.

    `public`: as clients see them, without the merge state, which takes its time.
    """
    kind = codec(collection)
    wanted = and_(ALIVE, *_conditions(kind, query))
    if query.after is not None and len(query.after) != (len(order(collection)) if query.sort is None else 2):
        raise AppError("invalid", errors=[{"field": "cursor", "msg": "belongs to a list in another order"}])
    statement, keys = _ordered(kind, query, (kind.select_public() if public else kind.select()).where(wanted))
    if query.limit is not None:
        statement = statement.limit(query.limit + 1)
    if query.offset:
        statement = statement.limit(-1 if query.limit is None else query.limit + 1).offset(query.offset)
    decode = kind.public if public else lambda line: kind.decode(line).row
    places = [kind.public_position(key) if public else kind.position(key) for key in keys]

    def read(connection: Connection) -> Part:
        lines = connection.execute(*compiled(statement)).fetchall()
        more = query.limit is not None and len(lines) > query.limit
        if more:
            del lines[query.limit :]
        following = tuple(lines[-1][place] for place in places) if more and lines else None
        return Part([decode(line) for line in lines], None, following)

    return await reader.run(read)


async def count(reader: Reader, collection: Collection, query: Query) -> int:
    """How many rows a query asks for, on all its pages."""
    kind = codec(collection)
    statement = select(func.count()).select_from(kind.table).where(ALIVE, *_conditions(kind, query))
    return int((await reader.fetch(statement))[0][0])


def _conditions(kind: Codec, query: Query) -> list[ColumnElement[bool]]:
    columns = kind.table.c
    conditions: list[ColumnElement[bool]] = []
    for name, values in query.equal:
        conditions.append(_equal(kind, name, values, query.reader))
    if query.since is not None:
        conditions.append(func.epoch_ms(columns["timestamp"]) >= query.since)
    if query.until is not None:
        conditions.append(func.epoch_ms(columns["timestamp"]) <= query.until)
    if query.text is not None:
        conditions.append(func.has_words(query.text, *(kind.column(name) for name in query.searched)) == 1)
    if query.reader is not None and not query.everything:
        to_me = columns["to"].in_([query.reader, TO_ALL])
        conditions.append(or_(to_me, columns["sender_id"] == query.reader))
    return conditions


def _equal(kind: Codec, name: str, values: tuple[Any, ...], reader: str | None) -> ColumnElement[bool]:
    column = kind.column(name)
    field = kind.collection.by_name.get(name)
    if field is not None and field.kind is Kind.TEXTS:
        element = func.json_each(column).table_valued("value")
        return exists(select(literal_column("1")).select_from(element).where(element.c.value.in_(values)))
    if name == "isRead" and reader is not None:
        readers = func.json_each(kind.table.c["read_by"]).table_valued("value")
        read = exists(select(literal_column("1")).select_from(readers).where(readers.c.value == reader))
        column = case((and_(kind.table.c["to"] == TO_ALL, read), 1), else_=column)
    within: ColumnElement[bool] = column.in_(values)
    return within


def _ordered(kind: Codec, query: Query, statement: Select[Any]) -> tuple[Select[Any], tuple[str, ...]]:
    """The statement in order and behind the last page, and the columns whose values are the next page's `after`."""
    if query.sort is None:
        names = order(kind.collection)
        columns = [kind.table.c[name] for name in names]
        descending = kind.collection.newest_first
        if query.after is not None:
            place = tuple_(*columns)
            statement = statement.where(place < query.after if descending else place > query.after)
        return statement.order_by(*(c.desc() if descending else c for c in columns)), names
    column, row_id = kind.column(query.sort), kind.table.c.id
    if query.after is not None:
        statement = statement.where(_behind(column, row_id, query.after, query.descending))
    return statement.order_by(column.desc() if query.descending else column, row_id), (column.name, "id")


def _behind(column: Any, row_id: Any, after: tuple[Any, ...], descending: bool) -> ColumnElement[bool]:
    """Behind a place in an order by a column that may be unset: SQLite takes unset as less than everything."""
    value, last_id = after
    same = and_(column.is_(None) if value is None else column == value, row_id > last_id)
    if value is None:
        further = false() if descending else column.is_not(None)
    elif descending:
        further = or_(column < value, column.is_(None))
    else:
        further = column > value
    return or_(same, further)
