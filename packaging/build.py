"""Builds dist/structura-local as structura.spec says.

PyInstaller wants binutils on Linux, but does without: it uses them to check that what begins like a program is one, and
to put its archive into a section of the executable. Without them the archive goes to the end of the file, as on other
systems, and the folder keeps its debug symbols.
"""

import os
import shutil
import sys
from pathlib import Path

from PyInstaller import __main__, compat
from PyInstaller.building import api

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Ends the process with PyInstaller's sentence if it fails."""
    os.environ["PYINSTALLER_CONFIG_DIR"] = str(ROOT / "build" / "cache")  # not the user's
    if sys.platform == "linux" and not (shutil.which("objdump") and shutil.which("objcopy")):
        print("binutils are not installed: the folder will be larger than it has to be.", flush=True)
        compat.check_requirements = lambda: None
        api.is_linux = False
    work, dist = ROOT / "build", ROOT / "dist"
    __main__.run(
        ["--noconfirm", "--log-level=ERROR", f"--workpath={work}", f"--distpath={dist}", str(ROOT / "structura.spec")]
    )


if __name__ == "__main__":
    main()
