"""The only reader of environment, settings file and paths.

A setting comes from a flag, else from the environment (`STRUCTURA_…`), else from `settings.toml` in the data folder,
else it has its default. What is wrong is named with where it stands.
"""

import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs

from structura_local.domain.catalog import COLLECTIONS
from structura_local.errors import StartError

FILE_NAME = "settings.toml"
# Names that the plant's former backend used.
_FORMER_NAMES = {"cors_origins": "CORS_ORIGINS", "token_hours": "JWT_EXPIRE_HOURS", "jwt_secret": "JWT_SECRET"}


@dataclass(frozen=True, slots=True)
class Settings:
    """How this server runs. Each field is a flag, an environment variable and a line of the settings file."""

    data_dir: Path
    host: str = "0.0.0.0"  # noqa: S104 - the terminals on the factory LAN are the point
    port: int = 8000
    frontend: Path | None = None  # folder with a built frontend, served at /
    cors_origins: tuple[str, ...] = ()  # other origins whose pages may call the API; * for any
    kiosk_collections: tuple[str, ...] | None = None  # open without a token; None: machines if there is a frontend
    time_zone: str = ""  # the plant's, as in "America/Montevideo"; empty: this machine's
    token_hours: float = 12.0  # how long a login lasts
    jwt_secret: str = ""  # signs tokens; empty: a key made on first start
    log_level: str = "INFO"

    @property
    def kiosks(self) -> frozenset[str]:
        """The lists that are open without a token."""
        if self.kiosk_collections is None:
            return frozenset({"machines"} if self.frontend else ())
        return frozenset(self.kiosk_collections)


def load(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force; StartError names what is wrong and where."""
    data_dir = Path(flags.get("data_dir") or environment.get("STRUCTURA_DATA_DIR") or default_data_dir())
    data_dir = data_dir.expanduser().absolute()
    written = _read_file(data_dir / FILE_NAME)
    values: dict[str, Any] = {"data_dir": data_dir}
    for field in fields(Settings):
        name = field.name
        if name == "data_dir":
            continue
        variable = f"STRUCTURA_{name.upper()}"
        former = _FORMER_NAMES.get(name, "")
        if flags.get(name) is not None:
            values[name] = _parsed(name, flags[name], f"--{name.replace('_', '-')}")
        elif environment.get(variable):
            values[name] = _parsed(name, environment[variable], variable)
        elif former and environment.get(former):
            values[name] = _parsed(name, environment[former], former)
        elif name in written:
            values[name] = _parsed(name, written[name], str(data_dir / FILE_NAME))
    return Settings(**values)


def default_data_dir() -> Path:
    """Where data lives unless told: the machine's place for a service, the user's for anybody else."""
    if sys.platform == "linux" and os.geteuid() == 0:
        return Path("/var/lib/structura-local")
    return platformdirs.user_data_path("structura-local", appauthor=False)


def _read_file(path: Path) -> Mapping[str, Any]:
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StartError(f"{path} cannot be read: {error}") from error
    known = {field.name for field in fields(Settings)} - {"data_dir"}
    for name in written:
        if name not in known:
            raise StartError(f"{path}: unknown setting '{name}' (known: {', '.join(sorted(known))})")
    return written


def _parsed(name: str, value: Any, where: str) -> Any:
    try:
        return _PARSERS[name](value)
    except (ValueError, TypeError, AttributeError) as error:
        raise StartError(f"{where}: {name} is not valid: {error}") from error


def _port(value: Any) -> int:
    number = int(value)
    if not 0 <= number <= 65535:
        raise ValueError(f"{number} is not between 0 and 65535")
    return number


def _folder(value: Any) -> Path:
    path = Path(value).expanduser().absolute()
    if not (path / "index.html").is_file():
        raise ValueError(f"{path} has no index.html")
    return path


def _names(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(part.strip() for part in parts if part.strip())


def _kiosks(value: Any) -> tuple[str, ...]:
    names = _names(value)
    closed = {"users", "clients", "messages"} & set(names)
    if closed:
        raise ValueError(f"{', '.join(sorted(closed))} can never be read without a token")
    unknown = set(names) - {collection.path for collection in COLLECTIONS}
    if unknown:
        raise ValueError(f"there is no list {', '.join(sorted(unknown))}")
    return names


def _hours(value: Any) -> float:
    hours = float(value)
    if not 0 < hours <= 24 * 365:
        raise ValueError(f"{hours} is not between 0 and 8760")
    return hours


def _zone(value: Any) -> str:
    try:
        return ZoneInfo(str(value)).key if value else ""
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{value} is no time zone, as 'America/Montevideo' is") from None


def _level(value: Any) -> str:
    level = str(value).upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError(f"{value} is none of DEBUG, INFO, WARNING, ERROR")
    return level


_PARSERS: Mapping[str, Any] = {
    "host": str,
    "port": _port,
    "frontend": _folder,
    "cors_origins": _names,
    "kiosk_collections": _kiosks,
    "time_zone": _zone,
    "token_hours": _hours,
    "jwt_secret": str,
    "log_level": _level,
}
