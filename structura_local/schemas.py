"""Validation of what comes in, made from the declarations in domain/.

Each collection has a model of a body that creates an object, one of a body that changes it, and one of what is
answered. The last checks nothing: the API's description (web/openapi/) is made of all three.
"""

import json
import re
from dataclasses import asdict, fields
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    StringConstraints,
    Tag,
    ValidationError,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic import Field as Constraint
from typing_extensions import TypeAliasType

from structura_local.domain.fields import LIST_LIMIT, TEXT_LIMIT, Collection, Field, Kind, Merge
from structura_local.domain.jobs import JOBS, STAGE_NAMES
from structura_local.domain.parts import LARGEST
from structura_local.domain.projects import PROJECTS
from structura_local.domain.users import DIRECTORY_FIELDS, PIN_MASK, USERS
from structura_local.errors import AppError
from structura_local.settings import Settings

ID_PATTERN = r"^[A-Za-z0-9._:-]{1,128}$"
PIN_PATTERN = r"^[0-9]{4,8}$"
PIN_OR_MASK_PATTERN = f"{PIN_PATTERN}|^{PIN_MASK}$"
CODE_PATTERN = r"^[0-9]{4}[ -]?[0-9]{4}$"
TEXT_PATTERN = r"^[^\x00]*$"  # SQLite and Postgres disagree about U+0000
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}($|[Tt ])")  # as browsers read them
MOST_SHOWN = 100  # faults that an answer lists, and characters of a key that it repeats
_EXACT = 2**53  # integers up to here survive a double, which is what JSON clients compute with


class Purpose(Enum):
    CREATE = "Create"
    UPDATE = "Update"
    ANSWER = ""


def _as_moment(value: str) -> str:
    try:
        if not _DATED.match(value):  # Python takes weeks, dates without hyphens, and anything before the time
            raise ValueError
        datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be an ISO 8601 date or timestamp") from None
    return value


def _whole(value: Any) -> Any:
    """In JSON, 5.0 is an integer."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _whole_if_possible(value: float) -> float:
    """A number as the database gives it back: SQLite makes an integer of what is one and fits into 64 bits."""
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def _each_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _without_unset(stage: "WorkflowStageInput") -> "WorkflowStageInput":
    return stage if stage.completedAt else WorkflowStageInput(name=stage.name, isCompleted=stage.isCompleted)


def _text(limit: int, *, empty: bool = True) -> Any:
    least = None if empty else 1
    return Annotated[str, StringConstraints(strict=True, min_length=least, max_length=limit, pattern=TEXT_PATTERN)]


_ID = Annotated[str, StringConstraints(strict=True, pattern=ID_PATTERN)]
_Element = _text(TEXT_LIMIT, empty=False)
_Elements = Annotated[list[_Element], Constraint(max_length=LIST_LIMIT)]  # type: ignore[valid-type]
_SHOWN_MOMENT = Annotated[str, Constraint(description="ISO 8601, a date or a timestamp, as it was sent.")]
Moment = TypeAliasType(
    "Moment",
    Annotated[
        str,
        StringConstraints(strict=True, max_length=64),
        AfterValidator(_as_moment),
        WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}),
    ],
)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class WorkflowStage(BaseModel):
    """A step of a job's workflow."""

    name: Literal[STAGE_NAMES]  # type: ignore[valid-type]
    isCompleted: bool  # noqa: N815 - the frontend's name
    completedAt: _SHOWN_MOMENT = None  # type: ignore[assignment] # noqa: N815


class WorkflowStageInput(WorkflowStage):
    """A step of a job's workflow, as it is sent."""

    model_config = ConfigDict(extra="forbid", strict=True)

    completedAt: Moment | None = None  # type: ignore[assignment] # noqa: N815


