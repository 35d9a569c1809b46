"""What is made right in a row of a real file, and what is not: only what has one meaning."""

from typing import Any

import pytest

from structura_local.domain.catalog import COLLECTIONS
from structura_local.operations.repair import Rejected, mended
from tests.web.contract import minimal

BY_KEY = {c.key: c for c in COLLECTIONS}
MS = 1_770_624_000_991
ISO = "2026-02-09T08:00:00.991Z"
STAGE = {"name": "CORTE", "isCompleted": True}


def row(key: str, **fields: Any) -> dict[str, Any]:
    """The least that a row has, with an id, and other fields."""
    return {"id": "X-1", **minimal(BY_KEY[key].path), **fields}


@pytest.mark.parametrize(
    ("key", "field", "value", "becomes"),
    [
        ("jobs", "targetQuantity", "40", 40),
        ("jobs", "targetQuantity", " 40.50 ", 40.5),
        ("jobs", "targetQuantity", "12,5", 12.5),
        ("jobs", "targetQuantity", "1e3", 1000),
        ("inventory", "quantity", "-3", -3),
        ("jobs", "priorityIndex", "7", 7),
        ("jobs", "priorityIndex", 7.0, 7),
        ("jobs", "isStock", "true", True),
        ("jobs", "isStock", "False", False),
        ("jobs", "isStock", 1, True),
        ("jobs", "completedAt", MS, ISO),
        ("jobs", "completedAt", str(MS), ISO),
        ("projects", "deadline", " 2026-03-16 ", "2026-03-16"),
        ("jobs", "status", "in progress", "IN_PROGRESS"),
        ("jobs", "status", "In-Progress", "IN_PROGRESS"),
        ("machines", "type", " panelizado", "PANELIZADO"),
        ("inventory", "unit", "KG", "kg"),
        ("inventory", "unit", "l", "L"),
        ("inventory", "sku", 4711, "4711"),
        ("clients", "phone", 99123456.0, "99123456"),
        ("machines", "operatorIds", '["U-1", "U-2"]', ["U-1", "U-2"]),
        ("machines", "operatorIds", "U-1", ["U-1"]),
        ("machines", "operatorIds", ["U-1", None, "", 7, "U-1"], ["U-1", "7"]),
        ("jobs", "workflowStages", [{"name": "corte", "isCompleted": "true", "completedAt": "", "x": 1}], [STAGE]),
        ("jobs", "workflowStages", '[{"name": "CORTE", "isCompleted": true}]', [STAGE]),
    ],
)
def test_made_right(key: str, field: str, value: Any, becomes: Any) -> None:
    """A value in another form than the contract's becomes what it means, and that is listed."""
    done = mended(BY_KEY[key], row(key, **{field: value}))
    assert done.data[field] == becomes
    assert type(done.data[field]) is type(becomes)
    assert done.mends
    assert all(mend.field.partition(".")[0] == field for mend in done.mends)
    assert mended(BY_KEY[key], {"id": "X-1", **done.data}).mends == []


@pytest.mark.parametrize(
    ("key", "field", "values"),
    [
        ("jobs", "assignedMachineId", ["", None]),
        ("jobs", "linkedJobId", [""]),
        ("jobs", "currentCoilId", [""]),
        ("alerts", "relatedId", [""]),
        ("machines", "currentJobId", [""]),
        ("jobs", "tonnage", ["", None]),
        ("jobs", "completedAt", ["", None]),
        ("jobs", "isStock", [""]),
        ("jobs", "operatorIds", ["", None]),
        ("machines", "category", ["", None]),
        ("clients", "address", [None]),
        ("machines", "efficiency", ["", None]),
    ],
)
def test_none(key: str, field: str, values: list[Any]) -> None:
    """'' where no text belongs, and null, stand for none and are left out, which is listed."""
    for value in values:
        done = mended(BY_KEY[key], row(key, **{field: value}))
        assert field not in done.data
        assert [mend.field for mend in done.mends] == [field]


