"""Paired terminals, and the codes that pair them. Neither a code nor a terminal's key is kept, only what tells it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, delete, insert, or_, select, update

from structura_local.errors import AppError
from structura_local.store.read import Reader
from structura_local.store.tables import TERMINALS
from structura_local.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal, from when its code is made. Times in milliseconds since 1970; `key` is None until it is paired."""

    id: str
    name: str
    code: str | None
    made_at: int
    expires_at: int
    key: str | None = None
    paired_at: int | None = None
    seen_at: int | None = None
    address: str | None = None


async def load(reader: Reader) -> Sequence[Terminal]:
    """All terminals, paired or waiting for their code, in the order in which they were made."""
    return [Terminal(*line) for line in await reader.fetch(select(TERMINALS).order_by(TERMINALS.c.made_at))]


def add(tx: Transaction, terminal: Terminal) -> None:
    """Keep a new terminal with its code; those that were not paired in time are cleared away."""
    tx.execute(delete(TERMINALS).where(TERMINALS.c.key.is_(None), TERMINALS.c.expires_at <= tx.at))
    tx.execute(
        insert(TERMINALS).values(
            id=terminal.id,
            name=terminal.name,
            code=terminal.code,
            made_at=terminal.made_at,
            expires_at=terminal.expires_at,
        )
    )


def pair(tx: Transaction, code: str, key: str, address: str) -> Terminal:
    """Use a code up; AppError `wrong-code` if it is none, was used or has expired."""
    columns = TERMINALS.c
    # A code from the future is one of a clock that was turned back since; it would live for too long.
    good = and_(columns.code == code, columns.made_at <= tx.at, columns.expires_at > tx.at)
    lines = tx.execute(select(TERMINALS).where(good))
    if not lines:
        raise AppError("wrong-code")
    terminal = Terminal(*lines[0])
    paired = {"code": None, "key": key, "paired_at": tx.at, "seen_at": tx.at, "address": address}
    tx.execute(update(TERMINALS).where(columns.id == terminal.id).values(**paired))
    return terminal


def seen(tx: Transaction, terminal_id: str, address: str) -> None:
    """Somebody logs in at a terminal; AppError `not-paired` if that is not paired any more."""
    mine = (TERMINALS.c.id == terminal_id, TERMINALS.c.key.is_not(None))
    if not tx.execute(select(TERMINALS.c.id).where(*mine)):
        raise AppError("not-paired")
    tx.execute(update(TERMINALS).where(*mine).values(seen_at=tx.at, address=address))


def remove(tx: Transaction, terminal_id: str) -> None:
    """End a terminal's pairing, or its code; AppError `not-found`."""
    mine = TERMINALS.c.id == terminal_id
    waiting = or_(TERMINALS.c.key.is_not(None), TERMINALS.c.expires_at > tx.at)
    if not tx.execute(select(TERMINALS.c.id).where(mine, waiting)):
        raise AppError("not-found", id=terminal_id)
    tx.execute(delete(TERMINALS).where(mine))
