"""A program of another version: a copy of this one's source, with more fields or another protocol."""

import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]

FIELDS = '    text("hologram"),\n        number("visits", merge=Merge.COUNTER),\n'

# A nullable column each, as any later version would add one.
PLANT_MIGRATION = '''"""Clients have holograms and visits."""
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{latest}"


def upgrade() -> None:
    op.add_column("clients", sa.Column("hologram", sa.Text()))
    op.add_column("clients", sa.Column("visits", sa.{number}()))
'''
CENTRAL_MIGRATION = PLANT_MIGRATION.replace(
    '"clients", sa.Column', '"clients", schema="structura_sync", column=sa.Column'
)


def newer(folder: Path) -> Path:
    """A program whose clients have two fields more: `hologram`, a text, and `visits`, a counter."""
    source = _copied(folder)
    _edit(source / "structura_local/domain/clients.py", r"(        text\(\"taxId\".*\n)", rf"\1    {FIELDS}")
    _edit(
        source / "structura_local/domain/clients.py",
        r"import Collection, text",
        "import Collection, Merge, number, text",
    )
    _edit(source / "structura_local/store/revision.py", r'(?m)^NEWEST = "\w+"', 'NEWEST = "9999"')
    for versions, migration, number in (
        (source / "structura_local/store/migrations/versions", PLANT_MIGRATION, "Float"),
        (source / "sync/central/migrations/versions", CENTRAL_MIGRATION, "Numeric"),
    ):
        latest = max(versions.glob("[0-9]*.py")).name.split("_")[0]
        (versions / "9999_more.py").write_text(migration.format(latest=latest, number=number))
    return source


def other_major(folder: Path, major: int) -> Path:
    """A program that speaks another protocol."""
    source = _copied(folder)
    _edit(source / "sync/protocol.py", r"(?m)^MAJOR = \d+$", f"MAJOR = {major}")
    return source


def _copied(folder: Path) -> Path:
    for package in ("structura_local", "sync"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def _edit(file: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, file.read_text())
    assert count == 1, (file, pattern)
    file.write_text(text)
