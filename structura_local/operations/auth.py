"""Logging in with a PIN, and knowing who asks."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jwt

from structura_local.domain.access import ADMIN, Caller
from structura_local.domain.row import LIFE, Row
from structura_local.domain.users import PIN_MASK, USERS
from structura_local.errors import AppError
from structura_local.operations.pins import Pins
from structura_local.store import sessions
from structura_local.store.sessions import Session
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Change, Transaction

ALGORITHM = "HS256"


def public_user(row: Row) -> dict[str, Any]:
    """A user as clients see one: with a mask for the PIN."""
    return {**USERS.public(row.id, row.data), "pin": PIN_MASK}


def credential(row: Row) -> str:
    """What changes whenever the user's PIN or role does, and when a deleted user is restored."""
    return max(row.stamp("pinHash"), row.stamp("role"), row.stamps.get(LIFE, ""))


class Auth:
    """Sessions are lines in the database, mirrored in memory; users are re-read when one of them changes."""

    def __init__(self, store: Store, pins: Pins, secret: str, token_hours: float, local_token: str) -> None:
        self._store = store
        self._pins = pins
        self._secret = secret
        self._seconds = int(token_hours * 3600)
        self._local_token = local_token
        self._sessions: dict[str, Session] = {}
        self._users: Mapping[str, Row] | None = None
        self._changes = 0  # of users, so far
        store.door.listen(self._on_changes)

    async def load(self) -> None:
        """Read the sessions that outlived a restart."""
        self._sessions = {s.jti: s for s in await sessions.load(self._store.reader)}

    async def login(self, pin: str) -> dict[str, Any]:
        """A token for the one user with this PIN. One bcrypt check, whether there is such a user or not."""
        found = [r for look in self._pins.lookups(pin) for r in await self._store.reader.find(USERS, pinLookup=look)]
        user = found[0] if found else None
        data = user.data if user else {}
        if not await self._pins.matches(pin, data.get("pinLookup"), data.get("pinHash")) or user is None:
            raise AppError("wrong-pin")
        if len(found) > 1:
            raise AppError("pin-shared")
        now = self._store.now() // 1000
        role = user.data["role"]
        session = Session(secrets.token_urlsafe(12), user.id, role, credential(user), now + self._seconds)
        await self._store.door.write(lambda tx: sessions.start(tx, session), Author("api", user.id))
        self._sessions[session.jti] = session
        claims = {"sub": user.id, "role": role, "iat": now, "exp": session.expires_at, "jti": session.jti}
        return {"token": jwt.encode(claims, self._secret, ALGORITHM), "user": public_user(user)}

    async def logout(self, token: str | None) -> None:
        """End a token for good; a dead one or none is fine too."""
        jti = self._claims(token).get("jti", "") if token else ""
        if self._sessions.pop(jti, None):
            await self._store.door.write(lambda tx: sessions.end(tx, jti), Author("api"))

    async def caller(self, token: str | None) -> Caller:
        """Who sent a request with this token; AppError `no-token` or `dead-token`."""
        if not token:
            raise AppError("no-token")
        if secrets.compare_digest(token.encode(), self._local_token.encode()):
            return Caller(None, ADMIN)
        session = self._sessions.get(self._claims(token).get("jti", ""))
        if session is None or session.expires_at <= self._store.now() // 1000:
            raise AppError("dead-token")
        user = (await self._everybody()).get(session.user_id)
        if user is None or (user.data["role"], credential(user)) != (session.role, session.credential):
            raise AppError("dead-token")
        return Caller(user.id, session.role, session.jti)

    async def me(self, caller: Caller) -> dict[str, Any]:
        """The caller's own user."""
        user = (await self._everybody()).get(caller.user_id or "")
        if user is None:
            raise AppError("not-found", id=caller.user_id)
        return public_user(user)

    def renew(self, tx: Transaction, caller: Caller, user: Row) -> None:
        """Keep the caller's token good through a change of their own role or PIN, which ends all others."""
        session = self._sessions.get(caller.jti)
        if session is None or (session.role, session.credential) == (user.data["role"], credential(user)):
            return
        renewed = replace(session, role=user.data["role"], credential=credential(user))
        sessions.renew(tx, renewed)

        def remember() -> None:
            if renewed.jti in self._sessions:  # not logged out meanwhile
                self._sessions[renewed.jti] = renewed

        tx.after_commit(remember)

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            # Expiry is the session's, by the server's own clock.
            options: Any = {"verify_exp": False, "verify_iat": False, "require": ["jti"]}
            claims: dict[str, Any] = jwt.decode(token, self._secret, [ALGORITHM], options)
        except jwt.InvalidTokenError:
            return {}
        return claims if isinstance(claims.get("jti"), str) else {}

    async def _everybody(self) -> Mapping[str, Row]:
        users = self._users
        if users is None:
            changes = self._changes
            users = {row.id: row for row in await self._store.reader.find(USERS)}
            if changes == self._changes:  # else what was read may be of before the change
                self._users = users
        return users

    def _on_changes(self, changes: list[Change]) -> None:
        if any(change.collection == USERS.table for change in changes):
            self._users = None
            self._changes += 1
