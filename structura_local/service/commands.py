"""The commands `service …`."""

import argparse
import asyncio
import contextlib
import json
import sys
from dataclasses import asdict

from structura_local.folder import Folder
from structura_local.invitation import invite
from structura_local.settings import Settings

if sys.platform == "win32":
    from structura_local.service import windows as manager
else:
    from structura_local.service import systemd as manager

NOT_RUNNING, NOT_INSTALLED = 3, 4  # what systemctl ends with
PATIENCE = 30.0  # seconds until a service that starts is heard of


async def install(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Have the server start with the machine."""
    frozen = getattr(sys, "frozen", False)
    print(manager.install([sys.executable] if frozen else [sys.executable, "-m", "structura_local"]))
    return 0


async def start(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Start the service; where there is no plant yet, show how to set one up."""
    print(manager.start())
    if links := await _setup_links(folder):
        invite(links)
    return 0


async def _setup_links(folder: Folder) -> list[str]:
    """The links of a server that waits to be set up; none if there is a plant, or nothing is heard in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while not folder.exists:
                if folder.is_locked() and (running := folder.running()) and running.get("setup"):
                    return list(running["setup"])
                await asyncio.sleep(0.1)
    return []


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
            if links := running.get("setup"):
                invite(links)
        if state.restarts:
            print(f"It was restarted {state.restarts} times since it was started.")
    return 0 if state.running else NOT_RUNNING if state.installed else NOT_INSTALLED


async def uninstall(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Take the service away."""
    print(manager.uninstall())
    return 0
