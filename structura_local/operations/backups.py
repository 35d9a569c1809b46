"""Backups, and restoring one into the running server. What is slow runs in a thread of its own, behind all others."""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from structura_local import clock
from structura_local.domain.access import CREATE, DELETE, LIST, READ, UPDATE, Caller
from structura_local.errors import AppError
from structura_local.folder import Folder
from structura_local.operations.access import require
from structura_local.phrases import Phrase, in_language, phrase
from structura_local.schemas import shown
from structura_local.store import backups, snapshot, sqlite
from structura_local.store.backups import HOUR, HOURLY, MANUAL, WEEK, Shelf
from structura_local.store.restore import Plan, Restore
from structura_local.store.snapshot import Unsound

PRESENT = "present"  # the id under which the database itself is restored: checked, and gone on with
STALE = 2 * HOUR + HOUR // 4  # milliseconds; two that should have been made were not

_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup as it is answered. `at`: as of when; `version`: of the program that had the database open.

    `counts` of living objects and `digests` of all rows, by collection, as they were when it was made and checked.
    `drilledAt`: when it was last opened and compared with these.
    """

    id: str
    at: str
    kind: str
    version: str
    schema: str
    bytes: int
    counts: dict[str, int]
    digests: dict[str, str]
    drilledAt: str | None = None  # noqa: N815 - the API's names


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restore does. Counts of living objects by collection: in the database before, and after; `digests` after.

    `keptAs`: the backup that the database before becomes.
    """

    backup: str
    at: str
    keptAs: str  # noqa: N815
    before: dict[str, int]
    after: dict[str, int]
    digests: dict[str, str]


@dataclass(frozen=True, slots=True)
class SecondPlace:
    """Where each backup is copied to. `error`: why the last copy failed, if it did."""

    path: str
    copiedAt: str | None = None  # noqa: N815
    error: str | None = None


@dataclass(frozen=True, slots=True)
class BackupStatus:
    """`state`: none yet, fine, stale (none for more than two hours), or failing, with `detail` in words.

    `bytes` of all together. `drilledAt`: when one was last opened and compared with what was recorded.
    """

    state: str
    detail: str
    count: int = 0
    bytes: int = 0
    newest: str | None = None
    newestAt: str | None = None  # noqa: N815
    ageSeconds: int | None = None  # noqa: N815
    drilledAt: str | None = None  # noqa: N815
    lastError: str | None = None  # noqa: N815
    secondPlace: SecondPlace | None = None  # noqa: N815
    lastRestore: RestoreReport | None = None  # noqa: N815


