"""Conflicts met by a push, as generated SQL: what sync/conflicts.py decides, for a whole batch at once.

Each collection has a function that compares the batch with the rows it meets and notes who lost in a temporary table;
the push then keeps what is there. `i` is the incoming row with its base, `t` the row that central holds, `f` a field.
"""

from collections.abc import Iterable

from structura_local.domain.fields import Collection, Kind, Merge

CLASH = """
CREATE TEMP TABLE IF NOT EXISTS clash (
    collection text, row_id text, field text, winner jsonb, winner_stamp text COLLATE "C",
    loser jsonb, loser_stamp text COLLATE "C", emptied boolean
) ON COMMIT DELETE ROWS"""

# Keeps the clashes of a batch as rows of the journal; v_lost of them, v_change of the journal's digest.
KEEP = """WITH lost AS (
        SELECT DISTINCT ON (c.collection, c.row_id, c.field, c.loser_stamp)
            md5(c.collection || '|' || c.row_id || '|' || c.field || '|' || c.loser_stamp) AS id,
            jsonb_strip_nulls(jsonb_build_object('winnerStamp', c.winner_stamp,
                'winner', CASE WHEN NOT c.emptied THEN c.winner_stamp END,
                'at', CASE WHEN c.winner_stamp > c.loser_stamp THEN c.winner_stamp END)) AS stamps,
            c.*
        FROM pg_temp.clash AS c ORDER BY c.collection, c.row_id, c.field, c.loser_stamp, c.winner_stamp DESC
    ), numbered AS (
        SELECT l.*, row_number() OVER (ORDER BY l.id) AS n FROM lost AS l
        WHERE NOT EXISTS (SELECT FROM structura_sync.conflicts AS k WHERE k.plant_id = p_plant AND k.id = l.id)
    ), kept AS (
        INSERT INTO structura_sync.conflicts (plant_id, id, collection, row_id, field,
            winner, winner_stamp, loser, loser_stamp, "at", seen, _born, _life, _stamps, _lsn)
        SELECT p_plant, l.id, l.collection, l.row_id, l.field,
            coalesce(l.winner::text, 'null'), l.winner_stamp, coalesce(l.loser::text, 'null'), l.loser_stamp,
            structura_sync.iso_of(greatest(l.winner_stamp, l.loser_stamp)), false,
            l.loser_stamp, 1, l.stamps, v_head + l.n
        FROM numbered AS l
        RETURNING structura_sync.fingerprint(id, _born, _life, _stamps, _parts) AS fingerprint
    )
    SELECT count(*), coalesce(bit_xor(fingerprint), 0) INTO v_lost, v_change FROM kept;"""

ISO_OF = """
CREATE OR REPLACE FUNCTION structura_sync.iso_of(stamp text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_char(to_timestamp(('x' || lpad(left(stamp, 12), 16, '0'))::bit(64)::bigint / 1000.0) AT TIME ZONE 'UTC',
        'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$"""

# Whether a write is somebody else's, who may not have been seen: not this node's own, nor both by the servers' rules.
FOREIGN = """
CREATE OR REPLACE FUNCTION structura_sync.foreign_write(p_plant text, p_node text, theirs text, mine text)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT NOT EXISTS (
        SELECT FROM structura_sync.actors AS a
        WHERE a.plant_id = p_plant AND a.id = substr(theirs, 17) AND (a.node = p_node OR (a."user" = '(rules)'
            AND EXISTS (SELECT FROM structura_sync.actors AS m
                        WHERE m.plant_id = p_plant AND m.id = substr(mine, 17) AND m."user" = '(rules)')))
    )
$$"""


def met(collection: Collection) -> str:
    """The row `t` that central holds of an incoming row `i`, looked up by its key.

    OFFSET keeps the planner from a join of its own choice. Without statistics (a new database, or one just restored)
    it takes a plant for a handful of rows, and would compare each row of a batch with all of them.
    """
    return (
        f'LATERAL (SELECT * FROM structura_sync."{collection.table}" AS h'
        " WHERE h.plant_id = p_plant AND h.id = i.id OFFSET 0) AS t"
    )


