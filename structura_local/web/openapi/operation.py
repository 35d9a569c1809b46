"""What one method of one address takes and answers, declared at its handler."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

Schema = dict[str, Any]
H = TypeVar("H", bound=Callable[..., Any])

_OPERATION = "operation"
_PAGE = "page"


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer. `of`: a type that pydantic can describe, a schema, or None for no body."""

    of: Any = None
    description: str = "Done."
    headers: tuple[str, ...] = ()
    example: Any = None
    media_type: str = "application/json"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """`id` is what generated clients call it. `may`: the thing and the action in the roles table (domain/access.py);
    with none, anybody who is logged in may, and if it is `open`, anybody.

    `takes`: what the body is, as `Reply.of`; `also_takes`: media types beside JSON, of bytes. `refusals`: codes of
    errors.py beside those that follow from the rest.
    """

    id: str
    tag: str
    summary: str
    description: str = ""
    open: bool = False
    may: tuple[str, str] | None = None
    parameters: tuple[Schema, ...] = ()
    takes: Any = None
    also_takes: tuple[str, ...] = ()
    examples: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[int, Reply]
    refusals: tuple[str, ...] = ()

    @cached_property
    def query(self) -> frozenset[str]:
        """The names of its query parameters."""
        return frozenset(p["name"] for p in self.parameters if p["in"] == "query")


def described(**said: Any) -> Callable[[H], H]:
    """Declare what a handler takes and answers; the arguments are those of `Operation`."""
    operation = Operation(**said)

    def mark(handler: H) -> H:
        setattr(handler, _OPERATION, operation)
        return handler

    return mark


def page(handler: H) -> H:
    """Declare that a handler gives a page or file for people, which is no part of the API."""
    setattr(handler, _PAGE, True)
    return handler


def operation_of(handler: Any) -> Operation | None:
    """What a handler takes and answers; None for a page. LookupError if nobody has said."""
    if getattr(handler, _PAGE, False):
        return None
    owner = getattr(handler, "__self__", None)  # the ten collections share their handlers and have `operations` each
    shared: Mapping[str, Operation] = getattr(owner, "operations", {})
    operation = shared.get(handler.__name__) or getattr(handler, _OPERATION, None)
    if operation is None:
        raise LookupError(f"{handler.__qualname__} is not described (see web/openapi/__init__.py)")
    return operation


def ref(name: str) -> Schema:
    """One of the document's own schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def query(name: str, schema: Schema, description: str = "") -> Schema:
    """A query parameter. A schema of an array: it may be given several times."""
    said = {"name": name, "in": "query", "schema": schema}
    return {**said, "description": description} if description else said


def in_path(name: str, description: str, schema: Schema | None = None) -> Schema:
    """A parameter in the path; only those that are no id need it."""
    said = {"name": name, "in": "path", "required": True, "description": description}
    return {**said, "schema": schema or {"type": "string"}}


BOOLEAN: Schema = {"type": "boolean", "default": False}
