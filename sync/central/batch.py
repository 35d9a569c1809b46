"""A batch on its way to central: folded to one row per id, and written as what central takes."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson

from sync.central.functions import COLUMNS
from sync.merge import merge
from sync.protocol import Tagged
from sync.texts import Texts

_EXPONENT = re.compile(r"[0-9.]e\+?[0-9]")  # of a number, or of what looks like one


def fold(rows: Sequence[Tagged]) -> Sequence[Tagged]:
    """One row per collection and id; of two versions the base of the earlier one counts."""
    if isinstance(rows, Texts):
        return rows
    folded: dict[tuple[str, str], Tagged] = {}
    for tagged in rows:
        key = (tagged.collection, tagged.row.id)
        seen = folded.get(key)
        folded[key] = tagged if seen is None else replace(seen, row=merge(seen.row, tagged.row))
    return list(folded.values())


def columns(rows: Sequence[Tagged]) -> list[list[str]]:
    """The batch as `structura_sync.push_rows` takes it: a list of texts for each column. No row is in it twice."""
    if isinstance(rows, Texts):
        return _passed_on(rows)
    texts: list[list[str]] = [[] for _ in COLUMNS]
    for tagged in rows:
        row = tagged.row
        data = {name: _exact(value) for name, value in row.data.items() if value is not None}
        parts = (orjson.dumps(dict(part)).decode() for part in (row.stamps, row.parts, data, tagged.base))
        for column, text in zip(texts, (tagged.collection, row.id, row.born, str(row.life), *parts), strict=True):
            column.append(text)
    return texts


def _passed_on(rows: Texts) -> list[list[str]]:
    if not rows.lines:
        return [[] for _ in COLUMNS]
    collections, ids, born, lives, stamps, parts, _, datas, bases = map(list, zip(*rows.lines, strict=True))
    for place, data in enumerate(datas):
        if _EXPONENT.search(data):
            datas[place] = orjson.dumps(_exact(orjson.loads(data))).decode()
    return [collections, ids, born, [str(life) for life in lives], stamps, parts, datas, bases]


def _exact(value: Any) -> Any:
    """The value, with floats that JSON would write as 5e16 written out with a decimal point.

    Postgres keeps 5e16 as the integer of its shortest digits, which is not the same number; 5e-7 it keeps.
    """
    match value:
        case float() if abs(value) >= 1e16:
            return orjson.Fragment(f"{value:.1f}")
        case list() | tuple():
            return [_exact(item) for item in value]
        case dict():
            return {key: _exact(item) for key, item in value.items()}
    return value
