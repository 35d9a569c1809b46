"""Who is logged in: one line a token. A token whose line is gone is dead, across restarts."""

from sqlalchemy import delete, insert, select

from structura_local.store.tables import SESSIONS
from structura_local.store.transaction import Transaction


def start(tx: Transaction, jti: str, user_id: str, expires_at: int) -> None:
    """Make a token good until `expires_at` (seconds since 1970); lines long expired are cleared away."""
    tx.execute(delete(SESSIONS).where(SESSIONS.c.expires_at < tx.at // 1000))
    tx.execute(insert(SESSIONS).values(jti=jti, user_id=user_id, expires_at=expires_at))


def is_good(tx: Transaction, jti: str) -> bool:
    """Whether a token has not been ended."""
    return bool(tx.execute(select(SESSIONS.c.jti).where(SESSIONS.c.jti == jti)))


def end(tx: Transaction, jti: str) -> None:
    """End one token."""
    tx.execute(delete(SESSIONS).where(SESSIONS.c.jti == jti))


def end_all(tx: Transaction, user_id: str, spare: str | None = None) -> None:
    """End all tokens of a user, but for `spare`."""
    query = delete(SESSIONS).where(SESSIONS.c.user_id == user_id)
    tx.execute(query if spare is None else query.where(SESSIONS.c.jti != spare))
