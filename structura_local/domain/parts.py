"""Counters and sets as merge state: what several people add at once adds up, here and at head office.

A row's parts are tokens of text under keys. Of two tokens under one key the greater counts, byte by byte, whatever
field they belong to; so parts merge alike on nodes that do not know the field.

    quantity+                  "0199f3b2c1d00007k3m9x2ab 100"   a counter's base, under its stamp: last writer wins
    quantity+k3m9x2ab          "00000003 -10000000"             what one actor added in all, in millionths, third go
    operatorIds@k3m9x2ab@U-7   "00000002 0199f3b2c1d00007+"     an actor's latest add of an element; "-": removed

A set that had elements is unset by adding UNSET, and no more so when that is removed, so that the parts alone say
whether an empty one is an empty list or nothing.

A counter is base + sum of the entries: a PN-counter with one exact decimal total per actor. A set is an observed-remove
set: an element is in it while any actor's add has not been removed, so an add wins over a remove that had not seen it
(Shapiro et al., "Conflict-free Replicated Data Types", 2011; deltas as in Almeida et al., "Delta State Replicated Data
Types", 2018). An actor is one unbroken history, so of two tokens by one actor the one with the higher version is right.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from structura_local.domain.stamp import STAMP_LENGTH, TIME_LENGTH

COUNTER, SET = "+", "@"
UNSET = "\x1f"  # no element that anybody shows
MICRO = 1_000_000
LARGEST = 10**15  # of a counter's values; beyond it a double has no room for the decimals
_EXACT = 2**53
_NAME = re.compile(rf"[^{COUNTER}{SET}]+")
_CONTEXT = Context(prec=700, rounding=ROUND_HALF_UP)

Parts = Mapping[str, str]


def merged(ours: Parts, theirs: Parts) -> Parts:
    """All that both have seen."""
    if not theirs or ours == theirs:
        return ours
    return {key: max(ours.get(key, ""), theirs.get(key, "")) for key in ours.keys() | theirs.keys()}


def based(parts: Parts, field: str, stamp: str, value: float) -> Parts:
    """A counter that is `value` now, as a creation or an import says; what others add at the same time still counts."""
    entries = _entries(parts, field)
    if entries and _micros(_text(value)) == _total(parts, field):
        return parts
    text = _text(_number(_micros(_text(value)) - sum(entries))) if entries else _text(value)
    return {**parts, field + COUNTER: f"{stamp} {text}"}


def counted(parts: Parts, field: str, actor: str, value: float) -> Parts:
    """A counter that is `value` now because of what `actor` has added; the same parts if nothing was."""
    difference = _micros(_text(value)) - _total(parts, field)
    if not difference:
        return parts
    key = f"{field}{COUNTER}{actor}"
    version, _, own = parts.get(key, "0 0").partition(" ")
    return {**parts, key: f"{int(version, 16) + 1:08x} {int(own) + difference}"}


def listed(parts: Parts, field: str, actor: str, time: str, wanted: Iterable[str] | None) -> Parts:
    """A set that has the elements `wanted` now: `actor` adds what is missing and removes what it has seen beside.

    `time` is that of a stamp; it orders the elements. None: it is unset.
    """
    if wanted is None:
        wanted = (UNSET,) if _tokens(parts, field, SET) else ()
    own = f"{field}{SET}{actor}{SET}"
    after, present, wanted = dict(parts), set(), dict.fromkeys(wanted)
    version = 0
    for key, token in _tokens(parts, field, SET):
        element = _element(key, field)
        if token.endswith("+"):
            if element in wanted:
                present.add(element)
            else:
                after[key] = token[:-1] + "-"
        if key.startswith(own):
            version = max(version, int(token[:8], 16))
    for element in wanted:
        if element not in present:
            version += 1
            after[own + element] = f"{version:08x} {time}+"
    return after


def value(parts: Parts, field: str, kind: str, written: Any) -> Any:
    """The value of a counter or set; `written` is what the last writer left of one without parts."""
    if kind == COUNTER:
        base = parts.get(field + COUNTER)
        entries = _entries(parts, field)
        return _number(_total(parts, field)) if entries or base is None else number(base[TIME_LENGTH + 9 :])
    if not _tokens(parts, field, SET):
        return None if written is None else []
    elements = _elements(parts, field)
    return None if elements == [UNSET] else [element for element in elements if element != UNSET]


def shown(data: Mapping[str, Any], parts: Parts) -> Mapping[str, Any]:
    """The data with the values of counters and sets as their parts add up."""
    if not parts:
        return data
    after = dict(data)
    for field, kind in kinds(parts).items():
        if (present := value(parts, field, kind, data.get(field))) is None:
            after.pop(field, None)
        else:
            after[field] = present
    return after


def kinds(parts: Parts) -> dict[str, str]:
    """The fields that the parts belong to, and whether each is a COUNTER or a SET."""
    found = {}
    for key in parts:
        if match := _NAME.match(key):
            found[match[0]] = key[match.end()]
    return found


def base(parts: Parts, field: str) -> tuple[str, float] | None:
    """The stamp and the value of a counter's base."""
    token = parts.get(field + COUNTER)
    return (token[:STAMP_LENGTH], number(token[STAMP_LENGTH + 1 :])) if token else None


