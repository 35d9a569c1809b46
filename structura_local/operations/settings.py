"""The settings in force, each with what it would be otherwise and where it comes from; and changes of them.

Secrets are masked, and not changed here.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from structura_local.domain.access import LIST, UPDATE, Caller
from structura_local.errors import AppError, StartError
from structura_local.files import write_secret
from structura_local.operations.access import require
from structura_local.schemas import shown
from structura_local.settings import (
    AT_START,
    FILE_NAME,
    NAMES,
    SettingError,
    Settings,
    default_data_dir,
    edited,
    parsed,
    read_text,
    reread,
)
from structura_local.trial import Trial

MASK = "••••"
NOW, NEXT_START, OVERRIDDEN = "now", "next start", "overridden"
_OF_HTTPS = {"tls", "tls_port", "tls_certificate", "tls_key", "http"}
RISKY = {"host", "port", *_OF_HTTPS}  # who changes them may lock themselves out
_KINDS: Mapping[Any, str] = {
    bool: "boolean",
    int: "number",
    float: "number",
    str: "text",
    Path | None: "text",
    tuple[str, ...]: "list",
    tuple[str, ...] | None: "list",
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting as it is answered. `origin`: flag, environment, file or default; `where`: which flag, which variable,
    which file and line. `takesEffect`: when a change does: now, or at the next start; or it is overridden by a flag or
    a variable. `kind`: what it is changed with, text, number (whole if `whole`), boolean, choice or list; none if it is
    not changed over the API. `choices`: what it, or each in a list, can be. `atNextStart`: what the file says, if that
    waits for the next start. `confirmWithin`: it was changed, and is changed back in so many seconds. What is unset is
    left out.
    """

    name: str
    description: str
    origin: str
    takesEffect: str  # noqa: N815 - the API's names
    where: str | None = None
    value: Any = None
    default: Any = None
    kind: str | None = None
    whole: bool | None = None
    choices: list[str] | None = None
    least: float | None = None
    greatest: float | None = None
    atNextStart: Any = None  # noqa: N815
    confirmWithin: int | None = None  # noqa: N815


@dataclass(frozen=True, slots=True)
class Changed:
    """A setting that was changed in the file. `takesEffect` as of a setting; `where`: what overrides it."""

    name: str
    takesEffect: str  # noqa: N815
    where: str | None = None


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """What a change did. `beginsAnew`: the server does, now; the status has another `startedAt` when that is done.
    `confirmWithin`: unless it is confirmed in so many seconds, it is undone.
    """

    changed: list[Changed]
    beginsAnew: bool  # noqa: N815
    confirmWithin: int | None = None  # noqa: N815


class Administration:
    """Changes of the settings while the server runs.

    `check` raises SettingError if the server could not be reached with some; `apply` begins anew with them.
    """

    def __init__(
        self,
        settings: Settings,
        trial: Trial,
        check: Callable[[Settings], None],
        apply: Callable[[Settings], None],
    ) -> None:
        self._settings = settings
        self._trial = trial
        self._check = check
        self._apply = apply
        self._turn = asyncio.Lock()

    def find(self, caller: Caller, language: str) -> list[dict[str, Any]]:
        """What an administrator is told."""
        require(caller, "settings", LIST)
        return describe(self._settings, self._trial, language)

    async def change(self, caller: Caller, values: Mapping[str, Any]) -> tuple[dict[str, Any], Callable[[], None]]:
        """Write settings into the file, None for the default. If one is wrong, AppError names it; nothing is written.

        Returns what was done, and what puts it into force, for when that has been answered.
        """
        require(caller, "settings", UPDATE)
        async with self._turn:
            before = read_text(self._settings.data_dir)
            after = edited(before, values)
            chosen = _chosen(self._settings, after, values)
            names = {name for name in NAMES if getattr(chosen, name) != getattr(self._settings, name)}
            if after != before and self._trial.left:
                raise AppError("unconfirmed", seconds=self._trial.left)
            if after != before:
                await self._write(before, after, chosen, names & RISKY)
                _log.warning("%s changed settings: %s", caller.user_id or "the owner", ", ".join(sorted(values)))
            anew = bool(names - AT_START)
            done = SettingsChange([_effect(chosen, name) for name in values], anew, self._trial.left or None)
            return shown(done), (lambda: self._apply(chosen)) if anew else (lambda: None)

    def confirm(self, caller: Caller, *, secure: bool) -> None:
        """Keep what is on trial. AppError if nothing is, or if HTTPS is and this did not come by it."""
        require(caller, "settings", UPDATE)
        if not self._trial.left:
            raise AppError("nothing-unconfirmed")
        if not secure and self._settings.tls != "off" and self._trial.names & _OF_HTTPS:
            raise AppError("confirm-over-https", port=self._settings.tls_port)
        self._trial.confirm()

    async def _write(self, before: str, after: str, chosen: Settings, risky: set[str]) -> None:
        try:
            if risky:
                await asyncio.to_thread(self._check, chosen)
                self._trial.begin(risky, before)
            await asyncio.to_thread(write_secret, self._settings.data_dir / FILE_NAME, after)
        except SettingError as error:
            raise AppError("invalid", errors=[{"field": error.name, "msg": error.why}]) from None
        except StartError as error:
            self._trial.confirm()  # nothing was changed, so nothing is to be undone
            self._check(self._settings)  # and nothing more is to be held
            raise AppError("settings-unwritable", reason=str(error)) from error


