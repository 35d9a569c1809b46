"""Rows set aside: what one side of the exchange cannot take. Shown, and tried again when a program has changed."""

from collections.abc import Iterable
from typing import NamedTuple

import orjson
from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql import ColumnElement

from structura_local import __version__
from structura_local.domain.catalog import BY_TABLE
from structura_local.domain.query import Part, Query
from structura_local.domain.row import Row
from structura_local.store.read import Reader
from structura_local.store.tables import COLLECTION_TABLES, SET_ASIDE, SET_ASIDE_SEQ
from structura_local.store.transaction import Transaction

PUSH, PULL = "push", "pull"  # head office does not take it; this database does not


class Aside(NamedTuple):
    """A row set aside. `row` is its text, if this database does not take it."""

    id: int
    direction: str
    collection: str
    row_id: str
    reason: str
    at: int
    version: str
    row: str

    @property
    def kept(self) -> Row:
        """The row as head office has it, which this database does not take."""
        return load(self.row)


def among(tx: Transaction, direction: str, keys: Iterable[tuple[str, str]]) -> list[Aside]:
    """Those of these rows, (collection, id), that are set aside: of very many a few are looked up."""
    wanted = set(keys)
    c = SET_ASIDE.c
    found: list[Aside] = []
    for collection in sorted({collection for collection, _ in wanted}):
        of_it = (c.direction == direction, c.collection == collection)
        if not tx.execute(select(c.id).where(*of_it).limit(1)):  # as it is nearly always
            continue
        ids = orjson.dumps([row_id for name, row_id in wanted if name == collection]).decode()
        values = func.json_each(ids).table_valued("value")
        statement = select(SET_ASIDE).where(*of_it, c.row_id.in_(select(values.c.value)))
        found += [Aside(*line) for line in tx.execute(statement)]
    return found


async def read(reader: Reader, direction: str) -> list[Aside]:
    """All that are set aside."""
    return [Aside(*line) for line in await reader.fetch(_select(direction))]


async def find(reader: Reader, query: Query) -> Part:
    """Those that a query asks for, the latest first."""
    c = SET_ASIDE.c
    columns = {"id": c.id, "direction": c.direction, "collection": c.collection, "rowId": c.row_id}
    wanted: list[ColumnElement[bool]] = [columns[name].in_(values) for name, values in query.equal]
    total = None
    if query.counted:
        ((total,),) = await reader.fetch(select(func.count()).select_from(SET_ASIDE).where(*wanted))
    if query.after is not None:
        wanted.append(c.id < query.after[0])
    limit = query.limit or 0
    lines = await reader.fetch(select(SET_ASIDE).where(*wanted).order_by(c.id.desc()).limit(limit + 1))
    found = [Aside(*line) for line in lines[:limit]]
    return Part(found, total, (found[-1].id,) if len(lines) > limit else None)


async def get(reader: Reader, *, line: int) -> Aside | None:
    """One of them, by its own id."""
    found = await reader.fetch(select(SET_ASIDE).where(SET_ASIDE.c.id == line))
    return Aside(*found[0]) if found else None


async def of_row(reader: Reader, collection: str, row_id: str) -> list[Aside]:
    """What is set aside of one row: at most one version in each direction."""
    c = SET_ASIDE.c
    found = await reader.fetch(select(SET_ASIDE).where(c.collection == collection, c.row_id == row_id))
    return [Aside(*line) for line in found]


async def count(reader: Reader) -> int:
    """How many are set aside."""
    ((found,),) = await reader.fetch(select(func.count()).select_from(SET_ASIDE))
    return int(found)


async def waiting(reader: Reader, lines: Iterable[Aside]) -> set[int]:
    """Those among them that go to head office with the next exchange: they were changed since, or asked for."""
    found: set[int] = set()
    for one in lines:
        if one.direction == PUSH and one.collection in COLLECTION_TABLES:
            table = COLLECTION_TABLES[one.collection]
            held = select(table.c.id).where(table.c.id == one.row_id, table.c["_seq"] < SET_ASIDE_SEQ)
            if await reader.fetch(held):
                found.add(one.id)
    return found


def again(tx: Transaction, collection: str, row_id: str) -> None:
    """Have a row that head office refused go out once more: it waits like any other, as its last change."""
    table = COLLECTION_TABLES[collection]
    aside = (table.c.id == row_id, table.c["_seq"] == SET_ASIDE_SEQ)
    tx.execute(update(table).where(*aside).values(_seq=tx.renumber(BY_TABLE[collection], row_id)))
    tx.reread(BY_TABLE[collection], row_id)


def refused(tx: Transaction, collection: str, row: Row, reason: str) -> None:
    """Head office does not take a row: it waits no more, until it is changed or asked for again."""
    table = COLLECTION_TABLES[collection]
    tx.execute(update(table).where(table.c.id == row.id).values(_seq=SET_ASIDE_SEQ))
    _put(tx, PUSH, collection, row, reason)


def unfit(tx: Transaction, collection: str, row: Row, reason: str) -> None:
    """This database does not take a row: it is kept as text."""
    _put(tx, PULL, collection, row, reason, dump(row))


def forget(tx: Transaction, direction: str, collection: str, row_id: str) -> None:
    """A row has been taken after all."""
    c = SET_ASIDE.c
    tx.execute(delete(SET_ASIDE).where(c.direction == direction, c.collection == collection, c.row_id == row_id))


def dump(row: Row) -> str:
    """A row as text."""
    return orjson.dumps((row.id, row.born, row.life, dict(row.stamps), dict(row.parts), dict(row.data))).decode()


def load(text: str) -> Row:
    """A row from its text."""
    return Row(*orjson.loads(text))


def _put(tx: Transaction, direction: str, collection: str, row: Row, reason: str, text: str = "") -> None:
    values = {"reason": reason, "at": tx.at, "version": __version__, "row": text}
    statement = insert(SET_ASIDE).values(direction=direction, collection=collection, row_id=row.id, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=["direction", "collection", "row_id"], set_=values))


def _select(direction: str) -> Select[tuple[object, ...]]:
    return select(SET_ASIDE).where(SET_ASIDE.c.direction == direction)
