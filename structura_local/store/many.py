"""Many rows at once, for the sync: looked up by their ids, as many others may wait."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.sql import ColumnElement

from structura_local.domain.fields import Collection
from structura_local.store.drafts import insert
from structura_local.store.rows import Stored, codec
from structura_local.store.tables import COLLECTION_TABLES
from structura_local.store.transaction import Transaction


def changed(tx: Transaction, collection: Collection, ids: Sequence[str], mark: int) -> list[Stored]:
    """Those of these rows whose last local change has a later number."""
    kind = codec(collection)
    c = kind.table.c
    return [kind.decode(line) for line in tx.execute(kind.select().where(_among(c.id, ids), c["_seq"] + 0 > mark))]


def agree(tx: Transaction, collection: Collection, ids: Sequence[str], mark: int, upto: int) -> None:
    """Head office has these rows as they are, but for those whose last local change has a number beyond `upto`."""
    table = COLLECTION_TABLES[collection.table]
    unchanged = table.c["_seq"] + 0 > mark, table.c["_seq"] + 0 <= upto
    tx.execute(update(table).where(_among(table.c.id, ids), *unchanged).values(_seq=0, _base="{}"))


def any_is_here(tx: Transaction, collection: Collection, ids: Sequence[str]) -> bool:
    """Whether one of these rows is here, deleted or not."""
    c = COLLECTION_TABLES[collection.table].c
    return bool(tx.execute(select(c.id).where(_among(c.id, ids)).limit(1)))


def load(tx: Transaction, collection: Collection, lines: Sequence[Sequence[Any]]) -> None:
    """Keep rows that are new here, as `Codec.loaded` gives them, without a trace in the log."""
    insert(tx.connection, codec(collection).put_sql, lines)


def _among(column: ColumnElement[str], ids: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column has one of many values: one parameter, so one text of the statement."""
    values = func.json_each(orjson.dumps(ids).decode()).table_valued("value")
    return column.in_(select(values.c.value))
