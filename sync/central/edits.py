"""Writes at head office with plain SQL, as triggers: stamped, numbered, journaled like a plant's, and brought to it.

People and other programs write the views in the schema `structura`, or on a distributed central the tables themselves.
A trigger sees what a push does not do: a row without a number, or one that keeps its number and its `_by` while its
data changes.

- Each field that changes gets a stamp by the actor of whoever is logged in: later than all stamps of the row.
- A counter's change is that actor's entry, a set's elements are its adds and removes, so both add up with the plants'.
- DELETE makes a tombstone; INSERT of a deleted id brings it back to life. One that was emptied is made anew, as in
  structura_local/domain/row.py: what the INSERT leaves out is unset everywhere.
- Rows of one transaction share a number (up to MOST), so they arrive together.
- What the API would refuse is refused here too, with a sentence.

Every function runs with the rights of central's owner: a writer needs none on the bookkeeping.
"""

from structura_local.domain.catalog import COLLECTIONS, SYNCED
from structura_local.domain.fields import LIST_LIMIT, TEXT_LIMIT, Collection, Field, Kind, Merge
from structura_local.domain.jobs import STAGE_NAMES
from structura_local.domain.parts import LARGEST
from structura_local.domain.row import KEPT_DAYS
from sync.central.functions import UNSET
from sync.central.journal import data_of

MOST = 1_000  # rows of one transaction that are kept together
IDLE = "5min"  # for which a transaction that has written here may stay open and do nothing, if its role says no time

EXACT = 2**53  # integers up to here survive a double, which is what JSON clients compute with
MOMENT = (
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ]([01][0-9]|2[0-3])(:[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?)?"
    "([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?)?$"
)

_TABLES = ",".join(f"structura_sync.{collection.table}" for collection in COLLECTIONS)
_DEFINER = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$"


def functions() -> list[str]:
    """The functions that the triggers need, in order."""
    return [
        NEXT_TIME,
        STAMP_OF,
        COUNTER_WITH,
        SET_WITH,
        CENTRAL_ACTOR,
        NUMBERED,
        HOLDERS,
        *map(_edited, COLLECTIONS),
        COUNTED,
        BURIED,
        KEPT,
    ]


def triggers() -> list[str]:
    """The triggers on the collections' tables and views, in order; made anew by every `central init`."""
    return [
        *(statement for collection in COLLECTIONS for statement in _triggers(collection)),
        *(KEEP.format(table=collection.table) for collection in SYNCED),
    ]


# The time after a stamp's (structura_local/domain/stamp.py).
NEXT_TIME = """
CREATE OR REPLACE FUNCTION structura_sync.next_time(stamp text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lpad(to_hex(('x' || left(stamp, 16))::bit(64)::bigint + 1), 16, '0')
$$"""

# A stamp later than all of a row's.
STAMP_OF = """
CREATE OR REPLACE FUNCTION structura_sync.stamp_after(born text, stamps jsonb, moment timestamptz, actor text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT greatest(structura_sync.time_of(moment, 0) COLLATE "C", structura_sync.next_time(max(s COLLATE "C")))
        || actor
    FROM (SELECT born AS s UNION ALL SELECT value FROM jsonb_each_text(stamps)) AS seen
$$"""

# A counter that has `wanted` now because of what `actor` has added (structura_local/domain/parts.py, `counted`).
COUNTER_WITH = """
CREATE OR REPLACE FUNCTION structura_sync.counter_with(parts jsonb, field text, actor text, wanted numeric)
RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN difference = 0 THEN parts ELSE parts || jsonb_build_object(
        field || '+' || actor,
        lpad(to_hex(coalesce(('x' || split_part(own, ' ', 1))::bit(32)::int, 0) + 1), 8, '0')
            || ' ' || (coalesce(split_part(own, ' ', 2)::numeric, 0) + difference)::text) END
    FROM (
        SELECT parts->>(field || '+' || actor) AS own,
            trim_scale(round(coalesce(wanted, 0) * 1000000)
                - round(coalesce(structura_sync.counter_value(parts, field), 0) * 1000000)) AS difference
    ) AS present
$$"""

