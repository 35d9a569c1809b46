"""Room on the disk: a warning in time, old things given up first, writing stopped before it fails, and a reserve.

The reserve is a file of some megabytes. When the disk is full it is given up, so that people can still log in, log out
and delete; all other writes are refused until there is room again, and then go on by themselves.
"""

import asyncio
import contextlib
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LOW = 2 * 2**30  # bytes free at which backups and old logs are given up; at most a tenth of the disk
FULL = 32 * 2**20  # at which writing stops; at most a fiftieth of the disk
RESERVE = 8 * 2**20
LOOK_EVERY = 2.0  # seconds

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Room:
    """How a disk is doing, in bytes. `state`: fine, low or full."""

    free: int
    total: int
    state: str


class Space:
    """The disk of a data folder. `give_up` removes old things until so many bytes are free; it says what it removed."""

    def __init__(self, folder: Path, give_up: Callable[[int], list[str]]) -> None:
        self._folder = folder
        self._give_up = give_up
        self._reserve = folder / "reserve"
        self._suspected = asyncio.Event()
        self._told = "fine"
        self.stop_writing: Callable[[bool], None] = lambda full: None

    def room(self) -> Room:
        """How it is now."""
        disk = shutil.disk_usage(self._folder)
        low, full = self._limits(disk.total)
        # While the reserve is given up, what was its room is no reason to write again.
        missing = 0 if self._reserve.exists() else min(RESERVE, full)
        state = "full" if disk.free < full + missing else "low" if disk.free < low else "fine"
        return Room(disk.free, disk.total, state)

    def suspect(self) -> None:
        """A write has failed for want of room."""
        self._suspected.set()

    async def run(self) -> None:
        """Look, and look again, until cancelled."""
        trouble = ""
        while True:
            try:
                self.look()
                trouble = ""
            except Exception as error:  # such as a drive that went away
                if trouble != (trouble := f"{type(error).__name__}: {error}"):
                    _log.exception("the disk could not be looked at; it is tried again in a moment")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self._suspected.wait()
            self._suspected.clear()

    def look(self) -> None:
        """Do what the room there is asks for."""
        room = self.room()
        with contextlib.suppress(OSError):  # of a disk that is read-only the writes that fail tell
            if room.state != "fine" and (removed := self._give_up(self._limits(room.total)[0])):
                _log.warning("the disk is nearly full; given up: %s", ", ".join(removed))
                room = self.room()
            if room.state == "full":
                self._reserve.unlink(missing_ok=True)
        if room.state != "full" and not self._reserve.exists():
            self._make_reserve(min(RESERVE, self._limits(room.total)[1]))
        self.stop_writing(room.state == "full")
        if room.state != self._told:
            _log.log(
                logging.INFO if room.state == "fine" else logging.WARNING,
                "the disk is %s: %d MB of %d MB are free", room.state, room.free // 2**20, room.total // 2**20,
            )  # fmt: skip
            self._told = room.state

    @staticmethod
    def _limits(total: int) -> tuple[int, int]:
        return min(LOW, total // 10), min(FULL, total // 50)

    def _make_reserve(self, size: int) -> None:
        draft = self._reserve.with_name(".reserve.new")
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.writelines(
                    os.urandom(min(size, 2**20)) for _ in range(0, size, 2**20)
                )  # some file systems keep no zeros
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._reserve)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)


def old_logs(folder: Path) -> list[Path]:
    """Log files that were rotated away, the oldest first."""
    return sorted((folder / "logs").glob("*.log.*"), key=lambda file: file.stat().st_mtime)
