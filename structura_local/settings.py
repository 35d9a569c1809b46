"""The only reader of environment, settings file and paths.

A setting comes from a flag, else from the environment (`STRUCTURA_…`), else from `settings.toml` in the data folder,
else it has its default. What is wrong is named with where it stands.
"""

import contextlib
import locale
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import platformdirs

from structura_local.domain.catalog import COLLECTIONS
from structura_local.errors import StartError
from structura_local.trouble import trouble

FILE_NAME = "settings.toml"
TLS = ("off", "own", "files")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FORMATS = ("text", "json")
CLOSED = frozenset({"users", "clients", "messages"})  # never read without a token
# Names that the plant's former backend used.
_FORMER_NAMES = {"cors_origins": "CORS_ORIGINS", "token_hours": "JWT_EXPIRE_HOURS", "jwt_secret": "JWT_SECRET"}


class SettingError(StartError):
    """A setting that is not valid: its `name`, and `why`."""

    def __init__(self, where: str, name: str, why: str) -> None:
        super().__init__(f"{where}: {name} is not valid: {why}")
        self.name, self.why = name, why


def _setting(
    default: Any,
    english: str,
    spanish: str,
    *,
    secret: bool = False,
    at_start: bool = False,
    choices: tuple[str, ...] = (),
    between: tuple[float, float] | None = None,
) -> Any:
    """`at_start`: a change waits for the next start of the process. `choices`: what it, or each of its values, can be;
    `between`: the least and the greatest number.
    """
    about = {"en": english, "es": spanish}
    more = {"secret": secret, "at_start": at_start, "choices": choices, "between": between}
    return field(default=default, metadata={"about": about, **more})


@dataclass(frozen=True, slots=True)
class Settings:
    """How this server runs. Each field is a flag, an environment variable and a line of the settings file, `origins`
    apart: where each that is no default comes from, as (flag, environment or file; which).
    """

    data_dir: Path = field(
        metadata={"about": {"en": "Where this plant's data lives.", "es": "Dónde están los datos de esta planta."}}
    )
    host: str = _setting("0.0.0.0", "The address to listen on.", "La dirección en la que escucha.")  # noqa: S104 - the terminals on the LAN are the point
    port: int = _setting(8000, "The port to listen on.", "El puerto en el que escucha.", between=(0, 65_535))
    tls: str = _setting(
        "off",
        "HTTPS: off, own (with a certificate authority made here) or files.",
        "HTTPS: off (sin), own (con una autoridad de certificación hecha aquí) o files (con archivos).",
        choices=TLS,
    )
    tls_port: int = _setting(
        8443, "The port to listen on for HTTPS.", "El puerto en el que escucha para HTTPS.", between=(0, 65_535)
    )
    tls_certificate: Path | None = _setting(  # noqa: RUF009 - makes a field
        None,
        "For tls = files: the certificate with its chain, PEM.",
        "Para tls = files: el certificado con su cadena, en PEM.",
    )
    tls_key: Path | None = _setting(  # noqa: RUF009
        None,
        "For tls = files: the certificate's key, PEM, without a password.",
        "Para tls = files: la clave del certificado, en PEM y sin contraseña.",
    )
    http: bool = _setting(
        True,
        "Whether the LAN is served without HTTPS too; if not, pages lead to HTTPS.",
        "Si la red también se atiende sin HTTPS; si no, las páginas llevan a HTTPS.",
    )
    mdns: bool = _setting(
        True,
        "Whether the server is found as structura.local on the LAN.",
        "Si el servidor se encuentra en la red como structura.local.",
    )
    frontend: Path | None = _setting(  # noqa: RUF009
        None,
        "A folder with a built frontend, served at /.",
        "Una carpeta con la aplicación de la planta ya compilada, que se sirve en /.",
    )
    cors_origins: tuple[str, ...] = _setting(
        (),
        "Other origins whose pages may call the API; * for any.",
        "Otros orígenes cuyas páginas pueden llamar a la API; * para cualquiera.",
    )
    kiosk_collections: tuple[str, ...] | None = _setting(
        None,
        "Lists that are open without a token; if it is not set, machines where a frontend is served.",
        "Listas que se leen sin token; si no se indica, machines donde se sirve la aplicación de la planta.",
        choices=tuple(collection.path for collection in COLLECTIONS if collection.path not in CLOSED),
    )
    require_paired_terminals: bool = _setting(
        False,
        "Whether a PIN is good at paired terminals only.",
        "Si un PIN vale solamente en los terminales vinculados.",
    )
    time_zone: str = _setting(
        "",
        "The plant's, as in America/Montevideo; empty: this machine's.",
        "La de la planta, como America/Montevideo; vacía: la de este equipo.",
    )
    token_hours: float = _setting(
        12.0, "How long a login lasts, in hours.", "Cuánto dura una sesión, en horas.", between=(0, 24 * 365)
    )
    jwt_secret: str = _setting(
        "",
        "What signs tokens; empty: a key made on first start.",
        "Lo que firma los tokens; vacío: una clave hecha en el primer arranque.",
        secret=True,
    )
    change_log_days: int = _setting(
        400,
        "How long changes stay in the log once head office has them; 0: for good.",
        "Cuántos días quedan los cambios en el registro una vez que la central los tiene; 0: para siempre.",
        between=(0, 36_500),
    )
    backup_copy: Path | None = _setting(  # noqa: RUF009
        None,
        "A second place for backups, such as another disk.",
        "Un segundo lugar para las copias de seguridad, como otro disco.",
    )
    log_level: str = _setting(
        "INFO",
        "How much the log says: DEBUG, INFO, WARNING or ERROR.",
        "Cuánto dice el registro: DEBUG, INFO, WARNING o ERROR.",
        at_start=True,
        choices=LEVELS,
    )
    log_format: str = _setting(
        "text",
        "How the log is written: text, or json: an object a line.",
        "Cómo se escribe el registro: text, o json: un objeto por línea.",
        at_start=True,
        choices=FORMATS,
    )
    metrics: bool = _setting(
        False,
        "Whether /metrics is there, for Prometheus; open to the whole LAN.",
        "Si existe /metrics, para Prometheus; abierto a toda la red.",
    )
    origins: Mapping[str, tuple[str, str]] = field(default_factory=dict, compare=False)

    @property
    def kiosks(self) -> frozenset[str]:
        """The lists that are open without a token."""
        if self.kiosk_collections is None:
            return frozenset({"machines"} if self.frontend else ())
        return frozenset(self.kiosk_collections)


