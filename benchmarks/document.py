"""RESULTS.md and its plots, written anew from all that is kept: at any time, whatever has been measured so far.

What people have to say about a row (the profile behind a goal that is missed, what was tried) is in `notes/`, under the
row's name, and comes in from there.
"""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.goals import GOALS, Goal
from benchmarks.results import KEPT, Bar, Figure
from structura_local.store import sqlite

_HERE = Path(__file__).parent
DOCUMENT, PLOTS, NOTES = _HERE / "RESULTS.md", _HERE / "plots", _HERE / "notes"
_MET = {True: "met", False: "**missed**", None: ""}


def write(rows: Iterable[str]) -> None:
    """The goals, then each row in full, in the order of the rows."""
    kept = {row: said for row in rows if (said := _kept(row))}
    lines = ["# Results", "", *_about(), "", "| what | goal | figure | ratio | |", "| --- | --- | --- | --- | --- |"]
    lines += [_summed_up(goal, kept.get(goal.row)) for goal in GOALS]
    for row in rows:
        lines += ["", *_section(row, kept.get(row))]
    DOCUMENT.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _kept(row: str) -> dict[str, Any] | None:
    file = KEPT / f"{row}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def _summed_up(goal: Goal, said: dict[str, Any] | None) -> str:
    known = [Figure(**figure) for figure in said["figures"]] if said else []
    found = [[figure for figure in known if figure.what.startswith(name)] for name in goal.figures]
    figures = [figure for some in found for figure in some[:1]]
    told = "; ".join(f"{figure.what}: {figure.figure}" for figure in figures)
    ratio = "; ".join(f"{figure.ratio:.2f} ({figure.beside})" for figure in figures if figure.ratio is not None)
    verdicts = [figure.met for figure in figures]
    met = False if False in verdicts else True if all(found) and figures else None
    missing = [name for name, some in zip(goal.figures, found, strict=True) if not some]
    if missing:
        told = "; ".join([*([told] if told else []), *(f"{name}: not measured" for name in missing)])
    return f"| [{goal.what}](#{goal.row}) | {goal.goal} | {told} | {ratio} | {_MET[met]} |"


def _section(row: str, said: dict[str, Any] | None) -> list[str]:
    lines = [f"## {row}", ""]
    if said is None:
        lines += ["Not measured."]
    else:
        lines += [f"{said['title']}.", "", "| what | figure | goal | | beside it | ratio |"]
        lines += ["| --- | --- | --- | --- | --- | --- |", *(_line(Figure(**figure)) for figure in said["figures"])]
        when = f"{said['at']}, commit {said['commit']}, load average when it ended: {said['load']}."
        lines += ["", when, *(f"\n{note}" for note in said["notes"])]
        if said["bars"]:
            PLOTS.mkdir(exist_ok=True)
            (PLOTS / f"{row}.svg").write_text(_plot([Bar(**bar) for bar in said["bars"]]), encoding="utf-8")
            lines += ["", f"![{row}](plots/{row}.svg)"]
    for file in (KEPT / f"{row}.failed", NOTES / f"{row}.md"):
        if file.exists():
            lines += ["", file.read_text(encoding="utf-8").strip()]
    return lines


def _line(figure: Figure) -> str:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    return f"| {figure.what} | {figure.figure} | {figure.goal} | {_MET[figure.met]} | {figure.beside} | {ratio} |"


def _about() -> list[str]:
    cpu = next((x.split(":")[1].strip() for x in _read("/proc/cpuinfo") if x.startswith("model name")), "unknown")
    memory = next((int(x.split()[1]) // 2**20 for x in _read("/proc/meminfo") if x.startswith("MemTotal")), 0)
    libraries = ", ".join(f"{name} {version(name)}" for name in ("aiohttp", "uvloop", "pydantic", "asyncpg"))
    wrk = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout.split("[")[0].strip()
    return [
        "Made by `make bench`; each row alone by `make bench ROWS=name`, 200 terminals for ten minutes by",
        "`make bench ROWS=terminals`. What a row is, and what stands beside it, says the program of its name in",
        "`rows/`. Rates and times are medians of alternating rounds; ratios are this server's figure to the one beside",
        "it in the same run. The load average tells of other work there.",
        "",
        f"- {os.cpu_count()} processors ({cpu}), {memory} GiB, {platform.system()} {platform.release()}",
        f"- Python {platform.python_version()}, SQLite {sqlite.VERSION}, {libraries}, {wrk}",
    ]


def _read(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []


def _plot(bars: Sequence[Bar]) -> str:
    """Bars as SVG; each unit has a scale of its own."""
    high, left, wide = 26, 330, 360
    most = {bar.unit: max(b.value for b in bars if b.unit == bar.unit) or 1 for bar in bars}
    drawn = []
    for number, bar in enumerate(bars):
        y, length = 8 + number * high, max(bar.value / most[bar.unit] * wide, 1)
        shade = "#9aa5b1" if bar.name.startswith("(") else "#2563eb"
        drawn.append(
            f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">{bar.name}</text>'
            f'<rect x="{left}" y="{y}" width="{length:.0f}" height="18" fill="{shade}"/>'
            f'<text x="{left + length + 6:.0f}" y="{y + 14}">{bar.value:,.4g} {bar.unit}</text>'
        )
    size = f'width="{left + wide + 130}" height="{16 + len(bars) * high}"'
    style = "<style>text{font:13px sans-serif;fill:#111}</style>"
    background = '<rect width="100%" height="100%" fill="white"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{background}{"".join(drawn)}</svg>\n'
