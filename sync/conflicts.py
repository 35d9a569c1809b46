"""Which writes lost to one that had not seen them, decided purely. The same is generated as SQL for central.

One side's version of a row (`dirty`) has changes that the other has not heard of, and says of each field what was
agreed before (`base`). It is a conflict exactly if the other side's write is neither that base, nor the same write,
nor one by this node itself. The merge decides who wins; the loser is journaled here.

Counters and sets lose nothing, but for two bases of a counter. What the server's own rules wrote on two nodes is
the same thing done twice, and no conflict.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson

from structura_local import clock
from structura_local.domain import parts
from structura_local.domain.actors import RULES
from structura_local.domain.fields import Collection, Merge
from structura_local.domain.row import ANY, LIFE, Row
from structura_local.domain.stamp import STAMP_LENGTH, split
from sync import clocks

MASK = "•"

# The node and the user of an actor; None if it is not known (yet).
Who = Callable[[str], tuple[str, str] | None]
# Whether a field of the row has ever had a value here.
Had = Callable[[str, Any], bool]


@dataclass(frozen=True, slots=True)
class Write:
    """A value and its stamp."""

    value: Any
    stamp: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Of two writes to a field, the one that lost and the one that won.

    `emptied`: the winner's row has been since, and what it said is not known here.
    """

    field: str
    winner: Write
    loser: Write
    emptied: bool = False


def conflicts(
    collection: Collection,
    dirty: Row,
    base: Mapping[str, Any],
    other: Row,
    node: str,
    who: Who,
    *,
    had: Had | None = None,
) -> Iterator[Conflict]:
    """The conflicts between a row with changes by `node` and the other side's version of it.

    `had`: the other side is head office, which was set back and may have lost what was agreed. So of what is not
    changed here it is a conflict, too, unless central's write is one that this node once had.
    """

    def foreign(stamp: str, agreed: str, mine: str) -> bool:
        author = who(stamp)
        if author is not None and (author[0] == node or (author[1] == RULES and (who(mine) or ("", ""))[1] == RULES)):
            return False
        return stamp > agreed and stamp != mine

    sums = parts.kinds(dirty.parts) | parts.kinds(other.parts)  # fields of a newer version: one of the two may say so
    write = partial(_write, collection, sums)
    if dirty.life > other.life and not dirty.alive and (had or _touched(base, LIFE)):
        grave = Write(None, dirty.stamps.get(LIFE, ""))
        for name in sorted(_names(other)):
            mine, theirs = write(dirty, name), write(other, name)
            late = theirs and theirs.stamp > (mine.stamp if mine else "") and not _gone(theirs, other)
            if theirs and late and foreign(theirs.stamp, "", grave.stamp):
                yield Conflict(name, grave, theirs)
    for name in sorted(_names(dirty) | _names(other) if had or ANY in base else _names(dirty) & base.keys()):
        mine, theirs = write(dirty, name), write(other, name)
        if mine is None:
            continue
        agreed = base.get(name, base.get(ANY, mine.stamp))
        changed = mine.stamp > agreed
        if not changed:
            if not had:
                continue
            agreed = mine.stamp
        if other.life > dirty.life and not other.alive:
            grave = Write(None, other.stamps.get(LIFE, ""))
            lacking = changed or theirs is None or mine.stamp > theirs.stamp
            if lacking:
                said = name in dirty.data.keys() | dirty.stamps.keys() and not _gone(mine, dirty)
                if said and foreign(grave.stamp, "", mine.stamp):
                    yield Conflict(name, grave, mine)
                continue
        if had and theirs and theirs.stamp < agreed and not had(name, theirs.value):
            agreed = ""
        if theirs and foreign(theirs.stamp, agreed, mine.stamp) and theirs.value != mine.value:
            yield from _lost(name, (mine, dirty), (theirs, other))


def _lost(name: str, mine: tuple[Write, Row], theirs: tuple[Write, Row]) -> Iterator[Conflict]:
    """The earlier write; but a field that a new row just left out is nobody's loss."""
    (loser, row), (winner, other) = sorted((mine, theirs), key=lambda side: side[0].stamp)
    left_out = loser.value is None and loser.stamp in (row.born, other.born)
    if not left_out and not _gone(loser, row):
        yield Conflict(name, winner, loser, _gone(winner, other))


def entry(collection: Collection, row_id: str, conflict: Conflict) -> Row:
    """The journal's row of a conflict: the same whoever meets it.

    It is as old as the loser. What it says of the winner is stamped as that: of two winners over the same write, met at
    two places, the later one counts; and who knows what the winner said, over who does not.
    """
    winner, loser, field = conflict.winner, conflict.loser, conflict.field
    secret = field in collection.secrets
    key = f"{collection.table}|{row_id}|{field}|{loser.stamp}"
    data = {
        "collection": collection.table,
        "rowId": row_id,
        "field": field,
        "winner": _json(MASK if secret and winner.value is not None else winner.value),
        "loser": _json(MASK if secret and loser.value is not None else loser.value),
        "seen": False,
        **_when(winner.stamp, loser.stamp),
    }
    stamps = _stamps(winner.stamp, loser.stamp, emptied=conflict.emptied)
    return Row(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), loser.stamp, 1, stamps, {}, data)


def _gone(write: Write, row: Row) -> bool:
    """What a deleted row lacks is nobody's loss: it was emptied, or its deleter had seen that it was cleared."""
    return write.value is None and not row.alive


def with_stamps(entry: Row, new: Mapping[str, str]) -> Row:
    """The entry of writes that are stamped anew."""
    winner, loser = (new.get(entry.data[name], entry.data[name]) for name in ("winnerStamp", "loserStamp"))
    anew = clocks.with_stamps(entry, new)
    kept = {name: stamp for name, stamp in anew.stamps.items() if name not in ("winner", "winnerStamp", "at")}
    stamps = kept | _stamps(winner, loser, emptied="winner" not in entry.stamps)
    return replace(anew, stamps=stamps, data={**entry.data, **_when(winner, loser)})


def _stamps(winner: str, loser: str, *, emptied: bool) -> dict[str, str]:
    """Of the fields that are not as old as the loser. `at` is as old as the later of the two, whose time it is."""
    said = {"winnerStamp": True, "winner": not emptied, "at": winner > loser}
    return {name: winner for name, later in said.items() if later}


def _when(winner: str, loser: str) -> dict[str, str]:
    return {"winnerStamp": winner, "loserStamp": loser, "at": clock.iso(split(max(winner, loser)).ms)}


def _touched(base: Mapping[str, Any], name: str) -> bool:
    return name in base or ANY in base


def _names(row: Row) -> set[str]:
    return (row.data.keys() | row.stamps.keys()) - {LIFE}


def _write(collection: Collection, sums: Mapping[str, str], row: Row, name: str) -> Write | None:
    """The write that a field shows; of a counter its base; None for a set, of which nothing is ever lost.

    `sums`: which fields that are not declared here are counters or sets (parts.kinds).
    """
    known = collection.by_name.get(name)
    kind = {Merge.COUNTER: parts.COUNTER, Merge.SET: parts.SET}.get(known.merge) if known else None
    kind = kind or sums.get(name)
    if kind is None:
        return Write(row.data.get(name), row.stamp(name))
    base = row.parts.get(name + parts.COUNTER) if kind == parts.COUNTER else None
    return Write(parts.number(base[STAMP_LENGTH + 1 :]), base[:STAMP_LENGTH]) if base else None


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
