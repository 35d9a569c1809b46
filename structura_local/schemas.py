"""Validation of what comes in, made from the declarations in domain/.

Each collection has a model of a body that creates an object and one of a body that changes it.
"""

from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    StringConstraints,
    Tag,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic import Field as Constraint

from structura_local.domain.fields import TEXT_LIMIT, Collection, Field, Kind, Merge
from structura_local.domain.jobs import STAGE_NAMES
from structura_local.domain.users import PIN_MASK
from structura_local.errors import AppError

ID_PATTERN = r"^[A-Za-z0-9._:-]{1,128}$"
PIN_PATTERN = r"^[0-9]{4,8}$"
_EXACT = 2**53  # integers up to here survive a double, which is what JSON clients compute with


class Purpose(Enum):
    CREATE = "create"
    UPDATE = "update"


def _without_nul(value: str) -> str:
    if "\x00" in value:
        raise ValueError("must not contain the character U+0000")
    return value


def _as_moment(value: str) -> str:
    try:
        if value[10:11] not in ("", "T", "t", " "):  # Python takes any character here
            raise ValueError
        datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be an ISO 8601 date or timestamp") from None
    return value


def _whole_if_possible(value: float) -> float:
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


def _without_unset(stage: "Stage") -> "Stage":
    return stage if stage.completedAt else Stage(name=stage.name, isCompleted=stage.isCompleted)


def _text(limit: int, *, empty: bool = True, pattern: str | None = None) -> Any:
    constraints = StringConstraints(strict=True, min_length=None if empty else 1, max_length=limit, pattern=pattern)
    return Annotated[str, constraints, AfterValidator(_without_nul)]


_ID = Annotated[str, StringConstraints(strict=True, pattern=ID_PATTERN)]
_MOMENT = Annotated[str, StringConstraints(strict=True, max_length=64), AfterValidator(_as_moment)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Stage(_Strict):
    """A step of a job's workflow."""

    name: Literal[STAGE_NAMES]  # type: ignore[valid-type]
    isCompleted: bool  # noqa: N815 - the frontend's name
    completedAt: _MOMENT | None = None  # noqa: N815


class SetDelta(_Strict):
    """What a client that read a list a minute ago should send: what to add to it, what to take out."""

    add: list[_text(TEXT_LIMIT, empty=False)] = []  # type: ignore[valid-type]
    remove: list[_text(TEXT_LIMIT, empty=False)] = []  # type: ignore[valid-type]

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("must have add or remove")
        return self


class CounterDelta(_Strict):
    """Ditto for a number: the difference."""

    add: Annotated[float, Constraint(strict=True, allow_inf_nan=False), AfterValidator(_whole_if_possible)]


class Login(_Strict):
    """The body of a login."""

    pin: Annotated[str, StringConstraints(strict=True, pattern=PIN_PATTERN)]


def _type(field: Field, purpose: Purpose) -> Any:
    match field.kind:
        case Kind.TEXT:
            return _text(field.limit, empty=not field.required)
        case Kind.NUMBER:
            bounds = Constraint(strict=True, allow_inf_nan=False, ge=field.low, le=field.high)
            return Annotated[float, bounds, AfterValidator(_whole_if_possible)]
        case Kind.INTEGER:
            return Annotated[int, Constraint(strict=True, ge=-_EXACT, le=_EXACT)]
        case Kind.BOOLEAN:
            return Annotated[bool, Constraint(strict=True)]
        case Kind.MOMENT:
            return _MOMENT
        case Kind.CHOICE:
            return Literal[field.choices]
        case Kind.TEXTS:
            return list[_text(TEXT_LIMIT, empty=False)]  # type: ignore[misc]
        case Kind.STAGES:
            return list[Annotated[Stage, AfterValidator(_without_unset)]]
        case Kind.PIN:
            # A form that shows the mask sends it back; that means 'unchanged'.
            pattern = PIN_PATTERN if purpose is Purpose.CREATE else f"{PIN_PATTERN}|^{PIN_MASK}$"
            return Annotated[str, StringConstraints(strict=True, pattern=pattern)]


_VALUE, _DELTA = "<value>", "<delta>"  # pydantic's tags; they turn up in the paths of its errors


def _or_delta(field: Field, kind: Any) -> Any:
    """A field's value, or for a counter or set its change."""
    delta = {Merge.COUNTER: CounterDelta, Merge.SET: SetDelta}.get(field.merge)
    if delta is None:
        return kind
    which = Discriminator(lambda value: _DELTA if isinstance(value, dict | SetDelta | CounterDelta) else _VALUE)
    return Annotated[Annotated[kind, Tag(_VALUE)] | Annotated[delta, Tag(_DELTA)], which]


@cache
def model(collection: Collection, purpose: Purpose) -> type[BaseModel]:
    """The model of a body that creates or changes an object of `collection`."""
    fields: dict[str, Any] = {"id": (_ID | None, None)}
    for field in collection.fields:
        if field.wire:
            kind = _type(field, purpose)
            if purpose is Purpose.UPDATE:
                kind = _or_delta(field, kind)
            if field.required:
                fields[field.name] = (kind, ... if purpose is Purpose.CREATE else None)
            else:
                fields[field.name] = (kind | None, None)
    if collection.table == "users" and purpose is Purpose.UPDATE:
        fields["currentPin"] = (Annotated[str, StringConstraints(strict=True, max_length=8)] | None, None)
    return create_model(f"{collection.table}_{purpose.value}", __base__=_Strict, **fields)


def parse(body: bytes) -> Any:
    """The JSON value of a body; AppError `malformed` if it is none."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise AppError("malformed") from None


def checked(kind: type[BaseModel], value: Any) -> dict[str, Any]:
    """The fields that `value` sets, checked; AppError `invalid` lists every one that is wrong."""
    try:
        return kind.model_validate(value).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise AppError("invalid", errors=[_fault(fault) for fault in error.errors(include_url=False)]) from None


def _fault(fault: Any) -> dict[str, str]:
    path = [str(part) for part in fault["loc"] if part not in (_VALUE, _DELTA)]
    return {"field": ".".join(path) or "body", "msg": fault["msg"]}
