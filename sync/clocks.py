"""Clocks lie: writes made by a wrong clock get new stamps before anybody else sees them.

Every write is logged with the wall clock, the run of the program, and the time since that run began, which no setting
of the clock changes. A session knows central's clock, and so how late each write of this run really was; of earlier
runs only what the wall clock said, corrected by as much as it is wrong now. Stamping again keeps the order in which
this node wrote, never goes below what a write had seen, and never above central's clock.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from structura_local.domain import parts, stamp
from structura_local.domain.row import SEEN, Row
from structura_local.domain.stamp import BEGINNING, STAMP_LENGTH, TIME_LENGTH

TOLERANCE = 2_000  # milliseconds; a smaller error is no reason to stamp anything again


@dataclass(frozen=True, slots=True)
class Reading:
    """The clocks at one moment: central's, this node's, and the time since its program began (milliseconds).

    `runs`: the program's, of which there are several if its history was broken. `at_least`: central's may be later.
    """

    central: int
    wall: int
    runs: Collection[str]
    elapsed: int
    at_least: bool = False

    def later(self, wall: int, elapsed: int) -> "Reading":
        """The same clocks at another moment, when this node's shows `wall`."""
        return replace(self, central=self.central + elapsed - self.elapsed, wall=wall, elapsed=elapsed)


@dataclass(frozen=True, slots=True)
class Written:
    """A write as the change log has it; `seen` is the latest time in the row that others wrote and it had seen.

    `copied`: it came with the database, from another PC or an older day of this one. Whoever made it may have pushed it
    since, under a stamp that this database cannot know, and written more after it: it goes below all that.
    """

    stamp: str
    at: int
    run: str
    elapsed: int
    seen: str
    copied: bool = False


def wrong(writes: Iterable[Written], now: Reading) -> bool:
    """Whether any of the writes was stamped by a clock that was wrong."""
    late = (_corrected(w, now) - stamp.split(w.stamp).ms for w in writes)
    return any(ms > TOLERANCE or (ms < -TOLERANCE and not now.at_least) for ms in late)


def restamped(writes: Iterable[Written], now: Reading, floor: str) -> Iterator[tuple[str, str]]:
    """(old, new) stamps of the writes, in their order; `floor` is the latest time already agreed with central."""
    last = floor
    for write in writes:
        wanted = BEGINNING if write.copied else stamp.join(min(_corrected(write, now), now.central), 0, "")
        if now.at_least:
            wanted = max(wanted, stamp.time(write.stamp))
        last = max(wanted, stamp.next_time(last), stamp.next_time(write.seen))
        yield write.stamp, last + write.stamp[TIME_LENGTH:]


def with_stamps(row: Row, new: Mapping[str, str]) -> Row:
    """The row with other stamps. What sets and counters add up stays as it is: their versions count, not the time."""
    born = new.get(row.born, row.born)
    stamps = {name: new.get(old, old) for name, old in row.stamps.items()}
    tokens = {
        key: new.get(token[:STAMP_LENGTH], token[:STAMP_LENGTH]) + token[STAMP_LENGTH:]
        if key.endswith(parts.COUNTER)
        else token
        for key, token in row.parts.items()
    }
    return replace(row, born=born, stamps={k: v for k, v in stamps.items() if v != born or k == "life"}, parts=tokens)


def seen(base: Mapping[str, object]) -> str:
    """The time of the latest write that the changes since a base had all seen."""
    return str(base.get(SEEN, BEGINNING))


def _corrected(write: Written, now: Reading) -> int:
    """When a write was made, by central's clock."""
    if write.run in now.runs:
        return now.central - (now.elapsed - write.elapsed)
    return min(write.at + now.central - now.wall, now.central)
