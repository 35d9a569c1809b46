"""What can be done with the objects of any collection. A noun with habits of its own overrides the hooks."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from structura_local import clock
from structura_local.domain import access
from structura_local.domain.access import Caller, Permission
from structura_local.domain.fields import LIST_LIMIT, Collection, Field, Merge
from structura_local.domain.parts import LARGEST
from structura_local.domain.query import Part, Query
from structura_local.domain.row import Row
from structura_local.errors import AppError
from structura_local.operations.access import require
from structura_local.operations.queries import Options, parsed
from structura_local.operations.retries import asked
from structura_local.operations.totals import Totals
from structura_local.store import answers
from structura_local.store.answers import Answer, Retry
from structura_local.store.search import search
from structura_local.store.store import STAMPS, Store
from structura_local.store.transaction import Author, Transaction

Versions = Container[str]  # of an object, as `Shown.version` gave them


@dataclass(frozen=True, slots=True)
class Shown:
    """An object as a caller sees it, and its version."""

    data: dict[str, Any]
    version: str


class Rows:
    """List, get, create, update, delete, for one collection.

    Bodies are validated fields by their names on the wire; answers are what the caller may see.
    """

    ruled: frozenset[str] = frozenset()  # fields that a rule may set on a new object
    alone = True  # an object is shown from its own row, whatever others are
    as_stored = True  # what `show` shows: every row to every caller as it is

    def __init__(self, collection: Collection, store: Store) -> None:
        self.collection = collection
        self.store = store
        self._totals = Totals(collection, store)

    def query(self, caller: Caller, options: Options) -> Query:
        """What the parameters of a list ask for."""
        self.allowed(caller, access.LIST)
        return parsed(self.collection, options, self.hidden(caller))

    async def find(self, caller: Caller, query: Query) -> Part:
        """A list or a part of one, as the caller sees it."""
        self.store.reader.check_room()
        part = await search(self.store.reader, self.collection, query, public=self.as_stored)
        if query.counted:
            part = replace(part, total=await self._totals.of(query.whole()))
        return part if self.as_stored else replace(part, rows=[self.show(row, caller) for row in part.rows])

    async def get(self, caller: Caller, row_id: str) -> Shown:
        """One object."""
        self.allowed(caller, access.READ)
        self.store.reader.check_room()
        row = await self.store.reader.get(self.collection, row_id)
        if row is None or not self.visible(row, caller):
            raise AppError("not-found", id=row_id)
        return Shown(self.show(row, caller), row.version)

    async def create(self, caller: Caller, body: Mapping[str, Any], key: str | None = None) -> tuple[Shown, bool]:
        """Create an object; the second value is false if it was there already, exactly so (a retry).

        With a `key` (Idempotency-Key) the first answer is given again for 24 hours; AppError `key-reused` if that was
        for something else.
        """
        self.allowed(caller, access.CREATE)
        self.check_create(caller, body)
        prepared = await self.prepare(body)
        retry = self._retry(caller, key, prepared)

        def work(tx: Transaction) -> tuple[Shown, bool]:
            def make() -> Answer:
                row, created = self._create(tx, caller, prepared)
                row = self.settled(tx, row)
                return Answer(self.show(row, caller), row.version, created)

            answer = answers.once(tx, retry, make)
            return Shown(answer.data, answer.version), answer.created

        return await self.store.door.write(work, Author("api", caller.user_id))

    async def update(
        self,
        caller: Caller,
        row_id: str,
        body: Mapping[str, Any],
        versions: Versions | None = None,
        key: str | None = None,
    ) -> Shown:
        """Change some fields; None clears one (a field with a default goes back to it).

        With `versions` the object must be at one of them; else AppError `changed`. `key` as in `create`: a difference
        that is sent again does not count twice.
        """
        allowed = self.allowed(caller, access.UPDATE)
        if body.get("id", row_id) != row_id:
            raise AppError("invalid", errors=[{"field": "id", "msg": "is not the id in the path"}])
        prepared = await self.prepare({k: v for k, v in body.items() if k != "id"})
        retry = self._retry(caller, key, prepared, row_id)

        def work(tx: Transaction) -> Shown:
            def make() -> Answer:
                row = self.settled(tx, self.change(tx, caller, allowed, row_id, prepared, versions))
                return Answer(self.show(row, caller), row.version)

            answer = answers.once(tx, retry, make)
            return Shown(answer.data, answer.version)

        return await self.store.door.write(work, Author("api", caller.user_id))

    def change(
        self,
        tx: Transaction,
        caller: Caller,
        allowed: Permission,
        row_id: str,
        prepared: Mapping[str, Any],
        versions: Versions | None = None,
    ) -> Row:
        """What `update` does inside the door, once it has looked at the body; the row as it is then."""
        row = self.living(tx, row_id, caller)
        _check_version(row, versions)
        changes = self.changes(tx, caller, row, resolved(row, prepared, self.collection))
        self.check_update(caller, allowed, row, changes)
        after = tx.update(self.collection, row, self.completed(changes, self.filled(tx, caller)))
        self.after_update(tx, caller, row, after)
        return after

    async def delete(
        self, caller: Caller, row_id: str, versions: Versions | None = None, *, force: bool = False
    ) -> None:
        """Delete an object; `versions` as in `update`. `force`: although others hang on it; for ADMIN."""
        allowed = self.allowed(caller, access.DELETE)

        def work(tx: Transaction) -> None:
            row = self.living(tx, row_id, caller)
            _check_version(row, versions)
            if allowed.own and not self.may_delete(row, caller):
                raise AppError("forbidden", role=caller.role)
            self.check_delete(tx, row)
            if not (force and caller.role == access.ADMIN):
                self.check_dependants(tx, row)
            tx.delete(self.collection, row)

        await self.store.door.write(work, Author("api", caller.user_id), spare=True)

    @property
    def stamps(self) -> int:
        """Another number when rows have other versions although nothing has changed in them."""
        return self.store.versions[STAMPS]

    # What a noun may do in its own way

    def show(self, row: Row, caller: Caller) -> dict[str, Any]:
        """What this caller sees of a row."""
        return self.collection.public(row.id, row.data)

    def view(self, caller: Caller) -> str:
        """What sets this caller's view of a list apart; callers with the same one see the same list."""
        return ""

    def hidden(self, caller: Caller) -> frozenset[str]:
        """Fields that this caller does not see, and so cannot filter or search by."""
        return frozenset()

    def visible(self, row: Row, caller: Caller) -> bool:
        """Whether this caller may see a row at all."""
        return True

    def owns(self, row: Row, caller: Caller) -> bool:
        """Whether a row is the caller's own, where the roles table asks."""
        return False

    def may_delete(self, row: Row, caller: Caller) -> bool:
        """Whether a row is the caller's own to delete, where the roles table asks."""
        return self.owns(row, caller)

    def check_target(self, caller: Caller, row_id: str) -> None:
        """Refuse a change because of the id alone, before the body is looked at."""

    def check_create(self, caller: Caller, body: Mapping[str, Any]) -> None:
        """Refuse a body that this caller may not create."""

    def copied(self, tx: Transaction, body: Mapping[str, Any]) -> Row | None:
        """What the server has made by itself already, if a body is a frontend's own copy of that."""
        return None

    async def prepare(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Work on a body that takes time, before the door."""
        return dict(body)

    def filled(self, tx: Transaction, caller: Caller) -> dict[str, Any]:
        """What the server fills in where a new object does not say."""
        return {}

    def changes(self, tx: Transaction, caller: Caller, row: Row, body: Mapping[str, Any]) -> dict[str, Any]:
        """The stored fields that a body changes."""
        return dict(body)

    def check_unique(self, tx: Transaction, row_id: str, data: Mapping[str, Any]) -> None:
        """Refuse values that another object has and must not share."""

    def check_update(self, caller: Caller, allowed: Permission, row: Row, changes: Mapping[str, Any]) -> None:
        """Refuse changes that this caller may not make. A value sent back unchanged is no change."""
        if allowed.own and not self.owns(row, caller):
            raise AppError("forbidden", role=caller.role)
        touched = {name for name, value in changes.items() if row.data.get(name) != value}
        if allowed.fields is not None and touched - allowed.fields:
            raise AppError("forbidden-fields", role=caller.role, fields=", ".join(sorted(touched - allowed.fields)))

    def after_update(self, tx: Transaction, caller: Caller, before: Row, after: Row) -> None:
        """What follows from a change, in the same transaction."""

    def check_delete(self, tx: Transaction, row: Row) -> None:
        """Refuse to delete what must stay."""

    def check_dependants(self, tx: Transaction, row: Row) -> None:
        """Refuse to delete what others still need, unless it is forced."""

    # The rest is the same for all

    def allowed(self, caller: Caller, action: str) -> Permission:
        """The caller's permission; AppError `forbidden` if there is none."""
        return require(caller, self.collection.table, action)

    def living(self, tx: Transaction, row_id: str, caller: Caller) -> Row:
        """A row that is there and that the caller may see."""
        row = tx.get(self.collection, row_id)
        if row is None or not row.alive or not self.visible(row, caller):
            raise AppError("not-found", id=row_id)
        return row

    def settled(self, tx: Transaction, row: Row) -> Row:
        """A row as the rules leave it."""
        tx.settle()
        return tx.get(self.collection, row.id) or row

    def completed(self, data: Mapping[str, Any], filled: Mapping[str, Any]) -> dict[str, Any]:
        """In place of cleared fields what a new object would have."""
        defaults = {**filled, **self.collection.defaults()}
        return {k: defaults.get(k) if v is None else v for k, v in data.items()}

    def _retry(
        self, caller: Caller, key: str | None, prepared: Mapping[str, Any], row_id: str | None = None
    ) -> Retry | None:
        """The request by its key; `row_id`: of the object that it changes."""
        said = {k: v for k, v in prepared.items() if k != "pinHash"}
        return asked(caller, key, self.collection.table, row_id, said)

    def _create(self, tx: Transaction, caller: Caller, body: Mapping[str, Any]) -> tuple[Row, bool]:
        if (copied := self.copied(tx, body)) is not None:
            return copied, False
        row_id = body.get("id")
        said = {k: v for k, v in body.items() if k != "id" and v is not None}
        known = {**self.collection.defaults(), **said}
        existing = tx.get(self.collection, row_id) if row_id else None
        row_id = row_id or clock.new_id(self.collection.key, tx.at)  # which nobody has
        if existing is None:
            self.check_unique(tx, row_id, known)
            data = {**self.filled(tx, caller), **known}
            stored = self.collection.stored_names
            return tx.create(self.collection, row_id, {k: v for k, v in data.items() if k in stored}), True
        if not existing.alive:
            raise AppError("id-deleted", id=row_id)
        if not self.same(existing, known, self.filled(tx, caller)):
            raise AppError("id-exists", id=row_id)
        return existing, False

    def same(self, row: Row, said: Mapping[str, Any], filled: Mapping[str, Any]) -> bool:
        """Whether a row is what a retry says it to be, apart from what the server filled in by itself."""
        wire = {f.name for f in self.collection.fields if f.wire}
        by_itself = filled.keys() | self.ruled
        stored = {k: v for k, v in row.data.items() if k in said or (k in wire and k not in by_itself)}
        return stored == said


def resolved(row: Row, body: Mapping[str, Any], collection: Collection) -> dict[str, Any]:
    """A body in which every change of a counter or set is the value it leads to from the row's present one."""
    return {name: _resolved(collection.by_name.get(name), row.data.get(name), value) for name, value in body.items()}


def _resolved(field: Field | None, present: Any, value: Any) -> Any:
    if field is None or not isinstance(value, dict):
        return value
    if field.merge is Merge.SET:
        gone = set(value.get("remove", ()))
        kept = {element: None for element in present or () if element not in gone}
        added = list(kept | dict.fromkeys(value.get("add", ())))
        if len(added) > max(LIST_LIMIT, len(kept)):
            msg = f"would have more than {LIST_LIMIT} elements"
            raise AppError("invalid", errors=[{"field": field.name, "msg": msg}])
        return added
    total = Decimal(str(present or 0)) + Decimal(str(value["add"]))
    if field.low is not None and total < field.low:
        raise AppError("invalid", errors=[{"field": field.name, "msg": f"would be less than {field.low}"}])
    if abs(total) > LARGEST:
        raise AppError("invalid", errors=[{"field": field.name, "msg": f"would be beyond ±{LARGEST}"}])
    return int(total) if total == total.to_integral_value() and abs(total) < 2**53 else float(total)


def _check_version(row: Row, versions: Versions | None) -> None:
    if versions is not None and row.version not in versions:
        raise AppError("changed", id=row.id)
