"""Rounds of faults: people write everywhere, something happens, all become quiet, and every write is accounted for.

    make faults ROUNDS=200
    python -m tests.system.rounds --rounds 20 [--seed 1] [--only plant_killed,link_cut] [--report docs/reliability.md]

Each round is decided by the seed and its number. What processes do in the meantime is not, so a round that fails may
not fail again; the worlds of failed rounds are kept, and what was wrong is printed.
"""

import argparse
import asyncio
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.system import report
from tests.system.cluster import short_folder, small_disk
from tests.system.faults import FAULTS, Fault, retire_clones
from tests.system.world import World

ROUNDS_A_WORLD = 12  # then a fresh one: rows add up, and reading them all takes time
MEGABYTES = 600
FATES = {
    "found": "found",
    "added": "added up in a counter",
    "overwritten": "overwritten by a later write that had seen it",
    "journal": "lost to a write that had not seen it: in the journal of conflicts",
    "missing": "missing",
}


@dataclass(frozen=True, slots=True)
class Round:
    """What happens in it, and its name, which decides the rest."""

    fault: Fault
    name: str


@dataclass
class Figures:
    """What a run has done and found."""

    faults: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    quiet: list[float] = field(default_factory=list)  # seconds from the end of each round's work to digests agreed

    @property
    def acknowledged(self) -> int:
        return self.writes.total()


async def play(world: World, one: Round, figures: Figures) -> None:
    """One round."""
    chance = random.Random(one.name)
    async with world.busy(one.name):
        await asyncio.sleep(chance.uniform(0.2, 0.8))
        await one.fault(world, chance)
        await asyncio.sleep(chance.uniform(0.2, 0.6))
    figures.faults[one.fault.__name__.replace("_", " ")] += 1
    figures.quiet.append(await world.quiet())
    account = await world.check()
    await retire_clones(world)
    figures.wrong += [f"{wrong} ({one.name} {one.fault.__name__})" for wrong in account.wrong]
    world.counts = account.counts


async def run(faults: Sequence[Fault], seed: str, *, say: bool = False, keep: bool = False) -> Figures:
    """The rounds, in as many worlds as it takes; where something is wrong, the next round begins with a fresh one."""
    figures = Figures()
    rounds = [Round(fault, f"{seed}/{number}") for number, fault in enumerate(faults)]
    while rounds:
        some = rounds[:ROUNDS_A_WORLD]
        wrong = len(figures.wrong)
        with small_disk(MEGABYTES) as small, short_folder() as short:
            folder = Path(tempfile.mkdtemp(prefix="plants-"))
            world = World(folder, small or short, some[0].name, can_fill=small is not None)
            try:
                await world.open()
                while some and len(figures.wrong) == wrong:
                    await _played(world, some.pop(0), figures, say=say)
                rounds = some + rounds[ROUNDS_A_WORLD:]
            finally:
                figures.fates += world.counts
                figures.writes += Counter(write.kind for write in world.log.writes)
                await world.close()
                if not keep or len(figures.wrong) == wrong:
                    shutil.rmtree(folder)
    return figures


async def _played(world: World, one: Round, figures: Figures, *, say: bool) -> None:
    began, wrong = time.monotonic(), len(figures.wrong)
    try:
        await play(world, one, figures)
    except (AssertionError, ExceptionGroup) as error:
        told = "".join(traceback.format_exception(error))
        figures.wrong.append(f"stuck: {one.name} {one.fault.__name__}: {told}")
    if say:
        print(
            f"round {one.name}: {one.fault.__name__}, {time.monotonic() - began:.1f} s,"
            f" {len(world.log.writes)} writes, {dict(world.counts)}",
            *figures.wrong[wrong:], sep="\n  ", flush=True,
        )  # fmt: skip


def chosen(rounds: int, seed: str, only: Sequence[str] = ()) -> list[Fault]:
    """Each fault as often as its share; the order is the seed's."""
    known = {fault: share for fault, share in FAULTS.items() if not only or fault.__name__ in only}
    shares = [fault for fault, share in known.items() for _ in range(share)]
    chance = random.Random(seed)
    faults: list[Fault] = []
    while len(faults) < rounds:
        chance.shuffle(shares)
        faults += shares
    return faults[:rounds]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(1_000_000)))
    parser.add_argument("--only", default="")
    parser.add_argument("--report", type=Path)
    arguments = parser.parse_args()
    print("seed", arguments.seed, flush=True)
    faults = chosen(arguments.rounds, arguments.seed, [n for n in arguments.only.split(",") if n])
    began = time.monotonic()
    figures = asyncio.run(_until_told(run(faults, arguments.seed, say=True, keep=True)))
    lines = told(figures, arguments.seed, time.monotonic() - began)
    print("\n".join(lines))
    if arguments.report:
        report.write(arguments.report, "faults", lines)
    return bool(figures.wrong)


async def _until_told(running: Coroutine[Any, Any, Figures]) -> Figures:
    """A run that is told to end takes its processes with it."""
    task = asyncio.ensure_future(running)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def told(figures: Figures, seed: str, seconds: float) -> list[str]:
    """The figures, for the document."""
    quiet = sorted(figures.quiet)
    fates = Counter({FATES[fate]: count for fate, count in figures.fates.items()})
    missing = fates.pop(FATES["missing"], 0)
    wrong = Counter(sentence.partition(":")[0] for sentence in figures.wrong)
    return [
        f"## {figures.faults.total()} rounds of faults",
        "",
        "In each round people write at two PCs of a plant and, with plain SQL, at head office; something happens; then",
        "everything becomes quiet, all databases are compared row by row, and every write is accounted for.",
        "",
        f"{report.circumstances()} Seed {seed}, {seconds / 60:.0f} minutes.",
        "",
        *report.table(("what happened", "rounds"), figures.faults),
        "",
        *report.table(("writes acknowledged", f"{figures.acknowledged:,}"), figures.writes),
        "",
        *report.table(("what became of them", f"{figures.fates.total():,}"), fates),
        f"| **{FATES['missing']}** | **{missing}** |",
        "",
        f"Came twice (somebody on a job, a job of panels, a loss in the journal): **{wrong['twice']}**.",
        f"Rows that are not the same in all databases: **{wrong['different']}**.",
        f"Digests that are not the same on both sides: **{wrong['digest']}**.",
        f"Rounds that never became quiet: **{wrong['stuck']}**.",
        "",
        "Seconds from the end of the work to digests agreed on both sides:",
        f"{statistics.median(quiet):.1f} in the median, {quiet[-1]:.1f} at most.",
    ]


if __name__ == "__main__":
    sys.exit(main())
