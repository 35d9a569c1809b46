"""The API does what its description says: generated requests of every kind against a running server (schemathesis).

All checks are on. Requests are the same in every run. The groups only share the work out among the processors.
"""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from structura_local.domain.catalog import COLLECTIONS
from structura_local.operations import users
from tests.plant import Api, Serve

HOOKS = "tests.web.conformance_hooks"
ROOT = Path(__file__).parent.parent.parent
CONFIG = """
[checks.positive_data_acceptance]
# What is valid and yet refused: it is there already, another version is asked for, it is no WebSocket, too many PINs
# were tried.
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "412", "426", "429"]

[checks.negative_data_rejection]
# What is not valid may be too much as well: a list of very many long texts.
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "428", "429"]

[generation]
deterministic = true
"""


async def conforms(api: Api, tmp_path: Path, who: str | None, *options: str) -> int:
    """How many operations were tried with generated requests; fails with the tool's own report."""
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG, encoding="utf-8")
    headers = ["--header", f"Authorization: Bearer {api.tokens[who]}"] if who else []
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(config),
        "run", f"{api.url}/api/openapi.json", "--checks", "all", "--no-shrink", "--no-color", *headers, *options,
        cwd=tmp_path,
        env={**os.environ, "SCHEMATHESIS_HOOKS": HOOKS, "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    tried = re.search(r"Operations: +(\d+) selected", said)
    assert tried, said
    return int(tried[1])


HALF = "^/api/(" + "|".join(collection.path for collection in COLLECTIONS[::2]) + ")($|/)"
WITHOUT_LOGOUT = ("--exclude-path", "/api/auth/logout")
FAST = ("--phases", "examples")
ALL = ("--phases", "examples,coverage,fuzzing", "--max-examples", "2")


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("who", "options"),
    [
        ("ADMIN", (*ALL, "--include-path-regex", HALF)),
        ("ADMIN", (*ALL, "--exclude-path-regex", f"{HALF}|/logout$")),
        ("OPERATOR", (*FAST, *WITHOUT_LOGOUT)),
        (None, FAST),
    ],
    ids=["ADMIN-half", "ADMIN-rest", "OPERATOR", "nobody"],
)
async def test_every_answer_is_as_described(
    serve: Serve, tmp_path: Path, who: str | None, options: tuple[str, ...]
) -> None:
    """Whatever a client sends, no answer is a server error and each is as its operation promises."""
    async with serve() as api:
        assert await conforms(api, tmp_path, who, *options) >= 20
        if who:
            assert (await api.get("/api/auth/me", who)).status == 200, "the token died: nothing was tested"


async def test_it_can_fail(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that lacks what is described is found out."""
    monkeypatch.setattr(users, "DIRECTORY_FIELDS", ("id",))
    async with serve() as api:
        with pytest.raises(AssertionError, match=r"\"name\" is a required property"):
            await conforms(api, tmp_path, "ADMIN", "--include-path", "/api/users/directory", "--phases", "fuzzing")
