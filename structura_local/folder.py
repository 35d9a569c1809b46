"""The data folder: database, keys, bundle, and the lock that keeps a second server out.

Everything in it is for the service's account alone.
"""

import contextlib
import errno
import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from structura_local.drives import network_drive
from structura_local.errors import Damaged, StartError
from structura_local.files import private_folder, read_json, write_secret
from structura_local.trouble import trouble

_PIN_KEYS, _AUTHORITY = "pin-keys.json", "tls/ca.pem"
_NEEDED = ("structura.db*", _PIN_KEYS, _AUTHORITY, "token-secret", "bundle.json", "settings.toml", "backups", "logs")


class Folder:
    """The files of one plant PC."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.database = path / "structura.db"
        self.backups = path / "backups"
        self._in_use = path / "in-use"
        self._setting_up = path / "setting-up"
        self._lock = FileLock(path / "lock", timeout=0)
        self._running = path / "running.json"

    @property
    def exists(self) -> bool:
        """Whether a plant was set up here, also if its database is lost."""
        return not self._setting_up.exists() and (_has_bytes(self.database) or self._had_one())

    def begin_setup(self) -> None:
        """A plant is being made here: until `end_setup` there is none, whatever is in the folder."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_secret(self._setting_up, "")
        self._clear()

    def end_setup(self) -> None:
        """The plant is made."""
        self._setting_up.unlink()

    def undo_setup(self) -> None:
        """What was to be a plant is none; the next try starts afresh."""
        self._clear()
        self._setting_up.unlink(missing_ok=True)

    def _clear(self) -> None:
        for name in ("structura.db", "structura.db-wal", "structura.db-shm", "bundle.json", "in-use"):
            (self.path / name).unlink(missing_ok=True)

    def _had_one(self) -> bool:
        signs = (self._in_use, self.path / "structura.db-wal", self.path / "restore.json", self.path / "bundle.json")
        return any(sign.exists() for sign in signs) or any(self.backups.glob("*.db"))

    def look_at(self) -> None:
        """Damaged if the database is not here although there was one, or has lost what was not yet folded into it.

        The latter only after an unclean stop: who stops cleanly leaves no write-ahead log.
        """
        if not _has_bytes(self.database):
            if self._had_one():
                raise Damaged(f"The database {self.database} is missing or empty")
        elif self.left_in_use and not self.database.with_name("structura.db-wal").exists():
            raise Damaged(f"The last writes to {self.database} are missing: its write-ahead log is gone")

    @property
    def left_in_use(self) -> bool:
        """Whether the last use of the database was not ended: an unclean stop."""
        return self._in_use.exists()

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """To be held only while the database is open: whoever finds the sign of it finds a write-ahead log, too."""
        with contextlib.suppress(StartError):  # a full disk is no reason not to read
            write_secret(self._in_use, "")
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # on a disk that takes nothing any more it has not ended well
                self._in_use.unlink(missing_ok=True)

    def count_unclean_stop(self, now: str) -> None:
        """Another one was found."""
        with contextlib.suppress(StartError):
            write_secret(
                self.path / "stops.json", json.dumps({"count": self.unclean_stops()["count"] + 1, "last": now})
            )

    def unclean_stops(self) -> dict[str, Any]:
        """How often the database was not closed (`count`), and when that was last found (`last`)."""
        with contextlib.suppress(OSError, ValueError):
            stops: dict[str, Any] = json.loads((self.path / "stops.json").read_text())
            return stops
        return {"count": 0}

    def last_restore(self) -> dict[str, Any] | None:
        """What the last restore did (store/restore.py); None if there was none."""
        with contextlib.suppress(OSError, ValueError):
            plan: dict[str, Any] = json.loads((self.path / "restored.json").read_text())
            return plan
        return None

    def require(self) -> None:
        """StartError unless a plant was set up here."""
        if not self.exists:
            raise StartError(
                f"There is no plant in {self.path}; run 'structura-local init' or 'structura-local enroll' first."
            )

    @contextlib.contextmanager
    def locked(self) -> Any:
        """Make the folder if need be and keep every other process out while this runs."""
        if kind := network_drive(self.path):
            raise StartError(
                f"The data folder {self.path} is on a network drive ({kind}), where databases are damaged; "
                "choose a folder on a disk of this machine."
            )
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if sys.platform != "win32":
                self.path.chmod(0o700)
            self._lock.acquire(timeout=1)  # a command may be looking whether a server runs
            self._look_at_rights()
        except Timeout:
            running = self.running()
            who = f" (process {running['pid']}, {running['url']})" if running else ""
            raise StartError(f"Another server is already running on {self.path}{who}.") from None
        except OSError as error:
            raise StartError(trouble(Path(error.filename or self.path), error)) from error
        try:
            yield
        finally:
            self._lock.release()

    def _look_at_rights(self) -> None:
        """PermissionError for what this account may not use, before SQLite calls it something else, or at a login."""
        for name in _NEEDED:
            for path in self.path.glob(name):
                needed = os.R_OK | os.W_OK | os.X_OK if path.is_dir() else os.R_OK
                if path.name.startswith(self.database.name):
                    needed |= os.W_OK
                if path.exists() and not os.access(path, needed):
                    raise PermissionError(errno.EACCES, "Permission denied", str(path))

    def announce(self, url: str, token: str, setup: Sequence[str] = ()) -> None:
        """Say where the running server is; the token lets commands on this machine in as its owner.

        `setup`: links with which it is set up, while there is no plant.
        """
        write_secret(self._running, json.dumps({"pid": os.getpid(), "url": url, "token": token, "setup": setup}))

    def withdraw(self) -> None:
        """Take the announcement back."""
        with contextlib.suppress(OSError):  # which says no more than that it cannot be written to
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
        except Timeout:
            return True
        except OSError:  # a disk that has become read-only under a server, or a folder that is somebody else's
            import psutil  # noqa: PLC0415 - nearly all go without

            running = self.running()
            return running is not None and psutil.pid_exists(running["pid"])

    def token_secret(self) -> str:
        """The key that signs tokens, made on first use."""
        return self._secret("token-secret", lambda: secrets.token_hex(32))

    def pin_keys(self) -> dict[str, str]:
        """The plant's PIN keys by id, the first one this machine's own; made on first use."""
        self._secret(_PIN_KEYS, lambda: json.dumps({secrets.token_hex(3): secrets.token_hex(32)}))
        keys: dict[str, str] = read_json(self.path / _PIN_KEYS)
        return keys

    def add_pin_keys(self, keys: dict[str, str]) -> None:
        """Keep keys that another PC of the plant made; its own stays first."""
        write_secret(self.path / _PIN_KEYS, json.dumps({**self.pin_keys(), **keys}))

    def keys(self) -> dict[str, str]:
        """The keys that another PC needs beside the database, by file: for PINs, and the authority."""
        self.pin_keys()
        files = (self.path / name for name in (_PIN_KEYS, _AUTHORITY))
        return {file.relative_to(self.path).as_posix(): file.read_text("ascii") for file in files if file.exists()}

    def add_keys(self, keys: Mapping[str, str]) -> None:
        """Keep those of another PC's backup: for PINs beside this PC's own, the authority only where there is none."""
        if _PIN_KEYS in keys:
            self.add_pin_keys(json.loads(keys[_PIN_KEYS]))
        authority = self.path / _AUTHORITY
        if _AUTHORITY in keys and not authority.exists():
            private_folder(authority.parent)
            write_secret(authority, keys[_AUTHORITY])

    def bundle(self) -> dict[str, Any] | None:
        """The enrolment bundle from head office; None before `enroll`."""
        path = self.path / "bundle.json"
        bundle: dict[str, Any] | None = read_json(path) if path.exists() else None
        return bundle

    def keep_bundle(self, bundle: dict[str, Any]) -> None:
        """Keep an enrolment bundle."""
        write_secret(self.path / "bundle.json", json.dumps(bundle))

    def bundle_ready(self) -> dict[str, Any] | None:
        """A bundle that the next life of the server is to go on with; None if there is none."""
        path = self.path / "bundle-ready.json"
        bundle: dict[str, Any] | None = read_json(path) if path.exists() else None
        return bundle

    def lay_bundle_ready(self, bundle: dict[str, Any] | None) -> None:
        """Lay a bundle ready for the next life of the server; None: none any more."""
        if bundle is None:
            (self.path / "bundle-ready.json").unlink(missing_ok=True)
        else:
            write_secret(self.path / "bundle-ready.json", json.dumps(bundle))

    def _secret(self, name: str, make: Any) -> str:
        path = self.path / name
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StartError(trouble(path, error, "read")) from error
        write_secret(path, make())
        return path.read_text(encoding="utf-8")


def _has_bytes(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0
