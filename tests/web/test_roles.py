"""Who may do what: every route with every role, and what is expected, written out by hand from the roles table."""

from typing import Any

import pytest

from structura_local.settings import Settings
from structura_local.web.routes import routes
from tests.plant import ID, Api, Serve
from tests.web.contract import COLLECTIONS, PATHS, minimal

WHO = ("ADMIN", "SUPERVISOR", "OPERATOR", None)

# (method, route) → the statuses for ADMIN, SUPERVISOR, OPERATOR and no token
EXPECTED: dict[tuple[str, str], tuple[int, int, int, int]] = {
    ("GET", "/healthz"): (200, 200, 200, 200),
    ("GET", "/readyz"): (200, 200, 200, 200),
    ("POST", "/api/auth/login"): (200, 200, 200, 200),
    ("POST", "/api/auth/logout"): (200, 200, 200, 200),
    ("GET", "/api/auth/me"): (200, 200, 200, 401),
    ("GET", "/api/users/directory"): (200, 200, 200, 401),
    ("GET", "/api/system/status"): (200, 200, 403, 401),
    ("POST", "/api/system/sync"): (409, 409, 403, 401),  # this plant is not connected
    ("POST", "/api/system/import"): (200, 403, 403, 401),
    ("GET", "/api/system/export"): (200, 403, 403, 401),
    ("GET", "/api/users"): (200, 403, 403, 401),
    ("POST", "/api/users"): (201, 403, 403, 401),
    ("GET", "/api/users/{id}"): (200, 403, 403, 401),
    ("PATCH", "/api/users/{id}"): (200, 403, 403, 401),
    ("DELETE", "/api/users/{id}"): (200, 403, 403, 401),
    ("GET", "/api/machines"): (200, 200, 200, 401),
    ("POST", "/api/machines"): (201, 201, 403, 401),
    ("GET", "/api/machines/{id}"): (200, 200, 200, 401),
    ("PATCH", "/api/machines/{id}"): (200, 200, 403, 401),
    ("DELETE", "/api/machines/{id}"): (200, 200, 403, 401),
    ("GET", "/api/jobs"): (200, 200, 200, 401),
    ("POST", "/api/jobs"): (201, 201, 403, 401),
    ("GET", "/api/jobs/{id}"): (200, 200, 200, 401),
    ("PATCH", "/api/jobs/{id}"): (200, 200, 403, 401),
    ("DELETE", "/api/jobs/{id}"): (200, 200, 403, 401),
    ("GET", "/api/projects"): (200, 200, 200, 401),
    ("POST", "/api/projects"): (201, 201, 403, 401),
    ("GET", "/api/projects/{id}"): (200, 200, 200, 401),
    ("PATCH", "/api/projects/{id}"): (200, 200, 403, 401),
    ("DELETE", "/api/projects/{id}"): (200, 200, 403, 401),
    ("GET", "/api/clients"): (200, 200, 200, 401),
    ("POST", "/api/clients"): (201, 201, 403, 401),
    ("GET", "/api/clients/{id}"): (200, 200, 200, 401),
    ("PATCH", "/api/clients/{id}"): (200, 200, 403, 401),
    ("DELETE", "/api/clients/{id}"): (200, 200, 403, 401),
    ("GET", "/api/inventory"): (200, 200, 200, 401),
    ("POST", "/api/inventory"): (201, 201, 403, 401),
    ("GET", "/api/inventory/{id}"): (200, 200, 200, 401),
    ("PATCH", "/api/inventory/{id}"): (200, 200, 403, 401),
    ("DELETE", "/api/inventory/{id}"): (200, 200, 403, 401),
    ("GET", "/api/project-accessories"): (200, 200, 200, 401),
    ("POST", "/api/project-accessories"): (201, 201, 403, 401),
    ("GET", "/api/project-accessories/{id}"): (200, 200, 200, 401),
    ("PATCH", "/api/project-accessories/{id}"): (200, 200, 403, 401),
    ("DELETE", "/api/project-accessories/{id}"): (200, 200, 403, 401),
    ("GET", "/api/alerts"): (200, 200, 200, 401),
    ("POST", "/api/alerts"): (201, 201, 201, 401),
    ("GET", "/api/alerts/{id}"): (200, 200, 200, 401),
    ("PATCH", "/api/alerts/{id}"): (200, 200, 403, 401),
    ("DELETE", "/api/alerts/{id}"): (200, 200, 403, 401),
    ("GET", "/api/messages"): (200, 200, 200, 401),
    ("POST", "/api/messages"): (201, 201, 201, 401),
    ("GET", "/api/messages/{id}"): (200, 404, 404, 401),  # a message between two others
    ("PATCH", "/api/messages/{id}"): (200, 404, 404, 401),
    ("DELETE", "/api/messages/{id}"): (200, 404, 404, 401),
    ("GET", "/api/events"): (200, 200, 200, 401),
    ("POST", "/api/events"): (201, 201, 201, 401),
    ("GET", "/api/events/{id}"): (200, 200, 200, 401),
}

