"""Users: PINs hashed on the way in, the last administrator kept, one's own profile changed with one's PIN."""

from collections.abc import Mapping
from typing import Any

from structura_local.domain import access
from structura_local.domain.access import ADMIN, Caller, Permission
from structura_local.domain.query import Part
from structura_local.domain.row import Row
from structura_local.domain.users import DIRECTORY_FIELDS, PIN_MASK, USERS, is_easily_guessed
from structura_local.errors import AppError
from structura_local.operations.access import require
from structura_local.operations.auth import Auth, public_user
from structura_local.operations.guard import Guard
from structura_local.operations.pins import Pins
from structura_local.operations.rows import Rows, Shown, Versions
from structura_local.store import answers
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction


def check_chosen_pin(role: str, pin: str) -> None:
    """AppError `easy-pin` if a person chooses a PIN for an administrator that anybody would try first.

    An import takes it, with a note: it brings what is so already.
    """
    if role == ADMIN and is_easily_guessed(pin):
        raise _easy_pin()


def _easy_pin() -> AppError:
    return AppError("easy-pin", errors=[{"field": "pin", "msg": "is among the first that anybody would try"}])


class Users(Rows):
    as_stored = False

    def __init__(self, store: Store, pins: Pins, auth: Auth, guard: Guard) -> None:
        super().__init__(USERS, store)
        self._pins = pins
        self._auth = auth
        self._guard = guard

    async def directory(self, caller: Caller) -> Part:
        """Everybody's id, name, role and avatar, for everybody."""
        require(caller, "directory", access.LIST)
        shown = [USERS.public(row.id, row.data) for row in await self.store.reader.find(USERS)]
        return Part([{k: v for k, v in user.items() if k in DIRECTORY_FIELDS} for user in shown])

    async def update(
        self,
        caller: Caller,
        row_id: str,
        body: Mapping[str, Any],
        versions: Versions | None = None,
        key: str | None = None,
    ) -> Shown:
        self.check_target(caller, row_id)  # before anything could tell whose PIN it is
        said = {k: v for k, v in body.items() if k != "currentPin"}
        if caller.role == ADMIN or body.get("pin", PIN_MASK) == PIN_MASK:
            return await super().update(caller, row_id, said, versions, key)
        # A wrong PIN or one that is taken would tell something.
        async with self._guard.turn(caller.address, caller.terminal):
            if not await self._is_sent_again(caller, row_id, said, key):
                await self._check_current_pin(row_id, body.get("currentPin") or "")
            return await super().update(caller, row_id, said, versions, key)

    def check_target(self, caller: Caller, row_id: str) -> None:
        if self.allowed(caller, access.UPDATE).own and caller.user_id != row_id:
            raise AppError("forbidden", role=caller.role)

    def check_create(self, caller: Caller, body: Mapping[str, Any]) -> None:
        check_chosen_pin(body["role"], body["pin"])

    def show(self, row: Row, caller: Caller) -> dict[str, Any]:
        return public_user(row)

    def owns(self, row: Row, caller: Caller) -> bool:
        return row.id == caller.user_id

    async def prepare(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The PIN as hash and lookup; the mask means that it stays as it is."""
        prepared = {k: v for k, v in body.items() if k != "pin"}
        pin = body.get("pin", PIN_MASK)
        if pin == PIN_MASK:
            return prepared
        return {**prepared, **await self._pins.hashed(pin), "lookups": self._pins.lookups(pin)}

    def same(self, row: Row, said: Mapping[str, Any], filled: Mapping[str, Any]) -> bool:
        told = {k: v for k, v in said.items() if k not in ("pinHash", "lookups", "pinLookup")}
        stored = {k: v for k, v in row.data.items() if k not in ("pinHash", "pinLookup")}
        return told == stored and row.data.get("pinLookup") in said["lookups"]

    def check_unique(self, tx: Transaction, row_id: str, data: Mapping[str, Any]) -> None:
        stored = [data["pinLookup"]] if "pinLookup" in data else []
        for lookup in data.get("lookups", stored):
            if any(other.id != row_id for other in tx.find(USERS, pinLookup=lookup)):
                raise AppError("pin-taken")

    def changes(self, tx: Transaction, caller: Caller, row: Row, body: Mapping[str, Any]) -> dict[str, Any]:
        if not self.allowed(caller, access.UPDATE).own:  # nobody else is an administrator, or can become one here
            self._check_easy_pin(row, body)
        self.check_unique(tx, row.id, body)
        changes = {k: v for k, v in body.items() if k != "lookups"}
        if row.data.get("pinLookup") in body.get("lookups", ()):
            del changes["pinHash"], changes["pinLookup"]  # the PIN they have already
        return changes

    def check_update(self, caller: Caller, allowed: Permission, row: Row, changes: Mapping[str, Any]) -> None:
        as_said = {("pin" if k in ("pinHash", "pinLookup") else k): v for k, v in changes.items()}
        super().check_update(caller, allowed, row, as_said)

    def after_update(self, tx: Transaction, caller: Caller, before: Row, after: Row) -> None:
        if before.data["role"] == ADMIN != after.data["role"]:
            self._keep_an_admin(tx)
        if caller.user_id == after.id:
            self._auth.renew(tx, caller, after)

    def check_delete(self, tx: Transaction, row: Row) -> None:
        if row.data["role"] == ADMIN:
            self._keep_an_admin(tx, but=row.id)

    def _check_easy_pin(self, row: Row, body: Mapping[str, Any]) -> None:
        """An administrator is given no easy PIN, and nobody who has one is made an administrator. One who has it since
        an import is changed in all else."""
        role, lookup = body.get("role", row.data["role"]), body.get("pinLookup")
        if role != row.data["role"]:
            lookup = lookup or row.data.get("pinLookup")
        if role == ADMIN and lookup and self._pins.is_easily_guessed(lookup):
            raise _easy_pin()

    def _keep_an_admin(self, tx: Transaction, but: str = "") -> None:
        """AppError `last-admin` if nobody who can log in would be left. An import may have made one without a PIN."""
        admins = tx.find(USERS, role=access.ADMIN)
        if not any(admin.data.get("pinLookup") for admin in admins if admin.id != but):
            raise AppError("last-admin")

    async def _is_sent_again(self, caller: Caller, row_id: str, said: Mapping[str, Any], key: str | None) -> bool:
        """Whether this very PIN was chosen under this key before: then the current PIN is not what it was."""
        lookups = self._pins.lookups(said["pin"])
        told = {k: v for k, v in said.items() if k not in ("id", "pin")}
        retry = self._retry(caller, key, {**told, "pinLookup": lookups[0], "lookups": lookups}, row_id)
        if retry is None:
            return False
        first = await self.store.door.write(lambda tx: answers.find(tx, retry), Author("api", caller.user_id))
        return first is not None

    async def _check_current_pin(self, user_id: str, pin: str) -> None:
        user = await self.store.reader.get(USERS, user_id)
        data = user.data if user else {}
        if not await self._pins.matches(pin, data.get("pinLookup"), data.get("pinHash")):
            raise AppError("current-pin")
