"""What a node and central say to each other. No I/O here: postgres and memory implement `Central`, local.py `Local`.

Both ends speak of rows with their merge state (structura_local/domain/row.py), so nothing depends on the order, the
number or the completeness of deliveries; cursors and marks only save work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from structura_local.domain.row import Row

# Ends whose majors differ refuse each other with a sentence; minors may differ freely.
#   1.0  2026-11  rows with per-field stamps; one push is one call
MAJOR = 1
MINOR = 0

MAX_BATCH_ROWS = 5_000
MAX_BATCH_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Tagged:
    """A row and the collection (its table name) that it belongs to; the collection may be unknown to this version."""

    collection: str
    row: Row


@dataclass(frozen=True, slots=True)
class Hello:
    """How a node introduces itself at the start of each session."""

    plant: str
    node: str
    version: str
    major: int = MAJOR
    minor: int = MINOR


@dataclass(frozen=True, slots=True)
class Welcome:
    """Central's answer: where the partition stands.

    `head` is the number (lsn) of the partition's last change, `mark` what central holds of this node's changes (0: none
    yet), `now` central's clock in milliseconds since 1970.
    """

    major: int
    head: int
    mark: int
    now: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows to push. `mark`: with this batch central holds all this node's changes numbered up to it."""

    rows: Sequence[Tagged]
    mark: int


@dataclass(frozen=True, slots=True)
class Page:
    """Rows pulled, in lsn order. `cursor`: with this page the node holds all the partition's changes up to it."""

    rows: Sequence[Tagged]
    cursor: int


class SyncError(Exception):
    """A session failed; the text is a sentence that an IT person can act on. The worker tries again later."""


class VersionRefused(SyncError):
    """The other side speaks another major version of the protocol; trying again helps only after an upgrade."""


class Central(Protocol):
    """Head office, as a node sees it. Every method may raise SyncError."""

    async def hello(self, hello: Hello) -> Welcome:
        """Introduce the node, record the contact, learn where the partition stands."""

    async def pull(self, cursor: int, head: int, limit: int = MAX_BATCH_ROWS) -> Page:
        """The next rows with cursor < lsn <= head that this node does not hold already exactly as they are.

        An empty page has cursor == head. Otherwise the page's cursor is the lsn of its last row, or head if no more
        rows follow.
        """

    async def push(self, batch: Batch) -> int:
        """Merge a batch and the node's mark in one transaction; returns the partition's new head."""

    async def exchange_keys(self, keys: dict[str, str]) -> dict[str, str]:
        """Deposit the plant's PIN keys (key id to hex) and return all that central holds for the plant."""


class Local(Protocol):
    """This node's data, as a session sees it."""

    async def cursor(self) -> int:
        """How far this node has pulled: the lsn up to which it holds all changes of its partition."""

    async def mark(self) -> int:
        """How far this node has pushed, in its own numbers."""

    async def changes(self, mark: int) -> Batch | None:
        """The next batch of rows changed here after `mark`; None when there is none."""

    async def acknowledge(self, mark: int) -> None:
        """Central holds everything up to `mark`."""

    async def apply(self, page: Page) -> None:
        """Merge a page, and move the cursor in the transaction of its last rows."""

    async def keys(self) -> dict[str, str]:
        """The plant's PIN keys that this node holds."""

    async def add_keys(self, keys: dict[str, str]) -> None:
        """Keep keys that another node of the plant has deposited."""
