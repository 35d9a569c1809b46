"""What happens to plants whose clocks are wrong, told with real databases: nobody wins or loses by it."""

import random
from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import delete, insert

from structura_local.domain.stamp import BEGINNING, join, split
from structura_local.store import unpushed
from structura_local.store.read import Reader
from structura_local.store.tables import CHANGE_LOG
from structura_local.store.transaction import Transaction
from sync import clocks, stamping
from sync.central.memory import MemoryCentral
from sync.protocol import Hello, Welcome
from tests.sync.nodes import DAY, World

YEAR = 365 * DAY


async def test_the_clock_three_years_ahead(world: World) -> None:
    """Its writes are stamped anew before anybody sees them: they do not win for three years."""
    one, two = await world.start("one", error=3 * YEAR), await world.start("two")
    await two.add("a", phone="0")
    await world.settle(two)
    await one.add("before it had met anybody")
    await world.settle(one, two)
    world.later(hours=1)
    await one.edit("a", phone="at one")
    world.later(hours=1)
    await two.edit("a", phone="at two, later")
    await world.settle(one, two)
    assert (await one.data("a"))["phone"] == (await two.data("a"))["phone"] == "at two, later"
    stamps = [s for held in world.partition.rows.values() for s in (held.row.born, *held.row.stamps.values())]
    assert max(split(stamp).ms for stamp in stamps) <= world.ms
    await one.edit("a", email="x")
    assert split((await one.row("a")).stamp("email")).ms <= world.ms, "and it goes on by central's clock"


async def test_the_clock_of_a_dead_battery(world: World) -> None:
    """A PC that thinks it is 2010 does not lose every conflict."""
    one, two = await world.start("one", error=-17 * YEAR), await world.start("two")
    await two.add("a", phone="0")
    await world.settle(two)
    await world.settle(one)
    await two.edit("a", phone="at two")
    world.later(hours=1)
    await one.edit("a", phone="at one, later")
    await world.settle(two, one)
    assert (await two.data("a"))["phone"] == "at one, later"


async def test_a_clock_that_is_set_right_in_the_middle_of_a_day(world: World) -> None:
    """Writes before the jump are where they belong among those of others, by the time since the program began."""
    one, two = await world.start("one", error=YEAR), await world.start("two")
    await two.add("a", phone="0", email="0")
    await world.settle(two)
    await world.settle(one)
    one.error = 2 * YEAR
    await one.edit("a", phone="at one, first")
    world.later(hours=1)
    await two.edit("a", phone="at two, second", email="at two, first")
    world.later(hours=1)
    one.error = 0
    await one.edit("a", email="at one, second")
    await world.settle(one, two)
    assert dict(await two.data("a")) == {"name": "a", "phone": "at two, second", "email": "at one, second"}


async def test_writes_of_runs_before_the_restart(world: World) -> None:
    """Of earlier runs the wall clock is corrected by as much as it is wrong now; the order stays."""
    one, two = await world.start("one", error=3 * YEAR), await world.start("two")
    await one.add("a", phone="1")
    world.later(hours=1)
    await one.restart()
    await one.edit("a", phone="2")
    await one.restart()
    await world.settle(one, two)
    row = await two.row("a")
    assert row.data["phone"] == "2"
    assert row.born < row.stamp("phone")
    assert split(row.stamp("phone")).ms - split(row.born).ms == pytest.approx(3_600_000, abs=5_000)
    assert split(row.stamp("phone")).ms <= world.ms


