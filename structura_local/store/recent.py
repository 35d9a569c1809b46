"""Rows as people have left them last, so that who changes one again need not ask the database for it."""

from collections import OrderedDict

import orjson

from structura_local.store.rows import Stored

MAX_BYTES = 4 * 2**20  # of rows as JSON; those written longest ago go first
OVERHEAD = 1_024  # bytes that a row takes beside that

Place = tuple[str, str]  # table, id


class Recent:
    """The door's own. `mark`: up to which change head office has heard of everything, if that is known."""

    def __init__(self) -> None:
        self.mark: int | None = None
        self._rows: OrderedDict[Place, tuple[Stored, int]] = OrderedDict()
        self._bytes = 0

    def get(self, place: Place) -> Stored | None:
        """A row, if it is here."""
        found = self._rows.get(place)
        return found[0] if found else None

    def put(self, place: Place, stored: Stored) -> None:
        """A row as it is now."""
        self.drop(place)
        size = len(orjson.dumps(stored.row.data)) + OVERHEAD
        self._rows[place] = stored, size
        self._bytes += size
        while self._bytes > MAX_BYTES:
            self.drop(next(iter(self._rows)))

    def drop(self, place: Place) -> None:
        """This row has to be read."""
        if found := self._rows.pop(place, None):
            self._bytes -= found[1]

    def clear(self) -> None:
        """Everything has to be read."""
        self.mark = None
        self._rows.clear()
        self._bytes = 0
