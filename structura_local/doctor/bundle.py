"""The support bundle: one zip for whoever helps from afar. Nothing in it opens a door or names a client."""

import json
import platform
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from structura_local import __version__, logs
from structura_local.domain.clients import CLIENTS
from structura_local.domain.users import USERS
from structura_local.errors import StartError
from structura_local.folder import Folder
from structura_local.operations.settings import describe
from structura_local.owner import ask
from structura_local.redact import redacted
from structura_local.settings import Settings
from structura_local.store import sqlite
from structura_local.store.health import Health, texts

_SETUP_LINK = re.compile(r"(?<=/setup#)\S+")  # the log has it on purpose; it may still be good
SHORTEST = 3  # characters of a name that is taken out of texts; a shorter one is a part of too many words
_FOR_A_SECRET = ("token-secret", "pin-keys.json", "running.json", "bundle.json")  # files in the data folder


async def write(
    out: Path, settings: Settings, folder: Folder, findings: list[dict[str, str]], health: Health | None
) -> None:
    """Write the zip. StartError if it cannot be written."""
    hidden = set(_secrets(settings, folder))
    if health is not None and not health.problems:
        hidden |= {value for value in texts(folder.database, CLIENTS, USERS) if len(value) >= SHORTEST}
    hidden |= {json.dumps(value, ensure_ascii=False)[1:-1] for value in hidden}
    parts: dict[str, Any] = {
        "doctor.json": findings,
        "settings.json": await _asked(folder, "/api/system/settings") or describe(settings),
        "status.json": await _asked(folder, "/api/system/status"),
        "versions.json": _versions(),
        "counts.json": health.counts if health else None,
        "files.json": {
            str(f.relative_to(folder.path)): f.stat().st_size for f in folder.path.rglob("*") if f.is_file()
        },
    }
    try:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, content in parts.items():
                bundle.writestr(name, redacted(json.dumps(content, ensure_ascii=False, indent=1), hidden))
            for file in logs.files(folder.path):
                text = file.read_text(encoding="utf-8", errors="replace")
                bundle.writestr(f"{logs.FOLDER}/{file.name}", redacted(_SETUP_LINK.sub("", text), hidden))
    except OSError as error:
        raise StartError(f"{out} cannot be written: {error.strerror or error}") from error


def _secrets(settings: Settings, folder: Folder) -> Iterator[str]:
    """Whatever lets somebody in: keys, tokens, passwords."""
    yield from filter(None, [settings.jwt_secret])
    for name in _FOR_A_SECRET:
        path = folder.path / name
        if not path.is_file():
            continue
        content = path.read_text(encoding="utf-8", errors="replace").strip()
        try:
            values = json.loads(content)
        except ValueError:
            yield content
            continue
        for key, value in values.items() if isinstance(values, dict) else ():
            if key == "dsn" and (password := urlsplit(value).password):
                yield from (password, unquote(password))
            elif key in ("token", "carry") or name == "pin-keys.json":
                yield str(value)


async def _asked(folder: Folder, path: str) -> Any:
    """What the running server says; None if it does not run, or says nothing."""
    try:
        return await ask(folder, "GET", path) if folder.is_locked() else None
    except StartError as error:
        return {"error": str(error)}


def _versions() -> dict[str, str]:
    return {
        "structura-local": __version__,
        "sqlite": sqlite.VERSION,
        "python": sys.version,
        "system": platform.platform(),
        "machine": platform.machine(),
        "packaged": str(getattr(sys, "frozen", False)),
    }
