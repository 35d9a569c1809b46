"""Central's functions, generated from the declarations: the merge of sync/merge.py as set-based SQL, push and hello.

Every `central init` installs them anew, after the migrations; they hold no state. A function's arguments must keep
their names and types (CREATE OR REPLACE): a new signature wants a new name.
"""

from structura_local import __version__
from structura_local.domain.actors import ACTORS
from structura_local.domain.catalog import COLLECTIONS, SYNCED
from structura_local.domain.fields import Collection, Field, Kind, Merge
from sync.central import journal, reading
from sync.protocol import AHEAD_LIMIT, MAJOR, SUPERSEDED

# The batch that a push merges: one row per collection and id, `n` dense from 1. Data holds no nulls at its top level.
INCOMING = """
CREATE TEMP TABLE IF NOT EXISTS incoming (
    n int, collection text, id text, born text COLLATE "C", life int, stamps jsonb, parts jsonb, data jsonb, base jsonb
) ON COMMIT DELETE ROWS"""
COLUMNS = ("collection", "id", "born", "life", "stamps", "parts", "data", "base")  # as push_rows takes them

UNSET = "E'\\x1f'"  # structura_local/domain/parts.py
REFUSED = "ST001"  # SQLSTATE: central does not take a row
AHEAD = "ST002"  # SQLSTATE: a stamp is ahead of central's clock

RECORD_TYPES = {
    Kind.NUMBER: "numeric",
    Kind.INTEGER: "numeric",  # JSON may write 3 as 3.0; the assignment to bigint takes both
    Kind.BOOLEAN: "boolean",
    Kind.TEXTS: "jsonb",
    Kind.STAGES: "jsonb",
}  # all else is text


def functions() -> list[str]:
    """The statements that create the functions, in order."""
    return [
        PLANT_OF,
        CHANNEL_OF,
        TIME_OF,
        FINGERPRINT,
        BUCKET_OF,
        MERGE_STAMPS,
        MERGE_PARTS,
        COUNTER_VALUE,
        SET_VALUE,
        MERGE_EXTRA,
        DIGEST_WITH,
        journal.ISO_OF,
        journal.FOREIGN,
        *map(merge_function, SYNCED),
        *map(journal.function, COLLECTIONS),
        push_function(),
        PUSH_ROWS,
        *reading.functions(),
        RECOUNT.format(sums=" UNION ALL ".join(map(_sum_of, SYNCED))),
        EMPTY.format(updates="".join(map(_emptied, COLLECTIONS))),
        HELLO,
    ]


def promotions() -> list[str]:
    """Statements that move what an older central kept as unknown into the columns it now has. Before the triggers."""
    return [_promoted(collection) for collection in SYNCED]


def _promoted(collection: Collection) -> str:
    record = ", ".join(f'"{f.name}" {RECORD_TYPES.get(f.kind, "text")}' for f in collection.stored)
    names = ",".join(f.name for f in collection.stored)
    moved = "".join(f'"{f.column}" = coalesce(d."{f.name}", t."{f.column}"), ' for f in collection.stored)
    return (
        f"UPDATE structura_sync.\"{collection.table}\" AS t SET {moved}_extra = t._extra - '{{{names}}}'::text[]"
        f' FROM structura_sync."{collection.table}" AS s, jsonb_to_record(s._extra) AS d({record})'
        f" WHERE s._extra ?| '{{{names}}}' AND (t.plant_id, t.id) = (s.plant_id, s.id)"
    )


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
        IF a <@ b AND NOT jsonb_path_exists(b, '$.* ? (@ <= $born)', jsonb_build_object('born', a_born)) THEN
            RETURN b;  -- who wrote last had seen all, as most do
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

# The time part of a stamp (structura_local/domain/stamp.py), so many milliseconds later.
TIME_OF = """
CREATE OR REPLACE FUNCTION structura_sync.time_of(moment timestamptz, later int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lpad(to_hex(floor(extract(epoch FROM moment) * 1000)::bigint + later), 12, '0') || '0000'
$$"""

# The same as structura_local/domain/row.py computes: jsonb has one text, with keys by length and then by bytes. All
# that is not text says so: `text || int` is not immutable, and what is not is called for every row, not inlined.
FINGERPRINT = """
CREATE OR REPLACE FUNCTION structura_sync.fingerprint(id text, born text, life int, stamps jsonb, parts jsonb)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('x' || left(md5(id || '|' || born || '|' || life::text || '|' || stamps::text || '|' || parts::text), 16)
        )::bit(64)::bigint
$$"""

