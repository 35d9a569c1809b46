"""Central's functions, generated from the declarations: the merge of sync/merge.py as set-based SQL, push and hello.

Every `central init` installs them anew, after the migrations; they hold no state. A function's arguments must keep
their names and types (CREATE OR REPLACE): a new signature wants a new name.
"""

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Collection, Field, Kind
from sync.protocol import MAJOR

# The batch that a push merges: one row per collection and id, `n` dense from 1. Data holds no nulls at its top level.
INCOMING = """
CREATE TEMP TABLE IF NOT EXISTS incoming (
    n int, collection text, id text, born text COLLATE "C", life int, stamps jsonb, parts jsonb, data jsonb
) ON COMMIT DELETE ROWS"""
INCOMING_COLUMNS = ("n", "collection", "id", "born", "life", "stamps", "parts", "data")

RECORD_TYPES = {
    Kind.NUMBER: "numeric",
    Kind.INTEGER: "numeric",  # JSON may write 3 as 3.0; the assignment to bigint takes both
    Kind.BOOLEAN: "boolean",
    Kind.TEXTS: "jsonb",
    Kind.STAGES: "jsonb",
}  # all else is text


def functions() -> list[str]:
    """The statements that create the functions, in order."""
    return [PLANT_OF, CHANNEL_OF, MERGE_STAMPS, MERGE_EXTRA, *map(merge_function, COLLECTIONS), push_function(), HELLO]


# The policies' filter: no subquery, no table, no setting that could be forged. A role's name, plant_<id>_<6 hex>, is
# given by head office. Evaluated for every row written, and inlined: a regular expression would halve the push.
PLANT_OF = """
CREATE OR REPLACE FUNCTION structura_sync.plant_of(role name) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN role::text LIKE 'plant\\_%\\_______' THEN substr(role::text, 7, length(role::text) - 13) END
$$"""

CHANNEL_OF = """
CREATE OR REPLACE FUNCTION structura_sync.channel_of(plant text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT 'structura_sync_' || plant $$"""

# The stamp of a field is the greater of the two; fields whose stamp is the greater birth need no entry. The stamp of
# `life` goes with the greater life. Most rows meet a later version of the same birth and life: that way is six times
# as fast. It is open only if none of our stamps is older than the birth, as then theirs would win by having no entry.
MERGE_STAMPS = """
CREATE OR REPLACE FUNCTION structura_sync.merge_stamps(
    a_born text, a_life int, a jsonb, b_born text, b_life int, b jsonb
) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    v_name text;
    v_stamp text;
    v_merged jsonb := a;
BEGIN
    IF a_born = b_born AND a_life = b_life
        AND NOT jsonb_path_exists(a, '$.* ? (@ < $born)', jsonb_build_object('born', a_born))
    THEN
        IF a = b THEN
            RETURN a;
        END IF;
        FOR v_name, v_stamp IN SELECT key, value FROM jsonb_each_text(b) LOOP
            IF v_stamp COLLATE "C" > coalesce(a->>v_name, CASE v_name WHEN 'life' THEN '' ELSE a_born END) THEN
                v_merged := v_merged || jsonb_build_object(v_name, v_stamp);
            END IF;
        END LOOP;
        RETURN v_merged;
    END IF;
    RETURN (
        SELECT coalesce(jsonb_object_agg(name, stamp), '{}')
        FROM (
            SELECT name, CASE
                WHEN name <> 'life' THEN greatest(
                    coalesce(a->>name, a_born) COLLATE "C", coalesce(b->>name, b_born) COLLATE "C")
                WHEN a_life > b_life THEN a->>name
                WHEN a_life < b_life THEN b->>name
                ELSE greatest((a->>name) COLLATE "C", (b->>name) COLLATE "C")
            END AS stamp
            FROM jsonb_object_keys(a || b) AS name
        ) AS merged
        WHERE stamp IS NOT NULL AND (name = 'life' OR stamp <> greatest(a_born COLLATE "C", b_born COLLATE "C"))
    );
END $$"""

MERGE_EXTRA = """
CREATE OR REPLACE FUNCTION structura_sync.merge_extra(
    a_born text, a_stamps jsonb, a jsonb, b_born text, b_stamps jsonb, b jsonb
) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT coalesce(jsonb_object_agg(name, value), '{}')
        FROM (
            SELECT name, CASE
                WHEN coalesce(b_stamps->>name, b_born) COLLATE "C" > coalesce(a_stamps->>name, a_born) COLLATE "C"
                THEN b->name ELSE a->name
            END AS value
            FROM jsonb_object_keys(a || b) AS name
        ) AS merged
        WHERE value IS NOT NULL
    );
END $$"""


