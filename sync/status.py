"""What the worker says of itself, at any time, in words."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`state`: local-only, connecting, exchanging, waiting or offline. Times are ISO 8601 UTC.

    `clockOffsetMs` is central's clock minus this one's. `inStep`: when both sides' digests were last found equal;
    `differing`: the collections that are not, although all was tried. `lastError` is a sentence; it stays until an
    exchange succeeds.
    """

    state: str
    detail: str = ""
    lastExchange: str | None = None  # noqa: N815 - the API's names
    lastError: str | None = None  # noqa: N815
    offlineSince: str | None = None  # noqa: N815
    nextTry: str | None = None  # noqa: N815
    clockOffsetMs: int | None = None  # noqa: N815
    inStep: str | None = None  # noqa: N815
    differing: tuple[str, ...] = ()
    pushed: int = 0
    pulled: int = 0


LOCAL_ONLY = Snapshot("local-only", "This plant is not connected to head office.")


@dataclass(slots=True)
class Monitor:
    """Where the worker writes what it does and the API reads it. `wake` starts an exchange now, `check` one
    before which both sides count all their rows anew.
    """

    enrolled: bool = False
    wake: Callable[[], None] = lambda: None
    check: Callable[[], None] = lambda: None
    _snapshot: Snapshot = field(default=LOCAL_ONLY)

    def snapshot(self) -> Snapshot:
        """What the worker does now."""
        return self._snapshot

    def report(self, **news: object) -> None:
        """Say what has changed."""
        self._snapshot = replace(self._snapshot, **news)  # type: ignore[arg-type]
