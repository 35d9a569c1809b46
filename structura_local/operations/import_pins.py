"""The PINs of an import: in clear in the file, hashed here, and each for one person only."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from structura_local.domain.access import ADMIN
from structura_local.domain.row import Row
from structura_local.domain.users import PIN_LENGTHS, PIN_MASK, USERS, is_easily_guessed
from structura_local.errors import AppError
from structura_local.operations.inspection import Rows
from structura_local.operations.pins import THREADS, Pins
from structura_local.operations.repair import Mend
from structura_local.operations.report import Entry, Tally
from structura_local.phrases import phrase
from structura_local.store.transaction import Transaction


def taken_out(raw: Any) -> tuple[str | None, Any, list[Mend]]:
    """The PIN of a user's row, None if there is none that can be used; the row without it; what was repaired."""
    if not isinstance(raw, dict) or "pin" not in raw:
        return None, raw, []
    pin = raw["pin"]
    rest = {k: v for k, v in raw.items() if k != "pin"}
    if pin in (None, "", PIN_MASK):
        return None, rest, []
    text = str(pin).strip() if isinstance(pin, str | int) and not isinstance(pin, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) in PIN_LENGTHS):
        return None, rest, [Mend("pin", phrase("no-pin", name=raw.get("name")), phrase("pin-invalid"))]
    mends = [] if text == pin else [Mend("pin", phrase("pin-became-text"), phrase("pin-invalid"))]
    return text, rest, mends


class PinClaims:
    """Who of a file claims which PIN. A PIN that somebody else has is not given a second time."""

    def __init__(self, pins: Pins) -> None:
        self._pins = pins
        self._wanted: dict[str, str] = {}
        self._hashes: dict[str, Mapping[str, str]] = {}

    def note(self, user_id: str, pin: str | None) -> None:
        """The PIN of a user in the file, None without one; the last counts."""
        self._wanted.pop(user_id, None)
        if pin is not None:
            self._wanted[user_id] = pin

    def of(self, user_id: str) -> str | None:
        """The PIN that a user claims so far."""
        return self._wanted.get(user_id)

    async def hash(self, users: Iterable[Row], *, dry_run: bool) -> None:
        """Hash the PINs that are new to these users, which is slow; in a dry run only their lookups are made."""
        have = {user.id: user.data.get("pinLookup") for user in users}
        new = {pin for user_id, pin in self._wanted.items() if have.get(user_id) not in self._pins.lookups(pin)}

        turns = asyncio.Semaphore(THREADS)  # or who logs in meanwhile would wait behind all of them

        async def hashed(pin: str) -> None:
            if dry_run:
                self._hashes[pin] = {"pinHash": "dry run", "pinLookup": self._pins.lookups(pin)[0]}
                return
            async with turns:
                self._hashes[pin] = await self._pins.hashed(pin)

        await asyncio.gather(*map(hashed, new))

    def settle(self, tx: Transaction, users: Rows, tally: Tally) -> None:
        """Give the users of the file their PINs: who has a PIN already keeps it, then the file's order decides."""
        before = {user.id: user for user in tx.find(USERS)}
        holder: dict[str, str] = {}

        def refuse(user_id: str, lookup: str, *, keeps: bool = False) -> None:
            number, new = users[user_id]
            other = holder[lookup]
            name = users[other][1].data["name"] if other in users else before[other].data.get("name")
            what = phrase("pin-kept" if keeps else "no-pin", name=new.data["name"])
            tally.repaired.append(Entry(number, user_id, "pin", (what,), phrase("pin-taken", name=name, id=other)))
            if not keeps:
                new.data.update(pinHash=None, pinLookup=None)

        for user_id, row in before.items():
            lookup = row.data.get("pinLookup")
            if lookup and (user_id not in self._wanted or lookup in self._lookups(user_id)):
                holder.setdefault(lookup, user_id)
        for user_id, (number, new) in users.items():
            old = tx.get(USERS, user_id)
            lookup = old.data.get("pinLookup") if old else None
            if user_id not in self._wanted:
                if lookup and holder.setdefault(lookup, user_id) != user_id and user_id not in before:
                    refuse(user_id, lookup)  # brought back, and the PIN is another's by now
                continue
            pin, lookups = self._wanted[user_id], self._lookups(user_id)
            taken = next((known for known in lookups if holder.get(known, user_id) != user_id), None)
            if lookup in lookups:
                holder.setdefault(lookup, user_id)  # two who share a PIN since a sync go on sharing it
            elif taken is None:
                if pin not in self._hashes:  # theirs when it was looked at, and changed since
                    raise AppError("bad-import", reason=phrase("users-changed"))
                new.data.update(self._hashes[pin])
                holder[new.data["pinLookup"]] = user_id
            else:
                refuse(user_id, taken, keeps=lookup is not None and holder.setdefault(lookup, user_id) == user_id)
                continue
            if new.data["role"] == ADMIN and is_easily_guessed(pin):
                said = phrase("trivial-pin", name=new.data["name"])
                tally.noted.append(Entry(number, user_id, "pin", (said,)))

    def _lookups(self, user_id: str) -> list[str]:
        return self._pins.lookups(self._wanted[user_id])
