"""Data that comes in and goes out as one file: the former system's data, and the frontend's format back.

An import is one transaction: all or nothing. Running it twice changes nothing. What it repairs, rejects or wants looked
at is listed, row by row.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from structura_local import clock
from structura_local.domain.access import Caller, permission
from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Collection
from structura_local.domain.messages import MESSAGES
from structura_local.domain.row import Row
from structura_local.domain.users import USERS, is_easily_guessed
from structura_local.errors import AppError
from structura_local.operations import inspection
from structura_local.operations.import_pins import PinClaims, taken_out
from structura_local.operations.pins import Pins
from structura_local.operations.repair import Mend, Mended, Rejected, mended
from structura_local.operations.report import Entry, Report, Tally
from structura_local.operations.source import Source, of
from structura_local.phrases import phrase
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction

MOST_FLAWS = 200_000  # that a report can list; who has more has another kind of file

Progress = Callable[[int], object]  # so many rows more

# What clients do not see of a message, but a file may carry so that nothing is lost on the way there and back.
_HIDDEN = {MESSAGES: {name: MESSAGES.by_name[name] for name in ("senderId", "readBy")}}


class _DryRun(Exception):
    """Undoes a transaction that was only to be counted."""


class Transfer:
    def __init__(self, store: Store, pins: Pins) -> None:
        self._store = store
        self._pins = pins
        self._busy = False

    def check(self, caller: Caller) -> None:
        """AppError `forbidden` unless this caller may import."""
        if permission(caller.role, "administration", "update") is None:
            raise AppError("forbidden", role=caller.role)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Around an import, from before its file is in memory: AppError `import-running` if there is another."""
        if self._busy:
            raise AppError("import-running", seconds=10)
        self._busy = True
        try:
            yield
        finally:
            self._busy = False

    async def take_in(
        self, caller: Caller, file: Any, *, dry_run: bool = False, progress: Progress | None = None
    ) -> Report:
        """Import a file: a `Source`, or parsed JSON. AppError `bad-import` if it is none; then nothing is changed.

        `progress` hears of each row when it is checked and again when it is stored, in other threads.
        """
        self.check(caller)
        source = file if isinstance(file, Source) else of(file)
        tell = progress or (lambda done: None)
        tallies = {c.key: Tally() for c in COLLECTIONS}
        claims = PinClaims(self._pins)
        rows = await asyncio.to_thread(_checked, source, tallies, claims, tell)
        await claims.hash(await self._store.reader.find(USERS), dry_run=dry_run)

        def work(tx: Transaction) -> None:
            had_admin = inspection.has_admin(tx)
            claims.settle(tx, rows[USERS.key], tallies[USERS.key])
            people = rows[USERS.key].keys() | {user.id for user in tx.find(USERS)}
            for collection in COLLECTIONS:
                for number, row in rows[collection.key].values():
                    if collection is MESSAGES and row.data.get("from") in people:
                        row.data.setdefault("senderId", row.data["from"])
                    _keep(tx, collection, number, row, tallies[collection.key])
                    tx.forget(collection, row.id)  # or the file would be in memory once more
                    tell(1)
            for collection in COLLECTIONS:
                inspection.read_back(tx, collection, rows[collection.key])
                inspection.note_references(tx, collection, rows, tallies[collection.key])
            inspection.note_skus(tx, rows, tallies)
            inspection.note_users(tx, rows[USERS.key], tallies[USERS.key])
            if had_admin and not inspection.has_admin(tx):
                raise AppError("bad-import", reason=phrase("no-admin-left"))
            if dry_run:
                raise _DryRun

        with contextlib.suppress(_DryRun):  # counted, and undone
            await self._store.door.write(work, Author("import", caller.user_id))
        return Report(dry_run, tallies, source.noted)

    async def give_out(self, caller: Caller, *, new_pins: bool = False) -> dict[str, list[dict[str, Any]]]:
        """All data in the format of the import, without PINs.

        With `new_pins` each user has a new one in the file, and only there: it is for the former frontend, which reads
        PINs from it. This server's PINs stay as they are.
        """
        if permission(caller.role, "administration", "read") is None:
            raise AppError("forbidden", role=caller.role)
        exported = {}
        for collection in COLLECTIONS:
            rows = await self._store.reader.find(collection)
            exported[collection.key] = await asyncio.to_thread(_all_exported, collection, rows)
        if new_pins:
            users = exported[USERS.key]
            for user, pin in zip(users, _new_pins(len(users)), strict=True):
                user["pin"] = pin
        return exported