# A set that has the elements `wanted` now (structura_local/domain/parts.py, `listed`).
SET_WITH = f"""
CREATE OR REPLACE FUNCTION structura_sync.set_with(parts jsonb, field text, actor text, moment text, wanted jsonb)
RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    v_after jsonb := parts;
    v_present jsonb := coalesce(structura_sync.set_value(parts, field, '[]'), '[]');
    v_version int;
    v_key text;
    v_token text;
    v_element text;
BEGIN
    IF wanted IS NULL THEN
        wanted := CASE WHEN EXISTS (SELECT FROM jsonb_object_keys(parts) AS key WHERE starts_with(key, field || '@'))
            THEN jsonb_build_array({UNSET}) ELSE '[]' END;
    END IF;
    FOR v_key, v_token IN SELECT key, value FROM jsonb_each_text(parts) WHERE starts_with(key, field || '@') LOOP
        IF right(v_token, 1) = '+' AND NOT wanted ? substr(v_key, length(field) + 11) THEN
            v_after := v_after || jsonb_build_object(v_key, left(v_token, -1) || '-');
        END IF;
    END LOOP;
    SELECT coalesce(max(('x' || left(value, 8))::bit(32)::int), 0) INTO v_version
    FROM jsonb_each_text(parts) WHERE starts_with(key, field || '@' || actor || '@');
    FOR v_element IN
        SELECT value FROM jsonb_array_elements_text(wanted) WITH ORDINALITY AS e(value, n)
        GROUP BY value ORDER BY min(n)
    LOOP
        IF NOT v_present ? v_element THEN
            v_version := v_version + 1;
            v_after := v_after || jsonb_build_object(field || '@' || actor || '@' || v_element,
                lpad(to_hex(v_version), 8, '0') || ' ' || moment || '+');
        END IF;
    END LOOP;
    RETURN v_after;
END $$"""

# Who writes here: another actor for each login, each database, and each time this database was set back. A plant is
# told of it like of its own.
CENTRAL_ACTOR = f"""
CREATE OR REPLACE FUNCTION structura_sync.central_actor(p_plant text) RETURNS text
{_DEFINER}
DECLARE
    v_actor text;
    v_time timestamptz := clock_timestamp();
    v_born text;
BEGIN
    -- The timeline by which the log goes on now: the last checkpoint's is the former one for a while after a failover.
    SELECT left(md5(concat_ws('|', s.system_identifier, l.timeline, d.oid, p.epoch, session_user)), 8) INTO v_actor
    FROM pg_control_system() AS s, pg_database AS d, structura_sync.partition AS p,
        LATERAL (SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int AS timeline) AS l
    WHERE d.datname = current_database() AND p.plant_id = p_plant;
    IF v_actor IS NULL THEN
        RAISE EXCEPTION 'There is no plant %; `structura-local central enroll` makes one.', p_plant
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF EXISTS (SELECT FROM structura_sync.actors AS a WHERE a.plant_id = p_plant AND a.id = v_actor) THEN
        RETURN v_actor;
    END IF;
    -- One of several sessions with this login makes it; the others wait for its commit.
    PERFORM FROM structura_sync.partition AS p WHERE p.plant_id = p_plant FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM structura_sync.actors AS a WHERE a.plant_id = p_plant AND a.id = v_actor) THEN
        v_born := structura_sync.time_of(v_time, 0) || v_actor;
        INSERT INTO structura_sync.actors (plant_id, id, node, "user", since, _born, _life, _lsn)
        VALUES (p_plant, v_actor, 'central', session_user, structura_sync.iso_of(v_born), v_born, 1,
            structura_sync.numbered(p_plant, 'actors', structura_sync.fingerprint(v_actor, v_born, 1, '{{}}', '{{}}')));
    END IF;
    RETURN v_actor;
END $$"""

