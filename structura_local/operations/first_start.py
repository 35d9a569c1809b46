"""The first start: a link that is good once, and what its holder may do: set the plant up.

Nothing else is open until that is done. Times are by a stopwatch: the clock of a new PC may be wrong.
"""

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any, Protocol

from structura_local import settings
from structura_local.domain.access import ADMIN, Caller
from structura_local.errors import AppError
from structura_local.files import write_secret
from structura_local.folder import Folder
from structura_local.operations import setup
from structura_local.operations.addresses import Address
from structura_local.operations.bundle import check
from structura_local.operations.pins import Pins
from structura_local.operations.report import Report
from structura_local.operations.source import Source
from structura_local.operations.transfer import Transfer
from structura_local.settings import Settings
from structura_local.store.store import Store

LASTS = 3_600_000  # milliseconds: a link that nobody opens, a session in which nothing happens
_OWNER = Caller(None, ADMIN)


class _Plant(Protocol):
    """What is opened to be set up."""

    @property
    def store(self) -> Store: ...
    @property
    def pins(self) -> Pins: ...
    @property
    def transfer(self) -> Transfer: ...


@dataclass(frozen=True, slots=True)
class SetupSession:
    """What a link is exchanged for: a key for the next steps, the time zone if one is set, and this PC's addresses.

    `hasFrontend`: whether terminals find the plant's app there; else, the console.
    """

    session: str
    timeZone: str  # noqa: N815 - the API's names
    addresses: list[Address]
    hasFrontend: bool  # noqa: N815


class FirstStart:
    """`open_plant` makes the plant. `settings` are those with which it is to be served afterwards."""

    def __init__(
        self,
        folder: Folder,
        configured: Settings,
        open_plant: Callable[[], AbstractAsyncContextManager[_Plant]],
        elapsed: Callable[[], int],
    ) -> None:
        self.settings = configured
        self.finished = False
        self._folder = folder
        self._open_plant = open_plant
        self._elapsed = elapsed
        self._link = self._session = ""
        self._until = 0
        self._changed = asyncio.Event()
        self._stack = AsyncExitStack()
        self._plant: _Plant | None = None
        self._one = asyncio.Lock()

    def new_link(self) -> str:
        """The secret part of a link; those before are dead, and so is a session."""
        self._link, self._session = secrets.token_urlsafe(32), ""
        self._until = self._elapsed() + LASTS
        return self._link

    async def gone_stale(self) -> None:
        """Return when neither the link nor a session is good any more."""
        while (left := self._until - self._elapsed()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left / 1000):
                    await self._changed.wait()
            self._changed.clear()

    def claim(self, link: str) -> str:
        """Exchange a link for a session, once. AppError `setup-link`."""
        good = self._link and hmac.compare_digest(link.encode(errors="replace"), self._link.encode())
        if not good or self._elapsed() >= self._until:
            raise AppError("setup-link")
        self._link, self._session = "", secrets.token_urlsafe(32)
        self._touch()
        return self._session

    def let_in(self, session: str | None) -> None:
        """AppError `setup-link` unless this is the session, and still good."""
        good = self._session and session and hmac.compare_digest(session.encode(), self._session.encode())
        if not good or self._elapsed() >= self._until:
            raise AppError("setup-link")
        self._touch()

    async def set_up(self, wanted: dict[str, Any]) -> None:
        """Make the plant: its name, its first administrator, its time zone, its place at head office with a bundle.

        All or nothing. AppError for each thing that is not as it should be.
        """
        bundle = check(wanted["bundle"]) if wanted.get("bundle") else None
        name = wanted["plant"]
        if bundle and bundle["plantName"] != name and not wanted.get("anotherName"):
            raise AppError("other-plant", bundle=bundle["plantName"], name=name)
        zone = _zone(wanted["timeZone"])
        async with self._one:
            if self._plant is not None:
                raise AppError("set-up-already")
            self._folder.begin_setup()
            try:
                plant = await self._stack.enter_async_context(self._open_plant())
                await setup.first_admin(plant.store, plant.pins, wanted["admin"]["name"], wanted["admin"]["pin"])
                await setup.name_plant(plant.store, name)
                if bundle:
                    await setup.join_plant(plant.store, bundle["plantId"], bundle["plantName"], afresh=False)
                    self._folder.keep_bundle(bundle)
                self._keep_zone(zone)
            except BaseException:
                await self._stack.aclose()
                self._folder.undo_setup()
                raise
            self._folder.end_setup()
            self._plant = plant

    async def take_in(self, source: Source, *, dry_run: bool) -> Report:
        """Import the former system's data. AppError `not-set-up` before there is a plant."""
        if self._plant is None:
            raise AppError("not-set-up")
        async with self._one:
            return await self._plant.transfer.take_in(_OWNER, source, dry_run=dry_run)

    def finish(self) -> None:
        """Serve from now on. AppError `not-set-up` before there is a plant."""
        if self._plant is None:
            raise AppError("not-set-up")
        self.finished = True
        self._until = 0
        self._changed.set()

    async def close(self) -> None:
        """Let go of the plant, for who serves it or for the next start."""
        await self._stack.aclose()
        self.finished = self.finished or self._plant is not None

    def _touch(self) -> None:
        self._until = self._elapsed() + LASTS
        self._changed.set()

    def _keep_zone(self, zone: str) -> None:
        origin = self.settings.origins.get("time_zone", ("default", ""))[0]
        if origin in ("default", "file") and zone != self.settings.time_zone:
            text = settings.edited(settings.read_text(self._folder.path), {"time_zone": zone})
            write_secret(self._folder.path / settings.FILE_NAME, text)
            place = settings.reread(self.settings, text).origins["time_zone"]
            origins = {**self.settings.origins, "time_zone": place}
            self.settings = replace(self.settings, time_zone=zone, origins=origins)


def _zone(name: str) -> str:
    try:
        return settings.zone(name)
    except ValueError:
        raise AppError("invalid", errors=[{"field": "timeZone", "msg": "is not a time zone"}]) from None
