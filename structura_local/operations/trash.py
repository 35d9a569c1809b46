"""Deleted objects: for 90 days they can be looked at and brought back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from structura_local import clock
from structura_local.domain.access import LIST, UPDATE, Caller
from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import choice
from structura_local.domain.query import Part
from structura_local.domain.row import KEPT_DAYS, LIFE, Row
from structura_local.domain.stamp import join, split
from structura_local.errors import AppError
from structura_local.operations.access import require
from structura_local.operations.queries import PAGING, Fields, Options, understood
from structura_local.operations.retries import asked
from structura_local.operations.rows import Rows, Shown
from structura_local.schemas import shown
from structura_local.store import answers, trash
from structura_local.store.answers import Answer
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction

KEPT_FOR = KEPT_DAYS * 86_400_000  # milliseconds
NEWEST = 500  # without a limit
FIELDS: Fields = {"collection": choice("collection", *(collection.path for collection in COLLECTIONS))}


@dataclass(frozen=True, slots=True)
class DeletedObject:
    """What was deleted, as it is answered. `data` is the object as it was; `deletedBy` a user's id."""

    collection: str
    id: str
    deletedAt: str  # noqa: N815 - the API's names
    data: dict[str, Any]
    deletedBy: str | None = None  # noqa: N815


class Trash:
    """`nouns` by table: each shows its rows and knows what of theirs must be unique."""

    def __init__(self, store: Store, nouns: Mapping[str, Rows]) -> None:
        self._store = store
        self._nouns = nouns

    async def find(self, caller: Caller, options: Options) -> Part:
        """What was deleted in the last 90 days, the last first; the newest 500 without a limit."""
        require(caller, "trash", LIST)
        query = understood(FIELDS, PAGING, options)
        if query.after is not None and not (len(query.after) == 3 and all(isinstance(p, str) for p in query.after)):
            raise AppError("invalid", errors=[{"field": "cursor", "msg": "belongs to another list"}])
        paths = {path for _, values in query.equal for path in values}
        wanted = [collection for collection in COLLECTIONS if not paths or collection.path in paths]
        since = join(max(self._store.now() - KEPT_FOR, 0), 0, "")
        limit = query.limit or NEWEST
        part = await trash.deleted(self._store.reader, wanted, since, limit, query.after, counted=query.counted)
        return replace(part, rows=[self._shown(entry, caller) for entry in part.rows])

    async def restore(self, caller: Caller, path: str, row_id: str, key: str | None = None) -> Shown:
        """Bring a deleted object back; `key` as in `Rows.create`. AppError `not-found`, `not-deleted`, `gone` after 90
        days; and what any write raises that would make two objects share what must be unique."""
        require(caller, "trash", UPDATE)
        noun = next((noun for noun in self._nouns.values() if noun.collection.path == path), None)
        if noun is None:
            raise AppError("no-route")

        def restored(tx: Transaction) -> Answer:
            row = tx.get(noun.collection, row_id)
            if row is None:
                raise AppError("not-found", id=row_id)
            if row.alive:
                raise AppError("not-deleted", id=row_id)
            if _deleted_at(row) < tx.at - KEPT_FOR:
                raise AppError("gone", id=row_id)
            noun.check_unique(tx, row.id, row.data)
            row = noun.settled(tx, tx.restore(noun.collection, row))
            return Answer(noun.show(row, caller), row.version)

        def work(tx: Transaction) -> Answer:
            return answers.once(tx, retry, lambda: restored(tx))

        retry = asked(caller, key, "trash", path, row_id)
        answer = await self._store.door.write(work, Author("api", caller.user_id))
        return Shown(answer.data, answer.version)

    def _shown(self, entry: trash.Deleted, caller: Caller) -> dict[str, Any]:
        collection, row = entry.collection, entry.row
        data = self._nouns[collection.table].show(row, caller)
        return shown(DeletedObject(collection.path, row.id, clock.iso(_deleted_at(row)), data, entry.by))


def _deleted_at(row: Row) -> int:
    return split(row.stamps.get(LIFE, row.born)).ms
