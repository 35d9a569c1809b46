"""Rows as the text that both databases keep: one that is only passed on is never taken apart."""

from collections.abc import Iterator, Sequence
from typing import Any, overload

import orjson

from structura_local.domain.row import AGREED, Row, fingerprint_of, text_of
from sync.protocol import Tagged, ms_of

# Of a line, in this order: collection, id, born, life, stamps, parts, number, data, base. What a row consists of is
# JSON; `number` is central's lsn, or this node's seq. Lines from central have no base, and may have more behind it.
Line = Sequence[Any]


class Texts(Sequence[Tagged]):
    """Rows, made from their lines for whoever looks at them. No row is here twice."""

    def __init__(self, lines: Sequence[Line], *, based: bool = False) -> None:
        self.lines = lines
        self._based = based

    def __len__(self) -> int:
        return len(self.lines)

    @overload
    def __getitem__(self, place: int) -> Tagged: ...

    @overload
    def __getitem__(self, place: slice) -> "Texts": ...

    def __getitem__(self, place: int | slice) -> "Tagged | Texts":
        if isinstance(place, slice):
            return Texts(self.lines[place], based=self._based)
        return self._tagged(self.lines[place])

    def __iter__(self) -> Iterator[Tagged]:
        return map(self._tagged, self.lines)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def _tagged(self, line: Line) -> Tagged:
        collection, row_id, born, life, stamps, parts, number, data = line[:8]
        row = Row(row_id, born, life, read(stamps), read(parts), read(data))
        if self._based:
            return Tagged(collection, row, read(line[8]))
        return Tagged(collection, row, lsn=number)


def read(text: str) -> Any:
    """What a part of a line says."""
    return {} if text == "{}" else orjson.loads(text)


def size(rows: Sequence[Tagged]) -> int:
    """About how many bytes rows are on their way."""
    if isinstance(rows, Texts):
        return sum(80 + len(line[4]) + len(line[5]) + len(line[7]) for line in rows.lines)
    parts = ((row.row.stamps, row.row.parts, row.row.data, row.base) for row in rows)
    return sum(80 + len(orjson.dumps(part, default=dict)) for part in parts)


def keys(rows: Sequence[Tagged]) -> list[tuple[str, str]]:
    """The rows' collections and ids."""
    if isinstance(rows, Texts):
        return [(line[0], line[1]) for line in rows.lines]
    return [(row.collection, row.row.id) for row in rows]


def fingerprint(line: Line) -> int:
    """Of the row, as domain/row.py computes it."""
    _, row_id, born, life, stamps, parts = line[:6]
    return fingerprint_of(row_id, born, life, canonical(stamps), canonical(parts))


def canonical(text: str) -> str:
    """The one text (domain/row.py) of stamps or parts that any text says."""
    if text == "{}":
        return text
    part = orjson.loads(text)
    if "\\" in text or not text.isascii():
        return text_of(part)
    return "{" + ", ".join([f'"{key}": "{part[key]}"' for key in sorted(part, key=_rank)]) + "}"


def _rank(key: str) -> tuple[int, str]:
    return len(key), key


def agreed(line: Line) -> int | None:
    """What was agreed of the row before, by its base; None: it has no base."""
    base = line[8]
    if base == "{}":
        return None
    return int(orjson.loads(base).get(AGREED, 0)) if AGREED in base else 0


def newest(lines: Sequence[Line]) -> int:
    """Of the rows' stamps, in milliseconds since 1970 (protocol.latest)."""
    return max((ms_of(line[2] if line[4] == "{}" else _newest(line)) for line in lines), default=0)


def _newest(line: Line) -> str:
    return str(max(line[2], *orjson.loads(line[4]).values()))
