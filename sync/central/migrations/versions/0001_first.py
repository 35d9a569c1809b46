"""The collections, the actors and conflicts beside them, partitions, nodes, bundles, PIN keys, files.

Frozen: what a released schema looked like, whatever the declarations say today.

Revision ID: 0001
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

SCHEMA = "structura_sync"


def upgrade() -> None:
    _actors()
    _machines()
    _jobs()
    _projects()
    _users()
    _clients()
    _inventory()
    _alerts()
    _messages()
    _events()
    _project_accessories()
    _conflicts()
    _partition()
    _node()
    _bundle()
    _pin_key()
    _carried()


def _collection(name: str, comment: str, *fields: sa.Column[Any]) -> None:
    op.create_table(
        name,
        sa.Column("plant_id", sa.Text, nullable=False, comment="The partition."),
        sa.Column("id", sa.Text, nullable=False, comment="The object's id, unique in its plant and collection."),
        *fields,
        sa.Column("_born", sa.Text(collation="C"), nullable=False, comment="Stamp of fields without one of their own."),
        sa.Column("_life", sa.Integer, nullable=False, comment="Causal length; odd is alive."),
        sa.Column(
            "_stamps", JSONB, server_default=sa.text("'{}'::jsonb"), nullable=False, comment="Field name to stamp."
        ),
        sa.Column(
            "_parts",
            JSONB,
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="What counters and sets add up.",
        ),
        sa.Column(
            "_extra",
            JSONB,
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Fields of newer plants, by name.",
        ),
        sa.Column("_lsn", sa.BigInteger, nullable=False, comment="Number of the row's last change in its partition."),
        sa.Column("_by", sa.Text, comment="The node whose push left the row exactly as that node holds it."),
        sa.PrimaryKeyConstraint("plant_id", "id", name=f"pk_{name}"),
        schema=SCHEMA,
        comment=comment,
    )
    numbered = sa.text("_lsn > 0")
    op.create_index(f"ix_{name}_lsn", name, ["plant_id", "_lsn"], schema=SCHEMA, postgresql_where=numbered)


def _actors() -> None:
    _collection(
        "actors",
        "actors of all plants, with their merge state.",
        sa.Column("node", sa.Text, comment="node, text"),
        sa.Column("user", sa.Text, comment="user, text"),
        sa.Column("since", sa.Text, comment="since, moment"),
    )


def _conflicts() -> None:
    _collection(
        "conflicts",
        "conflicts of all plants, with their merge state.",
        sa.Column("collection", sa.Text, comment="collection, text"),
        sa.Column("row_id", sa.Text, comment="rowId, text"),
        sa.Column("field", sa.Text, comment="field, text"),
        sa.Column("winner", sa.Text, comment="winner, text"),
        sa.Column("winner_stamp", sa.Text, comment="winnerStamp, text"),
        sa.Column("loser", sa.Text, comment="loser, text"),
        sa.Column("loser_stamp", sa.Text, comment="loserStamp, text"),
        sa.Column("at", sa.Text, comment="at, moment"),
        sa.Column("seen", sa.Boolean, comment="seen, boolean"),
    )


def _machines() -> None:
    _collection(
        "machines",
        "machines of all plants, with their merge state.",
        sa.Column("name", sa.Text, comment="name, text"),
        sa.Column("type", sa.Text, comment="type, choice"),
        sa.Column("category", sa.Text, comment="category, choice"),
        sa.Column("brand", sa.Text, comment="brand, text"),
        sa.Column("status", sa.Text, comment="status, choice"),
        sa.Column("current_job_id", sa.Text, comment="currentJobId, text"),
        sa.Column("operator_ids", JSONB, comment="operatorIds, texts"),
        sa.Column("efficiency", sa.Numeric, comment="efficiency, number"),
        sa.Column("oee_availability", sa.Numeric, comment="oee_availability, number"),
        sa.Column("oee_performance", sa.Numeric, comment="oee_performance, number"),
        sa.Column("oee_quality", sa.Numeric, comment="oee_quality, number"),
        sa.Column("temperature", sa.Numeric, comment="temperature, number"),
        sa.Column("last_maintenance", sa.Text, comment="lastMaintenance, moment"),
        sa.Column("maintenance_reason", sa.Text, comment="maintenanceReason, text"),
        sa.Column("is_active", sa.Boolean, comment="isActive, boolean"),
        sa.Column("color", sa.Text, comment="color, text"),
        sa.Column("total_meters_produced", sa.Numeric, comment="totalMetersProduced, number"),
        sa.Column("next_maintenance_meters", sa.Numeric, comment="nextMaintenanceMeters, number"),
    )


def _jobs() -> None:
    _collection(
        "jobs",
        "jobs of all plants, with their merge state.",
        sa.Column("project_id", sa.Text, comment="projectId, text"),
        sa.Column("machine_type", sa.Text, comment="machineType, choice"),
        sa.Column("assigned_machine_id", sa.Text, comment="assignedMachineId, text"),
        sa.Column("operator_ids", JSONB, comment="operatorIds, texts"),
        sa.Column("product_name", sa.Text, comment="productName, text"),
        sa.Column("target_quantity", sa.Numeric, comment="targetQuantity, number"),
        sa.Column("completed_quantity", sa.Numeric, comment="completedQuantity, number"),
        sa.Column("scrap_quantity", sa.Numeric, comment="scrapQuantity, number"),
        sa.Column("unit", sa.Text, comment="unit, text"),
        sa.Column("status", sa.Text, comment="status, choice"),
        sa.Column("start_date", sa.Text, comment="startDate, moment"),
        sa.Column("end_date", sa.Text, comment="endDate, moment"),
        sa.Column("priority_index", sa.BigInteger, comment="priorityIndex, integer"),
        sa.Column("file_url", sa.Text, comment="fileUrl, text"),
        sa.Column("notes", sa.Text, comment="notes, text"),
        sa.Column("operator_notes", sa.Text, comment="operatorNotes, text"),
        sa.Column("requires_panelizado", sa.Boolean, comment="requiresPanelizado, boolean"),
        sa.Column("linked_job_id", sa.Text, comment="linkedJobId, text"),
        sa.Column("workflow_stages", JSONB, comment="workflowStages, stages"),
        sa.Column("current_coil_id", sa.Text, comment="currentCoilId, text"),
        sa.Column("is_stock", sa.Boolean, comment="isStock, boolean"),
        sa.Column("tonnage", sa.Numeric, comment="tonnage, number"),
        sa.Column("completed_at", sa.Text, comment="completedAt, moment"),
    )


def _projects() -> None:
    _collection(
        "projects",
        "projects of all plants, with their merge state.",
        sa.Column("name", sa.Text, comment="name, text"),
        sa.Column("client_id", sa.Text, comment="clientId, text"),
        sa.Column("deadline", sa.Text, comment="deadline, moment"),
        sa.Column("status", sa.Text, comment="status, choice"),
        sa.Column("description", sa.Text, comment="description, text"),
        sa.Column("budget", sa.Numeric, comment="budget, number"),
    )


def _users() -> None:
    _collection(
        "users",
        "users of all plants, with their merge state.",
        sa.Column("name", sa.Text, comment="name, text"),
        sa.Column("role", sa.Text, comment="role, choice"),
        sa.Column("avatar", sa.Text, comment="avatar, text"),
        sa.Column("pin_hash", sa.Text, comment="pinHash, text"),
        sa.Column("pin_lookup", sa.Text, comment="pinLookup, text"),
    )


def _clients() -> None:
    _collection(
        "clients",
        "clients of all plants, with their merge state.",
        sa.Column("name", sa.Text, comment="name, text"),
        sa.Column("contact_person", sa.Text, comment="contactPerson, text"),
        sa.Column("email", sa.Text, comment="email, text"),
        sa.Column("phone", sa.Text, comment="phone, text"),
        sa.Column("address", sa.Text, comment="address, text"),
        sa.Column("tax_id", sa.Text, comment="taxId, text"),
    )


def _inventory() -> None:
    _collection(
        "inventory",
        "inventory of all plants, with their merge state.",
        sa.Column("name", sa.Text, comment="name, text"),
        sa.Column("sku", sa.Text, comment="sku, text"),
        sa.Column("quantity", sa.Numeric, comment="quantity, number"),
        sa.Column("unit", sa.Text, comment="unit, choice"),
        sa.Column("min_threshold", sa.Numeric, comment="minThreshold, number"),
        sa.Column("location", sa.Text, comment="location, text"),
        sa.Column("is_manufactured", sa.Boolean, comment="isManufactured, boolean"),
    )


def _alerts() -> None:
    _collection(
        "alerts",
        "alerts of all plants, with their merge state.",
        sa.Column("type", sa.Text, comment="type, choice"),
        sa.Column("message", sa.Text, comment="message, text"),
        sa.Column("severity", sa.Text, comment="severity, choice"),
        sa.Column("timestamp", sa.Text, comment="timestamp, moment"),
        sa.Column("related_id", sa.Text, comment="relatedId, text"),
        sa.Column("dismissed", sa.Boolean, comment="dismissed, boolean"),
        sa.Column("received_at", sa.Text, comment="receivedAt, moment"),
    )


def _messages() -> None:
    _collection(
        "messages",
        "messages of all plants, with their merge state.",
        sa.Column("from", sa.Text, comment="from, text"),
        sa.Column("to", sa.Text, comment="to, text"),
        sa.Column("content", sa.Text, comment="content, text"),
        sa.Column("timestamp", sa.Text, comment="timestamp, moment"),
        sa.Column("is_read", sa.Boolean, comment="isRead, boolean"),
        sa.Column("sender_id", sa.Text, comment="senderId, text"),
        sa.Column("read_by", JSONB, comment="readBy, texts"),
    )


def _events() -> None:
    _collection(
        "events",
        "events of all plants, with their merge state.",
        sa.Column("machine_id", sa.Text, comment="machineId, text"),
        sa.Column("type", sa.Text, comment="type, choice"),
        sa.Column("description", sa.Text, comment="description, text"),
        sa.Column("severity", sa.Text, comment="severity, choice"),
        sa.Column("timestamp", sa.Text, comment="timestamp, moment"),
        sa.Column("received_at", sa.Text, comment="receivedAt, moment"),
    )


def _project_accessories() -> None:
    _collection(
        "project_accessories",
        "projectAccessories of all plants, with their merge state.",
        sa.Column("project_id", sa.Text, comment="projectId, text"),
        sa.Column("inventory_item_id", sa.Text, comment="inventoryItemId, text"),
        sa.Column("quantity_required", sa.Numeric, comment="quantityRequired, number"),
        sa.Column("quantity_allocated", sa.Numeric, comment="quantityAllocated, number"),
        sa.Column("is_fulfilled", sa.Boolean, comment="isFulfilled, boolean"),
    )


def _partition() -> None:
    op.create_table(
        "partition",
        sa.Column("plant_id", sa.Text, nullable=False, comment="The plant's id, part of its roles' names."),
        sa.Column("name", sa.Text, nullable=False, comment="What people call the plant."),
        sa.Column(
            "head", sa.BigInteger, server_default=sa.text("0"), nullable=False, comment="lsn of the last change."
        ),
        sa.Column(
            "digests",
            JSONB,
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="By collection: xor of its rows' fingerprints, up to the head.",
        ),
        sa.Column(
            "epoch",
            sa.Integer,
            server_default=sa.text("0"),
            nullable=False,
            comment="Counts how often this database was found set back; part of the actors of who writes here.",
        ),
        sa.Column("tx", sa.Text, comment="The transaction that wrote the head by SQL; its rows share a number."),
        sa.Column("tx_rows", sa.Integer, server_default=sa.text("0"), nullable=False, comment="How many of them."),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="When it was enrolled first."),
        sa.PrimaryKeyConstraint("plant_id", name="pk_partition"),
        schema=SCHEMA,
        comment="One row a plant; the lock on it puts the plant's changes in order.",
    )


def _node() -> None:
    op.create_table(
        "node",
        sa.Column("plant_id", sa.Text, nullable=False, comment="The partition."),
        sa.Column("node_id", sa.Text, nullable=False, comment="The node's id, as in its stamps."),
        sa.Column("bundle", sa.Text, nullable=False, comment="The database role that it came with."),
        sa.Column("word", sa.Text, nullable=False, comment="The last word of its lineage; a copy of it has another."),
        sa.Column("version", sa.Text, nullable=False, comment="Version of its program."),
        sa.Column("protocol", sa.Text, nullable=False, comment="major.minor of its protocol."),
        sa.Column(
            "mark", sa.BigInteger, server_default=sa.text("0"), nullable=False, comment="Pushed up to, its numbers."
        ),
        sa.Column(
            "pulled", sa.BigInteger, server_default=sa.text("0"), nullable=False, comment="Pulled up to, an lsn."
        ),
        sa.Column("last_contact", sa.DateTime(timezone=True), nullable=False, comment="When it last opened a session."),
        sa.Column("at", sa.Text, nullable=False, server_default="", comment="Its last change that was heard of."),
        sa.Column(
            "hellos",
            sa.BigInteger,
            server_default=sa.text("1"),
            nullable=False,
            comment="How many went on by its words; only the last one's connection counts.",
        ),
        sa.PrimaryKeyConstraint("plant_id", "node_id", name="pk_node"),
        sa.ForeignKeyConstraint(["plant_id"], ["structura_sync.partition.plant_id"], name="fk_node_partition"),
        schema=SCHEMA,
        comment="The databases of a plant that have ever been in contact.",
    )


def _bundle() -> None:
    op.create_table(
        "bundle",
        sa.Column("plant_id", sa.Text, nullable=False, comment="The partition."),
        sa.Column("role", sa.Text, nullable=False, comment="Name of the database role."),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, comment="When it was handed out."),
        sa.Column("revoked_at", sa.DateTime(timezone=True), comment="When it was cut off."),
        sa.Column("carry", sa.Text, comment="Secret that signs what is carried by hand; none in bundles of old."),
        sa.PrimaryKeyConstraint("plant_id", "role", name="pk_bundle"),
        sa.ForeignKeyConstraint(["plant_id"], ["structura_sync.partition.plant_id"], name="fk_bundle_partition"),
        schema=SCHEMA,
        comment="The bundles handed out to plants.",
    )


def _pin_key() -> None:
    op.create_table(
        "pin_key",
        sa.Column("plant_id", sa.Text, nullable=False, comment="The partition."),
        sa.Column("key_id", sa.Text, nullable=False, comment="The key's id."),
        sa.Column("secret", sa.Text, nullable=False, comment="The key in hex, with which the plant hashes PINs."),
        sa.PrimaryKeyConstraint("plant_id", "key_id", name="pk_pin_key"),
        sa.ForeignKeyConstraint(["plant_id"], ["structura_sync.partition.plant_id"], name="fk_pin_key_partition"),
        schema=SCHEMA,
        comment="Keys of the plants' PIN hashes, so that a new PC knows the PINs of the old one.",
    )


def _carried() -> None:
    op.create_table(
        "carried",
        sa.Column("plant_id", sa.Text, nullable=False, comment="The partition."),
        sa.Column("node_id", sa.Text, nullable=False, comment="The node's id."),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, comment="When its last file was imported."),
        sa.Column("role", sa.Text, nullable=False, comment="The bundle that it was signed with."),
        sa.Column("stray", sa.Text, comment="The word of the last file whose lineage was not known."),
        sa.Column("offered", JSONB, comment="How far an offer of everything has come, and the word of its file."),
        sa.Column(
            "refused",
            JSONB,
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
            comment="Rows that were not taken: collection and id to fingerprint and reason.",
        ),
        sa.PrimaryKeyConstraint("plant_id", "node_id", name="pk_carried"),
        sa.ForeignKeyConstraint(["plant_id"], ["structura_sync.partition.plant_id"], name="fk_carried_partition"),
        schema=SCHEMA,
        comment="What the next file to a node has to tell it, if its exchange is carried by hand.",
    )