BUCKET_OF = """
CREATE OR REPLACE FUNCTION structura_sync.bucket_of(id text) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT ('x' || left(md5(id), 2))::bit(8)::int $$"""

# What counters and sets add up: of two tokens the greater (structura_local/domain/parts.py).
MERGE_PARTS = """
CREATE OR REPLACE FUNCTION structura_sync.merge_parts(a jsonb, b jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF a = b OR b = '{}' THEN
        RETURN a;
    END IF;
    RETURN (
        SELECT jsonb_object_agg(key, greatest((a->>key) COLLATE "C", (b->>key) COLLATE "C"))
        FROM jsonb_object_keys(a || b) AS key
    );
END $$"""

COUNTER_VALUE = """
CREATE OR REPLACE FUNCTION structura_sync.counter_value(parts jsonb, field text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN count(*) FILTER (WHERE key <> field || '+') = 0 THEN substr(parts->>(field || '+'), 26)::numeric
        ELSE trim_scale((round(coalesce(substr(parts->>(field || '+'), 26)::numeric, 0) * 1000000)
            + sum(split_part(value, ' ', 2)::numeric) FILTER (WHERE key <> field || '+')) / 1000000) END
    FROM jsonb_each_text(parts) WHERE starts_with(key, field || '+')
$$"""

# `written` is what the last writer left of a set without parts; an element says that one with parts is unset.
SET_VALUE = f"""
CREATE OR REPLACE FUNCTION structura_sync.set_value(parts jsonb, field text, written jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN count(*) = 0 THEN written
        WHEN count(first) = 1 AND bool_or(first IS NOT NULL AND element = {UNSET}) THEN NULL
        ELSE coalesce(jsonb_agg(element ORDER BY first COLLATE "C", element COLLATE "C")
            FILTER (WHERE first IS NOT NULL AND element <> {UNSET}), '[]') END
    FROM (
        SELECT substr(key, length(field) + 11) AS element,
            min((substr(value, 10, 16) || left(value, 8) || substr(key, length(field) + 2, 8)) COLLATE "C")
                FILTER (WHERE right(value, 1) = '+') AS first
        FROM jsonb_each_text(parts) WHERE starts_with(key, field || '@')
        GROUP BY 1
    ) AS elements
$$"""

# Fields that this version does not know: by the later stamp, or as their parts add up.
MERGE_EXTRA = """
CREATE OR REPLACE FUNCTION structura_sync.merge_extra(
    a_born text, a_stamps jsonb, a jsonb, b_born text, b_stamps jsonb, b jsonb, parts jsonb, known text[]
) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        WITH written AS (
            SELECT name, CASE
                WHEN coalesce(b_stamps->>name, b_born) COLLATE "C" > coalesce(a_stamps->>name, a_born) COLLATE "C"
                THEN b->name
                WHEN coalesce(b_stamps->>name, b_born) = coalesce(a_stamps->>name, a_born)
                THEN coalesce(a->name, b->name)
                ELSE a->name
            END AS value
            FROM (
                SELECT jsonb_object_keys(a || b) AS name
                UNION SELECT substring(key FROM '^[^+@]+') FROM jsonb_object_keys(parts) AS key
            ) AS names
            WHERE name <> ALL (known)
        ), added AS (
            SELECT name, CASE
                WHEN EXISTS (SELECT FROM jsonb_object_keys(parts) AS key WHERE starts_with(key, name || '+'))
                THEN to_jsonb(structura_sync.counter_value(parts, name))
                ELSE structura_sync.set_value(parts, name, value) END AS value
            FROM written
        )
        SELECT coalesce(jsonb_object_agg(name, value), '{}') FROM added WHERE value IS NOT NULL
    );
END $$"""

DIGEST_WITH = """
CREATE OR REPLACE FUNCTION structura_sync.digest_with(digests jsonb, collection text, change bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN change IS NULL OR change = 0 THEN digests ELSE digests || jsonb_build_object(
        collection, (coalesce((digests->>collection)::bigint, 0) # change)::text) END
$$"""

_FINGERPRINT_OF = "structura_sync.fingerprint(t.id, t._born, t._life, t._stamps, t._parts)"


