"""Structura Local as a service of the system: systemd, or Windows' service manager."""

from dataclasses import dataclass

NAME = "structura-local"


@dataclass(frozen=True, slots=True)
class State:
    """What the system's service manager says; `detail` in its own words."""

    installed: bool
    running: bool = False
    detail: str = ""
    at_boot: bool = False
    process: int | None = None
    restarts: int = 0
