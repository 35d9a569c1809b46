"""Who may do what: every route with every role, and what is expected, written out by hand from the roles table."""

from dataclasses import dataclass
from typing import Any

import pytest

from structura_local.settings import Settings
from structura_local.web.openapi.document import template
from structura_local.web.routes import routes
from tests.plant import ID, Api, Serve
from tests.web.contract import COLLECTIONS, PATHS, minimal

WHO = ("ADMIN", "SUPERVISOR", "OPERATOR", None)

Statuses = tuple[int, int, int, int]  # for each of these

OPEN: Statuses = (200, 200, 200, 200)
NOWHERE: Statuses = (404, 404, 404, 404)
ALL: Statuses = (200, 200, 200, 401)
OFFICE: Statuses = (200, 200, 403, 401)
ADMIN: Statuses = (200, 403, 403, 401)
SET_UP: Statuses = (409, 409, 409, 409)  # already
NOT_THERE: Statuses = (404, 404, 403, 401)  # the office would be let in
THEIR_OWN: Statuses = (200, 404, 404, 401)  # and this one is not theirs


@dataclass(frozen=True)
class Allowed:
    """Who may do what with a collection: the statuses, as of a GET.

    An operator may change the fields of `operator` and no others; `other` is a change that needs the right to it.
    """

    other: dict[str, Any] | None
    read: Statuses = ALL
    create: Statuses = OFFICE
    change: Statuses | None = OFFICE
    delete: Statuses | None = OFFICE
    listed: Statuses | None = None  # else as `read`
    operator: str = ""


COLLECTION: dict[str, Allowed] = {
    "machines": Allowed(
        {"name": "otro"}, operator="status currentJobId maintenanceReason totalMetersProduced temperature"
    ),
    "jobs": Allowed(  # an operator may create one that is PANELIZADO; this is none
        {"productName": "otro"},
        operator="status completedQuantity scrapQuantity operatorNotes workflowStages currentCoilId startDate endDate"
        " completedAt operatorIds assignedMachineId",
    ),
    "projects": Allowed({"name": "otro"}),
    "clients": Allowed({"name": "otro"}),
    "inventory": Allowed({"name": "otro"}, operator="quantity"),
    "project-accessories": Allowed({"quantityRequired": 9}),
    "users": Allowed({"name": "otro"}, read=ADMIN, create=ADMIN, change=ADMIN, delete=ADMIN),
    "alerts": Allowed({"message": "otro"}, create=ALL, operator="dismissed"),
    "messages": Allowed({"isRead": True}, listed=ALL, read=THEIR_OWN, create=ALL, change=THEIR_OWN, delete=THEIR_OWN),
    "events": Allowed(None, create=ALL, change=None, delete=None),
}

