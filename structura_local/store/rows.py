"""Rows as SQLite keeps them, and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import orjson
from sqlalchemy import Select, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from structura_local.domain.fields import Collection, Field, Kind
from structura_local.domain.row import Row
from structura_local.store.tables import COLLECTION_TABLES

_DIALECT = sqlite.dialect()
_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Stored:
    """A row and the number of its last local change that head office may not know yet (0: as head office has it)."""

    row: Row
    seq: int


def compiled(statement: ClauseElement) -> tuple[str, list[Any]]:
    """The SQL text of a statement and its parameters in order."""
    result = cast("SQLCompiler", statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True}))
    names = result.positiontup or []
    return str(result), [result.params[name] for name in names]


class Codec:
    """How the rows of one collection become columns and back. Made once per collection."""

    def __init__(self, collection: Collection) -> None:
        table = COLLECTION_TABLES[collection.table]
        self.collection = collection
        self.table = table
        self._names = [f.name for f in collection.stored]
        self._known = frozenset(self._names)
        self._encoders = [(f.name, _encoder(f)) for f in collection.stored]
        self._decoders = [(i, f.name, d) for i, f in enumerate(collection.stored, 1) if (d := _decoder(f))]
        self._positions = {c.name: i for i, c in enumerate(table.columns)}
        put = insert(table).values({c.name: None for c in table.columns})
        put = put.on_conflict_do_update(
            index_elements=["id"], set_={c.name: put.excluded[c.name] for c in table.columns if c.name != "id"}
        )
        self.put_sql = str(put.compile(dialect=_DIALECT))
        self.get_sql, _ = compiled(select(table).where(table.c.id == ""))

    def column(self, name: str) -> Any:
        """The column of a field, or of `id`."""
        return self.table.c["id" if name == "id" else self.collection.by_name[name].column]

    def position(self, column: str) -> int:
        """Where a column stands in a line of `select()`."""
        return self._positions[column]

    def select(self) -> Select[Any]:
        """All columns, in the order that `decode` wants them."""
        return select(self.table)

    def encode(self, row: Row, seq: int) -> list[Any]:
        """The column values of a row, in table order."""
        data = row.data
        values: list[Any] = [row.id]
        values += [None if (value := data.get(name)) is None else encode(value) for name, encode in self._encoders]
        extra = {k: v for k, v in data.items() if k not in self._known} if len(data.keys() - self._known) else None
        values += (row.born, row.life, _json(row.stamps), _json(row.parts), _json(extra), seq)
        return values

    def decode(self, values: Sequence[Any]) -> Stored:
        """The row of a line of `select()`."""
        raw = list(values)
        for index, _, decode in self._decoders:
            if raw[index] is not None:
                raw[index] = decode(raw[index])
        data = {name: value for name, value in zip(self._names, raw[1:-6], strict=True) if value is not None}
        born, life, stamps, parts, extra, seq = raw[-6:]
        if extra != "{}":
            data.update(orjson.loads(extra))
        return Stored(Row(raw[0], born, life, _load(stamps), _load(parts), data), seq)


@cache
def codec(collection: Collection) -> Codec:
    """The codec of a collection."""
    return Codec(collection)


def _json(value: Mapping[str, Any] | None) -> str:
    return orjson.dumps(value).decode() if value else "{}"


def _load(text: str) -> Mapping[str, Any]:
    return {} if text == "{}" else orjson.loads(text)


def _encoder(field: Field) -> Callable[[Any], Any]:
    match field.kind:
        case Kind.TEXTS | Kind.STAGES:
            return lambda value: orjson.dumps(value).decode()
        case Kind.NUMBER | Kind.INTEGER:
            # SQLite's integers have 64 bits; what is larger is kept as a double, which is what JSON clients have.
            return lambda value: value if -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER else float(value)
        case Kind.BOOLEAN:
            return int
        case _:
            return lambda value: value


def _decoder(field: Field) -> Callable[[Any], Any] | None:
    match field.kind:
        case Kind.TEXTS | Kind.STAGES:
            return orjson.loads
        case Kind.BOOLEAN:
            return bool
        case _:
            return None