class SetDelta(_Strict):
    """What a client that read a list a minute ago should send: what to add to it, what to take out."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    add: _Elements = []
    remove: _Elements = []

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must have add or remove")
        return self


class CounterDelta(_Strict):
    """What a client that read a number a minute ago should send: the difference."""

    add: Annotated[float, Constraint(strict=True, allow_inf_nan=False), AfterValidator(_whole_if_possible)]


class Login(_Strict):
    """The body of a login."""

    pin: Annotated[str, StringConstraints(strict=True, pattern=PIN_PATTERN)]


class PairingCode(_Strict):
    """The body with which a terminal is paired."""

    code: Annotated[str, StringConstraints(strict=True, pattern=CODE_PATTERN)]


class SetupLink(_Strict):
    """The secret of a setup link."""

    link: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=TEXT_LIMIT)]


class FirstAdmin(_Strict):
    """Who is to be the first administrator."""

    name: _text(TEXT_LIMIT, empty=False)  # type: ignore[valid-type]
    pin: Annotated[str, StringConstraints(strict=True, pattern=PIN_PATTERN)]


class NewPlant(_Strict):
    """A plant to be. `bundle`: head office's enrolment file; `anotherName`: also if that is for another name."""

    plant: _text(TEXT_LIMIT, empty=False)  # type: ignore[valid-type]
    timeZone: Annotated[str, StringConstraints(strict=True, max_length=64)]  # noqa: N815
    admin: FirstAdmin
    bundle: dict[str, Any] | None = None
    anotherName: Annotated[bool, Constraint(strict=True)] = False  # noqa: N815


class NewEnrolment(_Strict):
    """Head office's enrolment file for this PC; `anotherName`: also if that is for a plant of another name."""

    bundle: dict[str, Any]
    anotherName: Annotated[bool, Constraint(strict=True)] = False  # noqa: N815


class LiveHello(_Strict):
    """The first message of who wants to hear of changes; `run` and `seq` are the last that came before."""

    token: Annotated[str, StringConstraints(strict=True, min_length=1)]
    run: Annotated[str, StringConstraints(strict=True)] | None = None
    seq: Annotated[int, Constraint(strict=True, ge=0)] | None = None


class ConflictUpdate(_Strict):
    """What can be said of a conflict: that it was seen."""

    seen: Annotated[bool, Constraint(strict=True)]


class NewTerminal(_Strict):
    """The body that makes a code for a terminal."""

    name: _text(TEXT_LIMIT, empty=False)  # type: ignore[valid-type]


_SETTING_TYPES: dict[Any, Any] = {
    bool: Annotated[bool, Constraint(strict=True)],
    int: Annotated[int, Constraint(strict=True, ge=0, le=_EXACT), BeforeValidator(_whole)],
    float: Annotated[float, Constraint(strict=True, allow_inf_nan=False)],
    str: _text(TEXT_LIMIT),
    Path | None: _text(TEXT_LIMIT, empty=False),
    tuple[str, ...]: list[_text(TEXT_LIMIT, empty=False)],  # type: ignore[misc]
    tuple[str, ...] | None: list[_text(TEXT_LIMIT, empty=False)],  # type: ignore[misc]
}


def _setting(field: Any) -> tuple[Any, Any]:
    choices = field.metadata["choices"] if field.type is str else ()
    kind = Literal[choices] if choices else _SETTING_TYPES[field.type]
    return (kind | None, Constraint(None, description=field.metadata["about"]["en"]))


_SETTINGS: dict[str, Any] = {
    field.name: _setting(field)
    for field in fields(Settings)
    if field.name not in ("data_dir", "origins") and not field.metadata["secret"]
}
SettingsUpdate: type[BaseModel] = create_model(
    "SettingsUpdate",
    __base__=_Strict,
    __doc__="Settings to change, by their names in settings.toml; null for the default.",
    **_SETTINGS,
)


