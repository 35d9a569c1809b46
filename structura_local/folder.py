"""The data folder: database, keys, bundle, and the lock that keeps a second server out.

Everything in it is for the service's account alone.
"""

import contextlib
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from structura_local.errors import StartError


class Folder:
    """The files of one plant PC."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / "structura.db"
        self._lock = FileLock(path / "lock", timeout=0)
        self._running = path / "running.json"

    @property
    def exists(self) -> bool:
        """Whether a plant was set up here."""
        return self.database.exists()

    def require(self) -> None:
        """StartError unless a plant was set up here."""
        if not self.exists:
            raise StartError(
                f"There is no plant in {self.path}; run 'structura-local init' or 'structura-local enroll' first."
            )

    @contextlib.contextmanager
    def locked(self) -> Any:
        """Make the folder if need be and keep every other process out while this runs."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if sys.platform != "win32":
                self.path.chmod(0o700)
            self._lock.acquire(timeout=1)  # a command may be looking whether a server runs
        except Timeout:
            running = self.running()
            who = f" (process {running['pid']}, {running['url']})" if running else ""
            raise StartError(f"Another server is already running on {self.path}{who}.") from None
        except OSError as error:
            raise StartError(f"The data folder {self.path} cannot be used: {error.strerror or error}") from error
        try:
            yield
        finally:
            self._lock.release()

    def announce(self, url: str, token: str) -> None:
        """Say where the running server is; the token lets commands on this machine in as its owner."""
        write_secret(self._running, json.dumps({"pid": os.getpid(), "url": url, "token": token}))

    def withdraw(self) -> None:
        """Take the announcement back."""
        self._running.unlink(missing_ok=True)

    def running(self) -> dict[str, Any] | None:
        """What a running server announced; None if there is none."""
        try:
            announced: dict[str, Any] = json.loads(self._running.read_text())
        except (OSError, ValueError):
            return None
        return announced

    def is_locked(self) -> bool:
        """Whether a server runs on this folder."""
        try:
            with self._lock:
                return False
        except (Timeout, OSError):
            return self.path.exists()

    def token_secret(self) -> str:
        """The key that signs tokens, made on first use."""
        return self._secret("token-secret", lambda: secrets.token_hex(32))

    def pin_keys(self) -> dict[str, str]:
        """The plant's PIN keys by id, the first one this machine's own; made on first use."""
        self._secret("pin-keys.json", lambda: json.dumps({secrets.token_hex(3): secrets.token_hex(32)}))
        keys: dict[str, str] = read_json(self.path / "pin-keys.json")
        return keys

    def add_pin_keys(self, keys: dict[str, str]) -> None:
        """Keep keys that another PC of the plant made; its own stays first."""
        write_secret(self.path / "pin-keys.json", json.dumps({**self.pin_keys(), **keys}))

    def bundle(self) -> dict[str, Any] | None:
        """The enrolment bundle from head office; None before `enroll`."""
        path = self.path / "bundle.json"
        bundle: dict[str, Any] | None = read_json(path) if path.exists() else None
        return bundle

    def keep_bundle(self, bundle: dict[str, Any]) -> None:
        """Keep an enrolment bundle."""
        write_secret(self.path / "bundle.json", json.dumps(bundle))

    def _secret(self, name: str, make: Any) -> str:
        path = self.path / name
        with contextlib.suppress(FileNotFoundError):
            return path.read_text(encoding="utf-8")
        write_secret(path, make())
        return path.read_text(encoding="utf-8")


def read_json(path: Path) -> Any:
    """The JSON of a file; StartError if there is none that can be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise StartError(f"{path} is damaged, or no JSON: {error}") from error


def write_secret(path: Path, text: str) -> None:
    """Write a file that only this account can read; whole or not at all. StartError if it cannot be written."""
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise StartError(f"{path} cannot be written: {error.strerror or error}") from error
