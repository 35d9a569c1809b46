"""Logging in with a PIN, and knowing who asks."""

import contextlib
import hashlib
import secrets
from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any

from structura_local.domain.access import ADMIN, Caller
from structura_local.domain.row import Row
from structura_local.domain.users import PIN_MASK, USERS
from structura_local.errors import AppError
from structura_local.operations.lean_jwt import jwt
from structura_local.operations.pins import Pins
from structura_local.operations.retries import asked
from structura_local.store import answers, sessions, terminals
from structura_local.store.answers import Answer
from structura_local.store.sessions import Session
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Change, Transaction

ALGORITHM = "HS256"
MOST_KNOWN = 10_000  # tokens whose caller is remembered


def public_user(row: Row) -> dict[str, Any]:
    """A user as clients see one: with a mask for the PIN."""
    return {**USERS.public(row.id, row.data), "pin": PIN_MASK}


def credential(row: Row) -> str:
    """What changes whenever the user's PIN does, and when a deleted user is restored. Stamps may be corrected."""
    return hashlib.sha256(f"{row.life} {row.data.get('pinHash', '')}".encode()).hexdigest()


def holds(session: Session, user: Row | None) -> bool:
    """Whether nothing has happened to the user that ends a session."""
    if user is None or not user.alive:
        return False
    return (user.data["role"], credential(user)) == (session.role, session.credential)


