"""The journal of conflicts: look at what lost, write it again, or say that it has been seen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from structura_local import clock
from structura_local.domain.access import LIST, READ, UPDATE, Caller
from structura_local.domain.catalog import BY_TABLE, COLLECTIONS
from structura_local.domain.conflicts import CONFLICTS, UNSHOWN
from structura_local.domain.fields import choice, flag, text
from structura_local.domain.query import Part
from structura_local.domain.row import LIFE, Row
from structura_local.domain.stamp import TIME_LENGTH, split
from structura_local.domain.users import PIN_MASK
from structura_local.errors import AppError
from structura_local.operations.access import require
from structura_local.operations.queries import PAGING, TIMES, Fields, Options, understood
from structura_local.operations.retries import asked
from structura_local.operations.rows import Rows, Shown
from structura_local.operations.trash import KEPT_FOR
from structura_local.schemas import Purpose, checked, model, shown
from structura_local.store import answers, conflicts
from structura_local.store.answers import Answer
from structura_local.store.conflicts import Author
from structura_local.store.read import Reader
from structura_local.store.store import Store
from structura_local.store.transaction import Author as Writer
from structura_local.store.transaction import Transaction

NEWEST = 500  # without a limit
PIN, _PIN_FIELD = "pin", "pinHash"

FIELDS: Fields = {
    field.name: field
    for field in (
        text("id"),
        choice("collection", *(collection.path for collection in COLLECTIONS)),
        text("rowId"),
        text("field"),
        flag("seen"),
    )
}


@dataclass(frozen=True, slots=True)
class ConflictingWrite:
    """One of the two writes. Without a `value` it unset the field, or `deleted` the object.

    `node` and `userId` are missing while this PC has not heard whose the stamp is; `node` is `central` for who writes
    at head office, where `userId` is a database role.
    """

    stamp: str
    at: str
    value: Any = None
    deleted: bool | None = None
    node: str | None = None
    userId: str | None = None  # noqa: N815 - the API's names


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two writes to a field that had not seen each other. `at`: when the later one was made."""

    id: str
    collection: str
    rowId: str  # noqa: N815
    field: str
    winner: ConflictingWrite
    loser: ConflictingWrite
    at: str
    seen: bool