def _type(field: Field, purpose: Purpose) -> Any:
    match field.kind:
        case Kind.TEXT:
            return _text(field.limit, empty=not field.required)
        case Kind.NUMBER:
            low, high = (-LARGEST, LARGEST) if field.merge is Merge.COUNTER else (None, None)
            bounds = Constraint(strict=True, allow_inf_nan=False, ge=_or(field.low, low), le=_or(field.high, high))
            return Annotated[float, bounds, AfterValidator(_whole_if_possible)]
        case Kind.INTEGER:
            return Annotated[int, Constraint(strict=True, ge=-_EXACT, le=_EXACT), BeforeValidator(_whole)]
        case Kind.BOOLEAN:
            return Annotated[bool, Constraint(strict=True)]
        case Kind.MOMENT:
            return Moment
        case Kind.CHOICE:
            return Literal[field.choices]
        case Kind.TEXTS:
            return Annotated[_Elements, AfterValidator(_each_once)]
        case Kind.STAGES:
            stage = Annotated[WorkflowStageInput, AfterValidator(_without_unset)]
            return Annotated[list[stage], Constraint(max_length=LIST_LIMIT)]
        case Kind.PIN:
            # A form that shows the mask sends it back; that means 'unchanged'.
            pattern = PIN_PATTERN if purpose is Purpose.CREATE else PIN_OR_MASK_PATTERN
            return Annotated[str, StringConstraints(strict=True, pattern=pattern)]


def _or(said: int | None, otherwise: int | None) -> int | None:
    return otherwise if said is None else said


_VALUE, _DELTA = "<value>", "<delta>"  # pydantic's tags; they turn up in the paths of its errors


def _or_delta(field: Field, kind: Any) -> Any:
    """A field's value, or for a counter or set its change."""
    delta = {Merge.COUNTER: CounterDelta, Merge.SET: SetDelta}.get(field.merge)
    if delta is None:
        return kind
    which = Discriminator(lambda value: _DELTA if isinstance(value, dict | SetDelta | CounterDelta) else _VALUE)
    return Annotated[Annotated[kind, Tag(_VALUE)] | Annotated[delta, Tag(_DELTA)], which]


def _id(collection: Collection) -> Any:
    def not_reserved(value: str) -> str:
        if value in collection.reserved:
            raise ValueError("is part of an address already; choose another")
        return value

    return Annotated[_ID, AfterValidator(not_reserved)] if collection.reserved else _ID


def _answered(field: Field) -> Any:
    """What a value looks like that goes out. Bounds are for what comes in: what a merge brings may lie beyond them."""
    match field.kind:
        case Kind.TEXT:
            return str
        case Kind.MOMENT:
            return _SHOWN_MOMENT
        case Kind.NUMBER:
            return float
        case Kind.INTEGER:
            return int
        case Kind.TEXTS:
            return list[str]
        case Kind.STAGES:
            return list[WorkflowStage]
        case Kind.PIN:
            return Literal[PIN_MASK]
        case Kind.BOOLEAN | Kind.CHOICE:
            return _type(field, Purpose.ANSWER)


@cache
def model(collection: Collection, purpose: Purpose) -> type[BaseModel]:
    """The model of a body that creates or changes an object of `collection`, or of the object as it is answered."""
    name = f"{collection.singular}{purpose.value}"
    wire = [field for field in collection.fields if field.wire]
    if purpose is Purpose.ANSWER:
        shown = {field.name: _shown(field) for field in wire}
        return create_model(name, __base__=BaseModel, id=(str, ...), **shown)  # type: ignore[call-overload, no-any-return]
    fields: dict[str, Any] = {"id": (_id(collection) | None, None)}
    for field in wire:
        kind = _type(field, purpose)
        if purpose is Purpose.UPDATE:
            kind = _or_delta(field, kind)
        if field.required:
            fields[field.name] = (kind, ... if purpose is Purpose.CREATE else None)
        else:
            # A default is told here and filled in elsewhere: what a body does not say has to be known.
            fields[field.name] = (kind | None, field.default if purpose is Purpose.CREATE else None)
    if collection.table == "users" and purpose is Purpose.UPDATE:
        fields["currentPin"] = (Annotated[str, StringConstraints(strict=True, max_length=8)] | None, None)
    return create_model(name, __base__=_Strict, **fields)


def _shown(field: Field) -> tuple[Any, Any]:
    kind = _answered(field)
    if field.send_null:
        return (kind | None, ...)
    always = field.required or field.filled or field.default is not None
    return (kind, ... if always and not field.office else None)