# The number of a change made here, and its part in the digest. The lock on the partition is held until the commit, so
# the order of numbers is the order of commits.
NUMBERED = f"""
CREATE OR REPLACE FUNCTION structura_sync.numbered(p_plant text, p_collection text, p_change bigint) RETURNS bigint
{_DEFINER}
DECLARE
    v_tx text := pg_current_xact_id()::text;
    v_head bigint;
BEGIN
    IF current_setting('idle_in_transaction_session_timeout') = '0' THEN
        PERFORM set_config('idle_in_transaction_session_timeout', '{IDLE}', true);  -- a plant waits for this commit
    END IF;
    UPDATE structura_sync.partition AS p SET
        head = CASE WHEN p.tx = v_tx AND p.tx_rows < {MOST} THEN p.head ELSE p.head + 1 END,
        tx_rows = CASE WHEN p.tx = v_tx AND p.tx_rows < {MOST} THEN p.tx_rows + 1 ELSE 1 END,
        tx = v_tx,
        digests = structura_sync.digest_with(p.digests, p_collection, p_change)
    WHERE p.plant_id = p_plant RETURNING p.head INTO v_head;
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN  -- there the plants poll
        PERFORM pg_notify(structura_sync.channel_of(p_plant), v_head::text);
    END IF;
    RETURN v_head;
END $$"""

# Who holds rows of plants in a transaction that is open, other than plants: has written them, or locked them in a
# SELECT. `since`: when it began.
HOLDERS = f"""
CREATE OR REPLACE FUNCTION structura_sync.holders(
    OUT pid int, OUT role name, OUT program text, OUT address text, OUT since timestamptz, OUT state text
) RETURNS SETOF record {_DEFINER}
BEGIN
    RETURN QUERY SELECT DISTINCT a.pid, a.usename, a.application_name, host(a.client_addr), a.xact_start, a.state
    FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.granted AND (l.relation = 'structura_sync.partition'::regclass AND l.mode = 'RowExclusiveLock'
            OR l.relation = ANY ('{{{_TABLES}}}'::regclass[]) AND l.mode = 'RowShareLock')
        AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
        AND structura_sync.plant_of(a.usename) IS NULL AND a.pid <> pg_backend_pid()
    ORDER BY a.xact_start;
END $$"""

# What an INSERT changes in the digest, once it is certain that it is no upsert of a row that is there.
COUNTED = f"""
CREATE OR REPLACE FUNCTION structura_sync.counted() RETURNS trigger
{_DEFINER}
BEGIN
    UPDATE structura_sync.partition AS p SET digests = structura_sync.digest_with(p.digests, TG_TABLE_NAME,
        structura_sync.fingerprint(new.id, new._born, new._life, new._stamps, new._parts))
    WHERE p.plant_id = new.plant_id;
    RETURN NULL;
END $$"""

# DELETE on a view or a table: the row becomes a tombstone. On a table it looks as if nothing had been deleted.
BURIED = f"""
CREATE OR REPLACE FUNCTION structura_sync.buried() RETURNS trigger
{_DEFINER}
BEGIN
    EXECUTE format(
        'UPDATE structura_sync.%I SET _life = _life + 1 WHERE plant_id = $1 AND id = $2 AND _life %% 2 = 1',
        TG_TABLE_NAME) USING old.plant_id, old.id;
    RETURN CASE WHEN TG_WHEN = 'INSTEAD OF' THEN old END;
END $$"""


# TRUNCATE takes rows away without a trigger for each: no tombstone, no number, so no plant would hear of it.
KEPT = f"""
CREATE OR REPLACE FUNCTION structura_sync.kept() RETURNS trigger
{_DEFINER}
BEGIN
    RAISE EXCEPTION 'TRUNCATE would take away rows that the plants still hold; DELETE them, then the plants hear of it.'
        USING ERRCODE = '0A000';
END $$"""

# Nobody has tried whether a distributed Postgres takes a trigger for a whole statement.
KEEP = """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') THEN
        CREATE TRIGGER kept BEFORE TRUNCATE ON structura_sync."{table}" EXECUTE FUNCTION structura_sync.kept();
    END IF;
END $$"""


