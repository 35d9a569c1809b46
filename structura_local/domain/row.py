"""A row with its merge state: the one shape in which data is stored, sent and merged.

`life` is a causal length: 1 alive, 2 deleted, 3 restored, … Odd is alive; the greater wins.
`born` is the stamp of the row's creation and of every field without a stamp of its own in `stamps`; most rows are
never changed and carry an empty `stamps`. `parts` holds the entries of counters and sets, by field. `data` maps
field names to JSON values; a field that is missing is unset. Names in `data` that this version does not know belong to
a newer one and are carried along untouched.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LIFE = "life"  # the key in `stamps` of the stamp that came with the last delete or restore


@dataclass(frozen=True, slots=True)
class Row:
    id: str
    born: str
    life: int
    stamps: Mapping[str, str]
    parts: Mapping[str, Any]
    data: Mapping[str, Any]

    @property
    def alive(self) -> bool:
        return self.life % 2 == 1

    @property
    def version(self) -> str:
        """Another one whenever the row is another, on whichever node."""
        state = f"{self.born}{self.life}{sorted(self.stamps.items())}{sorted(self.parts.items())}"
        return hashlib.blake2b(state.encode(), digest_size=8).hexdigest()

    def stamp(self, field: str) -> str:
        """The stamp of the write that gave `field` its value."""
        return self.stamps.get(field, self.born)
