"""How SQLite finds what lists ask for: by an index and in the order of the list, whatever the filter."""

from urllib.parse import quote

import pytest

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Collection, Field, Kind
from tests.plant import Api
from tests.statements import Statements, plans, scans, sorts

FILTERS = (Kind.TEXT, Kind.NUMBER, Kind.INTEGER, Kind.BOOLEAN, Kind.MOMENT, Kind.CHOICE, Kind.TEXTS)
VALUES = {Kind.NUMBER: "1", Kind.INTEGER: "1", Kind.BOOLEAN: "true", Kind.MOMENT: "2027-01-15"}


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda collection: collection.path)
async def test_no_list_scans_a_table_and_no_page_is_sorted(
    statements: Statements, api: Api, collection: Collection
) -> None:
    """All, each filter, the page behind a place: found in their order, so that a page costs what it shows."""
    asked = ["", "limit=2", "limit=2&offset=2", *(f"limit=2&{_filter(field)}" for field in _filtered(collection))]
    if "timestamp" in collection.by_name:
        asked += ["limit=2&since=2026-01-01", "limit=2&until=2026-01-01&since=2025-01-01"]
    asked += [f"{query}&cursor={CURSOR[collection.newest_first]}" for query in asked[3:] if "offset" not in query]
    statements.clear()
    for query in asked:
        answer = await api.get(f"/api/{collection.path}?{query}")
        assert answer.status == 200, answer.body
    found = plans(api.folder.database, [sql for sql in statements if f"FROM {collection.table} \nWHERE _life" in sql])
    assert len(found) >= len(asked)  # and more: pages are counted too
    assert {sql: steps for sql, steps in found.items() if scans(steps) or sorts(steps)} == {}


CURSOR = {False: "WyIwMTliIiwiSi0xIl0", True: "WyIyMDI3LTAxLTE1VDA4OjAwOjAwLjAwMFoiLCIwMTliIiwiRS0xIl0"}


def _filtered(collection: Collection) -> list[Field]:
    return [field for field in collection.fields if field.wire and field.stored and field.kind in FILTERS]


def _filter(field: Field) -> str:
    value = VALUES.get(field.kind) or (field.choices[0] if field.choices else "x")
    return f"{quote(field.name)}={quote(value)}"


async def test_who_looks_for_one_finds_it(statements: Statements, api: Api) -> None:
    """The searches of rules and checks go by an index of their own."""
    for project in ("P-1", "P-2"):
        await api.made("/api/projects", {"id": project, "name": project, "clientId": "C-1", "deadline": "2027-01-16"})
    job = {"projectId": "P-1", "productName": "Perfil", "targetQuantity": 5, "unit": "m", "machineType": "CONFORMADORA"}
    item = {"name": "Tornillo", "sku": "T-1", "quantity": 5, "unit": "units", "minThreshold": 9}
    statements.clear()
    await api.made("/api/jobs", {"id": "J-1", **job})
    for body in ({"status": "IN_PROGRESS"}, {"status": "COMPLETED"}, {"projectId": "P-2"}):
        assert (await api.patch("/api/jobs/J-1", body)).status == 200
    await api.made("/api/inventory", {"id": "I-1", **item})
    assert (await api.patch("/api/inventory/I-1", {"sku": "T-2", "quantity": 50})).status == 200
    done = {"machineId": "TALLER", "type": "JOB_COMPLETE", "description": "Finalizado: Perfil por Ana"}
    assert (await api.post("/api/events", {**done, "severity": "INFO"})).status in (200, 201)
    found = plans(api.folder.database, statements)
    assert any("ix_jobs_project_id" in step for steps in found.values() for step in steps)
    assert any("ix_events_completions" in step for steps in found.values() for step in steps)
    assert {sql: steps for sql, steps in found.items() if scans(steps)} == {}
