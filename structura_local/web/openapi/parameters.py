"""The parameters that several operations share."""

from collections.abc import Mapping

from structura_local.operations.queries import MAX_LIMIT, MAX_WORDS
from structura_local.web.openapi.operation import BOOLEAN, Schema, query

_MOMENT: Schema = {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}


def _header(name: str, description: str, example: str) -> Schema:
    return {"name": name, "in": "header", "schema": {"type": "string"}, "description": description, "example": example}


PARAMETERS: Mapping[str, Schema] = {
    "Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}},
    "Q": query(
        "q",
        {"type": "string", "pattern": rf"^\s*(\S+(\s+|$)){{0,{MAX_WORDS}}}$"},
        f"Words that all have to occur in the text fields; at most {MAX_WORDS}.",
    ),
    "Limit": query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}, "The length of a page."),
    "Offset": query("offset", {"type": "integer", "minimum": 0, "maximum": 2**31}, "How many to leave out first."),
    "Cursor": query("cursor", {"type": "string"}, "Where the next page begins: from the `Link` of the page before it."),
    "Since": query("since", _MOMENT, "Only those with a `timestamp` at or after this."),
    "Until": query("until", _MOMENT, "Only those with a `timestamp` at or before this."),
    "All": query("all", BOOLEAN, "Everybody's messages; for an administrator."),
    "Force": query("force", BOOLEAN, "Although others hang on it; counts for an administrator only."),
    "AcceptLanguage": _header("Accept-Language", "The language of problems: Spanish or English.", "es-AR, es;q=0.9"),
    "IfNoneMatch": _header("If-None-Match", "An `ETag`: 304 if that is still what would be answered.", '"5f2c9a"'),
    "IfMatch": _header("If-Match", "An `ETag`: 412 if the object is no longer as it was then.", "*"),
    "IdempotencyKey": {
        **_header(
            "Idempotency-Key",
            "Makes the request safe to send again for 24 hours: same key and body, same answer.",
            "8e03978e-40d5-43e8-bc93-6894a57f9324",
        ),
        "schema": {"type": "string", "pattern": "^[ -~]{1,255}$"},
    },
}


def parameter(name: str) -> Schema:
    """One of the shared parameters."""
    return PARAMETERS[name]


def reference(said: Schema) -> Schema:
    """How the document says it: a shared parameter by its name, any other as it is."""
    names = (name for name, shared in PARAMETERS.items() if shared is said)
    found = next(names, None)
    return said if found is None else {"$ref": f"#/components/parameters/{found}"}
