"""Putting a backup in the place of the database, in two steps, so that it is never half there. Blocking throughout.

`stage` makes everything ready beside the database, which goes on being used. `finish` swaps it in by renaming, when
nobody has the database open; whoever starts next finishes what was staged, so a crash or power cut at any moment
leaves the old database or the new one. The old one is kept: as a backup, or if it is damaged, as it is.
"""

import contextlib
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from structura_local.errors import AppError, StartError
from structura_local.files import move, private_folder, read_json, write_secret
from structura_local.phrases import phrase
from structura_local.store import snapshot, sqlite
from structura_local.store.backups import BEFORE_RESTORE, Shelf, page_of
from structura_local.store.revision import NEWEST, revision
from structura_local.store.snapshot import Unsound

DONE = "restored.json"  # the plan of the last restore
DAMAGED = "damaged"  # the folder for databases that could not be made a backup of


@dataclass(frozen=True, slots=True)
class Plan:
    """A restore. Counts of living objects by collection, in the database before and after; `digests` after.

    `kept_as`: the id of the backup that the database before becomes. `keys`: those that the backup has, by file.
    """

    backup: str
    at: int
    kept_as: str
    before: Mapping[str, int]
    after: Mapping[str, int]
    digests: Mapping[str, str]
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)


class Restore:
    """The restore of one data folder; `database` is its database."""

    def __init__(self, database: Path, shelf: Shelf) -> None:
        self._database = database
        self._shelf = shelf
        self._staged = database.with_name("restore.db")
        self._plan = database.with_name("restore.json")

    def stage(self, source: Path, at: int) -> Plan:
        """Have a backup ready: copied, checked, of this program's schema. AppError `backup-unsound` or of the disk.

        A database of a newer program is refused.
        """
        page = page_of(source)
        draft = self._staged.with_suffix(".new")
        try:
            self._plan.unlink(missing_ok=True)
            draft.unlink(missing_ok=True)
            draft.touch(0o600)
            shutil.copyfile(source, draft)
            if page and snapshot.file_digest(draft) != page.get("digest"):
                raise Unsound(phrase("unsound-bytes"))
            snapshot.check(draft)
            snapshot.mark(draft)
            if revision(draft) != NEWEST:
                from structura_local.store.migrate import upgrade  # noqa: PLC0415 - it brings Alembic

                upgrade(draft)
            snapshot.settle(draft)
            found = snapshot.census(draft)
            snapshot.flush(draft)
            move(draft, self._staged)
        except (Unsound, sqlite.Error, StartError) as error:
            raise AppError("backup-unsound", id=source.stem, reason=snapshot.reason(error)) from error
        except OSError as error:
            if sqlite.is_full(error) or sqlite.is_unwritable(error):
                raise sqlite.translated(error) from error
            raise AppError("backup-unsound", id=source.stem, reason=snapshot.reason(error)) from error
        finally:
            for left in (draft, *sqlite.beside(draft)):
                with contextlib.suppress(OSError):
                    left.unlink(missing_ok=True)
        kept_as = self._shelf.new_id(BEFORE_RESTORE, at)
        before = snapshot.counts(self._database) if self._database.exists() else {}
        plan = Plan(source.stem, at, kept_as, before, found.counts, found.digests, page.get("keys", {}))
        write_secret(self._plan, orjson.dumps(asdict(plan)))
        return plan

    @property
    def staged(self) -> bool:
        """Whether something waits to be swapped in."""
        return self._plan.exists()

    def finish(self) -> Plan | None:
        """Swap in what was staged, if anything was. Nobody may have the database open. OSError if it cannot be."""
        if not self.staged:
            self._staged.unlink(missing_ok=True)
            return None
        plan = Plan(**read_json(self._plan))
        if self._staged.exists():
            put_away = self._shelf.file(plan.kept_as).exists() or self._damaged(plan.kept_as).exists()
            if self._database.exists() or not put_away:  # else that was done before a crash
                snapshot.carry_over(self._database, self._staged)
            self._put_away(plan.kept_as)
            move(self._staged, self._database)
        write_secret(self._plan.with_name(DONE), orjson.dumps({**asdict(plan), "keys": {}}))
        self._plan.unlink()
        return plan

    def _damaged(self, kept_as: str) -> Path:
        return self._database.parent / DAMAGED / kept_as

    def _put_away(self, kept_as: str) -> None:
        """The present database, and whatever is left of one, out of the way."""
        sound = self._database.exists()
        if sound:
            try:
                snapshot.check(self._database, quick=True)
                if revision(self._database) is None:
                    raise Unsound(phrase("unsound-program"))
                snapshot.settle(self._database)
            except (Unsound, sqlite.Error):
                sound = False
        if sound:
            private_folder(self._shelf.folder)
            move(self._database, self._shelf.file(kept_as))
        left = [file for file in (self._database, *sqlite.beside(self._database)) if file.exists()]
        if left:
            place = self._damaged(kept_as)
            private_folder(place)
            for file in left:
                move(file, place / file.name)


def copy_of_newest(shelf: Shelf, place: Path) -> None:
    """Copy the newest backup that is whole to `place`; without one, nothing is there."""
    for left in (place, *sqlite.beside(place)):
        left.unlink(missing_ok=True)
    for backup in shelf.all():
        with contextlib.suppress(AppError, OSError):
            shelf.verify(backup)
            shutil.copyfile(shelf.file(backup.id), place)
            return
