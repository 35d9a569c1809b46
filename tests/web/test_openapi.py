"""The API's description says what the server does: its routes, its fields, its errors, its roles."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Kind
from structura_local.errors import KINDS
from structura_local.settings import Settings
from structura_local.web.openapi.document import document, template
from structura_local.web.openapi.operation import operation_of
from structura_local.web.routes import routes
from tests.plant import Api, Serve

TABLE = routes(Settings(data_dir=Path()))
DOCUMENT = document(TABLE)
METHODS = ("get", "post", "patch", "delete", "put")
OPERATIONS = {(m.upper(), path): said for path, item in DOCUMENT["paths"].items() for m, said in item.items()}


def component(said: dict[str, Any]) -> Any:
    """What a `$ref` refers to."""
    found: Any = DOCUMENT
    for part in said["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def resolved(said: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = component(said) if "$ref" in said else said
    return found


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Of a schema of the document, formats included."""
    return jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]}, validate_formats=True)


def test_every_route_is_described() -> None:
    """The document has every route of the URL table that is no page, and no other."""
    api = {(route.method, template(route.path)) for route in TABLE if operation_of(route.handler) is not None}
    assert set(OPERATIONS) == api
    assert not any(route.path.startswith("/api") for route in TABLE if operation_of(route.handler) is None)


def test_a_route_without_a_description_is_found_out() -> None:
    """A handler that says nothing of itself is refused by name."""

    async def silent(request: Any) -> Any: ...

    with pytest.raises(LookupError, match="silent"):
        operation_of(silent)


def test_names_are_given_once() -> None:
    """Generated clients get one function an operation."""
    ids = [said["operationId"] for said in OPERATIONS.values()]
    assert len(ids) == len(set(ids))


def test_every_reference_leads_somewhere() -> None:
    """No `$ref` is broken, and no component but those that hold anywhere is without use."""
    seen: set[str] = set()

    def walk(said: Any) -> None:
        if isinstance(said, dict):
            if "$ref" in said:
                component(said)
                seen.add(said["$ref"])
            for value in said.values():
                walk(value)
        elif isinstance(said, list):
            for value in said:
                walk(value)

    walk(DOCUMENT)
    components = {f"#/components/{kind}/{name}" for kind, all_ in DOCUMENT["components"].items() for name in all_}
    unused = {c for c in components - seen if "/securitySchemes/" not in c}
    assert unused == {f"#/components/responses/{name}" for name in ("Method", "BadHostOrNotHttp")}


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda c: c.table)
def test_every_field_is_told(collection: Any) -> None:
    """Each field is in what is answered, in both bodies, and among the filters, if clients see it at all."""
    shown = {"id", *(f.name for f in collection.fields if f.wire)}
    schemas = DOCUMENT["components"]["schemas"]
    assert set(schemas[collection.singular]["properties"]) == shown
    assert set(schemas[f"{collection.singular}Create"]["properties"]) == shown
    if not collection.append_only:
        assert set(schemas[f"{collection.singular}Update"]["properties"]) - {"currentPin"} == shown
    filters = {f.name for f in collection.fields if f.wire and f.stored and f.kind is not Kind.STAGES} | {"id"}
    listed = {resolved(p)["name"] for p in OPERATIONS["GET", f"/api/{collection.path}"]["parameters"]}
    paging = {"q", "sort", "limit", "offset", "cursor", "If-None-Match", "Accept-Language"}
    times = {"since", "until"} if "timestamp" in shown else set()
    everybodys = {"all"} if collection.table == "messages" else set()
    assert listed == filters | paging | times | everybodys


def test_null_is_only_answered_for_the_current_job() -> None:
    """No other field of an object can be null."""

    def nullable(schema: Any) -> bool:
        return any(option.get("type") == "null" for option in schema.get("anyOf", ()))

    shown = {c.singular: DOCUMENT["components"]["schemas"][c.singular] for c in COLLECTIONS}
    found = {(name, f) for name, said in shown.items() for f, schema in said["properties"].items() if nullable(schema)}
    assert found == {("Machine", "currentJobId")}
    assert "currentJobId" in shown["Machine"]["required"]


def test_every_error_is_told() -> None:
    """Every code of errors.py is answered by some operation."""
    responses = [component(r) for said in OPERATIONS.values() for r in said["responses"].values() if "$ref" in r]
    told = {code for r in responses for code in r["content"]["application/problem+json"]["examples"]}
    assert told | {"method", "no-route", "not-http", "bad-host"} == set(KINDS)


def test_examples_are_good() -> None:
    """Every example is what its schema says."""
    checked = 0
    for name, said in OPERATIONS.items():
        contents = [r["content"] for r in said["responses"].values() if "content" in r]
        contents += [said["requestBody"]["content"]] if "requestBody" in said else []
        for content in contents:
            for media in content.values():
                examples = [e["value"] for e in media.get("examples", {}).values()]
                examples += [media["example"]] if "example" in media else []
                for example in examples:
                    faults = [str(fault.message) for fault in validator(media["schema"]).iter_errors(example)]
                    assert faults == [], name
                    checked += 1
    assert checked > 50
    problem = validator({"$ref": "#/components/schemas/Problem"})
    assert all(problem.is_valid(e["value"]) for e in DOCUMENT["components"]["examples"].values())


async def test_it_is_served(api: Api) -> None:
    """Anybody may have the document; who has it already gets 304."""
    answer = await api.get("/api/openapi.json", None)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.json == DOCUMENT
    again = await api.get("/api/openapi.json", None, If_None_Match=answer.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


async def test_open_lists_are_told(serve: Serve) -> None:
    """A list that is open without a token in this plant is described so."""
    async with serve(kiosk_collections=("machines",)) as api:
        paths = (await api.get("/api/openapi.json", None)).json["paths"]
        assert {} in paths["/api/machines"]["get"]["security"]
        assert {} not in paths["/api/jobs"]["get"]["security"]


async def test_every_problem_has_a_page(api: Api) -> None:
    """The `type` of a problem leads to a page that explains it, in both languages."""
    for code in KINDS:
        answer = await api.get(f"/problems/{code}", None)
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert code in answer.body.decode()
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert (await api.get("/problems/nope", None)).status == 404
