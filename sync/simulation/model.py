"""What people were told is saved, and what became of it: written down beside the program, by other means than its own.

Every acknowledged write is logged with what its author saw. Every state of a row (by its fingerprint) has the set of
writes that are in it: a state made by a write or a merge has those of the states it came from. So what a replica knows
follows from the rows it holds, however it came to hold them: restored, cloned, pulled or pushed late.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from structura_local.domain import parts
from structura_local.domain.fields import Collection, Merge
from structura_local.domain.row import Row
from structura_local.domain.stamp import STAMP_LENGTH, TIME_LENGTH

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Write:
    """One acknowledged write to one field of one row.

    `kind`: field, base (of a counter), add (to a counter), set, delete or restore. `value`: of a field or base, unique
    to this write but for repeated imports; of an `add` the difference in millionths; of delete and restore the life.
    `over`: the value that the author saw in the field. `saw`: of a delete, the values that it buried knowingly.
    `actor`: who wrote it, of a field or base; `after`: who wrote what they saw; `shown`: what the field said then.
    `adds`: of a set, the elements added; `kills`: the earlier additions removed, as (number of the write, element).
    """

    number: int
    where: str
    at: int
    key: Key
    kind: str
    name: str
    value: Any
    over: Any = None
    saw: Mapping[str, Any] = field(default_factory=dict)
    adds: frozenset[str] = frozenset()
    kills: frozenset[tuple[int, str]] = frozenset()
    actor: str = ""
    after: str = ""
    shown: Any = None


class Model:
    """All writes, and which of them are in which state of a row."""

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.by_key: dict[Key, list[Write]] = {}
        self.lost: set[int] = set()  # numbers of writes that were nowhere but on what broke
        self.torn: set[Said] = set()  # what had lost, by entries of the journal that were nowhere but there
        self._known: dict[tuple[Key, int], int] = {}

    def known(self, key: Key, row: Row | None) -> int:
        """The writes in a state of a row, as bits."""
        return self._known.get((key, row.fingerprint()), 0) if row else 0

    def merged(self, key: Key, row: Row, known: int) -> None:
        """A state came about by a merge, or by new stamps; one that existed before had it all already."""
        self._known.setdefault((key, row.fingerprint()), known)

    def also(self, key: Key, row: Row, known: int) -> None:
        """These writes are in a state, too."""
        state = (key, row.fingerprint())
        self._known[state] = self._known.get(state, 0) | known

    def wrote(self, where: str, at: int, collection: Collection, before: Row | None, after: Row, kind: str) -> None:
        """A person's write of a row was acknowledged. `kind`: create, update, import, delete or restore."""
        key = (collection.table, after.id)
        known = self.known(key, before)
        mine = 0
        for write in self._writes(where, at, collection, key, before, after, kind, known):
            self.writes.append(write)
            self.by_key.setdefault(key, []).append(write)
            mine |= 1 << write.number
        state = (key, after.fingerprint())
        self._known[state] = self._known.get(state, 0) | known | mine

    def _writes(
        self,
        where: str,
        at: int,
        collection: Collection,
        key: Key,
        before: Row | None,
        after: Row,
        kind: str,
        known: int,
    ) -> Iterator[Write]:
        def write(kind: str, name: str, value: Any, over: Any = None, **more: Any) -> Write:
            return Write(len(self.writes), where, at, key, kind, name, value, over, **more)

        if kind in ("delete", "restore"):
            saw = visible(collection, before) if before else {}
            yield write(kind, "life", after.life, after.life - 1, saw=saw)
            return
        old = visible(collection, before) if before else {}
        for name, value in visible(collection, after).items():
            is_base = name.endswith(parts.COUNTER)
            if is_base and kind == "update":
                continue  # who writes 90 over 100 takes ten away, whatever the program makes of it
            if before is None or old.get(name) != value:
                actor, seen = (_actor(collection, row, name) if row else "" for row in (after, before))
                shown = after.data.get(name.removesuffix(parts.COUNTER))
                more = {"actor": actor, "after": seen, "shown": shown}
                yield write("base" if is_base else "field", name, value, old.get(name), **more)
        for name, which in parts.kinds(after.parts).items():
            if which == parts.COUNTER:
                if difference := _added(before, after, name, kind):
                    yield write("add", name, difference)
            elif (news := after.data.get(name) or []) != (olds := (before.data.get(name) or []) if before else []):
                adds = frozenset(news) - frozenset(olds)
                live = self.additions(key, name, known)
                kills = frozenset(addition for addition in live if addition[1] not in news)
                if adds or kills:
                    yield write("set", name, tuple(news), tuple(olds), adds=adds, kills=kills)

    def additions(self, key: Key, name: str, known: int) -> set[tuple[int, str]]:
        """The additions to a set that are in force, of the writes in `known`."""
        writes = [w for w in self.of(key, known) if w.kind == "set" and w.name == name]
        killed = {kill for write in writes for kill in write.kills}
        return {(w.number, element) for w in writes for element in w.adds} - killed

    def of(self, key: Key, known: int) -> list[Write]:
        """The writes to a row that are in `known`."""
        return [write for write in self.by_key.get(key, ()) if known >> write.number & 1]

    def broke(self, before: Sequence[Mapping[Key, Row]], after: Sequence[Mapping[Key, Row]]) -> None:
        """Something was lost for good; what no replica holds any more is gone by physics, and nobody's fault."""
        had, held = self._held(before), self._held(after)
        gone = had - held
        for write in reversed(self.writes):  # and what only such a write had replaced, or done as well
            if write.number not in held | gone:
                if write.kind in ("delete", "restore"):
                    gone.add(write.number)
                later = [w for w in self.by_key[write.key] if w.name == write.name and w.over == write.value]
                if later and all(w.number in gone | self.lost for w in later):
                    gone.add(write.number)
        self.lost |= gone
        self.lost -= held
        self.torn |= {lost for rows in before for lost in losers(rows)}
        self.torn -= {lost for rows in after for lost in losers(rows)}

    def _held(self, replicas: Sequence[Mapping[Key, Row]]) -> set[int]:
        """The writes that are in a row somewhere, or in a journal."""
        held: set[int] = set()
        for rows in replicas:
            journaled = losers(rows)
            for key, writes in self.by_key.items():
                known = self.known(key, rows.get(key))
                held |= {w.number for w in writes if known >> w.number & 1 or said(w) in journaled}
        return held


