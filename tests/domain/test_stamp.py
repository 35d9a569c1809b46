"""Stamps order writes of all nodes alike, whatever the wall clocks do."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structura_local.domain.stamp import BEGINNING, STAMP_LENGTH, HybridClock, join, next_time, split, time

ACTORS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=8, max_size=8)
TIMES = st.integers(0, 2**48 - 2)
COUNTERS = st.integers(0, 2**16 - 1)
STAMPS = st.builds(join, TIMES, COUNTERS, ACTORS)


ACTOR = "actor001"


@given(TIMES, COUNTERS, ACTORS)
def test_there_and_back(ms: int, counter: int, actor: str) -> None:
    """A stamp taken apart gives what it was made of, and has one length."""
    stamp = join(ms, counter, actor)
    assert split(stamp) == (ms, counter, actor)
    assert len(stamp) == STAMP_LENGTH


@given(st.tuples(TIMES, COUNTERS, ACTORS), st.tuples(TIMES, COUNTERS, ACTORS))
def test_order_of_text(one: tuple[int, int, str], other: tuple[int, int, str]) -> None:
    """Stamps as text are in the order of time, then counter, then actor; byte by byte too."""
    assert (join(*one) < join(*other)) == (one < other)
    assert (join(*one).encode() < join(*other).encode()) == (one < other)


@pytest.mark.parametrize("wrong", ["", "x", "0" * 23, "0" * 25, "z" * 24])
def test_no_stamp(wrong: str) -> None:
    """What is no stamp is refused."""
    with pytest.raises(ValueError, match=r"stamp|invalid literal"):
        split(wrong)
    clock = HybridClock(lambda: 1_000)
    with pytest.raises(ValueError, match=r"stamp|invalid literal"):
        clock.observe(wrong)
    assert split(clock.tick(ACTOR)).ms == 1_000


@given(st.lists(TIMES | STAMPS, max_size=40))
def test_always_onwards(steps: list[int | str]) -> None:
    """However the wall clock jumps and whatever comes in, each stamp is greater than all given or seen before."""
    wall = 0
    clock = HybridClock(lambda: wall)
    known = ""
    for value in steps:
        if isinstance(value, str):
            clock.observe(value)
            known = max(known, value)
        else:
            wall = value
            stamp = clock.tick(ACTOR)
            assert split(stamp)[:2] > (split(known)[:2] if known else (-1, -1))
            assert stamp > known
            assert split(stamp).ms >= wall
            known = stamp
        assert clock.last[:16] == known[:16]


@given(TIMES, TIMES, st.integers(1, 30))
def test_restart(before: int, later: int, writes: int) -> None:
    """A clock that is given its last stamp goes on above it, with the wall clock set back or not."""
    first = HybridClock(lambda: before)
    last = [first.tick(ACTOR) for _ in range(writes)][-1]
    second = HybridClock(lambda: later, first.last)
    assert second.tick(ACTOR) > last


def test_many_in_a_millisecond() -> None:
    """When the counter is used up the clock runs ahead of the wall rather than repeat itself."""
    clock = HybridClock(lambda: 1000, join(1000, 0xFFFE, ""))
    assert [clock.tick(ACTOR) for _ in range(3)] == [
        join(1000, 0xFFFF, ACTOR),
        join(1001, 0, ACTOR),
        join(1001, 1, ACTOR),
    ]


def test_follows_the_wall() -> None:
    """A stamp carries the time at which it was made, while the wall clock runs forwards."""
    wall = iter((1000, 2000, 3000))
    clock = HybridClock(lambda: next(wall))
    assert [split(clock.tick(ACTOR))[:2] for _ in range(3)] == [(1000, 0), (2000, 0), (3000, 0)]


def test_threads() -> None:
    """Threads never get the same stamp."""
    clock = HybridClock(lambda: 1000)
    with ThreadPoolExecutor(4) as pool:
        stamps = list(pool.map(lambda _: clock.tick(ACTOR), range(2000)))
    assert len(set(stamps)) == 2000


@given(st.lists(STAMPS, max_size=5), TIMES)
def test_what_others_wrote_is_remembered_apart(seen: list[str], wall: int) -> None:
    """`observed` is the latest time among the stamps of others, whatever this node has written since."""
    clock = HybridClock(lambda: wall)
    clock.tick(ACTOR)
    for stamp in seen:
        clock.observe(stamp)
        clock.tick(ACTOR)
    assert clock.observed == max((time(stamp) for stamp in seen), default=BEGINNING)


def test_a_clock_that_is_known_to_be_wrong_is_followed_no_more() -> None:
    """Another one that is right takes its place."""
    clock = HybridClock(lambda: 5_000)
    clock.follow(lambda: 2_000)
    assert split(clock.tick(ACTOR)).ms == clock.now() == 2_000


def test_going_on_after_stamping_anew() -> None:
    """A clock that ran ahead goes on from where its writes were moved to."""
    wall = 9_000
    clock = HybridClock(lambda: wall)
    clock.tick(ACTOR)
    clock.reset(join(2_000, 7, ""))
    wall = 1_000
    assert clock.tick(ACTOR) == join(2_000, 8, ACTOR)


@given(TIMES, COUNTERS)
def test_the_next_time_is_later(ms: int, counter: int) -> None:
    """There is a next time, and none between the two of one millisecond."""
    here = join(ms, counter, "")
    following = next_time(here)
    assert following > here
    assert len(following) == len(here)
    assert following in (join(ms, counter + 1, "") if counter < 0xFFFF else "", join(ms + 1, 0, ""))
