"""What SQLite is asked: every statement of every connection, noted as it is run; and how it goes about it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from structura_local.store import sqlite


class Statements(list[str]):
    """The statements run so far, with their values in place."""

    @property
    def commits(self) -> int:
        return self.count("COMMIT")

    def changing(self, table: str) -> int:
        """How many have put rows into a table."""
        return sum(sql.startswith(f"INSERT INTO {table} ") for sql in self)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    """To be asked for before the plant is."""
    noted = Statements()
    connect = sqlite.connect

    def watched(path: Path, **how: Any) -> sqlite.Connection:
        connection = connect(path, **how)
        connection.set_trace_callback(noted.append)
        return connection

    monkeypatch.setattr(sqlite, "connect", watched)
    return noted


def plans(database: Path, asked: Sequence[str]) -> dict[str, list[str]]:
    """By each query among these statements, the steps in which SQLite answers it."""
    connection = sqlite.connect(database, read_only=True)
    try:
        return {
            sql: [line[3] for line in connection.execute(f"EXPLAIN QUERY PLAN {sql}")]
            for sql in dict.fromkeys(asked)
            if re.match(r"SELECT|UPDATE|DELETE", sql)
        }
    finally:
        connection.close()


def scans(steps: Sequence[str]) -> list[str]:
    """The steps that read a whole table, from wherever its rows lie to wherever they end.

    Not so `found`, which is a page, nor the few lines of `node_state`, which the server reads each minute.
    """
    return [step for step in steps if re.match(r"SCAN (?!json_each|CONSTANT|change_log$|node_state$|found$)\w+$", step)]


def sorts(steps: Sequence[str]) -> list[str]:
    """The steps that put aside what they find, to sort it."""
    return [step for step in steps if "TEMP B-TREE" in step]
