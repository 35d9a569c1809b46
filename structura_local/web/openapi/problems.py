"""The errors in the document: which codes an operation can answer, and an example of each."""

import string
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from structura_local import errors
from structura_local.domain import access
from structura_local.errors import AppError
from structura_local.web.errors import STATUS, TITLES, type_of
from structura_local.web.openapi.examples import BLANKS
from structura_local.web.openapi.operation import Operation, Schema, ref
from structura_local.web.openapi.parameters import parameter

_ALWAYS = ("internal", "busy", "damaged", "database", "https-only", "read-only", "restoring", "shutting-down")
_HEADERS = {401: "WWW-Authenticate", 405: "Allow", 426: "Upgrade", 429: "Retry-After", 503: "Retry-After"}

SCHEMAS: Mapping[str, Schema] = {
    "Problem": {
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {
                "type": "string",
                "format": "uri-reference",
                "description": "What kind of problem: for programs. The address is a page that explains it.",
                "enum": sorted(type_of(code) for code in errors.KINDS),
            },
            "title": {"type": "string", "description": "The kind in a few words, in English."},
            "status": {"type": "integer", "enum": sorted(set(STATUS.values())), "description": "The HTTP status."},
            "detail": {
                "type": "string",
                "description": "One sentence that a person can act on, in Spanish or English (`Accept-Language`).",
            },
            "errors": {"type": "array", "items": ref("FieldError"), "description": "With 422: what is wrong where."},
        },
    },
    "FieldError": {
        "type": "object",
        "required": ["field", "msg"],
        "properties": {
            "field": {
                "type": "string",
                "description": "The field or parameter; dots lead into objects and lists; `body`: the whole.",
            },
            "msg": {"type": "string", "description": "What is wrong with it, in the language of `detail`."},
        },
    },
}


def codes(operation: Operation, path: str, method: str) -> list[str]:
    """The codes of errors.py that an operation can answer."""
    found = [*_ALWAYS, *operation.refusals]
    if not operation.open:
        found += ["no-token", "dead-token"]
    if operation.may:
        rule = [access.permission(role, *operation.may) for role in access.ROLES]
        if any(p is None or p.own for p in rule) or operation.may == ("jobs", access.CREATE):
            found.append("forbidden")
        if any(p and p.fields is not None for p in rule):
            found += ["forbidden", "forbidden-fields"]
    if "{" in path:
        found.append("not-found")
    if operation.takes is not None:
        found += ["malformed", "key-twice", "not-json", "not-decodable", "too-large", "too-slow", "invalid"]
    if path.startswith("/api/"):
        found += ["unknown-parameter"]
    if operation.parameters:
        found += ["invalid"]
    if parameter("IdempotencyKey") in operation.parameters:
        found += ["bad-key", "key-reused"]
    if method != "GET":
        found.append("disk-full")
    return sorted(set(found))


def example(code: str, language: str = "en") -> dict[str, Any]:
    """A problem document of this code."""
    blanks: dict[str, Any] = {name: BLANKS.get(name, "…") for name in _blanks(code)}
    status = STATUS[errors.KINDS[code]]
    document: dict[str, Any] = {
        "type": type_of(code),
        "title": TITLES[status],
        "status": status,
        "detail": AppError(code, **blanks).sentence(language),
    }
    if status == 422 and "fields" in blanks:
        document["errors"] = [{"field": str(BLANKS["fields"]), "msg": "must be a number"}]
    return document


def examples() -> dict[str, Schema]:
    """One a code, as components."""
    return {code: {"summary": code, "value": example(code)} for code in sorted(errors.KINDS)}


def by_status(found: Collection[str]) -> dict[int, list[str]]:
    """Codes by their HTTP status."""
    groups: dict[int, list[str]] = defaultdict(list)
    for code in sorted(found):
        groups[STATUS[errors.KINDS[code]]].append(code)
    return dict(sorted(groups.items()))


def name(group: Collection[str]) -> str:
    """What the response of these codes is called among the components."""
    return "Or".join("".join(word.capitalize() for word in code.split("-")) for code in group)


def response(status: int, group: Collection[str]) -> Schema:
    """The response of these codes, all of one status."""
    headers = ["Content-Language", *([_HEADERS[status]] if status in _HEADERS else [])]
    return {
        "description": TITLES[status],
        "headers": {h: {"$ref": f"#/components/headers/{h}"} for h in headers},
        "content": {
            "application/problem+json": {
                "schema": ref("Problem"),
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in group},
            }
        },
    }


def _blanks(code: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(errors.sentence(code, "en")) if name]
