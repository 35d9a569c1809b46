"""The command line: arguments → settings → run. Exit codes: 0 fine, 1 failed with a sentence why, 2 wrong usage.

A command is named by module and function, and only the module of the one that runs is loaded: a server has no use for
what head office's commands need.
"""

import argparse
import contextlib
import importlib
import importlib.util
import io
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from structura_local import __version__, logs
from structura_local.domain.catalog import BY_PATH
from structura_local.errors import AppError, StartError
from structura_local.folder import Folder
from structura_local.rights import hand_over
from structura_local.settings import Settings, language, load, of_the_log
from structura_local.trouble import is_about_files, trouble
from sync.protocol import SyncError

if sys.platform == "win32":
    import winloop as fast_loop  # type: ignore[import-not-found,unused-ignore]
else:
    import uvloop as fast_loop

SERVE = "commands.serve"
SERVICE = "service.run"  # what Windows' service manager runs


def main(argv: Sequence[str] | None = None, say: Callable[[str], None] | None = None) -> int:
    """Run one command; returns its exit code. Why it failed is said on the error output, or with `say`."""
    say = say or _said
    _ready_streams()
    arguments = _parser().parse_args(argv)
    os.umask(0o077)  # whatever is written is for this account alone
    if sys.platform == "win32" and arguments.run == SERVICE:
        from structura_local.service import handler  # noqa: PLC0415 - answers before anything else is loaded

        return handler.run(lambda: main(["serve"], handler.said))
    settings = None
    try:
        settings = load(vars(arguments))
        logs.to_stderr(settings)
        return fast_loop.run(_run(arguments, settings))  # type: ignore[no-any-return,unused-ignore]
    except AppError as error:
        sentence, told = str(error), error.sentence(language())
    except (StartError, SyncError) as error:
        sentence = told = str(error)
    except OSError as error:
        if error.filename is None or not is_about_files(error):
            raise
        sentence = told = trouble(Path(error.filename), error)
    except KeyboardInterrupt:
        return 130
    say(told)
    if arguments.run == SERVE:
        with contextlib.suppress(OSError):  # what keeps the log from being written may be the very reason
            settings = settings or of_the_log(vars(arguments))
            if logs.not_started(settings, sentence):
                hand_over(settings.data_dir)
    return 1


