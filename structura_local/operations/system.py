"""How the plant is doing: what the status page, `sync status` and head office's support ask first."""

import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from structura_local import __version__, clock
from structura_local.domain.access import READ, UPDATE, Caller, permission
from structura_local.errors import AppError
from structura_local.store.store import Store
from sync.status import Monitor


class System:
    """`monitor` is what the sync worker says of itself; without an enrolment it says so."""

    def __init__(self, store: Store, monitor: Monitor, data_dir: Path) -> None:
        self._store = store
        self._monitor = monitor
        self._data_dir = data_dir

    async def ready(self) -> None:
        """Returns when the database answers; AppError `database` if it does not."""
        try:
            await self._store.reader.state()
        except Exception as error:
            raise AppError("database") from error

    async def status(self, caller: Caller) -> dict[str, Any]:
        """Plant, version, the sync in words, what waits since when, free disk in bytes."""
        if permission(caller.role, "system", READ) is None:
            raise AppError("forbidden", role=caller.role)
        return await describe(self._store, self._monitor, self._data_dir)

    async def sync_now(self, caller: Caller) -> None:
        """Start an exchange with head office now; AppError `not-enrolled` if there is none."""
        if permission(caller.role, "system", UPDATE) is None:
            raise AppError("forbidden", role=caller.role)
        if not self._monitor.enrolled:
            raise AppError("not-enrolled")
        self._monitor.wake()


async def describe(store: Store, monitor: Monitor, data_dir: Path) -> dict[str, Any]:
    """The status of a plant, running or not."""
    state = await store.reader.state()
    pending, since = await store.reader.pending(int(state.get("mark", "0")))
    return {
        "plant": {"id": state.get("plant"), "name": state.get("plant_name")},
        "node": state["node"],
        "version": __version__,
        "sync": {
            **asdict(monitor.snapshot()),
            "pending": pending,
            "pendingSince": clock.iso(since) if since else None,
        },
        "disk": {"freeBytes": shutil.disk_usage(data_dir).free},
    }
