"""What a node and central say to each other. No I/O here: postgres and memory implement `Central`, local.py `Local`.

Both ends speak of rows with their merge state (structura_local/domain/row.py), so nothing depends on the order, the
number or the completeness of deliveries; cursors, marks and digests only save work.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from structura_local.domain.row import Row
from structura_local.domain.stamp import MS_LENGTH

# Ends whose majors differ refuse each other with a sentence; minors may differ freely.
#   1.0  2026-11  rows with per-field stamps; one push is one call
#   2.0  2026-11  counters and sets as parts, bases, lineage pairs, digests
MAJOR = 2
MINOR = 0

MAX_BATCH_ROWS = 5_000
MAX_BATCH_BYTES = 1_000_000
AHEAD_LIMIT = 5 * 60_000  # milliseconds; a stamp further ahead of central's clock is not taken
BUCKETS = 256

Digests = Mapping[str, int]  # by collection: the xor of its rows' fingerprints; one that is missing is 0


@dataclass(frozen=True, slots=True)
class Tagged:
    """A row and the collection (its table name) that it belongs to; the collection may be unknown to this version.

    On its way to central it carries its base, if it has changes that central has not heard of; on its way from there
    its lsn.
    """

    collection: str
    row: Row
    base: Mapping[str, Any] = field(default_factory=dict)
    lsn: int = 0


@dataclass(frozen=True, slots=True)
class Hello:
    """How a node introduces itself at the start of each session.

    `last` and `next` are its lineage: random words, `next` made durable before it is sent. Central goes on if it holds
    either, and then holds `next`. If it holds neither, this database is a copy or an old one, or central is.
    `latest`: of the stamps that this node has from central (milliseconds). Its clock may have been ahead once; later
    ones follow, and are taken.
    """

    plant: str
    node: str
    version: str
    last: str
    next: str
    latest: int = 0
    major: int = MAJOR
    minor: int = MINOR


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a partition stands: the number (lsn) of its last change, and the digests of all rows up to it."""

    head: int
    digests: Digests


@dataclass(frozen=True, slots=True)
class Welcome:
    """Central's answer to hello.

    `known`: the lineage goes on. `mark`: what central holds of this node's changes (0: none yet). `now`: central's
    clock in milliseconds since 1970. `version`: of its program. `at`: the last change of this node that central has
    heard of, by Batch.at; one that is not in a database's log was made in a copy of it. `pulled`: the lsn that the node
    has asked for last.
    """

    major: int
    known: bool
    standing: Standing
    mark: int
    now: int
    version: str
    at: str
    pulled: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to push. `mark`: with this batch central holds all this node's changes numbered up to it (0: says nothing).

    `offered`: how far an offer of everything has come with it; the node's own business. `at`: this node's last change
    when it had been made, by its number and the run of the program that made it ("": says nothing).
    """

    rows: Sequence[Tagged]
    mark: int
    offered: str | None = None
    at: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows pulled, in lsn order. `cursor`: with this page the node holds all the partition's changes up to it.

    Rows of one lsn were written in one transaction and arrive together. `standing`: where the partition stood once
    the last of them had been read. If its head is the cursor, its digests are of what this node now holds; if others
    have written meanwhile it is further on, and rows that have moved on with it were not in the page.
    """

    rows: Sequence[Tagged]
    cursor: int
    standing: Standing | None = None


class SyncError(Exception):
    """A session failed; the text is a sentence that an IT person can act on. The worker tries again later."""


SUPERSEDED = (
    "A copy of this PC's data has been in contact with head office meanwhile; one of the two becomes a new node."
)


class VersionRefused(SyncError):
    """The other side speaks another major version of the protocol; trying again helps only after an upgrade."""


class RowRefused(SyncError):
    """Central does not take a row of the batch, and so none of it; the text says why. The others go without it."""


class ClockAhead(SyncError):
    """A stamp is ahead of central's clock: this PC's clock jumped. The next session stamps the writes anew."""


class NotCounted(SyncError):
    """Central could not compute its digests anew, the text says why. What was exchanged until then stays valid."""


class Central(Protocol):
    """Head office, as a node sees it. Every method may raise SyncError."""

    async def hello(self, hello: Hello) -> Welcome:
        """Introduce the node, record the contact, learn where the partition stands."""

    async def pull(self, cursor: int, head: int, limit: int = MAX_BATCH_ROWS) -> Page:
        """The next rows with cursor < lsn <= head that this node does not hold already exactly as they are.

        An empty page has cursor == head. Otherwise the page's cursor is the lsn of its last row, or head if no more
        rows follow; then it says where the partition stands.
        """

    async def push(self, batch: Batch) -> Standing:
        """Journal conflicts, merge a batch and the node's mark, all in one transaction.

        Raises RowRefused or ClockAhead; then nothing is kept.
        """

    async def buckets(self, collection: str) -> Mapping[int, int]:
        """The digest of each bucket of ids."""

    async def fingerprints(self, collection: str, buckets: Sequence[int]) -> Mapping[str, int]:
        """The rows' fingerprints in these buckets, by id."""

    async def fetch(self, collection: str, ids: Sequence[str]) -> Sequence[Tagged]:
        """Rows by their ids."""

    async def recount(self) -> Standing:
        """Have central compute its digests anew from its rows. Raises NotCounted."""

    async def renew(self) -> None:
        """Tell central that it was set back: who writes there goes on as another actor."""

    async def empty_graves(self, before: str) -> None:
        """Empty the rows deleted before a time (as in stamps) of their data."""

    async def exchange_keys(self, keys: dict[str, str]) -> dict[str, str]:
        """Deposit the plant's PIN keys (key id to hex) and return all that central holds for the plant."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What this node says of itself in a hello."""

    node: str
    last: str
    next: str


