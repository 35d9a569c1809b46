"""Who writes becomes known: one row of `actors` a person and run, in the transaction of their first write."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from structura_local.domain.actors import ACTORS, RULES, SERVER
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.machines import MACHINES
from structura_local.domain.row import ANY, Row
from structura_local.domain.stamp import split
from structura_local.errors import AppError
from structura_local.store.node import new_node
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction
from tests.plant import START_ISO, Clock

ANA, BEA = Author("api", "U-ANA"), Author("api", "U-BEA")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "structura.db"


@pytest.fixture
async def store(path: Path, now: Clock) -> AsyncIterator[Store]:
    opened = await Store.open(path, now)
    yield opened
    await opened.close()


def make(row_id: str) -> Any:
    return lambda tx: tx.create(MACHINES, row_id, {"name": row_id})


async def actors(store: Store) -> list[Row]:
    return await store.reader.find(ACTORS)


async def test_one_a_person_and_run(path: Path, now: Clock) -> None:
    """Their first write in a run makes them known, with node and time; a restart begins another history."""
    store = await Store.open(path, now)
    for number in range(3):
        row = await store.door.write(make(f"M-{number}"), ANA)
    await store.door.write(make("M-9"), BEA)
    first = await actors(store)
    assert [actor.data["user"] for actor in first] == ["U-ANA", "U-BEA"]
    node = (await store.reader.state())["node"]
    assert {(actor.data["node"], actor.data["since"]) for actor in first} == {(node, START_ISO)}
    assert split(row.born).actor == first[0].id
    assert first[0].born < row.born, "known before what they wrote"
    await store.close()
    again = await Store.open(path, now)
    row = await again.door.write(make("M-10"), ANA)
    assert [actor.data["user"] for actor in await actors(again)] == ["U-ANA", "U-BEA", "U-ANA"]
    assert split(row.born).actor not in {actor.id for actor in first}
    await again.close()


async def test_who_only_looks_stays_unknown(store: Store) -> None:
    """A write that changes nothing registers nobody."""
    row = await store.door.write(make("M-1"), ANA)
    await store.door.write(lambda tx: tx.update(MACHINES, row, {"name": "M-1"}), BEA)
    await store.door.write(lambda tx: tx.find(MACHINES), BEA)
    assert [actor.data["user"] for actor in await actors(store)] == ["U-ANA"]


async def test_a_write_that_fails_registers_nobody(store: Store) -> None:
    """Undone with the rest; the next write of the same person does it then."""

    def fails(tx: Transaction) -> None:
        tx.create(MACHINES, "M-1", {"name": "x"})
        raise AppError("forbidden", role="x")

    with pytest.raises(AppError):
        await store.door.write(fails, ANA)
    assert await actors(store) == []
    row = await store.door.write(make("M-1"), ANA)
    (actor,) = await actors(store)
    assert split(row.born).actor == actor.id


async def test_a_commit_that_fails_registers_nobody(store: Store) -> None:
    """Nobody writes under an actor that is not on disk."""
    await store.door.write(make("M-0"), ANA)
    (pages,) = await store.door.write(lambda tx: tx.connection.execute("PRAGMA page_count").fetchone(), ANA)
    await store.door.write(lambda tx: tx.connection.execute(f"PRAGMA max_page_count = {pages}").fetchone(), ANA)

    def large(tx: Transaction) -> Row:
        return tx.create(MACHINES, "M-1", {"name": "x", "maintenanceReason": "x" * 200_000})

    outcomes = await asyncio.gather(
        store.door.write(make("M-2"), BEA), store.door.write(large, BEA), return_exceptions=True
    )
    assert any(isinstance(outcome, AppError) for outcome in outcomes)
    await store.door.write(lambda tx: tx.connection.execute("PRAGMA max_page_count = 100000").fetchone(), ANA)
    row = await store.door.write(large, BEA)
    known = {actor.id: actor.data["user"] for actor in await actors(store)}
    assert known[split(row.born).actor] == "U-BEA"
    assert sorted(known.values()) == ["U-ANA", "U-BEA"]


async def test_the_server_and_its_rules_are_actors_too(store: Store) -> None:
    """What the rules write is theirs, not the person's; what counters and sets add up is the run's."""

    def rules(tx: Transaction) -> None:
        if tx.touched[-1].collection is MACHINES:
            tx.author = Author("rules", tx.author.user_id)
            tx.create(INVENTORY, "I-1", {"name": "x", "quantity": 5})

    store.door.follow(rules)
    await store.door.write(make("M-1"), ANA)
    item = await store.reader.get(INVENTORY, "I-1")
    assert item is not None
    known = {actor.id: actor.data["user"] for actor in await actors(store)}
    assert known[split(item.born).actor] == RULES
    counted = await store.door.write(lambda tx: tx.update(INVENTORY, item, {"quantity": 3}), BEA)
    known = {actor.id: actor.data["user"] for actor in await actors(store)}
    assert known[split(counted.stamp("quantity")).actor] == "U-BEA"
    assert known[store.door.run.id] == SERVER
    assert counted.parts[f"quantity+{store.door.run.id}"] == "00000001 -2000000"


async def test_rules_that_fail_on_what_a_sync_brought_register_nobody(store: Store) -> None:
    """What they had done is undone, who wrote for the first time included."""

    def broken(tx: Transaction) -> None:
        tx.author = ANA
        tx.create(MACHINES, "half done", {"name": "x"})
        raise RuntimeError("a rule with a mistake in it")

    store.door.follow(broken)
    row = Row("M-1", "0" * 24, 1, {}, {}, {"name": "x"})
    await store.door.write(lambda tx: tx.adopt(MACHINES, None, row, None), Author("sync"))
    assert await actors(store) == []
    assert [machine.id for machine in await store.reader.find(MACHINES)] == ["M-1"]
    store.door.follow(lambda tx: None)
    written = await store.door.write(make("M-2"), ANA)
    assert split(written.born).actor in {actor.id for actor in await actors(store)}


async def test_a_new_node_has_new_actors(store: Store) -> None:
    """Once the history is broken the same people in the same run are others; what nobody knows yet is the new's."""
    before = await store.door.write(make("M-1"), ANA)
    await store.door.write(new_node, Author("sync"))
    after = await store.door.write(make("M-2"), ANA)
    one, other = [row for row in await actors(store) if row.data["user"] == ANA.name]
    assert split(before.born).actor == one.id
    assert split(after.born).actor == other.id
    assert one.data["node"] == other.data["node"] == (await store.reader.state())["node"]


async def test_the_base_is_frozen_at_the_first_change(store: Store) -> None:
    """What was agreed of a field stays its base, however often it is changed before head office hears of it."""
    agreed = Row("M-1", f"{5:016x}elsewher", 1, {}, {}, {"name": "x", "brand": "A"})
    await store.door.write(lambda tx: tx.adopt(MACHINES, None, agreed, None), Author("sync"))

    async def edit(**changes: Any) -> Any:
        def work(tx: Transaction) -> Any:
            row = tx.get(MACHINES, "M-1")
            assert row is not None
            tx.update(MACHINES, row, changes)
            return tx.stored(MACHINES, "M-1")

        return (await store.door.write(work, ANA)).base

    then = {"#": agreed.fingerprint(), "^": agreed.latest}
    assert await edit(brand="B") == {**then, "brand": agreed.born}
    assert await edit(brand="C") == {**then, "brand": agreed.born}
    assert await edit(name="y") == {**then, "brand": agreed.born, "name": agreed.born}
    await store.door.write(make("M-2"), ANA)
    new = await store.door.write(lambda tx: tx.stored(MACHINES, "M-2"), ANA)
    assert new is not None
    assert new.base == {ANY: ""}