def _edited(collection: Collection) -> str:
    table = f'structura_sync."{collection.table}"'
    defaults = "".join(_default(f) for f in collection.stored)
    checks = "".join(_check(f) for f in collection.stored)
    created = "".join(_created(f) for f in collection.stored if f.merge is not Merge.LAST_WRITER)
    changed = "".join(_changed(f) for f in collection.stored)
    sums = ",".join(f.name for f in collection.stored if f.merge is not Merge.LAST_WRITER)
    known = ",".join(f.name for f in collection.stored)
    summed = "".join(_summed(f) for f in collection.stored)
    again = ", ".join(f'"{f.column}" = new."{f.column}"' for f in collection.stored if not f.secret)
    append_only = (
        f"RAISE EXCEPTION '{collection.key} are a log: they are added, never changed.' USING ERRCODE = '0A000';"
        if collection.append_only
        else ""
    )
    reserved = "".join(
        f"""IF new.id = '{word}' THEN
            RAISE EXCEPTION 'The id {word} is part of an address already; choose another.' USING ERRCODE = '23514';
        END IF;
        """
        for word in sorted(collection.reserved)
    )
    return f"""
CREATE OR REPLACE FUNCTION structura_sync.edited_{collection.table}() RETURNS trigger
{_DEFINER}
#variable_conflict use_column
DECLARE
    v_actor text;
    v_stamp text;
    v_before bigint := 0;
    v_now text;
    v_anew boolean := false;
    v_had jsonb;
BEGIN
    IF TG_OP = 'INSERT' AND new._life IS NULL THEN
        new._life := 1;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        {append_only}
        IF (new.plant_id, new.id) <> (old.plant_id, old.id) THEN
            RAISE EXCEPTION 'The id of an object and its plant cannot be changed.' USING ERRCODE = '0A000';
        END IF;
    END IF;
    v_now := structura_sync.iso_of(structura_sync.time_of(clock_timestamp(), 0));
    {defaults}
    IF new._life % 2 = 1 THEN
        IF new.id !~ '^[A-Za-z0-9._:-]{{1,128}}$' THEN
            RAISE EXCEPTION 'An id has 1 to 128 letters, digits, and . _ : -' USING ERRCODE = 'check_violation';
        END IF;
        {reserved}{checks}
    END IF;
    IF TG_OP = 'INSERT' THEN
        UPDATE {table} SET {again}, _life = _life + 1
        WHERE plant_id = new.plant_id AND id = new.id AND _life % 2 = 0;
        IF FOUND THEN
            RETURN NULL;  -- the deleted object is back
        END IF;
    END IF;
    v_actor := structura_sync.central_actor(new.plant_id);
    IF TG_OP = 'INSERT' THEN
        v_stamp := structura_sync.time_of(clock_timestamp(), 0) || v_actor;
        new._born := v_stamp;
        new._stamps := '{{}}';
        new._parts := '{{}}';
        new._extra := '{{}}';
        {created}
    ELSE
        v_stamp := structura_sync.stamp_after(old._born, old._stamps, clock_timestamp(), v_actor);
        v_before := structura_sync.fingerprint(old.id, old._born, old._life, old._stamps, old._parts);
        IF new._life > old._life AND new._life % 2 = 1 THEN
            v_had := {data_of(collection, "old")};
            v_anew := v_had - '{{{sums}}}'::text[] = '{{}}' OR (old._stamps->>'life') COLLATE "C"
                < structura_sync.time_of(clock_timestamp() - interval '{KEPT_DAYS * 24} hours', 0) COLLATE "C";
        END IF;
        IF v_anew THEN
            {summed}
        END IF;
        {changed}
        IF new._life <> old._life THEN
            new._stamps := new._stamps || jsonb_build_object('life', v_stamp);
        END IF;
        IF v_anew THEN
            new._born := v_stamp;
            new._stamps := jsonb_build_object('life', v_stamp) || (
                SELECT coalesce(jsonb_object_agg(name, coalesce(new._stamps->>name, old._born)), '{{}}')
                FROM jsonb_object_keys(v_had) AS name WHERE new._stamps->>name IS DISTINCT FROM v_stamp);
            new._extra := structura_sync.merge_extra(v_stamp, '{{}}', old._extra, v_stamp, '{{}}', '{{}}', new._parts,
                '{{{known}}}');
        END IF;
        IF (new._life, new._stamps, new._parts) = (old._life, old._stamps, old._parts) THEN
            RETURN old;
        END IF;
    END IF;
    new._by := NULL;
    new._lsn := structura_sync.numbered(new.plant_id, '{collection.table}', CASE WHEN TG_OP = 'UPDATE' THEN v_before
        # structura_sync.fingerprint(new.id, new._born, new._life, new._stamps, new._parts) END);
    RETURN new;
END $$"""


