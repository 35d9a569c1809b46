"""Kills, cuts and worse, with real servers and a real Postgres: a few rounds here, `make faults` for many."""

import contextlib
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest

from tests.system import checker, faults, rounds
from tests.system.faults import Fault
from tests.system.rounds import chosen, run
from tests.system.workload import Log, Write

slow = pytest.mark.slow


@pytest.mark.timeout(400)  # a world with its Postgres and two servers, on a machine that may have much else to do
@pytest.mark.parametrize(
    "some",
    [
        pytest.param((faults.plant_killed, faults.link_cut, faults.postgres_killed), id="everyday"),
        pytest.param((faults.clock_wrong, faults.rows_refused, faults.disk_full), id="odd", marks=slow),
        pytest.param((faults.failed_over, faults.central_restored, faults.plant_restored), id="worse", marks=slow),
    ],
)
async def test_nothing_is_lost_and_nothing_comes_twice(some: Sequence[Fault]) -> None:
    """Every write that was acknowledged is accounted for, and all databases hold the same."""
    figures = await run(some, "tests")
    assert figures.wrong == []
    assert figures.fates["missing"] == 0
    assert figures.acknowledged == figures.fates.total() > 100
    assert set(figures.faults) == {fault.__name__.replace("_", " ") for fault in some}


@slow
@pytest.mark.timeout(400)
async def test_a_full_disk_where_no_small_one_can_be_mounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not root has Postgres' files not grow instead: its log ends, and it dies of that like on a full disk."""
    monkeypatch.setattr(rounds, "small_disk", lambda megabytes: contextlib.nullcontext())
    figures = await run((faults.disk_full,), "tests")
    assert figures.wrong == []
    assert figures.acknowledged == figures.fates.total() > 50


def test_many_rounds_hold_every_fault() -> None:
    """A long run leaves nothing out, and the seed decides it."""
    assert set(chosen(60, "1")) == set(faults.FAULTS)
    assert chosen(60, "1") == chosen(60, "1") != chosen(60, "2")


# The checker itself: a state in which nothing is wrong, and each way to harm it.

NOTE = {"_life": Decimal(1), "phone": "v-2"}
STOCK = {"_life": Decimal(1), "quantity": Decimal("99980.1")}
JOB = {
    "_life": Decimal(1),
    "operator_ids": ["U-1"],
    "status": "COMPLETED",
    "project_id": "P",
    "machine_type": "CONFORMADORA",
}
PANELS = {"_life": Decimal(1), "status": "PENDING", "project_id": "P", "machine_type": "PANELIZADO"}
LOST = {
    "_life": Decimal(1),
    "collection": "clients",
    "row_id": "C",
    "field": "phone",
    "loser": json.dumps("v-3"),
    "loser_stamp": "s",
}
ROWS = {
    ("clients", "C"): NOTE,
    ("clients", "D"): {"_life": Decimal(2), "phone": "v-4"},
    ("inventory", "I"): STOCK,
    ("jobs", "J"): JOB,
    ("jobs", "panels"): PANELS,
    ("conflicts", "1"): LOST,
}
WRITES = [
    Write("create", "one", "clients", "C"),
    Write("edit", "one", "clients", "C", "phone", "v-1"),
    Write("edit", "two", "clients", "C", "phone", "v-2", "v-1"),
    Write("edit", "one", "clients", "C", "phone", "v-3", "v-1"),
    Write("edit", "one", "clients", "D", "phone", "v-4"),
    Write("delete", "two", "clients", "D", "", None, {"phone": "v-4", "email": None}),
    Write("count", "one", "inventory", "I", "quantity", -20),
    Write("count", "two", "inventory", "I", "quantity", 0.1),
    Write("put", "one", "jobs", "J", "operatorIds", "U-1"),
    Write("put", "one", "jobs", "J", "operatorIds", "U-2"),
    Write("take", "two", "jobs", "J", "operatorIds", "U-2"),
    Write("complete", "two", "jobs", "J", "status", "COMPLETED"),
]
FATES = {"found": 6, "overwritten": 3, "journal": 1, "added": 2}


def test_the_checker_accounts_for_every_write() -> None:
    """Found, overwritten by one who had seen it, in the journal, or added to a counter."""
    done = checker.account(Log(writes=WRITES), ROWS, [["J"]])
    assert done.wrong == []
    assert done.counts == FATES


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        (("clients", "C"), None),
        (("clients", "C"), {**NOTE, "phone": "v-0"}),
        (("clients", "C"), {**NOTE, "_life": Decimal(2)}),
        (("clients", "D"), {"_life": Decimal(1), "phone": "v-4"}),
        (("conflicts", "1"), None),
        (("inventory", "I"), {**STOCK, "quantity": Decimal("99960.1")}),
        (("inventory", "I"), {**STOCK, "quantity": Decimal("99980.2")}),
        (("jobs", "J"), {**JOB, "operator_ids": []}),
        (("jobs", "J"), {**JOB, "operator_ids": ["U-1", "U-2"]}),
        (("jobs", "J"), {**JOB, "operator_ids": ["U-1", "U-1"]}),
        (("jobs", "J"), {**JOB, "status": "PENDING"}),
        (("conflicts", "2"), LOST),
        (("jobs", "panels"), None),
        (("jobs", "more panels"), PANELS),
    ],
)
def test_the_checker_notices(key: tuple[str, str], changed: dict[str, Any] | None) -> None:
    """A row that is gone, a value lost, a delete undone, stock counted twice or not, panels ordered twice."""
    rows = {k: v for k, v in {**ROWS, key: changed}.items() if v is not None}
    assert checker.account(Log(writes=WRITES), rows, [["J"]]).wrong
    assert checker.differences(rows, ROWS)
