"""Lists as clients ask for them: a `Query` as SQL. A page begins behind a key, not after so many rows.

Of queries that differ in their values only, the statement is written once: that takes longer than most of them do. And
all rows come as one value, since SQLite's module gives Python's lock away and waits to have it back for each row that
it fetches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import Select, and_, bindparam, case, exists, false, func, literal_column, or_, select, tuple_
from sqlalchemy.sql import ColumnElement

from structura_local.domain.fields import Collection, Kind
from structura_local.domain.messages import TO_ALL
from structura_local.domain.query import Part, Query
from structura_local.errors import AppError
from structura_local.store.read import Reader
from structura_local.store.rows import Codec, Prepared, codec
from structura_local.store.sqlite import Connection
from structura_local.store.tables import ALIVE, CHANGE_LOG, order

SORTED_BY = 200  # characters of a text; the place of a page has to fit into its address
_SORTED_BY = "sorted_by"  # the column that a list is ordered by, if that is none of its own


@dataclass(frozen=True, slots=True)
class _Shape:
    """A query without its values: how many a field may have, which words are said, which parts of `after` are set."""

    equal: tuple[tuple[str, int], ...]
    since: bool
    until: bool
    searched: tuple[str, ...] | None
    sort: str | None
    descending: bool
    limited: bool
    skips: bool
    after: tuple[bool, ...] | None
    reader: bool
    everything: bool


def _shape(query: Query) -> _Shape:
    return _Shape(
        tuple((name, len(values)) for name, values in query.equal),
        query.since is not None,
        query.until is not None,
        None if query.text is None else query.searched,
        query.sort,
        query.descending,
        query.limit is not None,
        bool(query.offset),
        None if query.after is None else tuple(part is not None for part in query.after),
        query.reader is not None,
        query.everything,
    )


def _values(query: Query) -> dict[str, Any]:
    """The values of a query by the names that a statement has for them."""
    values = {f"equal_{i}_{j}": v for i, (_, some) in enumerate(query.equal) for j, v in enumerate(some)}
    values |= {f"after_{i}": part for i, part in enumerate(query.after or ())}
    limit = -1 if query.limit is None else query.limit + 1  # one more tells whether there is a next page
    said = {"since": query.since, "until": query.until, "words": query.text, "reader": query.reader}
    return {**values, **said, "limit": limit, "offset": query.offset}


async def search(reader: Reader, collection: Collection, query: Query, *, public: bool = False) -> Part:
    """The rows that a query asks for, not counted.

    `public`: as clients see them, without the merge state, which takes its time.
    """
    kind = codec(collection)
    if query.after is not None and len(query.after) != (len(order(collection)) if query.sort is None else 2):
        raise AppError("invalid", errors=[{"field": "cursor", "msg": "belongs to a list in another order"}])
    prepared, own, places = _found(collection, _shape(query), public)
    decode = kind.public if public else lambda line: kind.decode(line[:own]).row

    def read(connection: Connection) -> Part:
        (text,) = connection.execute(prepared.text, prepared.values(_values(query))).fetchone()
        lines: list[Sequence[Any]] = orjson.loads(text)
        more = query.limit is not None and len(lines) > query.limit
        if more:
            del lines[query.limit :]
        following = tuple(lines[-1][place] for place in places) if more and lines else None
        return Part([decode(line) for line in lines], None, following)

    return await reader.run(read)


async def count(reader: Reader, collection: Collection, query: Query) -> tuple[int, int]:
    """How many rows a query asks for, on all its pages; and the number of the last change that this knows of."""
    prepared, values = _counted(collection, _shape(query)), _values(query)

    def read(connection: Connection) -> tuple[int, int]:
        number, seq = connection.execute(prepared.text, prepared.values(values)).fetchone()
        return int(number), int(seq)

    return await reader.run(read)


@lru_cache(maxsize=512)
def _found(collection: Collection, shape: _Shape, public: bool) -> tuple[Prepared, int, Sequence[int]]:
    """The statement that finds rows as one JSON array of lines; how many columns of a line are the row's own, and where
    in it the next page's `after` is."""
    kind = codec(collection)
    selected = kind.select_public() if public else kind.select()
    statement = selected.where(ALIVE, *_conditions(kind, shape))
    if shape.sort is None:
        statement, keys = _in_order(kind, shape, statement)
        places = [kind.public_position(key) if public else kind.position(key) for key in keys]
    else:
        statement = _sorted(kind, shape, shape.sort, statement)
        places = [-1, 0]
    if shape.limited or shape.skips:
        statement = statement.limit(bindparam("limit"))
    if shape.skips:
        statement = statement.offset(bindparam("offset"))
    found = statement.subquery("found")
    numbers = {*kind.numbers, _SORTED_BY}
    line = func.json_array(*(_exact(column) if column.name in numbers else column for column in found.c))
    return Prepared.of(select(func.json_group_array(line))), len(selected.selected_columns), places