def added(parts: Parts, field: str) -> dict[str, float]:
    """What each actor has added to a counter in all."""
    own = len(field + COUNTER)
    tokens = _tokens(parts, field, COUNTER)
    return {key[own:]: _number(int(token.partition(" ")[2])) for key, token in tokens if len(key) > own}


def adds(parts: Parts, field: str) -> list[tuple[str, str, str]]:
    """(element, actor, time) of the adds that keep a set's elements in it, in the order of the elements."""
    standing = []
    for key, token in _tokens(parts, field, SET):
        if token.endswith("+") and _element(key, field) != UNSET:
            standing.append((_element(key, field), key[len(field) + 1 :].partition(SET)[0], token[9:-1]))
    order = {element: place for place, element in enumerate(_elements(parts, field))}
    return sorted(standing, key=lambda add: (order[add[0]], add[2], add[1]))


def _elements(parts: Parts, field: str) -> list[str]:
    """In the order in which they were added."""
    first: dict[str, tuple[str, str]] = {}
    for key, token in _tokens(parts, field, SET):
        if token.endswith("+"):
            element, actor = _element(key, field), key[len(field) + 1 :].partition(SET)[0]
            rank = (token[9:-1] + token[:8], actor)
            first[element] = min(first.get(element, rank), rank)
    return sorted(first, key=lambda element: (*first[element], element))


def _element(key: str, field: str) -> str:
    return key[len(field) + 1 :].partition(SET)[2]


def _tokens(parts: Parts, field: str, kind: str) -> list[tuple[str, str]]:
    return [(key, token) for key, token in parts.items() if key.startswith(field + kind)]


def _entries(parts: Parts, field: str) -> list[int]:
    base = field + COUNTER
    return [int(token.partition(" ")[2]) for key, token in _tokens(parts, field, COUNTER) if key != base]


def _total(parts: Parts, field: str) -> int:
    """In millionths."""
    base = parts.get(field + COUNTER)
    return sum(_entries(parts, field)) + (_micros(base[TIME_LENGTH + 9 :]) if base else 0)


def _micros(number: str) -> int:
    """Half a millionth is rounded away from zero, as Postgres does."""
    return int(_CONTEXT.to_integral_value(_CONTEXT.multiply(Decimal(number), MICRO)))


def _number(micros: int) -> float:
    whole, rest = divmod(micros, MICRO)
    return whole if not rest and abs(whole) <= _EXACT else micros / MICRO


def _text(number: float) -> str:
    return repr(number)


def number(text: str) -> float:
    """The number that a counter's base says."""
    return int(text) if text.removeprefix("-").isdigit() else float(text)
