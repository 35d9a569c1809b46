"""PINs: hashed with a key that lies beside the database, checked with bcrypt off the event loop.

`pinLookup` is "<key id>:<HMAC of the PIN>", so that a login finds its user without trying every hash; `pinHash` is
bcrypt over another HMAC. Without the key a stolen database gives no PIN away, however few PINs there are.
"""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import bcrypt

from structura_local.domain.users import easily_guessed

COST = 10  # 63 ms measured on two cores: a hundred logins at one terminal, one after the other, took 7 s
THREADS = 2


class Pins:
    """`keys` returns the plant's PIN keys by id, this machine's own first."""

    def __init__(self, keys: Callable[[], dict[str, str]]) -> None:
        self._keys = keys
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="pins")
        self._easy: dict[str, frozenset[str]] = {}  # by the key's id
        self._nobody = bcrypt.hashpw(b"nobody", bcrypt.gensalt(COST)).decode()

    def lookups(self, pin: str) -> list[str]:
        """The `pinLookup` that this PIN has under each of the plant's keys, this machine's own first."""
        return [_lookup(key_id, key, pin) for key_id, key in self._keys().items()]

    def is_easily_guessed(self, lookup: str) -> bool:
        """Whether a `pinLookup` is that of a PIN which anybody would try first. Takes a moment the first time."""
        key_id = lookup.partition(":")[0]
        if key_id not in self._easy:
            key = self._keys().get(key_id)
            tried = (_lookup(key_id, key, pin) for pin in easily_guessed()) if key else ()
            self._easy[key_id] = frozenset(tried)
        return lookup in self._easy[key_id]

    async def hashed(self, pin: str) -> dict[str, str]:
        """The fields `pinHash` and `pinLookup` of a PIN."""
        key = next(iter(self._keys().values()))
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self._pool, bcrypt.hashpw, _material(key, pin), bcrypt.gensalt(COST))
        return {"pinHash": made.decode(), "pinLookup": self.lookups(pin)[0]}

    async def matches(self, pin: str, lookup: str | None, pin_hash: str | None) -> bool:
        """Whether a PIN is the one behind a hash. Takes as long for a hash of nobody (None)."""
        key = self._keys().get((lookup or "").partition(":")[0], "")
        loop = asyncio.get_running_loop()
        good = await loop.run_in_executor(
            self._pool, bcrypt.checkpw, _material(key, pin), (pin_hash or self._nobody).encode()
        )
        return good and pin_hash is not None and key != ""

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _lookup(key_id: str, key: str, pin: str) -> str:
    return f"{key_id}:{_digest(key, 'lookup', pin).hex()[:32]}"


def _digest(key: str, purpose: str, pin: str) -> bytes:
    return hmac.digest(bytes.fromhex(key), f"{purpose}:{pin}".encode(), hashlib.sha256)


def _material(key: str, pin: str) -> bytes:
    return base64.b64encode(_digest(key, "hash", pin))
