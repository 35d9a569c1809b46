"""The program on a PC whose clock a test may set at any moment: python clocked.py FILE serve --data-dir …

FILE says how wrong the clock is, in milliseconds. The time since the start is right all the same, as on a real PC.
"""

import sys
import time
from pathlib import Path
from typing import Any

from structura_local import clock
from structura_local.__main__ import main


class WrongTime:
    """In the place of the module `time`, for the one module of the program that asks for it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def time_ns(self) -> int:
        return time.time_ns() + int(self._file.read_text()) * 1_000_000


if __name__ == "__main__":
    clock.time = WrongTime(Path(sys.argv[1]))  # type: ignore[assignment]
    sys.exit(main(sys.argv[2:]))
