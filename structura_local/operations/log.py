"""The server's log, for whoever looks after it from afar: what the files have, the newest first, without secrets."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from structura_local import logs
from structura_local.domain.access import LIST, Caller
from structura_local.domain.fields import choice
from structura_local.operations.access import require
from structura_local.operations.queries import PAGING, SEARCH, Options, understood
from structura_local.redact import redacted
from structura_local.schemas import shown

NEWEST = 300  # without a limit
SEARCHED = 10_000_000  # bytes, from the end; with five files of that size there may be five times as many
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_LEVEL = {"level": choice("level", *LEVELS)}
_BEGINS = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) ([A-Z]+) (\S+): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the log, with those that belong to it, as a trace does."""

    at: str
    level: str
    logger: str
    message: str


async def find(data_dir: Path, caller: Caller, options: Options) -> list[dict[str, Any]]:
    """The newest lines with all words of `q` in them, and of the severity `level` or worse."""
    require(caller, "logs", LIST)
    query = understood(_LEVEL, {"limit": PAGING["limit"], **SEARCH}, options)
    least = LEVELS.index(dict(query.equal)["level"][0]) if query.equal else 0
    words = [word.lower() for word in (query.text or "").split()]

    def read() -> list[dict[str, Any]]:
        found = []
        for line in _lines(data_dir):
            said = f"{line.logger} {line.message}".lower()
            if LEVELS.index(line.level) >= least and all(word in said for word in words):
                found.append(shown(line))
                if len(found) == (query.limit or NEWEST):
                    break
        return found

    return await asyncio.to_thread(read)


def _lines(data_dir: Path) -> Iterator[LogLine]:
    """From the end, as far as is searched."""
    left = SEARCHED
    for file in logs.files(data_dir):
        try:
            with file.open("rb") as opened:
                size = opened.seek(0, 2)
                opened.seek(max(0, size - left))
                content = opened.read(left).decode(errors="replace")
        except OSError:
            return  # it is being rotated
        left -= min(size, left)
        following: list[str] = []
        for text in reversed(content.splitlines()):
            line = _parsed(text, following)
            if line is None:
                following.insert(0, text)
            else:
                following = []
                yield line
        if left <= 0:
            return


def _parsed(text: str, following: list[str]) -> LogLine | None:
    """A line in either form of the log; None if it belongs to the one before."""
    if text.startswith("{"):
        try:
            said = orjson.loads(text)
            message = "\n".join(filter(None, (said["message"], said.get("exception"))))
            return _line(said["time"], said["level"], said["logger"], message)
        except (orjson.JSONDecodeError, KeyError, TypeError):
            return None
    begins = _BEGINS.match(text)
    if begins is None:
        return None
    second, thousandths, level, logger, message = begins.groups()
    try:
        at = datetime.fromisoformat(f"{second}.{thousandths}").astimezone(UTC)
    except ValueError:
        return None
    said = "\n".join([message, *following])
    return _line(at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{thousandths}Z", level, logger, said)


def _line(at: str, level: str, logger: str, message: str) -> LogLine | None:
    return LogLine(at, level, logger, redacted(message)) if level in LEVELS else None