# A field that an operator may not change; the office may.
OFFICE_FIELD = {
    "machines": {"name": "otro"}, "jobs": {"productName": "otro"}, "projects": {"name": "otro"},
    "users": {"name": "otro"}, "clients": {"name": "otro"}, "inventory": {"name": "otro"},
    "alerts": {"message": "otro"}, "messages": {"isRead": True}, "project-accessories": {"quantityRequired": 9},
}  # fmt: skip

# What an operator may change, and nothing else.
OPERATOR_FIELDS: dict[str, set[str]] = {
    "machines": {"status", "currentJobId", "maintenanceReason", "totalMetersProduced", "temperature"},
    "jobs": {
        "status", "completedQuantity", "scrapQuantity", "operatorNotes", "workflowStages", "currentCoilId", "startDate",
        "endDate", "completedAt", "operatorIds", "assignedMachineId",
    },
    "projects": set(), "clients": set(), "project-accessories": set(),
    "inventory": {"quantity"}, "alerts": {"dismissed"},
}  # fmt: skip


def test_every_route_has_its_row(tmp_path: Any) -> None:
    """No route is served that the table of expectations does not have, and none is missing."""
    served = {(route.method, route.path) for route in routes(Settings(data_dir=tmp_path))}
    assert served == set(EXPECTED)


@pytest.mark.parametrize("who", WHO, ids=str)
async def test_table(api: Api, who: str | None) -> None:
    """Every route answers each role as the table says; a refusal changes nothing."""
    wrong = []
    for number, ((method, route), statuses) in enumerate(EXPECTED.items()):
        parts = route.split("/")
        collection = parts[2] if len(parts) > 2 else ""
        path, body = route, None
        if "{id}" in route:
            row_id = f"X-{number}"
            between = {"to": ID["OTHER"]} if collection == "messages" else {}
            await api.made(f"/api/{collection}", minimal(collection, id=row_id, **between))
            path = route.replace("{id}", row_id)
        if method == "PATCH":
            body = OFFICE_FIELD[collection]
        elif route == "/api/auth/login":
            body = {"pin": "11112222"}
        elif route == "/api/system/import":
            body = {"machines": []}
        elif method == "POST":
            body = minimal(collection, id=f"N-{number}") if collection in PATHS else {}
        sender = await api.token("11112222") if route == "/api/auth/logout" else who
        answer = await api.ask(method, path, body, sender)
        if answer.status != statuses[WHO.index(who)]:
            wrong.append((method, route, answer.status, statuses[WHO.index(who)]))
        if answer.status == 401:
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        if answer.status in (401, 403, 404) and method == "DELETE":
            assert (await api.get(path)).status == 200, "a refused DELETE deletes nothing"
        if answer.status in (401, 403) and method == "POST" and collection in PATHS:
            assert (await api.get(f"{path}/N-{number}")).status == 404, "a refused POST makes nothing"
    assert not wrong


