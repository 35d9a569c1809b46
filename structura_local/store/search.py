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

SORTED_BY = 200  # characters of a text; the place of a page has to fit into its address


async def search(reader: Reader, collection: Collection, query: Query, *, public: bool = False) -> Part:
    """The rows that a query asks for, not counted.

    `public`: as clients see them, without the merge state, which takes its time.
    """
    kind = codec(collection)
    wanted = and_(ALIVE, *_conditions(kind, query))
    if query.after is not None and len(query.after) != (len(order(collection)) if query.sort is None else 2):
        raise AppError("invalid", errors=[{"field": "cursor", "msg": "belongs to a list in another order"}])
    selected = kind.select_public() if public else kind.select()
    if query.sort is None:
        statement, keys = _in_order(kind, query, selected.where(wanted))
        places = [kind.public_position(key) if public else kind.position(key) for key in keys]
    else:
        statement = _sorted(kind, query, query.sort, selected.where(wanted))
        places = [-1, 0]
    if query.limit is not None:
        statement = statement.limit(query.limit + 1)
    if query.offset:
        statement = statement.limit(-1 if query.limit is None else query.limit + 1).offset(query.offset)
    own = len(selected.selected_columns)
    decode = kind.public if public else lambda line: kind.decode(line[:own]).row

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
    field = kind.collection.by_name.get(name)
    if field is not None and field.kind is Kind.TEXTS:
        element = func.json_each(kind.column(name)).table_valued("value")
        return exists(select(literal_column("1")).select_from(element).where(element.c.value.in_(values)))
    within: ColumnElement[bool] = _as_shown(kind, name, reader).in_(values)
    return within


def _as_shown(kind: Codec, name: str, reader: str | None) -> Any:
    """A field as this reader sees it: whether a message to all is read, each knows for themselves."""
    column = kind.column(name)
    if name != "isRead" or reader is None:
        return column
    readers = func.json_each(kind.table.c["read_by"]).table_valued("value")
    read = exists(select(literal_column("1")).select_from(readers).where(readers.c.value == reader))
    return case((and_(kind.table.c["to"] == TO_ALL, read), 1), else_=column)


def _in_order(kind: Codec, query: Query, statement: Select[Any]) -> tuple[Select[Any], tuple[str, ...]]:
    """The statement in the collection's own order and behind the last page, and the columns that say a place in it."""
    names = order(kind.collection)
    columns = [kind.table.c[name] for name in names]
    descending = kind.collection.newest_first
    if query.after is not None:
        place = tuple_(*columns)
        statement = statement.where(place < query.after if descending else place > query.after)
    return statement.order_by(*(c.desc() if descending else c for c in columns)), names


def _sorted(kind: Codec, query: Query, name: str, statement: Select[Any]) -> Select[Any]:
    """The statement in the order of a field and behind the last page; what it is ordered by comes last in a line."""
    key, row_id = _as_shown(kind, name, query.reader), kind.table.c.id
    field = kind.collection.by_name.get(name)
    if field is not None and field.kind is Kind.TEXT:
        key = func.substr(key, 1, SORTED_BY)
    if query.after is not None:
        statement = statement.where(_behind(key, row_id, query.after, query.descending))
    return statement.add_columns(key).order_by(key.desc() if query.descending else key, row_id)


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
