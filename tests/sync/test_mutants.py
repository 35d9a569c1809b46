"""Broken variants of the code, which the simulation has to find: else it would find nothing in a mistake like them."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest

from structura_local.domain import parts
from structura_local.domain.row import ANY, LIFE, Row
from structura_local.store.transaction import Transaction
from sync import local, session
from sync.central import memory
from sync.local import LocalPort
from sync.plan import Plan
from sync.protocol import Batch, Page, Welcome
from sync.simulation.scenario import play
from sync.simulation.world import Finding

SEEDS = 200
Mutant = Callable[[ExitStack], None]


def sequence_instead_of_lock(stack: ExitStack) -> None:
    """Numbers are taken when a push begins, and rows appear when it commits: later numbers may appear first."""
    rng = random.Random(1)
    put = memory.Partition.put

    def late(self: memory.Partition, collection: str, row: Row, by: str | None, lsn: int = 0) -> None:
        put(self, collection, row, by, lsn)
        if rng.random() < 0.1:
            self.rows[collection, row.id].lsn = max(self.rows[collection, row.id].lsn - rng.randrange(1, 6), 1)

    stack.enter_context(patch.object(memory.Partition, "put", late))


def cursor_before_data(stack: ExitStack) -> None:
    """The cursor moves in a transaction of its own, before the rows."""
    apply = LocalPort.apply

    async def first(self: LocalPort, page: Page) -> None:
        await self._store.door.write(lambda tx: tx.set_state("cursor", str(page.cursor)), local.SYNC)
        await apply(self, page)

    stack.enter_context(patch.object(LocalPort, "apply", first))


def counter_as_plain_value(stack: ExitStack) -> None:
    """What a write adds is taken for a new base."""
    added = Transaction._added

    def plain(self: Transaction, *args: Any, based: bool) -> Any:
        return added(self, *args, based=True)

    stack.enter_context(patch.object(Transaction, "_added", plain))


def actor_kept_over_a_restart(stack: ExitStack) -> None:
    """A program that starts again, on whatever database, goes on as the actors that it knows by name."""
    actor = Transaction._actor

    def kept(self: Transaction, name: str) -> str:
        found: str | None = self.state(f"actor {name}")
        if found is None:
            found = actor(self, name)
            self.set_state(f"actor {name}", found)
        return found

    stack.enter_context(patch.object(Transaction, "_actor", kept))


def entries_merged_by_maximum(stack: ExitStack) -> None:
    """Of two totals of an actor the greater counts, not the later."""

    def greater(ours: parts.Parts, theirs: parts.Parts) -> parts.Parts:
        def rank(key: str, token: str) -> Any:
            is_total = parts.COUNTER in key and not key.endswith(parts.COUNTER) and token
            return (int(token.partition(" ")[2]), token) if is_total else (-(10**30), token)

        return {
            key: max(ours.get(key, ""), theirs.get(key, ""), key=partial(rank, key))
            for key in ours.keys() | theirs.keys()
        }

    stack.enter_context(patch.object(parts, "merged", greater))


def stamps_shifted_after_the_pull(stack: ExitStack) -> None:
    """The clock is set, and writes are stamped anew, only when a session's first batch goes out."""
    set_clock, changes = LocalPort.set_clock, LocalPort.changes
    heard: dict[LocalPort, tuple[int, int]] = {}

    async def noted(self: LocalPort, now: int, elapsed: int, **more: bool) -> None:
        heard[self] = now, elapsed

    async def then(self: LocalPort, after: Batch | None = None) -> Batch | None:
        if self in heard:
            await set_clock(self, *heard.pop(self))
        return await changes(self, after)

    stack.enter_context(patch.object(LocalPort, "set_clock", noted))
    stack.enter_context(patch.object(LocalPort, "changes", then))


def pair_ignored(stack: ExitStack) -> None:
    """Who says that it is a node is taken for it: by its words, and by its last change."""
    hello = memory.MemoryCentral.hello

    async def trusting(self: memory.MemoryCentral, said: Any) -> Welcome:
        return replace(await hello(self, said), known=True, at="")

    def known(self: memory.MemoryCentral, said: Any) -> Any:
        self.partition.nodes.setdefault(said.node, memory.Node(said.next)).word = said.next
        return trusting(self, said)

    stack.enter_context(patch.object(memory.MemoryCentral, "hello", known))


