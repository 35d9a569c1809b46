"""The command: many seeds on all cores, or one again."""

import argparse
import os
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import cache, partial

from tqdm import tqdm

from sync.simulation.compare import difference
from sync.simulation.postgres import PostgresOffice, cluster
from sync.simulation.scenario import plan, play
from sync.simulation.shrink import shrunk
from sync.simulation.world import Finding

CHUNK = 10  # seeds handed to a process at a time


def played(seed: int, only: Iterable[int] | None, dsn: str, trace: Callable[[str], None] | None = None) -> Counter[str]:
    """Play a scenario; returns what happened in it. Raises Finding.

    `dsn`: of a Postgres before which it is played, and then again before the central in memory, to the same end.
    """
    if not dsn:
        return play(seed, only, trace).happened
    world = play(seed, only, trace, there(dsn).anew)
    if (differs := difference(world, play(seed, only))) is not None:
        raise Finding(differs)
    return world.happened


@cache
def there(dsn: str) -> PostgresOffice:
    """This process's head office."""
    return PostgresOffice(dsn)


def failure(seed: int, only: Iterable[int] | None = None, dsn: str = "") -> tuple[str | None, Counter[str]]:
    """What a scenario finds (None: nothing), and what happened in it."""
    try:
        return None, played(seed, only, dsn)
    except Finding as finding:
        return str(finding), Counter()
    except Exception:
        return "".join(traceback.format_exc(limit=-6)), Counter()


def failures(dsn: str, seeds: Sequence[int]) -> tuple[list[tuple[int, str]], Counter[str]]:
    """The findings of some seeds, and what happened in all of them."""
    found, happened = [], Counter[str]()
    for seed in seeds:
        text, counts = failure(seed, dsn=dsn)
        happened += counts
        if text is not None:
            found.append((seed, text))
    return found, happened


def search(first: int, count: int, jobs: int, dsn: str) -> int:
    """Play many scenarios; returns how many find something."""
    began = time.monotonic()
    chunks = [range(start, min(start + CHUNK, first + count)) for start in range(first, first + count, CHUNK)]
    found: list[tuple[int, str]] = []
    happened: Counter[str] = Counter()
    with ProcessPoolExecutor(jobs) as pool, tqdm(total=count, unit="seed", mininterval=1) as bar:
        for chunk, (some, counts) in zip(chunks, pool.map(partial(failures, dsn), chunks), strict=True):
            for seed, text in some:
                bar.write(f"seed {seed}: {text}\n")
            found += some
            happened += counts
            bar.update(len(chunk))
            bar.set_postfix(findings=len(found))
    print(f"{count} scenarios in {time.monotonic() - began:.0f} s, findings: {len(found)}")
    for what, times in sorted(happened.items()):
        print(f"{times:>10,}  {what}")
    if found:
        print(f"\nThe first one, with fewer actions:\n{replay(found[0][0], dsn)}")
    return len(found)


def replay(seed: int, dsn: str) -> str:
    """The command that plays the shortest part of a scenario that still finds something."""
    rest = shrunk(range(len(plan(seed))), lambda places: failure(seed, places, dsn)[0] is not None)
    text, _ = failure(seed, rest, dsn)
    actions = ",".join(map(str, rest)) or "none"
    central = "--central postgres " if dsn else ""
    return f"  python -m sync.simulation {central}--seed {seed} --actions {actions}\n  {text}"


def once(seed: int, actions: str | None, dsn: str) -> int:
    """Play one scenario aloud; returns how much it finds."""
    only = None if actions is None else [int(place) for place in actions.split(",") if place.isdigit()]
    try:
        happened = played(seed, only, dsn, print)
    except Finding as finding:
        print(f"FOUND: {finding}")
        return 1
    print("nothing found;", ", ".join(f"{what} {times}" for what, times in sorted(happened.items())))
    return 0


def main() -> int:
    """The exit code says whether anything was found."""
    parser = argparse.ArgumentParser(prog="python -m sync.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000, help="how many scenarios")
    parser.add_argument("--first", type=int, help="the first seed; without it a new one each time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--seed", type=int, help="play this one scenario aloud")
    parser.add_argument("--actions", help="only these of its actions: 4,7,9")
    parser.add_argument("--shrink", action="store_true", help="with --seed: leave out what it does not take to find it")
    parser.add_argument("--central", choices=("memory", "postgres"), default="memory", help="postgres: a real one, too")
    options = parser.parse_args()
    with cluster() if options.central == "postgres" else nullcontext("") as dsn:
        if options.seed is None:
            first = options.first if options.first is not None else random.SystemRandom().randrange(10**9)
            return int(bool(search(first, options.seeds, options.jobs or 1, dsn)))
        if options.shrink:
            print(replay(options.seed, dsn))
            return 0
        return once(options.seed, options.actions, dsn)


if __name__ == "__main__":
    sys.exit(main())
