"""How a collection and its fields are declared: once, here, for every layer.

Validation, the SQLite tables, the Postgres tables, the wire format and the merge in both languages are all derived from
these declarations, so a field is added in one place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any


class Kind(Enum):
    """What a value looks like in JSON."""

    TEXT = "text"
    NUMBER = "number"  # finite; may be fractional
    INTEGER = "integer"
    BOOLEAN = "boolean"
    MOMENT = "moment"  # ISO 8601, a date or a date with a time; kept as the client sent it
    CHOICE = "choice"
    TEXTS = "texts"  # a list of strings
    STAGES = "stages"  # the workflow of a job: [{name, isCompleted, completedAt?}]
    PIN = "pin"  # 4 to 8 digits; comes in, never goes out


class Merge(Enum):
    """How two versions of a field become one when plants and head office meet (docs/glossary.md)."""

    LAST_WRITER = "last-writer"
    COUNTER = "counter"
    SET = "set"


TEXT_LIMIT = 4_096
LONG_TEXT_LIMIT = 65_536
LIST_LIMIT = 1_000  # elements that a list is given; what several add apart may be more
ANY = "*"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a collection.

    `name` is the name on the wire. `wire` says that clients see it, `stored` that it has a column: a PIN comes in but
    is never stored, its hash is stored but never goes out. `legacy` is false for a field that the former frontend
    does not know; an export leaves it out while it has its default. `refers` is the key of the collection whose id the
    field holds (softly: it need not exist), or ANY where that varies or nobody checks; without an id it is unset.
    `filled`: the server gives it a value where a new object says none. `office`: operators do not see it.
    """

    name: str
    kind: Kind
    required: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    long: bool = False
    merge: Merge = Merge.LAST_WRITER
    wire: bool = True
    stored: bool = True
    legacy: bool = True
    secret: bool = False
    send_null: bool = False
    refers: str = ""
    filled: bool = False
    office: bool = False

    @property
    def column(self) -> str:
        """The name in SQL: `assignedMachineId` is `assigned_machine_id`."""
        return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", self.name).lower()

    @property
    def limit(self) -> int:
        """The longest string taken, in characters."""
        return LONG_TEXT_LIMIT if self.long else TEXT_LIMIT


@dataclass(frozen=True, eq=False)  # there is one of each: hashed by identity, not field by field for every row
class Collection:
    """A kind of object: `key` in exports, `path` in URLs, `table` in SQL and in the sync protocol.

    `singular` is what one of them is called in the API's description, and so in the types that clients make of it.
    """

    key: str
    singular: str
    fields: tuple[Field, ...]
    newest_first: bool = False
    append_only: bool = False
    reserved: frozenset[str] = (
        frozenset()
    )  # words in the place of an id in addresses, so that no object may be called so

    @cached_property
    def path(self) -> str:
        return self.table.replace("_", "-")

    @cached_property
    def table(self) -> str:
        return re.sub(r"([A-Z])", r"_\1", self.key).lower()

    @cached_property
    def stored(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.stored)

    @cached_property
    def stored_names(self) -> frozenset[str]:
        return frozenset(f.name for f in self.stored)

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {f.name: f for f in self.fields}

    @cached_property
    def secrets(self) -> frozenset[str]:
        """Fields that are masked wherever a person can look: change log, journal, live updates."""
        return frozenset(f.name for f in self.fields if f.secret)

    @cached_property
    def counters(self) -> frozenset[str]:
        """The fields to which several may add at a time."""
        return frozenset(f.name for f in self.fields if f.merge is Merge.COUNTER)

    def defaults(self) -> dict[str, Any]:
        """The fields that a new object has without being told."""
        return {
            f.name: list(f.default) if isinstance(f.default, tuple) else f.default
            for f in self.stored
            if f.default is not None
        }

    def public(self, row_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """What a client sees of a row: unset fields left out, `null` only where the contract wants it."""
        shown: dict[str, Any] = {"id": row_id}
        for field in self.fields:
            if field.wire and field.stored:
                value = data.get(field.name)
                if value is not None or field.send_null:
                    shown[field.name] = value
        return shown


def text(name: str, **more: Any) -> Field:
    return Field(name, Kind.TEXT, **more)


def number(name: str, **more: Any) -> Field:
    return Field(name, Kind.NUMBER, **more)


def flag(name: str, **more: Any) -> Field:
    return Field(name, Kind.BOOLEAN, **more)


def moment(name: str, **more: Any) -> Field:
    return Field(name, Kind.MOMENT, **more)


def choice(name: str, *choices: str, **more: Any) -> Field:
    return Field(name, Kind.CHOICE, choices=choices, **more)
