"""Rows as SQLite keeps them, and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import orjson
from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from structura_local.domain.fields import Collection, Field, Kind
from structura_local.domain.row import SEEN, Row
from structura_local.store.tables import ALIVE, COLLECTION_TABLES, COMPLETIONS, order

_DIALECT = sqlite.dialect()
_POSTCOMPILE = {"render_postcompile": True}
_LARGEST_INTEGER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Stored:
    """A row, and what this node has yet to tell head office of it.

    `seq` is the number of its last local change (0: as head office has it). While that is later than the mark the row
    is dirty, and `base` holds of each field changed since what was agreed before (domain/row.py, `ANY`, `AGREED`).
    """

    row: Row
    seq: int
    base: Mapping[str, Any]


MOST_KEPT = 500  # texts of statements


def compiled(statement: ClauseElement) -> tuple[str, list[Any]]:
    """The SQL text of a statement and its parameters in order. Of statements that differ in their values only, the text
    is written out once: that takes longer than most of them do."""
    key = statement._generate_cache_key()
    if key is None or (kept := _kept.get(key.key)) is None:
        result = cast("SQLCompiler", statement.compile(dialect=_DIALECT, cache_key=key))
        kept = str(result), result
        if key is None or "__[POSTCOMPILE" in kept[0]:  # as many question marks as there are values
            result = cast("SQLCompiler", statement.compile(dialect=_DIALECT, compile_kwargs=_POSTCOMPILE))
            return str(result), [result.params[name] for name in result.positiontup or ()]
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[key.key] = kept
    text, made = kept
    values = made.construct_params(extracted_parameters=key.bindparams)
    return text, [values[name] for name in made.positiontup or ()]


_kept: dict[Any, tuple[str, SQLCompiler]] = {}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement that is written once, for values that are given by the names of its parameters."""

    text: str
    _parameters: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, statement: ClauseElement) -> "Prepared":
        """A statement with `bindparam`s in it."""
        result = cast("SQLCompiler", statement.compile(dialect=_DIALECT, compile_kwargs=_POSTCOMPILE))
        return cls(str(result), tuple((name, result.params[name]) for name in result.positiontup or ()))

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """Its parameters in order."""
        return [given.get(name, constant) for name, constant in self._parameters]


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
        numbers = (Kind.NUMBER, Kind.INTEGER)
        self.numbers = frozenset(f.column for f in collection.stored if f.kind in numbers)
        """The columns in which there may be a fraction."""
        self._positions = {c.name: i for i, c in enumerate(table.columns)}
        put = insert(table).values({c.name: None for c in table.columns})
        put = put.on_conflict_do_update(
            index_elements=["id"], set_={c.name: put.excluded[c.name] for c in table.columns if c.name != "id"}
        )
        self.put_sql = str(put.compile(dialect=_DIALECT))
        self.get_sql, _ = compiled(select(table).where(table.c.id == ""))
        shown = [f for f in collection.fields if f.wire and f.stored]
        self._public = [table.c.id, *(table.c[f.column] for f in shown), table.c["_born"]]
        if collection.newest_first:
            self._public.append(table.c["received_at"])
        self._public_decoders = [(i, f.name, f.send_null, _decoder(f)) for i, f in enumerate(shown, 1)]
        self._find_sql: dict[tuple[tuple[str, ...], tuple[str, ...], bool], str] = {}

    def column(self, name: str) -> Any:
        """The column of a field, or of `id`."""
        return self.table.c["id" if name == "id" else self.collection.by_name[name].column]

    def position(self, column: str) -> int:
        """Where a column stands in a line of `select()`."""
        return self._positions[column]

    def select(self) -> Select[Any]:
        """All columns, in the order that `decode` wants them."""
        return select(self.table)

    def find_sql(self, equal: tuple[str, ...], but: tuple[str, ...] = (), *, counted: bool = False) -> str:
        """The statement that finds the living rows whose fields of these names have given values, unset ones too.

        `but`: and those of these names others. `counted`: it says how many there are.
        """
        if (equal, but, counted) not in self._find_sql:
            query = select(func.count()).select_from(self.table) if counted else self.select()
            query = query.where(ALIVE)
            query = query.where(*(self.column(name).is_not_distinct_from(bindparam(name, "")) for name in equal))
            query = query.where(*(self.column(name).is_distinct_from(bindparam(name, "")) for name in but))
            self._find_sql[equal, but, counted] = compiled(query)[0]
        return self._find_sql[equal, but, counted]

    def select_public(self) -> Select[Any]:
        """The columns that clients see, and those that lists are ordered by, in the order that `public` wants them."""
        return select(*self._public)

    def public_position(self, column: str) -> int:
        """Where a column stands in a line of `select_public()`."""
        return next(i for i, c in enumerate(self._public) if c.name == column)

    def public(self, values: Sequence[Any]) -> dict[str, Any]:
        """What a client sees of a line of `select_public()`, as `Collection.public` says it of a row."""
        shown = {"id": values[0]}
        for index, name, send_null, decode in self._public_decoders:
            if (value := values[index]) is not None:
                shown[name] = decode(value) if decode else value
            elif send_null:
                shown[name] = None
        return shown

    def encode(self, row: Row, base: Mapping[str, Any], seq: int) -> list[Any]:
        """The column values of a row, in table order."""
        data = row.data
        values: list[Any] = [row.id]
        values += [None if (value := data.get(name)) is None else encode(value) for name, encode in self._encoders]
        extra = {k: v for k, v in data.items() if k not in self._known} if len(data.keys() - self._known) else None
        values += (row.born, row.life, _json(row.stamps), _json(row.parts), _json(extra), _json(base), seq)
        return values

    def loaded(self, row_id: str, born: str, life: int, stamps: str, parts: str, data: Mapping[str, Any]) -> list[Any]:
        """The column values of a row as head office has it, its stamps and parts as text, in table order."""
        get = data.get
        values: list[Any] = [row_id]
        values += [None if (value := get(name)) is None else encode(value) for name, encode in self._encoders]
        extra = {k: v for k, v in data.items() if k not in self._known} if data.keys() - self._known else None
        values += (born, life, stamps, parts, _json(extra), "{}", 0)
        return values

    def text(self, values: Sequence[Any]) -> Sequence[Any]:
        """The row of a line of `select()` as text that is only passed on: collection, id, born, life, stamps, parts,
        seq, data, base (sync/texts.py). Who saw what stays here.
        """
        raw = list(values)
        for index, _, decode in self._decoders:
            if raw[index] is not None:
                raw[index] = bool(raw[index]) if decode is bool else orjson.Fragment(raw[index])
        data = {name: value for name, value in zip(self._names, raw[1:-7], strict=True) if value is not None}
        born, life, stamps, parts, extra, base, seq = raw[-7:]
        text = orjson.dumps(data).decode()
        if extra != "{}":
            text = f"{text[:-1]},{extra[1:]}" if data else extra
        if SEEN in base:
            base = _json({name: agreed for name, agreed in orjson.loads(base).items() if name != SEEN})
        return self.collection.table, raw[0], born, life, stamps, parts, seq, text, base

    def decode(self, values: Sequence[Any]) -> Stored:
        """The row of a line of `select()`."""
        raw = list(values)
        for index, _, decode in self._decoders:
            if raw[index] is not None:
                raw[index] = decode(raw[index])
        data = {name: value for name, value in zip(self._names, raw[1:-7], strict=True) if value is not None}
        born, life, stamps, parts, extra, base, seq = raw[-7:]
        if extra != "{}":
            data.update(orjson.loads(extra))
        return Stored(Row(raw[0], born, life, _load(stamps), _load(parts), data), seq, _load(base))


@cache
def codec(collection: Collection) -> Codec:
    """The codec of a collection."""
    return Codec(collection)


@cache
def completions_sql(events: Collection) -> str:
    """The statement that finds a machine's completions by how they are described, since a moment, newest first: those
    whose ids are like a pattern, or those whose are not.
    """
    kind = codec(events)
    columns = kind.table.c
    query = kind.select().where(ALIVE, COMPLETIONS, columns["machine_id"] == bindparam("machine", ""))
    query = query.where(columns["description"] >= bindparam("low", ""), columns["description"] < bindparam("high", ""))
    is_like = columns["id"].op("GLOB")(bindparam("pattern", "")) == bindparam("like", 1)
    query = query.where(columns["received_at"] >= bindparam("moment", ""), is_like)
    return compiled(query.order_by(*(columns[name].desc() for name in order(events))))[0]


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