def _checked(
    source: Source, tallies: dict[str, Tally], claims: PinClaims, tell: Progress
) -> dict[str, inspection.Rows]:
    """The rows that can be imported, by collection and id, each with its number in the file."""
    rows: dict[str, inspection.Rows] = {}
    flaws = 0
    for collection in COLLECTIONS:
        kept = rows[collection.key] = {}
        tally = tallies[collection.key]
        listed = source.rows.get(collection.key, [])
        for number, raw in enumerate(listed, 1):
            listed[number - 1] = None
            tally.read += 1
            tell(1)
            if flaws > MOST_FLAWS:
                raise AppError("bad-import", reason=phrase("too-flawed", limit=MOST_FLAWS))
            pin, fields, mends = taken_out(raw) if collection is USERS else (None, raw, [])
            try:
                row = mended(collection, fields, _HIDDEN.get(collection))
            except Rejected as rejected:
                tally.rejected.append(Entry(number, rejected.id, "", tuple(rejected.reasons)))
                flaws += len(rejected.reasons)
                continue
            row.mends.extend(mends)
            flaws += len(row.mends)
            if former := kept.pop(row.id, None):
                alike = former[1].data == row.data and (collection is not USERS or claims.of(row.id) == pin)
                why = phrase("same-id-same-row" if alike else "same-id")
                tally.repaired.append(Entry(former[0], row.id, "id", (phrase("row-out", other=number),), why))
            kept[row.id] = (number, row)
            if collection is USERS:
                claims.note(row.id, pin)
        for number, row in kept.values():
            if row.mends:
                tally.repaired += [Entry(number, row.id, mend.field, (mend.what,), mend.why) for mend in row.mends]
                row.mends.clear()
    return rows


def _keep(tx: Transaction, collection: Collection, number: int, new: Mended, tally: Tally) -> None:
    """Store a row. What the file does not say gets its default in a new row and stays what it is in another."""
    data = new.data
    row = tx.get(collection, new.id)
    if row is None:
        if "timestamp" in collection.by_name and "timestamp" not in data:
            data["timestamp"] = clock.iso(tx.at)
            mend = Mend("timestamp", phrase("time-set", now=data["timestamp"]), phrase("time-missing"))
            tally.repaired.append(Entry(number, new.id, mend.field, (mend.what,), mend.why))
        full = {**collection.defaults(), **data}
        if "receivedAt" in collection.by_name:
            full["receivedAt"] = clock.iso(clock.epoch_ms(data["timestamp"]) or 0)
        tx.create(collection, new.id, full)
        tally.new += 1
        return
    if row.data.get("senderId"):
        data.pop("senderId", None)  # the server knows who sent it
    if not row.alive:
        tx.update(collection, tx.restore(collection, row), data)
        tally.new += 1
    elif tx.update(collection, row, data) is row:
        tally.same += 1
    else:
        tally.changed += 1


def _exported(collection: Collection, row: Row) -> dict[str, Any]:
    former = {f.name: f.default for f in collection.fields if not f.legacy}
    shown = {k: v for k, v in collection.public(row.id, row.data).items() if k not in former or v != former[k]}
    for name in _HIDDEN.get(collection, ()):
        value = row.data.get(name)
        if value and value != row.data.get("from"):
            shown[name] = value
    return shown


def _all_exported(collection: Collection, rows: list[Row]) -> list[dict[str, Any]]:
    return [_exported(collection, row) for row in rows]


def _new_pins(count: int) -> list[str]:
    """So many different PINs of four digits, which is what the former frontend's pad types."""
    good = [pin for number in range(10_000) if not is_easily_guessed(pin := f"{number:04}")]
    if count > len(good):
        raise AppError("too-many-users", count=count, limit=len(good))
    return secrets.SystemRandom().sample(good, count)
