"""Head office's list of conflicts that nobody has looked at yet, at any of its plants or here."""

import json
from typing import Any

from structura_local.domain.catalog import BY_TABLE
from structura_local.domain.conflicts import UNSHOWN
from sync.central.dsn import connect
from sync.central.errors import explained

PIN = "pin"


async def conflicts(dsn: str, plant: str | None = None) -> list[dict[str, Any]]:
    """Unseen conflicts of all plants or of one, by plant, the latest first; raises SyncError.

    {plantId, id, collection, rowId, field, winner, loser, at}; winner and loser are {value, stamp, node, userId}: of
    who wrote at head office the node is `central` and the user a database role. PINs are masked.
    """
    with explained():
        connection = await connect(dsn)
        try:
            records = await connection.fetch(UNSEEN, plant, list(UNSHOWN))
        finally:
            await connection.close()
    return [_entry(dict(record)) for record in records]


def _entry(record: dict[str, Any]) -> dict[str, Any]:
    table = record["collection"]  # maybe one that only a newer program knows
    secret = table in BY_TABLE and record["field"] in BY_TABLE[table].secrets

    def write(side: str) -> dict[str, Any]:
        said = {
            "value": json.loads(record[side]),
            "stamp": record[f"{side}_stamp"],
            "node": record[f"{side}_node"],
            "userId": record[f"{side}_user"],
        }
        return {name: value for name, value in said.items() if value is not None}

    return {
        "plantId": record["plant_id"],
        "id": record["id"],
        "collection": table.replace("_", "-"),
        "rowId": record["row_id"],
        "field": PIN if secret else record["field"],
        "winner": write("winner"),
        "loser": write("loser"),
        "at": record["at"],
    }


UNSEEN = """
SELECT c.plant_id, c.id, c.collection, c.row_id, c.field, c."at",
    coalesce(c.winner, 'null') AS winner, c.winner_stamp, w.node AS winner_node, w."user" AS winner_user,
    coalesce(c.loser, 'null') AS loser, c.loser_stamp, l.node AS loser_node, l."user" AS loser_user
FROM structura_sync.conflicts AS c
LEFT JOIN structura_sync.actors AS w ON w.plant_id = c.plant_id AND w.id = substr(c.winner_stamp, 17)
LEFT JOIN structura_sync.actors AS l ON l.plant_id = c.plant_id AND l.id = substr(c.loser_stamp, 17)
WHERE ($1::text IS NULL OR c.plant_id = $1) AND c._life % 2 = 1 AND NOT coalesce(c.seen, false)
    AND c.field <> ALL ($2::text[])
ORDER BY c.plant_id, c._born DESC, c.id"""
