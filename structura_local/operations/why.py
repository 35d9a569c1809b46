"""Why a row is as it is: who wrote what, where, when head office heard of it, which rule decided."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from structura_local import clock
from structura_local.domain import parts
from structura_local.domain.access import ADMIN, READ, Caller
from structura_local.domain.catalog import BY_PATH
from structura_local.domain.conflicts import UNSHOWN
from structura_local.domain.fields import Collection
from structura_local.domain.messages import MESSAGES, concerns
from structura_local.domain.row import ANY, LIFE, Row
from structura_local.domain.stamp import TIME_LENGTH, split, time
from structura_local.domain.users import PIN_MASK
from structura_local.errors import AppError
from structura_local.operations import conflicts as journal
from structura_local.operations import set_aside
from structura_local.operations.access import require
from structura_local.operations.conflicts import PIN, Conflict
from structura_local.operations.set_aside import RowSetAside
from structura_local.schemas import shown
from structura_local.store import aside, conflicts, history
from structura_local.store.conflicts import Author
from structura_local.store.history import Logged, Sum
from structura_local.store.rows import Stored
from structura_local.store.store import Store
from structura_local.store.tables import SET_ASIDE_SEQ

NEWEST = 200  # changes that are told
_RULES: Mapping[str, Literal["last-writer", "counter", "set"]] = {parts.COUNTER: "counter", parts.SET: "set"}


@dataclass(frozen=True, slots=True)
class Written:
    """A stamp taken apart. `node` and `userId` are missing while this PC has not heard whose it is."""

    stamp: str
    at: str
    node: str | None = None
    userId: str | None = None  # noqa: N815 - the API's names


@dataclass(frozen=True, slots=True)
class CounterBase:
    """What a counter was set to by a creation or an import; the last writer wins."""

    value: float
    written: Written


@dataclass(frozen=True, slots=True)
class PersonsShare:
    """What one person has added; without a `userId` it was the server."""

    added: float
    userId: str | None = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class CounterEntry:
    """What one run of one PC's program has added in all; `by` says by whom, if that PC is this one."""

    actor: str
    added: float
    by: list[PersonsShare]
    node: str | None = None


@dataclass(frozen=True, slots=True)
class SetElement:
    """An add that keeps an element in a set; one element may have several."""

    element: str
    at: str
    node: str | None = None
    userId: str | None = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class WhyField:
    """A field. `rule`: how two versions of it become one. `written`: the last write to it.

    A counter is its `base` and what the `entries` add to it; a set has the `elements` that were added and not removed.
    """

    field: str
    rule: Literal["last-writer", "counter", "set"]
    written: Written
    value: Any = None
    base: CounterBase | None = None
    entries: list[CounterEntry] | None = None
    elements: list[SetElement] | None = None


@dataclass(frozen=True, slots=True)
class WhyChange:
    """A change as this PC's log has it. `written`: the latest stamp that came with it; with `origin` sync it came from
    head office. Another one has `reachedCentral`, or `waits`, or was `refused` there.
    """

    seq: int
    at: str
    kind: Literal["create", "update", "delete", "restore"]
    origin: str
    fields: dict[str, list[Any]]
    written: Written
    userId: str | None = None  # noqa: N815
    reachedCentral: str | None = None  # noqa: N815
    waits: bool | None = None
    refused: bool | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """Why a row is as it is. `life` counts: odd is alive, even deleted; the greater one wins. `turned`: the last delete
    or restore. `changes`: the newest 200 of `changeCount`. `waits`: head office has yet to hear of something.
    `users`: the names of those who occur.
    """

    collection: str
    id: str
    alive: bool
    life: int
    created: Written
    fields: list[WhyField]
    changes: list[WhyChange]
    changeCount: int  # noqa: N815
    conflicts: list[Conflict]
    setAside: list[RowSetAside]  # noqa: N815
    waits: bool
    users: dict[str, str]
    turned: Written | None = None


class Explanations:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def why(self, caller: Caller, path: str, row_id: str) -> dict[str, Any]:
        """All that is known of a row, deleted or not. AppError `no-route`, `not-found`: of other people's post too."""
        require(caller, "why", READ)
        if path not in BY_PATH:
            raise AppError("no-route")
        collection, reader = BY_PATH[path], self._store.reader
        found = await reader.by_ids(collection, [row_id])
        lines = await aside.of_row(reader, collection.table, row_id)
        if not found and not any(line.row for line in lines):
            raise AppError("not-found", id=row_id)
        stored = found[0] if found else Stored(next(line.kept for line in lines if line.row), 0, {})
        if collection is MESSAGES and caller.role != ADMIN and not concerns(stored.row.data, caller.user_id or ""):
            raise AppError("not-found", id=row_id)
        mark = int((await reader.state()).get("mark", "0"))
        logged = await history.changes(reader, collection.table, row_id, NEWEST)
        counters = [name for name, kind in parts.kinds(stored.row.parts).items() if kind == parts.COUNTER]
        sums = {name: await history.sums(reader, collection.table, row_id, name) for name in counters}
        stamps = [*_stamps(stored.row), *(entry.stamp for entry in logged)]
        story = _Story(collection, stored, mark, logged, sums, await conflicts.authors(reader, stamps))
        said = shown(
            Why(
                collection=path,
                id=row_id,
                alive=stored.row.alive,
                life=stored.row.life,
                created=story.written(stored.row.born),
                turned=story.written(stored.row.stamps[LIFE]) if LIFE in stored.row.stamps else None,
                fields=list(story.fields()),
                changes=[story.change(entry) for entry in logged],
                changeCount=await history.count(reader, collection.table, row_id),
                conflicts=[],
                setAside=[],
                waits=story.dirty,
                users={},
            )
        )
        said["conflicts"] = await journal.said(reader, await conflicts.of_row(reader, collection.table, row_id))
        said["setAside"] = await set_aside.said(self._store, lines)
        said["users"] = await history.names(reader, _users(said))
        return said