def lost_acknowledgement_taken_for_a_clone(stack: ExitStack) -> None:
    """Central holds more of a node's changes than that knows of: it becomes another node."""
    decide = session.plan

    def strict(welcome: Welcome, cursor: int, mark: int, **more: bool) -> Plan:
        return Plan.BEGIN_ANEW if welcome.mark > mark else decide(welcome, cursor, mark, **more)

    stack.enter_context(patch.object(session, "plan", strict))


def tombstone_forgotten(stack: ExitStack) -> None:
    """A deleted row is gone from a node as soon as it is agreed."""
    acknowledge = local._acknowledge

    def forgetful(batch: Batch, changed: Any, head: int, tx: Transaction) -> None:
        acknowledge(batch, changed, head, tx)
        for row in batch.rows:
            if not row.row.alive:
                tx.connection.execute(f'DELETE FROM "{row.collection}" WHERE id = ?', (row.row.id,))

    stack.enter_context(patch.object(local, "_acknowledge", forgetful))


def base_not_frozen(stack: ExitStack) -> None:
    """Each change says that what it replaced was agreed, also if this node made that itself since."""
    frozen = Transaction._base

    def moving(self: Transaction, collection: Any, row: Row, names: Any) -> Mapping[str, Any]:
        names = list(names)
        base = dict(frozen(self, collection, row, names))
        if ANY not in base:
            stamps = {name: row.written(name, collection.counters) for name in names}
            base |= stamps | {name: row.stamps.get(LIFE, "") for name in names if name == LIFE}
        return base

    stack.enter_context(patch.object(Transaction, "_base", moving))


def set_as_plain_value(stack: ExitStack) -> None:
    """Of two versions of a set the one written later counts."""
    shown = parts.shown

    def plain(data: Mapping[str, Any], entries: parts.Parts) -> Mapping[str, Any]:
        after = dict(shown(data, entries))
        return {name: data.get(name, value) if isinstance(value, list) else value for name, value in after.items()}

    stack.enter_context(patch.object(parts, "shown", plain))


def journal_left_out(stack: ExitStack) -> None:
    """A local change that loses in a pull is not journaled."""
    stack.enter_context(patch.object(local, "conflicts", lambda *args: iter(())))


def counting_left_out(stack: ExitStack) -> None:
    """A node believes its digests, whatever rows it has."""

    async def believed(self: LocalPort) -> None:
        pass

    stack.enter_context(patch.object(LocalPort, "recount", believed))


# With seeds that are known to find it.
MUTANTS: dict[Mutant, Sequence[int]] = {
    sequence_instead_of_lock: (0, 1),
    cursor_before_data: (41, 23),
    counter_as_plain_value: (2, 28),
    actor_kept_over_a_restart: (58, 47),
    entries_merged_by_maximum: (38, 58),
    stamps_shifted_after_the_pull: (47, 76),
    pair_ignored: (36, 58),
    lost_acknowledgement_taken_for_a_clone: (19, 53),
    tombstone_forgotten: (11, 55),
    base_not_frozen: (50, 53),
    set_as_plain_value: (56, 42),
    journal_left_out: (34, 8),
    counting_left_out: (4, 10),
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_is_found_again(mutant: Mutant) -> None:
    """By one of two scenarios that have found it before; if none does any more, others are to be looked for."""
    with ExitStack() as stack:
        mutant(stack)
        assert found(MUTANTS[mutant]) is not None


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_is_found(mutant: Mutant) -> None:
    """Within 200 scenarios something that must hold does not."""
    with ExitStack() as stack:
        mutant(stack)
        seed = found(range(SEEDS))
    assert seed is not None
    print(f"{mutant.__name__}: seed {seed} finds it")


def found(seeds: Iterable[int]) -> int | None:
    """The first of the seeds that finds something."""
    for seed in seeds:
        try:
            play(seed)
        except Finding:
            return seed
    return None
