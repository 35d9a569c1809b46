"""What goes to central next: rows changed here after the mark, or all rows, when central has to be offered them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from structura_local.domain.catalog import BY_TABLE, SYNCED
from structura_local.domain.row import SEEN
from structura_local.store.read import Reader
from structura_local.store.rows import Stored
from sync import protocol
from sync.protocol import Batch, Tagged
from sync.texts import Line, Texts


@dataclass(frozen=True, slots=True)
class Offer:
    """How far an offer of everything has come: rows after `row_id` of `collection` follow.

    `upto`: the number of this node's last change when it began; with the end of the offer central has had all of them.
    `forgotten`: central was set back, and may have lost what was agreed of the rows that are yet to be offered.
    `empty`: there was nothing here when it began. So nothing is to be offered, and until its end all is downloaded.
    `before`, `head`: where the batch that arrived last began, and how far central had come with it. What has a number
    up to that there, others may have written before it arrived.
    """

    collection: str
    row_id: str
    upto: int
    forgotten: bool
    empty: bool
    before: Sequence[str] = ()
    head: int = 0

    @classmethod
    def parse(cls, text: str) -> "Offer":
        read = orjson.loads(text)
        place = read["collection"] or SYNCED[0].table, read["row_id"]
        batch = read.get("before", ()), read.get("head", 0)
        return cls(*place, read["upto"], read["forgotten"], read.get("empty", False), *batch)

    def lacks(self, collection: str, row_id: str, lsn: int = 0) -> bool:
        """Whether central may have lost what was agreed of a row, or had lost it when the row got this number."""
        known = self.before if 0 < lsn <= self.head else (self.collection, self.row_id)
        return self.forgotten and _place(collection, row_id) > _place(*known)

    def arrived(self, batch: "Offer", head: int) -> "Offer":
        """A batch with this offer's next rows is at central."""
        return replace(batch, before=(self.collection, self.row_id), head=head)

    def text(self) -> str:
        """As the node's state keeps it."""
        return orjson.dumps(self).decode()


def _place(collection: str, row_id: str) -> tuple[int, str]:
    return ORDER.index(collection), row_id


ORDER = [collection.table for collection in SYNCED]
DONE = "done"  # in place of an offer's progress


async def changes(reader: Reader, mark: int) -> Batch | None:
    """Whole transactions where they fit; one that is larger than a batch is sent in parts."""
    waiting = await reader.changed_after(mark, protocol.MAX_BATCH_ROWS + 1)
    if not waiting:
        return None
    upto = waiting[-1][1]
    if len(waiting) > protocol.MAX_BATCH_ROWS:
        upto = _before(await reader.transaction_start(upto), [seq for _, seq in waiting], mark)
    lines: list[Line] = []
    for table in sorted({table for table, seq in waiting if seq <= upto}):
        lines += await reader.changed_between(BY_TABLE[table], mark, upto)
    lines.sort(key=_seq)
    fitting = _fitting(lines)
    if fitting < len(lines):
        start = await reader.transaction_start(_seq(lines[fitting]))
        upto = _before(start, [_seq(line) for line in lines[: fitting + 1]], mark)
    return Batch(Texts([line for line in lines if _seq(line) <= upto], based=True), upto)


async def offered(reader: Reader, offer: Offer, mark: int) -> Batch:
    """The next rows of an offer of everything; the last batch is empty and speaks for all before it."""
    after = offer.row_id
    for table in ORDER[ORDER.index(offer.collection) :] if not offer.empty else ():
        lines = await reader.text_after_id(BY_TABLE[table], after, protocol.MAX_BATCH_ROWS)
        if lines:
            sent = [line if _seq(line) > mark else (*line[:8], "{}") for line in lines[: _fitting(lines)]]
            progress = replace(offer, collection=table, row_id=sent[-1][1], before=(), head=0)
            return Batch(Texts(sent, based=True), 0, progress.text())
        after = ""
    return Batch([], offer.upto, DONE)


def tagged(table: str, stored: Stored, *, dirty: bool) -> Tagged:
    """A row as it is sent; only one with changes that central has not heard of has a base. Who saw what stays here."""
    base = {name: agreed for name, agreed in stored.base.items() if name != SEEN} if dirty else {}
    return Tagged(table, stored.row, base)


def _before(start: int, numbers: Sequence[int], mark: int) -> int:
    """Where to cut: before the transaction that begins at `start`, if anything is left then, else inside it."""
    whole = [seq for seq in numbers[:-1] if seq < start]
    return (whole or numbers[:-1] or [mark])[-1]


def _fitting(lines: Sequence[Line]) -> int:
    """How many of the rows fit into a batch by their size; at least one."""
    size = 0
    for count, line in enumerate(lines):
        size += 80 + len(line[4]) + len(line[5]) + len(line[7]) + len(line[8])
        if size > protocol.MAX_BATCH_BYTES and count:
            return count
    return len(lines)


def _seq(line: Line) -> int:
    number: int = line[6]
    return number