def merge_function(collection: Collection) -> str:
    """merge_<table>(plant, node, base lsn): merges the batch's rows of one collection; returns what changed its digest.

    A row that brings nothing new stays as it is, lsn included, so that a batch delivered twice changes nothing. Each
    row is looked up and merged once, beside the upsert: there, every mention of a merged value would merge anew. While
    the push holds the partition nobody else can commit a change to its rows.
    """
    fields = collection.stored
    record = ", ".join(f'"{f.name}" {RECORD_TYPES.get(f.kind, "text")}' for f in fields)
    known = ",".join(f.name for f in fields)
    columns = [f'"{f.column}"' for f in fields] + ["_born", "_life", "_stamps", "_parts", "_extra", "_lsn", "_by"]
    values = "\n".join(f"            {_merged(f)}," for f in fields)
    return f"""
CREATE OR REPLACE FUNCTION structura_sync.merge_{collection.table}(p_plant text, p_node text, p_base bigint)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_change bigint;
BEGIN
    WITH merged AS MATERIALIZED (
        SELECT i.id,
{values}
            s.born AS _born, s.life AS _life, s.stamps AS _stamps, s.parts AS _parts,
            CASE WHEN t.id IS NULL THEN s.extra WHEN t._extra = s.extra AND t._parts = i.parts THEN t._extra
                ELSE structura_sync.merge_extra(t._born, t._stamps, t._extra, i.born, i.stamps, s.extra, s.parts,
                    '{{{known}}}') END AS _extra,
            p_base + i.n AS _lsn,
            CASE WHEN (s.born, s.life, s.stamps, s.parts) = (i.born, i.life, i.stamps, i.parts) THEN p_node END AS _by,
            CASE WHEN t.id IS NOT NULL THEN {_FINGERPRINT_OF} END AS before
        FROM pg_temp.incoming AS i
            CROSS JOIN LATERAL jsonb_to_record(i.data) AS d({record})
            LEFT JOIN {journal.met(collection)} ON true
            CROSS JOIN LATERAL (
                SELECT i.data - '{{{known}}}'::text[] AS extra,
                    greatest(t._born, i.born) AS born, greatest(t._life, i.life) AS life,
                    CASE WHEN t.id IS NULL THEN i.stamps ELSE structura_sync.merge_stamps(
                        t._born, t._life, t._stamps, i.born, i.life, i.stamps) END AS stamps,
                    CASE WHEN t.id IS NULL THEN i.parts
                        ELSE structura_sync.merge_parts(t._parts, i.parts) END AS parts
                OFFSET 0
            ) AS s
        WHERE i.collection = '{collection.table}' AND (
            t.id IS NULL OR (s.born, s.life, s.stamps, s.parts) <> (t._born, t._life, t._stamps, t._parts))
    ), written AS (
        INSERT INTO structura_sync."{collection.table}" AS t (plant_id, id, {", ".join(columns)})
        SELECT p_plant, m.id, {", ".join(f"m.{column}" for column in columns)} FROM merged AS m
        ON CONFLICT (plant_id, id) DO UPDATE SET
            {", ".join(f"{column} = excluded.{column}" for column in columns)}
        RETURNING {_FINGERPRINT_OF} AS after
    )
    SELECT coalesce((SELECT bit_xor(m.before) FROM merged AS m), 0)
        # coalesce((SELECT bit_xor(w.after) FROM written AS w), 0) INTO v_change;
    RETURN v_change;
END $$"""


def _merged(field: Field) -> str:
    """The expression of a column as the merge leaves it."""
    theirs = f"coalesce(i.stamps->>'{field.name}', i.born) COLLATE \"C\""
    ours = f"coalesce(t._stamps->>'{field.name}', t._born) COLLATE \"C\""
    incoming, column = f'd."{field.name}"', f't."{field.column}"'
    latest = (
        f"CASE WHEN t.id IS NULL OR {theirs} > {ours} THEN {incoming}"
        f" WHEN {column} IS NULL AND {theirs} = {ours} THEN {incoming} ELSE {column} END"
    )
    if field.merge is Merge.COUNTER:
        added = f"coalesce(structura_sync.counter_value(s.parts, '{field.name}'), {latest})"
        latest = f"CASE WHEN t.id IS NULL THEN {incoming} ELSE {added} END"
    if field.merge is Merge.SET:
        added = f"structura_sync.set_value(s.parts, '{field.name}', {latest})"
        latest = f"CASE WHEN t.id IS NULL THEN {incoming} ELSE {added} END"
    return f'{latest} AS "{field.column}"'


def _sum_of(collection: Collection) -> str:
    return (
        f"SELECT '{collection.table}' AS collection, bit_xor({_FINGERPRINT_OF}) AS digest"
        f' FROM structura_sync."{collection.table}" AS t WHERE t.plant_id = p_plant'
    )


