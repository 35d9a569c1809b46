"""What an import looks at inside its transaction, once the rows are stored: do they read back, do they fit."""

from collections.abc import Mapping
from math import isclose
from typing import Any

from structura_local.domain.access import ADMIN
from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import ANY, Collection, Field, Merge
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.messages import TO_ALL
from structura_local.domain.parts import MICRO
from structura_local.domain.users import USERS
from structura_local.errors import AppError
from structura_local.operations.repair import Mended
from structura_local.operations.report import Entry, Tally
from structura_local.phrases import phrase
from structura_local.store.transaction import Transaction

Rows = dict[str, tuple[int, Mended]]  # by id: number in the file, and the row

_BY_KEY = {c.key: c for c in COLLECTIONS}


def has_admin(tx: Transaction) -> bool:
    """Whether there is an administrator who can log in."""
    return any(user.data.get("pinHash") for user in tx.find(USERS, role=ADMIN))


def read_back(tx: Transaction, collection: Collection, rows: Rows) -> None:
    """Compare what is stored now with the file; AppError `bad-import` undoes the import if they differ."""
    in_file = [f for f in collection.fields if f.wire]
    for row_id, (_, new) in rows.items():
        row = tx.reread(collection, row_id)
        said = [(f, new.data[f.name]) for f in in_file if f.name in new.data]
        if row is None or not row.alive or not all(_alike(f, row.data.get(f.name), value) for f, value in said):
            raise AppError("bad-import", reason=phrase("reads-otherwise", collection=collection.key, id=row_id))


def _alike(field: Field, kept: Any, said: Any) -> bool:
    """A set has no order of the file's, and a counter that others have added to has six decimals."""
    if field.merge is Merge.SET:
        return set(kept or ()) == set(said)
    if field.merge is Merge.COUNTER:
        return isclose(kept or 0, said, rel_tol=0, abs_tol=1 / MICRO)
    return bool(kept == said)


def note_references(tx: Transaction, collection: Collection, rows: Mapping[str, Rows], tally: Tally) -> None:
    """List the rows that name something which is neither in the file nor here. They are imported all the same."""
    fields = [f for f in collection.fields if f.refers not in ("", ANY)]
    known: dict[tuple[str, str], bool] = {}

    def exists(key: str, row_id: str) -> bool:
        if row_id in rows[key] or row_id in ("", TO_ALL):
            return True
        if (key, row_id) not in known:
            row = tx.get(_BY_KEY[key], row_id)
            known[key, row_id] = row is not None and row.alive
        return known[key, row_id]

    for field in fields:
        for row_id, (number, row) in rows[collection.key].items():
            value: Any = row.data.get(field.name)
            for named in value if isinstance(value, list) else [value] if value is not None else []:
                if not exists(field.refers, named):
                    said = phrase("refers", id=named, collection=field.refers)
                    tally.noted.append(Entry(number, row_id, field.name, (said,)))


def note_skus(tx: Transaction, rows: Mapping[str, Rows], tallies: Mapping[str, Tally]) -> None:
    """List the articles of the file with a SKU that another one has."""
    imported = rows[INVENTORY.key]
    first = {}
    if imported:
        first = {item.data.get("sku"): item.id for item in tx.find(INVENTORY) if item.id not in imported}
    for row_id, (number, row) in imported.items():
        sku = row.data["sku"]
        other = first.setdefault(sku, row_id)
        if other != row_id:
            said = phrase("same-sku", sku=sku, id=other)
            tallies[INVENTORY.key].noted.append(Entry(number, row_id, "sku", (said,)))


def note_users(tx: Transaction, users: Rows, tally: Tally) -> None:
    """List the users of the file who cannot log in, unless the report says why already."""
    told = {entry.id for entry in tally.repaired if entry.field == "pin"}
    for row_id, (number, _) in users.items():
        row = tx.get(USERS, row_id)
        if row_id not in told and row is not None and not row.data.get("pinHash"):
            tally.noted.append(Entry(number, row_id, "pin", (phrase("user-without-pin", name=row.data["name"]),)))
