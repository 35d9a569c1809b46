"""Pairing terminals: an administrator makes a code; a terminal where it is typed in is known from then on.

With `required`, a PIN is good at a paired terminal and nowhere else. What proves a terminal is a random key in a
cookie; here only its digest is kept. The code is digested with a key that lies beside the database, as it is short.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from structura_local import clock
from structura_local.domain.access import CREATE, DELETE, LIST, Caller
from structura_local.errors import AppError
from structura_local.operations.access import require
from structura_local.operations.auth import Auth
from structura_local.operations.retries import asked
from structura_local.schemas import shown
from structura_local.store import answers, terminals
from structura_local.store.answers import Answer
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction

CODE_LASTS = 600_000  # milliseconds
CODE_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal that is paired, or waits for its code until `expiresAt`."""

    id: str
    name: str
    createdAt: str  # noqa: N815 - the API's names
    pairedAt: str | None = None  # noqa: N815
    lastSeenAt: str | None = None  # noqa: N815
    address: str | None = None
    expiresAt: str | None = None  # noqa: N815


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalCode:
    """A code that pairs a terminal, as it is told once."""

    id: str
    name: str
    createdAt: str  # noqa: N815
    expiresAt: str  # noqa: N815
    code: str


@dataclass(frozen=True, slots=True)
class PairedTerminal:
    """Which terminal this is now."""

    id: str
    name: str


class Terminals:
    """`secret` digests codes. `load` it before use."""

    def __init__(self, store: Store, auth: Auth, secret: str, *, required: bool) -> None:
        self._store = store
        self._auth = auth
        self._secret = secret
        self._required = required
        self._by_key: dict[str, str] = {}  # digests of the keys of paired terminals, and whose they are

    async def load(self) -> None:
        """Read which terminals were paired before a restart."""
        paired = await terminals.load(self._store.reader)
        self._by_key = {terminal.key: terminal.id for terminal in paired if terminal.key}

    def entered(self, key: str | None) -> str | None:
        """The id of the terminal that has this key. AppError `not-paired` if there must be one and there is none."""
        terminal_id = self._by_key.get(_digest(key)) if key else None
        if terminal_id is None and self._required:
            raise AppError("not-paired")
        return terminal_id

    async def find(self, caller: Caller) -> list[dict[str, Any]]:
        """Paired terminals, and those whose code is still good."""
        require(caller, "terminals", LIST)
        now = self._store.now()
        found = await terminals.load(self._store.reader)
        return [_shown(terminal) for terminal in found if terminal.key or terminal.expires_at > now]

    async def create(self, caller: Caller, name: str, key: str | None = None) -> dict[str, Any]:
        """A code for a new terminal. It is told this once, and to who asks again with the same Idempotency-Key."""
        require(caller, "terminals", CREATE)

        def made(tx: Transaction) -> Answer:
            terminal_id = clock.new_id("TERMINAL", tx.at)
            code = self._code_digest(self._code(terminal_id))
            terminal = terminals.Terminal(terminal_id, name, code, tx.at, tx.at + CODE_LASTS)
            terminals.add(tx, terminal)
            return Answer(_shown(terminal))

        def work(tx: Transaction) -> Answer:
            return answers.once(tx, retry, lambda: made(tx))

        retry = asked(caller, key, "terminal", name)
        terminal = (await self._store.door.write(work, Author("api", caller.user_id))).data
        code = self._code(terminal["id"])
        return {**terminal, "code": f"{code[:4]}-{code[4:]}"}

    async def pair(self, code: str, address: str, key: str | None = None) -> tuple[dict[str, Any], str]:
        """The terminal that a code is for, and its key. AppError `wrong-code`.

        Who asks again from the same address with the same Idempotency-Key and code is given the same key again.
        """
        digest = self._code_digest(code)
        terminal_key = secrets.token_urlsafe(32) if key is None else self._hmac(f"key:{address} {digest} {key}")

        def paired(tx: Transaction) -> Answer:
            terminal = terminals.pair(tx, digest, _digest(terminal_key), address)
            tx.after_commit(lambda: self._by_key.update({_digest(terminal_key): terminal.id}))
            return Answer(shown(PairedTerminal(terminal.id, terminal.name)))

        def work(tx: Transaction) -> Answer:
            return answers.once(tx, retry, lambda: paired(tx))

        retry = asked(f"/pair/{address}", key, "pair", digest)
        return (await self._store.door.write(work, Author("api"))).data, terminal_key

    async def revoke(self, caller: Caller, terminal_id: str) -> None:
        """End a pairing, with the sessions that began there; or take a code back. AppError `not-found`."""
        require(caller, "terminals", DELETE)

        def work(tx: Transaction) -> None:
            terminals.remove(tx, terminal_id)
            self._auth.end_at(tx, terminal_id)
            tx.after_commit(forget)

        def forget() -> None:
            self._by_key = {key: known for key, known in self._by_key.items() if known != terminal_id}

        await self._store.door.write(work, Author("api", caller.user_id))

    def _code_digest(self, code: str) -> str:
        return self._hmac(f"pair:{''.join(c for c in code if c.isdecimal())}")

    def _code(self, terminal_id: str) -> str:
        """A terminal's code: nobody else can tell it from its id, and it need not be kept to be told again."""
        return f"{int(self._hmac(f'code:{terminal_id}'), 16) % 10**CODE_DIGITS:0{CODE_DIGITS}}"

    def _hmac(self, text: str) -> str:
        return hmac.digest(self._secret.encode(), text.encode(errors="replace"), "sha256").hex()


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


def _shown(terminal: terminals.Terminal) -> dict[str, Any]:
    said = Terminal(
        id=terminal.id,
        name=terminal.name,
        createdAt=clock.iso(terminal.made_at),
        pairedAt=_iso(terminal.paired_at),
        lastSeenAt=_iso(terminal.seen_at),
        address=terminal.address,
        expiresAt=None if terminal.key else _iso(terminal.expires_at),
    )
    return shown(said)


def _iso(ms: int | None) -> str | None:
    return None if ms is None else clock.iso(ms)