def push_function() -> str:
    """push(plant, node, mark, latest, word, at): journals conflicts, merges the batch in `incoming`, keeps the mark.

    `latest` is the latest time among the batch's stamps, `word` the one of the node's hello,
    `at` the node's last change (protocol.Batch). Returns the partition's head and digests.

    Taking the partition's row first makes the order of commits the order of numbers. A push that waits for it holds
    nothing yet and may wait; one that then meets a row held by a person, whose trigger wants the partition, gives way
    after half a second, and the client tries again.
    """
    merges = "\n".join(
        f"            WHEN '{c.table}' THEN"
        f" v_change := structura_sync.merge_{c.table}(p_plant, p_node, v_head - v_rows);"
        for c in SYNCED
    )
    journals = "\n".join(
        f"            WHEN '{c.table}' THEN PERFORM structura_sync.journal_{c.table}(p_plant, p_node);"
        for c in COLLECTIONS
    )
    return f"""
CREATE OR REPLACE FUNCTION structura_sync.push(
    p_plant text, p_node text, p_mark bigint, p_latest text, p_word text, p_at text, OUT head bigint, OUT digests jsonb
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_rows bigint := (SELECT count(*) FROM pg_temp.incoming);
    v_head bigint;
    v_digests jsonb;
    v_change bigint;
    v_lost bigint;
    v_collection text;
BEGIN
    IF p_latest COLLATE "C" > structura_sync.time_of(clock_timestamp(), {AHEAD_LIMIT}) COLLATE "C" THEN
        RAISE EXCEPTION 'This PC''s clock has jumped ahead; its changes get new stamps.' USING ERRCODE = '{AHEAD}';
    END IF;
    PERFORM set_config('plan_cache_mode', 'force_custom_plan', true);  -- or those of an empty database would stay
    PERFORM set_config('lock_timeout', '10s', true);
    UPDATE structura_sync.partition AS p SET head = p.head + v_rows WHERE p.plant_id = p_plant
    RETURNING p.head, p.digests INTO v_head, v_digests;
    IF v_head IS NULL THEN
        RAISE EXCEPTION 'Head office does not know the plant %, or this bundle is not for it.', p_plant;
    END IF;
    PERFORM set_config('lock_timeout', '500ms', true);
    FOR v_collection IN
        SELECT i.collection FROM pg_temp.incoming AS i GROUP BY 1 ORDER BY i.collection <> '{ACTORS.table}'
    LOOP  -- actors first: whose stamps the others are
        CASE v_collection
{journals}
            ELSE NULL;
        END CASE;
        CASE v_collection
{merges}
            ELSE RAISE EXCEPTION 'Head office does not know the collection %; its program is older than this plant''s '
                'and wants an upgrade.', v_collection USING ERRCODE = '{REFUSED}';
        END CASE;
        v_digests := structura_sync.digest_with(v_digests, v_collection, v_change);
    END LOOP;
    {journal.KEEP}
    v_digests := structura_sync.digest_with(v_digests, 'conflicts', v_change);
    UPDATE structura_sync.partition AS p SET head = p.head + v_lost, digests = v_digests WHERE p.plant_id = p_plant
    RETURNING p.head, p.digests INTO push.head, push.digests;
    UPDATE structura_sync.node AS n SET mark = greatest(n.mark, p_mark),
        at = coalesce(nullif(p_at, ''), n.at)
    WHERE n.plant_id = p_plant AND n.node_id = p_node AND n.hellos || ' ' || n.word = p_word;
    IF NOT FOUND THEN
        RAISE EXCEPTION '{SUPERSEDED.replace("'", "''")}';
    END IF;
    IF v_rows > 0 THEN
        PERFORM pg_notify(structura_sync.channel_of(p_plant), push.head::text);
    END IF;
END $$"""


# push(), with its batch as one array of texts for each column: one statement, so one round trip.
PUSH_ROWS = f"""
CREATE OR REPLACE FUNCTION structura_sync.push_rows(
    p_plant text, p_node text, p_mark bigint, p_latest text, p_word text, p_at text,
    {", ".join(f"p_{column} text[]" for column in COLUMNS)},
    OUT head bigint, OUT digests jsonb
) LANGUAGE plpgsql AS $$
BEGIN
    {INCOMING};
    {journal.CLASH};
    INSERT INTO pg_temp.incoming
    SELECT r.n, r.collection, r.id, r.born, r.life::int, r.stamps::jsonb, r.parts::jsonb, r.data::jsonb, r.base::jsonb
    FROM unnest({", ".join(f"p_{column}" for column in COLUMNS)}) WITH ORDINALITY AS r({", ".join(COLUMNS)}, n);
    SELECT p.head, p.digests INTO push_rows.head, push_rows.digests
    FROM structura_sync.push(p_plant, p_node, p_mark, p_latest, p_word, p_at) AS p;
END $$"""


