"""From the parameters of a list's address to a `Query`; unknown names and values that cannot be are refused."""

import base64
import binascii
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson

from structura_local.clock import epoch_ms
from structura_local.domain.fields import Collection, Field, Kind
from structura_local.domain.query import Query
from structura_local.errors import AppError

MAX_LIMIT = 1_000

Options = Mapping[str, Sequence[str]]  # each parameter with all its values


def parsed(collection: Collection, options: Options, hidden: frozenset[str] = frozenset()) -> Query:
    """The query of a list's parameters. `hidden`: fields that the caller does not see and so cannot ask for."""
    fields = {f.name: f for f in collection.fields if f.wire and f.stored and f.name not in hidden}
    fields["id"] = Field("id", Kind.TEXT)
    values: dict[str, Any] = {"equal": []}
    faults: list[dict[str, str]] = []
    for name, given in options.items():
        try:
            if name in fields:
                values["equal"].append((name, tuple(_value(fields[name], text) for text in given)))
            elif name in _WORDS and (name not in _TIMES or "timestamp" in fields):
                if len(given) > 1:
                    raise ValueError("may be given once")
                values |= _WORDS[name](given[0], fields)
            else:
                raise ValueError("unknown")
        except ValueError as error:
            faults.append({"field": name, "msg": str(error)})
    if not faults and values.get("after") and values.get("offset"):
        faults.append({"field": "offset", "msg": "goes without a cursor"})
    if faults:
        unknown = all(fault["msg"] == "unknown" for fault in faults)
        raise AppError("unknown-parameter" if unknown else "invalid", errors=faults)
    values["equal"] = tuple(values["equal"])
    if "text" in values:
        values["searched"] = tuple(f.name for f in fields.values() if f.kind is Kind.TEXT)
    return Query(**values)


def cursor(after: tuple[Any, ...]) -> str:
    """A page's place as a parameter."""
    return base64.urlsafe_b64encode(orjson.dumps(after)).decode().rstrip("=")


def _value(field: Field, text: str) -> Any:
    match field.kind:
        case Kind.BOOLEAN:
            if text not in ("true", "false"):
                raise ValueError("must be true or false")
            return text == "true"
        case Kind.NUMBER | Kind.INTEGER:
            try:
                number = float(text)
            except ValueError:
                number = math.nan
            if not math.isfinite(number):
                raise ValueError("must be a number")
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        case Kind.CHOICE if text not in field.choices:
            raise ValueError(f"must be one of {', '.join(field.choices)}")
        case Kind.STAGES:
            raise ValueError("unknown")
    return text


def _limit(text: str, fields: Mapping[str, Field]) -> dict[str, Any]:
    return {"limit": _whole(text, 1, MAX_LIMIT), "counted": True}


def _offset(text: str, fields: Mapping[str, Field]) -> dict[str, Any]:
    return {"offset": _whole(text, 0, 2**31)}


def _sort(text: str, fields: Mapping[str, Field]) -> dict[str, Any]:
    name = text.removeprefix("-")
    if name not in fields or fields[name].kind in (Kind.TEXTS, Kind.STAGES):
        raise ValueError("must be the name of a field, with - before it for the other direction")
    return {"sort": name, "descending": text.startswith("-")}


def _cursor(text: str, fields: Mapping[str, Field]) -> dict[str, Any]:
    try:
        after = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError):
        after = None
    if not isinstance(after, list) or not all(map(_can_be_key, after)):
        raise ValueError("must come from the Link of a page")
    return {"after": tuple(after)}


def _can_be_key(part: Any) -> bool:
    return isinstance(part, str | float | None) or (isinstance(part, int) and abs(part) < 2**63)


def _since(text: str, fields: Mapping[str, Field]) -> dict[str, Any]:
    return {"since": _moment(text)}


def _until(text: str, fields: Mapping[str, Field]) -> dict[str, Any]:
    return {"until": _moment(text)}


def _text(text: str, fields: Mapping[str, Field]) -> dict[str, Any]:
    return {"text": text}


def _moment(text: str) -> int:
    # A + in an address that was not escaped arrives as a space.
    ms = epoch_ms(text.replace(" ", "+") if " " in text[19:] else text)
    if ms is None:
        raise ValueError("must be an ISO 8601 date or timestamp")
    return ms


def _whole(text: str, low: int, high: int) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 12 or not low <= int(text) <= high:
        raise ValueError(f"must be a whole number from {low} to {high}")
    return int(text)


_TIMES = ("since", "until")
_WORDS: Mapping[str, Callable[[str, Mapping[str, Field]], dict[str, Any]]] = {
    "limit": _limit,
    "offset": _offset,
    "cursor": _cursor,
    "sort": _sort,
    "since": _since,
    "until": _until,
    "q": _text,
}
