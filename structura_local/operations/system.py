"""How the plant is doing: what the status page, `sync status` and head office's support ask first."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from structura_local import __version__, clock
from structura_local.domain.access import READ, UPDATE, Caller
from structura_local.domain.catalog import BY_TABLE
from structura_local.errors import AppError
from structura_local.folder import Folder
from structura_local.operations.access import require
from structura_local.operations.backups import Backups, BackupStatus
from structura_local.phrases import phrase
from structura_local.schemas import shown
from structura_local.space import Space
from structura_local.store import aside, conflicts, growth, node
from structura_local.store.growth import per_day
from structura_local.store.node import Step
from structura_local.store.store import Store
from structura_local.tls import Certificate
from structura_local.trouble import mount_of
from sync.status import Monitor, Snapshot

WRONG = 300_000  # milliseconds by which a clock may err before a person hears of it


@dataclass(frozen=True, slots=True)
class PlantName:
    """Its id at head office, if it is connected, and its name."""

    id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that waits to reach head office."""

    collection: str
    id: str


@dataclass(frozen=True, slots=True)
class Budget:
    """For how long this plant can be offline: only its disk sets a limit. Changes wait however long it takes.

    An estimate by how the database grew in the last seven days; without growth there is no limit.
    """

    growthBytesPerDay: int = 0  # noqa: N815 - the API's names
    daysOfDiskLeft: int | None = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class SyncStatus(Snapshot):
    """What the worker says, and what the last comparison with head office said, over restarts too.

    `step` is that in words: not compared, in step, in step except so many rows set aside, was in step (before the link
    went), differing. `inStepSince`: since when every comparison found both sides equal, the last one at `inStep`.
    `pending`: how many changes wait, `pendingSince` when, with `oldest` first. `setAside`: rows that one side could not
    take; `conflicts`: those that nobody has looked at.
    """

    step: str = "not compared"
    inStepSince: str | None = None  # noqa: N815
    pending: int = 0
    pendingSince: str | None = None  # noqa: N815
    oldest: Waiting | None = None
    setAside: int = 0  # noqa: N815
    conflicts: int = 0
    budget: Budget = Budget()


@dataclass(frozen=True, slots=True)
class Disk:
    """In bytes; the database with its write-ahead log. `state`: fine, low (old backups and logs are given up), full
    (only logins and deletions are still written), or read-only (the last write has failed: the disk takes none).
    `detail` says it in words, with what mends it.
    """

    state: str
    detail: str
    freeBytes: int  # noqa: N815
    totalBytes: int  # noqa: N815
    databaseBytes: int  # noqa: N815


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """This PC's clock. `state`: fine, or wrong, with `detail` in words. What was written by a wrong clock is put right
    in the next exchange with head office.
    """

    state: str
    detail: str


@dataclass(frozen=True, slots=True)
class Stops:
    """How often the server, or a command, ended without closing the database: killed, or without power."""

    unclean: int
    lastUnclean: str | None = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class Status:
    """How a plant is doing, running or not. `node` is this PC's id in the sync. What is unset is left out."""

    plant: PlantName
    node: str
    version: str
    sync: SyncStatus
    disk: Disk
    backups: BackupStatus
    stops: Stops
    clock: ClockStatus


@dataclass(frozen=True, slots=True)
class RunningStatus(Status):
    """How a running plant is doing: with its time, and since when it runs, by a clock that nobody sets. `certificate`:
    the one for HTTPS, if there is HTTPS.
    """

    time: str
    startedAt: str  # noqa: N815
    uptimeSeconds: int  # noqa: N815
    certificate: Certificate | None = None


class System:
    """`monitor` is what the sync worker says of itself; without an enrolment it says so."""

    def __init__(self, store: Store, monitor: Monitor, folder: Folder, backups: Backups) -> None:
        self._store = store
        self._monitor = monitor
        self._folder = folder
        self._backups = backups
        self._started_at = store.now()
        self._started = time.monotonic()

    async def ready(self) -> None:
        """Returns when the database answers; AppError `database` if it does not."""
        try:
            await self._store.reader.state()
        except Exception as error:
            raise AppError("database") from error

    async def status(
        self, caller: Caller, certificate: Certificate | None = None, language: str = "en"
    ) -> dict[str, Any]:
        """Plant, version, the sync in words, what waits since when, disk in bytes, how long the server runs."""
        require(caller, "system", READ)
        https = {} if certificate is None else {"certificate": shown(certificate)}
        return {
            **https,
            **await describe(self._store, self._monitor, self._folder, self._backups, language),
            "time": clock.iso(self._store.now()),
            "startedAt": clock.iso(self._started_at),
            "uptimeSeconds": int(time.monotonic() - self._started),  # whatever happened to the clock meanwhile
        }

    async def sync_now(self, caller: Caller) -> None:
        """Start a thorough exchange with head office now; AppError `not-enrolled` if there is none."""
        require(caller, "system", UPDATE)
        if not self._monitor.enrolled:
            raise AppError("not-enrolled")
        self._monitor.check()


