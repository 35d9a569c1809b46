"""Events by the million: rows as the door would have written them, ten years before the others, in two statements.

Through the door, ten million take a quarter of an hour; so, two to three minutes. Their change log is there too: with
ten million lines it is a hundred times what the server keeps (90 days), so what it costs is no less than in a plant.
"""

import sqlite3
from pathlib import Path

from structura_local.domain.events import EVENTS
from structura_local.domain.stamp import WORD_LENGTH

_TEN_YEARS = 10 * 365 * 86_400_000
_EVERY = 30_000  # milliseconds
_ACTOR = "g" * WORD_LENGTH
_INDEXES = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL AND tbl_name = ?"

_NEW = """
CREATE TEMP VIEW made AS
SELECT i, 'EVENTS-' || ms || '-g' || printf('%08d', i) AS id, 'M-0' || (1 + i % 6) AS machine,
       'CLEANING' AS type, 'Limpieza de rodillos, vuelta ' || i AS description,
       strftime('%Y-%m-%dT%H:%M:%S', ms / 1000, 'unixepoch') || printf('.%03dZ', ms % 1000) AS at,
       printf('%012x%04x', ms, 0) || '{actor}' AS stamp, ms
FROM (WITH RECURSIVE counted(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM counted WHERE i < {last})
      SELECT i, {began} + i * {every} AS ms FROM counted)
"""
_ROWS = """
INSERT INTO events (id, machine_id, type, description, severity, timestamp, received_at,
                    _born, _life, _stamps, _parts, _extra, _base, _seq)
SELECT id, machine, type, description, 'INFO', at, at, stamp, 1, '{}', '{}', '{}', '{"*":""}', ? + i FROM made
"""
_LOG = """
INSERT INTO change_log (seq, tx, at, run, elapsed, collection, row_id, kind, origin, user_id, stamp, fields)
SELECT ? + i, ? + i, ms, ?, 0, 'events', id, 'create', 'api', NULL, stamp,
       json_object('machineId', json_array(NULL, machine), 'type', json_array(NULL, type),
                   'description', json_array(NULL, description), 'severity', json_array(NULL, 'INFO'),
                   'timestamp', json_array(NULL, at), 'receivedAt', json_array(NULL, at)) FROM made
"""


def grow(database: Path, events: int, before: int) -> None:
    """Bring a closed plant to so many events. `before`: milliseconds since 1970, which those there are later than."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        (present,) = connection.execute("SELECT count(*) FROM events").fetchone()
        if present >= events:
            return
        (grown,) = connection.execute("SELECT count(*) FROM events WHERE _born LIKE ?", (f"%{_ACTOR}",)).fetchone()
        (seq,) = connection.execute("SELECT max(seq) FROM change_log").fetchone()
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -524288", "temp_store = FILE"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("PRAGMA threads = 2")
        first, last = grown + 1, grown + events - present
        connection.execute(_NEW.format(actor=_ACTOR, first=first, last=last, began=before - _TEN_YEARS, every=_EVERY))
        for table, statement, values in (
            (EVENTS.table, _ROWS, (seq - grown,)),
            ("change_log", _LOG, (seq - grown, seq - grown, _ACTOR)),
        ):
            indexes = connection.execute(_INDEXES, (table,)).fetchall()
            connection.execute("BEGIN")
            for name, _ in indexes:
                connection.execute(f"DROP INDEX {name}")
            connection.execute(statement, values)
            for _, sql in indexes:
                connection.execute(sql)
            connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
    finally:
        connection.close()
