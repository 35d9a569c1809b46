"""What the server does beside answering goes on, or is missed at once."""

import asyncio
import errno
import logging
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from structura_local import app, work
from structura_local import space as space_module
from structura_local.errors import AppError
from structura_local.folder import Folder
from structura_local.operations.backups import Backups
from structura_local.operations.history import History
from structura_local.space import Space
from tests.plant import Clock


async def test_what_ends_with_an_error_is_told_at_once(caplog: pytest.LogCaptureFixture) -> None:
    """The log says which work is done no more, and why, while the rest goes on; the server stops as ever."""

    async def fails() -> None:
        raise ZeroDivisionError("by nothing")

    going_on, ended = asyncio.Event(), False

    async def goes_on() -> None:
        nonlocal ended
        try:
            going_on.set()
            await asyncio.Event().wait()
        finally:
            ended = True

    async with AsyncExitStack() as stack:
        work.beside(stack, "one", fails())
        work.beside(stack, "other", goes_on())
        await going_on.wait()
        async with asyncio.timeout(30):
            while not caplog.records:
                await asyncio.sleep(0.01)
        assert not ended
    (record,) = caplog.records
    assert record.levelno == logging.CRITICAL
    assert all(said in record.getMessage() for said in ("'one'", "ZeroDivisionError: by nothing"))
    assert ended


async def test_a_disk_that_takes_nothing_is_told_once(
    data_dir: Path, now: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What is done every minute says so once, in a sentence without a traceback; and again when it comes back."""
    monkeypatch.setattr(work, "MINUTE", 0.01)
    tries = 0

    class Counted(History):
        async def measure(self) -> None:
            nonlocal tries
            tries += 1
            await super().measure()

    def told() -> list[logging.LogRecord]:
        return [record for record in caplog.records if record.name == "structura_local.work"]

    async def thrice() -> None:
        """Three tries more have ended."""
        before = tries
        async with asyncio.timeout(30):
            while tries < before + 4:
                await asyncio.sleep(0.01)

    folder = Folder(data_dir)
    async with app.opened(folder, now) as plant, AsyncExitStack() as stack:
        backups = Backups(folder, now)
        stack.push_async_callback(backups.close)

        def read_only(on: bool) -> None:
            plant.store.door._connection.execute(f"PRAGMA query_only = {on}")

        read_only(True)
        work.measure(stack, Counted(plant.store, data_dir), backups)
        await thrice()
        (once,) = told()
        assert "cannot be written to" in once.getMessage()
        assert once.exc_info is None
        read_only(False)
        await thrice()
        read_only(True)
        await thrice()
        assert [record.getMessage() for record in told()] == [once.getMessage()] * 2
        read_only(False)


def test_what_names_another_file_each_time_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """A backup has a new name with every try; another reason is news."""
    trouble = work.Trouble("backups")
    errors: list[Exception] = [AppError("backup-unsound", id=str(n), reason="x") for n in range(3)]
    errors += [OSError(errno.ENOSPC, "no space", f"draft-{n}") for n in range(3)]
    for error in errors:
        trouble.say(error)
    assert len(caplog.records) == 2
    trouble.over()
    trouble.say(errors[-1])
    assert len(caplog.records) == 3


async def test_a_drive_that_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """While the folder's drive is away that is said once; when it is back, the room on it is looked after as before."""
    monkeypatch.setattr(space_module, "LOOK_EVERY", 0.01)
    looks = 0

    class Counted(Space):
        def look(self) -> None:
            nonlocal looks
            looks += 1
            super().look()

    folder = tmp_path / "drive"
    async with AsyncExitStack() as stack:
        work.beside(stack, "space", Counted(folder, lambda wanted: []).run())
        async with asyncio.timeout(30):
            while looks < 3:
                await asyncio.sleep(0.01)
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        folder.mkdir()
        async with asyncio.timeout(30):
            while not (folder / "reserve").exists():
                await asyncio.sleep(0.01)
