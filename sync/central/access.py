"""Who may do what at central: group roles, grants, row-level security, and the views for people.

`structura_plant` is what every bundle's role is a member of; a policy confines it to its partition by its name alone.
`structura_reader` is for reports: all plants, no secrets; `structura_editor` also writes there, through triggers that
stamp and number what it does. Installed anew by every `central init`.
"""

from structura_local.domain.catalog import COLLECTIONS, SYNCED
from structura_local.domain.fields import Collection
from sync.central import reports
from sync.central.tables import TABLES

# server_version_num. Before it a view reads with its owner's rights, past row-level security. That gives nobody more
# than here: plants cannot open the schema of the views, and readers and editors may see the rows of all plants anyway.
# What a view must not show, it does not have; what an editor must not change, the triggers refuse.
SECURITY_INVOKER_SINCE = 150_000

ROLES = """
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['structura_plant', 'structura_reader', 'structura_editor'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- roles belong to the whole cluster: another database's init was faster
END $$"""

GRANT_DATABASE = """
DO $$ BEGIN
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO structura_plant', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO structura_reader, structura_editor', current_database());
END $$"""

# What runs with the rights of central's owner is not for everybody, as Postgres has it by itself: who may call it, or
# make a trigger of it on a table of their own, can write what they like of any plant. To fire needs no right.
CLOSED = """
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT oid FROM pg_proc WHERE pronamespace = 'structura_sync'::regnamespace AND prosecdef LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    END LOOP;
END $$"""

OWN_PLANT = "plant_id = structura_sync.plant_of(current_user)"
OWN_BUNDLE = f"{OWN_PLANT} AND bundle = current_user"


def statements(server_version: int) -> list[str]:
    """The statements that give everybody their rights, in order. `server_version` is server_version_num."""
    every = [f'structura_sync."{name}"' for name in (*TABLES, "partition", "node", "bundle", "pin_key", "carried")]
    secured = [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in every]
    cleared = [
        f"REVOKE ALL ON {table} FROM PUBLIC, structura_plant, structura_reader, structura_editor" for table in every
    ]
    return [
        ROLES,
        GRANT_DATABASE,
        "GRANT USAGE ON SCHEMA structura_sync TO structura_plant, structura_reader, structura_editor",
        *secured,
        *cleared,
        CLOSED,
        "GRANT EXECUTE ON FUNCTION structura_sync.holders() TO structura_plant",
        *_plant_rights(),
        *_reader_rights(),
        *_editor_rights(),
        "CREATE SCHEMA IF NOT EXISTS structura",
        "COMMENT ON SCHEMA structura IS 'The plants'' data for people and reports.'",
        *(view(c, security_invoker=server_version >= SECURITY_INVOKER_SINCE) for c in COLLECTIONS),
        "GRANT USAGE ON SCHEMA structura TO structura_reader, structura_editor",
        *(f'GRANT SELECT ON structura."{c.table}" TO structura_reader' for c in COLLECTIONS),
        *(f'GRANT SELECT, INSERT, UPDATE, DELETE ON structura."{c.table}" TO structura_editor' for c in COLLECTIONS),
        *reports.statements(security_invoker=server_version >= SECURITY_INVOKER_SINCE),
    ]


def _plant_rights() -> list[str]:
    done: list[str] = []
    for table in TABLES:  # rows become tombstones, so no DELETE
        done += [
            f'GRANT SELECT, INSERT, UPDATE ON structura_sync."{table}" TO structura_plant',
            *_policy(table, "plant", "ALL", "structura_plant", f"USING ({OWN_PLANT}) WITH CHECK ({OWN_PLANT})"),
        ]
    return [
        *done,
        "GRANT SELECT, UPDATE (head, digests, epoch) ON structura_sync.partition TO structura_plant",
        *_policy("partition", "plant", "ALL", "structura_plant", f"USING ({OWN_PLANT}) WITH CHECK ({OWN_PLANT})"),
        "GRANT SELECT, INSERT, UPDATE ON structura_sync.node TO structura_plant",
        *_policy("node", "plant_select", "SELECT", "structura_plant", f"USING ({OWN_PLANT})"),
        *_policy("node", "plant_insert", "INSERT", "structura_plant", f"WITH CHECK ({OWN_BUNDLE})"),
        *_policy(
            "node", "plant_update", "UPDATE", "structura_plant", f"USING ({OWN_BUNDLE}) WITH CHECK ({OWN_BUNDLE})"
        ),
        "GRANT SELECT, INSERT ON structura_sync.pin_key TO structura_plant",
        *_policy("pin_key", "plant", "ALL", "structura_plant", f"USING ({OWN_PLANT}) WITH CHECK ({OWN_PLANT})"),
    ]


def _reader_rights() -> list[str]:
    done = [
        "GRANT SELECT ON structura_sync.partition TO structura_reader",
        *_policy("partition", "reader", "SELECT", "structura_reader", "USING (true)"),
        "GRANT SELECT ON structura_sync.node TO structura_reader",
        *_policy("node", "reader", "SELECT", "structura_reader", "USING (true)"),
        "GRANT SELECT (plant_id, role, revoked_at) ON structura_sync.bundle TO structura_reader",  # not its secret
        *_policy("bundle", "reader", "SELECT", "structura_reader", "USING (true)"),
    ]
    for collection in SYNCED:
        shown = "".join(f', "{f.column}"' for f in collection.stored if not f.secret)
        done += [
            f'GRANT SELECT (plant_id, id{shown}, _life) ON structura_sync."{collection.table}" TO structura_reader',
            *_policy(collection.table, "reader", "SELECT", "structura_reader", "USING (true)"),
        ]
    return done


def _editor_rights() -> list[str]:
    """What its views need underneath. Ids and merge state are never its to change."""
    done = [
        "GRANT SELECT ON structura_sync.partition TO structura_editor",
        *_policy("partition", "editor", "SELECT", "structura_editor", "USING (true)"),
    ]
    for collection in COLLECTIONS:
        columns = ", ".join(f'"{f.column}"' for f in collection.stored if not f.secret)
        rights = f"SELECT (plant_id, id, {columns}, _life), INSERT (plant_id, id, {columns}), UPDATE ({columns})"
        done += [
            f'GRANT {rights} ON structura_sync."{collection.table}" TO structura_editor',
            *_policy(collection.table, "editor", "ALL", "structura_editor", "USING (true) WITH CHECK (true)"),
        ]
    return done


def _policy(table: str, name: str, command: str, role: str, condition: str) -> tuple[str, str]:
    return (
        f'DROP POLICY IF EXISTS "{name}" ON structura_sync."{table}"',
        f'CREATE POLICY "{name}" ON structura_sync."{table}" FOR {command} TO {role} {condition}',
    )


def view(collection: Collection, security_invoker: bool) -> str:
    """structura.<table>: the objects that are alive, without merge state or secrets.

    Replaced, not dropped: people build reports on it. So a column that moves or goes wants a migration of its own.
    """
    options = " WITH (security_invoker = true)" if security_invoker else ""
    shown = "".join(f', "{f.column}"' for f in collection.stored if not f.secret)
    return (
        f'CREATE OR REPLACE VIEW structura."{collection.table}"{options} AS '
        f'SELECT plant_id, id{shown} FROM structura_sync."{collection.table}" WHERE _life % 2 = 1'
    )
