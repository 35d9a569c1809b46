"""The pages that the program brings along. What their scripts do is tested in a browser: frontend/test."""

import re
from pathlib import Path

import pytest

from structura_local.web.page import FOLDER
from tests.plant import Api, Serve

PAGES = sorted(folder.name for folder in FOLDER.iterdir())


@pytest.mark.parametrize("page", PAGES)
async def test_pages_are_open_and_closed_in(api: Api, page: str) -> None:
    """A page comes without a token, with a policy that lets it load from here only, and is nobody's frame."""
    answer = await api.get(f"/{page}", None)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("page", PAGES)
async def test_pages_need_nothing_else(api: Api, page: str) -> None:
    """Whatever a page loads is served beside it, as what it is; none of it comes from another host or stands inline."""
    html = (await api.get(f"/{page}", None)).body.decode()
    loaded = re.findall(r"<(?:script|link|img)\b[^>]*?(?:src|href)=\"([^\"]+)\"", html)
    assert loaded
    for address in loaded:
        answer = await api.get(address, None)
        assert answer.status == 200, address
        expected = {".js": "javascript", ".css": "text/css", ".svg": "image/svg"}[Path(address).suffix]
        assert expected in answer.headers["Content-Type"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bon[a-z]+=\"|\bstyle=\"", html)


@pytest.mark.parametrize("page", PAGES)
def test_pages_begin_alike(page: str) -> None:
    """One head for all, with one look and one client; what a page has of its own lies beside it."""
    heads = [(FOLDER / name / "index.html").read_text("utf-8").partition("</head>")[0] for name in (page, "pair")]
    mine, another = (
        re.sub(r'lang="\w+"', "", head.replace(f"/{name}/", "/…/"))
        for head, name in zip(heads, (page, "pair"), strict=True)
    )
    assert mine == another
    script = (FOLDER / page / "page.js").read_text("utf-8")
    assert "/console/client.js" in script
    assert "fetch(" not in script or page in ("setup", "pair"), "these ask what is no API"


@pytest.mark.parametrize("file", ["nope.js", "..%2fpage.py", "%2e%2e", ".", "index.html%00"])
async def test_pages_give_nothing_else(api: Api, file: str) -> None:
    """No other file is reached below a page's address."""
    answer = await api.get(f"/export-local-data/{file}", None)
    assert answer.status == 404


async def test_pages_go_before_the_frontend(serve: Serve, tmp_path: Path) -> None:
    """With a frontend, which answers every address that is none of ours, the pages are still there."""
    (tmp_path / "index.html").write_text("<title>Planta</title>", encoding="utf-8")
    async with serve(frontend=tmp_path) as api:
        assert b"structura-export.json" in (await api.get("/export-local-data", None)).body
