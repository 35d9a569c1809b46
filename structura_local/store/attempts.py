"""What is remembered of the addresses that tried PINs."""

from collections.abc import Mapping

from sqlalchemy import and_, delete, select
from sqlalchemy.dialects.sqlite import insert

from structura_local.domain.guessing import FADED, REMEMBERED, Record
from structura_local.store.read import Reader
from structura_local.store.tables import ATTEMPTS
from structura_local.store.transaction import Transaction

_COLUMNS = ("failures", "at", "blocked_until", "good_at")


async def load(reader: Reader) -> dict[str, Record]:
    """All records by address."""
    return {line[0]: Record(*line[1:]) for line in await reader.fetch(select(ATTEMPTS))}


def keep(tx: Transaction, records: Mapping[str, Record]) -> None:
    """Keep records; those in which nothing matters any more (`Record.is_forgotten`) are cleared away."""
    columns = ATTEMPTS.c
    tx.execute(delete(ATTEMPTS).where(and_(columns.good_at <= tx.at - REMEMBERED, columns["at"] <= tx.at - FADED)))
    for address, record in records.items():
        values = {name: getattr(record, name) for name in _COLUMNS}
        statement = insert(ATTEMPTS).values(address=address, **values)
        tx.execute(statement.on_conflict_do_update(index_elements=["address"], set_=values))
