"""Central's tables, derived from the declarations in structura_local/domain.

Every key starts with `plant_id`, so that the schema can be distributed by it unchanged. A collection's table has one
typed column per field and, behind an underscore, the row's merge state.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from structura_local.domain.catalog import SYNCED
from structura_local.domain.fields import Collection, Kind

SCHEMA = "structura_sync"

metadata = sa.MetaData(
    schema=SCHEMA,
    naming_convention={"pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(referred_table_name)s"},
)

COLUMN_TYPES: dict[Kind, Any] = {
    Kind.TEXT: sa.Text,
    Kind.MOMENT: sa.Text,  # kept as the client sent it
    Kind.CHOICE: sa.Text,
    Kind.NUMBER: sa.Numeric,  # without limits, so that a float comes back as it went in
    Kind.INTEGER: sa.BigInteger,
    Kind.BOOLEAN: sa.Boolean,
    Kind.TEXTS: JSONB,
    Kind.STAGES: JSONB,
}


def _plant(comment: str = "The partition.") -> sa.Column[str]:
    return sa.Column("plant_id", sa.Text, primary_key=True, comment=comment)


def _state() -> tuple[sa.Column[object], ...]:
    """The merge state of a row, beside its data (structura_local/domain/row.py)."""
    empty = sa.text("'{}'::jsonb")
    return (
        sa.Column("_born", sa.Text(collation="C"), nullable=False, comment="Stamp of fields without one of their own."),
        sa.Column("_life", sa.Integer, nullable=False, comment="Causal length; odd is alive."),
        sa.Column("_stamps", JSONB, nullable=False, server_default=empty, comment="Field name to stamp."),
        sa.Column("_parts", JSONB, nullable=False, server_default=empty, comment="What counters and sets add up."),
        sa.Column("_extra", JSONB, nullable=False, server_default=empty, comment="Fields of newer plants, by name."),
        sa.Column("_lsn", sa.BigInteger, nullable=False, comment="Number of the row's last change in its partition."),
        sa.Column("_by", sa.Text, comment="The node whose push left the row exactly as that node holds it."),
    )


def _collection_table(collection: Collection) -> sa.Table:
    return sa.Table(
        collection.table,
        metadata,
        _plant(),
        sa.Column("id", sa.Text, primary_key=True, comment="The object's id, unique in its plant and collection."),
        *(sa.Column(f.column, COLUMN_TYPES[f.kind], comment=f"{f.name}, {f.kind.value}") for f in collection.stored),
        *_state(),
        # Every number is positive. That it says so keeps it, which starts like the key, from being taken for the key
        # by a planner without statistics: it would read the whole plant for each row of a batch.
        sa.Index(f"ix_{collection.table}_lsn", "plant_id", "_lsn", postgresql_where=sa.text("_lsn > 0")),
        comment=f"{collection.key} of all plants, with their merge state.",
    )


TABLES = {collection.table: _collection_table(collection) for collection in SYNCED}

PARTITION = sa.Table(
    "partition",
    metadata,
    _plant("The plant's id, part of its roles' names."),
    sa.Column("name", sa.Text, nullable=False, comment="What people call the plant."),
    sa.Column("head", sa.BigInteger, nullable=False, server_default=sa.text("0"), comment="lsn of the last change."),
    sa.Column(
        "digests",
        JSONB,
        nullable=False,
        server_default=sa.text("'{}'::jsonb"),
        comment="By collection: xor of its rows' fingerprints, up to the head.",
    ),
    sa.Column(
        "epoch",
        sa.Integer,
        nullable=False,
        server_default=sa.text("0"),
        comment="Counts how often this database was found set back; part of the actors of who writes here.",
    ),
    sa.Column("tx", sa.Text, comment="The transaction that wrote the head by SQL; its rows share a number."),
    sa.Column("tx_rows", sa.Integer, nullable=False, server_default=sa.text("0"), comment="How many of them."),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="When it was enrolled first."),
    comment="One row a plant; the lock on it puts the plant's changes in order.",
)

NODE = sa.Table(
    "node",
    metadata,
    _plant(),
    sa.Column("node_id", sa.Text, primary_key=True, comment="The node's id, as in its stamps."),
    sa.Column("bundle", sa.Text, nullable=False, comment="The database role that it came with."),
    sa.Column("word", sa.Text, nullable=False, comment="The last word of its lineage; a copy of it has another."),
    sa.Column("version", sa.Text, nullable=False, comment="Version of its program."),
    sa.Column("protocol", sa.Text, nullable=False, comment="major.minor of its protocol."),
    sa.Column("mark", sa.BigInteger, nullable=False, server_default=sa.text("0"), comment="Pushed up to, its numbers."),
    sa.Column("pulled", sa.BigInteger, nullable=False, server_default=sa.text("0"), comment="Pulled up to, an lsn."),
    sa.Column("last_contact", sa.DateTime(timezone=True), nullable=False, comment="When it last opened a session."),
    sa.Column("at", sa.Text, nullable=False, server_default="", comment="Its last change that was heard of."),
    sa.Column(
        "hellos",
        sa.BigInteger,
        nullable=False,
        server_default=sa.text("1"),
        comment="How many went on by its words; only the last one's connection counts.",
    ),
    sa.ForeignKeyConstraint(["plant_id"], ["structura_sync.partition.plant_id"]),
    comment="The databases of a plant that have ever been in contact.",
)

BUNDLE = sa.Table(
    "bundle",
    metadata,
    _plant(),
    sa.Column("role", sa.Text, primary_key=True, comment="Name of the database role."),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="When it was handed out."),
    sa.Column("revoked_at", sa.DateTime(timezone=True), comment="When it was cut off."),
    sa.Column("carry", sa.Text, comment="Secret that signs what is carried by hand; none in bundles of old."),
    sa.ForeignKeyConstraint(["plant_id"], ["structura_sync.partition.plant_id"]),
    comment="The bundles handed out to plants.",
)

PIN_KEY = sa.Table(
    "pin_key",
    metadata,
    _plant(),
    sa.Column("key_id", sa.Text, primary_key=True, comment="The key's id."),
    sa.Column("secret", sa.Text, nullable=False, comment="The key in hex, with which the plant hashes PINs."),
    sa.ForeignKeyConstraint(["plant_id"], ["structura_sync.partition.plant_id"]),
    comment="Keys of the plants' PIN hashes, so that a new PC knows the PINs of the old one.",
)

CARRIED = sa.Table(
    "carried",
    metadata,
    _plant(),
    sa.Column("node_id", sa.Text, primary_key=True, comment="The node's id."),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="When its last file was imported."),
    sa.Column("role", sa.Text, nullable=False, comment="The bundle that it was signed with."),
    sa.Column("stray", sa.Text, comment="The word of the last file whose lineage was not known."),
    sa.Column("offered", JSONB, comment="How far an offer of everything has come, and the word of its file."),
    sa.Column(
        "refused",
        JSONB,
        nullable=False,
        server_default=sa.text("'{}'::jsonb"),
        comment="Rows that were not taken: collection and id to fingerprint and reason.",
    ),
    sa.ForeignKeyConstraint(["plant_id"], ["structura_sync.partition.plant_id"]),
    comment="What the next file to a node has to tell it, if its exchange is carried by hand.",
)
