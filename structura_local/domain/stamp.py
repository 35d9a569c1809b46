"""Stamps: when and by whom a field was written, in an order that all nodes agree on.

A hybrid logical clock (Kulkarni, Demirbas et al., "Logical Physical Clocks", 2014): it follows the wall clock while
that runs forwards, counts on when it does not, and never falls behind a stamp it has seen. A stamp is text, so
that SQLite, Postgres and Python compare it alike, byte by byte:

    0199f3b2c1d0 0007 k3m9x2ab      (without the spaces)
    milliseconds hex, counter hex, actor
    time

An actor is one unbroken history of writes (domain/actors.py): one person during one run of one node's program.
"""

import threading
from collections.abc import Callable
from typing import NamedTuple

WORD_LENGTH = 8  # of the ids of nodes and actors
MS_LENGTH = 12
TIME_LENGTH = MS_LENGTH + 4
STAMP_LENGTH = TIME_LENGTH + WORD_LENGTH
BEGINNING = "0" * TIME_LENGTH
_LAST_COUNTER = 0xFFFF


class Parts(NamedTuple):
    """A stamp taken apart; `ms` are milliseconds since 1970, UTC."""

    ms: int
    counter: int
    actor: str


def join(ms: int, counter: int, actor: str) -> str:
    """The stamp of its parts."""
    return f"{ms:012x}{counter:04x}{actor}"


def split(stamp: str) -> Parts:
    """The parts of a stamp; ValueError if it is none."""
    if len(stamp) != STAMP_LENGTH:
        raise ValueError(f"not a stamp: {stamp!r}")
    return Parts(int(stamp[:12], 16), int(stamp[12:TIME_LENGTH], 16), stamp[TIME_LENGTH:])


def time(stamp: str) -> str:
    """The part of a stamp that says when."""
    return stamp[:TIME_LENGTH]


def next_time(time: str) -> str:
    """The next time."""
    ms, counter = int(time[:12], 16), int(time[12:], 16)
    return join(ms, counter + 1, "") if counter < _LAST_COUNTER else join(ms + 1, 0, "")


class HybridClock:
    """Gives each write of one node a stamp later than every stamp it gave or saw before.

    `now` returns milliseconds since 1970. `last` is the latest time known from before a restart, `observed` the latest
    of others. Safe to call from several threads.
    """

    def __init__(self, now: Callable[[], int], last: str = BEGINNING, observed: str = BEGINNING) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._last = last
        self._observed = observed

    @property
    def last(self) -> str:
        """The latest time given or seen; to be kept with the data."""
        return self._last

    @property
    def observed(self) -> str:
        """The latest time seen of others."""
        return self._observed

    def tick(self, actor: str) -> str:
        """A stamp for a new write of an actor."""
        with self._lock:
            now = join(self.now(), 0, "")
            self._last = now if now > self._last else next_time(self._last)
            return self._last + actor

    def observe(self, stamp: str) -> None:
        """Take note of a stamp from elsewhere: later ticks are later. ValueError if it is none."""
        ms, counter, _ = split(stamp)
        with self._lock:
            self._observed = max(self._observed, join(ms, counter, ""))
            self._last = max(self._last, self._observed)

    def now(self) -> int:
        """The time, as far as this node knows it."""
        return max(self._now(), 0)

    def follow(self, now: Callable[[], int]) -> None:
        """From now on this is the time, and not what the wall clock says."""
        self._now = now

    def reset(self, last: str) -> None:
        """Go on from `last`, however late the clock has run: what it gave since has been stamped anew."""
        with self._lock:
            self._last = last
