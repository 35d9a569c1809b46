"""Requests with an Idempotency-Key: sent again within 24 hours they get the first answer, and are not done again.

What one transaction does keeps its answer in it (`asked`, store/answers.py). Nothing secret is kept: the token of a
login and the code of a terminal are made again from what is (docs/decisions/0013-retries.md).
"""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from structura_local.domain.access import Caller
from structura_local.store import answers
from structura_local.store.answers import Answer, Retry
from structura_local.store.store import Store
from structura_local.store.transaction import Author


def asked(whose: Caller | str, key: str | None, *what: Any) -> Retry | None:
    """A request by its key, and a digest that tells it from others; None without a key.

    A PIN belongs into `what` as its keyed lookup; its salted hash never is the same.
    """
    if key is None:
        return None
    name = whose if isinstance(whose, str) else whose.user_id or ""
    return Retry(key, name, hashlib.sha256(orjson.dumps(what, option=orjson.OPT_SORT_KEYS)).hexdigest())


class Retries:
    """For what is several transactions and harmless to repeat, but would be answered otherwise the second time.

    `secret` digests bodies, in which PINs may be.
    """

    def __init__(self, store: Store, secret: str) -> None:
        self._store = store
        self._secret = secret.encode()

    async def once(
        self, caller: Caller, key: str | None, what: str, body: bytes, work: Callable[[], Awaitable[Mapping[str, Any]]]
    ) -> Mapping[str, Any]:
        """What `work` answers, or has answered to the same request before."""
        digest = "" if key is None else await asyncio.to_thread(self._digest, body)
        retry = asked(caller, key, what, digest)
        if retry is None:
            return await work()
        first = await self._store.door.write(lambda tx: answers.find(tx, retry), Author("api"))
        if first:
            return first.data
        answer = Answer(dict(await work()))
        kept = await self._store.door.write(lambda tx: answers.once(tx, retry, lambda: answer), Author("api"))
        return kept.data

    def _digest(self, body: bytes) -> str:
        made = hmac.new(self._secret, b"body:", "sha256")
        made.update(body)
        return made.hexdigest()
