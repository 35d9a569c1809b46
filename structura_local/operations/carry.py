"""The exchange with head office by files, for a plant without a link."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol

from structura_local.carry_spanish import spanish
from structura_local.domain.access import UPDATE, Caller
from structura_local.errors import AppError
from structura_local.operations.access import require
from structura_local.phrases import both
from structura_local.store.store import Store
from sync.carry.plant import Carrier, ClockDoubt, Taken, Written
from sync.carry.stick import Key, Refused
from sync.local import KeyRing
from sync.protocol import SyncError

PATIENCE = 30.0  # seconds that a person waits for an exchange over the network to end
LATEST = 253_402_000_000_000  # milliseconds since 1970: late in the year 9999, with which dates end


class Enrolment(KeyRing, Protocol):
    """What this PC has from head office."""

    def bundle(self) -> dict[str, Any] | None: ...


def key_of(bundle: Mapping[str, Any]) -> Key:
    """What a bundle signs with. AppError `not-enrolled`, or `no-carry-key` if the bundle is an old one."""
    if not bundle:
        raise AppError("not-enrolled")
    if not bundle.get("role") or not bundle.get("carry"):
        raise AppError("no-carry-key")
    return Key(bundle["role"], bundle["carry"])


class Carry:
    """`folder` holds the bundle and the PIN keys."""

    def __init__(self, store: Store, folder: Enrolment) -> None:
        self._store = store
        self._folder = folder

    async def give_out(self, caller: Caller, *, clock_is_right: bool = False) -> Written:
        """A file for head office with all that it is not known to hold. Changes nothing, and can be repeated.

        AppError `clock-in-doubt` if the clock was set back while changes waited, and nobody says that it is right now.
        """
        self.check(caller)
        async with self._alone():
            return await self._carrier().give_out(clock_is_right=clock_is_right)

    async def take_in(self, caller: Caller, content: bytes) -> Taken:
        """Apply a file from head office; AppError `carry-refused`, with the reason, and then nothing is changed."""
        self.check(caller)
        async with self._alone():
            return await self._carrier().take_in(content)

    def check(self, caller: Caller) -> None:
        """AppError `forbidden` unless this caller may."""
        require(caller, "administration", UPDATE)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """While nothing is exchanged over the network; what is refused is told in both languages."""
        try:
            try:
                async with asyncio.timeout(PATIENCE):
                    await self._store.exchanging.acquire()
            except TimeoutError:
                raise Refused(
                    "An exchange with head office over the network is under way, and takes its time. Nothing was "
                    "done; try again when it has ended, or has been given up."
                ) from None
            try:
                yield
            finally:
                self._store.exchanging.release()
        except ClockDoubt as doubt:
            raise AppError("clock-in-doubt", dated=_minute(doubt.dated), shown=_minute(doubt.shown)) from doubt
        except SyncError as error:
            english = str(error)
            raise AppError("carry-refused", reason=both(english, spanish(english) or english)) from error

    def _carrier(self) -> Carrier:
        bundle = self._folder.bundle() or {}
        return Carrier(self._store, self._folder, bundle.get("plantId", ""), key_of(bundle))


def _minute(ms: int) -> str:
    """As the server's own clock shows it."""
    return datetime.fromtimestamp(min(ms, LATEST) / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