def merge_function(collection: Collection) -> str:
    """merge_<table>(plant, node, base lsn): merges the batch's rows of one collection.

    A row that brings nothing new stays as it is, lsn included, so that a batch delivered twice changes nothing.
    """
    fields = collection.stored
    record = ", ".join(f'"{f.name}" {RECORD_TYPES.get(f.kind, "text")}' for f in fields)
    known = ",".join(f.name for f in fields)
    columns = "".join(f', "{f.column}"' for f in fields)
    values = "".join(f', d."{f.name}"' for f in fields)
    updates = "\n".join(f"        {_update(f)}," for f in fields)
    news = "structura_sync.merge_stamps(t._born, t._life, t._stamps, excluded._born, excluded._life, excluded._stamps)"
    return f"""
CREATE OR REPLACE FUNCTION structura_sync.merge_{collection.table}(p_plant text, p_node text, p_base bigint)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO structura_sync."{collection.table}" AS t
        (plant_id, id{columns}, _born, _life, _stamps, _parts, _extra, _lsn, _by)
    SELECT p_plant, i.id{values}, i.born, i.life, i.stamps, i.parts, i.data - '{{{known}}}'::text[],
        p_base + i.n, p_node
    FROM pg_temp.incoming AS i, jsonb_to_record(i.data) AS d({record})
    WHERE i.collection = '{collection.table}'
    ON CONFLICT (plant_id, id) DO UPDATE SET
{updates}
        _born = greatest(t._born, excluded._born),
        _life = greatest(t._life, excluded._life),
        _stamps = {news},
        _extra = CASE WHEN t._extra = excluded._extra THEN t._extra ELSE structura_sync.merge_extra(
            t._born, t._stamps, t._extra, excluded._born, excluded._stamps, excluded._extra) END,
        _lsn = excluded._lsn,
        _by = CASE
            WHEN excluded._born >= t._born AND excluded._life >= t._life AND excluded._stamps = {news}
            THEN excluded._by
        END
    WHERE excluded._born > t._born OR excluded._life > t._life OR t._stamps <> {news};
END $$"""


def _update(field: Field) -> str:
    theirs = f"coalesce(excluded._stamps->>'{field.name}', excluded._born)"
    ours = f"coalesce(t._stamps->>'{field.name}', t._born)"
    column = f'"{field.column}"'
    return f'{column} = CASE WHEN {theirs} COLLATE "C" > {ours} THEN excluded.{column} ELSE t.{column} END'


def push_function() -> str:
    """push(plant, node, mark): merges the batch in `incoming` and the node's mark; returns the partition's head.

    Taking the partition's row first makes the order of commits the order of numbers. A push that waits for it holds
    nothing yet and may wait; one that then meets a row held by a person, whose trigger wants the partition, gives way
    after half a second, and the client tries again.
    """
    cases = "\n".join(
        f"            WHEN '{c.table}' THEN PERFORM structura_sync.merge_{c.table}(p_plant, p_node, v_head - v_rows);"
        for c in COLLECTIONS
    )
    return f"""
CREATE OR REPLACE FUNCTION structura_sync.push(p_plant text, p_node text, p_mark bigint)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_rows bigint := (SELECT count(*) FROM pg_temp.incoming);
    v_head bigint;
    v_collection text;
BEGIN
    PERFORM set_config('lock_timeout', '10s', true);
    UPDATE structura_sync.partition SET head = head + v_rows WHERE plant_id = p_plant RETURNING head INTO v_head;
    IF v_head IS NULL THEN
        RAISE EXCEPTION 'Head office does not know the plant %, or this bundle is not for it.', p_plant;
    END IF;
    PERFORM set_config('lock_timeout', '500ms', true);
    FOR v_collection IN SELECT DISTINCT collection FROM pg_temp.incoming LOOP
        CASE v_collection
{cases}
            ELSE RAISE EXCEPTION 'Head office does not know the collection %; its program is older than this plant''s '
                'and wants an upgrade.', v_collection;
        END CASE;
    END LOOP;
    UPDATE structura_sync.node SET mark = greatest(mark, p_mark) WHERE plant_id = p_plant AND node_id = p_node;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Head office does not know the node % under this bundle.', p_node;
    END IF;
    IF v_rows > 0 THEN
        PERFORM pg_notify(structura_sync.channel_of(p_plant), v_head::text);
    END IF;
    RETURN v_head;
END $$"""


# Times go in as values: a volatile function in DO UPDATE SET would keep the schema from being distributed.
HELLO = f"""
CREATE OR REPLACE FUNCTION structura_sync.hello(
    p_plant text, p_node text, p_version text, p_major int, p_minor int,
    OUT major int, OUT head bigint, OUT mark bigint, OUT now bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_time timestamptz := clock_timestamp();
BEGIN
    SELECT p.head INTO hello.head FROM structura_sync.partition AS p WHERE p.plant_id = p_plant;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Head office does not know the plant %, or this bundle is not for it.', p_plant;
    END IF;
    INSERT INTO structura_sync.node AS n (plant_id, node_id, bundle, version, protocol, last_contact)
    VALUES (p_plant, p_node, current_user, p_version, p_major || '.' || p_minor, v_time)
    ON CONFLICT (plant_id, node_id) DO UPDATE
    SET version = excluded.version, protocol = excluded.protocol, last_contact = excluded.last_contact
    RETURNING n.mark INTO hello.mark;
    hello.major := {MAJOR};
    hello.now := floor(extract(epoch FROM v_time) * 1000);
END $$"""
