"""Rows of real files, made right where their meaning is certain: '40' is 40, '' in a reference is none.

What is not certain (a date 'ayer', an efficiency of 300) is never guessed; such a row is rejected with the reason.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from structura_local import clock
from structura_local.domain.fields import Collection, Field, Kind
from structura_local.domain.jobs import STAGE_NAMES
from structura_local.errors import AppError
from structura_local.phrases import Phrase, phrase
from structura_local.schemas import ID_PATTERN, Purpose, checked, model

SHOWN = 60  # characters of a value in a report
_OUT = object()  # a value that is left out

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"([+-]?[0-9]+),([0-9]{1,2}|[0-9]{4,})")  # not 1,200, which may be either
_EPOCH_MS = range(10**11, 5 * 10**12)  # 1973 to 2128: what Date.now() gives
_TIME_IN_ID = re.compile(r"-([0-9]{13})(?:-|$)")
_STAGE = (
    Field("name", Kind.CHOICE, choices=STAGE_NAMES, required=True),
    Field("isCompleted", Kind.BOOLEAN, required=True),
    Field("completedAt", Kind.MOMENT),
)


@dataclass(frozen=True, slots=True)
class Mend:
    """What was made right in one field of a row, and why."""

    field: str
    what: Phrase
    why: Phrase


@dataclass(slots=True)
class Mended:
    """A row of a file: the fields it sets, checked, and what was repaired. `data` has no id."""

    id: str
    data: dict[str, Any]
    mends: list[Mend] = field(default_factory=list)


class Rejected(Exception):
    """A row that cannot be imported. `id` is empty if it has none."""

    def __init__(self, row_id: str, reasons: list[Phrase]) -> None:
        super().__init__("; ".join(map(str, reasons)))
        self.id = row_id
        self.reasons = reasons


def mended(collection: Collection, raw: Any, hidden: Mapping[str, Field] | None = None) -> Mended:
    """A row of a file as it can be imported; `Rejected` if it cannot. A PIN has to be taken out before.

    `hidden` are fields that clients do not see, but files may have.
    """
    if not isinstance(raw, dict):
        raise Rejected("", [phrase("not-an-object", value=shown(raw))])
    mends: list[Mend] = []
    data: dict[str, Any] = {}
    row_id = _id(raw.get("id"), mends)
    extra: dict[str, Any] = {}
    for name, value in raw.items():
        declared = collection.by_name.get(name)
        if name == "id":
            continue
        if declared is not None and declared.wire and declared.kind is not Kind.PIN:
            target = data
        elif hidden and name in hidden:
            declared, target = hidden[name], extra
        else:
            value_shown = "•" if declared is not None and declared.secret else shown(value)
            mends.append(Mend(name, phrase("left-out", value=value_shown), phrase("unknown-field")))
            continue
        kept = _value(declared, name, value, mends)
        if target is extra and kept is not _OUT and not _is_hidden_value(declared, kept):
            mends.append(
                Mend(name, phrase("left-out", value=shown(value)), phrase("should-be", expected=expected(declared)))
            )
        elif kept is not _OUT:
            target[name] = kept
    _timestamp(collection, row_id, data, mends)
    missing = [f.name for f in collection.stored if f.required and data.get(f.name) is None]
    reasons = [phrase("missing", field=name) for name in ([] if row_id else ["id"]) + missing]
    said = {k: v for k, v in {"id": row_id or None, **data}.items() if k not in missing}
    try:
        result = checked(model(collection, Purpose.UPDATE), said)
    except AppError as error:
        raise Rejected(row_id, reasons + _reasons(collection, said, error.errors)) from None
    if reasons:
        raise Rejected(row_id, reasons)
    del result["id"]
    return Mended(row_id, {k: v for k, v in result.items() if v is not None} | extra, mends)


def shown(value: Any) -> str:
    """A value as a report shows it: one short line."""
    text = json.dumps(value, ensure_ascii=False, default=lambda other: f"<{type(other).__name__}>")
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def expected(declared: Field) -> Phrase:
    """What a field takes."""
    match declared.kind:
        case Kind.NUMBER if declared.low is not None and declared.high is not None:
            return phrase("number-between", low=declared.low, high=declared.high)
        case Kind.NUMBER if declared.low is not None:
            return phrase("number-from", low=declared.low)
        case Kind.CHOICE:
            return phrase("choice", choices=", ".join(declared.choices))
        case Kind.TEXT:
            return phrase("some-text" if declared.required else "text", limit=declared.limit)
        case _:
            return phrase(declared.kind.value)


def _id(value: Any, mends: list[Mend]) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        mends.append(_became("id", value, str(value), phrase("id")))
        return str(value)
    return value if isinstance(value, str) else ""


def _value(declared: Field, path: str, value: Any, mends: list[Mend]) -> Any:
    """A field's value made right, or as it is if that cannot be done; `_OUT` if it stands for none."""
    if value is None or (value == "" and _empty_is_none(declared)):
        if not declared.required:
            if not (value is None and declared.send_null):
                mends.append(Mend(path, phrase("left-out", value=shown(value)), phrase("means-none")))
            return _OUT
        return value
    kept = _MENDERS[declared.kind](declared, path, value, mends)
    if kept is not value and declared.kind not in (Kind.TEXTS, Kind.STAGES):
        mends.append(_became(path, value, kept, expected(declared)))
    return kept