class Conflicts:
    """`nouns` by table: each knows how its objects are changed."""

    def __init__(self, store: Store, nouns: Mapping[str, Rows]) -> None:
        self._store = store
        self._nouns = nouns

    async def find(self, caller: Caller, options: Options) -> Part:
        """The entries that the parameters ask for, newest first: the newest 500 unless they say otherwise."""
        require(caller, "conflicts", LIST)
        query = understood(FIELDS, {**PAGING, **TIMES}, options)
        if query.after is not None and not (len(query.after) == 2 and all(isinstance(p, str) for p in query.after)):
            raise AppError("invalid", errors=[{"field": "cursor", "msg": "belongs to another list"}])
        asked = tuple((name, tuple(_stored(name, value) for value in values)) for name, values in query.equal)
        query = replace(query, equal=asked, limit=query.limit or NEWEST)
        part = await conflicts.find(self._store.reader, query)
        return replace(part, rows=await said(self._store.reader, part.rows))

    async def get(self, caller: Caller, conflict_id: str) -> Shown:
        """One entry."""
        require(caller, "conflicts", READ)
        return await self._shown(await self._entry(conflict_id))

    async def mark(self, caller: Caller, conflict_id: str, *, seen: bool) -> Shown:
        """Say that somebody has looked at an entry, or that somebody should once more."""
        require(caller, "conflicts", UPDATE)
        entry = await self._entry(conflict_id)

        def work(tx: Transaction) -> Row:
            _mark(tx, entry, seen=seen)
            return tx.get(CONFLICTS, conflict_id) or entry

        return await self._shown(await self._store.door.write(work, Writer("api", caller.user_id)))

    async def restore(self, caller: Caller, conflict_id: str, key: str | None = None) -> Shown:
        """Write the value that lost once more, now having seen the other; the object comes back if it was deleted.

        It is a change like any other: the caller must be allowed to make it, what must be unique stays so, the rules
        follow. The entry counts as seen. `key` as in `Rows.create`. AppError `pin-not-restorable`, `not-restorable`,
        `gone`.
        """
        require(caller, "conflicts", UPDATE)
        entry = await self._entry(conflict_id)
        table, row_id, name = (entry.data[key] for key in ("collection", "rowId", "field"))
        if table not in self._nouns:
            raise AppError("unknown-collection", collection=table)
        noun = self._nouns[table]
        field = noun.collection.by_name.get(name)
        if name in noun.collection.secrets:
            raise AppError("pin-not-restorable", id=row_id)
        if field is None or not field.wire or noun.collection.append_only:
            raise AppError("not-restorable", id=row_id, field=name)
        allowed = noun.allowed(caller, UPDATE)
        value = orjson.loads(entry.data["loser"])
        body = await noun.prepare(checked(model(noun.collection, Purpose.UPDATE), {name: value}))

        def restored(tx: Transaction) -> Answer:
            row = tx.get(noun.collection, row_id)
            if row is None:
                raise AppError("not-found", id=row_id)
            if not row.alive:
                if split(row.stamps.get(LIFE, row.born)).ms < tx.at - KEPT_FOR:
                    raise AppError("gone", id=row_id)
                noun.check_unique(tx, row.id, row.data)
                tx.restore(noun.collection, row)
            after = noun.change(tx, caller, allowed, row_id, body)
            _mark(tx, entry, seen=True)
            row = noun.settled(tx, after)
            return Answer(noun.show(row, caller), row.version)

        def work(tx: Transaction) -> Answer:
            return answers.once(tx, retry, lambda: restored(tx))

        retry = asked(caller, key, "conflict", conflict_id)
        answer = await self._store.door.write(work, Writer("api", caller.user_id))
        return Shown(answer.data, answer.version)

    async def _entry(self, conflict_id: str) -> Row:
        entry = await self._store.reader.get(CONFLICTS, conflict_id)
        if entry is None or entry.data["field"] in UNSHOWN:
            raise AppError("not-found", id=conflict_id)
        return entry

    async def _shown(self, entry: Row) -> Shown:
        (answer,) = await said(self._store.reader, [entry])
        return Shown(answer, entry.version)


async def said(reader: Reader, entries: Iterable[Row]) -> list[dict[str, Any]]:
    """Entries as they are answered."""
    entries = list(entries)
    stamps = [entry.data[name] for entry in entries for name in ("winnerStamp", "loserStamp")]
    authors = await conflicts.authors(reader, stamps)
    unset = [e for e in entries if "null" in (e.data["winner"], e.data["loser"])]
    graves = await conflicts.graves(reader, ((e.data["collection"], e.data["rowId"]) for e in unset))
    return [shown(_entry(entry, authors, graves)) for entry in entries]


def _entry(entry: Row, authors: Mapping[str, Author], graves: frozenset[str]) -> Conflict:
    data = entry.data
    table = data["collection"]  # maybe one that only a newer program knows: what is secret there was masked by it
    secret = table in BY_TABLE and data["field"] in BY_TABLE[table].secrets

    def write(side: str) -> ConflictingWrite:
        value, stamp = orjson.loads(data[side]), data[f"{side}Stamp"]
        if secret and value is not None:
            value = PIN_MASK
        deleted = True if value is None and stamp in graves else None
        node, user = authors.get(stamp[TIME_LENGTH:], (None, None))
        return ConflictingWrite(stamp, clock.iso(split(stamp).ms), value, deleted, node, user)

    field = PIN if secret else data["field"]
    seen = bool(data.get("seen"))
    path = table.replace("_", "-")
    return Conflict(entry.id, path, data["rowId"], field, write("winner"), write("loser"), data["at"], seen)


def _stored(name: str, value: Any) -> Any:
    if name == "collection":
        return next(collection.table for collection in COLLECTIONS if collection.path == value)
    return _PIN_FIELD if (name, value) == ("field", PIN) else value


def _mark(tx: Transaction, entry: Row, *, seen: bool) -> None:
    for one in conflicts.same_write(tx, entry):
        tx.update(CONFLICTS, one, {"seen": seen})