@pytest.mark.parametrize("path", OPERATOR_FIELDS)
async def test_operator_fields(api: Api, path: str) -> None:
    """An operator changes exactly the fields of the table; what is sent back unchanged is no change."""
    made = await api.made(f"/api/{path}", minimal(path, id="X-1"))
    refused = set()
    for name, field in COLLECTIONS[path].items():
        value = next(c for c in field.choices if c != made.get(name)) if field.choices else field.value
        value = f"{value} (otro)" if field.kind in ("text", "long") else value
        if made.get(name) == value:
            value = "2031-01-01" if field.kind == "moment" else value + 1
        answer = await api.patch(f"/api/{path}/X-1", {name: value}, "OPERATOR")
        assert answer.status in (200, 403), (name, answer.body)
        if answer.status == 403:
            refused.add(name)
            assert name in answer.json["detail"] or not OPERATOR_FIELDS[path]
        else:
            made = answer.json
    assert refused == set(COLLECTIONS[path]) - OPERATOR_FIELDS[path]
    whole = (await api.get(f"/api/{path}/X-1")).json
    whole.pop("jobs", None)
    if path != "clients":  # an operator is not shown a client whole
        if OPERATOR_FIELDS[path]:
            assert (await api.patch(f"/api/{path}/X-1", whole, "OPERATOR")).status == 200
        mixed = {**{name: COLLECTIONS[path][name].value for name in OPERATOR_FIELDS[path]}, **OFFICE_FIELD[path]}
        assert (await api.patch(f"/api/{path}/X-1", mixed, "OPERATOR")).status == 403
        assert {**(await api.get(f"/api/{path}/X-1")).json, "jobs": 0} == {**whole, "jobs": 0}


async def test_operator_orders_panels(api: Api) -> None:
    """An operator may order a PANELIZADO job, and no other."""
    for kind in COLLECTIONS["jobs"]["machineType"].choices:
        answer = await api.post("/api/jobs", minimal("jobs", machineType=kind), "OPERATOR")
        assert answer.status == (201 if kind == "PANELIZADO" else 403), kind


async def test_operator_sees_no_contact_details(api: Api) -> None:
    """An operator reads who the clients are, not how to reach them."""
    body = {
        "id": "C-1",
        "name": "Sur",
        "contactPerson": "Eva",
        "email": "e@x",
        "phone": "1",
        "taxId": "2",
        "address": "3",
    }
    await api.made("/api/clients", body)
    shown = {"id": "C-1", "name": "Sur", "contactPerson": "Eva"}
    assert (await api.get("/api/clients/C-1", "OPERATOR")).json == shown
    assert (await api.get("/api/clients", "OPERATOR")).json == [shown]
    assert (await api.get("/api/clients", "SUPERVISOR")).json == [body]


async def test_directory(api: Api) -> None:
    """Everybody reads everybody's id, name, role and avatar, and no more."""
    await api.patch(f"/api/users/{ID['OTHER']}", {"avatar": "🧑"})
    listed = (await api.get("/api/users/directory", "OPERATOR")).json
    assert listed[0] == {"id": "U-ADMIN", "name": "Ana Jefa", "role": "ADMIN"}
    assert listed[3] == {"id": "U-OTHER", "name": "Óscar Taller", "role": "OPERATOR", "avatar": "🧑"}
    assert len(listed) == 4


async def test_no_kiosk_by_default(api: Api) -> None:
    """Without a token no list is read."""
    for path in PATHS:
        assert (await api.get(f"/api/{path}", None)).status == 401


async def test_kiosk_lists(serve: Serve) -> None:
    """The lists an administrator named are read without a good token; single objects and writes are not."""
    async with serve(kiosk_collections=("jobs", "project-accessories")) as api:
        await api.made("/api/jobs", minimal("jobs", id="X-1"))
        for who in (None, "no.such.token"):
            answer = await api.get("/api/jobs", who)
            assert (answer.status, [job["id"] for job in answer.json]) == (200, ["X-1"])
            assert (await api.get("/api/project-accessories", who)).status == 200
            assert (await api.get("/api/machines", who)).status == 401
            assert (await api.get("/api/jobs/X-1", who)).status == 401
            assert (await api.post("/api/jobs", minimal("jobs"), who)).status == 401