def _empty_is_none(declared: Field) -> bool:
    """'' is a text like any other, but where an id belongs, or a number, a date, …, it stands for none."""
    return declared.kind is not Kind.TEXT or (declared.refers != "" and declared.default is None)


def _text(declared: Field, path: str, value: Any, mends: list[Mend]) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return str(int(value) if float(value).is_integer() else value)
    return value


def _number(declared: Field, path: str, value: Any, mends: list[Mend]) -> Any:
    if type(value) is int or (type(value) is float and declared.kind is Kind.NUMBER):
        return value
    if isinstance(value, str):
        text = value.strip()
        if comma := _DECIMAL_COMMA.fullmatch(text):
            text = ".".join(comma.groups())
        if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            return value
        read = float(text)
    elif isinstance(value, float) and math.isfinite(value):
        read = value
    else:
        return value
    if read.is_integer() and abs(read) <= 2**53:
        return int(read)
    return read if declared.kind is Kind.NUMBER else value


def _boolean(declared: Field, path: str, value: Any, mends: list[Mend]) -> Any:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else str(value) if isinstance(value, int) else ""
    return {"true": True, "1": True, "false": False, "0": False}.get(word, value)


def _moment(declared: Field, path: str, value: Any, mends: list[Mend]) -> Any:
    if isinstance(value, str):
        text = value.strip()
        if not (text.isascii() and text.isdigit() and len(text) == 13):
            return value if text == value else text
        value = int(text)
    if isinstance(value, int | float) and not isinstance(value, bool) and int(value) in _EPOCH_MS:
        return clock.iso(int(value))
    return value


def _choice(declared: Field, path: str, value: Any, mends: list[Mend]) -> Any:
    if not isinstance(value, str) or value in declared.choices:
        return value
    folded = re.sub(r"[\s_-]+", "_", value.strip()).casefold()
    return next((choice for choice in declared.choices if choice.casefold() == folded), value)


def _texts(declared: Field, path: str, value: Any, mends: list[Mend]) -> Any:
    value = _unpacked(declared, path, value, mends)
    if isinstance(value, str) and re.fullmatch(ID_PATTERN, value):
        mends.append(_became(path, value, [value], expected(declared)))
        value = [value]
    if not isinstance(value, list):
        return value
    kept: list[Any] = []
    for element in value:
        if element is None or element == "":
            mends.append(Mend(path, phrase("element-out", value=shown(element)), phrase("means-none")))
            continue
        text = _text(declared, path, element, mends)
        if text is not element:
            mends.append(_became(path, element, text, expected(declared)))
        if text in kept:
            mends.append(Mend(path, phrase("element-out", value=shown(text)), phrase("twice-in-list")))
        else:
            kept.append(text)
    return kept


def _stages(declared: Field, path: str, value: Any, mends: list[Mend]) -> Any:
    value = _unpacked(declared, path, value, mends)
    if not isinstance(value, list):
        return value
    return [_stage(f"{path}.{n}", stage, mends) if isinstance(stage, dict) else stage for n, stage in enumerate(value)]


def _stage(path: str, stage: Mapping[str, Any], mends: list[Mend]) -> dict[str, Any]:
    known = {f.name: f for f in _STAGE}
    kept: dict[str, Any] = {}
    for name, value in stage.items():
        if name not in known:
            mends.append(Mend(f"{path}.{name}", phrase("left-out", value=shown(value)), phrase("unknown-field")))
        elif (read := _value(known[name], f"{path}.{name}", value, mends)) is not _OUT:
            kept[name] = read
    return kept


def _unpacked(declared: Field, path: str, value: Any, mends: list[Mend]) -> Any:
    """A list that was written as JSON text."""
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return value
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return value
    mends.append(_became(path, value, read, expected(declared)))
    return read


_MENDERS: Mapping[Kind, Callable[[Field, str, Any, list[Mend]], Any]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.INTEGER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.MOMENT: _moment,
    Kind.CHOICE: _choice,
    Kind.TEXTS: _texts,
    Kind.STAGES: _stages,
}


def _became(path: str, value: Any, now: Any, wanted: Phrase) -> Mend:
    return Mend(path, phrase("became", value=shown(value), now=shown(now)), phrase("should-be", expected=wanted))


def _is_hidden_value(declared: Field, value: Any) -> bool:
    texts = value if declared.kind is Kind.TEXTS and isinstance(value, list) else [value]
    return all(isinstance(text, str) and len(text) <= declared.limit and "\0" not in text for text in texts)


def _timestamp(collection: Collection, row_id: str, data: dict[str, Any], mends: list[Mend]) -> None:
    """The frontend's ids have the time of creation in them."""
    found = _TIME_IN_ID.search(row_id)
    if "timestamp" not in collection.by_name or "timestamp" in data or not found:
        return
    if int(found[1]) in _EPOCH_MS:
        data["timestamp"] = clock.iso(int(found[1]))
        mends.append(Mend("timestamp", phrase("time-set", now=data["timestamp"]), phrase("time-in-id")))


def _reasons(collection: Collection, data: Mapping[str, Any], faults: list[dict[str, str]]) -> list[Phrase]:
    """Why values are not taken: one reason a field."""
    reasons: dict[str, Phrase] = {}
    for fault in faults:
        name = fault["field"].partition(".")[0]
        wanted = phrase("id") if name == "id" else expected(collection.by_name[name])
        reasons[name] = phrase("must-be", field=name, value=shown(data[name]), expected=wanted)
    return list(reasons.values())
