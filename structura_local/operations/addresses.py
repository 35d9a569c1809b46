"""Where terminals on the LAN find this server, with a QR code for their cameras."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import ifaddr
import segno

from structura_local.domain.access import LIST, Caller
from structura_local.operations.access import require
from structura_local.schemas import shown

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104


@dataclass(frozen=True, slots=True)
class Address:
    """An address that a browser opens. `name`: its network card, or mDNS; `qr`: its QR code as a data URI (SVG)."""

    url: str
    name: str
    qr: str


def find(caller: Caller, scheme: str, host: str, port: int, announced: str | None) -> list[dict[str, Any]]:
    """The addresses at which a server that listens on `host` is reached from other machines."""
    require(caller, "settings", LIST)
    return describe(scheme, host, port, announced=announced)


def describe(scheme: str, host: str, port: int, path: str = "", announced: str | None = None) -> list[dict[str, Any]]:
    """The same, for whoever may be told; `path` is added to each.

    `announced` is its name by mDNS; it comes last, since there are tablets that cannot look one up.
    """
    usual = {"http": 80, "https": 443}[scheme] == port
    return [
        shown(Address(url := f"{scheme}://{place}{'' if usual else f':{port}'}{path}", name, qr(url)))
        for place, name in [*reachable(host), *([(announced, "mDNS")] if announced else [])]
    ]


def reachable(host: str) -> Sequence[tuple[str, str]]:
    """The IPv4 addresses of this machine on which it is reached by others, with their network cards."""
    cards = [(str(ip.ip), card.nice_name) for card in ifaddr.get_adapters() for ip in card.ips if ip.is_IPv4]
    cards = [(ip, name) for ip, name in cards if not (ip_address(ip).is_loopback or ip_address(ip).is_link_local)]
    return [(ip, name) for ip, name in cards if host in EVERYWHERE or host == ip]


def qr(text: str) -> str:
    """A QR code as an image that a page can show."""
    return segno.make(text, micro=False).svg_data_uri(scale=4, border=2)
