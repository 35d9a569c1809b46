"""Messages: each caller sees their own post; one to ALL is read by each on their own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from structura_local import clock
from structura_local.domain.access import ADMIN, Caller
from structura_local.domain.messages import MESSAGES, TO_ALL, concerns, is_read_by
from structura_local.domain.query import Query
from structura_local.domain.row import Row
from structura_local.errors import AppError
from structura_local.operations import copies
from structura_local.operations.queries import Options
from structura_local.operations.rows import Rows, Shown
from structura_local.store.store import Store
from structura_local.store.transaction import Transaction


class Messages(Rows):
    as_stored = False

    def __init__(self, store: Store) -> None:
        super().__init__(MESSAGES, store)

    def query(self, caller: Caller, options: Options) -> Query:
        """What is addressed to the caller or to ALL and what the caller sent; `all=true` for ADMIN: everything."""
        asked = list(options.get("all", []))
        query = super().query(caller, {k: v for k, v in options.items() if k != "all"})
        if asked not in ([], ["true"], ["false"]):
            raise AppError("invalid", errors=[{"field": "all", "msg": "must be true or false"}])
        if asked == ["true"] and caller.role != ADMIN:
            raise AppError("forbidden", role=caller.role)
        return replace(query, reader=caller.user_id or "", everything=asked == ["true"])

    def view(self, caller: Caller) -> str:
        return caller.user_id or ""

    def show(self, row: Row, caller: Caller) -> dict[str, Any]:
        return {**MESSAGES.public(row.id, row.data), "isRead": is_read_by(row.data, caller.user_id or "")}

    async def create(self, caller: Caller, body: Mapping[str, Any], key: str | None = None) -> tuple[Shown, bool]:
        """A message; one to ALL can only have been read by its sender yet, and by nobody if that is no user."""
        if body["to"] == TO_ALL and body.get("isRead"):
            body = {**body, "isRead": False, **({"readBy": [caller.user_id]} if caller.user_id else {})}
        return await super().create(caller, body, key)

    def same(self, row: Row, said: Mapping[str, Any], filled: Mapping[str, Any]) -> bool:
        return super().same(row, {k: v for k, v in said.items() if k != "readBy"}, filled)

    def visible(self, row: Row, caller: Caller) -> bool:
        return caller.role == ADMIN or concerns(row.data, caller.user_id or "")

    def owns(self, row: Row, caller: Caller) -> bool:
        """Only whom a message is for can have read it."""
        return row.data.get("to") in (caller.user_id, TO_ALL)

    def may_delete(self, row: Row, caller: Caller) -> bool:
        """What was sent to everybody is not for each of them to delete."""
        return caller.user_id in (row.data.get("to"), row.data.get("senderId"))

    def filled(self, tx: Transaction, caller: Caller) -> dict[str, Any]:
        return {"from": caller.user_id or ADMIN, "senderId": caller.user_id, "timestamp": clock.iso(tx.at)}

    def copied(self, tx: Transaction, body: Mapping[str, Any]) -> Row | None:
        return copies.message(tx, body)

    def changes(self, tx: Transaction, caller: Caller, row: Row, body: Mapping[str, Any]) -> dict[str, Any]:
        """To mark a message to ALL as read is to join its readers. Who is no user reads for nobody."""
        changes = dict(body)
        if changes.get("to", row.data.get("to")) == TO_ALL:
            is_read = changes.pop("isRead", None)
            if row.data.get("to") != TO_ALL and row.data.get("isRead"):
                changes["isRead"] = False  # who has read it was one, and now it is for everybody
            if is_read is not None and caller.user_id:
                readers = [reader for reader in row.data.get("readBy") or () if reader != caller.user_id]
                changes["readBy"] = [*readers, caller.user_id] if is_read else readers
        return changes

    def check_update(self, caller: Caller, allowed: Any, row: Row, changes: Mapping[str, Any]) -> None:
        as_said = {("isRead" if k == "readBy" else k): v for k, v in changes.items()}
        super().check_update(caller, allowed, row, as_said)
