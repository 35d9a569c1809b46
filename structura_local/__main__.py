"""The command line: arguments → settings → run. Exit codes: 0 fine, 1 failed with a sentence why, 2 wrong usage."""

import argparse
import importlib.util
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from structura_local import __version__, commands, office
from structura_local.errors import AppError, StartError
from structura_local.folder import Folder
from structura_local.settings import Settings, load
from sync.protocol import SyncError

if sys.platform == "win32":
    import winloop as fast_loop  # type: ignore[import-not-found,unused-ignore]
else:
    import uvloop as fast_loop


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        settings = load(vars(arguments))
        logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.getLogger("alembic").setLevel(logging.WARNING)
        return fast_loop.run(_run(arguments, settings))  # type: ignore[no-any-return,unused-ignore]
    except (StartError, AppError, SyncError) as error:
        print(f"structura-local: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


async def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    command: Coroutine[Any, Any, int] = arguments.run(arguments, settings, Folder(settings.data_dir))
    return await command


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data-dir", metavar="DIR", help="where this plant's data lives")
    common.add_argument("--log-level", metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR")
    parser = argparse.ArgumentParser(prog="structura-local", description="The plant server for Structura.")
    subs = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, about: str, under: Any = subs) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = under.add_parser(name, help=about, description=about, parents=[common])
        added.set_defaults(run=run)
        return added

    init = command("init", commands.init, "Set up a plant in an empty data folder.")
    init.add_argument("--plant", required=True, metavar="NAME", help="what people call the plant")
    init.add_argument("--admin-name", required=True, metavar="N")
    init.add_argument("--admin-pin", required=True, metavar="P", help="4 to 8 digits")
    init.add_argument("--demo-data", action="store_true", help="with some machines, stock and a project to try out")

    serve = command("serve", commands.serve, "Serve the API to the plant, in step with head office.")
    serve.add_argument("--host", help="address to listen on (0.0.0.0: the whole LAN)")
    serve.add_argument("--port", type=int)
    serve.add_argument("--frontend", metavar="DIR", help="folder with a built frontend to serve at /")

    take_in = command("import", commands.take_in, "Import the frontend's former data.")
    take_in.add_argument("file", type=Path, metavar="FILE")
    take_in.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    take_in.add_argument("--json", action="store_true", help="the report as JSON")
    give_out = command("export", commands.give_out, "Export all data in the frontend's format, without PINs.")
    give_out.add_argument("file", type=Path, metavar="FILE")

    enroll = command("enroll", commands.enroll, "Connect this plant to head office with the bundle it made.")
    enroll.add_argument("file", type=Path, metavar="FILE")
    enroll.add_argument("--yes", action="store_true", help="also when the bundle is for a plant of another name")

    sync = subs.add_parser("sync", help="How this plant stays in step.").add_subparsers(required=True, metavar="WHAT")
    status = command("status", commands.sync_status, "What the sync does, what waits, and since when.", sync)
    status.add_argument("--json", action="store_true")
    command("now", commands.sync_now, "Exchange with head office now.", sync)

    _office_commands(command, subs)
    if importlib.util.find_spec("structura_local.demo"):  # not in the packaged program
        from structura_local import demo  # noqa: PLC0415

        trial = command("demo", demo.run, "Try it out: a plant with sample data and a head office, on this machine.")
        trial.add_argument("--port", type=int)
        trial.add_argument("--frontend", metavar="DIR")
    command("version", commands.version, f"Say the version ({__version__}).")
    return parser


def _office_commands(command: Callable[..., argparse.ArgumentParser], subs: Any) -> None:
    central = subs.add_parser("central", help="For head office.").add_subparsers(required=True, metavar="WHAT")
    dsn: dict[str, Any] = {"nargs": "?", "default": os.environ.get("DATABASE_URL"), "metavar": "DSN"}
    dsn["help"] = "postgresql://user:password@host/database (default: $DATABASE_URL)"
    command("init", office.init, "Set up head office's database, or bring it to this version.", central).add_argument(
        "dsn", **dsn
    )
    new = command("enroll", office.enroll, "Make a plant and a bundle for one of its PCs.", central)
    new.add_argument("dsn", metavar="DSN")
    new.add_argument("plant", metavar="PLANT", help="its id: lower-case letters, digits and hyphens")
    new.add_argument("--name", help="what people call it")
    new.add_argument("--out", required=True, type=Path, metavar="FILE", help="where to write the bundle")
    revoke = command("revoke", office.revoke, "Cut off the PC that holds a bundle.", central)
    revoke.add_argument("dsn", metavar="DSN")
    revoke.add_argument("role", metavar="ROLE", help="as central status lists it")
    state = command("status", office.status, "Where each plant stands.", central)
    state.add_argument("dsn", **dsn)
    state.add_argument("--json", action="store_true")


if __name__ == "__main__":
    sys.exit(main())