def _ready_streams() -> None:
    """Have an input and two outputs, and let the outputs take any character.

    A service on Windows is given none of them; files and pipes would have its old code page, which knows no check mark.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - as long as the process
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def _said(sentence: str) -> None:
    print(f"structura-local: {sentence}", file=sys.stderr)


async def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    running: Coroutine[Any, Any, int] = _named(arguments.run)(arguments, settings, Folder(settings.data_dir))
    try:
        return await running
    finally:
        hand_over(settings.data_dir)


def _named(name: str) -> Any:
    """The function of a command: `office.init` is `init` in structura_local/office.py."""
    module, _, function = name.rpartition(".")
    return getattr(importlib.import_module(f"structura_local.{module}"), function)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data-dir", metavar="DIR", help="where this plant's data lives")
    common.add_argument("--log-level", metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR")
    parser = argparse.ArgumentParser(prog="structura-local", description="The plant server for Structura.")
    subs = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: str, about: str, under: Any = subs) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = under.add_parser(name, help=about, description=about, parents=[common])
        added.set_defaults(run=run)
        return added

    init = command("init", "commands.init", "Set up a plant in an empty data folder.")
    init.add_argument("--plant", required=True, metavar="NAME", help="what people call the plant")
    init.add_argument("--admin-name", required=True, metavar="N")
    init.add_argument("--admin-pin", required=True, metavar="P", help="4 to 8 digits")
    init.add_argument("--demo-data", action="store_true", help="with some machines, stock and a project to try out")

    serve = command("serve", SERVE, "Serve the API to the plant, in step with head office.")
    serve.add_argument("--host", help="address to listen on (0.0.0.0: the whole LAN)")
    serve.add_argument("--port", help="port to listen on for HTTP (8000)")
    serve.add_argument("--frontend", metavar="DIR", help="folder with a built frontend to serve at /")

    take_in = command(
        "import", "commands.take_in", "Import the former frontend's data, or the former backend's database."
    )
    take_in.add_argument("file", type=Path, metavar="FILE")
    take_in.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")
    take_in.add_argument("--json", action="store_true", help="the report as JSON")
    give_out = command("export", "commands.give_out", "Export all data in the frontend's format, without PINs.")
    give_out.add_argument("file", type=Path, metavar="FILE")
    give_out.add_argument("--with-new-pins", action="store_true", help="give each user a new PIN, in the file alone")

    enroll = command("enroll", "commands.enroll", "Connect this plant to head office with the bundle it made.")
    enroll.add_argument("file", type=Path, metavar="FILE")
    enroll.add_argument("--yes", action="store_true", help="also when the bundle is for a plant of another name")

    _sync_commands(command, subs)
    _terminal_commands(command, subs)
    _safety_commands(command, subs)
    why = command("why", "commands.why", "Why an object is as it is: who wrote what, where, when; also a deleted one.")
    why.add_argument("collection", metavar="COLLECTION", choices=list(BY_PATH), help="machines, jobs, projects, …")
    why.add_argument("id", metavar="ID")
    why.add_argument("--json", action="store_true")

    _service_commands(command, subs)
    _doctor_commands(command)
    _office_commands(command, subs)
    if importlib.util.find_spec("structura_local.demo"):  # not in the packaged program
        trial = command("demo", "demo.run", "Try it out: a plant with sample data and a head office, on this machine.")
        trial.add_argument("--port")
        trial.add_argument("--frontend", metavar="DIR")
    shown = command("settings", "commands.show_settings", "Say each setting, and where it comes from.")
    shown.add_argument("--json", action="store_true")
    command("version", "commands.version", f"Say the version ({__version__}).")
    return parser


def _sync_commands(command: Callable[..., argparse.ArgumentParser], subs: Any) -> None:
    sync = subs.add_parser("sync", help="How this plant stays in step.").add_subparsers(required=True, metavar="WHAT")
    status = command("status", "commands.sync_status", "What the sync does, what waits, and since when.", sync)
    status.add_argument("--json", action="store_true")
    command("now", "commands.sync_now", "Exchange with head office now.", sync)
    out = command("export", "carry.sync_export", "Write what waits for head office to a file, to carry it there.", sync)
    out.add_argument("file", type=Path, metavar="FILE")
    out.add_argument("--clock-is-right", action="store_true", help="it was set back while changes waited, and rightly")
    back = command("import", "carry.sync_import", "Apply head office's answer, a file that was carried here.", sync)
    back.add_argument("file", type=Path, metavar="FILE")


def _terminal_commands(command: Callable[..., argparse.ArgumentParser], subs: Any) -> None:
    about = "The terminals where people may log in (setting require_paired_terminals)."
    paired = subs.add_parser("terminals", help=about).add_subparsers(required=True, metavar="WHAT")
    add = command("add", "terminals.add", "Make a code that pairs a terminal; the server has to run.", paired)
    add.add_argument("name", metavar="NAME", help="what people call the terminal")
    listed = command("list", "terminals.show", "Which terminals are paired, and which wait for their code.", paired)
    listed.add_argument("--json", action="store_true")
    revoke = command("revoke", "terminals.revoke", "End the pairing of a terminal, and who is logged in there.", paired)
    revoke.add_argument("id", metavar="ID", help="as terminals list shows it")


def _safety_commands(command: Callable[..., argparse.ArgumentParser], subs: Any) -> None:
    backup = command("backup", "safety.backup", "Make a backup now, checked; or list them.")
    backup.add_argument("--list", action="store_true", help="make none, list those there are")
    backup.add_argument("--json", action="store_true")
    restore = command(
        "restore", "safety.restore", "Put a backup in the place of the database, which is kept as one too."
    )
    restore.add_argument("backup", metavar="BACKUP", help="an id, as backup --list shows it, a file, or 'present'")
    restore.add_argument("--yes", action="store_true", help="without asking")
    restore.add_argument("--json", action="store_true")
    users = subs.add_parser("users", help="People and their PINs.").add_subparsers(required=True, metavar="WHAT")
    reset = command("reset-pin", "safety.reset_pin", "Give somebody a new PIN, by default the administrator.", users)
    reset.add_argument("user", nargs="?", metavar="USER", help="an id or a name")
    reset.add_argument("--pin", metavar="P", help="4 to 8 digits; without it, four are made up")


def _service_commands(command: Callable[..., argparse.ArgumentParser], subs: Any) -> None:
    about = "The server as a service of this machine: it starts before anybody logs in, and again after a failure."
    service = subs.add_parser("service", help=about).add_subparsers(required=True, metavar="WHAT")
    command("install", "service.commands.install", "Have the server start with the machine.", service)
    command("start", "service.commands.start", "Start it now.", service)
    command("stop", "service.commands.stop", "Stop it; it starts again with the machine.", service)
    state = command("status", "service.commands.status", "Whether it runs (0), not (3), is not there (4).", service)
    state.add_argument("--json", action="store_true")
    command("uninstall", "service.commands.uninstall", "Take the service away; the data stays.", service)
    if sys.platform == "win32":
        service.add_parser("run").set_defaults(run=SERVICE)


def _doctor_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    doctor = command("doctor", "doctor.commands.doctor", "Look at all that the server depends on; say how to mend it.")
    doctor.add_argument("--json", action="store_true")
    bundle = command(
        "support-bundle", "doctor.commands.support_bundle", "Write a zip for whoever helps from afar, without secrets."
    )
    bundle.add_argument("file", nargs="?", type=Path, default=Path("structura-support.zip"), metavar="FILE")


def _office_commands(command: Callable[..., argparse.ArgumentParser], subs: Any) -> None:
    central = subs.add_parser("central", help="For head office.").add_subparsers(required=True, metavar="WHAT")
    dsn: dict[str, Any] = {"nargs": "?", "default": os.environ.get("DATABASE_URL"), "metavar": "DSN"}
    dsn["help"] = "postgresql://user:password@host/database (default: $DATABASE_URL)"
    command("init", "office.init", "Set up head office's database, or bring it to this version.", central).add_argument(
        "dsn", **dsn
    )
    new = command("enroll", "office.enroll", "Make a plant and a bundle for one of its PCs.", central)
    new.add_argument("dsn", metavar="DSN")
    new.add_argument("plant", metavar="PLANT", help="its id: lower-case letters, digits and hyphens")
    new.add_argument("--name", help="what people call it")
    new.add_argument("--out", required=True, type=Path, metavar="FILE", help="where to write the bundle")
    revoke = command("revoke", "office.revoke", "Cut off the PC that holds a bundle.", central)
    revoke.add_argument("dsn", metavar="DSN")
    revoke.add_argument("role", metavar="ROLE", help="as central status lists it")
    state = command("status", "office.status", "Where each plant stands.", central)
    state.add_argument("dsn", **dsn)
    state.add_argument("--json", action="store_true")
    carried = command("import", "carry.central_import", "Apply a file that was carried here from a plant.", central)
    carried.add_argument("dsn", **dsn)
    carried.add_argument("file", type=Path, metavar="FILE")
    out = command("export", "carry.central_export", "Write the answer for a plant's PC to a file.", central)
    out.add_argument("dsn", **dsn)
    out.add_argument("plant", metavar="PLANT")
    out.add_argument("file", type=Path, metavar="FILE")
    out.add_argument("--node", metavar="NODE", help="which PC, if several exchange by files")
    lost = command(
        "conflicts", "office.conflicts", "Values that lost a conflict and that nobody has looked at.", central
    )
    lost.add_argument("dsn", **dsn)
    lost.add_argument("--plant", metavar="PLANT", help="only of this plant")
    lost.add_argument("--json", action="store_true")


if __name__ == "__main__":
    sys.exit(main())
