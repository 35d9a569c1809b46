"""What the documents say of commands, settings and files is so."""

import argparse
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from structura_local import __version__
from structura_local.__main__ import _parser
from structura_local.settings import NAMES

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
NOT_OURS = {".venv", "build", "dist", ".demo", "node_modules"}
DOCUMENTS = [p for p in ROOT.rglob("*.md") if not set(p.relative_to(ROOT).parts) & NOT_OURS]


def section(title: str) -> str:
    """The text under a heading of the README."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def commands(parser: argparse.ArgumentParser, before: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The commands of the program with their parsers, by what one types."""
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not groups:
        yield before.strip(), parser
    for group in groups:
        for name, sub in group.choices.items():
            yield from commands(sub, f"{before} {name}")


def test_the_readme_lists_every_command_with_its_options() -> None:
    """The table under 'Commands' is what the program offers."""
    said = dict(re.findall(r"^\| `([a-z][a-z-]*(?: [a-z][a-z-]*)?)([^`]*)`", section("Commands"), re.MULTILINE))
    for name, parser in commands(_parser()):
        own = {o for a in parser._actions for o in a.option_strings if o.startswith("--")}
        assert set(re.findall(r"--[a-z-]+", said[name])) == own - {"--help", "--data-dir", "--log-level"}, name
    assert said.keys() == dict(commands(_parser())).keys()


def test_the_readme_lists_every_setting() -> None:
    """The table under 'Settings' names each, with its environment variable."""
    said = re.findall(r"^\| (?:`([a-z_]+)`|–) \|.*?`(STRUCTURA_[A-Z_]+)`", section("Settings"), re.MULTILINE)
    assert {(name or "data_dir", variable) for name, variable in said} == {
        (name, f"STRUCTURA_{name.upper()}") for name in NAMES
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    """No document points to a file that is not there."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_make_help_lists_every_target() -> None:
    """`make help` knows what can be made."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    said = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^  make ([a-z]+)", said, re.MULTILINE)) == targets


def test_one_version() -> None:
    """The project and the program say the same version."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{__version__}"\n' in project
