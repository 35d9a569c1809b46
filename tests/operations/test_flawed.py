"""Real files are flawed: the report of an import matches what is wrong with them, one for one."""

import copy
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from structura_local import app
from structura_local.app import Plant
from structura_local.folder import Folder
from structura_local.operations.report import COUNTS, LISTS, lines
from tests.operations.test_transfer import database
from tests.plant import OWNER, Clock

FLAWED = Path(__file__).parent.parent / "data" / "structura-export-flawed.json"

# Found by reading the file beside the contract, written down by hand: (collection, list, row, id, field, what, why).
FLAWS = [
    ("machines", "repaired", 2, "M-02", "id", "row left out; row 7 counts", "both have this id and are alike"),
    (
        "jobs", "repaired", 1, "JOBS-1770624000991", "id",
        "row left out; row 262 counts", "both have this id, the last one counts",
    ),
    (
        "jobs", "repaired", 4, "JOBS-1770625260991", "targetQuantity",
        '"40" became 40', "a number of at least 0 is expected",
    ),
    ("jobs", "noted", 5, "JOBS-1770625680991", "projectId", "names PROJECTS-0, which does not exist in projects", None),
    ("jobs", "repaired", 6, "JOBS-1770626100991", "assignedMachineId", '"" left out', "it stands for 'none'"),
    (
        "users", "noted", 1, "U-001", "pin",
        "Admin Principal is an administrator with a PIN that is easily guessed; change it", None,
    ),
    (
        "users", "repaired", 19, "USERS-1770627600001", "pin",
        "Pin repetido is imported without a PIN", "the PIN already belongs to Juan Perez, U-002",
    ),
    ("inventory", "noted", 37, "INVENTORY-dup-sku", "sku", "has SKU TOR-001, as has INVENTORY-1770624000000", None),
    (
        "events", "rejected", 207, "EV-bad", None,
        'timestamp is "ayer"; an ISO 8601 date or timestamp is expected', None,
    ),
]  # fmt: skip
OF_THE_FILE = ["'catalog' is not imported (1): there is no such collection", "the file has no 'projectAccessories'"]


@pytest.fixture
async def plant(tmp_path: Path, now: Clock) -> AsyncIterator[Plant]:
    """An empty plant."""
    async with app.opened(Folder(tmp_path / "data"), now) as opened:
        yield opened


def flawed() -> dict[str, list[dict[str, Any]]]:
    loaded: dict[str, list[dict[str, Any]]] = json.loads(FLAWED.read_text(encoding="utf-8"))
    return loaded


def told(report: dict[str, Any]) -> list[tuple[Any, ...]]:
    """What a report lists, in the form of FLAWS."""
    return [
        (key, name, e["row"], e["id"], e.get("field"), e.get("what", e.get("reason")), e.get("why"))
        for key, tally in report["collections"].items()
        for name in LISTS
        for e in tally[name]
    ]


async def test_the_report_matches_the_flaws(plant: Plant) -> None:
    """Every flaw of the file is listed, and nothing else is."""
    report = (await plant.transfer.take_in(OWNER, flawed())).said("en")
    assert sorted(told(report), key=str) == sorted(FLAWS, key=str)
    assert report["noted"] == OF_THE_FILE
    assert {key: [tally[name] for name in COUNTS] for key, tally in report["collections"].items()} == {
        "machines": [7, 6, 0, 0], "jobs": [262, 261, 0, 0], "projects": [30, 30, 0, 0], "users": [19, 19, 0, 0],
        "clients": [12, 12, 0, 0], "inventory": [37, 37, 0, 0], "alerts": [10, 10, 0, 0], "messages": [10, 10, 0, 0],
        "events": [207, 206, 0, 0], "projectAccessories": [0, 0, 0, 0],
    }  # fmt: skip


async def test_what_is_stored_is_the_file_made_right(plant: Plant) -> None:
    """Apart from the flaws, the export of an import is the file, field by field."""
    file = flawed()
    await plant.transfer.take_in(OWNER, copy.deepcopy(file))
    exported = await plant.transfer.give_out(OWNER)
    expected = {key: {row["id"]: row for row in rows} for key, rows in file.items() if key != "catalog"}
    expected["jobs"]["JOBS-1770625260991"]["targetQuantity"] = 40
    del expected["jobs"]["JOBS-1770626100991"]["assignedMachineId"]
    del expected["events"]["EV-bad"]
    for user in expected["users"].values():
        del user["pin"]
    expected["projectAccessories"] = {}
    for key, rows in expected.items():
        assert {row["id"]: row for row in exported[key]} == rows, key


async def test_twice_changes_nothing(plant: Plant, tmp_path: Path) -> None:
    """A dry run changes nothing; a second import finds all the same, lists the flaws again and changes nothing."""
    empty = database(plant, tmp_path / "data")
    dry = await plant.transfer.take_in(OWNER, flawed(), dry_run=True)
    assert database(plant, tmp_path / "data") == empty
    first = await plant.transfer.take_in(OWNER, flawed())
    assert dry.said("en") == {**first.said("en"), "dryRun": True}
    stored = database(plant, tmp_path / "data")
    second = await plant.transfer.take_in(OWNER, flawed())
    assert [(t.new, t.changed, t.same) for t in second.collections.values()] == [
        (0, 0, t.new) for t in first.collections.values()
    ]
    assert told(second.said("en")) == told(first.said("en"))
    assert database(plant, tmp_path / "data") == stored


async def test_the_report_in_both_languages(plant: Plant) -> None:
    """The text of a report has a line for each flaw, in English and in Spanish, with no English in the Spanish one."""
    report = await plant.transfer.take_in(OWNER, flawed(), dry_run=True)
    english, spanish = (list(lines(report.said(language), language)) for language in ("en", "es"))
    assert len(english) == len(spanish)
    for _, _, row, row_id, *_ in FLAWS:
        assert sum(f"{row_id} (row {row}): " in line for line in english) == 1
        assert sum(f"{row_id} (fila {row}): " in line for line in spanish) == 1
    assert "Nothing was changed" in english[-1]
    assert "No se cambió nada" in spanish[-1]
    for word in ("expected", "which", "row ", "Repaired", "there is", "has no"):
        assert not any(word in line for line in spanish), word
