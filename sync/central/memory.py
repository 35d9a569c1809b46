"""The port `Central` in memory, on the pure merge: for tests and for the simulation."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from time import time
from typing import Any

import orjson

from structura_local import __version__
from structura_local.domain import stamp
from structura_local.domain.actors import ACTORS
from structura_local.domain.catalog import BY_TABLE, COLLECTIONS
from structura_local.domain.conflicts import CONFLICTS
from structura_local.domain.row import LIFE, Row
from sync.central.batch import fold
from sync.central.errors import refusal
from sync.conflicts import conflicts, entry
from sync.merge import merge
from sync.protocol import (
    AHEAD_LIMIT,
    MAJOR,
    MAX_BATCH_ROWS,
    SUPERSEDED,
    Batch,
    ClockAhead,
    Hello,
    Page,
    RowRefused,
    Standing,
    SyncError,
    Tagged,
    VersionRefused,
    Welcome,
    bucket_of,
    latest,
)
from sync.texts import Line, Texts


@dataclass(slots=True)
class Held:
    """A row as central holds it: the lsn of its last change, and the node that holds it exactly so, if any."""

    row: Row
    lsn: int
    by: str | None


@dataclass(slots=True)
class Node:
    """What central knows of a node: the last word of its lineage, and what it has had of its changes.

    `hellos`: how many have presented the word or its predecessor; only the last one's connection counts.
    """

    word: str
    hellos: int = 0
    mark: int = 0
    at: str = ""
    pulled: int = 0


@dataclass(slots=True)
class Partition:
    """What central holds of one plant; several nodes attach to it. `now` returns milliseconds since 1970."""

    plant: str
    now: Callable[[], int] = lambda: int(time() * 1000)
    head: int = 0
    epoch: int = 0
    rows: dict[tuple[str, str], Held] = field(default_factory=dict)
    digests: dict[str, int] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)  # what files carried by hand are to tell nodes
    refuses: Callable[[Tagged], str | None] = lambda row: None
    listeners: dict["MemoryCentral", Callable[[int], None]] = field(default_factory=dict)

    def backup(self) -> "Partition":
        """What a dump of this moment would hold."""
        copy = Partition(self.plant, self.now, self.head, self.epoch)
        copy.rows, copy.digests, copy.nodes, copy.keys = deepcopy((self.rows, self.digests, self.nodes, self.keys))
        copy.notes = dict(self.notes)
        return copy

    def restore(self, dump: "Partition") -> None:
        """Go back to a dump."""
        older = dump.backup()
        self.head, self.epoch = older.head, older.epoch
        self.rows, self.digests, self.nodes, self.keys = older.rows, older.digests, older.nodes, older.keys
        self.notes = older.notes

    def put(self, collection: str, row: Row, by: str | None, lsn: int = 0) -> None:
        """Keep a row under the next number, or under `lsn`."""
        if not lsn:
            self.head += 1
        held = self.rows.get((collection, row.id))
        before = held.row.fingerprint() if held else 0
        self.digests[collection] = self.digests.get(collection, 0) ^ before ^ row.fingerprint()
        self.rows[collection, row.id] = Held(row, lsn or self.head, by)

    def merged(self, tagged: Tagged) -> Row | None:
        """What a pushed row makes of central's; None: it brings nothing new."""
        held = self.rows.get((tagged.collection, tagged.row.id))
        after = tagged.row if held is None else merge(held.row, tagged.row)
        return after if held is None or after.fingerprint() != held.row.fingerprint() else None

    def merge(self, rows: Sequence[Tagged], node: str) -> None:
        """Merge a batch, each row under the number of its place; one that brings nothing new keeps its own.

        Actors come first, whose stamps the others are; what is journaled is numbered behind the batch.
        """
        numbered = sorted(enumerate(rows, self.head + 1), key=lambda row: row[1].collection != ACTORS.table)
        lost: dict[str, Row] = {}
        self.head += len(rows)
        for lsn, tagged in numbered:
            lost |= {row.id: row for row in self._conflicts(tagged, node)}
            if (after := self.merged(tagged)) is not None:
                by = node if after.fingerprint() == tagged.row.fingerprint() else None
                self.put(tagged.collection, after, by, lsn)
        for row_id in sorted(lost):
            if (CONFLICTS.table, row_id) not in self.rows:
                self.put(CONFLICTS.table, lost[row_id], None)

    def _conflicts(self, tagged: Tagged, node: str) -> Iterator[Row]:
        """What a pushed row and central's version of it have not seen of each other."""
        held = self.rows.get((tagged.collection, tagged.row.id))
        collection = BY_TABLE[tagged.collection]
        if held is None or held.by == node or not tagged.base or collection not in COLLECTIONS:
            return
        for conflict in conflicts(collection, tagged.row, tagged.base, held.row, node, self.who):
            yield entry(collection, tagged.row.id, conflict)

    def who(self, written: str) -> tuple[str, str] | None:
        """The node and user of a stamp's actor."""
        actor = self.rows.get((ACTORS.table, stamp.split(written).actor))
        return (actor.row.data["node"], actor.row.data["user"]) if actor else None

    @property
    def standing(self) -> Standing:
        return Standing(self.head, {name: digest for name, digest in self.digests.items() if digest})


