"""Where log lines go, and what they look like. No line has a secret in it.

A server writes them to its error output and to `logs/` in its data folder: five files of 10 MB, the oldest goes first.
"""

import json
import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from structura_local import clock
from structura_local.errors import StartError
from structura_local.redact import redacted
from structura_local.settings import FILE_NAME, Settings
from structura_local.trouble import trouble

FOLDER, NAME = "logs", "structura-local.log"
SIZE, FILES = 10_000_000, 5
_TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def to_stderr(settings: Settings) -> None:
    """What every command does with its log."""
    logging.basicConfig(level=settings.log_level, handlers=[_formatted(logging.StreamHandler(), settings)])
    for library in ("alembic", "aiosqlite"):  # the latter would log the values of queries, hashes among them
        logging.getLogger(library).setLevel(logging.WARNING)


def to_files(settings: Settings) -> logging.Handler:
    """Write the log to files too, which outlive the server's window. StartError if it cannot."""
    folder = settings.data_dir / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _Files(folder / NAME, maxBytes=SIZE, backupCount=FILES - 1, encoding="utf-8")
    except OSError as error:
        raise StartError(trouble(folder / NAME, error, "written")) from error
    handler = _formatted(file, settings)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(settings.log_level)
    return handler


def not_started(settings: Settings, sentence: str) -> bool:
    """Write why a server was not started, for whoever looks for that in its log and nowhere else.

    One line in one write, and nothing is rotated: another server may be writing there. A folder that shows no trace of
    a plant is left alone; then it returns False. OSError if it cannot be written.
    """
    file = settings.data_dir / FOLDER / NAME
    if not any(path.is_file() for path in (file, settings.data_dir / FILE_NAME, settings.data_dir / "structura.db")):
        return False
    line = logging.LogRecord("structura_local", logging.ERROR, "", 0, "not started: %s", (sentence,), None)
    file.parent.mkdir(exist_ok=True)
    with file.open("a", encoding="utf-8", errors="backslashreplace") as log:
        log.write(_formatter(settings).format(line) + "\n")
    return True


def files(data_dir: Path) -> list[Path]:
    """The log files of a plant, the newest first."""
    found = [data_dir / FOLDER / NAME, *(data_dir / FOLDER / f"{NAME}.{n}" for n in range(1, FILES))]
    return [file for file in found if file.is_file()]


class _Files(RotatingFileHandler):
    """Goes on in the same file while a virus scanner holds it, and while the disk is full."""

    def doRollover(self) -> None:  # noqa: N802 - the library's name
        try:
            super().doRollover()
        except OSError:
            self.stream = self.stream or self._open()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


class _Redacted(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


class _Json(logging.Formatter):
    """One JSON object a line, with times as the API has them."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": clock.iso(int(record.created * 1000)),
            "level": record.levelname,
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = redacted(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def _formatter(settings: Settings) -> logging.Formatter:
    return _Json() if settings.log_format == "json" else _Redacted(_TEXT)


def _formatted(handler: logging.Handler, settings: Settings) -> logging.Handler:
    handler.setFormatter(_formatter(settings))
    return handler