def _more(name: str, collection: Collection, **fields: Any) -> type[BaseModel]:
    made: type[BaseModel] = create_model(name, __base__=model(collection, Purpose.ANSWER), **fields)
    return made


def _some(name: str, collection: Collection, names: tuple[str, ...]) -> type[BaseModel]:
    fields: dict[str, Any] = {field.name: _shown(field) for field in collection.fields if field.name in names}
    made: type[BaseModel] = create_model(name, id=(str, ...), **fields)
    return made


ProjectWithJobs = _more("ProjectWithJobs", PROJECTS, jobs=(list[model(JOBS, Purpose.ANSWER)], ...))  # type: ignore[misc]
DirectoryEntry = _some("DirectoryEntry", USERS, DIRECTORY_FIELDS)


class Session(BaseModel):
    """What a login answers: a JWT (HS256) with `sub`, `role`, `iat`, `exp`, `jti`, and whose it is."""

    token: str
    user: model(USERS, Purpose.ANSWER)  # type: ignore[valid-type]


def shown(value: Any) -> dict[str, Any]:
    """An answer that is a dataclass, as JSON: what is None is left out."""
    return asdict(value, dict_factory=lambda items: {name: said for name, said in items if said is not None})


def parse(body: bytes) -> Any:
    """The JSON value of a body; AppError `malformed` if it is none, `key-twice` if it can be read in two ways."""
    try:
        value = orjson.loads(body)
        if body.count(b":") > 1:  # orjson takes the last of two alike without a word
            _UNIQUE_KEYS.decode(body.decode())
    except (orjson.JSONDecodeError, RecursionError):
        raise AppError("malformed") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> None:
    seen = set()
    for key, _ in pairs:
        if key in seen:
            raise AppError("key-twice", key=key[:MOST_SHOWN])
        seen.add(key)


_UNIQUE_KEYS = json.JSONDecoder(object_pairs_hook=_unique)


def checked(kind: type[BaseModel], value: Any) -> dict[str, Any]:
    """The fields that `value` sets, checked; AppError `invalid` lists what is wrong, of very much the beginning."""
    try:
        if isinstance(value, dict) and len(value) > MOST_SHOWN:  # more than any model has: not to be gone through
            unknown = islice((key for key in value if key not in kind.model_fields), MOST_SHOWN)
            raise AppError("invalid", errors=[{"field": key, "msg": "is not known"} for key in unknown])
        return kind.model_validate(value).model_dump(exclude_unset=True)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)[:MOST_SHOWN]
        raise AppError("invalid", errors=[_fault(fault) for fault in faults]) from None


def _fault(fault: Any) -> dict[str, str]:
    path = [str(part) for part in fault["loc"] if part not in (_VALUE, _DELTA)]
    return {"field": ".".join(path) or "body", "msg": _sentence(fault["type"], fault.get("ctx", {}))}


# What pydantic finds, by its own names, in our words; spanish.py has each in Spanish.
_SENTENCES = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be a list",
    "too_long": "may have at most {max_length} elements",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "string_too_long": "may have at most {max_length} characters",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "bool_type": "must be true or false",
    "literal_error": "must be one of {expected}",
    "value_error": "{error}",
}
_PATTERNS = {
    ID_PATTERN: "must be 1 to 128 letters, digits or . _ : -",
    PIN_PATTERN: "must be 4 to 8 digits",
    PIN_OR_MASK_PATTERN: f"must be 4 to 8 digits, or {PIN_MASK} to keep the PIN",
    CODE_PATTERN: "must be a code of 8 digits",
    TEXT_PATTERN: "must not contain the character U+0000",
}


def _sentence(kind: str, context: dict[str, Any]) -> str:
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], "is not valid")
    if kind == "literal_error":
        context = {"expected": context["expected"].replace("'", "").replace(" or ", ", ")}
    whole = {name: int(v) if isinstance(v, float) and v.is_integer() else v for name, v in context.items()}
    return _SENTENCES.get(kind, "is not valid").format(**whole)
