"""Small files that are there whole or not at all, whatever happens meanwhile."""

import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from structura_local.errors import StartError
from structura_local.trouble import trouble

_PATIENCE = 5.0  # seconds for which a file is tried that something else holds, as virus scanners do on Windows


def read_json(path: Path) -> Any:
    """The JSON of a file; StartError if there is none that can be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StartError(trouble(path, error, "read")) from error
    except ValueError as error:
        raise StartError(f"{path} is damaged, or no JSON: {error}") from error


def write_secret(path: Path, content: str | bytes) -> None:
    """Write a file that only this account can read; whole or not at all. StartError if it cannot be written.

    It is on the disk when this returns, so a stick may be pulled out.
    """
    content = content.encode() if isinstance(content, str) else content
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        move(draft, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise StartError(trouble(path, error, "written")) from error


def private_folder(path: Path) -> None:
    """Make a folder that only this account can use, unless it is there.

    On Windows, those who can use the folder above: for mode 700 Python makes a list of its own there, on which the
    service's account is not where an administrator runs a command.
    """
    path.mkdir(mode=0o777 if sys.platform == "win32" else 0o700, parents=True, exist_ok=True)


def move(source: Path, target: Path) -> None:
    """Give a file another name in place of whatever has that; on the disk when this returns. Blocking."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            source.replace(target)
            break
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    sync_folder(target.parent)


def sync_folder(path: Path) -> None:
    """Have the names of a folder's files on the disk too."""
    if sys.platform == "win32":
        return  # it has no such call, and journals names by itself
    opened = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(opened)
    finally:
        os.close(opened)