def dropped() -> list[str]:
    """The statements that take the tables' triggers away, so that an upgrade is nobody's edit."""
    return [
        f'DROP TRIGGER IF EXISTS {name} ON structura_sync."{collection.table}"'
        for collection in SYNCED
        for name in ("inserted", "counted", "updated", "deleted", "kept")
    ]


def _triggers(collection: Collection) -> list[str]:
    table, view = f'structura_sync."{collection.table}"', f'structura."{collection.table}"'
    edited = f"EXECUTE FUNCTION structura_sync.edited_{collection.table}()"
    buried = "EXECUTE FUNCTION structura_sync.buried()"
    counted = "EXECUTE FUNCTION structura_sync.counted()"
    unpushed = "new._lsn = old._lsn AND new._by IS NOT DISTINCT FROM old._by"
    return [
        f"CREATE TRIGGER inserted BEFORE INSERT ON {table} FOR EACH ROW WHEN (new._lsn IS NULL) {edited}",
        f"CREATE TRIGGER counted AFTER INSERT ON {table} FOR EACH ROW WHEN (new._by IS NULL) {counted}",
        f"CREATE TRIGGER updated BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({unpushed}) {edited}",
        f"CREATE TRIGGER deleted BEFORE DELETE ON {table} FOR EACH ROW {buried}",
        f"DROP TRIGGER IF EXISTS deleted ON {view}",
        f"CREATE TRIGGER deleted INSTEAD OF DELETE ON {view} FOR EACH ROW {buried}",
    ]


def _default(field: Field) -> str:
    value = {"timestamp": "v_now", "receivedAt": "v_now"}.get(field.name)
    if field.default is not None:
        match field.default:
            case bool():
                value = str(field.default).lower()
            case tuple():
                value = "'[]'::jsonb"
            case str():
                value = f"'{field.default}'"
            case _:
                value = str(field.default)
    column = f'new."{field.column}"'
    return (
        f"{column} := CASE WHEN {_new(field)} THEN coalesce({column}, {value}) ELSE {column} END;\n    "
        if value
        else ""
    )