def function(collection: Collection) -> str:
    """journal_<table>(plant, node): notes in pg_temp.clash what the batch and central's rows have not seen."""
    table = collection.table
    counters = _list(f.name for f in collection.stored if f.merge is Merge.COUNTER)
    sets = _list(f.name for f in collection.stored if f.merge is Merge.SET)
    secrets = _list(sorted(collection.secrets))
    return f"""
CREATE OR REPLACE FUNCTION structura_sync.journal_{table}(p_plant text, p_node text)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO pg_temp.clash
    WITH met AS (
        SELECT i.id, i.born, i.life, i.stamps, i.parts, i.data, i.base,
            t._born AS h_born, t._life AS h_life, t._stamps AS h_stamps, t._parts AS h_parts,
            {data_of(collection, "t")} AS h_data
        FROM pg_temp.incoming AS i, {met(collection)}
        WHERE i.collection = '{table}' AND i.base <> '{{}}' AND t._by IS DISTINCT FROM p_node
    ), field AS (
        SELECT m.*, name,
            coalesce(m.base->>name, m.base->>'*') COLLATE "C" AS agreed,
            CASE WHEN adds THEN left(m.parts->>(name || '+'), 24) COLLATE "C"
                ELSE coalesce(m.stamps->>name, m.born) COLLATE "C" END AS i_stamp,
            CASE WHEN adds THEN to_jsonb(substr(m.parts->>(name || '+'), 26)::numeric)
                ELSE m.data->name END AS i_value,
            CASE WHEN adds THEN left(m.h_parts->>(name || '+'), 24) COLLATE "C"
                ELSE coalesce(m.h_stamps->>name, m.h_born) COLLATE "C" END AS h_stamp,
            CASE WHEN adds THEN to_jsonb(substr(m.h_parts->>(name || '+'), 26)::numeric)
                ELSE m.h_data->name END AS h_value,
            m.stamps->>'life' AS i_grave, m.h_stamps->>'life' AS h_grave
        FROM met AS m, jsonb_object_keys(m.data || m.h_data || m.stamps || m.h_stamps) AS name,
            LATERAL (SELECT name = ANY ({counters}) OR {_has_part("+")} AS adds OFFSET 0) AS counter
        WHERE name <> 'life' AND name <> ALL ({sets}) AND NOT {_has_part("@")}
    ), lost AS (
        -- a delete here buries what was written elsewhere
        SELECT id, name, NULL::jsonb AS winner, i_grave AS winner_stamp, h_value AS loser, h_stamp AS loser_stamp,
            false AS emptied
        FROM field
        WHERE life > h_life AND life % 2 = 0 AND base ?| '{{life,*}}' AND (h_data ? name OR h_stamps ? name)
            AND h_stamp > coalesce(i_stamp, '') AND h_stamp <> i_grave COLLATE "C"
            AND NOT (h_value IS NULL AND h_life % 2 = 0)
            AND structura_sync.foreign_write(p_plant, p_node, h_stamp, i_grave)
        UNION ALL
        -- a delete elsewhere buries what was written here
        SELECT id, name, NULL, h_grave, i_value, i_stamp, false
        FROM field
        WHERE agreed IS NOT NULL AND i_stamp > agreed AND (data ? name OR stamps ? name)
            AND h_life > life AND h_life % 2 = 0 AND h_grave <> i_stamp AND NOT (i_value IS NULL AND life % 2 = 0)
            AND structura_sync.foreign_write(p_plant, p_node, h_grave, i_stamp)
        UNION ALL
        -- two writes that have not seen each other
        SELECT id, name, CASE WHEN i_stamp > h_stamp THEN i_value ELSE h_value END, greatest(i_stamp, h_stamp),
            CASE WHEN i_stamp > h_stamp THEN h_value ELSE i_value END, least(i_stamp, h_stamp),
            -- what the winner said, if that was emptied since, others may know
            CASE WHEN i_stamp > h_stamp THEN i_value IS NULL AND life % 2 = 0
                ELSE h_value IS NULL AND h_life % 2 = 0 END
        FROM field
        WHERE agreed IS NOT NULL AND i_stamp > agreed AND (base ? '*' OR data ? name OR stamps ? name)
            AND NOT (h_life > life AND h_life % 2 = 0)
            AND h_stamp > agreed AND h_stamp <> i_stamp AND i_value IS DISTINCT FROM h_value
            -- a field that a new row just left out is nobody's loss
            AND NOT (CASE WHEN i_stamp > h_stamp THEN h_value ELSE i_value END IS NULL
                AND (least(i_stamp, h_stamp) IN (born, h_born)
                    -- nor is what a deleted one lacks, which may have been emptied
                    OR CASE WHEN i_stamp > h_stamp THEN h_life ELSE life END % 2 = 0))
            AND structura_sync.foreign_write(p_plant, p_node, h_stamp, i_stamp)
    )
    SELECT '{table}', id, name, {_masked("winner", secrets)}, winner_stamp, {_masked("loser", secrets)}, loser_stamp,
        emptied
    FROM lost;
END $$"""


def data_of(collection: Collection, alias: str) -> str:
    """The expression of a row's data as one jsonb object, by the fields' names.

    Nulls are stripped from the plain values only: inside a list of stages a null is part of the value.
    """
    plain = [f for f in collection.stored if f.kind not in (Kind.TEXTS, Kind.STAGES)]
    nested = [f for f in collection.stored if f.kind in (Kind.TEXTS, Kind.STAGES)]
    pairs = ", ".join(f"'{f.name}', {alias}.\"{f.column}\"" for f in plain)
    data = f"jsonb_strip_nulls(jsonb_build_object({pairs}))"
    for f in nested:
        column = f'{alias}."{f.column}"'
        data += f" || CASE WHEN {column} IS NULL THEN '{{}}' ELSE jsonb_build_object('{f.name}', {column}) END"
    return f"({data} || {alias}._extra)"


def _list(names: Iterable[str]) -> str:
    return "'{" + ",".join(names) + "}'::text[]"


def _has_part(kind: str) -> str:
    """Whether a field is a counter or a set by what either row has of it: a newer version may have declared it."""
    return (
        f"EXISTS (SELECT FROM jsonb_object_keys(m.parts || m.h_parts) AS key WHERE starts_with(key, name || '{kind}'))"
    )


def _masked(value: str, secrets: str) -> str:
    return f"CASE WHEN name = ANY ({secrets}) AND {value} IS NOT NULL THEN '\"•\"'::jsonb ELSE {value} END"
