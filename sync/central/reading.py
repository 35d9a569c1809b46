"""What a plant reads at central, as functions: pages of rows by number, and fingerprints, to find what differs.

A plant names no column and no collection. Its program may be older or newer than central's, and what only one of the
two knows has to come along: fields in the data, a collection so that the plant sets its rows aside.
"""

from structura_local.domain.catalog import SYNCED
from structura_local.domain.fields import Collection
from sync.central.journal import data_of

_NUMBERED = "t._lsn > 0"  # what the index by number says of itself (tables.py): who does not say it cannot use it
_RETURNS = "collection text, id text, born text, life int, stamps jsonb, parts jsonb, lsn bigint, data jsonb"


def functions() -> list[str]:
    """The statements that create the functions, in order."""
    return [_page(), _rest(), _rows_of(), _buckets(), _fingerprints()]


def _rows(collection: Collection, condition: str) -> str:
    return f"""
        SELECT '{collection.table}' AS collection, t.id, t._born AS born, t._life AS life, t._stamps AS stamps,
            t._parts AS parts, t._lsn AS lsn, {data_of(collection, "t")} AS data
        FROM structura_sync."{collection.table}" AS t WHERE t.plant_id = p_plant AND {condition}"""


def _page() -> str:
    """page(plant, cursor, head, node, rows, bytes): the next rows by number, without those that the node left so.

    A page ends with the row that makes it larger than `bytes`, so that one arrives in time on a slow link: with its
    merge state, as a counter keeps what each run of a program has added. `more`: whether further rows follow.
    """
    condition = f"{_NUMBERED} AND t._lsn > p_cursor AND t._lsn <= p_head AND t._by IS DISTINCT FROM p_node"
    found = " UNION ALL ".join(f"({_rows(c, condition)} ORDER BY t._lsn LIMIT p_rows + 1)" for c in SYNCED)
    return f"""
CREATE OR REPLACE FUNCTION structura_sync.page(
    p_plant text, p_cursor bigint, p_head bigint, p_node text, p_rows int, p_bytes int
) RETURNS TABLE ({_RETURNS}, more boolean) LANGUAGE sql STABLE AS $$
SELECT collection, id, born, life, stamps, parts, lsn, data, n < found FROM (
    SELECT *, count(*) OVER () AS found, row_number() OVER (ORDER BY lsn, collection, id) AS n,
        sum(size) OVER (ORDER BY lsn, collection, id) - size AS bytes_before
    FROM (
        SELECT *, pg_column_size(data) + octet_length(stamps::text) + octet_length(parts::text) AS size
        FROM ({found} ORDER BY lsn LIMIT p_rows + 1) AS next
    ) AS sized
) AS numbered WHERE bytes_before < p_bytes AND n <= p_rows ORDER BY n $$"""


def _rest() -> str:
    """rest(plant, lsn, node): the other rows of a page's last number: they were written in one transaction."""
    condition = f"{_NUMBERED} AND t._lsn = p_lsn AND t._by IS DISTINCT FROM p_node"
    rows = " UNION ALL ".join(_rows(c, condition) for c in SYNCED)
    return f"""
CREATE OR REPLACE FUNCTION structura_sync.rest(p_plant text, p_lsn bigint, p_node text)
RETURNS TABLE ({_RETURNS}) LANGUAGE sql STABLE AS $$ {rows} $$"""


def _rows_of() -> str:
    """rows_of(plant, collection, ids); none of a collection that central does not know."""
    rows = " UNION ALL ".join(_rows(c, f"p_collection = '{c.table}' AND t.id = ANY (p_ids)") for c in SYNCED)
    return f"""
CREATE OR REPLACE FUNCTION structura_sync.rows_of(p_plant text, p_collection text, p_ids text[])
RETURNS TABLE ({_RETURNS}) LANGUAGE sql STABLE AS $$ {rows} $$"""


def _fingerprinted() -> str:
    return " UNION ALL ".join(
        "SELECT t.id, structura_sync.fingerprint(t.id, t._born, t._life, t._stamps, t._parts) AS digest"
        f" FROM structura_sync.\"{c.table}\" AS t WHERE t.plant_id = p_plant AND p_collection = '{c.table}'"
        for c in SYNCED
    )


def _buckets() -> str:
    return f"""
CREATE OR REPLACE FUNCTION structura_sync.buckets(p_plant text, p_collection text)
RETURNS TABLE (bucket int, digest bigint) LANGUAGE sql STABLE AS $$
SELECT structura_sync.bucket_of(id), bit_xor(digest) FROM ({_fingerprinted()}) AS rows GROUP BY 1 $$"""


def _fingerprints() -> str:
    return f"""
CREATE OR REPLACE FUNCTION structura_sync.fingerprints(p_plant text, p_collection text, p_buckets int[])
RETURNS TABLE (id text, digest bigint) LANGUAGE sql STABLE AS $$
SELECT id, digest FROM ({_fingerprinted()}) AS rows WHERE structura_sync.bucket_of(id) = ANY (p_buckets) $$"""
