"""Reads both sides, and accounts for every acknowledged write: found, overwritten by a later one that had seen it, in
the journal, or missing. It reads the plants' files and head office's tables by itself, with none of the program's code
for it."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.system.plant import query
from tests.system.workload import FIELDS, STOCK, Log, Write

TABLES = (
    "actors", "machines", "jobs", "projects", "users", "clients", "inventory", "alerts", "messages", "events",
    "project_accessories", "conflicts",
)  # fmt: skip

Rows = dict[tuple[str, str], dict[str, Any]]


@dataclass
class Account:
    """What became of the acknowledged writes; `wrong` says what must not be: missing, twice, different, digest."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def at_plant(folder: Path) -> Rows:
    """All rows in a plant's file."""
    connection = sqlite3.connect(f"file:{folder / 'structura.db'}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("BEGIN")
        return {
            (table, line["id"]): _row(dict(line))
            for table in TABLES
            for line in connection.execute(f'SELECT * FROM "{table}"')
        }
    finally:
        connection.close()


async def at_head_office(dsn: str, plant: str) -> Rows:
    """All rows of a plant in head office's tables."""
    return {
        (table, line["id"]): _row(dict(line))
        for table in TABLES
        for line in await query(dsn, f'SELECT * FROM structura_sync."{table}" WHERE plant_id = $1', plant)
    }


def _row(line: dict[str, Any]) -> dict[str, Any]:
    return {column: _plain(value) for column, value in line.items() if column not in _OWN and value is not None}


_OWN = ("plant_id", "id", "_lsn", "_by", "_seq", "_base")


def _plain(value: Any) -> Any:
    """A value as both databases mean it."""
    match value:
        case bool():
            return int(value)
        case float() | int() | Decimal():
            return Decimal(repr(value) if isinstance(value, float) else value).normalize()
        case str() if value[:1] in "[{":
            try:
                return json.loads(value)
            except ValueError:
                return value
    return value


def differences(one: Rows, other: Rows) -> list[str]:
    """Which rows are not the same."""
    return [
        f"{key}: {one.get(key)} is not {other.get(key)}"
        for key in sorted(one.keys() | other.keys())
        if one.get(key) != other.get(key)
    ]


def account(log: Log, rows: Rows, panels: Iterable[Sequence[str]]) -> Account:
    """Account for every write of the log. `panels`: the jobs of each project that end in one job of panels."""
    books = _Books(log, rows)
    done = Account()
    for write in log.writes:
        row = rows.get((write.collection, write.row_id))
        fate = books.fate(write, row) if row else ""
        done.counts[fate or "missing"] += 1
        if not fate:
            done.wrong.append(f"missing: {write} in {row}")
    done.wrong += [f"twice: {what}" for what in _twice(rows)] + _panels(rows, panels)
    return done


class _Books:
    """The log and the rows, arranged for looking up."""

    def __init__(self, log: Log, rows: Rows) -> None:
        conflicts = [row for (table, _), row in rows.items() if table == "conflicts"]
        self._journal = {(row["collection"], row["row_id"], row["field"], row["loser"]) for row in conflicts}
        self._seen = {(w.collection, w.row_id, w.field, w.seen) for w in log.writes if w.kind == "edit" and w.seen}
        self._taken = {(w.row_id, w.value) for w in log.writes if w.kind == "take"}
        self._graves: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
        self._stock: dict[str, Decimal] = defaultdict(lambda: Decimal(STOCK))
        for write in log.writes:
            if write.kind == "delete":
                self._graves[write.collection, write.row_id].append(write.seen)
            elif write.kind == "count":
                self._stock[write.row_id] += Decimal(repr(write.value))

    def fate(self, write: Write, row: Mapping[str, Any]) -> str:
        """What became of a write; empty: it is missing."""
        alive = int(row["_life"]) % 2 == 1
        if not alive and (write.collection, write.row_id) not in self._graves:
            return ""  # deleted by nobody
        match write.kind:
            case "edit":
                return self._edit(write, row, alive=alive)
            case "count":
                return "added" if row["quantity"] == self._stock[write.row_id].normalize() else ""
            case "put" | "take":
                gone = (write.row_id, write.value) in self._taken
                if (write.value in row.get("operator_ids", [])) == gone:
                    return ""
                return "overwritten" if gone and write.kind == "put" else "found"
            case "delete":
                return "found" if not alive or not write.certain else ""
            case "complete":
                return "found" if row["status"] == write.value else ""
        return "found"

    def _edit(self, write: Write, row: Mapping[str, Any], *, alive: bool) -> str:
        field_ = (write.collection, write.row_id, write.field)
        if alive and row.get(FIELDS[write.collection][write.field]) == write.value:
            return "found"
        buried = any(seen[write.field] == write.value for seen in self._graves[write.collection, write.row_id])
        if buried or (*field_, write.value) in self._seen:
            return "overwritten"
        return "journal" if (*field_, json.dumps(write.value)) in self._journal else ""


def _twice(rows: Rows) -> list[str]:
    """Somebody put on one job twice, one loss journaled twice."""
    seen = Counter[tuple[Any, ...]]()
    for (table, row_id), row in rows.items():
        if table == "conflicts":
            seen[table, row["collection"], row["row_id"], row["field"], row["loser_stamp"]] += 1
        seen.update((table, row_id, who) for who in row.get("operator_ids", ()))
    return [str(what) for what, times in seen.items() if times > 1]


def _panels(rows: Rows, projects: Iterable[Sequence[str]]) -> list[str]:
    """Two jobs completed at two places are the cause of one job of panels, not of two."""
    wrong = []
    for jobs in projects:
        complete = all(rows["jobs", job]["status"] == "COMPLETED" for job in jobs)
        project = rows["jobs", jobs[0]]["project_id"]
        made = [
            key
            for key, row in rows.items()
            if key[0] == "jobs" and row["project_id"] == project and row["machine_type"] == "PANELIZADO"
        ]
        if len(made) != complete:
            what = "missing" if complete and not made else "twice"
            wrong.append(f"{what}: panels of {project}: {made} for {jobs}, complete: {complete}")
    return wrong


def digests(state: Mapping[str, str]) -> dict[str, int]:
    """The digests that a plant's file holds."""
    return {key.removeprefix("digest "): int(v) for key, v in state.items() if key.startswith("digest ") and int(v)}


async def digests_at_head_office(dsn: str) -> dict[str, int]:
    """The digests that head office holds of its only plant."""
    ((text,),) = await query(dsn, "SELECT digests::text FROM structura_sync.partition")
    return {name: int(digest) for name, digest in json.loads(text).items() if int(digest)}


def state_at_plant(folder: Path) -> dict[str, str]:
    """What a plant's file says of itself: node, cursor, mark, digests."""
    connection = sqlite3.connect(f"file:{folder / 'structura.db'}?mode=ro", uri=True)
    try:
        return dict(connection.execute("SELECT key, value FROM node_state"))
    finally:
        connection.close()
