"""Writes of a wrong clock get the stamps that a right one would have given, in the order in which they were made."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from structura_local.domain import parts
from structura_local.domain.row import AGREED, ANY, LIFE, SEEN, Row
from structura_local.domain.stamp import BEGINNING, join, split, time
from sync.clocks import TOLERANCE, Reading, Written, restamped, seen, with_stamps, wrong

NOW = 1_800_000_000_000
YEAR = 365 * 24 * 3_600_000
RUN, PAST = "run00002", "run00001"


def at(ms: int, actor: str = "actor001", counter: int = 0) -> str:
    return join(ms, counter, actor)


@dataclass(frozen=True)
class Made:
    """A write as a PC makes one whose clock is `error` off; `ago`: how long before central's now."""

    ago: int
    error: int
    run: str = RUN
    seen: str = BEGINNING

    def written(self, began: int = 10 * YEAR) -> Written:
        wall = max(NOW - self.ago + self.error, 0)
        return Written(at(wall), wall, self.run, began - self.ago, self.seen)


def reading(error: int, began: int = 10 * YEAR) -> Reading:
    return Reading(NOW, NOW + error, [RUN], began)


ERRORS = st.sampled_from([0, 1_000, 3 * YEAR, -17 * YEAR, -40_000, 3_600_000])
MADE = st.lists(
    st.builds(
        Made,
        st.integers(0, YEAR),
        ERRORS,
        st.sampled_from([RUN, PAST]),
        st.one_of(st.just(BEGINNING), st.integers(1, NOW + YEAR).map(lambda ms: join(ms, 3, ""))),
    ),
    min_size=1,
    max_size=12,
).map(lambda made: sorted(made, key=lambda one: (one.run == RUN, -one.ago)))
FLOORS = st.one_of(st.just(BEGINNING), st.integers(1, NOW + YEAR).map(lambda ms: join(ms, 0, "")))


@given(MADE, ERRORS, FLOORS)
def test_the_order_is_kept_and_nothing_falls_below_what_it_had_seen(made: list[Made], error: int, floor: str) -> None:
    """Each new stamp is later than the one before it, than what was agreed, and than what the write replaced."""
    writes = [one.written() for one in made]
    last = floor
    for write, (old, new) in zip(writes, restamped(writes, reading(error), floor), strict=True):
        assert old == write.stamp
        assert split(new).actor == split(old).actor
        assert time(new) > last
        assert time(new) > write.seen
        last = time(new)


@given(MADE, ERRORS, FLOORS)
def test_never_above_centrals_now_unless_what_was_seen_is(made: list[Made], error: int, floor: str) -> None:
    """The future begins where central's clock is; only what was seen there can push a write beyond."""
    writes = [one.written() for one in made]
    limit = max(NOW, split(floor + "x" * 8).ms)
    for write, (_, new) in zip(writes, restamped(writes, reading(error), floor), strict=True):
        limit = max(limit, split(write.seen + "x" * 8).ms)
        assert split(new).ms <= limit


@given(st.lists(st.integers(0, YEAR), min_size=1, max_size=8, unique=True), ERRORS, ERRORS)
def test_what_was_written_in_this_run_gets_its_true_time(ages: list[int], before: int, error: int) -> None:
    """Whatever the wall clock was set to and when: the time since the run began knows better."""
    made = [Made(age, before if n % 2 else error) for n, age in enumerate(sorted(ages, reverse=True))]
    new = [stamp for _, stamp in restamped([one.written() for one in made], reading(error), BEGINNING)]
    assert [split(stamp).ms for stamp in new] == [NOW - one.ago for one in made]


def test_a_clock_three_years_ahead() -> None:
    """Of earlier runs the wall clock is corrected by as much as it is wrong now."""
    writes = [Made(7_200_000, 3 * YEAR, PAST).written(), Made(3_600_000, 3 * YEAR).written()]
    assert wrong(writes, reading(3 * YEAR))
    new = [split(stamp).ms for _, stamp in restamped(writes, reading(3 * YEAR), BEGINNING)]
    assert new == [NOW - 7_200_000, NOW - 3_600_000]


def test_a_clock_that_was_ahead_in_an_earlier_run_and_is_right_now() -> None:
    """What it says of the future was not later than now."""
    writes = [Made(7_200_000, 3 * YEAR, PAST).written(), Made(3_600_000, 0).written()]
    assert wrong(writes, reading(0))
    new = [split(stamp) for _, stamp in restamped(writes, reading(0), BEGINNING)]
    assert new[0].ms == NOW
    assert new[1][:2] == (NOW, 1), "after it, as it was made"


def test_a_dead_battery() -> None:
    """A clock that starts in 1970 with every boot does not put its writes before all others'."""
    write = Written(at(5_000), 5_000, RUN, 5_000, BEGINNING)
    now = Reading(NOW, 65_000, [RUN], 65_000)
    assert wrong([write], now)
    assert [split(new).ms for _, new in restamped([write], now, BEGINNING)] == [NOW - 60_000]


def test_a_clock_that_is_right_is_let_be() -> None:
    """An error of up to two seconds is no reason to stamp anything again."""
    assert not wrong([Made(60_000, 0).written(), Made(60_000, 0, PAST).written()], reading(0))
    assert not wrong([Made(60_000, TOLERANCE).written()], reading(TOLERANCE))
    assert wrong([Made(60_000, TOLERANCE + 1).written()], reading(0))
    assert wrong([Made(60_000, -TOLERANCE - 1).written()], reading(0))
    assert not wrong([], reading(YEAR))


def test_a_row_under_other_stamps() -> None:
    """Birth, fields, life and bases of counters follow; what versions decide stays as it is."""
    old, new, other = at(9), at(5), at(3)
    entries = {
        **parts.based({}, "n", old, 100),
        **parts.counted({}, "m", "actor001", 3),
        **parts.listed({}, "s", "actor001", time(old), ["x"]),
    }
    row = Row("a", other, 3, {"name": old, "phone": other, LIFE: old}, entries, {"name": "x"})
    moved = with_stamps(row, {old: new})
    assert (moved.born, dict(moved.stamps)) == (other, {"name": new, LIFE: new})
    assert moved.parts == {**entries, "n+": f"{new} 100"}
    assert (moved.data, moved.life) == (row.data, row.life)
    assert with_stamps(Row("a", old, 1, {}, {}, {}), {old: new}).born == new


def test_what_a_write_had_seen() -> None:
    """The latest write in the row as agreed, to whichever field; in a new row nothing."""
    assert seen({"name": at(3), SEEN: time(at(7, counter=2)), AGREED: 12345}) == time(at(7, counter=2))
    assert seen({ANY: ""}) == seen({}) == BEGINNING


def test_a_time_that_may_be_later_dates_nothing_back() -> None:
    """A file of last week says that it is last week at least."""
    now = Reading(NOW, NOW, [RUN], 10 * YEAR, at_least=True)
    ahead, behind = Made(60_000, YEAR).written(), Made(60_000, -YEAR).written()
    assert not wrong([ahead], now)
    assert wrong([ahead, behind], now)
    assert [new for _, new in restamped([ahead], now, BEGINNING)] == [ahead.stamp]
    assert [split(new).ms for _, new in restamped([behind], now, BEGINNING)] == [NOW - 60_000]
