"""A row with its merge state: the one shape in which data is stored, sent and merged.

`life` is a causal length: 1 alive, 2 deleted, 3 restored, … Odd is alive; the greater wins.
`born` is the stamp of the row's creation and of every field without a stamp of its own in `stamps`; most rows are
never changed and carry an empty `stamps`. `parts` holds what counters and sets add up (domain/parts.py). `data` maps
field names to JSON values; a field that is missing is unset. Names in `data` that this version does not know belong to
a newer one and are carried along untouched.
"""

import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from json.encoder import encode_basestring as quoted
from typing import Any

from structura_local.domain.parts import COUNTER, kinds, shown
from structura_local.domain.stamp import STAMP_LENGTH, join, split, time

LIFE = "life"  # the key in `stamps` of the stamp that came with the last delete or restore

# The base of a row that was changed here holds, for each field, the stamp last agreed with head office, frozen at the
# first change since; ANY stands for all fields of a new row. Under AGREED is the fingerprint of the row as agreed, and
# under SEEN the time of its latest write: every change since has seen that, whichever field it was to.
ANY = "*"
AGREED = "#"
SEEN = "^"

KEPT_DAYS = 90  # a deleted row keeps its data for so long; its id and its merge state stay for good


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    born: str
    life: int
    stamps: Mapping[str, str]
    parts: Mapping[str, str]
    data: Mapping[str, Any]

    @property
    def alive(self) -> bool:
        return self.life % 2 == 1

    @property
    def version(self) -> str:
        """Another one whenever the row is another, on whichever node."""
        state = f"{self.born}{self.life}{sorted(self.stamps.items())}{sorted(self.parts.items())}"
        return hashlib.blake2b(state.encode(), digest_size=8).hexdigest()

    @property
    def latest(self) -> str:
        """The time of the last write in it."""
        return time(max((self.born, *self.stamps.values())))

    def stamp(self, field: str) -> str:
        """The stamp of the write that gave `field` its value."""
        return self.stamps.get(field, self.born)

    def written(self, field: str, counters: Container[str]) -> str:
        """The stamp of the write that others may have missed: of a counter that of its base, if anybody wrote one."""
        base = self.parts.get(field + COUNTER)
        if base:
            return base[:STAMP_LENGTH]
        return "" if field in counters else self.stamp(field)

    def fingerprint(self) -> int:
        """64 signed bits of the merge state; the xor over a collection's rows tells whether two sides hold the same.

        Postgres computes the same, from the text of its jsonb: keys by length, then by bytes.
        """
        return fingerprint_of(self.id, self.born, self.life, text_of(self.stamps), text_of(self.parts))


def kept_from(now: int) -> str:
    """Rows that were deleted before this time (as in stamps) are emptied; `now` in milliseconds since 1970."""
    return join(max(now - KEPT_DAYS * 86_400_000, 0), 0, "")


def is_emptied(row: Row, now: int) -> bool:
    """Whether a deleted row's data is gone, or may be where somebody else holds it."""
    return row.stamps[LIFE] < kept_from(now) or not row.data.keys() - kinds(row.parts).keys()


def back(row: Row, stamp: str) -> Row:
    """A deleted row, alive again.

    One that was emptied is made anew: born by its return, so that what it now lacks is unset everywhere, also where
    somebody still holds it under the former stamps. What it has is as old as before.
    """
    returned = replace(row, life=row.life + 1, stamps={**row.stamps, LIFE: stamp})
    if not is_emptied(row, split(stamp).ms):
        return returned
    later = {name: written for name, written in row.stamps.items() if written > stamp}
    stamps = {**later, **{name: row.stamp(name) for name in row.data}, LIFE: stamp}
    return replace(returned, born=max(row.born, stamp), stamps=stamps, data=shown(row.data, row.parts))


def fingerprint_of(row_id: str, born: str, life: int, stamps: str, parts: str) -> int:
    """The fingerprint of a row whose stamps and parts are given by their `text_of`."""
    state = f"{row_id}|{born}|{life}|{stamps}|{parts}"
    digest = hashlib.md5(state.encode(), usedforsecurity=False).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def text_of(part: Mapping[str, str]) -> str:
    """The one text of stamps or parts."""
    if not part:
        return "{}"
    keys = sorted(part, key=lambda key: (len(encoded := key.encode()), encoded)) if len(part) > 1 else part
    return f"{{{', '.join([f'{quoted(key)}: {quoted(part[key])}' for key in keys])}}}"