@dataclass(frozen=True, slots=True)
class _Story:
    """One row with all that is known of it."""

    collection: Collection
    stored: Stored
    mark: int
    logged: list[Logged]
    sums: Mapping[str, list[Sum]]
    authors: Mapping[str, Author]

    @property
    def dirty(self) -> bool:
        return self.stored.seq > self.mark

    def written(self, stamp: str) -> Written:
        node, user = self.authors.get(stamp[TIME_LENGTH:], (None, None))
        return Written(stamp, clock.iso(split(stamp).ms), node, user)

    def fields(self) -> Iterator[WhyField]:
        """In the order of their declaration, unknown ones last; a PIN as one, masked."""
        row = self.stored.row
        names = [*(f.name for f in self.collection.stored), *sorted(row.data.keys() | row.stamps.keys())]
        kinds = parts.kinds(row.parts)
        for name in dict.fromkeys(names):
            if name == LIFE or name in UNSHOWN or (name not in row.data and name not in row.stamps):
                continue
            rule = _RULES.get(kinds.get(name, ""), "last-writer")
            value = row.data.get(name)
            if name in self.collection.secrets:
                yield WhyField(PIN, rule, self.written(row.stamp(name)), None if value is None else PIN_MASK)
                continue
            yield WhyField(
                field=name,
                rule=rule,
                written=self.written(row.stamp(name)),
                value=value,
                base=self._base(name) if rule == "counter" else None,
                entries=self._entries(name) if rule == "counter" else None,
                elements=self._elements(name) if rule == "set" else None,
            )

    def _base(self, name: str) -> CounterBase | None:
        found = parts.base(self.stored.row.parts, name)
        return CounterBase(found[1], self.written(found[0])) if found else None

    def _entries(self, name: str) -> list[CounterEntry]:
        return [
            CounterEntry(
                actor,
                added,
                [PersonsShare(s.added, s.user_id) for s in self.sums[name] if s.run == actor],
                self.authors[actor].node if actor in self.authors else None,
            )
            for actor, added in sorted(parts.added(self.stored.row.parts, name).items())
        ]

    def _elements(self, name: str) -> list[SetElement]:
        """An element is added under a run's own actor, at the time of the write, which is known by its stamp."""
        row = self.stored.row
        writers = {time(stamp): stamp for stamp in (*(e.stamp for e in self.logged), row.born, *row.stamps.values())}
        elements = []
        for element, actor, moment in parts.adds(row.parts, name):
            run = self.authors.get(actor)
            writer = self.authors.get(writers.get(moment, "")[TIME_LENGTH:])
            user = writer.user if writer and run and writer.node == run.node else None
            elements.append(SetElement(element, clock.iso(int(moment[:12], 16)), run.node if run else None, user))
        return elements

    def change(self, entry: Logged) -> WhyChange:
        fields: dict[str, list[Any]] = {}
        order = {field.name: place for place, field in enumerate(self.collection.stored)}
        for name, values in sorted(entry.fields.items(), key=lambda item: (order.get(item[0], len(order)), item[0])):
            if name in self.collection.secrets:
                fields[PIN] = [PIN_MASK, PIN_MASK]
            else:
                fields[name] = values
        out = not self._unheard(entry)
        return WhyChange(
            seq=entry.seq,
            at=clock.iso(entry.at),
            kind=entry.kind,  # type: ignore[arg-type]
            origin=entry.origin,
            fields=fields,
            written=self.written(entry.stamp),
            userId=entry.user_id,
            reachedCentral=clock.iso(entry.pushed) if out and entry.pushed and entry.origin != "sync" else None,
            waits=True if not out and self.stored.seq != SET_ASIDE_SEQ else None,
            refused=True if not out and self.stored.seq == SET_ASIDE_SEQ else None,
        )

    def _unheard(self, entry: Logged) -> bool:
        """Whether head office has yet to hear of a change: by its number, or, if it refused that, by what is agreed."""
        if entry.origin == "sync" or not self.dirty:
            return False
        base = self.stored.base
        touched = [*entry.fields, *([LIFE] if entry.kind in ("delete", "restore") else [])]
        return (
            entry.seq > self.mark
            or (ANY in base and entry.stamp > base[ANY])
            or any(name in base and entry.stamp > base[name] for name in touched)
        )


def _stamps(row: Row) -> Iterator[str]:
    """All stamps of a row, and the actors of its parts as ends of such."""
    yield row.born
    yield from row.stamps.values()
    for name, kind in parts.kinds(row.parts).items():
        if kind == parts.COUNTER:
            if base := parts.base(row.parts, name):
                yield base[0]
            yield from (" " * TIME_LENGTH + actor for actor in parts.added(row.parts, name))
        else:
            yield from (moment + actor for _, actor, moment in parts.adds(row.parts, name))


def _users(said: Any) -> Iterable[str]:
    """The ids of the users in an answer; a set's elements are users too."""
    if isinstance(said, dict):
        for name, value in said.items():
            if name in ("userId", "element") and isinstance(value, str):
                yield value
            elif name not in ("value", "fields") or isinstance(value, list):
                yield from _users(value)
    elif isinstance(said, list):
        for value in said:
            yield from _users(value)
