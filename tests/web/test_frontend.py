"""The built frontend, served beside the API."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.plant import Api, Serve


@pytest.fixture
async def site(serve: Serve, tmp_path: Path) -> AsyncIterator[Api]:
    """A plant with a frontend; a secret lies beside the frontend's folder, whose name has a dot in it."""
    folder = tmp_path / "dist.v2"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>Planta</title>", encoding="utf-8")
    (folder / "assets" / "app-4f3a.js").write_text("console.log(1)", encoding="utf-8")
    (folder / "logo ñ.svg").write_text("<svg/>", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    async with serve(frontend=folder) as api:
        yield api


async def test_files(site: Api) -> None:
    """Files come with their type; those named after their content are cached for good, the page is not."""
    script = await site.get("/assets/app-4f3a.js", None)
    assert (script.status, script.body) == (200, b"console.log(1)")
    assert "javascript" in script.headers["Content-Type"]
    assert "immutable" in script.headers["Cache-Control"]
    assert (await site.get("/logo%20%C3%B1.svg", None)).body == b"<svg/>"
    page = await site.get("/", None)
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/index.html", "/projects", "/projects/P-1/jobs", "/assets", "/apiary"])
async def test_single_page(site: Api, path: str) -> None:
    """Every address that the frontend routes by itself gives its page."""
    answer = await site.get(path, None)
    assert (answer.status, answer.body) == (200, b"<title>Planta</title>")


@pytest.mark.parametrize("path", ["/assets/gone.js", "/favicon.ico", "/api/nope", "/api", "/api/", "/api/jobs/a/b"])
async def test_missing(site: Api, path: str) -> None:
    """A missing file and an unknown address of the API are 404, not the page."""
    answer = await site.get(path, None)
    assert answer.status == 404
    assert answer.json["status"] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/link.txt",
        "/..%5csecret.txt",
        "/%2fetc%2fpasswd",
    ],
)
async def test_nothing_else(site: Api, path: str) -> None:
    """Nothing outside the folder is served, by no spelling."""
    answer = await site.get(path, None)
    assert b"secret" not in answer.body.replace(b"secret.txt", b"")
    assert b"root:" not in answer.body
    assert answer.status in (200, 404)


@pytest.mark.parametrize("path", ["/%00", "/a%00.js", "/%ff", "/" + "x" * 300, "/" + "y/" * 2000])
async def test_odd_names(site: Api, path: str) -> None:
    """Names that no file can have do not make the server fail."""
    assert (await site.get(path, None)).status in (200, 404)


async def test_methods_stay_those_of_the_api(site: Api) -> None:
    """The API's routes answer as they do without a frontend."""
    assert (await site.get("/api/auth/login", None)).status == 405
    assert (await site.post("/api/nope", {}, None)).status == 404
    assert (await site.post("/projects", {}, None)).status == 405
    assert (await site.delete("/api/events/E-1")).headers["Allow"] == "GET, HEAD"
    assert (await site.get("/healthz", None)).json == {"ok": True}


async def test_machines_are_open(site: Api) -> None:
    """With a frontend the machines are read before anybody has logged in, and nothing else is."""
    assert (await site.get("/api/machines", None)).json == []
    assert (await site.get("/api/machines", "dead token")).status == 200
    assert (await site.get("/api/jobs", None)).status == 401
    assert (await site.post("/api/machines", {"name": "x", "type": "CARGA"}, None)).status == 401


async def test_no_frontend(api: Api) -> None:
    """Without one the root leads to the console, and nothing else is there."""
    home = await api.get("/", None)
    assert (home.status, home.headers["Location"]) == (302, "/console")
    assert (await api.get("/projects", None)).status == 404
