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
    UniqueConstraint,
    text,
)

from structura_local.domain.catalog import SYNCED
from structura_local.domain.fields import Collection, Field, Kind

METADATA = MetaData()

SET_ASIDE_SEQ = 2**62  # the `_seq` of rows that head office does not take: dirty for good, but not waiting

_TYPES: dict[Kind, type[Text] | type[Numeric] | type[Integer]] = {  # type: ignore[type-arg]
    Kind.NUMBER: Numeric,
    Kind.INTEGER: Integer,
    Kind.BOOLEAN: Integer,
}


def _column(field: Field) -> Column:  # type: ignore[type-arg]
    return Column(field.column, _TYPES.get(field.kind, Text)(), comment=f"{field.name}: {field.kind.value}")


ALIVE = text("_life % 2 = 1")
COMPLETIONS = text("type = 'JOB_COMPLETE'")
DELETED = text("_life % 2 = 0")  # spelled out, or SQLite would not see that the index is for it


def order(collection: Collection) -> tuple[str, ...]:
    """The columns that lists are ordered by: creation, or the time of receipt (backwards) and then creation."""
    return ("received_at", "_born", "id") if collection.newest_first else ("_born", "id")


_SOUGHT: dict[str, list[tuple[str, ...]]] = {
    "alerts": [("related_id",)],
    "inventory": [("sku",)],
    "jobs": [("assigned_machine_id",), ("project_id", "status"), ("status",)],
}


def _collection_table(collection: Collection) -> Table:
    name = collection.table
    indexes = [
        # What is to be pushed: rows changed here since the mark.
        Index(f"ix_{name}_seq", "_seq"),
        Index(f"ix_{name}_order", *order(collection), sqlite_where=ALIVE),
        Index(f"ix_{name}_deleted", "id", sqlite_where=DELETED),
    ]
    if name == "users":
        indexes.append(Index("ix_users_pin_lookup", "pin_lookup"))
    # What is often looked for, and filtered by: in the order of the list, so that a page of it needs no sorting.
    for column, *more in _SOUGHT.get(name, ()):
        indexes.append(Index(f"ix_{name}_{column}", column, *order(collection), *more, sqlite_where=ALIVE))
    if name == "events":
        reported = ("machine_id", "description", "received_at")  # how a completion finds those that are alike
        indexes.append(Index("ix_events_completions", *reported, sqlite_where=COMPLETIONS))
    return Table(
        name,
        METADATA,
        Column("id", Text, nullable=False, comment="chosen by the client, or made by the server"),
        *(_column(f) for f in collection.stored),
        Column("_born", Text, nullable=False, comment="stamp of the creation, and of every field not in _stamps"),
        Column("_life", Integer, nullable=False, comment="causal length: odd is alive, even is deleted"),
        Column("_stamps", Text, nullable=False, comment="JSON: stamps of the fields changed since the creation"),
        Column("_parts", Text, nullable=False, comment="JSON: what counters and sets add up (domain/parts.py)"),
        Column("_extra", Text, nullable=False, comment="JSON: fields that only a newer version knows"),
        Column(
            "_base", Text, nullable=False, comment="JSON: what head office had of the fields changed since, if dirty"
        ),
        Column("_seq", Integer, nullable=False, comment="change_log.seq of the last local change; 0: as pulled"),
        PrimaryKeyConstraint("id", name=f"pk_{name}"),
        *indexes,
    )


COLLECTION_TABLES = {c.table: _collection_table(c) for c in SYNCED}

CHANGE_LOG = Table(
    "change_log",
    METADATA,
    Column("seq", Integer, comment="counts every change of a row; never reused"),
    Column("tx", Integer, nullable=False, comment="seq of the first change of the same transaction"),
    Column("at", Integer, nullable=False, comment="milliseconds since 1970 by this node's clock"),
    Column("run", Text, nullable=False, comment="the actor that stands for this run of the program"),
    Column("elapsed", Integer, nullable=False, comment="milliseconds since the run began, however the clock was set"),
    Column("collection", Text, nullable=False, comment="empty: a row that did not change is to be pushed once more"),
    Column("row_id", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="create, update, delete or restore"),
    Column("origin", Text, nullable=False, comment="api, import, setup, sync, rules, or derived"),
    Column("user_id", Text, comment="who; null for the server itself"),
    Column("stamp", Text, nullable=False, comment="stamp of the change"),
    Column("fields", Text, nullable=False, comment='JSON: {"field": [old, new]}; secrets are masked'),
    PrimaryKeyConstraint("seq", name="pk_change_log"),
    CheckConstraint("kind IN ('create', 'update', 'delete', 'restore')", name="ck_change_log_kind"),
    Index("ix_change_log_row", "collection", "row_id", "seq"),
    Index("ix_change_log_at", "at"),
    sqlite_autoincrement=True,
)

