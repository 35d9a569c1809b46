"""Checks of the data: the database, its program, its backups."""

from structura_local import __version__
from structura_local.doctor.finding import FAILED, OK, WARNING, Finding, say
from structura_local.folder import Folder
from structura_local.store import sqlite
from structura_local.store.backups import DAY, HOUR, Shelf
from structura_local.store.health import NEEDED, Health, is_safe

STALE, OLD = 26 * HOUR, 7 * DAY  # backups are hourly while the server runs; it may be switched off at night


def database(folder: Folder, health: Health | None) -> Finding:
    """Whether the database is whole; `health` is None where there is none."""
    if health is None and folder.exists:
        said = say("database-missing", path=folder.database)
        return Finding("database", FAILED, said, say("fix-database"))
    if health is None:
        return Finding("database", WARNING, say("no-plant", folder=folder.path), say("fix-no-plant"))
    if health.problems:
        return Finding(
            "database", FAILED, say("database-damaged", what="; ".join(health.problems)), say("fix-database")
        )
    if health.newer:
        versions = {"newer": health.newer, "version": __version__}
        return Finding("database", FAILED, say("database-newer", **versions), say("fix-newer", newer=health.newer))
    return Finding("database", OK, say("database", size=f"{folder.database.stat().st_size / 1e6:.1f}"))


def program(version: str = sqlite.VERSION) -> Finding:
    """Whether SQLite is one that keeps databases whole."""
    if is_safe(version):
        return Finding("sqlite", OK, say("sqlite", version=version))
    needed = ".".join(map(str, NEEDED))
    return Finding("sqlite", FAILED, say("sqlite-old", version=version, needed=needed), say("fix-sqlite"))


def backup(folder: Folder, now: int) -> Finding:
    """How old the newest backup is, of those that were checked after they were made."""
    there = Shelf(folder.backups).all()
    if not there:
        return Finding("backup", WARNING, say("backup-none"), say("fix-backup"))
    age = max(0, now - there[0].at)
    state = OK if age < STALE else WARNING if age < OLD else FAILED
    return Finding("backup", state, say("backup", hours=age // HOUR), None if state == OK else say("fix-backup"))
