"""Who is logged in: one line a token. A token without a line is dead, across restarts."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from structura_local.store.read import Reader
from structura_local.store.tables import SESSIONS
from structura_local.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Session:
    """A login. It ends when the user's role or PIN (`credential`) changes, at `expires_at` (seconds), or with the
    pairing of the `terminal` where it began, if that is paired."""

    jti: str
    user_id: str
    role: str
    credential: str
    expires_at: int
    terminal: str | None = None


async def load(reader: Reader) -> list[Session]:
    """All sessions that have not been ended."""
    return [Session(*line) for line in await reader.fetch(select(SESSIONS))]


def find(tx: Transaction, jti: str) -> Session | None:
    """A session that has not been ended."""
    lines = tx.execute(select(SESSIONS).where(SESSIONS.c.jti == jti))
    return Session(*lines[0]) if lines else None


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
            terminal=session.terminal,
        )
    )


def renew(tx: Transaction, session: Session) -> None:
    """Keep a token good whose own user has just changed their role or PIN with it."""
    query = update(SESSIONS).where(SESSIONS.c.jti == session.jti)
    tx.execute(query.values(role=session.role, credential=session.credential))


def end(tx: Transaction, jti: str) -> None:
    """End one token."""
    tx.execute(delete(SESSIONS).where(SESSIONS.c.jti == jti))


def end_at(tx: Transaction, terminal: str) -> None:
    """End all tokens that began at a terminal."""
    tx.execute(delete(SESSIONS).where(SESSIONS.c.terminal == terminal))
