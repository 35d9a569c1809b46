"""The shelf of backups: files in a folder, each with a page beside it that says what is in it. Blocking throughout.

A backup is two files: `ID.db`, the database as of one moment, and `ID.json`, its page: when and why it was made, what
was counted and digested then, and keys, without which nobody could log in after a lost disk, and every device had to
trust HTTPS anew. It is on the shelf from when it has been opened and checked; a file without a page is none yet.
"""

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from structura_local import __version__, clock
from structura_local.errors import AppError, StartError
from structura_local.files import private_folder, sync_folder, write_secret
from structura_local.phrases import phrase
from structura_local.store import snapshot, sqlite
from structura_local.store.snapshot import Unsound

_log = logging.getLogger(__name__)

HOURLY, MANUAL, BEFORE_RESTORE, BEFORE_UPGRADE, ADDED = "hourly", "manual", "before-restore", "before-upgrade", "added"
HOUR, DAY, WEEK = 3_600_000, 86_400_000, 604_800_000  # milliseconds
KEPT = ((HOUR, 24), (DAY, 14), (WEEK, 8))  # the last of each hour, day and week that has any, so many of them
KEPT_OTHERS = 5  # of each other kind; and of hourly ones that a clock set ahead has dated into the future
FEWEST = 3  # stay, however little space is left
SPARE = 64 * 2**20  # bytes that a backup leaves free; at most a twentieth of the disk


@dataclass(frozen=True, slots=True)
class Backup:
    """A page. `at`: as of when, in milliseconds since 1970; `program` and `schema`: of whom the database was.

    `digest` is of the file's bytes, `counts` and `digests` of what is in it, by collection. `drilled_at`: when it was
    last opened and compared with all that. `keys`: what has to lie beside the database, by file.
    """

    id: str
    at: int
    kind: str
    program: str
    schema: str
    bytes: int
    digest: str
    counts: Mapping[str, int]
    digests: Mapping[str, str]
    drilled_at: int | None = None
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)


