"""The simulation: it finds what is broken, says how to see it again, and finds nothing in the code as it is."""

import os
import subprocess
import sys
from contextlib import closing

import pytest

from sync.simulation.compare import difference
from sync.simulation.postgres import PostgresOffice
from sync.simulation.scenario import ACTS, plan, play
from sync.simulation.shrink import shrunk

TELL = """
from sync.simulation.scenario import play
import sys
for seed in range(int(sys.argv[1])):
    world = play(seed)
    print(seed, world.partition.standing, sorted(world.happened.items()))
"""


def test_shrinking_leaves_what_it_takes() -> None:
    """Of 90 actions the three that fail together remain."""
    tried = []

    def fails(places: list[int]) -> bool:
        tried.append(places)
        return {4, 33, 71} <= set(places)

    assert shrunk(range(90), fails) == [4, 33, 71]
    assert len(tried) < 90


def test_a_seed_is_one_scenario() -> None:
    """Another process, with other hashes of its texts, plays the same to the last stamp."""
    told = [
        subprocess.run(
            [sys.executable, "-c", TELL, "6"],
            env={**os.environ, "PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hashes in ("1", "2")
    ]
    assert told[0]
    assert told[0] == told[1]


@pytest.mark.parametrize("tens", range(2))
def test_nothing_is_found(tens: int) -> None:
    """A small part of what `make simulate` plays."""
    for seed in range(10 * tens, 10 * tens + 10):
        play(seed)


def with_every_action() -> list[int]:
    """A few short scenarios in which everything happens between them."""
    plans = {seed: plan(seed) for seed in range(200)}
    names = {seed: {action.name for action in actions} for seed, actions in plans.items() if len(actions) <= 45}
    chosen: list[int] = []
    left = set(ACTS)
    while left:
        chosen.append(max(names, key=lambda seed: (len(left & names[seed]), -len(plans[seed]))))
        left -= names[chosen[-1]]
    return chosen


def test_a_real_central_comes_to_the_same_end(pg_cluster: str) -> None:
    """Before Postgres nothing is found either, and all hold the same in the end as before the central in memory."""
    with closing(PostgresOffice(pg_cluster)) as office:
        for seed in with_every_action():
            world = play(seed, opened=office.anew)
            assert difference(world, play(seed)) is None
