"""Who is logged in: one line a token. A token without a line is dead, across restarts."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from structura_local.store.read import Reader
from structura_local.store.tables import SESSIONS
from structura_local.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Session:
    """A login. It ends when the user's role or PIN (`credential`: its stamp) changes, or at `expires_at` (seconds)."""

    jti: str
    user_id: str
    role: str
    credential: str
    expires_at: int


async def load(reader: Reader) -> list[Session]:
    """All sessions that have not been ended."""
    return [Session(*line) for line in await reader.fetch(select(SESSIONS))]


def start(tx: Transaction, session: Session) -> None:
    """Make a token good; lines long expired are cleared away."""
    tx.execute(delete(SESSIONS).where(SESSIONS.c.expires_at < tx.at // 1000))
    tx.execute(
        insert(SESSIONS).values(
            jti=session.jti,
            user_id=session.user_id,
            role=session.role,
            credential=session.credential,
            expires_at=session.expires_at,
        )
    )


def renew(tx: Transaction, session: Session) -> None:
    """Keep a token good whose own user has just changed their role or PIN with it."""
    query = update(SESSIONS).where(SESSIONS.c.jti == session.jti)
    tx.execute(query.values(role=session.role, credential=session.credential))


def end(tx: Transaction, jti: str) -> None:
    """End one token."""
    tx.execute(delete(SESSIONS).where(SESSIONS.c.jti == jti))
