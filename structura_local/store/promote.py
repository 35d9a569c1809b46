"""After an upgrade: fields that a newer program's rows brought along unknown become columns that can be searched."""

import hashlib

from sqlalchemy import select

from structura_local.domain.catalog import SYNCED
from structura_local.store.rows import codec
from structura_local.store.transaction import Transaction

_DECLARED = "declared"  # in the node's state: which fields the rows were last sorted by


def promote(tx: Transaction) -> None:
    """Put what is known now where it belongs. The rows stay the same, nothing is to be pushed again."""
    declared = hashlib.sha256(repr([(c.table, [f.name for f in c.stored]) for c in SYNCED]).encode()).hexdigest()
    if tx.state(_DECLARED) == declared:
        return
    for collection in SYNCED:
        table, known = codec(collection).table, {field.name for field in collection.stored}
        for row_id, keys in tx.execute(select(table.c.id, table.c["_extra"]).where(table.c["_extra"] != "{}")):
            stored = tx.stored(collection, row_id)
            if stored is not None and any(f'"{name}"' in keys for name in known):
                tx.rebase(collection, stored, stored.base)
    tx.set_state(_DECLARED, declared)