class Local(Protocol):
    """This node's data, as a session sees it."""

    async def lineage(self) -> Lineage:
        """Who this node is; `next` is durable."""

    async def recognized(self, lineage: Lineage) -> None:
        """Central goes on with this lineage and holds its `next`."""

    async def made(self, at: str) -> bool:
        """Whether the change at which central has last heard of this node is one of this database."""

    async def begin_anew(self, *, forgotten: bool) -> None:
        """This is another history than the one central knows: become a new node, exchange everything.

        `forgotten`: see offer_all.
        """

    async def offer_all(self, *, forgotten: bool) -> None:
        """Forget the cursor, and offer central all that is here.

        `forgotten`: it was set back, and may have lost what was agreed.
        """

    async def offering(self) -> bool:
        """Whether that is under way."""

    async def welcomed(self, version: str) -> None:
        """Central's program is of this version; if either program is another one than last time, try again what was
        set aside."""

    async def compared(self, differing: Sequence[str]) -> None:
        """Keep that both sides' digests were compared, and of which collections they differ although all was tried."""

    def elapsed(self) -> int:
        """Milliseconds since this program began, however its clock is set."""

    async def set_clock(self, now: int, elapsed: int) -> None:
        """Central's clock was at `now` at a moment of `elapsed`; stamp the writes not yet pushed anew where this one's
        was wrong."""

    async def was_ahead(self) -> None:
        """Central does not take what is to be pushed: its own clock was ahead when that was stamped."""

    async def cursor(self) -> int:
        """How far this node has pulled: the lsn up to which it holds all changes of its partition."""

    async def mark(self) -> int:
        """How far this node has pushed, in its own numbers."""

    async def latest(self) -> int:
        """Of the stamps that both sides know (milliseconds since 1970); not of what is yet to be pushed."""

    async def changes(self, after: Batch | None = None) -> Batch | None:
        """The next batch to push: what changed here after the mark, or is still to be offered; None: nothing.

        `after`: what follows this batch once it is acknowledged, asked before that; None if it cannot be said yet.
        """

    async def acknowledge(self, batch: Batch, head: int = 0) -> None:
        """Central holds this batch. `head`: where the partition stood with it."""

    async def acknowledge_upto(self, upto: int, now: int) -> int:
        """Central, by whose clock it is `now`, holds all changes numbered up to `upto`: an acknowledgement got lost.

        Returns how many rows. What has a stamp that central does not take, it holds under another: a copy of this
        database pushed it, and here it goes on waiting.
        """

    async def set_aside(self, tagged: Tagged, reason: str) -> None:
        """Central does not take this row: let the others pass."""

    async def apply(self, page: Page) -> None:
        """Merge a page, and move the cursor in the transaction of its last rows."""

    async def digests(self, cursor: int) -> Digests | None:
        """Of all rows as last agreed with central; None if the cursor is another one by now."""

    async def recount(self) -> None:
        """Compute the digests anew from the rows."""

    async def buckets(self, collection: str) -> Mapping[int, int]:
        """As central's, of the rows as last agreed."""

    async def fingerprints(self, collection: str, buckets: Sequence[int]) -> Mapping[str, int]:
        """As central's, of the rows as last agreed."""

    async def fetch(self, collection: str, ids: Sequence[str]) -> Sequence[Tagged]:
        """Rows by their ids."""

    async def keys(self) -> dict[str, str]:
        """The plant's PIN keys that this node holds."""

    async def add_keys(self, keys: dict[str, str]) -> None:
        """Keep keys that another node of the plant has deposited."""


def bucket_of(row_id: str) -> int:
    """In which of the BUCKETS an id falls."""
    return hashlib.md5(row_id.encode(), usedforsecurity=False).digest()[0]


def latest(rows: Iterable[Tagged]) -> int:
    """Of the rows' stamps, in milliseconds since 1970; what is no stamp does not count."""
    stamps = (max(row.row.born, *row.row.stamps.values(), "") for row in rows)
    return max(map(ms_of, stamps), default=0)


def ms_of(stamp: str) -> int:
    """When a stamp is of, in milliseconds since 1970; 0 if it is none."""
    try:
        return int(stamp[:MS_LENGTH], 16)
    except ValueError:
        return 0