class MemoryCentral:
    """Head office, as one plant's node sees it."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self._node = self._word = ""
        self._hello = self._latest = 0

    async def close(self) -> None:
        self.partition.listeners.pop(self, None)

    async def listen(self, callback: Callable[[int], None]) -> bool:
        """Call `callback` with the new head whenever somebody else's changes commit."""
        self.partition.listeners[self] = callback
        return True

    async def hello(self, hello: Hello) -> Welcome:
        """Raises VersionRefused if the majors differ, SyncError if the plant is another."""
        partition = self.partition
        if hello.plant != partition.plant:
            raise SyncError(f"Head office does not know the plant {hello.plant}, or this bundle is not for it.")
        if hello.major != MAJOR:
            raise VersionRefused(refusal(MAJOR, hello.major))
        self._node, self._word, self._latest = hello.node, hello.next, hello.latest
        node = partition.nodes.get(hello.node)
        known = node.word in (hello.last, hello.next) if node else not hello.last
        if known:
            node = partition.nodes.setdefault(hello.node, Node(hello.next))
            node.word = hello.next
            node.hellos += 1
        node = node or Node("")
        self._hello = node.hellos
        now = partition.now()
        return Welcome(MAJOR, known, partition.standing, node.mark, now, __version__, node.at, node.pulled)

    def _check(self) -> None:
        """A copy of this node may have said hello meanwhile: what it writes would be taken for this one's."""
        node = self.partition.nodes[self._node]
        if (node.word, node.hellos) != (self._word, self._hello):
            raise SyncError(SUPERSEDED)

    async def pull(self, cursor: int, head: int, limit: int = MAX_BATCH_ROWS) -> Page:
        """See sync.protocol.Central."""
        self._check()
        news = [
            Tagged(collection, held.row, lsn=held.lsn)
            for (collection, _), held in self.partition.rows.items()
            if cursor < held.lsn <= head and held.by != self._node
        ]
        news.sort(key=lambda row: (row.lsn, row.collection, row.row.id))
        page = news[:limit]
        while len(page) < len(news) and news[len(page)].lsn == page[-1].lsn:
            page.append(news[len(page)])
        self._latest = max(self._latest, latest(page))
        reached = page[-1].lsn if len(page) < len(news) else head
        self.partition.nodes[self._node].pulled = reached
        return Page(Texts(list(map(_line, page))), reached, self.partition.standing if reached == head else None)

    async def push(self, batch: Batch) -> Standing:
        """See sync.protocol.Central."""
        partition, rows = self.partition, fold(batch.rows)
        if latest(rows) > max(partition.now(), self._latest) + AHEAD_LIMIT:
            raise ClockAhead("This PC's clock has jumped ahead; its changes get new stamps.")
        for row in rows:
            unknown = (
                None if row.collection in BY_TABLE else f"Head office does not know the collection {row.collection}."
            )
            if reason := unknown or (partition.refuses(row) if partition.merged(row) else None):
                raise RowRefused(reason)
        self._check()
        partition.merge(rows, self._node)
        node = partition.nodes[self._node]
        node.mark = max(node.mark, batch.mark)
        node.at = batch.at or node.at
        if rows:
            for listener, callback in list(partition.listeners.items()):
                if listener is not self:
                    callback(partition.head)
        return partition.standing

    async def buckets(self, collection: str) -> Mapping[int, int]:
        """See sync.protocol.Central."""
        found: dict[int, int] = {}
        for (table, row_id), held in self.partition.rows.items():
            if table == collection:
                found[bucket_of(row_id)] = found.get(bucket_of(row_id), 0) ^ held.row.fingerprint()
        return found

    async def fingerprints(self, collection: str, buckets: Sequence[int]) -> Mapping[str, int]:
        """See sync.protocol.Central."""
        return {
            row_id: held.row.fingerprint()
            for (table, row_id), held in self.partition.rows.items()
            if table == collection and bucket_of(row_id) in buckets
        }

    async def fetch(self, collection: str, ids: Sequence[str]) -> Sequence[Tagged]:
        """See sync.protocol.Central."""
        found = [(row_id, self.partition.rows.get((collection, row_id))) for row_id in ids]
        return Texts([_line(Tagged(collection, held.row, lsn=held.lsn)) for _, held in found if held])

    async def recount(self) -> Standing:
        """See sync.protocol.Central."""
        digests: dict[str, int] = {}
        for (collection, _), held in self.partition.rows.items():
            digests[collection] = digests.get(collection, 0) ^ held.row.fingerprint()
        self.partition.digests = digests
        return self.partition.standing

    async def renew(self) -> None:
        """See sync.protocol.Central."""
        self.partition.epoch += 1

    async def empty_graves(self, before: str) -> None:
        """See sync.protocol.Central."""
        for (collection, _), held in self.partition.rows.items():
            public = BY_TABLE[collection] in COLLECTIONS
            if public and not held.row.alive and stamp.time(held.row.stamps[LIFE]) < before:
                held.row, held.by = replace(held.row, data={}), ""

    async def exchange_keys(self, keys: dict[str, str]) -> dict[str, str]:
        """See sync.protocol.Central."""
        self.partition.keys = keys | self.partition.keys
        return dict(self.partition.keys)


def _line(tagged: Tagged) -> Line:
    """As central's database gives it."""
    row = tagged.row
    stamps, parts, data = (orjson.dumps(dict(part)).decode() for part in (row.stamps, row.parts, row.data))
    return tagged.collection, row.id, row.born, row.life, stamps, parts, tagged.lsn, data
