"""What was measured: kept as JSON row by row, so that rows can be run alone; document.py writes it out."""

import json
import os
import statistics
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from benchmarks.plants import HOME

KEPT = HOME / "results"


@dataclass(frozen=True)
class Figure:
    """One measured thing. `met`: whether its goal was; None if it has none. `beside`: the reference, `ratio` to it."""

    what: str
    figure: str
    goal: str = ""
    met: bool | None = None
    beside: str = ""
    ratio: float | None = None


@dataclass(frozen=True)
class Bar:
    """A bar of a row's plot."""

    name: str
    value: float
    unit: str


@dataclass(frozen=True)
class Outcome:
    """What a row's program has found. `bars`: what its plot shows."""

    figures: Sequence[Figure]
    bars: Sequence[Bar] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def keep(row: str, title: str, outcome: Outcome) -> None:
    """Keep what a row has found."""
    KEPT.mkdir(parents=True, exist_ok=True)
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    said = {"title": title, **_when(), "load": load, **asdict(outcome)}
    (KEPT / f"{row}.json").write_text(json.dumps(said, indent=1, ensure_ascii=False), encoding="utf-8")
    (KEPT / f"{row}.failed").unlink(missing_ok=True)


def keep_failure(row: str, reason: str) -> None:
    """Keep that a row could not be measured; what it found before stays."""
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{row}.failed").write_text(f"Failed at {_when()['at']}: {reason}", encoding="utf-8")


def _when() -> dict[str, str]:
    described = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return {"at": datetime.now(UTC).isoformat(timespec="minutes"), "commit": described.stdout.strip() or "unknown"}


def at_most(what: str, value: float, limit: float, unit: str) -> Figure:
    """A figure that is to be no more than a limit."""
    return Figure(what, f"{value:,.1f} {unit}", f"≤ {limit:,} {unit}", value <= limit)


def at_least(what: str, value: float, limit: float, unit: str, name: str, beside: float) -> Figure:
    """A figure that is to be no less than a limit, beside another of this name."""
    told = f"{name}: {beside:,.0f} {unit}"
    return Figure(what, f"{value:,.0f} {unit}", f"≥ {limit:,} {unit}", value >= limit, told, value / beside)


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def alternating(rounds: int, *measures: Callable[[], Any]) -> list[list[Any]]:
    """Each measurement once a round, one after the other, so that what else the machine does meets all alike."""
    taken = [[measure() for measure in measures] for _ in range(rounds)]
    return [list(column) for column in zip(*taken, strict=True)]