async def test_what_waits_is_looked_through_beside_the_door(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """People write on while a long backlog is searched for writes of a wrong clock; theirs are looked at, too."""
    one, lines, seen = await world.start("one"), unpushed.lines, []

    def counted(tx: Transaction, mark: int) -> Iterator[unpushed.Logged]:
        for line in lines(tx, mark):
            seen.append(line.row_id)
            yield line

    monkeypatch.setattr(unpushed, "lines", counted)
    monkeypatch.setattr(unpushed, "AT_ONCE", 10)
    for number in range(35):
        await one.add(f"C-{number}")
    await one.sync()
    assert len(seen) <= 2, "whether there are any"
    right_upto = stamping.right_upto

    async def meanwhile(reader: Reader, now: clocks.Reading) -> int:
        right = await right_upto(reader, now)
        one.error = YEAR
        await one.add("a")
        return right

    await one.restart()
    await one.add("b")
    monkeypatch.setattr(stamping, "right_upto", meanwhile)
    await one.sync()
    assert split((await one.row("a")).born).ms <= world.ms


async def test_the_database_finds_what_is_off_as_the_clocks_do(world: World) -> None:
    """The first wrong write of a backlog, for clocks of all kinds."""
    one, rng = await world.start("one"), random.Random(7)
    errors = (0, 0, 0, 0, clocks.TOLERANCE, clocks.TOLERANCE + 1, -clocks.TOLERANCE - 1, 3 * YEAR, -60 * YEAR)
    found = set()
    for _ in range(300):
        now = clocks.Reading(world.ms, max(world.ms + rng.choice(errors), 0), ("now", "before"), 5 * YEAR)
        start, lines = await one.write(lambda tx: tx.seq), []
        for seq in range(start + 1, start + rng.randrange(2, 6)):
            ago, error = rng.randrange(YEAR), rng.choice(errors)
            at = max(world.ms - ago + error, 0)
            stamp = join(max(at + rng.choice((0, 0, 0, 5_000)), 0), 0, "actor001")
            lines.append((seq, stamp, at, rng.choice(("now", "before", "last year")), 5 * YEAR - ago))
        written = [clocks.Written(*line[1:], seen=BEGINNING) for line in lines]
        wrong = [line[0] for line, write in zip(lines, written, strict=True) if clocks.wrong([write], now)]
        await one.write(partial(_logged, lines))
        right = await stamping.right_upto(one.store.reader, now)
        assert right == (wrong[0] - 1 if wrong else lines[-1][0]), (now, lines)
        found.add(len(wrong) / len(lines))
        await one.write(lambda tx: tx.execute(delete(CHANGE_LOG)))
    assert {0, 1} < found


def _logged(lines: list[tuple[int, str, int, str, int]], tx: Transaction) -> None:
    rest = {"tx": 1, "collection": "clients", "row_id": "a", "kind": "update", "origin": "api", "fields": "{}"}
    for seq, stamp, at, run, elapsed in lines:
        values = {"seq": seq, "stamp": stamp, "at": at, "run": run, "elapsed": elapsed, **rest}
        tx.execute(insert(CHANGE_LOG).values(values))


async def test_an_answer_that_took_an_hour(world: World) -> None:
    """What it says of the time is an hour old: head office is asked again, and what is written next is no earlier."""
    one, two = await world.start("one"), await world.start("two")

    class Sleeping(MemoryCentral):
        async def hello(self, hello: Hello) -> Welcome:
            welcome = await super().hello(hello)
            if not await one.waiting():  # the PC sleeps before it hears it
                world.later(hours=1)
                await one.add("a", phone="at one")
            return welcome

        async def exchange_keys(self, keys: dict[str, str]) -> dict[str, str]:
            world.later()
            await two.add("a", phone="at two, later")
            return await super().exchange_keys(keys)

    two.central = Sleeping
    await two.sync()
    two.central = MemoryCentral
    await world.settle(one, two)
    assert (await one.data("a"))["phone"] == "at two, later"


async def test_a_clock_is_set_by_when_central_was_asked(world: World) -> None:
    """And not by when there was time to do so."""
    pc = await world.start("one")
    asked = pc.port.elapsed()
    world.later(seconds=30)
    await pc.port.set_clock(world.ms - 30_000, asked)
    await pc.add("a")
    assert split((await pc.row("a")).born).ms == world.ms


async def test_what_is_written_just_before_the_clock_is_set(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The door was busy for an hour: that write is of now, and not of when central's clock was read."""
    pc = await world.start("one", error=-3 * YEAR)
    found = stamping.right_upto

    async def slowly(reader: Reader, now: clocks.Reading) -> int:
        upto = await found(reader, now)
        world.later(hours=1)
        await pc.add("a")
        return upto

    monkeypatch.setattr(stamping, "right_upto", slowly)
    await pc.sync()
    assert split((await pc.row("a")).born).ms == world.ms


async def test_a_copy_that_is_taken_for_the_original_years_ahead(world: World) -> None:
    """What the original has pushed under right stamps, the copy has under wrong ones: those do not count either."""
    one = await world.start("one", error=3 * YEAR)
    await one.port.lineage()
    await one.add("a", phone="0")
    await one.copied("two")
    await one.sync()
    two = await world.start("two", error=3 * YEAR)
    await one.store.close()
    world.started.remove(one)
    await two.sync()
    world.later()
    other = await world.start("other")
    await other.sync()
    await other.edit("a", phone="later")
    await world.settle(two, other)
    assert (await two.data("a"))["phone"] == "later"
    stamps = [s for held in world.partition.rows.values() for s in (held.row.born, *held.row.stamps.values())]
    assert max(split(stamp).ms for stamp in stamps) <= world.ms
