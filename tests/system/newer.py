"""A program of another version: a copy of this one's source with more fields, a collection more, another protocol."""

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
    op.add_column("clients", sa.Column("visits", sa.Numeric()))
'''
CENTRAL_MIGRATION = PLANT_MIGRATION.replace(
    '"clients", sa.Column', '"clients", schema="structura_sync", column=sa.Column'
)


ROBOTS = '''"""Robots on the shop floor."""

from structura_local.domain.fields import Collection, Merge, number, text

ROBOTS = Collection("robots", "Robot", (text("name", required=True), number("hours", default=0, merge=Merge.COUNTER)))
'''

# A table as the first schema of each side has them.
PLANT_TABLE = '''"""There are robots."""
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{latest}"


def upgrade() -> None:
    state = [sa.Column(name, sa.Text(), nullable=False) for name in ("_stamps", "_parts", "_extra", "_base")]
    op.create_table(
        "robots",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("hours", sa.Numeric()),
        sa.Column("_born", sa.Text(), nullable=False),
        sa.Column("_life", sa.Integer(), nullable=False),
        *state,
        sa.Column("_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_robots"),
    )
    op.create_index("ix_robots_seq", "robots", ["_seq"])
    op.create_index("ix_robots_order", "robots", ["_born", "id"], sqlite_where=sa.text("_life % 2 = 1"))
    op.create_index("ix_robots_deleted", "robots", ["id"], sqlite_where=sa.text("_life % 2 = 0"))
'''
CENTRAL_TABLE = '''"""There are robots."""
import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "9999"
down_revision = "{latest}"


def upgrade() -> None:
    empty = sa.text("\'{{}}\'::jsonb")
    state = [sa.Column(n, JSONB, server_default=empty, nullable=False) for n in ("_stamps", "_parts", "_extra")]
    op.create_table(
        "robots",
        sa.Column("plant_id", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("hours", sa.Numeric),
        sa.Column("_born", sa.Text(collation="C"), nullable=False),
        sa.Column("_life", sa.Integer, nullable=False),
        *state,
        sa.Column("_lsn", sa.BigInteger, nullable=False),
        sa.Column("_by", sa.Text),
        sa.PrimaryKeyConstraint("plant_id", "id", name="pk_robots"),
        schema="structura_sync",
    )
    numbered = sa.text("_lsn > 0")
    op.create_index(
        "ix_robots_lsn", "robots", ["plant_id", "_lsn"], schema="structura_sync", postgresql_where=numbered
    )
'''


def newer(folder: Path) -> Path:
    """A program whose clients have two fields more: `hologram`, a text, and `visits`, a counter."""
    source = _copied(folder)
    _edit(source / "structura_local/domain/clients.py", r"(        text\(\"taxId\".*\n)", rf"\1    {FIELDS}")
    _edit(
        source / "structura_local/domain/clients.py",
        r"import Collection, text",
        "import Collection, Merge, number, text",
    )
    _migrated(source, PLANT_MIGRATION, CENTRAL_MIGRATION)
    return source


def newer_collection(folder: Path) -> Path:
    """A program that knows one collection more: `robots`, with a name and `hours`, a counter."""
    source = _copied(folder)
    domain = source / "structura_local/domain"
    (domain / "robots.py").write_text(ROBOTS)
    _edit(domain / "catalog.py", r"(import PROJECTS\n)", r"\1from structura_local.domain.robots import ROBOTS\n")
    _edit(domain / "catalog.py", r"(?m)^(    PROJECT_ACCESSORIES,\n)", r"\1    ROBOTS,\n")
    _edit(domain / "access.py", r'(?m)^(    "inventory": _managed)', r'    "robots": _managed(),\n\1')
    _edit(
        source / "structura_local/web/openapi/examples.py",
        r"(?m)^OBJECTS.*\n",
        r'\g<0>    "robots": {"id": "R-01", "name": "Brazo", "hours": 812.5},\n',
    )
    _edit(source / "structura_local/__init__.py", r'__version__ = ".*"', '__version__ = "9999"')
    _migrated(source, PLANT_TABLE, CENTRAL_TABLE)
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


def _migrated(source: Path, plant: str, central: str) -> None:
    """One migration more on either side."""
    _edit(source / "structura_local/store/revision.py", r'(?m)^NEWEST = "\w+"', 'NEWEST = "9999"')
    for versions, migration in (
        (source / "structura_local/store/migrations/versions", plant),
        (source / "sync/central/migrations/versions", central),
    ):
        latest = max(versions.glob("[0-9]*.py")).name.split("_")[0]
        (versions / "9999_more.py").write_text(migration.format(latest=latest))


def _edit(file: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, replacement, file.read_text())
    assert count == 1, (file, pattern)
    file.write_text(text)
