"""The server's name on the LAN: `structura.local`, by mDNS, with a service that browsers of services find.

If something else has the name, this server is `structura-2.local`, and says so. Whatever the network does, the server
does not notice: it is looked at again in a moment.
"""

import contextlib
import ipaddress
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from structura_local.settings import Settings

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncZeroconf

BASE = "structura"
SERVICE = "_http._tcp.local."
_ASK = 2_000  # ms in which whoever has a name answers, also if it has just done so
_log = logging.getLogger(__name__)


class Announcement:
    """What is announced. `addresses`: the IPv4 addresses at which others reach a server with these settings."""

    def __init__(self, machine: str, addresses: Callable[[Settings], Sequence[str]]) -> None:
        self._machine = machine
        self._addresses = addresses
        self._settings: Settings | None = None
        self._port = 0
        self._zeroconf: AsyncZeroconf | None = None
        self._announced: tuple[tuple[str, ...], int] = ((), 0)
        self._trouble = ""
        self.name: str | None = None

    def use(self, settings: Settings, port: int) -> None:
        """Go on with these settings at the next look."""
        self._settings, self._port = settings, port

    async def look(self) -> None:
        """Announce what is so now. What goes wrong is said in the log, once."""
        settings = self._settings
        try:
            here = tuple(self._addresses(settings)) if settings is not None and settings.mdns else ()
            if (here, self._port) != self._announced or (here and await self._lost(here)):
                await self.withdraw()
                if here:
                    await self._announce(here)
                self._announced = here, self._port
            self._trouble = ""
        except Exception as error:  # of whatever kind: a network is no reason to disturb a plant
            await self.withdraw()
            if self._trouble != (trouble := f"{type(error).__name__}: {error}"):
                _log.warning("the server has no name on the LAN; it is tried again in a moment: %s", trouble)
            self._trouble = trouble

    async def withdraw(self) -> None:
        """Announce nothing."""
        zeroconf, self._zeroconf, self.name, self._announced = self._zeroconf, None, None, ((), 0)
        if zeroconf is not None:
            with contextlib.suppress(Exception):  # a network that went away takes no goodbye
                await zeroconf.async_unregister_all_services()
            with contextlib.suppress(Exception):
                await zeroconf.async_close()

    async def _announce(self, here: tuple[str, ...]) -> None:
        from zeroconf import IPVersion, ServiceInfo  # noqa: PLC0415 - large, and not for everybody
        from zeroconf.asyncio import AsyncZeroconf  # noqa: PLC0415

        self._zeroconf = zeroconf = AsyncZeroconf(interfaces=list(here), ip_version=IPVersion.V4Only)
        number = 1
        while await self._others(name := BASE if number == 1 else f"{BASE}-{number}", here):
            number += 1
        info = ServiceInfo(
            SERVICE,
            f"{_label(self._machine)}.{SERVICE}",
            addresses=[ipaddress.ip_address(ip).packed for ip in here],
            port=self._port,
            properties={"path": "/"},
            server=f"{name}.local.",
        )
        await (await zeroconf.async_register_service(info, allow_name_change=True))
        self.name = f"{name}.local"
        taken = f" ({BASE}.local is somebody else's)" if number > 1 else ""
        _log.log(logging.WARNING if taken else logging.INFO, "the server is %s on the LAN%s", self.name, taken)

    async def _lost(self, here: tuple[str, ...]) -> bool:
        """Whether something else has our name too, and is to keep it: of two, the one with the lowest address."""
        others = await self._others((self.name or "").removesuffix(".local"), here)
        return bool(others) and min(map(ipaddress.IPv4Address, others)) < min(map(ipaddress.IPv4Address, here))

    async def _others(self, name: str, here: tuple[str, ...]) -> set[str]:
        """The addresses that this name has beside ours."""
        from zeroconf import AddressResolverIPv4  # type: ignore[attr-defined] # noqa: PLC0415

        assert self._zeroconf is not None  # noqa: S101 - it was made
        asked = AddressResolverIPv4(f"{name}.local.")
        await asked.async_request(self._zeroconf.zeroconf, _ASK)
        return {address for address in asked.parsed_addresses() if address not in here}


def _label(machine: str) -> str:
    """A name that people read in a list, of at most 63 bytes; no dots, which separate."""
    return f"Structura {machine}".replace(".", " ").encode()[:63].decode(errors="ignore").strip()
