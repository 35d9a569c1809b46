"""Time and new ids. Tests hand in their own clock; nothing else in the program asks the operating system."""

import os
import string
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

Now = Callable[[], int]  # milliseconds since 1970, UTC

MADE = 1_767_225_600_000  # 2026: a clock that shows less is wrong, since this program did not exist yet

_ALPHABET = (string.ascii_lowercase + string.digits).encode()
_LETTERS = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))  # four of them a little likelier than others


def now() -> int:
    """The wall clock, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def stopwatch() -> Callable[[], int]:
    """Milliseconds since this call, however the wall clock is set, also those that the PC sleeps through."""
    began = _steady()
    return lambda: (_steady() - began) // 1_000_000


def _steady() -> int:
    if sys.platform == "linux":  # where the monotonic clock sleeps with the PC
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.monotonic_ns()


def iso(ms: int) -> str:
    """The contract's form of a timestamp: ISO 8601, UTC, milliseconds, `Z`."""
    seconds, rest = divmod(ms, 1000)
    return f"{_to_the_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=64)
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def epoch_ms(moment: str | None) -> int | None:
    """Milliseconds since 1970 of an ISO 8601 date or timestamp; None if it is none. Without a zone it is UTC."""
    try:
        parsed = datetime.fromisoformat(moment or "")
        return round((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def new_id(prefix: str, ms: int) -> str:
    """An id in the frontend's own manner: `JOBS-1770624000118-k3m9x2`."""
    return f"{prefix.upper()}-{ms}-{random_word(9)}"


def random_word(length: int) -> str:
    """Lower-case letters and digits, from the system's randomness. For names; nothing that must not be guessed."""
    return os.urandom(length).translate(_LETTERS).decode()
