"""The port `Central` in memory, on the pure merge: for tests and for the simulation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import time

from structura_local.domain.row import Row
from sync.central.batch import fold
from sync.central.errors import refusal
from sync.merge import merge
from sync.protocol import MAJOR, MAX_BATCH_ROWS, Batch, Hello, Page, SyncError, Tagged, VersionRefused, Welcome


@dataclass(slots=True)
class Held:
    """A row as central holds it: the lsn of its last change, and the node that holds it exactly so, if any."""

    row: Row
    lsn: int
    by: str | None


@dataclass(slots=True)
class Partition:
    """What central holds of one plant; several nodes attach to it. `now` returns milliseconds since 1970."""

    plant: str
    now: Callable[[], int] = lambda: int(time() * 1000)
    head: int = 0
    rows: dict[tuple[str, str], Held] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    listeners: dict["MemoryCentral", Callable[[int], None]] = field(default_factory=dict)

    def merge(self, rows: list[Tagged], node: str) -> None:
        """Merge a folded batch; a row that brings nothing new keeps its lsn."""
        base, self.head = self.head, self.head + len(rows)
        for n, tagged in enumerate(rows, start=1):
            key = (tagged.collection, tagged.row.id)
            held = self.rows.get(key)
            merged = tagged.row if held is None else merge(held.row, tagged.row)
            if held is None or _state(merged) != _state(held.row):
                by = node if _state(merged) == _state(tagged.row) else None
                self.rows[key] = Held(merged, base + n, by)


class MemoryCentral:
    """Head office, as one plant's node sees it."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self._node = ""

    async def close(self) -> None:
        self.partition.listeners.pop(self, None)

    async def listen(self, callback: Callable[[int], None]) -> bool:
        """Call `callback` with the new head whenever somebody else's changes commit."""
        self.partition.listeners[self] = callback
        return True

    async def hello(self, hello: Hello) -> Welcome:
        """Raises VersionRefused if the majors differ, SyncError if the plant is another."""
        if hello.plant != self.partition.plant:
            raise SyncError(f"Head office does not know the plant {hello.plant}, or this bundle is not for it.")
        if hello.major != MAJOR:
            raise VersionRefused(refusal(MAJOR, hello.major))
        self._node = hello.node
        mark = self.partition.marks.setdefault(hello.node, 0)
        return Welcome(MAJOR, self.partition.head, mark, self.partition.now())

    async def pull(self, cursor: int, head: int, limit: int = MAX_BATCH_ROWS) -> Page:
        """See sync.protocol.Central."""
        news = [
            (held.lsn, Tagged(collection, held.row))
            for (collection, _), held in self.partition.rows.items()
            if cursor < held.lsn <= head and held.by != self._node
        ]
        page = sorted(news, key=lambda numbered: numbered[0])[:limit]
        return Page([tagged for _, tagged in page], page[-1][0] if len(page) == limit else head)

    async def push(self, batch: Batch) -> int:
        """See sync.protocol.Central."""
        rows = fold(batch.rows)
        self.partition.merge(rows, self._node)
        self.partition.marks[self._node] = max(self.partition.marks.get(self._node, 0), batch.mark)
        if rows:
            for listener, callback in list(self.partition.listeners.items()):
                if listener is not self:
                    callback(self.partition.head)
        return self.partition.head

    async def exchange_keys(self, keys: dict[str, str]) -> dict[str, str]:
        """See sync.protocol.Central."""
        self.partition.keys = keys | self.partition.keys
        return dict(self.partition.keys)


def _state(row: Row) -> tuple[object, ...]:
    """What tells two versions of a row apart; equal stamps mean equal values."""
    return row.born, row.life, dict(row.stamps)
