"""The server's log over HTTP."""

import logging
from pathlib import Path

import pytest

from structura_local import logs
from structura_local.operations import log
from structura_local.settings import Settings
from tests.plant import Api


@pytest.fixture(params=["text", "json"])
def written(request: pytest.FixtureRequest, data_dir: Path) -> None:
    """Some lines in a log of this plant, in either form."""
    handler = logs.to_files(Settings(data_dir=data_dir, log_format=request.param))
    logger = logging.getLogger("structura_local.tried")
    logger.info("Ñandú began with pin=4711")
    logger.warning("the link to 10.0.0.7 broke")
    try:
        raise ValueError("at once")
    except ValueError:
        logger.exception("it failed")
    logging.getLogger().removeHandler(handler)
    handler.close()


@pytest.mark.usefixtures("written")
async def test_newest_first_without_secrets(api: Api) -> None:
    """Each line with its time, severity and origin; a trace belongs to its line; PINs are blotted out."""
    lines = [line for line in (await api.get("/api/system/logs")).json if line["logger"] == "structura_local.tried"]
    assert [line["level"] for line in lines] == ["ERROR", "WARNING", "INFO"]
    assert lines[0]["message"].startswith("it failed\nTraceback")
    assert lines[0]["message"].endswith("ValueError: at once")
    assert "4711" not in lines[2]["message"]
    assert all(line["at"].endswith("Z") and len(line["at"]) == 24 for line in lines)
    assert lines[0]["at"] >= lines[2]["at"]


@pytest.mark.usefixtures("written")
async def test_search(api: Api) -> None:
    """All words have to be there, in any case; a severity takes worse ones too; a limit is kept."""

    async def messages(query: str) -> list[str]:
        return [line["message"].split("\n")[0] for line in (await api.get(f"/api/system/logs?{query}")).json]

    assert await messages("q=TRIED%20%C3%B1and%C3%BA") == ["Ñandú began with pin=•••"]
    assert await messages("q=ValueError") == ["it failed"], "also what belongs to a line"
    assert await messages("q=tried&level=WARNING") == ["it failed", "the link to 10.0.0.7 broke"]
    assert await messages("q=tried&level=WARNING&limit=1") == ["it failed"]
    for wrong in ("level=LOUD", "limit=0", "nope=1", "cursor=x"):
        assert (await api.get(f"/api/system/logs?{wrong}")).status == 422, wrong


async def test_bounded(data_dir: Path, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much there is, so much is searched, over files that were rotated too; none at all is no error."""
    assert (await api.get("/api/system/logs")).json == []
    folder = data_dir / logs.FOLDER
    folder.mkdir()
    line = "2027-01-15 08:00:0{},000 INFO x: line {}\n"
    for number, name in enumerate((logs.NAME, f"{logs.NAME}.1", f"{logs.NAME}.2")):
        (folder / name).write_text(line.format(number, number) * 10)
    assert len((await api.get("/api/system/logs")).json) == 30
    monkeypatch.setattr(log, "SEARCHED", 15 * len(line.format(0, 0)))
    found = (await api.get("/api/system/logs")).json
    assert [entry["message"] for entry in found] == ["line 0"] * 10 + ["line 1"] * 5