RECOUNT = """
CREATE OR REPLACE FUNCTION structura_sync.recount(p_plant text, OUT head bigint, OUT digests jsonb)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('lock_timeout', '10s', true);
    PERFORM FROM structura_sync.partition AS p WHERE p.plant_id = p_plant FOR NO KEY UPDATE;
    UPDATE structura_sync.partition AS p SET digests = (
        SELECT coalesce(jsonb_object_agg(s.collection, s.digest::text) FILTER (WHERE s.digest <> 0), '{{}}')
        FROM ({sums}) AS s
    ) WHERE p.plant_id = p_plant RETURNING p.head, p.digests INTO recount.head, recount.digests;
END $$"""

# Times go in as values: a volatile function in DO UPDATE SET would keep the schema from being distributed.
HELLO = f"""
CREATE OR REPLACE FUNCTION structura_sync.hello(
    p_plant text, p_node text, p_version text, p_major int, p_minor int, p_last text, p_next text,
    OUT major int, OUT known boolean, OUT head bigint, OUT digests jsonb, OUT mark bigint, OUT now bigint,
    OUT version text, OUT at text, OUT pulled bigint, OUT hellos bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    v_time timestamptz := clock_timestamp();
    v_word text;
BEGIN
    SELECT p.head, p.digests INTO hello.head, hello.digests
    FROM structura_sync.partition AS p WHERE p.plant_id = p_plant;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Head office does not know the plant %, or this bundle is not for it.', p_plant;
    END IF;
    SELECT n.mark, n.word, n.at, n.pulled, n.hellos
    INTO hello.mark, v_word, hello.at, hello.pulled, hello.hellos
    FROM structura_sync.node AS n WHERE n.plant_id = p_plant AND n.node_id = p_node FOR UPDATE;
    IF FOUND THEN
        hello.known := v_word IN (p_last, p_next);
        hello.hellos := hello.hellos + hello.known::int;
        UPDATE structura_sync.node AS n SET version = p_version, protocol = p_major || '.' || p_minor,
            last_contact = v_time, word = CASE WHEN hello.known THEN p_next ELSE n.word END, hellos = hello.hellos
        WHERE n.plant_id = p_plant AND n.node_id = p_node;
    ELSIF p_last = '' THEN
        INSERT INTO structura_sync.node AS n (plant_id, node_id, bundle, word, version, protocol, last_contact)
        VALUES (p_plant, p_node, current_user, p_next, p_version, p_major || '.' || p_minor, v_time)
        ON CONFLICT (plant_id, node_id) DO NOTHING;
        hello.known := FOUND;
    ELSE
        hello.known := false;
    END IF;
    hello.mark := coalesce(hello.mark, 0);
    hello.at := coalesce(hello.at, '');
    hello.pulled := coalesce(hello.pulled, 0);
    hello.hellos := coalesce(hello.hellos, 1);
    hello.major := {MAJOR};
    hello.now := floor(extract(epoch FROM v_time) * 1000);
    hello.version := '{__version__}';
END $$"""

# What was deleted before `p_before` (a time as in stamps) is emptied of its data; that it was deleted stays for good.
# `_by` tells the triggers that nobody has edited the row; it is the same row, under the same number.
EMPTY = """
CREATE OR REPLACE FUNCTION structura_sync.empty_graves(p_plant text, p_before text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('lock_timeout', '500ms', true);
    {updates}
END $$"""


def _emptied(collection: Collection) -> str:
    columns = "".join(f'"{f.column}" = NULL, ' for f in collection.stored)
    return f"""UPDATE structura_sync."{collection.table}" SET {columns}_extra = '{{}}', _by = ''
    WHERE plant_id = p_plant AND _life % 2 = 0 AND (_stamps->>'life') COLLATE "C" < p_before COLLATE "C"
        AND _by IS DISTINCT FROM '';
    """


# Whoever writes at head office goes on as another actor, because this database has forgotten what the former one did.
RENEW = "UPDATE structura_sync.partition SET epoch = epoch + 1 WHERE plant_id = $1"