def _exact(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A number with all its digits, also by an SQLite that writes 15 of a fraction's (macOS has such)."""
    fraction = func.typeof(column) == literal_column("'real'")
    return case((fraction, func.json(func.shortest(column))), else_=column)


@lru_cache(maxsize=512)
def _counted(collection: Collection, shape: _Shape) -> Prepared:
    kind = codec(collection)
    last = select(func.coalesce(func.max(CHANGE_LOG.c.seq), 0)).scalar_subquery()
    return Prepared.of(select(func.count(), last).select_from(kind.table).where(ALIVE, *_conditions(kind, shape)))


def _conditions(kind: Codec, shape: _Shape) -> list[ColumnElement[bool]]:
    columns = kind.table.c
    conditions: list[ColumnElement[bool]] = []
    for number, (name, count_) in enumerate(shape.equal):
        values: list[Any] = [bindparam(f"equal_{number}_{i}") for i in range(count_)]
        conditions.append(_equal(kind, name, values, reader=shape.reader))
    if shape.since:
        conditions.append(func.epoch_ms(columns["timestamp"]) >= bindparam("since"))
    if shape.until:
        conditions.append(func.epoch_ms(columns["timestamp"]) <= bindparam("until"))
    if shape.searched is not None:
        conditions.append(func.has_words(bindparam("words"), *(kind.column(name) for name in shape.searched)) == 1)
    if shape.reader and not shape.everything:
        to_me = columns["to"].in_([bindparam("reader"), TO_ALL])
        conditions.append(or_(to_me, columns["sender_id"] == bindparam("reader")))
    return conditions


def _equal(kind: Codec, name: str, values: Sequence[Any], *, reader: bool) -> ColumnElement[bool]:
    field = kind.collection.by_name.get(name)
    if field is not None and field.kind is Kind.TEXTS:
        element = func.json_each(kind.column(name)).table_valued("value")
        return exists(select(literal_column("1")).select_from(element).where(element.c.value.in_(values)))
    within: ColumnElement[bool] = _as_shown(kind, name, reader=reader).in_(values)
    return within


def _as_shown(kind: Codec, name: str, *, reader: bool) -> Any:
    """A field as this reader sees it: whether a message to all is read, each knows for themselves."""
    column = kind.column(name)
    if name != "isRead" or not reader:
        return column
    readers = func.json_each(kind.table.c["read_by"]).table_valued("value")
    read = exists(select(literal_column("1")).select_from(readers).where(readers.c.value == bindparam("reader")))
    return case((and_(kind.table.c["to"] == TO_ALL, read), 1), else_=column)


def _in_order(kind: Codec, shape: _Shape, statement: Select[Any]) -> tuple[Select[Any], tuple[str, ...]]:
    """The statement in the collection's own order and behind the last page, and the columns that say a place in it."""
    names = order(kind.collection)
    columns = [kind.table.c[name] for name in names]
    descending = kind.collection.newest_first
    if shape.after is not None:
        place, after = tuple_(*columns), tuple_(*(bindparam(f"after_{i}") for i in range(len(columns))))
        statement = statement.where(place < after if descending else place > after)
    return statement.order_by(*(c.desc() if descending else c for c in columns)), names


def _sorted(kind: Codec, shape: _Shape, name: str, statement: Select[Any]) -> Select[Any]:
    """The statement in the order of a field and behind the last page; what it is ordered by comes last in a line."""
    key, row_id = _as_shown(kind, name, reader=shape.reader), kind.table.c.id
    field = kind.collection.by_name.get(name)
    if field is not None and field.kind is Kind.TEXT:
        key = func.substr(key, 1, SORTED_BY)
    if shape.after is not None:
        statement = statement.where(_behind(key, row_id, shape.after[0], shape.descending))
    return statement.add_columns(key.label(_SORTED_BY)).order_by(key.desc() if shape.descending else key, row_id)


def _behind(column: Any, row_id: Any, is_set: bool, descending: bool) -> ColumnElement[bool]:
    """Behind a place in an order by a column that may be unset: SQLite takes unset as less than everything."""
    value: Any = bindparam("after_0")
    last_id: Any = bindparam("after_1")
    same = and_(column == value if is_set else column.is_(None), row_id > last_id)
    if not is_set:
        further = false() if descending else column.is_not(None)
    elif descending:
        further = or_(column < value, column.is_(None))
    else:
        further = column > value
    return or_(same, further)
