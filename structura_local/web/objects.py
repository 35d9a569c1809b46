"""Objects as ready bytes: kept until their row changes, and given to whoever asks for one."""

from collections import Counter, OrderedDict
from collections.abc import Iterable

from structura_local.domain.access import READ, Caller
from structura_local.operations.rows import Rows
from structura_local.web.etags import Tagged, tagged

MAX_BYTES = 16 * 2**20  # of ready objects; the ones kept longest go first
OVERHEAD = 512  # bytes that an object takes beside its own

Place = tuple[str, str]  # table, id


class Objects:
    """All ready objects of a server. `changed` hears of every change, before whoever made it is answered."""

    def __init__(self) -> None:
        self._ready: OrderedDict[Place, dict[str, Tagged]] = OrderedDict()  # by view
        self._changes: Counter[str] = Counter()  # of each table, so far
        self._stamps = 0
        self._bytes = 0

    async def get(self, noun: Rows, caller: Caller, row_id: str) -> Tagged:
        """One object, as this caller sees it."""
        noun.allowed(caller, READ)
        table = noun.collection.table
        place, view = (table, row_id), f"{caller.role}/{noun.view(caller)}"
        if (stamps := noun.stamps) != self._stamps:
            self._forget(stamps)
        ready = self._ready.get(place, {}).get(view)
        if ready is None:
            changes = self._changes[table]
            ready = tagged(await noun.get(caller, row_id))
            now = (self._changes[table], noun.stamps)
            if noun.alone and now == (changes, stamps):  # else it may have been read before a change
                self._keep(place, view, ready)
        return ready

    def changed(self, places: Iterable[Place]) -> None:
        """These rows have changed."""
        for place in places:
            self._changes[place[0]] += 1
            self._drop(place)

    def _keep(self, place: Place, view: str, ready: Tagged) -> None:
        views = self._ready.setdefault(place, {})
        if (other := views.get(view)) is not None:  # several have asked for it at the same time
            self._bytes -= len(other.body) + OVERHEAD
        views[view] = ready
        self._bytes += len(ready.body) + OVERHEAD
        while self._bytes > MAX_BYTES:
            self._drop(next(iter(self._ready)))

    def _forget(self, stamps: int) -> None:
        self._ready.clear()
        self._stamps, self._bytes = stamps, 0

    def _drop(self, place: Place) -> None:
        for ready in self._ready.pop(place, {}).values():
            self._bytes -= len(ready.body) + OVERHEAD
