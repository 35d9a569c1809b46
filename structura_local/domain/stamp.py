"""Stamps: when and where a field was written, in an order that all nodes agree on.

A hybrid logical clock (Kulkarni, Demirbas et al., "Logical Physical Clocks", 2014): it follows the wall clock while
that runs forwards, counts on when it does not, and never falls behind a stamp it has seen. A stamp is text, so
that SQLite, Postgres and Python compare it alike, byte by byte:

    0199f3b2c1d0 0007 k3m9x2ab      (without the spaces)
    milliseconds hex, counter hex, node id
"""

import threading
from collections.abc import Callable
from typing import NamedTuple

NODE_ID_LENGTH = 8
STAMP_LENGTH = 12 + 4 + NODE_ID_LENGTH
_LAST_COUNTER = 0xFFFF


class Parts(NamedTuple):
    """A stamp taken apart; `ms` are milliseconds since 1970, UTC."""

    ms: int
    counter: int
    node: str


def join(ms: int, counter: int, node: str) -> str:
    """The stamp of its parts."""
    return f"{ms:012x}{counter:04x}{node}"


def split(stamp: str) -> Parts:
    """The parts of a stamp; ValueError if it is none."""
    if len(stamp) != STAMP_LENGTH:
        raise ValueError(f"not a stamp: {stamp!r}")
    return Parts(int(stamp[:12], 16), int(stamp[12:16], 16), stamp[16:])


class HybridClock:
    """Gives each write of one node a stamp greater than every stamp it gave or saw before.

    `now` returns milliseconds since 1970. `last` is the greatest stamp known from before a restart. Safe to call from
    several threads.
    """

    def __init__(self, node: str, now: Callable[[], int], last: str = "") -> None:
        if len(node) != NODE_ID_LENGTH:
            raise ValueError(f"a node id has {NODE_ID_LENGTH} characters: {node!r}")
        self.node = node
        self._now = now
        self._lock = threading.Lock()
        self._ms, self._counter = split(last)[:2] if last else (0, 0)

    @property
    def last(self) -> str:
        """The greatest stamp given or seen; to be kept with the data."""
        return join(self._ms, self._counter, self.node)

    def tick(self) -> str:
        """A stamp for a new write."""
        with self._lock:
            now = self._now()
            if now > self._ms:
                self._ms, self._counter = now, 0
            elif self._counter < _LAST_COUNTER:
                self._counter += 1
            else:
                self._ms, self._counter = self._ms + 1, 0
            return join(self._ms, self._counter, self.node)

    def observe(self, stamp: str) -> None:
        """Take note of a stamp from elsewhere: later ticks are greater."""
        ms, counter, _ = split(stamp)
        with self._lock:
            self._ms, self._counter = max((self._ms, self._counter), (ms, counter))
