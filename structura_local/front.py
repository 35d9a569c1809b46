"""The addresses of the server: HTTP on one port, HTTPS on another, a name on the LAN. What answers there is another's.

They follow the settings while the server runs. An address that stays is not touched, whatever else changes.
"""

import asyncio
import ctypes
import errno
import logging
import os
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from structura_local.announcement import Announcement
from structura_local.ports import port_holder
from structura_local.settings import SettingError, Settings
from structura_local.tls import Tls

LOOK = 10.0  # seconds between looks at addresses and certificates
HANDSHAKE = 10.0  # seconds in which it has to be done
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; `setting`: which one says the port."""

    host: str
    port: int
    secure: bool

    @property
    def setting(self) -> str:
        return "tls_port" if self.secure else "port"


def wanted(settings: Settings) -> Iterator[Address]:
    """Where a server with these settings listens."""
    yield Address(settings.host, settings.port, secure=False)
    if settings.tls != "off":
        yield Address(settings.host, settings.tls_port, secure=True)


class Front:
    """What listens. `connection` makes the protocol of a new connection."""

    def __init__(self, connection: Callable[[], asyncio.Protocol], tls: Tls, announcement: Announcement) -> None:
        self._connection = connection
        self.tls = tls
        self.announcement = announcement
        self._open: dict[Address, asyncio.Server] = {}
        self._bound: dict[Address, socket.socket] = {}

    def check(self, settings: Settings) -> None:
        """SettingError if the server could not be reached with these settings. What can be had is held already."""
        self._let_go()
        self.tls.check(settings)
        for address in wanted(settings):
            if address in self._open:
                continue
            try:
                self._bound[address] = _listen(address)
            except SettingError as error:
                taken = isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE
                if taken and address.port in [open_.port for open_ in self._open]:
                    _listen(Address(address.host, 0, address.secure)).close()  # ours, and free in a moment
                    continue
                self._let_go()
                raise

    async def move(self, settings: Settings) -> None:
        """Listen where these settings say, and nowhere else. StartError if that cannot be done."""
        self.tls.use(settings)
        addresses = list(wanted(settings))
        for address in [address for address in self._open if address not in addresses]:
            self._open.pop(address).close()
        loop = asyncio.get_running_loop()
        try:
            for address in addresses:
                if address not in self._open:
                    listening = self._bound.pop(address, None) or _listen(address)
                    tls: ssl.SSLContext | None = self.tls.front if address.secure else None
                    patience = HANDSHAKE if address.secure else None
                    self._open[address] = await loop.create_server(
                        self._connection, sock=listening, ssl=tls, ssl_handshake_timeout=patience
                    )
        finally:
            self._let_go()
        self.announcement.use(settings, self.port(secure=False) or 0)

    def port(self, *, secure: bool) -> int | None:
        """Where it listens; None if it does not."""
        ports = (s.sockets[0].getsockname()[1] for address, s in self._open.items() if address.secure is secure)
        return next(ports, None)

    @property
    def url(self) -> str:
        """Where this machine reaches it."""
        host = next(iter(self._open)).host
        return f"http://{_reached(host)}:{self.port(secure=False)}"

    async def run(self) -> None:
        """Keep certificate and name as they should be."""
        while True:
            self.tls.look()
            await self.announcement.look()
            await asyncio.sleep(LOOK)

    async def close(self) -> None:
        """Listen nowhere."""
        for server in self._open.values():
            server.close()
        await self.announcement.withdraw()

    def _let_go(self) -> None:
        while self._bound:
            self._bound.popitem()[1].close()


def _listen(address: Address) -> socket.socket:
    try:
        family, *_, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(place[:2], family=family, backlog=512)
    except (OSError, UnicodeError) as error:
        raise PortError(address, error) from error


class PortError(SettingError):
    """Nothing can listen there; whose port it is, if it is somebody's, and which setting changes that."""

    def __init__(self, address: Address, error: OSError | UnicodeError) -> None:
        code = getattr(error, "errno", None)
        is_about_port = code in (errno.EADDRINUSE, errno.EACCES)
        setting = address.setting if is_about_port else "host"
        why = f"port {address.port} on {address.host} cannot be used: {_reason(error)}"
        super().__init__("", setting, why)
        holder = port_holder(address.port) if code == errno.EADDRINUSE else None
        who = " {} (process {}) has it.".format(*holder) if holder else ""
        flag = "" if setting == "tls_port" else f"--{setting}, or "
        self.args = (f"P{why[1:]}.{who} Choose another with {flag}'{setting}' in settings.toml.",)


def _reason(error: OSError | UnicodeError) -> str:
    """Why, as the system says it; the address, which Python adds to that, has been said already."""
    if isinstance(error, OSError) and error.errno is not None and not isinstance(error, socket.gaierror):
        if sys.platform == "win32":
            return ctypes.FormatError(error.errno)  # strerror does not know those of sockets
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)


def _reached(host: str) -> str:
    """The host part of the URL at which this machine reaches a server that listens on `host`."""
    if host in ("0.0.0.0", "127.0.0.1"):  # noqa: S104
        return "localhost"
    if host == "::":
        return "[::1]"
    return f"[{host}]" if ":" in host else host
