"""Answers kept for a day, so that a request with an Idempotency-Key can be sent again without being done again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import delete, insert, select

from structura_local.errors import AppError
from structura_local.store.tables import ANSWERS
from structura_local.store.transaction import Transaction

KEPT_FOR = 86_400_000  # milliseconds


@dataclass(frozen=True, slots=True)
class Retry:
    """The key of a request, whose it is (a user's id, or where somebody is who has none), a digest of what it asks."""

    key: str
    whose: str
    digest: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: the object, its version if it has one, whether it was new."""

    data: dict[str, Any]
    version: str = ""
    created: bool = False


def once(tx: Transaction, retry: Retry | None, work: Callable[[], Answer]) -> Answer:
    """The answer to the first request with this key; without one, what `work` answers, which is kept if there is a key.

    AppError `key-reused` if the first asked for something else.
    """
    if retry is None:
        return work()
    first = find(tx, retry)
    if first is None:
        first = work()
        keep(tx, retry, first)
    return first


def find(tx: Transaction, retry: Retry) -> Answer | None:
    """The answer to the first request with this key; AppError `key-reused` if that asked for something else."""
    columns = ANSWERS.c
    mine = (columns.key == retry.key, columns.whose == retry.whose, columns.at > tx.at - KEPT_FOR)
    lines = tx.execute(select(columns.digest, columns.data, columns.version, columns.created).where(*mine))
    if not lines:
        return None
    digest, data, version, created = lines[0]
    if digest != retry.digest:
        raise AppError("key-reused")
    return Answer(orjson.loads(data), version, bool(created))


def keep(tx: Transaction, retry: Retry, answer: Answer) -> None:
    """Keep an answer; those older than a day are cleared away."""
    tx.execute(delete(ANSWERS).where(ANSWERS.c.at <= tx.at - KEPT_FOR))
    tx.execute(
        insert(ANSWERS).values(
            key=retry.key,
            whose=retry.whose,
            digest=retry.digest,
            data=orjson.dumps(answer.data).decode(),
            version=answer.version,
            created=int(answer.created),
            at=tx.at,
        )
    )
