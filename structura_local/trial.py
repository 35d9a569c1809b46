"""Settings on trial: in force, but undone unless somebody confirms them over the address that they lead to.

The file from before is kept until then, so a process that is killed meanwhile starts with it.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from structura_local.errors import StartError
from structura_local.files import read_json, write_secret
from structura_local.settings import FILE_NAME

PATIENCE = 300.0  # seconds
_KEPT = "settings-before.json"
_log = logging.getLogger(__name__)


class Trial:
    """At most one at a time. `ended` hears what the settings file says again when a trial ends unconfirmed."""

    def __init__(self, data_dir: Path, ended: Callable[[str], None]) -> None:
        self._data_dir = data_dir
        self._ended = ended
        self._timer: asyncio.TimerHandle | None = None
        self.names: frozenset[str] = frozenset()

    @property
    def left(self) -> int:
        """Seconds until the settings are undone; 0 if none are on trial."""
        if self._timer is None:
            return 0
        return max(0, round(self._timer.when() - asyncio.get_running_loop().time()))

    def begin(self, names: Iterable[str], before: str) -> None:
        """Keep what the file says `before` these settings are changed. StartError if that cannot be done."""
        write_secret(self._data_dir / _KEPT, json.dumps({"text": before}))
        self.names = frozenset(names)
        self._timer = asyncio.get_running_loop().call_later(PATIENCE, self.undo)

    def confirm(self) -> None:
        """Keep the settings."""
        (self._data_dir / _KEPT).unlink(missing_ok=True)
        self.stop()

    def undo(self) -> None:
        """Go back to the settings from before."""
        self.stop()
        try:
            text = undone(self._data_dir)
        except StartError as error:
            _log.error("the settings from before are not back in the file: %s", error)
            text = _kept(self._data_dir)
        if text is not None:
            _log.warning("nobody confirmed the new settings; those from before are in force again")
            self._ended(text)

    def stop(self) -> None:
        """Stop waiting."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self.names = None, frozenset()


def undone(data_dir: Path) -> str | None:
    """Put the file from before an unconfirmed change back; returns what it says, None if there is none."""
    text = _kept(data_dir)
    if text is not None:
        write_secret(data_dir / FILE_NAME, text)
        (data_dir / _KEPT).unlink(missing_ok=True)
    return text


def _kept(data_dir: Path) -> str | None:
    place = data_dir / _KEPT
    if not place.exists():
        return None
    text: str = read_json(place)["text"]
    return text
