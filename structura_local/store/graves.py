"""Deleted objects: after a time their data goes; id and life stay, so that nothing ever comes back from the dead."""

from sqlalchemy import func, or_, update

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.row import LIFE, kept_from
from structura_local.store.tables import COLLECTION_TABLES
from structura_local.store.transaction import Transaction

NEWEST = 2**63 - 1  # no change has a greater number


def empty(now: int, tx: Transaction, upto: int = NEWEST) -> None:
    """Empty the rows that were deleted more than KEPT_DAYS ago. Their merge state stays: it is the same row.

    `upto`: the change up to which head office knows them all. What it has yet to hear of a row goes there whole.
    """
    before = kept_from(now)
    for collection in COLLECTIONS:
        table = COLLECTION_TABLES[collection.table]
        data = [table.c[field.column] for field in collection.stored]
        died = func.json_extract(table.c["_stamps"], f"$.{LIFE}")
        dead = (
            table.c["_life"] % 2 == 0,
            died < before,
            table.c["_seq"] <= upto,
            or_(table.c["_extra"] != "{}", *(c.is_not(None) for c in data)),
        )
        tx.execute(update(table).where(*dead).values({**{c.name: None for c in data}, "_extra": "{}"}))
