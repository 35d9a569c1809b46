"""Data that comes in and goes out as one file: the frontend's former localStorage, and the same format back.

An import is one transaction: all or nothing. Running it twice changes nothing. What it repairs and rejects is listed.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from structura_local import clock
from structura_local.domain.access import Caller, permission
from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Collection, Kind
from structura_local.domain.row import Row
from structura_local.domain.users import PIN_MASK, USERS
from structura_local.errors import AppError
from structura_local.operations.pins import Pins
from structura_local.schemas import Purpose, checked, model
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction

Progress = Callable[[int], object]  # so many rows more


@dataclass(slots=True)
class Tally:
    """What an import does with one collection. `repaired` and `rejected` list {"id", "reason"}."""

    read: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    repaired: list[dict[str, str]] = field(default_factory=list)
    rejected: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would do."""

    dry_run: bool
    collections: dict[str, Tally]


class _DryRun(Exception):
    """Undoes a transaction that was only to be counted."""


class Transfer:
    def __init__(self, store: Store, pins: Pins) -> None:
        self._store = store
        self._pins = pins

    def check(self, caller: Caller) -> None:
        """AppError `forbidden` unless this caller may import."""
        if permission(caller.role, "administration", "update") is None:
            raise AppError("forbidden", role=caller.role)

    async def take_in(
        self, caller: Caller, file: Any, *, dry_run: bool = False, progress: Progress | None = None
    ) -> Report:
        """Import a parsed export. AppError `bad-import` if the file is none; then nothing is changed.

        `progress` hears of each row when it is checked and again when it is stored, the latter in another thread.
        """
        self.check(caller)
        tallies = {c.key: Tally() for c in COLLECTIONS}
        tell = progress or (lambda done: None)
        rows = self._read(file, tallies, tell)
        await self._hash_pins(rows[USERS.key], tallies[USERS.key])

        def work(tx: Transaction) -> None:
            for collection in COLLECTIONS:
                for row_id, data in rows[collection.key].items():
                    _keep(tx, collection, row_id, data, tallies[collection.key])
                    tell(1)
            for collection in COLLECTIONS:
                _read_back(tx, collection, rows[collection.key])
            if dry_run:
                raise _DryRun

        with contextlib.suppress(_DryRun):  # counted, and undone
            await self._store.door.write(work, Author("import", caller.user_id))
        return Report(dry_run, tallies)

    async def give_out(self, caller: Caller) -> dict[str, list[dict[str, Any]]]:
        """All data in the format of the import, without PINs."""
        if permission(caller.role, "administration", "read") is None:
            raise AppError("forbidden", role=caller.role)
        return {
            collection.key: [_exported(collection, row) for row in await self._store.reader.find(collection)]
            for collection in COLLECTIONS
        }

    def _read(self, file: Any, tallies: Mapping[str, Tally], tell: Progress) -> dict[str, dict[str, dict[str, Any]]]:
        if not isinstance(file, dict) or not any(isinstance(file.get(c.key), list) for c in COLLECTIONS):
            raise AppError("bad-import", reason="it is not an export: no list of machines, jobs, projects, …")
        rows: dict[str, dict[str, dict[str, Any]]] = {}
        for collection in COLLECTIONS:
            kept = rows[collection.key] = {}
            tally = tallies[collection.key]
            listed = file.get(collection.key) or []
            if not isinstance(listed, list):
                raise AppError("bad-import", reason=f"{collection.key} is not a list")
            for number, raw in enumerate(listed, 1):
                tally.read += 1
                tell(1)
                row_id = str(raw.get("id", "")) if isinstance(raw, dict) else ""
                try:
                    data = _validated(collection, raw)
                except AppError as error:
                    reason = "; ".join(f"{fault['field']}: {fault['msg']}" for fault in error.errors)
                    tally.rejected.append({"id": row_id or f"#{number}", "reason": reason})
                    continue
                if kept.pop(row_id, None) is not None:
                    tally.repaired.append({"id": row_id, "reason": "id occurs twice, the last one was taken"})
                kept[row_id] = data
        return rows

    async def _hash_pins(self, users: dict[str, dict[str, Any]], tally: Tally) -> None:
        existing = {row.id: row for row in await self._store.reader.find(USERS)}
        taken = {row.data.get("pinLookup"): row.id for row in existing.values()}
        for user_id, data in users.items():
            pin = data.pop("pin", PIN_MASK)
            old = existing[user_id].data if user_id in existing else {}
            lookups = [] if pin == PIN_MASK else self._pins.lookups(pin)
            if not lookups or old.get("pinLookup") in lookups:
                data.update({k: old[k] for k in ("pinHash", "pinLookup") if k in old})
            elif any(taken.get(lookup, user_id) != user_id for lookup in lookups):
                tally.repaired.append({"id": user_id, "reason": "PIN belongs to somebody else, imported without a PIN"})
            else:
                data.update(await self._pins.hashed(pin))
                taken[data["pinLookup"]] = user_id


def _validated(collection: Collection, raw: Any) -> dict[str, Any]:
    optional = {f.name for f in collection.fields if not f.required and f.kind is not Kind.TEXT}
    if isinstance(raw, dict):
        raw = {k: v for k, v in raw.items() if not (v == "" and k in optional)}  # how the frontend writes 'none'
    purpose = Purpose.UPDATE if isinstance(raw, dict) and raw.get("pin") == PIN_MASK else Purpose.CREATE
    if collection is USERS and isinstance(raw, dict) and "pin" not in raw:
        raw, purpose = {**raw, "pin": PIN_MASK}, Purpose.UPDATE  # an export of this program has no PINs
    data = checked(model(collection, purpose), raw)
    data = {**collection.defaults(), **{k: v for k, v in data.items() if v is not None}}
    missing = [name for name in ("id", *(f.name for f in collection.stored if f.required)) if name not in data]
    if missing:
        raise AppError("invalid", errors=[{"field": name, "msg": "Field required"} for name in missing])
    del data["id"]
    if "receivedAt" in collection.by_name and "timestamp" in data:
        data["receivedAt"] = clock.iso(clock.epoch_ms(data["timestamp"]) or 0)
    return data


def _keep(tx: Transaction, collection: Collection, row_id: str, data: Mapping[str, Any], tally: Tally) -> None:
    row = tx.get(collection, row_id)
    if row is None:
        tx.create(collection, row_id, data)
        tally.new += 1
        return
    if not row.alive:
        row = tx.restore(collection, row)
        tally.new += 1
        tx.update(collection, row, data)
        return
    received = {"receivedAt"} & row.data.keys()  # when the server received it stays what it was
    if tx.update(collection, row, {k: v for k, v in data.items() if k not in received}) is row:
        tally.same += 1
    else:
        tally.changed += 1


def _read_back(tx: Transaction, collection: Collection, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Compare what is stored now with the file; AppError `bad-import` undoes the import if they differ."""
    in_file = {f.name for f in collection.fields if f.wire}
    for row_id, data in rows.items():
        row = tx.get(collection, row_id)
        if row is None or not row.alive or any(row.data.get(k) != v for k, v in data.items() if k in in_file):
            raise AppError("bad-import", reason=f"{collection.key} {row_id} reads back other than the file has it")


def _exported(collection: Collection, row: Row) -> dict[str, Any]:
    former = {f.name: f.default for f in collection.fields if not f.legacy}
    return {k: v for k, v in collection.public(row.id, row.data).items() if k not in former or v != former[k]}