def _check(field: Field) -> str:
    """What the API would refuse (structura_local/schemas.py)."""
    column = f'new."{field.column}"'
    wrong: list[tuple[str, str]] = []
    if field.required and field.stored:
        wrong.append((f"{column} IS NULL", "is required"))
    match field.kind:
        case Kind.CHOICE:
            choices = ", ".join(f"'{choice}'" for choice in field.choices)
            wrong.append((f"{column} NOT IN ({choices})", f"must be one of {', '.join(field.choices)}"))
        case Kind.NUMBER:
            wrong.append((f"{column} IN ('NaN', 'Infinity', '-Infinity')", "must be finite"))
            if field.low is not None:
                wrong.append((f"{column} < {field.low}", f"must be at least {field.low}"))
            if field.high is not None:
                wrong.append((f"{column} > {field.high}", f"must be at most {field.high}"))
            if field.merge is Merge.COUNTER:
                wrong.append((f"abs({column}) > {LARGEST}", f"must be at most {LARGEST}"))
        case Kind.INTEGER:
            wrong.append((f"{column} NOT BETWEEN -{EXACT} AND {EXACT}", f"must be from -{EXACT} to {EXACT}"))
        case Kind.TEXT:
            wrong.append((f"length({column}) > {field.limit}", f"must have at most {field.limit} characters"))
            if field.required:
                wrong.append((f"{column} = ''", "must not be empty"))
        case Kind.MOMENT:
            wrong.append((_no_moment(column), "must be an ISO 8601 date or timestamp"))
        case Kind.STAGES:
            names, done = ", ".join(f"'{name}'" for name in STAGE_NAMES), "e->>'completedAt'"
            stage = (
                f"(e - '{{name,isCompleted,completedAt}}'::text[] = '{{}}' AND e->>'name' IN ({names})"
                " AND jsonb_typeof(e->'isCompleted') = 'boolean' AND (NOT e ? 'completedAt'"
                f" OR jsonb_typeof(e->'completedAt') = 'string' AND NOT {_no_moment(done)}))"
            )
            odd = f"CASE WHEN jsonb_typeof(e) = 'object' THEN NOT coalesce({stage}, false) ELSE true END"
            wrong += [
                (f"jsonb_typeof({column}) <> 'array'", "must be a list"),
                (f"jsonb_array_length({column}) > {LIST_LIMIT}", f"may have at most {LIST_LIMIT} elements"),
                (
                    f"EXISTS (SELECT FROM jsonb_array_elements({column}) AS e WHERE {odd})",
                    f"must be a list of objects with name ({', '.join(STAGE_NAMES)}), isCompleted, maybe completedAt",
                ),
            ]
        case Kind.TEXTS:
            texts = (
                f"jsonb_typeof({column}) <> 'array' OR jsonb_path_exists({column}, '$[*] ? (@.type() <> \"string\")')"
            )
            sizes = f"SELECT length(e) AS size FROM jsonb_array_elements_text({column}) AS e"
            long = f"EXISTS (SELECT FROM ({sizes}) AS s WHERE size NOT BETWEEN 1 AND {TEXT_LIMIT})"
            wrong += [(texts, "must be a list of texts"), (long, f"must hold texts of 1 to {TEXT_LIMIT} characters")]
    return "".join(
        f"""IF {_new(field)} AND ({condition}) THEN
            RAISE EXCEPTION '{field.column} {sentence}.' USING ERRCODE = 'check_violation';
        END IF;
        """
        for condition, sentence in wrong
    )


def _no_moment(text: str) -> str:
    """Whether a text is none. The pattern keeps out what only Postgres reads, such as `tomorrow`."""
    return f"({text} !~ '{MOMENT}' OR {text} IS NOT NULL AND structura_sync.moment({text}) IS NULL)"


def _new(field: Field) -> str:
    """What a newer plant has written stays as it is, whatever this version would say of it."""
    return f'(TG_OP = \'INSERT\' OR new."{field.column}" IS DISTINCT FROM old."{field.column}")'


def _created(field: Field) -> str:
    column = f'new."{field.column}"'
    if field.merge is Merge.SET:
        added = f"structura_sync.set_with(new._parts, '{field.name}', v_actor, left(v_stamp, 16), {column})"
    else:
        added = f"new._parts || jsonb_build_object('{field.name}+', v_stamp || ' ' || trim_scale({column})::text)"
    return f"""new._parts := {added};
        """


def _summed(field: Field) -> str:
    """What the parts of an emptied row say, as it was before it came back."""
    before = f'old."{field.column}"'
    match field.merge:
        case Merge.COUNTER:
            return f"{before} := structura_sync.counter_value(old._parts, '{field.name}');\n            "
        case Merge.SET:
            return f"{before} := structura_sync.set_value(old._parts, '{field.name}', {before});\n            "
    return ""


def _changed(field: Field) -> str:
    column, before = f'new."{field.column}"', f'old."{field.column}"'
    sums = ""
    if field.merge is Merge.COUNTER:
        sums = f"""
            new._parts := structura_sync.counter_with(new._parts, '{field.name}', v_actor, {column});
            {column} := structura_sync.counter_value(new._parts, '{field.name}');"""
    elif field.merge is Merge.SET:
        sums = f"""
            new._parts := structura_sync.set_with(new._parts, '{field.name}', v_actor, left(v_stamp, 16), {column});
            {column} := structura_sync.set_value(new._parts, '{field.name}', {column});"""
    return f"""IF {column} IS DISTINCT FROM {before} THEN
            new._stamps := new._stamps || jsonb_build_object('{field.name}', v_stamp);{sums}
        END IF;
        """
