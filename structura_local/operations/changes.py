"""The change log, for whoever has to know who changed what."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from structura_local import clock
from structura_local.domain.access import LIST, Caller
from structura_local.domain.catalog import BY_TABLE, COLLECTIONS
from structura_local.domain.fields import choice, number, text
from structura_local.domain.query import Part
from structura_local.domain.users import PIN_MASK
from structura_local.errors import AppError
from structura_local.operations.access import require
from structura_local.operations.queries import PAGING, TIMES, Fields, Options, understood, whole
from structura_local.schemas import shown
from structura_local.store import changes
from structura_local.store.changes import Logged
from structura_local.store.store import Store

NEWEST = 500  # without a limit

FIELDS: Fields = {
    field.name: field
    for field in (
        number("seq"),
        choice("collection", *(collection.path for collection in COLLECTIONS)),
        text("rowId"),
        choice("kind", "create", "update", "delete", "restore"),
        choice("origin", "api", "import", "setup", "sync", "rules", "derived"),
        text("userId"),
    )
}


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A change as it is answered. `fields`: by name, the value before and the one after it."""

    seq: int
    at: str
    collection: str
    rowId: str  # noqa: N815 - the API's names
    kind: str
    origin: str
    fields: dict[str, Any]
    userId: str | None = None  # noqa: N815


def _sort(value: str, fields: Fields) -> dict[str, Any]:
    if value not in ("seq", "-seq"):
        raise ValueError("must be seq or -seq")
    return {"sort": "seq", "descending": value == "-seq"}


class ChangeLog:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, caller: Caller, options: Options) -> Part:
        """The logged changes that the parameters ask for: the newest 500 unless they say otherwise."""
        require(caller, "changes", LIST)
        query = understood(
            FIELDS, {**PAGING, **TIMES, "sort": _sort}, {k: v for k, v in options.items() if k != "after"}
        )
        if query.after is not None and not (len(query.after) == 1 and isinstance(query.after[0], int)):
            raise AppError("invalid", errors=[{"field": "cursor", "msg": "belongs to another list"}])
        asked = replace(
            query,
            equal=tuple((name, _stored(values) if name == "collection" else values) for name, values in query.equal),
            limit=query.limit or NEWEST,
            descending=query.descending or query.sort is None,
        )
        part = await changes.changes(self._store.reader, asked, _after(options.get("after", ["0"])))
        return replace(part, rows=[_shown(entry) for entry in part.rows])


def _after(given: Sequence[str]) -> int:
    try:
        return whole(given[-1], 0, 2**53)
    except ValueError as error:
        raise AppError("invalid", errors=[{"field": "after", "msg": str(error)}]) from None


def _stored(paths: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(collection.table for collection in COLLECTIONS if collection.path in paths)


def _shown(entry: Logged) -> dict[str, Any]:
    collection = BY_TABLE[entry.collection]
    fields = {name: values for name, values in entry.fields.items() if name not in collection.secrets}
    if len(fields) < len(entry.fields):
        fields["pin"] = [PIN_MASK, PIN_MASK]  # how it is stored is nobody's business
    at = clock.iso(entry.at)
    return shown(
        LogEntry(entry.seq, at, collection.path, entry.row_id, entry.kind, entry.origin, fields, entry.user_id)
    )
