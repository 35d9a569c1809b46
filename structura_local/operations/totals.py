"""How many objects a list has: counted once, and then kept up to date, whoever turns its pages while it changes."""

import asyncio
from collections.abc import Sequence, Set

from structura_local.domain.fields import Collection, Kind
from structura_local.domain.query import Query
from structura_local.domain.row import Row
from structura_local.store.search import count
from structura_local.store.store import Store
from structura_local.store.transaction import Change

MOST = 64  # lists
UNASKED = 1_000  # changes after which a total that nobody has asked for since is not worth its upkeep
_FOLLOWED = (Kind.TEXT, Kind.CHOICE, Kind.BOOLEAN, Kind.MOMENT)  # Python compares these as SQLite does


class Totals:
    """Those of one collection."""

    def __init__(self, collection: Collection, store: Store) -> None:
        self._collection = collection
        self._store = store
        self._totals: dict[Query, _Total] = {}
        store.door.listen(self._on_changes)
        store.on_load.append(self._on_load)

    async def of(self, query: Query) -> int:
        """How many objects a whole list has (`Query.whole`)."""
        total = self._totals.get(query)
        if total is None or total.failed:
            if len(self._totals) >= MOST:
                self._totals.clear()
            counting = asyncio.create_task(count(self._store.reader, self._collection, query))
            total = self._totals[query] = _Total(query, counting)
        return await total.value()

    def _on_load(self, tables: Set[str]) -> None:
        if self._collection.table in tables:
            self._totals.clear()

    def _on_changes(self, changes: Sequence[Change]) -> None:
        ours = [change for change in changes if change.collection == self._collection.table]
        if not ours:
            return
        for query, total in list(self._totals.items()):
            if total.unasked >= UNASKED or not self._can_follow(query):
                del self._totals[query]  # whoever asks next has it counted
            else:
                total.follow(ours)

    def _can_follow(self, query: Query) -> bool:
        if query != Query(equal=query.equal, counted=query.counted):
            return False
        kinds = {field.name: field.kind for field in self._collection.fields} | {"id": Kind.TEXT}
        return all(kinds[name] in _FOLLOWED for name, _ in query.equal)


class _Total:
    """One list's. What changes while it is being counted, the count may have in it or not: its number tells."""

    def __init__(self, query: Query, counting: "asyncio.Task[tuple[int, int]]") -> None:
        self.unasked = 0  # changes since somebody asked
        self._equal = query.equal
        self._counting = counting
        self._known: tuple[int, int] | None = None  # as of which change
        self._later: list[tuple[int, int]] = []  # changes, each with the difference it makes

    @property
    def failed(self) -> bool:
        return self._counting.done() and (self._counting.cancelled() or self._counting.exception() is not None)

    async def value(self) -> int:
        counted = await asyncio.shield(self._counting)
        number, upto = counted if self._known is None else self._known
        number += sum(difference for seq, difference in self._later if seq > upto)
        self._known = number, upto
        self._later.clear()
        self.unasked = 0
        return number

    def follow(self, changes: Sequence[Change]) -> None:
        self.unasked += len(changes)
        for change in changes:
            if difference := self._has(change.row) - self._has(change.before):
                self._later.append((change.seq, difference))

    def _has(self, row: Row | None) -> bool:
        if row is None or not row.alive:
            return False
        return all((row.id if name == "id" else row.data.get(name)) in values for name, values in self._equal)