@pytest.mark.parametrize(
    ("key", "field", "value"),
    [
        ("projects", "clientId", ""),
        ("clients", "address", ""),
        ("clients", "email", ""),
        ("jobs", "notes", " spaces stay "),
        ("projects", "description", ""),
        ("machines", "currentJobId", None),
        ("jobs", "operatorIds", []),
        ("jobs", "targetQuantity", 0.1),
        ("machines", "lastMaintenance", "2023-10-01"),
    ],
)
def test_left_alone(key: str, field: str, value: Any) -> None:
    """What the contract allows is neither changed nor listed."""
    done = mended(BY_KEY[key], row(key, **{field: value}))
    assert done.data.get(field) == value
    assert done.mends == []


@pytest.mark.parametrize(
    ("key", "field", "values"),
    [
        (
            "jobs",
            "targetQuantity",
            ["", None, "viele", "1,200", "1.200,50", "0x10", "NaN", "1e999", True, [4], -1, "-1"],
        ),
        ("machines", "efficiency", [101, -1, "300"]),
        ("projectAccessories", "quantityRequired", [0, "0"]),
        ("jobs", "priorityIndex", [1.5, "1.5", "x"]),
        ("jobs", "isStock", ["sí", 2, []]),
        ("projects", "deadline", ["", None, "ayer", "03/04/2026", 5, 20260316, True, "2026-13-01"]),
        ("events", "timestamp", ["ayer", 12, {}]),
        ("jobs", "status", ["DONE", "", 5]),
        ("inventory", "unit", ["unidades", "", None]),
        ("jobs", "projectId", ["", None, [], {}]),
        ("machines", "name", ["", None, True, ["x"]]),
        ("clients", "name", ["x" * 5000, "a\0b"]),
        ("jobs", "operatorIds", ['["U-1"', "no id at all", {"U-1": 1}, 5, [["U-1"]]]),
        ("jobs", "workflowStages", ["CORTE", [{"name": "x", "isCompleted": True}], [{"name": "CORTE"}], [5]]),
        ("clients", "id", ["", None, "C 1", "ñ", "x" * 129, ["C-1"], True, 1.5]),
    ],
)
def test_rejected(key: str, field: str, values: list[Any]) -> None:
    """What has no certain meaning is not guessed: the row is rejected, and the reason names the field."""
    for value in values:
        if field in ("status", "category") and value == "":
            continue
        with pytest.raises(Rejected) as caught:
            mended(BY_KEY[key], row(key, **{field: value}))
        assert [field in str(reason) for reason in caught.value.reasons] == [True], (value, str(caught.value))
        assert len(str(caught.value)) < 300


def test_every_fault_of_a_row_is_a_reason() -> None:
    """A row with several faults names each."""
    with pytest.raises(Rejected) as caught:
        mended(BY_KEY["jobs"], {"id": "J-1", "targetQuantity": "x", "status": "NO", "unit": "m", "projectId": "P"})
    reasons = str(caught.value)
    for field in ("targetQuantity", "status"):
        assert field in reasons
    with pytest.raises(Rejected) as caught:
        mended(BY_KEY["machines"], {})
    assert [str(reason) for reason in caught.value.reasons] == ["id is missing", "name is missing", "type is missing"]


def test_unknown_fields_are_left_out() -> None:
    """Fields that do not exist are left out and listed; what is secret is not shown."""
    secrets = {"pinHash": "$2b$hash", "pinLookup": "k:9"}
    done = mended(BY_KEY["users"], {"id": "U-1", "name": "Ana", "role": "ADMIN", "shift": "noche", **secrets})
    assert done.data == {"name": "Ana", "role": "ADMIN"}
    assert {mend.field: str(mend.what) for mend in done.mends} == {
        "shift": '"noche" left out', "pinHash": "• left out", "pinLookup": "• left out",
    }  # fmt: skip


def test_the_time_in_an_id() -> None:
    """An event without a time has that of its id, which the frontend made at that moment."""
    event = {k: v for k, v in row("events").items() if k != "timestamp"}
    done = mended(BY_KEY["events"], {**event, "id": f"EV-{MS}-abc"})
    assert (done.data["timestamp"], [mend.field for mend in done.mends]) == (ISO, ["timestamp"])
    assert "timestamp" not in mended(BY_KEY["events"], event).data
    assert mended(BY_KEY["events"], {**event, "id": f"EV-{MS}-abc", "timestamp": "2026-01-01"}).mends == []