EXPECTED: dict[tuple[str, str], Statuses] = {
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/api/openapi.json"): OPEN,
    ("GET", "/docs"): OPEN,
    ("GET", "/docs/{file}"): NOWHERE,  # of that name
    ("GET", "/problems/{code}"): NOWHERE,  # of that name
    ("GET", "/export-local-data"): OPEN,
    ("GET", "/export-local-data/{file}"): NOWHERE,  # of that name
    ("GET", "/setup"): OPEN,
    ("GET", "/setup/{file}"): NOWHERE,
    ("POST", "/api/setup/claim"): SET_UP,  # test_first_start.py has a server that is not
    ("POST", "/api/setup"): SET_UP,
    ("POST", "/api/setup/import"): SET_UP,
    ("POST", "/api/setup/finish"): SET_UP,
    ("GET", "/pair"): OPEN,
    ("GET", "/"): (302, 302, 302, 302),  # to the console
    ("GET", "/console"): OPEN,
    ("GET", "/console/{file}"): NOWHERE,  # of that name
    ("GET", "/pair/{file}"): NOWHERE,
    ("GET", "/trust"): OPEN,
    ("GET", "/trust/{file}"): NOWHERE,
    ("GET", "/trust/structura-authority.crt"): NOWHERE,  # without HTTPS
    ("GET", "/recover"): OPEN,
    ("GET", "/recover/{file}"): NOWHERE,
    ("GET", "/api/system/backups"): ADMIN,
    ("POST", "/api/system/backups"): (201, 403, 403, 401),
    ("DELETE", "/api/system/backups/{id}"): (404, 403, 403, 401),
    ("GET", "/api/system/backups/{id}/file"): (404, 403, 403, 401),  # test_backups.py has some
    ("POST", "/api/system/backups/{id}/restore"): (404, 403, 403, 401),
    ("POST", "/api/auth/login"): OPEN,
    ("POST", "/api/auth/logout"): OPEN,
    ("POST", "/api/auth/pair"): OPEN,
    ("GET", "/api/live"): (426, 426, 426, 426),  # no WebSocket; test_live.py opens some
    ("GET", "/api/auth/me"): ALL,
    ("GET", "/api/users/directory"): ALL,
    ("GET", "/api/system/status"): OFFICE,
    ("GET", "/api/system/carry"): (409, 403, 403, 401),
    ("POST", "/api/system/carry"): (409, 403, 403, 401),
    ("POST", "/api/system/enrolment"): (422, 403, 403, 401),  # test_enrolment.py has bundles
    ("POST", "/api/system/sync"): (409, 409, 403, 401),  # this plant is not connected
    ("POST", "/api/system/import"): ADMIN,
    ("GET", "/api/system/export"): ADMIN,
    ("GET", "/api/system/settings"): ADMIN,
    ("PATCH", "/api/system/settings"): ADMIN,
    ("POST", "/api/system/settings/confirm"): (409, 403, 403, 401),  # there is nothing to confirm
    ("GET", "/api/trust"): NOWHERE,  # without HTTPS
    ("GET", "/api/system/history"): OFFICE,
    ("GET", "/api/system/logs"): ADMIN,
    ("GET", "/api/system/addresses"): ADMIN,
    ("GET", "/api/system/terminals"): ADMIN,
    ("POST", "/api/system/terminals"): (201, 403, 403, 401),
    ("DELETE", "/api/system/terminals/{id}"): ADMIN,
    ("GET", "/api/system/changes"): ADMIN,
    ("GET", "/api/system/trash"): ADMIN,
    ("POST", "/api/system/trash/{collection}/{id}/restore"): ADMIN,
    ("GET", "/api/system/conflicts"): OFFICE,
    ("GET", "/api/system/conflicts/{id}"): NOT_THERE,  # test_conflicts.py has some
    ("PATCH", "/api/system/conflicts/{id}"): NOT_THERE,
    ("POST", "/api/system/conflicts/{id}/restore"): NOT_THERE,
    ("GET", "/api/system/why/{collection}/{id}"): OFFICE,
    ("GET", "/api/system/set-aside"): OFFICE,
    ("POST", "/api/system/set-aside/{id}/retry"): NOT_THERE,  # as has test_set_aside.py
}


def created(statuses: Statuses) -> Statuses:
    one, two, three, four = (201 if status == 200 else status for status in statuses)
    return one, two, three, four


for path, allowed in COLLECTION.items():
    EXPECTED["GET", f"/api/{path}"] = allowed.listed or allowed.read
    EXPECTED["POST", f"/api/{path}"] = created(allowed.create)
    EXPECTED["GET", f"/api/{path}/{{id}}"] = allowed.read
    if allowed.change:
        EXPECTED["PATCH", f"/api/{path}/{{id}}"] = allowed.change
    if allowed.delete:
        EXPECTED["DELETE", f"/api/{path}/{{id}}"] = allowed.delete

PARTLY = [path for path in COLLECTION if path not in ("users", "messages", "events")]  # where `operator` counts


def test_every_route_has_its_row(tmp_path: Any) -> None:
    """No route is served that the table of expectations does not have, and none is missing."""
    served = {(route.method, template(route.path)) for route in routes(Settings(data_dir=tmp_path))}
    assert served == set(EXPECTED)


