"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "actors",
        sa.Column("id", sa.Text(), nullable=False, comment="chosen by the client, or made by the server"),
        sa.Column("node", sa.Text(), nullable=True, comment="node: text"),
        sa.Column("user", sa.Text(), nullable=True, comment="user: text"),
        sa.Column("since", sa.Text(), nullable=True, comment="since: moment"),
        sa.Column(
            "_born", sa.Text(), nullable=False, comment="stamp of the creation, and of every field not in _stamps"
        ),
        sa.Column("_life", sa.Integer(), nullable=False, comment="causal length: odd is alive, even is deleted"),
        sa.Column(
            "_stamps", sa.Text(), nullable=False, comment="JSON: stamps of the fields changed since the creation"
        ),
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_base",
            sa.Text(),
            nullable=False,
            comment="JSON: what head office had of the fields changed since, if dirty",
        ),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_actors"),
    )
    op.create_index("ix_actors_deleted", "actors", ["id"], unique=False, sqlite_where=sa.text("_life % 2 = 0"))
    op.create_index("ix_actors_order", "actors", ["_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1"))
    op.create_index("ix_actors_seq", "actors", ["_seq"], unique=False)
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text(), nullable=False, comment="chosen by the client, or made by the server"),
        sa.Column("type", sa.Text(), nullable=True, comment="type: choice"),
        sa.Column("message", sa.Text(), nullable=True, comment="message: text"),
        sa.Column("severity", sa.Text(), nullable=True, comment="severity: choice"),
        sa.Column("timestamp", sa.Text(), nullable=True, comment="timestamp: moment"),
        sa.Column("related_id", sa.Text(), nullable=True, comment="relatedId: text"),
        sa.Column("dismissed", sa.Integer(), nullable=True, comment="dismissed: boolean"),
        sa.Column("received_at", sa.Text(), nullable=True, comment="receivedAt: moment"),
        sa.Column(
            "_born", sa.Text(), nullable=False, comment="stamp of the creation, and of every field not in _stamps"
        ),
        sa.Column("_life", sa.Integer(), nullable=False, comment="causal length: odd is alive, even is deleted"),
        sa.Column(
            "_stamps", sa.Text(), nullable=False, comment="JSON: stamps of the fields changed since the creation"
        ),
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_base",
            sa.Text(),
            nullable=False,
            comment="JSON: what head office had of the fields changed since, if dirty",
        ),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_deleted", "alerts", ["id"], unique=False, sqlite_where=sa.text("_life % 2 = 0"))
    op.create_index(
        "ix_alerts_order", "alerts", ["received_at", "_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1")
    )
    op.create_index(
        "ix_alerts_related_id",
        "alerts",
        ["related_id", "received_at", "_born", "id"],
        unique=False,
        sqlite_where=sa.text("_life % 2 = 1"),
    )
    op.create_index("ix_alerts_seq", "alerts", ["_seq"], unique=False)
    op.create_table(
        "answers",
        sa.Column("key", sa.Text(), nullable=False, comment="Idempotency-Key of a request"),
        sa.Column("whose", sa.Text(), nullable=False, comment="a user's id, or where somebody is who has none"),
        sa.Column("digest", sa.Text(), nullable=False, comment="digest of what it asked"),
        sa.Column("data", sa.Text(), nullable=False, comment="JSON: what was answered, without secrets"),
        sa.Column("version", sa.Text(), nullable=False, comment="of that object, if it is one"),
        sa.Column("created", sa.Integer(), nullable=False, comment="1: it was new"),
        sa.Column("at", sa.Integer(), nullable=False, comment="milliseconds since 1970; kept for a day"),
        sa.PrimaryKeyConstraint("whose", "key", name="pk_answers"),
    )
    op.create_index("ix_answers_at", "answers", ["at"], unique=False)
    op.create_table(
        "attempts",
        sa.Column(
            "address", sa.Text(), nullable=False, comment="from which PINs were tried; * for all strangers together"
        ),
        sa.Column("failures", sa.Float(), nullable=False, comment="as they were `at`; they fade"),
        sa.Column("at", sa.Integer(), nullable=False, comment="milliseconds since 1970"),
        sa.Column("blocked_until", sa.Integer(), nullable=False, comment="milliseconds since 1970"),
        sa.Column(
            "good_at",
            sa.Integer(),
            nullable=False,
            comment="last good login, milliseconds since 1970, to the day; 0: none",
        ),
        sa.PrimaryKeyConstraint("address", name="pk_attempts"),
    )
    op.create_table(
        "change_log",
        sa.Column("seq", sa.Integer(), nullable=False, comment="counts every change of a row; never reused"),
        sa.Column("tx", sa.Integer(), nullable=False, comment="seq of the first change of the same transaction"),
        sa.Column("at", sa.Integer(), nullable=False, comment="milliseconds since 1970 by this node's clock"),
        sa.Column("run", sa.Text(), nullable=False, comment="the actor that stands for this run of the program"),
        sa.Column(
            "elapsed",
            sa.Integer(),
            nullable=False,
            comment="milliseconds since the run began, however the clock was set",
        ),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="create, update, delete or restore"),
        sa.Column("origin", sa.Text(), nullable=False, comment="api, import, setup, sync, rules, or derived"),
        sa.Column("user_id", sa.Text(), nullable=True, comment="who; null for the server itself"),
        sa.Column("stamp", sa.Text(), nullable=False, comment="stamp of the change"),
        sa.Column("fields", sa.Text(), nullable=False, comment='JSON: {"field": [old, new]}; secrets are masked'),
        sa.CheckConstraint("kind IN ('create', 'update', 'delete', 'restore')", name="ck_change_log_kind"),
        sa.PrimaryKeyConstraint("seq", name="pk_change_log"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_change_log_at", "change_log", ["at"], unique=False)
    op.create_index("ix_change_log_row", "change_log", ["collection", "row_id", "seq"], unique=False)
    op.create_table(
        "clients",
        sa.Column("id", sa.Text(), nullable=False, comment="chosen by the client, or made by the server"),
        sa.Column("name", sa.Text(), nullable=True, comment="name: text"),
        sa.Column("contact_person", sa.Text(), nullable=True, comment="contactPerson: text"),
        sa.Column("email", sa.Text(), nullable=True, comment="email: text"),
        sa.Column("phone", sa.Text(), nullable=True, comment="phone: text"),
        sa.Column("address", sa.Text(), nullable=True, comment="address: text"),
        sa.Column("tax_id", sa.Text(), nullable=True, comment="taxId: text"),
        sa.Column(
            "_born", sa.Text(), nullable=False, comment="stamp of the creation, and of every field not in _stamps"
        ),
        sa.Column("_life", sa.Integer(), nullable=False, comment="causal length: odd is alive, even is deleted"),
        sa.Column(
            "_stamps", sa.Text(), nullable=False, comment="JSON: stamps of the fields changed since the creation"
        ),
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_base",
            sa.Text(),
            nullable=False,
            comment="JSON: what head office had of the fields changed since, if dirty",
        ),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
    )
    op.create_index("ix_clients_deleted", "clients", ["id"], unique=False, sqlite_where=sa.text("_life % 2 = 0"))
    op.create_index("ix_clients_order", "clients", ["_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1"))
    op.create_index("ix_clients_seq", "clients", ["_seq"], unique=False)
    op.create_table(
        "conflicts",
        sa.Column("id", sa.Text(), nullable=False, comment="chosen by the client, or made by the server"),
        sa.Column("collection", sa.Text(), nullable=True, comment="collection: text"),
        sa.Column("row_id", sa.Text(), nullable=True, comment="rowId: text"),
        sa.Column("field", sa.Text(), nullable=True, comment="field: text"),
        sa.Column("winner", sa.Text(), nullable=True, comment="winner: text"),
        sa.Column("winner_stamp", sa.Text(), nullable=True, comment="winnerStamp: text"),
        sa.Column("loser", sa.Text(), nullable=True, comment="loser: text"),
        sa.Column("loser_stamp", sa.Text(), nullable=True, comment="loserStamp: text"),
        sa.Column("at", sa.Text(), nullable=True, comment="at: moment"),
        sa.Column("seen", sa.Integer(), nullable=True, comment="seen: boolean"),
        sa.Column(
            "_born", sa.Text(), nullable=False, comment="stamp of the creation, and of every field not in _stamps"
        ),
        sa.Column("_life", sa.Integer(), nullable=False, comment="causal length: odd is alive, even is deleted"),
        sa.Column(
            "_stamps", sa.Text(), nullable=False, comment="JSON: stamps of the fields changed since the creation"
        ),
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_base",
            sa.Text(),
            nullable=False,
            comment="JSON: what head office had of the fields changed since, if dirty",
        ),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_conflicts"),
    )
    op.create_index("ix_conflicts_deleted", "conflicts", ["id"], unique=False, sqlite_where=sa.text("_life % 2 = 0"))
    op.create_index(
        "ix_conflicts_order", "conflicts", ["_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1")
    )
    op.create_index("ix_conflicts_seq", "conflicts", ["_seq"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", sa.Text(), nullable=False, comment="chosen by the client, or made by the server"),
        sa.Column("machine_id", sa.Text(), nullable=True, comment="machineId: text"),
        sa.Column("type", sa.Text(), nullable=True, comment="type: choice"),
        sa.Column("description", sa.Text(), nullable=True, comment="description: text"),
        sa.Column("severity", sa.Text(), nullable=True, comment="severity: choice"),
        sa.Column("timestamp", sa.Text(), nullable=True, comment="timestamp: moment"),
        sa.Column("received_at", sa.Text(), nullable=True, comment="receivedAt: moment"),
        sa.Column(
            "_born", sa.Text(), nullable=False, comment="stamp of the creation, and of every field not in _stamps"
        ),
        sa.Column("_life", sa.Integer(), nullable=False, comment="causal length: odd is alive, even is deleted"),
        sa.Column(
            "_stamps", sa.Text(), nullable=False, comment="JSON: stamps of the fields changed since the creation"
        ),
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_base",
            sa.Text(),
            nullable=False,
            comment="JSON: what head office had of the fields changed since, if dirty",
        ),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_deleted", "events", ["id"], unique=False, sqlite_where=sa.text("_life % 2 = 0"))
    op.create_index(
        "ix_events_order", "events", ["received_at", "_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1")
    )
    op.create_index(
        "ix_events_completions",
        "events",
        ["machine_id", "description", "received_at"],
        unique=False,
        sqlite_where=sa.text("type = 'JOB_COMPLETE'"),
    )
    op.create_index("ix_events_seq", "events", ["_seq"], unique=False)
    op.create_table(
        "inventory",
        sa.Column("id", sa.Text(), nullable=False, comment="chosen by the client, or made by the server"),
        sa.Column("name", sa.Text(), nullable=True, comment="name: text"),
        sa.Column("sku", sa.Text(), nullable=True, comment="sku: text"),
        sa.Column("quantity", sa.Numeric(), nullable=True, comment="quantity: number"),
        sa.Column("unit", sa.Text(), nullable=True, comment="unit: choice"),
        sa.Column("min_threshold", sa.Numeric(), nullable=True, comment="minThreshold: number"),
        sa.Column("location", sa.Text(), nullable=True, comment="location: text"),
        sa.Column("is_manufactured", sa.Integer(), nullable=True, comment="isManufactured: boolean"),
        sa.Column(
            "_born", sa.Text(), nullable=False, comment="stamp of the creation, and of every field not in _stamps"
        ),
        sa.Column("_life", sa.Integer(), nullable=False, comment="causal length: odd is alive, even is deleted"),
        sa.Column(
            "_stamps", sa.Text(), nullable=False, comment="JSON: stamps of the fields changed since the creation"
        ),
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_base",
            sa.Text(),
            nullable=False,
            comment="JSON: what head office had of the fields changed since, if dirty",
        ),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_inventory"),
    )
    op.create_index("ix_inventory_deleted", "inventory", ["id"], unique=False, sqlite_where=sa.text("_life % 2 = 0"))
    op.create_index(
        "ix_inventory_order", "inventory", ["_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1")
    )
    op.create_index(
        "ix_inventory_sku", "inventory", ["sku", "_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1")
    )
    op.create_index("ix_inventory_seq", "inventory", ["_seq"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("id", sa.Text(), nullable=False, comment="chosen by the client, or made by the server"),
        sa.Column("project_id", sa.Text(), nullable=True, comment="projectId: text"),
        sa.Column("machine_type", sa.Text(), nullable=True, comment="machineType: choice"),
        sa.Column("assigned_machine_id", sa.Text(), nullable=True, comment="assignedMachineId: text"),
        sa.Column("operator_ids", sa.Text(), nullable=True, comment="operatorIds: texts"),
        sa.Column("product_name", sa.Text(), nullable=True, comment="productName: text"),
        sa.Column("target_quantity", sa.Numeric(), nullable=True, comment="targetQuantity: number"),
        sa.Column("completed_quantity", sa.Numeric(), nullable=True, comment="completedQuantity: number"),
        sa.Column("scrap_quantity", sa.Numeric(), nullable=True, comment="scrapQuantity: number"),
        sa.Column("unit", sa.Text(), nullable=True, comment="unit: text"),
        sa.Column("status", sa.Text(), nullable=True, comment="status: choice"),
        sa.Column("start_date", sa.Text(), nullable=True, comment="startDate: moment"),
        sa.Column("end_date", sa.Text(), nullable=True, comment="endDate: moment"),
        sa.Column("priority_index", sa.Integer(), nullable=True, comment="priorityIndex: integer"),
        sa.Column("file_url", sa.Text(), nullable=True, comment="fileUrl: text"),
        sa.Column("notes", sa.Text(), nullable=True, comment="notes: text"),
        sa.Column("operator_notes", sa.Text(), nullable=True, comment="operatorNotes: text"),
        sa.Column("requires_panelizado", sa.Integer(), nullable=True, comment="requiresPanelizado: boolean"),
        sa.Column("linked_job_id", sa.Text(), nullable=True, comment="linkedJobId: text"),
        sa.Column("workflow_stages", sa.Text(), nullable=True, comment="workflowStages: stages"),
        sa.Column("current_coil_id", sa.Text(), nullable=True, comment="currentCoilId: text"),
        sa.Column("is_stock", sa.Integer(), nullable=True, comment="isStock: boolean"),
        sa.Column("tonnage", sa.Numeric(), nullable=True, comment="tonnage: number"),
        sa.Column("completed_at", sa.Text(), nullable=True, comment="completedAt: moment"),
        sa.Column(
            "_born", sa.Text(), nullable=False, comment="stamp of the creation, and of every field not in _stamps"
        ),
        sa.Column("_life", sa.Integer(), nullable=False, comment="causal length: odd is alive, even is deleted"),
        sa.Column(
            "_stamps", sa.Text(), nullable=False, comment="JSON: stamps of the fields changed since the creation"
        ),
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_base",
            sa.Text(),
            nullable=False,
            comment="JSON: what head office had of the fields changed since, if dirty",
        ),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_deleted", "jobs", ["id"], unique=False, sqlite_where=sa.text("_life % 2 = 0"))
    op.create_index("ix_jobs_order", "jobs", ["_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1"))
    op.create_index(
        "ix_jobs_assigned_machine_id",
        "jobs",
        ["assigned_machine_id", "_born", "id"],
        unique=False,
        sqlite_where=sa.text("_life % 2 = 1"),
    )
    op.create_index(
        "ix_jobs_project_id",
        "jobs",
        ["project_id", "_born", "id", "status"],
        unique=False,
        sqlite_where=sa.text("_life % 2 = 1"),
    )
    op.create_index(
        "ix_jobs_status", "jobs", ["status", "_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1")
    )
    op.create_index("ix_jobs_seq", "jobs", ["_seq"], unique=False)
    op.create_table(
        "machines",
        sa.Column("id", sa.Text(), nullable=False, comment="chosen by the client, or made by the server"),
        sa.Column("name", sa.Text(), nullable=True, comment="name: text"),
        sa.Column("type", sa.Text(), nullable=True, comment="type: choice"),
        sa.Column("category", sa.Text(), nullable=True, comment="category: choice"),
        sa.Column("brand", sa.Text(), nullable=True, comment="brand: text"),
        sa.Column("status", sa.Text(), nullable=True, comment="status: choice"),
        sa.Column("current_job_id", sa.Text(), nullable=True, comment="currentJobId: text"),
        sa.Column("operator_ids", sa.Text(), nullable=True, comment="operatorIds: texts"),
        sa.Column("efficiency", sa.Numeric(), nullable=True, comment="efficiency: number"),
        sa.Column("oee_availability", sa.Numeric(), nullable=True, comment="oee_availability: number"),
        sa.Column("oee_performance", sa.Numeric(), nullable=True, comment="oee_performance: number"),
        sa.Column("oee_quality", sa.Numeric(), nullable=True, comment="oee_quality: number"),
        sa.Column("temperature", sa.Numeric(), nullable=True, comment="temperature: number"),
        sa.Column("last_maintenance", sa.Text(), nullable=True, comment="lastMaintenance: moment"),
        sa.Column("maintenance_reason", sa.Text(), nullable=True, comment="maintenanceReason: text"),
        sa.Column("is_active", sa.Integer(), nullable=True, comment="isActive: boolean"),
        sa.Column("color", sa.Text(), nullable=True, comment="color: text"),
        sa.Column("total_meters_produced", sa.Numeric(), nullable=True, comment="totalMetersProduced: number"),
        sa.Column("next_maintenance_meters", sa.Numeric(), nullable=True, comment="nextMaintenanceMeters: number"),
        sa.Column(
            "_born", sa.Text(), nullable=False, comment="stamp of the creation, and of every field not in _stamps"
        ),
        sa.Column("_life", sa.Integer(), nullable=False, comment="causal length: odd is alive, even is deleted"),
        sa.Column(
            "_stamps", sa.Text(), nullable=False, comment="JSON: stamps of the fields changed since the creation"
        ),
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_base",
            sa.Text(),
            nullable=False,
            comment="JSON: what head office had of the fields changed since, if dirty",
        ),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_machines"),
    )
    op.create_index("ix_machines_deleted", "machines", ["id"], unique=False, sqlite_where=sa.text("_life % 2 = 0"))
    op.create_index(
        "ix_machines_order", "machines", ["_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1")
    )
    op.create_index("ix_machines_seq", "machines", ["_seq"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.Text(), nullable=False, comment="chosen by the client, or made by the server"),
        sa.Column("from", sa.Text(), nullable=True, comment="from: text"),
        sa.Column("to", sa.Text(), nullable=True, comment="to: text"),
        sa.Column("content", sa.Text(), nullable=True, comment="content: text"),
        sa.Column("timestamp", sa.Text(), nullable=True, comment="timestamp: moment"),
        sa.Column("is_read", sa.Integer(), nullable=True, comment="isRead: boolean"),
        sa.Column("sender_id", sa.Text(), nullable=True, comment="senderId: text"),
        sa.Column("read_by", sa.Text(), nullable=True, comment="readBy: texts"),
        sa.Column(
            "_born", sa.Text(), nullable=False, comment="stamp of the creation, and of every field not in _stamps"
        ),
        sa.Column("_life", sa.Integer(), nullable=False, comment="causal length: odd is alive, even is deleted"),
        sa.Column(
            "_stamps", sa.Text(), nullable=False, comment="JSON: stamps of the fields changed since the creation"
        ),
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_base",
            sa.Text(),
            nullable=False,
            comment="JSON: what head office had of the fields changed since, if dirty",
        ),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_index("ix_messages_deleted", "messages", ["id"], unique=False, sqlite_where=sa.text("_life % 2 = 0"))
    op.create_index(
        "ix_messages_order", "messages", ["_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1")
    )
    op.create_index("ix_messages_seq", "messages", ["_seq"], unique=False)
    op.create_table(
        "node_state",
        sa.Column("key", sa.Text(), nullable=False, comment="node, plant, plant_name, clock, cursor, mark, …"),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_node_state"),
    )
    op.create_table(
        "project_accessories",
        sa.Column("id", sa.Text(), nullable=False, comment="chosen by the client, or made by the server"),
        sa.Column("project_id", sa.Text(), nullable=True, comment="projectId: text"),
        sa.Column("inventory_item_id", sa.Text(), nullable=True, comment="inventoryItemId: text"),
        sa.Column("quantity_required", sa.Numeric(), nullable=True, comment="quantityRequired: number"),
        sa.Column("quantity_allocated", sa.Numeric(), nullable=True, comment="quantityAllocated: number"),
        sa.Column("is_fulfilled", sa.Integer(), nullable=True, comment="isFulfilled: boolean"),
        sa.Column(
            "_born", sa.Text(), nullable=False, comment="stamp of the creation, and of every field not in _stamps"
        ),
        sa.Column("_life", sa.Integer(), nullable=False, comment="causal length: odd is alive, even is deleted"),
        sa.Column(
            "_stamps", sa.Text(), nullable=False, comment="JSON: stamps of the fields changed since the creation"
        ),
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_base",
            sa.Text(),
            nullable=False,
            comment="JSON: what head office had of the fields changed since, if dirty",
        ),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_project_accessories"),
    )
    op.create_index(
        "ix_project_accessories_deleted",
        "project_accessories",
        ["id"],
        unique=False,
        sqlite_where=sa.text("_life % 2 = 0"),
    )
    op.create_index(
        "ix_project_accessories_order",
        "project_accessories",
        ["_born", "id"],
        unique=False,
        sqlite_where=sa.text("_life % 2 = 1"),
    )
    op.create_index("ix_project_accessories_seq", "project_accessories", ["_seq"], unique=False)
    op.create_table(
        "projects",
        sa.Column("id", sa.Text(), nullable=False, comment="chosen by the client, or made by the server"),
        sa.Column("name", sa.Text(), nullable=True, comment="name: text"),
        sa.Column("client_id", sa.Text(), nullable=True, comment="clientId: text"),
        sa.Column("deadline", sa.Text(), nullable=True, comment="deadline: moment"),
        sa.Column("status", sa.Text(), nullable=True, comment="status: choice"),
        sa.Column("description", sa.Text(), nullable=True, comment="description: text"),
        sa.Column("budget", sa.Numeric(), nullable=True, comment="budget: number"),
        sa.Column(
            "_born", sa.Text(), nullable=False, comment="stamp of the creation, and of every field not in _stamps"
        ),
        sa.Column("_life", sa.Integer(), nullable=False, comment="causal length: odd is alive, even is deleted"),
        sa.Column(
            "_stamps", sa.Text(), nullable=False, comment="JSON: stamps of the fields changed since the creation"
        ),
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_base",
            sa.Text(),
            nullable=False,
            comment="JSON: what head office had of the fields changed since, if dirty",
        ),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
    )
    op.create_index("ix_projects_deleted", "projects", ["id"], unique=False, sqlite_where=sa.text("_life % 2 = 0"))
    op.create_index(
        "ix_projects_order", "projects", ["_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1")
    )
    op.create_index("ix_projects_seq", "projects", ["_seq"], unique=False)
    op.create_table(
        "pushes",
        sa.Column(
            "mark", sa.Integer(), nullable=False, comment="head office has had all changes up to this change_log.seq"
        ),
        sa.Column("at", sa.Integer(), nullable=False, comment="since when, milliseconds since 1970"),
        sa.PrimaryKeyConstraint("mark", name="pk_pushes"),
    )
    op.create_table(
        "sessions",
        sa.Column("jti", sa.Text(), nullable=False, comment="the token's id; a token is good while its row is here"),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column(
            "role", sa.Text(), nullable=False, comment="the user's role when the token was made; another one ends it"
        ),
        sa.Column(
            "credential",
            sa.Text(),
            nullable=False,
            comment="digest of the user's PIN hash when the token was made; ditto",
        ),
        sa.Column("expires_at", sa.Integer(), nullable=False, comment="seconds since 1970"),
        sa.Column("terminal", sa.Text(), nullable=True, comment="the paired terminal where it began; its end ends it"),
        sa.PrimaryKeyConstraint("jti", name="pk_sessions"),
    )
    op.create_table(
        "set_aside",
        sa.Column("id", sa.Integer(), nullable=False, comment="for the API"),
        sa.Column(
            "direction",
            sa.Text(),
            nullable=False,
            comment="push: head office does not take it; pull: this node does not",
        ),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, comment="a sentence"),
        sa.Column("at", sa.Integer(), nullable=False, comment="milliseconds since 1970"),
        sa.Column("version", sa.Text(), nullable=False, comment="of this program then; a newer one tries again"),
        sa.Column(
            "row", sa.Text(), nullable=False, comment="JSON: the row as head office has it, if direction is pull"
        ),
        sa.CheckConstraint("direction IN ('push', 'pull')", name="ck_set_aside_direction"),
        sa.PrimaryKeyConstraint("id", name="pk_set_aside"),
        sa.UniqueConstraint("direction", "collection", "row_id", name="uq_set_aside_row"),
    )
    op.create_table(
        "samples",
        sa.Column("at", sa.Integer(), nullable=False, comment="a full minute, milliseconds since 1970"),
        sa.Column("waiting", sa.Integer(), nullable=False, comment="changes that waited for head office"),
        sa.Column("requests", sa.Integer(), nullable=False, comment="requests since the sample before"),
        sa.Column("database", sa.Integer(), nullable=False, comment="bytes of the database with its log"),
        sa.Column("free", sa.Integer(), nullable=False, comment="bytes free on its disk"),
        sa.PrimaryKeyConstraint("at", name="pk_samples"),
    )
    op.create_table(
        "terminals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="what people call it"),
        sa.Column(
            "code", sa.Text(), nullable=True, comment="keyed digest of the code that pairs it; null once that is used"
        ),
        sa.Column("made_at", sa.Integer(), nullable=False, comment="milliseconds since 1970"),
        sa.Column("expires_at", sa.Integer(), nullable=False, comment="of the code; milliseconds since 1970"),
        sa.Column(
            "key",
            sa.Text(),
            nullable=True,
            comment="digest of what the terminal proves itself with; null until it is paired",
        ),
        sa.Column("paired_at", sa.Integer(), nullable=True, comment="milliseconds since 1970"),
        sa.Column("seen_at", sa.Integer(), nullable=True, comment="last login there, milliseconds since 1970"),
        sa.Column("address", sa.Text(), nullable=True, comment="from which that came"),
        sa.PrimaryKeyConstraint("id", name="pk_terminals"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False, comment="chosen by the client, or made by the server"),
        sa.Column("name", sa.Text(), nullable=True, comment="name: text"),
        sa.Column("role", sa.Text(), nullable=True, comment="role: choice"),
        sa.Column("avatar", sa.Text(), nullable=True, comment="avatar: text"),
        sa.Column("pin_hash", sa.Text(), nullable=True, comment="pinHash: text"),
        sa.Column("pin_lookup", sa.Text(), nullable=True, comment="pinLookup: text"),
        sa.Column(
            "_born", sa.Text(), nullable=False, comment="stamp of the creation, and of every field not in _stamps"
        ),
        sa.Column("_life", sa.Integer(), nullable=False, comment="causal length: odd is alive, even is deleted"),
        sa.Column(
            "_stamps", sa.Text(), nullable=False, comment="JSON: stamps of the fields changed since the creation"
        ),
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_base",
            sa.Text(),
            nullable=False,
            comment="JSON: what head office had of the fields changed since, if dirty",
        ),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_index("ix_users_deleted", "users", ["id"], unique=False, sqlite_where=sa.text("_life % 2 = 0"))
    op.create_index("ix_users_order", "users", ["_born", "id"], unique=False, sqlite_where=sa.text("_life % 2 = 1"))
    op.create_index("ix_users_pin_lookup", "users", ["pin_lookup"], unique=False)
    op.create_index("ix_users_seq", "users", ["_seq"], unique=False)
