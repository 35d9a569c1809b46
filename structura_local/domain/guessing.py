"""How long somebody who typed a wrong PIN has to wait. The arithmetic of it is in docs/security.md.

Failures fade with time. Beyond a few that are free, each doubles the wait, up to a longest one.
"""

import math
from dataclasses import dataclass, replace

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Policy:
    """`free` failures cost nothing; then waits from `first` to `longest`; one failure fades in `fades`. All in ms."""

    free: int
    first: int
    longest: int
    fades: int


TERMINAL = Policy(free=10, first=30_000, longest=HOUR, fades=30 * MINUTE)  # an address with a good login of late
STRANGER = Policy(free=3, first=10 * MINUTE, longest=6 * HOUR, fades=8 * HOUR)  # any other address
STRANGERS = Policy(free=5, first=10 * MINUTE, longest=6 * HOUR, fades=8 * HOUR)  # all of those together
CODE = Policy(free=5, first=30_000, longest=10 * MINUTE, fades=10 * MINUTE)  # codes that pair, from one address
CODES = Policy(free=300, first=1_000, longest=10_000, fades=1_000)  # from all addresses where nobody has logged in
REMEMBERED = 30 * DAY  # how long a good login makes an address a terminal
FADED = 7 * DAY  # after which no failure counts any more


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of an address: its failures as they were `at`, how long it waits, its last good login (0: none)."""

    failures: float = 0.0
    at: int = 0
    blocked_until: int = 0
    good_at: int = 0

    def is_terminal(self, now: int) -> bool:
        """Whether somebody has logged in from here of late."""
        return bool(self.good_at) and now - self.good_at < REMEMBERED

    def is_forgotten(self, now: int) -> bool:
        """Whether nothing of it matters any more."""
        return now - self.good_at >= REMEMBERED and now - self.at >= FADED

    def wait(self, policy: Policy, now: int) -> int:
        """Milliseconds until the next try. Never more than the longest, should the clock have been turned back."""
        return max(0, min(self.blocked_until - now, policy.longest))

    def failed(self, policy: Policy, now: int) -> "Record":
        """After one more failure."""
        faded = max(0, now - self.at) / policy.fades
        failures = max(0.0, self.failures - faded) + 1
        over = failures - policy.free
        wait = 0 if over <= 0 else min(policy.first * 2 ** min(math.ceil(over) - 1, 30), policy.longest)
        return replace(self, failures=failures, at=now, blocked_until=now + wait)