async def request_for(api: Api, method: str, route: str) -> tuple[str, Any]:
    """The address of something that this route can be tried on, made for it, and a body."""
    collection = route.removeprefix("/api/").partition("/")[0]
    if route.startswith("/api/system/trash/"):
        row_id = (await api.made("/api/machines", minimal("machines")))["id"]
        await api.delete(f"/api/machines/{row_id}")
        return f"/api/system/trash/machines/{row_id}/restore", None
    if route == "/api/system/terminals/{id}":
        return f"/api/system/terminals/{(await api.made('/api/system/terminals', {'name': 'x'}))['id']}", None
    if route.startswith("/api/system/why"):
        return f"/api/system/why/users/{ID['ADMIN']}", None
    if route.startswith("/api/system/") and "{id}" in route:
        return route.replace("{id}", "1"), {"seen": True} if method == "PATCH" else None
    if "{id}" in route:
        between = {"to": ID["OTHER"]} if collection == "messages" else {}
        made = await api.made(f"/api/{collection}", minimal(collection, **between))
        return route.replace("{id}", made["id"]), COLLECTION[collection].other if method == "PATCH" else None
    if method == "POST" and collection in COLLECTION:
        return route, minimal(collection, id="N-1")
    if route == "/api/auth/pair":
        return route, {"code": (await api.made("/api/system/terminals", {"name": "x"}))["code"]}
    bodies = {
        "/api/auth/login": {"pin": "11112222"},
        "/api/system/import": {"machines": []},
        "/api/system/terminals": {"name": "x"},
        "/api/system/settings": {"log_level": "INFO"},
    }
    return route, bodies.get(route, {}) if method in ("POST", "PATCH") else None


@pytest.mark.parametrize("who", WHO, ids=str)
async def test_table(api: Api, who: str | None) -> None:
    """Every route answers each role as the table says; a refusal changes nothing."""
    wrong = []
    for (method, route), statuses in EXPECTED.items():
        path, body = await request_for(api, method, route)
        sender = await api.token("11112222") if route == "/api/auth/logout" else who
        before = await api.get("/api/system/changes?limit=1")
        answer = await api.ask(method, path, body, sender)
        if answer.status != statuses[WHO.index(who)]:
            wrong.append((method, route, answer.status, statuses[WHO.index(who)]))
        if answer.status == 401:
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        if answer.status >= 400:
            assert (await api.get("/api/system/changes?limit=1")).body == before.body, "a refusal changes nothing"
    assert not wrong


@pytest.mark.parametrize("path", PARTLY)
async def test_operator_fields(api: Api, path: str) -> None:
    """An operator changes exactly the fields of the table; what is sent back unchanged is no change."""
    fields, other = set(COLLECTION[path].operator.split()), COLLECTION[path].other or {}
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
            assert name in answer.json["detail"] or not fields
        else:
            made = answer.json
    assert refused == set(COLLECTIONS[path]) - fields
    whole = (await api.get(f"/api/{path}/X-1")).json
    whole.pop("jobs", None)
    if path != "clients":  # an operator is not shown a client whole
        if fields:
            assert (await api.patch(f"/api/{path}/X-1", whole, "OPERATOR")).status == 200
        mixed = {**{name: COLLECTIONS[path][name].value for name in fields}, **other}
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
    answer = await api.get("/api/users/directory", "OPERATOR")
    assert (await api.get("/api/users/directory", If_None_Match=answer.headers["ETag"])).status == 304
    listed = answer.json
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


BODYLESS = ("/restore", "/retry", "/login", "/logout", "/pair")
OPERATOR_MAY_SOMETHING = {
    "/api/jobs",
    "/api/machines/{id}",
    "/api/jobs/{id}",
    "/api/inventory/{id}",
    "/api/alerts/{id}",
}


async def test_role_before_body(api: Api) -> None:
    """Who may not do a thing at all is told so whatever the body is; who may is told what is wrong with it."""
    refused = 0
    for (method, route), statuses in EXPECTED.items():
        if (
            method not in ("POST", "PATCH")
            or not route.startswith("/api/")
            or route.endswith(BODYLESS)
            or route.startswith("/api/setup")
        ):
            continue
        path = route.replace("{id}", "U-ADMIN")
        for who, status in zip(WHO, statuses, strict=True):
            answer = await api.ask(method, path, who=who, raw=b"nonsense")
            at_all = status not in (401, 403) or route in OPERATOR_MAY_SOMETHING
            if who is None or not at_all:
                assert answer.status == status, (method, route, who)
                refused += 1
            elif not route.startswith("/api/setup") and route not in (  # set up already; not connected; no body
                "/api/system/sync",
                "/api/system/carry",
                "/api/system/backups",
                "/api/system/settings/confirm",
            ):
                assert answer.status == 400, (method, route, who)
    assert refused > 20
