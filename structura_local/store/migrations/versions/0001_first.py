"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
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
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: entries of counters and sets, by field"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
    )
    op.create_index("ix_alerts_order", "alerts", ["received_at", "_born", "id"], unique=False)
    op.create_index("ix_alerts_related", "alerts", ["related_id"], unique=False)
    op.create_index("ix_alerts_seq", "alerts", ["_seq"], unique=False)
    op.create_table(
        "change_log",
        sa.Column("seq", sa.Integer(), nullable=False, comment="counts every change of a row; never reused"),
        sa.Column("tx", sa.Integer(), nullable=False, comment="seq of the first change of the same transaction"),
        sa.Column("at", sa.Integer(), nullable=False, comment="milliseconds since 1970 by this node's clock"),
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="create, update, delete or restore"),
        sa.Column("origin", sa.Text(), nullable=False, comment="api, import, setup, sync or rules"),
        sa.Column("user_id", sa.Text(), nullable=True, comment="who; null for the server itself"),
        sa.Column("stamp", sa.Text(), nullable=False, comment="stamp of the change"),
        sa.Column("fields", sa.Text(), nullable=False, comment='JSON: {"field": [old, new]}; secrets are masked'),
        sa.CheckConstraint("kind IN ('create', 'update', 'delete', 'restore')", name="ck_change_log_kind"),
        sa.PrimaryKeyConstraint("seq", name="pk_change_log"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_change_log_row", "change_log", ["collection", "row_id"], unique=False)
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
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: entries of counters and sets, by field"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_clients"),
    )
    op.create_index("ix_clients_order", "clients", ["_born", "id"], unique=False)
    op.create_index("ix_clients_seq", "clients", ["_seq"], unique=False)
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
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: entries of counters and sets, by field"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_order", "events", ["received_at", "_born", "id"], unique=False)
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
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: entries of counters and sets, by field"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_inventory"),
    )
    op.create_index("ix_inventory_order", "inventory", ["_born", "id"], unique=False)
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
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: entries of counters and sets, by field"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_order", "jobs", ["_born", "id"], unique=False)
    op.create_index("ix_jobs_project", "jobs", ["project_id"], unique=False)
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
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: entries of counters and sets, by field"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_machines"),
    )
    op.create_index("ix_machines_order", "machines", ["_born", "id"], unique=False)
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
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: entries of counters and sets, by field"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_index("ix_messages_order", "messages", ["_born", "id"], unique=False)
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
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: entries of counters and sets, by field"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_project_accessories"),
    )
    op.create_index("ix_project_accessories_order", "project_accessories", ["_born", "id"], unique=False)
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
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: entries of counters and sets, by field"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
    )
    op.create_index("ix_projects_order", "projects", ["_born", "id"], unique=False)
    op.create_index("ix_projects_seq", "projects", ["_seq"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("jti", sa.Text(), nullable=False, comment="the token's id; a token is good while its row is here"),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column(
            "role", sa.Text(), nullable=False, comment="the user's role when the token was made; another one ends it"
        ),
        sa.Column(
            "credential", sa.Text(), nullable=False, comment="stamp of the user's PIN when the token was made; ditto"
        ),
        sa.Column("expires_at", sa.Integer(), nullable=False, comment="seconds since 1970"),
        sa.PrimaryKeyConstraint("jti", name="pk_sessions"),
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
        sa.Column("_parts", sa.Text(), nullable=False, comment="JSON: entries of counters and sets, by field"),
        sa.Column("_extra", sa.Text(), nullable=False, comment="JSON: fields that only a newer version knows"),
        sa.Column(
            "_seq", sa.Integer(), nullable=False, comment="change_log.seq of the last local change; 0: as pulled"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_index("ix_users_order", "users", ["_born", "id"], unique=False)
    op.create_index("ix_users_pin_lookup", "users", ["pin_lookup"], unique=False)
    op.create_index("ix_users_seq", "users", ["_seq"], unique=False)
    op.create_table(
        "answers",
        sa.Column("key", sa.Text(), nullable=False, comment="Idempotency-Key of a request"),
        sa.Column("user_id", sa.Text(), nullable=False, comment="whose request it was"),
        sa.Column("digest", sa.Text(), nullable=False, comment="digest of what it asked"),
        sa.Column("data", sa.Text(), nullable=False, comment="JSON: the object that was answered"),
        sa.Column("version", sa.Text(), nullable=False, comment="of that object"),
        sa.Column("created", sa.Integer(), nullable=False, comment="1: it was new"),
        sa.Column("at", sa.Integer(), nullable=False, comment="milliseconds since 1970; kept for a day"),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_answers"),
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
