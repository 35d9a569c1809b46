"""Rows set aside: what one side of the exchange could not take. Look at them, try again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from structura_local import clock
from structura_local.domain.access import LIST, UPDATE, Caller
from structura_local.domain.catalog import BY_TABLE
from structura_local.domain.fields import choice, number, text
from structura_local.domain.query import Part
from structura_local.errors import AppError
from structura_local.operations.access import require
from structura_local.operations.queries import PAGING, Fields, Options, understood
from structura_local.schemas import shown
from structura_local.store import aside
from structura_local.store.aside import PULL, PUSH, Aside
from structura_local.store.store import Store
from sync import local
from sync.status import Monitor

NEWEST = 500  # without a limit
FIELDS: Fields = {
    field.name: field for field in (number("id"), choice("direction", PUSH, PULL), text("collection"), text("rowId"))
}


@dataclass(frozen=True, slots=True)
class RowSetAside:
    """`direction`: push if head office does not take it, pull if this PC does not. `reason` is a sentence.

    `at`: when it was last tried, by the program of this `version`. `state`: waiting if it is tried again with the next
    exchange; taken, as the answer to a retry, if it was set aside and is no more.
    """

    id: int
    direction: Literal["push", "pull"]
    collection: str
    rowId: str  # noqa: N815 - the API's names
    reason: str
    at: str
    version: str
    state: Literal["aside", "waiting", "taken"]


class SetAside:
    """`monitor` can start an exchange, if there is somebody to exchange with."""

    def __init__(self, store: Store, monitor: Monitor) -> None:
        self._store = store
        self._monitor = monitor

    async def find(self, caller: Caller, options: Options) -> Part:
        """The rows that the parameters ask for, the latest first; the newest 500 without a limit."""
        require(caller, "set_aside", LIST)
        query = understood(FIELDS, PAGING, options)
        if query.after is not None and not (len(query.after) == 1 and isinstance(query.after[0], int)):
            raise AppError("invalid", errors=[{"field": "cursor", "msg": "belongs to another list"}])
        asked = tuple((n, tuple(v.replace("-", "_") for v in vs) if n == "collection" else vs) for n, vs in query.equal)
        query = replace(query, equal=asked, limit=query.limit or NEWEST)
        part = await aside.find(self._store.reader, query)
        return replace(part, rows=await said(self._store, part.rows))

    async def retry(self, caller: Caller, line_id: str) -> dict[str, Any]:
        """Try one again: a row of ours goes out with the next exchange, one of head office's is stored now if it fits.

        The answer is the row set aside as it is then.
        """
        require(caller, "set_aside", UPDATE)
        number = int(line_id) if line_id.isascii() and line_id.isdecimal() and len(line_id) < 19 else -1
        line = await aside.get(self._store.reader, line=number)
        if line is None:
            raise AppError("not-found", id=line_id)
        await local.retry(self._store, [line])
        self._monitor.wake()
        now = await aside.get(self._store.reader, line=number)
        (answer,) = await said(self._store, [now or line])
        return answer if now else {**answer, "state": "taken"}


async def said(store: Store, lines: Sequence[Aside]) -> list[dict[str, Any]]:
    """Rows set aside as they are answered."""
    waiting = await aside.waiting(store.reader, lines)
    return [shown(_entry(line, "waiting" if line.id in waiting else "aside")) for line in lines]


def _entry(line: Aside, state: Literal["aside", "waiting"]) -> RowSetAside:
    known = BY_TABLE.get(line.collection)
    path = known.path if known else line.collection.replace("_", "-")
    direction: Literal["push", "pull"] = "push" if line.direction == PUSH else "pull"
    return RowSetAside(line.id, direction, path, line.row_id, line.reason, clock.iso(line.at), line.version, state)
