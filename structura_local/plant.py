"""A plant's data, opened by one process at a time: the server, or a command where none runs."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from structura_local import clock
from structura_local.folder import Folder
from structura_local.operations.pins import Pins
from structura_local.operations.transfer import Transfer
from structura_local.store.backups import BEFORE_UPGRADE, Shelf
from structura_local.store.restore import Plan, Restore, copy_of_newest
from structura_local.store.store import Store

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plant:
    """A plant's data with the operations that commands use beside the server."""

    store: Store
    pins: Pins
    transfer: Transfer


@asynccontextmanager
async def opened(folder: Folder, now: clock.Now = clock.now) -> AsyncIterator[Plant]:
    """The plant in this folder, for one process at a time; made if it is not there.

    What a restore has staged is swapped in first. Damaged if there was a plant and its database is not what it was.
    """
    with folder.locked():
        shelf = Shelf(folder.backups)
        restored = await asyncio.to_thread(Restore(folder.database, shelf).finish)
        if restored is None:
            folder.look_at()

        def before_upgrade() -> None:
            made = shelf.make(BEFORE_UPGRADE, folder.database, folder.keys(), now())
            _log.info("backup %s: made before the database is changed, checked", made.id)

        unclean = folder.left_in_use
        async with _open_store(folder.database, now, before_upgrade) as store:
            with folder.in_use():
                if unclean:
                    folder.count_unclean_stop(clock.iso(now()))
                    _log.warning("the last use of %s did not end as it should; what was answered is there", folder.path)
                if restored is not None:
                    await _tell_of(restored, store)
                pins = Pins(folder.pin_keys)
                try:
                    yield Plant(store, pins, Transfer(store, pins))
                finally:
                    pins.close()


@asynccontextmanager
async def _open_store(path: Path, now: clock.Now, before_upgrade: Callable[[], None]) -> AsyncIterator[Store]:
    store = await Store.open(path, now, before_upgrade=before_upgrade)
    try:
        yield store
    finally:
        await store.close()


async def _tell_of(restored: Plan, store: Store) -> None:
    """Say in the log what a restore has done, by what is there now."""
    found = await store.reader.counts()
    _log.warning("restored %s; before: %s, now: %s", restored.backup, restored.before, found)
    if found != restored.after:
        _log.error("the restored database should have: %s", restored.after)


@asynccontextmanager
async def stand_in(folder: Folder, now: clock.Now) -> AsyncIterator[Plant]:
    """The newest good backup, copied: while the database is damaged it tells whose PIN may restore one."""
    place = folder.path / "recovery.db"
    await asyncio.to_thread(copy_of_newest, Shelf(folder.backups), place)
    async with _open_store(place, now, lambda: None) as store:
        pins = Pins(folder.pin_keys)
        try:
            yield Plant(store, pins, Transfer(store, pins))
        finally:
            pins.close()
