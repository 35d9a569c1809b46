"""A plant to test against: set up once a run, copied for each test, served over a real socket, with a clock to move."""

import asyncio
import io
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from yarl import URL

from structura_local import app, clock
from structura_local.domain.access import Caller
from structura_local.folder import Folder
from structura_local.operations import setup
from structura_local.operations.auth import Auth
from structura_local.operations.guard import Guard
from structura_local.settings import Settings
from structura_local.web.connections import USUAL, Limits

START = 1_800_000_000_000  # 2027-01-15T08:00:00.000Z
START_ISO = "2027-01-15T08:00:00.000Z"
HOURS = 12.0

OWNER = Caller(None, "ADMIN")
PEOPLE = {
    "ADMIN": {"id": "U-ADMIN", "name": "Ana Jefa", "role": "ADMIN", "pin": "11112222"},
    "SUPERVISOR": {"id": "U-SUPER", "name": "Saúl Turno", "role": "SUPERVISOR", "pin": "33334444"},
    "OPERATOR": {"id": "U-OPER", "name": "Olga Taller", "role": "OPERATOR", "pin": "55556666"},
    "OTHER": {"id": "U-OTHER", "name": "Óscar Taller", "role": "OPERATOR", "pin": "77778888"},
}
PIN = {who: person["pin"] for who, person in PEOPLE.items()}
ID = {who: person["id"] for who, person in PEOPLE.items()}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, ms: int = START) -> None:
        self.ms = ms

    def __call__(self) -> int:
        return self.ms

    def move(self, *, seconds: float = 0, hours: float = 0) -> None:
        self.ms += round((seconds + hours * 3600) * 1000)


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Api:
    """A client of a served plant. `who` is a role of PEOPLE, None for no token, or a token itself."""

    def __init__(self, url: str, tokens: dict[str, str], session: aiohttp.ClientSession, folder: Folder) -> None:
        self.url = url
        self.tokens = tokens
        self.session = session
        self.folder = folder

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        who: str | None = "ADMIN",
        *,
        raw: bytes | None = None,
        **headers: str,
    ) -> Answer:
        """One request; `headers` with underscores for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if who is not None:
            sent.setdefault("Authorization", f"Bearer {self.tokens.get(who, who)}")
        content = raw if body is None else json.dumps(body).encode()
        data = None if content is None else io.BytesIO(content)
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        url = URL(self.url + path, encoded=True)
        async with self.session.request(method, url, data=data, headers=sent, allow_redirects=False) as response:
            return Answer(response.status, response.headers, await response.read())

    async def get(self, path: str, who: str | None = "ADMIN", **headers: str) -> Answer:
        return await self.ask("GET", path, None, who, **headers)

    async def post(self, path: str, body: Any = None, who: str | None = "ADMIN", **headers: str) -> Answer:
        return await self.ask("POST", path, body, who, **headers)

    async def patch(self, path: str, body: Any = None, who: str | None = "ADMIN", **headers: str) -> Answer:
        return await self.ask("PATCH", path, body, who, **headers)

    async def delete(self, path: str, who: str | None = "ADMIN", **headers: str) -> Answer:
        return await self.ask("DELETE", path, None, who, **headers)

    async def made(self, path: str, body: Any, who: str = "ADMIN") -> Any:
        """The object that a POST creates; it must."""
        answer = await self.post(path, body, who)
        assert answer.status == 201, answer.body
        return answer.json

    async def login(self, pin: str) -> Answer:
        return await self.post("/api/auth/login", {"pin": pin}, None)

    async def token(self, pin: str) -> str:
        """A new token for a PIN that is good."""
        answer = await self.login(pin)
        assert answer.status == 200, answer.body
        token: str = answer.json["token"]
        return token


@asynccontextmanager
async def serving(
    folder: Path, tokens: dict[str, str], now: clock.Now, limits: Limits = USUAL, **settings: Any
) -> AsyncIterator[Api]:
    """The plant of a folder, served on a free port of this machine."""
    given = {"host": "127.0.0.1", "port": 0, "token_hours": HOURS, **settings}
    origins = {name: ("flag", f"--{name}") for name in given}
    configured = Settings(data_dir=folder, **given, origins=origins)
    async with app.served(configured, Folder(folder), now, limits) as url, aiohttp.ClientSession() as session:
        yield Api(url, tokens, session, Folder(folder))


@dataclass(frozen=True)
class Template:
    """A plant with the PEOPLE in it, each logged in."""

    path: Path
    tokens: dict[str, str]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Made once a run: hashing PINs and logging in is slow on purpose."""
    path = tmp_path_factory.mktemp("template")

    async def make() -> dict[str, str]:
        folder = Folder(path)
        async with app.opened(folder, Clock()) as plant:
            await setup.name_plant(plant.store, "Planta Norte")
            await plant.transfer.take_in(OWNER, {"users": list(PEOPLE.values())})
            async with Guard(plant.store).turn("127.0.0.1"):
                pass  # the tests' address is a terminal where somebody has logged in
            auth = Auth(plant.store, plant.pins, folder.token_secret(), HOURS, "local")
            return {who: (await auth.login(pin))["token"] for who, pin in PIN.items()}

    return Template(path, asyncio.run(make()))


@pytest.fixture
def now() -> Clock:
    """The time in the plant."""
    return Clock()


@pytest.fixture
def data_dir(template: Template, tmp_path: Path) -> Path:
    """A copy of the template, for this test alone."""
    return Path(shutil.copytree(template.path, tmp_path / "data"))


Serve = Callable[..., AbstractAsyncContextManager[Api]]


@pytest.fixture
def serve(template: Template, data_dir: Path, now: Clock) -> Serve:
    """Starts the test's plant; called again after the first server has stopped it is a restart."""

    def start(**settings: Any) -> AbstractAsyncContextManager[Api]:
        return serving(data_dir, template.tokens, now, **settings)

    return start


@pytest.fixture
async def api(serve: Serve) -> AsyncIterator[Api]:
    """The test's plant, served."""
    async with serve() as client:
        yield client
