"""The first download: rows into a database that had none, as central has them. No merge, no log, and nobody hears of
each; what a first look finds here already is left to the merge.

Whatever a row has that this version cannot store leaves the whole slice to the merge, which finds it.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import reduce
from operator import xor

import orjson

from structura_local.domain import parts as counting
from structura_local.domain.catalog import BY_TABLE
from structura_local.domain.stamp import split
from structura_local.store import aside, many, sqlite
from structura_local.store.rows import codec
from structura_local.store.transaction import Transaction
from sync import agreed, texts
from sync.texts import Line


class Unusual(Exception):
    """Rows that are not simply new here."""


def load(tx: Transaction, lines: Sequence[Line]) -> set[str]:
    """Keep rows that are all new here, and return the collections. Raises Unusual; then the write is to be undone."""
    if aside.among(tx, aside.PULL, [(line[0], line[1]) for line in lines]):
        raise Unusual
    by_table: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_table[line[0]].append(line)
    changed: dict[str, int] = {}
    try:
        for table, some in by_table.items():
            if table not in BY_TABLE or many.any_is_here(tx, BY_TABLE[table], [line[1] for line in some]):
                raise Unusual
            many.load(tx, BY_TABLE[table], [_values(line) for line in some])
            changed[table] = reduce(xor, map(texts.fingerprint, some))
        newest = max(map(_newest, lines), default="")
    except (TypeError, ValueError, OverflowError, *sqlite.Unstorable) as error:
        raise Unusual from error
    if newest:
        tx.run.clock.observe(newest)
    agreed.add(tx, changed)
    return set(by_table)


def _values(line: Line) -> Sequence[object]:
    table, row_id, born, life, stamps, parts, _, data = line[:8]
    shown = orjson.loads(data)
    if parts != "{}":
        shown = counting.shown(shown, orjson.loads(parts))
    return codec(BY_TABLE[table]).loaded(row_id, born, life, stamps, parts, shown)


def _newest(line: Line) -> str:
    """The latest of the row's stamps. ValueError if one of them is none."""
    stamps = [line[2], *texts.read(line[4]).values()] if line[4] != "{}" else [line[2]]
    for stamp in stamps:
        split(stamp)
    return str(max(stamps))
