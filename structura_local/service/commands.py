"""The commands `service …`."""

import argparse
import json
import sys
from dataclasses import asdict

from structura_local.folder import Folder
from structura_local.settings import Settings

if sys.platform == "win32":
    from structura_local.service import windows as manager
else:
    from structura_local.service import systemd as manager

NOT_RUNNING, NOT_INSTALLED = 3, 4  # what systemctl ends with


async def install(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Have the server start with the machine."""
    frozen = getattr(sys, "frozen", False)
    print(manager.install([sys.executable] if frozen else [sys.executable, "-m", "structura_local"]))
    return 0


async def start(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Start the service."""
    print(manager.start())
    return 0


async def stop(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Stop the service."""
    print(manager.stop())
    return 0


async def status(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Say how the service is."""
    state = manager.status()
    running = folder.running() if state.running else None
    if arguments.json:
        print(json.dumps({**asdict(state), "url": running["url"] if running else None}, indent=1))
    elif not state.installed:
        print("The service is not installed; 'structura-local service install' does that.")
    else:
        where = f", process {state.process}" if state.process else ""
        boot = "starts" if state.at_boot else "does not start"
        print(f"The service is {state.detail}{where}; it {boot} with the machine.")
        if running:
            print(f"It serves {running['url']}.")
        if state.restarts:
            print(f"It was restarted {state.restarts} times since it was started.")
    return 0 if state.running else NOT_RUNNING if state.installed else NOT_INSTALLED


async def uninstall(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Take the service away."""
    print(manager.uninstall())
    return 0
