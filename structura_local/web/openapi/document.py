"""The document as a whole: every route of the URL table, and the components that they share."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from structura_local import __version__
from structura_local.domain import access
from structura_local.web.openapi import problems
from structura_local.web.openapi.operation import Operation, Reply, Schema, operation_of
from structura_local.web.openapi.parameters import PARAMETERS, parameter, reference
from structura_local.web.openapi.schemas import answered, schemas

_ABOUT = """\
The REST API of a plant's server. Lists are bare arrays; paging is in headers. An optional field that is unset is left
out of answers; only `currentJobId` is ever `null`.

Every error is `application/problem+json`; its `detail` is a sentence for people and follows `Accept-Language` (Spanish
or English). Beyond what each operation lists, any address can answer 400 to what is no HTTP, 404 if there is nothing,
and 405 with `Allow` to a method that is not listed; wherever `GET` is, `HEAD` is too. Every answer has an
`X-Request-Id`, by which the server's log knows it.

The token of a login goes into `Authorization: Bearer …`. `x-roles` says what each role may of an operation: `all`, only
its `own`, or some `fields`; a role that is missing gets 403, before the body is looked at.
"""
_HEADERS: Mapping[str, tuple[str, Schema]] = {
    "ETag": ("The version, for `If-None-Match` and `If-Match`. Strong.", {"type": "string", "pattern": '^".+"$'}),
    "Cache-Control": (
        "`no-cache`: may be kept, has to be asked after.",
        {"type": "string", "enum": ["no-cache", "no-store"]},
    ),
    "Vary": ("What the answer depends on.", {"type": "string"}),
    "Set-Cookie": ("What this terminal is known by; for browsers.", {"type": "string"}),
    "Content-Disposition": ("The name to save it by.", {"type": "string"}),
    "Link": ('The next page if there is one: `<…>; rel="next"`.', {"type": "string"}),
    "X-Total-Count": ("The length of the whole list; with `limit`.", {"type": "integer", "minimum": 0}),
    "Retry-After": ("After how many seconds to try again.", {"type": "integer", "minimum": 1}),
    "Allow": ("The methods that are possible here.", {"type": "string"}),
    "Upgrade": ("The protocol to speak here.", {"type": "string", "const": "websocket"}),
    "WWW-Authenticate": ("How to authenticate.", {"type": "string", "const": "Bearer"}),
    "Content-Language": ("The language of `detail`.", {"type": "string", "enum": ["en", "es"]}),
}
_ALWAYS_SENT = (
    "ETag",
    "Cache-Control",
    "Content-Disposition",
    "Set-Cookie",
    "Vary",
    "Retry-After",
    "Allow",
    "Upgrade",
    "WWW-Authenticate",
    "Content-Language",
)


def template(path: str) -> str:
    """A route's path as OpenAPI writes it: without the patterns of its parts."""
    return re.sub(r"{(\w+):[^}]*}", r"{\1}", path)


def document(table: Iterable[web.RouteDef]) -> Schema:
    """The OpenAPI document of a URL table. LookupError for a handler that is not described."""
    operations = [
        (route.method.lower(), template(route.path), operation)
        for route in table
        if (operation := operation_of(route.handler)) is not None
    ]
    made, components = schemas([*answered(), *_types(operation for _, _, operation in operations)])
    groups: dict[str, tuple[int, list[str]]] = {problems.name(["method"]): (405, ["method"])}
    groups[problems.name(["no-route"])] = (404, ["no-route"])
    groups[problems.name(["bad-host", "not-http"])] = (400, ["bad-host", "not-http"])
    paths: dict[str, Schema] = {}
    for method, path, operation in operations:
        failures = problems.by_status(problems.codes(operation, path, method.upper()))
        groups |= {problems.name(codes): (status, codes) for status, codes in failures.items()}
        paths.setdefault(path, {})[method] = _operation(operation, path, failures, made)
    tags = dict.fromkeys(operation.tag for _, _, operation in operations)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Structura Local", "version": __version__, "description": _ABOUT},
        "servers": [{"url": "/", "description": "This plant's server"}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": dict(sorted({**components, **problems.SCHEMAS, "Ok": _OK}.items())),
            "parameters": dict(PARAMETERS),
            "headers": {
                name: {"description": text, "required": name in _ALWAYS_SENT, "schema": schema}
                for name, (text, schema) in _HEADERS.items()
            },
            "responses": {name: problems.response(*group) for name, group in sorted(groups.items())},
            "examples": problems.examples(),
            "securitySchemes": {
                "bearer": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "The `token` that `POST /api/auth/login` answers.",
                }
            },
        },
    }  # fmt: skip


_OK: Schema = {"type": "object", "required": ["ok"], "properties": {"ok": {"type": "boolean", "const": True}}}


def _types(operations: Iterable[Operation]) -> Iterable[Any]:
    for operation in operations:
        for said in (operation.takes, *(reply.of for reply in operation.answers.values())):
            if said is not None and not isinstance(said, dict):
                yield said


def _operation(
    operation: Operation, path: str, failures: Mapping[int, list[str]], made: Mapping[Any, Schema]
) -> Schema:
    in_path = [parameter("Id")] if "{id}" in path else []
    parameters = [reference(said) for said in (*in_path, *operation.parameters, parameter("AcceptLanguage"))]
    roles, sentence = _roles(operation)
    said: Schema = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": "\n\n".join(filter(None, (operation.description, sentence))),
        "security": [{}, {"bearer": []}] if operation.open else [{"bearer": []}],
        "parameters": parameters,
    }
    if roles is not None:
        said["x-roles"] = roles
    if operation.takes is not None:
        content: Schema = {"schema": _schema(operation.takes, made)}
        if operation.examples:
            content["examples"] = {name: {"value": value} for name, value in operation.examples.items()}
        others: Schema = {media_type: {} for media_type in operation.also_takes}
        said["requestBody"] = {"required": True, "content": {"application/json": content, **others}}
    said["responses"] = {
        **{str(status): _reply(reply, made) for status, reply in sorted(operation.answers.items())},
        **{str(status): {"$ref": f"#/components/responses/{problems.name(c)}"} for status, c in failures.items()},
    }
    return said


def _schema(said: Any, made: Mapping[Any, Schema]) -> Schema:
    return said if isinstance(said, dict) else made[said]


def _reply(reply: Reply, made: Mapping[Any, Schema]) -> Schema:
    said: Schema = {"description": reply.description}
    if reply.headers:
        said["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in reply.headers}
    if reply.of is not None:
        content: Schema = {"schema": _schema(reply.of, made)}
        if reply.example is not None:
            content["example"] = reply.example
        said["content"] = {reply.media_type: content}
    return said


def _roles(operation: Operation) -> tuple[Schema | None, str]:
    """What each role may, for programs and as a sentence."""
    if operation.open:
        return None, "Open without a token."
    if operation.may is None:
        return dict.fromkeys(access.ROLES, "all"), "For everybody who is logged in."
    roles: Schema = {}
    words = []
    for role in access.ROLES:
        allowed = access.permission(role, *operation.may)
        if allowed is None:
            continue
        what = "own" if allowed.own else "all"
        fields = sorted(allowed.fields or ())
        roles[role] = {"rows": what, "fields": fields} if fields else what
        limits = ["only their own"] if allowed.own else []
        limits += [f"only {', '.join(f'`{field}`' for field in fields)}"] if fields else []
        words.append(f"{role} ({'; '.join(limits)})" if limits else role)
    return roles, f"For {', '.join(words)}."