class Backups:
    """The backups of one data folder. `second`: where each is copied to as well."""

    def __init__(self, folder: Folder, now: clock.Now, second: Path | None = None) -> None:
        self.shelf = Shelf(folder.backups)
        self._folder = folder
        self._now = now
        self._second = second
        self._copied: tuple[int | None, Exception | None] = (None, None)  # to the second place: when, what went wrong
        self._error: Exception | None = None
        self.suspected = asyncio.Event()  # something says that the database is damaged
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="backups", initializer=_behind_all_others)

    async def close(self) -> None:
        """Let go of the database: a copy that is being made is given up, what is being read is read to its end."""
        self._stopping.set()
        await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)

    # What an administrator asks for

    async def find(self, caller: Caller) -> list[dict[str, Any]]:
        """All backups, the newest first."""
        require(caller, "backups", LIST)
        return [shown(_shown(backup)) for backup in await asyncio.to_thread(self.shelf.all)]

    async def make(self, caller: Caller) -> dict[str, Any]:
        """A backup now, checked. AppError `disk-full` or `backup-unsound`."""
        require(caller, "backups", CREATE)
        return shown(_shown(await self.made(MANUAL)))

    async def file(self, caller: Caller, backup_id: str) -> Path:
        """A backup's database, without the PIN keys. AppError `not-found`."""
        require(caller, "backups", READ)
        return self.shelf.file((await asyncio.to_thread(self.shelf.get, backup_id)).id)

    async def remove(self, caller: Caller, backup_id: str) -> None:
        """Remove a backup, to have its room. AppError `not-found`, or of the disk."""
        require(caller, "backups", DELETE)
        try:
            await asyncio.to_thread(lambda: self.shelf.remove(self.shelf.get(backup_id)))
        except OSError as error:
            raise sqlite.translated(error) from error

    async def restore(self, caller: Caller, backup_id: str) -> dict[str, Any]:
        """Have a backup ready to be swapped in at the next start. AppError `not-found` or `backup-unsound`."""
        require(caller, "backups", UPDATE)
        if backup_id == PRESENT:
            source = self._folder.database
        else:
            source = self.shelf.file((await asyncio.to_thread(self.shelf.get, backup_id)).id)
        return shown(_reported(await self.staged(source)))

    # What the server does

    async def made(self, kind: str) -> backups.Backup:
        """A new backup, checked, copied to the second place if there is one; old ones are thinned."""
        try:
            made = await self._run(
                lambda: self.shelf.make(kind, self._folder.database, self._folder.keys(), self._now(), self._rest)
            )
        except Exception as error:
            self._error = error
            if isinstance(error, AppError) and error.code == "backup-unsound":
                self.suspected.set()
            raise
        self._error = None
        await self._run(lambda: self.shelf.thin(self._now()))
        if self._second is not None:
            second = self._second
            try:
                await self._run(lambda: self.shelf.copy_to(made, second, self._now()))
                self._copied = (self._now(), None)
            except (OSError, Unsound) as error:
                _log.warning("the backup %s could not be copied to %s: %s", made.id, second, error)
                self._copied = (self._copied[0], error)
        _log.info("backup %s: %d bytes, checked", made.id, made.bytes)
        return made

    async def staged(self, source: Path) -> Plan:
        """Have a file ready to be swapped in at the next start. AppError `backup-unsound`."""
        restore = Restore(self._folder.database, self.shelf)
        plan = await asyncio.to_thread(restore.stage, source, self._now())  # somebody waits for it
        self._folder.add_keys(plan.keys)
        _log.warning("%s is ready to be restored; before: %s, after: %s", source, plan.before, plan.after)
        return plan

    async def keep_up(self) -> None:
        """Make, drill and adopt what is due."""
        await self.adopt()
        now, there = self._now(), await asyncio.to_thread(self.shelf.all)
        last = max((b.at for b in there if b.kind == HOURLY and b.at <= now), default=None)
        if last is None or now - last >= HOUR:
            await self.made(HOURLY)
        drilled = max((b.drilled_at for b in there if b.drilled_at and b.drilled_at <= now), default=None)
        if drilled is not None and now - drilled < WEEK:
            return
        if proved := await self._run(lambda: self.shelf.drill(self._now())):
            _log.info("backup %s was opened and is what it was when it was made", proved.id)

    async def damage(self) -> str | None:
        """What is wrong with the database, looked through to the last page; None: nothing."""
        try:
            await self._run(lambda: snapshot.check(self._folder.database))
        except Unsound as error:
            return str(error)
        self.suspected.clear()
        return None

    def suspect(self, error: Exception) -> None:
        """Have the database looked through if an error that somebody has met says that it is damaged."""
        if isinstance(error, AppError) and error.code == "damaged" and error.__cause__ is not None:
            self.suspected.set()

    async def adopt(self) -> None:
        """Put files on the shelf that a restore or a person has laid there."""
        for adopted in await self._run(lambda: self.shelf.adopt(self._folder.keys())):
            _log.info("backup %s was found and checked", adopted.id)

    async def status(self, language: str = "en") -> BackupStatus:
        """How the backups are doing."""
        return await asyncio.to_thread(self._status, language)

    def _status(self, language: str) -> BackupStatus:
        there, now = self.shelf.all(), self._now()
        newest = there[0] if there else None
        drilled = max((b.drilled_at for b in there if b.drilled_at), default=None)
        copied, failed = self._copied
        age = None if newest is None else max(0, now - newest.at)
        error = _why(self._error, language)
        state, detail = _in_words(age, error)
        last = self._folder.last_restore()
        return BackupStatus(
            state=state,
            detail=detail.text(language),
            count=len(there),
            bytes=sum(backup.bytes for backup in there),
            newest=newest.id if newest else None,
            newestAt=clock.iso(newest.at) if newest else None,
            ageSeconds=None if age is None else age // 1000,
            drilledAt=clock.iso(drilled) if drilled else None,
            lastError=error,
            secondPlace=SecondPlace(str(self._second), _iso(copied), _why(failed, language)) if self._second else None,
            lastRestore=_reported(Plan(**last)) if last else None,
        )

    async def _run(self, work: Callable[[], T]) -> T:
        if self._stopping.is_set():
            raise AppError("shutting-down")
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _rest(self, seconds: float) -> None:
        """Between two pieces of a copy."""
        if self._stopping.wait(seconds):
            raise AppError("shutting-down")


def _in_words(age: int | None, error: str | None) -> tuple[str, Phrase]:
    if error is not None:
        return "failing", phrase("backups-failing", error=error)
    if age is None:
        return "none", phrase("backups-none")
    if age > STALE:
        return "stale", phrase("backups-stale", hours=age / HOUR)
    return "fine", phrase("backups-fine", minutes=age // 60_000)


def _why(error: Exception | None, language: str) -> str | None:
    """What went wrong, in a language as far as we said it ourselves."""
    if error is None:
        return None
    return error.sentence(language) if isinstance(error, AppError) else in_language(snapshot.reason(error), language)


def _behind_all_others() -> None:
    """Have this thread give way to those that answer people."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)


def _shown(backup: backups.Backup) -> Backup:
    return Backup(
        id=backup.id,
        at=clock.iso(backup.at),
        kind=backup.kind,
        version=backup.program,
        schema=backup.schema,
        bytes=backup.bytes,
        counts=dict(backup.counts),
        digests=dict(backup.digests),
        drilledAt=_iso(backup.drilled_at),
    )


def _reported(plan: Plan) -> RestoreReport:
    before: Mapping[str, int] = plan.before
    return RestoreReport(
        plan.backup, clock.iso(plan.at), plan.kept_as, dict(before), dict(plan.after), dict(plan.digests)
    )


def _iso(ms: int | None) -> str | None:
    return None if ms is None else clock.iso(ms)
