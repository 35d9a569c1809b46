"""DSNs of central: opening a connection with verified TLS by default, and rewriting one for a plant."""

import ipaddress
import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import asyncpg

CONNECT_SECONDS = 10
DEFAULT_PORT = 5432
_PORT = re.compile(r"(?:^\[[^\]]*\]|^[^:/\[]+):(\d+)$")
COMMAND_SECONDS = 60  # a longer silence means that the link is dead


async def connect(dsn: str) -> Any:
    """An asyncpg connection (untyped, as asyncpg's generics are). Works behind a pooler in transaction mode.

    Raises what asyncpg raises; sync/central/errors.py puts it into words.
    """
    parts = urlsplit(dsn)
    return await asyncpg.connect(
        _without_system_roots(parts),
        ssl=tls(dsn),  # type: ignore[arg-type]
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        statement_cache_size=0,
        target_session_attrs="primary" if len(hosts(dsn)) > 1 else None,  # type: ignore[arg-type]
    )


def tls(dsn: str) -> str | bool | None:
    """asyncpg's `ssl`: True verifies against the system's roots, None leaves it to the DSN."""
    query = dict(parse_qsl(urlsplit(dsn).query))
    mode = query.get("sslmode")
    if mode is None:
        if all(_is_local(host) for host in hosts(dsn)):
            return None
        mode = "verify-full"
    own_roots = query.get("sslrootcert", "system") != "system"
    if mode in ("verify-ca", "verify-full") and not own_roots and "sslcert" not in query:
        return True
    return mode


def hosts(dsn: str) -> list[str]:
    """The hosts that a DSN names, without ports; none: this machine."""
    parts = urlsplit(dsn)
    listed = parts.netloc.rpartition("@")[2] or dict(parse_qsl(parts.query)).get("host", "")
    return [_host(unquote(host)) for host in listed.split(",") if host]


def endpoints(dsn: str) -> list[tuple[str, int]]:
    """The hosts that a DSN names, each with its port. ValueError for a port that is none."""
    query = dict(parse_qsl(urlsplit(dsn).query))
    listed = urlsplit(dsn).netloc.rpartition("@")[2] or query.get("host", "localhost")
    found = [(_host(unquote(host)), _PORT.search(host)) for host in listed.split(",") if host]
    return [(host, int(port[1] if port else query.get("port", DEFAULT_PORT))) for host, port in found]


def for_plant(dsn: str, database: str, user: str, password: str) -> str:
    """The same database as another user: host, port and options stay."""
    parts = urlsplit(dsn)
    options = [
        (key, value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
        if key not in ("user", "password", "passfile", "dbname", "database")
    ]
    netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"
    query = urlencode(options, safe="/,:", quote_via=quote)
    return urlunsplit((parts.scheme, netloc, "/" + quote(database, safe=""), query, ""))


def _host(listed: str) -> str:
    """A host without its port; `[::1]:5432` and paths of sockets included."""
    if listed.startswith("["):
        return listed[1:].partition("]")[0]
    return listed if listed.startswith("/") or listed.count(":") > 1 else listed.partition(":")[0]


def _is_local(host: str) -> bool:
    if host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _without_system_roots(parts: SplitResult) -> str:
    """asyncpg would take libpq's `sslrootcert=system` for the name of a file."""
    options = [option for option in parts.query.split("&") if option != "sslrootcert=system"]
    return urlunsplit(parts._replace(query="&".join(options)))