def _chosen(settings: Settings, text: str, values: Mapping[str, Any]) -> Settings:
    """The settings that this text makes; AppError names each value that is wrong, and why."""
    errors = []
    for name, value in values.items():
        try:
            if value is not None:
                parsed(name, value)
        except SettingError as error:
            errors.append({"field": name, "msg": error.why})
    if errors:
        raise AppError("invalid", errors=errors)
    try:
        return reread(settings, text)
    except SettingError as error:
        raise AppError("invalid", errors=[{"field": error.name, "msg": error.why}]) from None
    except StartError as error:
        raise AppError("settings-unwritable", reason=str(error)) from error


def _effect(settings: Settings, name: str) -> Changed:
    origin, where = settings.origins.get(name, ("default", None))
    effect = _takes_effect(settings, name)
    return Changed(name, effect, where if origin != "file" and effect == OVERRIDDEN else None)


def _takes_effect(settings: Settings, name: str) -> str:
    if settings.origins.get(name, ("default",))[0] in ("flag", "environment"):
        return OVERRIDDEN
    return NEXT_START if name == "data_dir" or name in AT_START else NOW


def describe(settings: Settings, trial: Trial | None = None, language: str = "en") -> list[dict[str, Any]]:
    """All settings, in the order in which they are declared."""
    waiting = _waiting(settings)
    return [
        shown(_described(settings, field, trial, language, waiting.get(field.name)))
        for field in fields(Settings)
        if field.name in NAMES
    ]


def _waiting(settings: Settings) -> dict[str, Any]:
    """What the file says otherwise than is in force, until the next start."""
    try:
        written = reread(settings, read_text(settings.data_dir))
    except StartError:
        return {}  # whoever starts the server next is told
    found = {name: getattr(written, name) for name in AT_START}
    return {name: value for name, value in found.items() if value != getattr(settings, name)}


def _described(settings: Settings, field: Any, trial: Trial | None, language: str, waiting: Any) -> Setting:
    value = getattr(settings, field.name)
    if field.name == "kiosk_collections":
        value = sorted(settings.kiosks)
    origin, where = settings.origins.get(field.name, ("default", None))
    default = default_data_dir() if field.default is MISSING else field.default
    if field.metadata.get("secret") and value:
        value = MASK
    least, greatest = field.metadata.get("between") or (None, None)
    kind = _kind(field)
    return Setting(
        name=field.name,
        description=field.metadata["about"][language],
        origin=origin,
        takesEffect=_takes_effect(settings, field.name),
        where=where,
        value=_json(value),
        default=_json(default),
        kind=kind,
        whole=field.type is int if kind == "number" else None,
        choices=list(field.metadata.get("choices", ())) or None,
        least=least,
        greatest=greatest,
        atNextStart=waiting,
        confirmWithin=trial.left if trial and field.name in trial.names else None,
    )


def _kind(field: Any) -> str | None:
    if field.name == "data_dir" or field.metadata["secret"]:
        return None
    if field.type is str and field.metadata["choices"]:
        return "choice"
    return _KINDS[field.type]


def _json(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
