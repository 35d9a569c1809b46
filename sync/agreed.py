"""What this node and central last agreed on: the state of a row that central is known to hold, and the digests of it.

A clean row is agreed as it is. A dirty one keeps the fingerprint that was agreed before its first change since. So the
digests can be compared while people go on writing. They are kept in the node's state, changed with every row that is
pulled or acknowledged, in the same transaction.
"""

from collections.abc import Iterator, Sequence

from structura_local.domain.row import AGREED
from structura_local.store.rows import Stored
from structura_local.store.transaction import Transaction
from sync import texts
from sync.protocol import Digests, Tagged
from sync.texts import Texts

_KEY = "digest "  # of the node's state, followed by the collection


def fingerprint(stored: Stored | None, *, dirty: bool) -> int:
    """Of a row as central is known to hold it; 0 if it holds none."""
    if stored is None:
        return 0
    return int(stored.base.get(AGREED, 0)) if dirty else stored.row.fingerprint()


def difference(rows: Sequence[Tagged]) -> Digests:
    """What an acknowledgement of these rows changes."""
    changed: dict[str, int] = {}
    for collection, new, old in _of_texts(rows) if isinstance(rows, Texts) else _of_rows(rows):
        changed[collection] = changed.get(collection, 0) ^ old ^ new
    return changed


def _of_rows(rows: Sequence[Tagged]) -> Iterator[tuple[str, int, int]]:
    for tagged in rows:
        new = tagged.row.fingerprint()
        yield tagged.collection, new, int(tagged.base.get(AGREED, 0)) if tagged.base else new


def _of_texts(rows: Texts) -> Iterator[tuple[str, int, int]]:
    for line in rows.lines:
        old = texts.agreed(line)
        if old is not None:  # else it is agreed already
            yield line[0], texts.fingerprint(line), old


def add(tx: Transaction, changed: Digests) -> None:
    """Change the digests."""
    for collection, value in changed.items():
        if value:
            tx.set_state(_KEY + collection, str(int(tx.state(_KEY + collection) or 0) ^ value))


def read(state: dict[str, str]) -> Digests:
    """The digests that a node's state holds."""
    return {key.removeprefix(_KEY): int(value) for key, value in state.items() if key.startswith(_KEY)}
