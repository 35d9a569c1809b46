"""Time and new ids. Tests hand in their own clock; nothing else in the program asks the operating system."""

import secrets
import string
import time
from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], int]  # milliseconds since 1970, UTC

_ALPHABET = string.ascii_lowercase + string.digits


def now() -> int:
    """The wall clock, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def iso(ms: int) -> str:
    """The contract's form of a timestamp: ISO 8601, UTC, milliseconds, `Z`."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


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
    """Lower-case letters and digits, from the system's randomness."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