AT_START = frozenset(field.name for field in fields(Settings) if field.metadata.get("at_start"))
NAMES = tuple(field.name for field in fields(Settings) if field.name != "origins")  # data_dir first


def load(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force; StartError names what is wrong and where."""
    data_dir = _data_dir(flags, environment)
    values: dict[str, Any] = {"data_dir": data_dir}
    origins: dict[str, tuple[str, str]] = {}
    if flags.get("data_dir"):
        origins["data_dir"] = ("flag", "--data-dir")
    elif environment.get("STRUCTURA_DATA_DIR"):
        origins["data_dir"] = ("environment", "STRUCTURA_DATA_DIR")
    for name in NAMES[1:]:
        variables = (f"STRUCTURA_{name.upper()}", _FORMER_NAMES.get(name, ""))
        variable = next((v for v in variables if environment.get(v)), None)
        if flags.get(name) is not None:
            given, origins[name] = flags[name], ("flag", f"--{name.replace('_', '-')}")
        elif variable:
            given, origins[name] = environment[variable], ("environment", variable)
        else:
            continue
        values[name] = _parsed(name, given, origins[name][1])
    return _with_file(values, origins, read_text(data_dir))


def _data_dir(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Path:
    data_dir = Path(flags.get("data_dir") or environment.get("STRUCTURA_DATA_DIR") or default_data_dir())
    return data_dir.expanduser().absolute()


def of_the_log(flags: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> Settings:
    """Where a server logs, and in which format, although its settings cannot be loaded; the rest is as by default."""
    data_dir = _data_dir(flags, environment)
    with contextlib.suppress(StartError, ValueError):
        said = environment.get("STRUCTURA_LOG_FORMAT") or tomllib.loads(read_text(data_dir)).get("log_format", "text")
        return Settings(data_dir, log_format=_format(said))
    return Settings(data_dir)


def reread(settings: Settings, text: str) -> Settings:
    """The settings with this text in the settings file; what flags and the environment say stays. StartError."""
    origins = {name: origin for name, origin in settings.origins.items() if origin[0] != "file"}
    values = {name: getattr(settings, name) for name in {"data_dir", *origins}}
    return _with_file(values, origins, text)


def carried_on(before: Settings, after: Settings) -> Settings:
    """The settings `after` a change, as a process has them that goes on: what waits for a start is as `before`."""
    origins = {name: origin for name, origin in after.origins.items() if name not in AT_START}
    origins |= {name: before.origins[name] for name in AT_START & before.origins.keys()}
    return replace(after, **{name: getattr(before, name) for name in AT_START}, origins=origins)


def read_text(data_dir: Path) -> str:
    """What the settings file says; nothing if there is none. StartError if it cannot be read."""
    path = data_dir / FILE_NAME
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise StartError(trouble(path, error, "read")) from error
    except UnicodeDecodeError as error:
        raise StartError(f"{path} cannot be read: {error}") from error


def parsed(name: str, value: Any) -> Any:
    """A setting's value as the server uses it. SettingError if it cannot be one."""
    return _parsed(name, value, "settings")


def _with_file(values: dict[str, Any], origins: dict[str, tuple[str, str]], text: str) -> Settings:
    path = values["data_dir"] / FILE_NAME
    for name, given in _written(path, text).items():
        if name not in origins:
            origins[name] = ("file", _place(path, text, name))
            values[name] = _parsed(name, given, origins[name][1])
    settings = Settings(**values, origins=origins)
    for name, why in _contradictions(settings):
        _, where = origins.get(name) or origins.get("tls", ("", str(path)))
        raise SettingError(where, name, why)
    return settings


def _contradictions(settings: Settings) -> Iterator[tuple[str, str]]:
    """Settings that are good each by itself, but not together."""
    if settings.tls == "files":
        for name in ("tls_certificate", "tls_key"):
            if getattr(settings, name) is None:
                yield name, "files for HTTPS are a certificate and its key"
    if settings.tls == "off" and not settings.http:
        yield "http", "without HTTPS there has to be HTTP"
    if settings.tls != "off" and settings.tls_port == settings.port != 0:
        yield "tls_port", "HTTP has this port"


def edited(text: str, values: Mapping[str, Any]) -> str:
    """The settings file with other values, None for no line; comments, order and all else stay."""
    import tomlkit  # noqa: PLC0415 - no start needs it

    document = tomlkit.parse(text)
    for name, value in values.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = value
    return tomlkit.dumps(document)


def default_data_dir() -> Path:
    """Where data lives unless told: the service's place if there is one, so that commands find it; else the user's."""
    service = service_data_dir()
    if (sys.platform == "linux" and os.geteuid() == 0) or service.is_dir():
        return service
    return platformdirs.user_data_path("structura-local", appauthor=False)


def service_data_dir() -> Path:
    """Where a service's data lives."""
    if sys.platform == "win32":
        return platformdirs.site_data_path("structura-local", appauthor=False)  # %ProgramData%
    return Path("/var/lib/structura-local")


def service_manager(environment: Mapping[str, str] = os.environ) -> tuple[str, float]:
    """Where systemd listens, and within how many seconds it wants to hear that the server is alive; ("", 0) without."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    return environment.get("NOTIFY_SOCKET", ""), int(microseconds) / 1e6 if microseconds.isdigit() else 0.0


def language(environment: Mapping[str, str] = os.environ) -> str:
    """`es` or `en`: what whoever sits at this machine reads."""
    named = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), None)
    if named is None and sys.platform == "win32":
        named = locale.getlocale()[0]  # `Spanish_Uruguay`, or `es_UY`
    return "es" if (named or "").lower().startswith(("es", "spanish")) else "en"


def _written(path: Path, text: str) -> Mapping[str, Any]:
    try:
        written = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StartError(f"{path} cannot be read: {error}") from error
    known = set(NAMES[1:])
    for name in written:
        if name not in known:
            raise StartError(
                f"{_place(path, text, name)}: unknown setting '{name}' (known: {', '.join(sorted(known))})"
            )
    return written


def _place(path: Path, text: str, name: str) -> str:
    """Where a setting stands: file and line."""
    key = re.compile(rf"""\s*["']?{re.escape(name)}["']?\s*=""")
    found = (number for number, line in enumerate(text.splitlines(), 1) if key.match(line))
    return f"{path}:{next(found, 1)}"


def _parsed(name: str, value: Any, where: str) -> Any:
    try:
        return _PARSERS[name](value)
    except ValueError as error:
        raise SettingError(where, name, str(error)) from error
    except (TypeError, AttributeError) as error:  # a list for a path, a number for a list
        raise SettingError(where, name, f"it cannot be {value!r}") from error


def _port(value: Any) -> int:
    if (number := _whole(value)) is None or not 0 <= number <= 65535:
        raise ValueError(f"{_said(value)} is not a whole number between 0 and 65535")
    return number


def _whole(value: Any) -> int | None:
    """A whole number, or None; as a text too, since the environment has no other."""
    text = "" if isinstance(value, bool) else str(value).strip()
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,9}", text) else None


def _said(value: Any) -> str:
    """A value as whoever wrote it finds it again."""
    return value if isinstance(value, str) and value.strip() else repr(value)


def _tls(value: Any) -> str:
    if value not in TLS:
        raise ValueError(f"{value} is none of {', '.join(TLS)}")
    return str(value)


def _folder(value: Any) -> Path:
    path = Path(value).expanduser().absolute()
    if not (path / "index.html").is_file():
        raise ValueError(f"{path} has no index.html")
    return path


def _days(value: Any) -> int:
    days = _whole(value)
    if days is None or (days and not 90 <= days <= 36_500):
        raise ValueError(f"{_said(value)} is neither 0 nor a whole number between 90 and 36500")
    return days


def _place_for(value: Any) -> Path:
    path = Path(value).expanduser()
    if not path.is_absolute():
        raise ValueError(f"{path} is not a whole path")
    return path


def _names(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(part.strip() for part in parts if part.strip())


def _kiosks(value: Any) -> tuple[str, ...]:
    names = _names(value)
    closed = CLOSED & set(names)
    if closed:
        raise ValueError(f"{', '.join(sorted(closed))} can never be read without a token")
    unknown = set(names) - {collection.path for collection in COLLECTIONS}
    if unknown:
        raise ValueError(f"there is no list {', '.join(sorted(unknown))}")
    return names


def _flag(value: Any) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise ValueError(f"{value} is neither true nor false")
    return str(value).lower() == "true"


def _hours(value: Any) -> float:
    try:
        hours = float(value)
    except (ValueError, TypeError):
        hours = 0.0
    if isinstance(value, bool) or not 0 < hours <= 24 * 365:
        raise ValueError(f"{_said(value)} is not a number above 0 and up to 8760")
    return hours


def zone(value: Any) -> str:
    try:
        return ZoneInfo(str(value)).key if value else ""
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{value} is no time zone, as 'America/Montevideo' is") from None


def _level(value: Any) -> str:
    level = str(value).upper()
    if level not in LEVELS:
        raise ValueError(f"{value} is none of {', '.join(LEVELS)}")
    return level


def _format(value: Any) -> str:
    if value not in FORMATS:
        raise ValueError(f"{value} is none of {', '.join(FORMATS)}")
    return str(value)


_PARSERS: Mapping[str, Any] = {
    "host": str,
    "port": _port,
    "tls": _tls,
    "tls_port": _port,
    "tls_certificate": _place_for,
    "tls_key": _place_for,
    "http": _flag,
    "mdns": _flag,
    "frontend": _folder,
    "cors_origins": _names,
    "kiosk_collections": _kiosks,
    "require_paired_terminals": _flag,
    "time_zone": zone,
    "token_hours": _hours,
    "jwt_secret": str,
    "change_log_days": _days,
    "backup_copy": _place_for,
    "log_level": _level,
    "log_format": _format,
    "metrics": _flag,
}