NODE_STATE = Table(
    "node_state",
    METADATA,
    Column("key", Text, comment="node, plant, plant_name, clock, cursor, mark, …"),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("key", name="pk_node_state"),
)

PUSHES = Table(
    "pushes",
    METADATA,
    Column("mark", Integer, comment="head office has had all changes up to this change_log.seq"),
    Column("at", Integer, nullable=False, comment="since when, milliseconds since 1970"),
    PrimaryKeyConstraint("mark", name="pk_pushes"),
)

SET_ASIDE = Table(
    "set_aside",
    METADATA,
    Column("id", Integer, comment="for the API"),
    Column("direction", Text, nullable=False, comment="push: head office does not take it; pull: this node does not"),
    Column("collection", Text, nullable=False),
    Column("row_id", Text, nullable=False),
    Column("reason", Text, nullable=False, comment="a sentence"),
    Column("at", Integer, nullable=False, comment="milliseconds since 1970"),
    Column("version", Text, nullable=False, comment="of this program then; a newer one tries again"),
    Column("row", Text, nullable=False, comment="JSON: the row as head office has it, if direction is pull"),
    PrimaryKeyConstraint("id", name="pk_set_aside"),
    UniqueConstraint("direction", "collection", "row_id", name="uq_set_aside_row"),
    CheckConstraint("direction IN ('push', 'pull')", name="ck_set_aside_direction"),
)

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("jti", Text, comment="the token's id; a token is good while its row is here"),
    Column("user_id", Text, nullable=False),
    Column("role", Text, nullable=False, comment="the user's role when the token was made; another one ends it"),
    Column("credential", Text, nullable=False, comment="digest of the user's PIN hash when the token was made; ditto"),
    Column("expires_at", Integer, nullable=False, comment="seconds since 1970"),
    Column("terminal", Text, comment="the paired terminal where it began; its end ends it"),
    PrimaryKeyConstraint("jti", name="pk_sessions"),
)

ANSWERS = Table(
    "answers",
    METADATA,
    Column("key", Text, comment="Idempotency-Key of a request"),
    Column("whose", Text, comment="a user's id, or where somebody is who has none"),
    Column("digest", Text, nullable=False, comment="digest of what it asked"),
    Column("data", Text, nullable=False, comment="JSON: what was answered, without secrets"),
    Column("version", Text, nullable=False, comment="of that object, if it is one"),
    Column("created", Integer, nullable=False, comment="1: it was new"),
    Column("at", Integer, nullable=False, comment="milliseconds since 1970; kept for a day"),
    PrimaryKeyConstraint("whose", "key", name="pk_answers"),
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

SAMPLES = Table(
    "samples",
    METADATA,
    Column("at", Integer, comment="a full minute, milliseconds since 1970"),
    Column("waiting", Integer, nullable=False, comment="changes that waited for head office"),
    Column("requests", Integer, nullable=False, comment="requests since the sample before"),
    Column("database", Integer, nullable=False, comment="bytes of the database with its log"),
    Column("free", Integer, nullable=False, comment="bytes free on its disk"),
    PrimaryKeyConstraint("at", name="pk_samples"),
)

TERMINALS = Table(
    "terminals",
    METADATA,
    Column("id", Text, nullable=False),
    Column("name", Text, nullable=False, comment="what people call it"),
    Column("code", Text, comment="keyed digest of the code that pairs it; null once that is used"),
    Column("made_at", Integer, nullable=False, comment="milliseconds since 1970"),
    Column("expires_at", Integer, nullable=False, comment="of the code; milliseconds since 1970"),
    Column("key", Text, comment="digest of what the terminal proves itself with; null until it is paired"),
    Column("paired_at", Integer, comment="milliseconds since 1970"),
    Column("seen_at", Integer, comment="last login there, milliseconds since 1970"),
    Column("address", Text, comment="from which that came"),
    PrimaryKeyConstraint("id", name="pk_terminals"),
)
