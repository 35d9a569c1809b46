"""What the ten collections take and answer, from their declarations."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from structura_local.domain import access
from structura_local.domain.fields import Collection, Field, Kind
from structura_local.operations.nouns import NEWEST_EVENTS
from structura_local.schemas import Purpose, model
from structura_local.web.openapi.examples import CHANGES, OBJECTS
from structura_local.web.openapi.operation import Operation, Reply, Schema, query, ref
from structura_local.web.openapi.parameters import parameter

OK: Schema = ref("Ok")
OBJECT_HEADERS = ("ETag", "Cache-Control", "Vary")
LIST_HEADERS = (*OBJECT_HEADERS, "X-Total-Count", "Link")

# What a collection does in a way of its own.
_NOTES = {
    ("events", "list"): f"The newest {NEWEST_EVENTS} unless `limit` says otherwise.",
    ("alerts", "list"): "Dismissed ones are left out unless `dismissed` is given.",
    ("alerts", "create"): "A frontend's copy of an alert that the server's rules raised: 200 with the server's.",
    ("messages", "list"): "What is addressed to the caller or to ALL, and what the caller sent.",
    ("messages", "update"): "`isRead` of a message to ALL is each reader's own.",
    ("clients", "list"): "An operator sees no `email`, `phone`, `address`, `taxId`.",
    ("clients", "read"): "An operator sees no `email`, `phone`, `address`, `taxId`.",
    ("clients", "delete"): "Refused while it has open projects; `force` for an administrator.",
    ("projects", "read"): "With its jobs.",
    ("projects", "delete"): "Refused while it has unfinished jobs; `force` for an administrator.",
    ("jobs", "create"): "An operator may only order PANELIZADO jobs. A frontend's copy of the PANELIZADO job that the "
    "server's rules ordered: 200 with the server's.",
    ("events", "create"): "A frontend's copy of the JOB_COMPLETE event that the server logged: 200 with the server's.",
    ("users", "create"): "The PIN never goes out again. An administrator's is none that anybody would try first.",
    (
        "users",
        "update",
    ): "A PIN of one's own is changed with `currentPin` (an administrator needs none). The mask `••••` "
    "means that the PIN stays. A changed PIN or role ends the user's other sessions.",
}
_REFUSALS = {
    ("messages", "list"): ("forbidden",),
    ("users", "create"): ("pin-taken", "easy-pin"),
    ("users", "update"): ("pin-taken", "easy-pin", "current-pin", "last-admin", "too-many"),
    ("users", "delete"): ("last-admin",),
    ("inventory", "create"): ("sku-taken",),
    ("inventory", "update"): ("sku-taken",),
    ("clients", "delete"): ("client-blocked",),
    ("projects", "delete"): ("project-blocked",),
}


def _words(collection: Collection) -> tuple[str, str]:
    """One of them and many, as English words."""
    one = re.sub(r"(?<=[a-z])([A-Z])", r" \1", collection.singular).lower()
    many = one if one.endswith("y") else f"{one}s"
    return one, {"inventory item": "inventory items"}.get(one, many.removesuffix("y") + "ies" if many == one else many)


def _id(collection: Collection, *, many: bool = False) -> str:
    one, several = _words(collection)
    return "".join(word.capitalize() for word in (several if many else one).split())


def operations(collection: Collection, *, kiosk: bool = False) -> Mapping[str, Operation]:
    """By the name of the handler: list, get, post, patch, delete."""
    table, (one, several) = collection.table, _words(collection)
    shown = Reply(ref(collection.singular), f"The {one}.", OBJECT_HEADERS, OBJECTS[table])
    unchanged = Reply(None, "The client has it already (`If-None-Match`).", OBJECT_HEADERS)
    tag = _id(collection, many=True)

    def note(action: str, text: str = "") -> str:
        return " ".join(filter(None, (text, _NOTES.get((table, action)))))

    def refusals(action: str, *more: str) -> tuple[str, ...]:
        return (*more, *_REFUSALS.get((table, action), ()))

    order = "Newest first by when the server received them." if collection.newest_first else "In the order of creation."
    one_shown = shown
    if table == "projects":
        jobs = {**OBJECTS[table], "jobs": [OBJECTS["jobs"]]}
        one_shown = Reply(ref("ProjectWithJobs"), "The project with its jobs.", OBJECT_HEADERS, jobs)
    return {
        "list": Operation(
            tag=tag, id=f"list{_id(collection, many=True)}", summary=f"List {several}", open=kiosk,
            description=note("list", order), may=(table, access.LIST), refusals=refusals("list"),
            parameters=(*filters(_shown_fields(collection)), *_page(collection), parameter("IfNoneMatch")),
            answers={
                200: Reply({"type": "array", "items": ref(collection.singular)}, f"The {several}.", LIST_HEADERS,
                           [OBJECTS[table]]),
                304: Reply(None, "The client has this list already (`If-None-Match`).", LIST_HEADERS),
            },
        ),
        "get": Operation(
            tag=tag, id=f"get{_id(collection)}", summary=f"Get one {one}", description=note("read"),
            may=(table, access.READ), parameters=(parameter("IfNoneMatch"),), answers={200: one_shown, 304: unchanged},
        ),
        "post": Operation(
            tag=tag, id=f"create{_id(collection)}", summary=f"Create {_a(one)}",
            description=note("create", "The client may choose the `id`. Sent again: 200 with what is stored."),
            may=(table, access.CREATE), parameters=(parameter("IdempotencyKey"),),
            takes=model(collection, Purpose.CREATE), examples={"new": _new(table)},
            answers={201: shown, 200: replace(shown, description="It was there already, exactly so.")},
            refusals=refusals("create", "id-exists", "id-deleted"),
        ),
        "patch": Operation(
            tag=tag, id=f"update{_id(collection)}", summary=f"Change some fields of {_a(one)}",
            description=note("update", "`null` clears an optional field (one with a default goes back to it)."),
            may=(table, access.UPDATE), parameters=(parameter("IfMatch"), parameter("IdempotencyKey")),
            takes=model(collection, Purpose.UPDATE), examples={"change": CHANGES.get(table)},
            answers={200: shown}, refusals=refusals("update", "changed"),
        ),
        "delete": Operation(
            tag=tag, id=f"delete{_id(collection)}", summary=f"Delete {_a(one)}", description=note("delete"),
            may=(table, access.DELETE), parameters=(parameter("IfMatch"), parameter("Force")),
            answers={200: Reply(OK, "It is gone.", example={"ok": True})}, refusals=refusals("delete", "changed"),
        ),
    }  # fmt: skip


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeio" else f"a {noun}"


def _new(table: str) -> dict[str, object]:
    made_by_server = {"id"} | ({"timestamp"} if table in ("alerts", "messages", "events") else set())
    body = {k: v for k, v in OBJECTS[table].items() if k not in made_by_server}
    return {**body, "pin": "482915"} if table == "users" else body


def filters(fields: Iterable[Field]) -> list[Schema]:
    """The query parameters by which a list of objects with these fields can be asked for some of them."""
    return [_filter(field) for field in fields if field.kind is not Kind.STAGES]


def _shown_fields(collection: Collection) -> list[Field]:
    return [Field("id", Kind.TEXT), *(f for f in collection.fields if f.wire and f.stored)]


def _filter(field: Field) -> Schema:
    if field.kind is Kind.TEXTS:
        says = f"Only those whose `{field.name}` contains this, or any of several."
    else:
        says = f"Only those with this `{field.name}`, or any of several."
    return query(field.name, {"type": "array", "minItems": 1, "items": _scalar(field)}, says)


def _scalar(field: Field) -> Schema:
    match field.kind:
        case Kind.BOOLEAN:
            return {"type": "boolean"}
        case Kind.NUMBER:
            return {"type": "number"}
        case Kind.INTEGER:
            return {"type": "integer"}
        case Kind.CHOICE:
            return {"type": "string", "enum": list(field.choices)}
    return {"type": "string"}


def _page(collection: Collection) -> list[Schema]:
    sortable = [f.name for f in _shown_fields(collection) if f.kind not in (Kind.TEXTS, Kind.STAGES)]
    enum = [sign + name for name in sortable for sign in ("", "-")]
    said = [
        parameter("Q"),
        query("sort", {"type": "string", "enum": enum}, "The field to sort by; `-` before it: the other direction."),
        parameter("Limit"),
        parameter("Offset"),
        parameter("Cursor"),
    ]
    if "timestamp" in collection.by_name:
        said += [parameter("Since"), parameter("Until")]
    if collection.table == "messages":
        said.append(parameter("All"))
    return said
