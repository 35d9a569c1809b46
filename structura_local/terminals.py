"""The commands for paired terminals, through the server that runs, as the owner of this machine: so an administrator
who can log in nowhere can pair a terminal again.
"""

import argparse
import json
from urllib.parse import quote

from structura_local.folder import Folder
from structura_local.owner import ask
from structura_local.settings import Settings

_PATH = "/api/system/terminals"


async def add(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """Make a code for a terminal."""
    folder.require()
    made = await ask(folder, "POST", _PATH, json.dumps({"name": arguments.name}).encode())
    print(f"Code for '{made['name']}': {made['code']}")
    print(f"Open /pair of this server on the terminal and type it in before {made['expiresAt']}; it works once.")
    return 0


async def show(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """List the terminals."""
    folder.require()
    found = await ask(folder, "GET", _PATH)
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    for one in found:
        if "pairedAt" in one:
            state = f"paired {one['pairedAt']}, last login {one['lastSeenAt']} from {one['address']}"
        else:
            state = f"waits for its code until {one['expiresAt']}"
        print(f"{one['id']}  {one['name']}: {state}")
    if not found:
        print("No terminal is paired.")
    return 0


async def revoke(arguments: argparse.Namespace, settings: Settings, folder: Folder) -> int:
    """End the pairing of a terminal."""
    folder.require()
    await ask(folder, "DELETE", f"{_PATH}/{quote(arguments.id, safe='')}")
    print("It is not paired any more; whoever was logged in there is logged out.")
    return 0