async def describe(
    store: Store, monitor: Monitor, folder: Folder, backups: Backups, language: str = "en"
) -> dict[str, Any]:
    """The status of a plant, running or not. What is unset is left out."""
    state = await store.reader.state()
    room = Space(folder.path, lambda wanted: []).room()
    state_of_disk = "read-only" if store.door.unwritable else room.state
    kept = size(folder.path)
    stops = folder.unclean_stops()
    status = Status(
        plant=PlantName(state.get("plant"), state.get("plant_name")),
        node=state["node"],
        version=__version__,
        sync=await _sync(store, monitor.snapshot(), state, await _budget(store, kept, room.free)),
        disk=Disk(state_of_disk, _disk_in_words(folder.path, state_of_disk, language), room.free, room.total, kept),
        backups=await backups.status(language),
        stops=Stops(stops["count"], stops.get("last")),
        clock=_clock(store.now(), await growth.newest(store.reader), monitor.snapshot().clockOffsetMs, language),
    )
    return shown(status)


def _disk_in_words(folder: Path, state: str, language: str) -> str:
    """What a state of the disk means, and what mends it."""
    said = phrase(f"disk-{state}")
    if state == "fine":
        return said.text(language)
    mending = "fix-read-only" if state == "read-only" else "fix-disk"
    return phrase("and-how", said=said, fix=phrase(mending, place=mount_of(folder))).text(language)


def _clock(now: int, newest: int | None, offset: int | None, language: str) -> ClockStatus:
    """What can be told of a clock: by head office's, and by what was written here before."""
    state, said = "wrong", phrase("clock-fine")
    if offset is not None and abs(offset) > WRONG:
        which = phrase("clock-behind" if offset > 0 else "clock-ahead")
        said = phrase("clock-off", minutes=abs(offset) // 60_000, which=which)
    elif newest is not None and newest - now > WRONG:
        said = phrase("clock-behind-itself", newest=clock.iso(newest))
    else:
        state = "fine"
    return ClockStatus(state, said.text(language))


async def _sync(store: Store, snapshot: Snapshot, state: dict[str, str], budget: Budget) -> SyncStatus:
    reader, mark = store.reader, int(state.get("mark", "0"))
    pending, since = await reader.pending(mark)
    oldest = await reader.oldest(mark) if pending else None
    set_aside, last = await aside.count(reader), node.step(state)
    said = {
        **asdict(snapshot),
        "inStep": snapshot.inStep or _iso(last.at),  # which is noted once a minute only
        "differing": tuple(BY_TABLE[table].path if table in BY_TABLE else table for table in last.differing),
    }
    return SyncStatus(
        **said,
        step=_in_words(last, set_aside, linked=snapshot.state in ("exchanging", "waiting")),
        inStepSince=_iso(last.since),
        pending=pending,
        pendingSince=_iso(since),
        oldest=Waiting(BY_TABLE[oldest[0]].path, oldest[1]) if oldest else None,
        setAside=set_aside,
        conflicts=await conflicts.unseen(reader),
        budget=budget,
    )


def _in_words(last: Step, set_aside: int, *, linked: bool) -> str:
    if last.differing:
        return "differing"
    if last.at is None:
        return "not compared"
    return ("in step" if linked else "was in step") + (f" except {set_aside}" if set_aside else "")


async def _budget(store: Store, kept: int, free: int) -> Budget:
    growth = round(await per_day(store.reader, kept, store.now()))
    return Budget(growth, free // growth if growth > 0 else None)


def _iso(ms: int | None) -> str | None:
    return clock.iso(ms) if ms is not None else None


def size(data_dir: Path) -> int:
    """The database with its write-ahead log, in bytes."""
    return sum(file.stat().st_size for file in data_dir.glob("structura.db*"))
