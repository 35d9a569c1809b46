"""How the plant has been doing: measured once a minute, for whoever would rather look at a chart than read."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from structura_local import clock
from structura_local.domain.access import READ, Caller
from structura_local.operations.access import require
from structura_local.operations.queries import TIMES, Options, understood
from structura_local.operations.system import size
from structura_local.schemas import shown
from structura_local.store import samples
from structura_local.store.samples import MINUTE, Sample
from structura_local.store.store import Store
from structura_local.store.transaction import Author


@dataclass(frozen=True, slots=True)
class Measured:
    """One minute: how many changes wait for head office, how many requests came, what is on the disk and free there."""

    at: str
    waiting: int
    requests: int
    databaseBytes: int  # noqa: N815 - the API's names
    freeBytes: int  # noqa: N815


class History:
    """`requests`: how many came since the last measurement; whoever takes them in counts them."""

    def __init__(self, store: Store, data_dir: Path) -> None:
        self.requests = 0
        self._store = store
        self._data_dir = data_dir

    async def measure(self) -> None:
        """Keep how things are now."""
        counted, self.requests = self.requests, 0
        reader = self._store.reader
        waiting, _ = await reader.pending(int((await reader.state()).get("mark", "0")))
        at = self._store.now() // MINUTE * MINUTE
        sample = Sample(at, waiting, counted, size(self._data_dir), shutil.disk_usage(self._data_dir).free)
        await self._store.door.write(lambda tx: samples.keep(tx, sample), Author("rules"))

    async def find(self, caller: Caller, options: Options) -> list[dict[str, Any]]:
        """The last day minute by minute, before that hour by hour, at most 90 days; from `since` on."""
        require(caller, "system", READ)
        query = understood({}, {"since": TIMES["since"]}, options)
        found = await samples.since(self._store.reader, query.since or 0)
        return [shown(Measured(clock.iso(s.at), s.waiting, s.requests, s.database, s.free)) for s in found]
