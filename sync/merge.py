"""The merge of two versions of a row, as pure code.

A row is a join-semilattice (Shapiro et al., "Conflict-free Replicated Data Types", 2011): merging is idempotent,
commutative and associative, so rows may arrive twice, late and in any order. The same merge exists as generated SQL at
central (sync/central/functions.py); a property test holds the two against each other.

- Fields: the greater stamp wins. Stamps are unique to a write, so equal stamps carry equal values, unless one side has
  emptied a tombstone.
- Counters and sets: both sides' parts count (structura_local/domain/parts.py).
- Life: the greater causal length wins. Fields of a deleted row go on merging below it.
"""

from structura_local.domain import parts
from structura_local.domain.row import LIFE, Row


def merge(ours: Row, theirs: Row) -> Row:
    """The row that has seen everything that `ours` and `theirs` have seen."""
    born = max(ours.born, theirs.born)
    data = {}
    stamps = {}
    for name in ours.data.keys() | theirs.data.keys() | ours.stamps.keys() | theirs.stamps.keys():
        if name == LIFE:
            continue
        stamp, other = ours.stamp(name), theirs.stamp(name)
        value = theirs.data.get(name) if other > stamp else ours.data.get(name)
        if value is None and other == stamp:
            value = theirs.data.get(name)
        if value is not None:
            data[name] = value
        if max(stamp, other) != born:
            stamps[name] = max(stamp, other)
    life, life_stamp = max((ours.life, ours.stamps.get(LIFE, "")), (theirs.life, theirs.stamps.get(LIFE, "")))
    if life_stamp:
        stamps[LIFE] = life_stamp
    entries = parts.merged(ours.parts, theirs.parts)
    return Row(ours.id, born, life, stamps, entries, parts.shown(data, entries))