class Auth:
    """Sessions are lines in the database, mirrored in memory; users are re-read when one of them changes.

    `paired_only`: only sessions that began at a paired terminal are good.
    """

    def __init__(
        self,
        store: Store,
        pins: Pins,
        secret: str,
        token_hours: float,
        local_token: str,
        *,
        paired_only: bool = False,
    ) -> None:
        self._store = store
        self._pins = pins
        self._secret = secret
        self._seconds = int(token_hours * 3600)
        self._local_token = local_token
        self._paired_only = paired_only
        self._sessions: dict[str, Session] = {}
        self._users: Mapping[str, Row] | None = None
        self._known: dict[tuple[str, str], tuple[Session, Caller]] = {}  # by token and address, while users stay as is
        self._changes = 0  # of users, so far
        store.door.listen(self._on_changes)
        store.on_load.append(self._on_load)

    async def load(self) -> None:
        """Read the sessions that outlived a restart."""
        self._sessions = {s.jti: s for s in await sessions.load(self._store.reader)}

    async def login(
        self, pin: str, terminal: str | None = None, address: str = "", key: str | None = None
    ) -> dict[str, Any]:
        """A token for the one user with this PIN. One bcrypt check, whether there is such a user or not.

        `terminal`: the paired terminal that asks, which the session belongs to. Who asks again with the same `key`
        (Idempotency-Key) has to have a good PIN again, and gets the first token, also if that has ended since.
        """
        found = [r for look in self._pins.lookups(pin) for r in await self._store.reader.find(USERS, pinLookup=look)]
        user = found[0] if found else None
        data = user.data if user else {}
        if not await self._pins.matches(pin, data.get("pinLookup"), data.get("pinHash")) or user is None:
            raise AppError("wrong-pin")
        if len(found) > 1:
            raise AppError("pin-shared")
        now = self._store.now() // 1000
        role = user.data["role"]
        session = Session(secrets.token_urlsafe(12), user.id, role, credential(user), now + self._seconds, terminal)

        claims = {"sub": user.id, "role": role, "iat": now, "exp": session.expires_at, "jti": session.jti}
        shown = public_user(user)

        def begun(tx: Transaction) -> Answer:
            sessions.start(tx, session)
            tx.after_commit(lambda: self._begin(session, now))
            return Answer({"claims": claims, "user": shown})

        def work(tx: Transaction) -> Answer:
            if terminal:
                terminals.seen(tx, terminal, address)
            return answers.once(tx, retry, lambda: begun(tx))

        retry = asked(user.id, key, "login", data["pinLookup"], terminal)
        first = (await self._store.door.write(work, Author("api", user.id), spare=True)).data
        return {"token": jwt.encode(first["claims"], self._secret, ALGORITHM), "user": first["user"]}

    def _begin(self, session: Session, now: int) -> None:
        """Know a session from now on, and those no more that have ended by themselves: nobody asks for them again."""
        self._sessions = {jti: known for jti, known in self._sessions.items() if known.expires_at > now}
        self._sessions[session.jti] = session

    async def logout(self, token: str | None) -> None:
        """End a token for good; a dead one or none is fine too."""
        jti = self._claims(token).get("jti", "") if token else ""
        if jti not in self._sessions:
            return

        def forget() -> None:
            self._sessions.pop(jti, None)

        def work(tx: Transaction) -> None:
            sessions.end(tx, jti)
            tx.after_commit(forget)  # not before: a logout that was not kept has to be asked for again

        await self._store.door.write(work, Author("api"), spare=True)

    def known(self, token: str | None, address: str) -> Caller | None:
        """Who sent a request with this token, if it was checked before and its session lives; else `caller` tells."""
        if token is None or (known := self._known.get((token, address))) is None:
            return None
        session, caller = known
        alive = self._sessions.get(session.jti) is session and session.expires_at > self._store.now() // 1000
        return caller if alive else None

    async def caller(self, token: str | None, address: str = "") -> Caller:
        """Who sent a request with this token; AppError `no-token` or `dead-token`.

        What a token says is checked once; that its session lives, at each request.
        """
        if not token:
            raise AppError("no-token")
        if (known := self.known(token, address)) is not None:
            return known
        if secrets.compare_digest(token.encode(), self._local_token.encode()):
            return Caller(None, ADMIN, address=address)
        changes = self._changes
        session = await self._good(self._claims(token).get("jti", ""))
        if session is None:
            raise AppError("dead-token")
        caller = Caller(session.user_id, session.role, session.jti, address, session.terminal)
        if changes == self._changes:  # else the users are others by now
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[token, address] = session, caller
        return caller

    async def still(self, caller: Caller) -> bool:
        """Whether the session of a caller who was let in before is as it was then."""
        if not caller.jti:
            return True  # the machine's owner, for as long as the server runs
        session = await self._good(caller.jti)
        return session is not None and session.role == caller.role

    async def _good(self, jti: str) -> Session | None:
        """The session of this id, if nothing has ended it."""
        session = self._sessions.get(jti)
        if session is None or session.expires_at <= self._store.now() // 1000:
            return None
        if self._paired_only and session.terminal is None:
            return None
        user = (await self._everybody()).get(session.user_id)
        return session if holds(session, user) else None

    async def me(self, caller: Caller) -> dict[str, Any]:
        """The caller's own user."""
        user = (await self._everybody()).get(caller.user_id or "")
        if user is None:
            raise AppError("not-found", id=caller.user_id)
        return public_user(user)

    def renew(self, tx: Transaction, caller: Caller, user: Row) -> None:
        """Keep the caller's token good through a change of their own role or PIN, which ends all others."""
        session = self._sessions.get(caller.jti)
        if session is None or holds(session, user):
            return
        renewed = replace(session, role=user.data["role"], credential=credential(user))
        sessions.renew(tx, renewed)

        def remember() -> None:
            if renewed.jti in self._sessions:  # not logged out meanwhile
                self._sessions[renewed.jti] = renewed

        tx.after_commit(remember)

    def end_at(self, tx: Transaction, terminal: str) -> None:
        """End all sessions that began at a terminal."""
        sessions.end_at(tx, terminal)

        def forget() -> None:
            self._sessions = {jti: s for jti, s in self._sessions.items() if s.terminal != terminal}

        tx.after_commit(forget)

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
            if dead := [s for s in self._sessions.values() if not holds(s, users.get(s.user_id))]:
                await self._end(dead)
        return users

    async def _end(self, dead: list[Session]) -> None:
        """End sessions for good: a role that is given back revives none. The door knows if one was renewed."""

        def work(tx: Transaction) -> list[Session]:
            kept = [s for one in dead if (s := sessions.find(tx, one.jti))]
            ended = [session for session in kept if not holds(session, tx.get(USERS, session.user_id))]
            for session in ended:
                sessions.end(tx, session.jti)
            return ended

        with contextlib.suppress(AppError):  # a full disk: they are refused all the same
            for session in await self._store.door.write(work, Author("api"), spare=True):
                self._sessions.pop(session.jti, None)

    def _on_changes(self, changes: list[Change]) -> None:
        if any(change.collection == USERS.table for change in changes):
            self._forget_users()

    def _on_load(self, tables: Set[str]) -> None:
        if USERS.table in tables:
            self._forget_users()

    def _forget_users(self) -> None:
        self._users = None
        self._known.clear()
        self._changes += 1
