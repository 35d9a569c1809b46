"""What a file to import holds: the former frontend's data as JSON, or the former backend's SQLite database.

The JSON is the text that the frontend keeps in localStorage, an export of it, or a dump of localStorage with that text
in it. Which of them a file is, its content says, not its name.
"""

import codecs
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from structura_local.domain.catalog import COLLECTIONS
from structura_local.errors import AppError
from structura_local.phrases import Phrase, phrase
from structura_local.store import former

LARGEST = 256 * 2**20  # bytes; the memory of a plant PC, not the disk, is the limit
STORAGE_KEY = "structura_erp_factory_data_v3"  # of the frontend's localStorage

_WRAPS = 3  # a text in a dump in a text: more is not what a browser makes
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of a file by collection key, unchecked; `noted`: what it has that is not imported, or lacks.

    An import uses the rows up, so that a large file is not in memory twice.
    """

    rows: Mapping[str, list[Any]]
    noted: list[Phrase] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(map(len, self.rows.values()))


def read(content: bytes) -> Source:
    """The rows of a file; AppError `unreadable-import` if it cannot be read, `bad-import` if it is something else."""
    if len(content) > LARGEST:
        raise AppError("too-large", limit=LARGEST // 2**20)
    if former.is_database(content):
        return Source(*former.read(content))
    return of(_parsed(content))


def of(file: Any) -> Source:
    """The rows of parsed JSON; AppError `bad-import` if it is no export."""
    for _ in range(_WRAPS):
        if isinstance(file, str):
            with contextlib.suppress(orjson.JSONDecodeError):
                file = orjson.loads(file)
        elif isinstance(file, dict) and STORAGE_KEY in file:
            file = file[STORAGE_KEY]
    keys = {c.key for c in COLLECTIONS}
    if not isinstance(file, dict) or not any(isinstance(file.get(key), list) for key in keys):
        raise AppError("bad-import", reason=phrase("no-export"))
    rows: dict[str, list[Any]] = {}
    noted: list[Phrase] = []
    for key, listed in file.items():
        if key not in keys:
            noted.append(phrase("key-unknown", key=key, count=len(listed) if isinstance(listed, list | dict) else 1))
        elif listed is not None and not isinstance(listed, list):
            raise AppError("bad-import", reason=phrase("no-list", key=key))
        else:
            rows[key] = list(listed or ())  # a list of our own, to be used up
    if missing := [f"'{c.key}'" for c in COLLECTIONS if file.get(c.key) is None]:
        noted.append(phrase("keys-missing", keys=", ".join(missing)))
    return Source(rows, noted)


def _parsed(content: bytes) -> Any:
    if content.startswith(_UTF16):
        raise AppError("unreadable-import", reason=phrase("not-utf8"))
    text = content.removeprefix(codecs.BOM_UTF8)  # as Windows' Notepad writes it
    if sum(map(text.count, (b",", b"[", b"{"))) > former.MOST_VALUES:
        raise AppError("bad-import", reason=phrase("too-many-values", limit=former.MOST_VALUES))
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise AppError("unreadable-import", reason=_fault(text, error)) from None


def _fault(text: bytes, error: orjson.JSONDecodeError) -> Phrase:
    if not text.strip():
        return phrase("empty")
    try:
        characters = len(text.decode().rstrip())
    except UnicodeDecodeError as undecodable:
        cut = undecodable.end == len(text) and "unexpected end" in undecodable.reason
        return phrase("cut-off", line=text.count(b"\n") + 1) if cut else phrase("not-utf8")
    if error.pos >= characters:
        return phrase("cut-off", line=error.lineno)
    return phrase("not-json", line=error.lineno, column=error.colno)