class Shelf:
    """The backups in `folder`. One is made at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._making = threading.Lock()

    def all(self) -> list[Backup]:
        """What is there, the newest first."""
        found = []
        for page in self.folder.glob("*.json"):
            with contextlib.suppress(OSError, ValueError, TypeError):  # a page cut off is no page
                backup = Backup(**orjson.loads(page.read_bytes()))
                if backup.id == page.stem and self.file(backup.id).exists():
                    found.append(backup)
        return sorted(found, key=lambda backup: (backup.at, backup.id), reverse=True)

    def get(self, backup_id: str) -> Backup:
        """One of them; AppError `not-found`."""
        for backup in self.all():
            if backup.id == backup_id:
                return backup
        raise AppError("not-found", id=backup_id)

    def file(self, backup_id: str) -> Path:
        """Where a backup's database lies."""
        return self.folder / f"{backup_id}.db"

    def make(
        self, kind: str, database: Path, keys: Mapping[str, str], at: int, rest: Callable[[float], None] = time.sleep
    ) -> Backup:
        """Copy a database that may be in use, check the copy, and put it on the shelf.

        `rest`: waits so many seconds between two pieces, or raises to give up. AppError `disk-full`, `read-only`, or
        `backup-unsound` if the copy is damaged; then it is not kept.
        """
        with self._making:
            backup_id = self.new_id(kind, at)
            draft = self._draft(backup_id)
            try:
                self._open()
                size = database.stat().st_size
                disk = shutil.disk_usage(self.folder)
                if disk.free < size + min(SPARE, disk.total // 20):
                    raise AppError("disk-full")
                snapshot.copy(database, draft, rest)
                return self._take_in(draft, Backup(backup_id, at, kind, __version__, "", 0, "", {}, {}, keys=keys))
            except Unsound as error:
                raise AppError("backup-unsound", id=backup_id, reason=snapshot.reason(error)) from error
            except (sqlite.Error, OSError) as error:
                raise sqlite.translated(error) from error
            finally:
                with contextlib.suppress(OSError):
                    draft.unlink(missing_ok=True)

    def adopt(self, keys: Mapping[str, str]) -> list[Backup]:
        """Check what lies there without a page, as a restore or a person has left it, and give it one."""
        adopted = []
        with self._making:
            for file in sorted(self.folder.glob("*.db")):
                if file.with_suffix(".json").exists():
                    continue
                kind = next((k for k in (BEFORE_RESTORE, BEFORE_UPGRADE) if k in file.stem), ADDED)
                at = int(file.stat().st_mtime * 1000)
                try:
                    snapshot.mark(file)
                    adopted.append(self._take_in(file, Backup(file.stem, at, kind, "", "", 0, "", {}, {}, keys=keys)))
                except (Unsound, sqlite.Error, OSError) as error:
                    _log.warning("%s is no backup that could be restored: %s", file, error)
        return adopted

    def new_id(self, kind: str, at: int) -> str:
        """An id that says when and why."""
        moment = clock.iso(at)
        first = f"{moment[:10].replace('-', '')}-{moment[11:19].replace(':', '')}-{kind}"
        names = [first, *(f"{first}-{n}" for n in range(2, 1000))]
        return next(name for name in names if not self.file(name).exists())

    def verify(self, backup: Backup) -> None:
        """Open a backup and compare it with its page. AppError `backup-unsound` if it is not what it was."""
        file = self.file(backup.id)
        try:
            if snapshot.file_digest(file) != backup.digest:
                raise Unsound(phrase("unsound-bytes"))
            snapshot.check(file)
            found = snapshot.census(file)
            if (found.counts, found.digests) != (backup.counts, backup.digests):
                raise Unsound(phrase("unsound-content"))
        except (Unsound, OSError) as error:
            raise AppError("backup-unsound", id=backup.id, reason=snapshot.reason(error)) from error

    def drill(self, at: int) -> Backup | None:
        """Prove that the newest backup could be restored: open it, compare all that was recorded. AppError if not."""
        newest = next(iter(self.all()), None)
        if newest is None:
            return None
        self.verify(newest)
        drilled = replace(newest, drilled_at=at)
        self._write(self.folder, drilled)
        return drilled

    def remove(self, backup: Backup) -> None:
        """Take a backup off the shelf."""
        _remove(self.folder, backup.id)

    def thin(self, now: int) -> list[Backup]:
        """Remove what is older than is kept; returns it."""
        removed = surplus(self.all(), now)
        for backup in removed:
            self.remove(backup)
        return removed

    def make_room(self, wanted: int) -> list[Backup]:
        """Remove the oldest ones until so many bytes are free, but for the FEWEST newest; returns what was removed."""
        removed: list[Backup] = []
        for backup in self.all()[FEWEST:][::-1]:
            if shutil.disk_usage(self.folder).free >= wanted:
                break
            self.remove(backup)
            removed.append(backup)
        return removed

    def copy_to(self, backup: Backup, place: Path, now: int) -> None:
        """Copy a backup to a second place, read it back, and thin what is there. OSError or Unsound if that fails."""
        place.mkdir(parents=True, exist_ok=True)
        target = place / f"{backup.id}.db"
        draft = place / f".{backup.id}.new"
        try:
            draft.unlink(missing_ok=True)
            draft.touch(0o600)
            shutil.copyfile(self.file(backup.id), draft)
            snapshot.flush(draft)
            if snapshot.file_digest(draft) != backup.digest:
                raise Unsound(phrase("unsound-copy"))
            draft.replace(target)
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
        self._write(place, backup)
        for old in surplus(Shelf(place).all(), now):
            _remove(place, old.id)

    def _open(self) -> None:
        private_folder(self.folder)
        for left in self.folder.glob(".*.new*"):  # by who was killed while making one
            left.unlink(missing_ok=True)

    def _draft(self, backup_id: str) -> Path:
        return self.folder / f".{backup_id}.db.new"

    def _take_in(self, file: Path, page: Backup) -> Backup:
        snapshot.check(file)
        found = snapshot.census(file)
        backup = replace(
            page,
            program=found.program or page.program,
            schema=found.schema,
            bytes=file.stat().st_size,
            digest=snapshot.file_digest(file),
            counts=found.counts,
            digests=found.digests,
        )
        file.replace(self.file(page.id))
        sync_folder(self.folder)
        self._write(self.folder, backup)
        return backup

    @staticmethod
    def _write(folder: Path, backup: Backup) -> None:
        try:
            write_secret(folder / f"{backup.id}.json", orjson.dumps(asdict(backup), option=orjson.OPT_INDENT_2))
        except StartError as error:
            raise OSError(getattr(error.__cause__, "errno", None), str(error)) from error


def surplus(backups: Sequence[Backup], now: int) -> list[Backup]:
    """Which of these (the newest first) are not kept any longer."""
    kept: set[str] = {backup.id for backup in backups[:FEWEST]}
    hourly = [backup for backup in backups if backup.kind == HOURLY and backup.at <= now + HOUR]
    regular = {backup.id for backup in hourly}
    for length, number in KEPT:
        last: dict[int, str] = {}
        for backup in hourly:
            last.setdefault(backup.at // length, backup.id)
        kept |= set(list(last.values())[:number])
    others: dict[str, int] = {}
    for backup in backups:
        if backup.id not in regular:
            others[backup.kind] = others.get(backup.kind, 0) + 1
            if others[backup.kind] <= KEPT_OTHERS:
                kept.add(backup.id)
    return [backup for backup in backups if backup.id not in kept]


def _remove(folder: Path, backup_id: str) -> None:
    # The page first: without it the file is no backup, and is not given a new page, since it goes at once.
    for name in (f"{backup_id}.json", f"{backup_id}.db"):
        (folder / name).unlink(missing_ok=True)


def page_of(file: Path) -> Mapping[str, Any]:
    """The page beside a backup that lies anywhere; nothing if there is none."""
    with contextlib.suppress(OSError, ValueError):
        found: Mapping[str, Any] = orjson.loads(file.with_suffix(".json").read_bytes())
        return found
    return {}