def visible(collection: Collection, row: Row) -> dict[str, Any]:
    """The values that a write may replace: of plain fields, and the bases of counters, under their keys."""
    plain = {
        name: value
        for name, value in row.data.items()
        if isinstance(value, str)
        and value.startswith("w")  # what people of this simulation wrote; not what the rules did
    }
    bases = {key: float(token[STAMP_LENGTH:]) for key, token in row.parts.items() if key.endswith(parts.COUNTER)}
    return plain | bases


def _actor(collection: Collection, row: Row, name: str) -> str:
    return row.written(name.removesuffix(parts.COUNTER), collection.counters)[TIME_LENGTH:]


def _added(before: Row | None, after: Row, name: str, kind: str) -> int:
    if before is not None and kind == "update":
        now, then = (round(float(row.data.get(name, 0)) * parts.MICRO) for row in (after, before))
        return now - then
    return total(after, name) - (total(before, name) if before else 0)


def total(row: Row, name: str) -> int:
    """What all have added to a counter, in millionths."""
    return sum(
        int(token.partition(" ")[2])
        for key, token in row.parts.items()
        if key.startswith(name + parts.COUNTER) and key != name + parts.COUNTER
    )


Said = tuple[str, str, str, str]


def said(write: Write) -> Said:
    """A write as the journal would name it when it lost."""
    return (*write.key, write.name.removesuffix(parts.COUNTER), text(write.value))


def losers(rows: Mapping[Key, Row]) -> set[Said]:
    """What the journal says has lost."""
    return {_said(row, "loser") for (table, _), row in rows.items() if table == "conflicts"}


def winners(rows: Mapping[Key, Row]) -> list[tuple[Said, str, Said]]:
    """(winner, its actor, loser) of each entry of the journal."""
    return [
        (_said(row, "winner"), row.data["winnerStamp"][TIME_LENGTH:], _said(row, "loser"))
        for (table, _), row in rows.items()
        if table == "conflicts"
    ]


def _said(row: Row, which: str) -> Said:
    data = row.data
    return data["collection"], data["rowId"], data["field"], text(json.loads(data[which]))


def text(value: Any) -> str:
    """A value, however its JSON is written."""
    return json.dumps(float(value) if isinstance(value, int) else value)


def is_set(collection: Collection, name: str) -> bool:
    """Whether a field is declared as a set."""
    known = collection.by_name.get(name)
    return known is not None and known.merge is Merge.SET
