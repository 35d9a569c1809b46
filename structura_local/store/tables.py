"""The plant's tables, made from the declarations in domain/. Alembic migrations are checked against this metadata."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Collection, Field, Kind

METADATA = MetaData()

_TYPES: dict[Kind, type[Text] | type[Numeric] | type[Integer]] = {  # type: ignore[type-arg]
    Kind.NUMBER: Numeric,
    Kind.INTEGER: Integer,
    Kind.BOOLEAN: Integer,
}


def _column(field: Field) -> Column:  # type: ignore[type-arg]
    return Column(field.column, _TYPES.get(field.kind, Text)(), comment=f"{field.name}: {field.kind.value}")


def order(collection: Collection) -> tuple[str, ...]:
    """The columns that lists are ordered by: creation, or the time of receipt (backwards) and then creation."""
    return ("received_at", "_born", "id") if collection.newest_first else ("_born", "id")


def _collection_table(collection: Collection) -> Table:
    name = collection.table
    indexes = [
        # What is to be pushed: rows changed here since the mark.
        Index(f"ix_{name}_seq", "_seq"),
        Index(f"ix_{name}_order", *order(collection)),
    ]
    if name == "users":
        indexes.append(Index("ix_users_pin_lookup", "pin_lookup"))
    if name == "alerts":
        indexes.append(Index("ix_alerts_related", "related_id"))
    if name == "jobs":
        indexes.append(Index("ix_jobs_project", "project_id"))
    return Table(
        name,
        METADATA,
        Column("id", Text, nullable=False, comment="chosen by the client, or made by the server"),
        *(_column(f) for f in collection.stored),
        Column("_born", Text, nullable=False, comment="stamp of the creation, and of every field not in _stamps"),
        Column("_life", Integer, nullable=False, comment="causal length: odd is alive, even is deleted"),
        Column("_stamps", Text, nullable=False, comment="JSON: stamps of the fields changed since the creation"),
        Column("_parts", Text, nullable=False, comment="JSON: entries of counters and sets, by field"),
        Column("_extra", Text, nullable=False, comment="JSON: fields that only a newer version knows"),
        Column("_seq", Integer, nullable=False, comment="change_log.seq of the last local change; 0: as pulled"),
        PrimaryKeyConstraint("id", name=f"pk_{name}"),
        *indexes,
    )


COLLECTION_TABLES = {c.table: _collection_table(c) for c in COLLECTIONS}

CHANGE_LOG = Table(
    "change_log",
    METADATA,
    Column("seq", Integer, comment="counts every change of a row; never reused"),
    Column("tx", Integer, nullable=False, comment="seq of the first change of the same transaction"),
    Column("at", Integer, nullable=False, comment="milliseconds since 1970 by this node's clock"),
    Column("collection", Text, nullable=False),
    Column("row_id", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="create, update, delete or restore"),
    Column("origin", Text, nullable=False, comment="api, import, setup, sync or rules"),
    Column("user_id", Text, comment="who; null for the server itself"),
    Column("stamp", Text, nullable=False, comment="stamp of the change"),
    Column("fields", Text, nullable=False, comment='JSON: {"field": [old, new]}; secrets are masked'),
    PrimaryKeyConstraint("seq", name="pk_change_log"),
    CheckConstraint("kind IN ('create', 'update', 'delete', 'restore')", name="ck_change_log_kind"),
    Index("ix_change_log_row", "collection", "row_id"),
    sqlite_autoincrement=True,
)

NODE_STATE = Table(
    "node_state",
    METADATA,
    Column("key", Text, comment="node, plant, plant_name, clock, cursor, mark, …"),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("key", name="pk_node_state"),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("jti", Text, comment="the token's id; a token is good while its row is here"),
    Column("user_id", Text, nullable=False),
    Column("role", Text, nullable=False, comment="the user's role when the token was made; another one ends it"),
    Column("credential", Text, nullable=False, comment="stamp of the user's PIN when the token was made; ditto"),
    Column("expires_at", Integer, nullable=False, comment="seconds since 1970"),
    PrimaryKeyConstraint("jti", name="pk_sessions"),
)

ANSWERS = Table(
    "answers",
    METADATA,
    Column("key", Text, comment="Idempotency-Key of a request"),
    Column("user_id", Text, comment="whose request it was"),
    Column("digest", Text, nullable=False, comment="digest of what it asked"),
    Column("data", Text, nullable=False, comment="JSON: the object that was answered"),
    Column("version", Text, nullable=False, comment="of that object"),
    Column("created", Integer, nullable=False, comment="1: it was new"),
    Column("at", Integer, nullable=False, comment="milliseconds since 1970; kept for a day"),
    PrimaryKeyConstraint("user_id", "key", name="pk_answers"),
    Index("ix_answers_at", "at"),
)

ATTEMPTS = Table(
    "attempts",
    METADATA,
    Column("address", Text, comment="from which PINs were tried; * for all strangers together"),
    Column("failures", Float, nullable=False, comment="as they were `at`; they fade"),
    Column("at", Integer, nullable=False, comment="milliseconds since 1970"),
    Column("blocked_until", Integer, nullable=False, comment="milliseconds since 1970"),
    Column("good_at", Integer, nullable=False, comment="last good login, milliseconds since 1970, to the day; 0: none"),
    PrimaryKeyConstraint("address", name="pk_attempts"),
)
