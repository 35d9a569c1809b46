"""From the parameters of a list's address to a `Query`; unknown names and values that cannot be are refused."""

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from structura_local.clock import epoch_ms
from structura_local.domain.fields import Collection, Field, Kind
from structura_local.domain.query import Query
from structura_local.errors import AppError

MAX_LIMIT = 1_000
MAX_WORDS = 16  # of a search; each is looked for in every text field of every row

_NO_CURSOR = "must come from the Link of a page"
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", re.ASCII)  # float() takes more than people mean

Options = Mapping[str, Sequence[str]]  # each parameter with all its values
Fields = Mapping[str, Field]
Words = Mapping[str, Callable[[str, Fields], dict[str, Any]]]


def parsed(collection: Collection, options: Options, hidden: frozenset[str] = frozenset()) -> Query:
    """The query of a list's parameters. `hidden`: fields that the caller does not see and so cannot ask for."""
    fields = {f.name: f for f in collection.fields if f.wire and f.stored and f.name not in hidden}
    fields["id"] = Field("id", Kind.TEXT)
    words = _WORDS if "timestamp" in fields else {k: v for k, v in _WORDS.items() if k not in TIMES}
    query = understood(fields, words, options)
    if query.after and not isinstance(query.after[-1], str):  # every place in a collection ends with an id
        raise AppError("invalid", errors=[{"field": "cursor", "msg": _NO_CURSOR}])
    if query.text is None:
        return query
    return replace(query, searched=tuple(f.name for f in fields.values() if f.kind is Kind.TEXT))


def understood(fields: Fields, words: Words, options: Options) -> Query:
    """What parameters say, each the name of a field or one of the words that this list knows; AppError for others."""
    values: dict[str, Any] = {"equal": []}
    faults: list[dict[str, str]] = []
    for name, given in options.items():
        try:
            if name in fields:
                values["equal"].append((name, tuple(_value(fields[name], text) for text in given)))
            elif name in words:
                if len(given) > 1:
                    raise ValueError("may be given once")
                values |= words[name](given[0], fields)
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
            if not _NUMBER.fullmatch(text) or not math.isfinite(number := float(text)):
                raise ValueError("must be a number")
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        case Kind.CHOICE if text not in field.choices:
            raise ValueError(f"must be one of {', '.join(field.choices)}")
        case Kind.STAGES:
            raise ValueError("unknown")
    return text


def _limit(text: str, fields: Fields) -> dict[str, Any]:
    return {"limit": whole(text, 1, MAX_LIMIT), "counted": True}


def _offset(text: str, fields: Fields) -> dict[str, Any]:
    return {"offset": whole(text, 0, 2**31)}


def _sort(text: str, fields: Fields) -> dict[str, Any]:
    name = text.removeprefix("-")
    if name not in fields or fields[name].kind in (Kind.TEXTS, Kind.STAGES):
        raise ValueError("must be the name of a field, with - before it for the other direction")
    return {"sort": name, "descending": text.startswith("-")}


def _cursor(text: str, fields: Fields) -> dict[str, Any]:
    try:
        after = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
    except (binascii.Error, ValueError):
        after = None
    if not after or not isinstance(after, list) or not all(map(_can_be_key, after)):
        raise ValueError(_NO_CURSOR)
    return {"after": tuple(after)}


def _can_be_key(part: Any) -> bool:
    return isinstance(part, str | float | None) or (type(part) is int and abs(part) < 2**63)  # a bool is no key


def _since(text: str, fields: Fields) -> dict[str, Any]:
    return {"since": _moment(text)}


def _until(text: str, fields: Fields) -> dict[str, Any]:
    return {"until": _moment(text)}


def _text(text: str, fields: Fields) -> dict[str, Any]:
    if len(text.split()) > MAX_WORDS:
        raise ValueError(f"may have at most {MAX_WORDS} words")
    return {"text": text}


def _moment(text: str) -> int:
    # A + in an address that was not escaped arrives as a space.
    ms = epoch_ms(text.replace(" ", "+") if " " in text[19:] else text)
    if ms is None:
        raise ValueError("must be an ISO 8601 date or timestamp")
    return ms


def whole(text: str, low: int, high: int) -> int:
    """A whole number; ValueError if it is none, or out of bounds."""
    if not text.isascii() or not text.isdecimal() or len(text) > 16 or not low <= int(text) <= high:
        raise ValueError(f"must be a whole number from {low} to {high}")
    return int(text)


PAGING: Words = {"limit": _limit, "cursor": _cursor}
TIMES: Words = {"since": _since, "until": _until}
SEARCH: Words = {"q": _text}
_WORDS: Words = {**PAGING, "offset": _offset, "sort": _sort, **TIMES, **SEARCH}
