"""Stamps order writes of all nodes alike, whatever the wall clocks do."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structura_local.domain.stamp import STAMP_LENGTH, HybridClock, join, split

NODES = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=8, max_size=8)
TIMES = st.integers(0, 2**48 - 2)
COUNTERS = st.integers(0, 2**16 - 1)
STAMPS = st.builds(join, TIMES, COUNTERS, NODES)


@given(TIMES, COUNTERS, NODES)
def test_there_and_back(ms: int, counter: int, node: str) -> None:
    """A stamp taken apart gives what it was made of, and has one length."""
    stamp = join(ms, counter, node)
    assert split(stamp) == (ms, counter, node)
    assert len(stamp) == STAMP_LENGTH


@given(st.tuples(TIMES, COUNTERS, NODES), st.tuples(TIMES, COUNTERS, NODES))
def test_order_of_text(one: tuple[int, int, str], other: tuple[int, int, str]) -> None:
    """Stamps as text are in the order of time, then counter, then node; byte by byte too."""
    assert (join(*one) < join(*other)) == (one < other)
    assert (join(*one).encode() < join(*other).encode()) == (one < other)


@pytest.mark.parametrize("wrong", ["", "x", "0" * 23, "0" * 25, "z" * 24])
def test_no_stamp(wrong: str) -> None:
    """What is no stamp is refused."""
    with pytest.raises(ValueError, match=r"stamp|invalid literal"):
        split(wrong)


@given(st.lists(TIMES | STAMPS, max_size=40))
def test_always_onwards(steps: list[int | str]) -> None:
    """However the wall clock jumps and whatever comes in, each stamp is greater than all given or seen before."""
    wall = 0
    clock = HybridClock("node0001", lambda: wall)
    known = ""
    for value in steps:
        if isinstance(value, str):
            clock.observe(value)
            known = max(known, value)
        else:
            wall = value
            stamp = clock.tick()
            assert split(stamp)[:2] > (split(known)[:2] if known else (-1, -1))
            assert stamp > known
            assert split(stamp).ms >= wall
            known = stamp
        assert clock.last[:16] == known[:16]


@given(TIMES, TIMES, st.integers(1, 30))
def test_restart(before: int, after: int, writes: int) -> None:
    """A clock that is given its last stamp goes on above it, with the wall clock set back or not."""
    first = HybridClock("node0001", lambda: before)
    last = [first.tick() for _ in range(writes)][-1]
    second = HybridClock("node0001", lambda: after, first.last)
    assert second.tick() > last


def test_many_in_a_millisecond() -> None:
    """When the counter is used up the clock runs ahead of the wall rather than repeat itself."""
    clock = HybridClock("node0001", lambda: 1000, join(1000, 0xFFFE, "node0001"))
    assert [clock.tick() for _ in range(3)] == [
        join(1000, 0xFFFF, "node0001"),
        join(1001, 0, "node0001"),
        join(1001, 1, "node0001"),
    ]


def test_follows_the_wall() -> None:
    """A stamp carries the time at which it was made, while the wall clock runs forwards."""
    wall = iter((1000, 2000, 3000))
    clock = HybridClock("node0001", lambda: next(wall))
    assert [split(clock.tick())[:2] for _ in range(3)] == [(1000, 0), (2000, 0), (3000, 0)]


def test_threads() -> None:
    """Threads never get the same stamp."""
    clock = HybridClock("node0001", lambda: 1000)
    with ThreadPoolExecutor(4) as pool:
        stamps = list(pool.map(lambda _: clock.tick(), range(2000)))
    assert len(set(stamps)) == 2000


@pytest.mark.parametrize("node", ["", "short", "toolong99"])
def test_node_id(node: str) -> None:
    """A node id of another length is refused, or stamps would not line up."""
    with pytest.raises(ValueError, match="node id"):
        HybridClock(node, lambda: 0)
