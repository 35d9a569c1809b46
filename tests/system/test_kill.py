"""Kill -9 between any two requests, and in the middle of many: what was answered holds for the next process."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.system.plant import PIN, PlantServer

pytestmark = pytest.mark.timeout(400)  # a process a request, on a machine that may have much else to do

JOB = {"id": "J-1", "projectId": "P", "machineType": "CARGA", "productName": "Perfil", "targetQuantity": 1, "unit": "m"}
ITEM = {"id": "I-1", "name": "Tornillos", "sku": "T", "unit": "kg", "quantity": 100}
NORA = {"id": "U-N", "name": "Nora", "role": "OPERATOR", "pin": "8642"}


class Mortal:
    """A plant whose server is killed after each answer and started again for the next request."""

    def __init__(self, plant: PlantServer) -> None:
        self.plant = plant
        self.deaths = 0

    async def ask(
        self, method: str, path: str, body: Any = None, token: str = "", address: str = "127.0.0.1", **headers: str
    ) -> tuple[int, Any, Any]:
        """Status, headers and JSON of an answer; `headers` with underscores for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        connector = aiohttp.TCPConnector(local_addr=(address, 0))
        async with (
            self.plant,
            aiohttp.ClientSession(connector=connector) as client,
            client.request(method, self.plant.url + path, json=body, headers=sent) as response,
        ):
            answer = response.status, response.headers, await response.json(content_type=None)
            self.plant.kill()
        self.deaths += 1
        return answer

    async def status(self, *request: Any, **more: Any) -> int:
        return (await self.ask(*request, **more))[0]

    async def token(self, pin: str) -> str:
        status, _, answer = await self.ask("POST", "/api/auth/login", {"pin": pin})
        assert status == 200
        token: str = answer["token"]
        return token


@pytest.fixture
async def mortal(tmp_path: Path) -> Mortal:
    plant = PlantServer(tmp_path / "plant")
    await plant.set_up()
    return Mortal(plant)


async def test_tokens_live_and_die_for_good(mortal: Mortal) -> None:
    """A token that was logged out, or whose user got another PIN, is dead in the next process; the others live."""
    ended, admin = await mortal.token(PIN), await mortal.token(PIN)
    assert await mortal.status("POST", "/api/auth/logout", token=ended) == 200
    assert await mortal.status("GET", "/api/auth/me", token=ended) == 401
    assert await mortal.status("POST", "/api/users", NORA, token=admin) == 201
    nora = await mortal.token("8642")
    assert await mortal.status("GET", "/api/auth/me", token=nora) == 200
    assert await mortal.status("PATCH", "/api/users/U-N", {"pin": "9753"}, token=admin) == 200
    assert await mortal.status("GET", "/api/auth/me", token=nora) == 401
    assert await mortal.status("POST", "/api/auth/login", {"pin": "8642"}) == 401
    again = await mortal.token("9753")
    assert await mortal.status("DELETE", "/api/users/U-N", token=admin) == 200
    assert await mortal.status("GET", "/api/auth/me", token=again) == 401
    assert await mortal.status("GET", "/api/auth/me", token=admin) == 200
    assert mortal.deaths == 14


async def test_writes_and_their_tags_hold(mortal: Mortal) -> None:
    """Keys of retries, entity tags of objects and lists, differences, deletions: all as if nobody had died."""
    token = await mortal.token(PIN)
    status, headers, made = await mortal.ask("POST", "/api/jobs", JOB, token=token, Idempotency_Key="k")
    assert status == 201
    status, again, repeated = await mortal.ask("POST", "/api/jobs", JOB, token=token, Idempotency_Key="k")
    assert (status, again["ETag"], repeated) == (201, headers["ETag"], made)
    assert await mortal.status("POST", "/api/jobs", {**JOB, "unit": "kg"}, token=token, Idempotency_Key="k") == 422
    assert await mortal.status("GET", "/api/jobs/J-1", token=token, If_None_Match=headers["ETag"]) == 304
    _, listed, jobs = await mortal.ask("GET", "/api/jobs", token=token)
    assert jobs == [made]
    assert await mortal.status("GET", "/api/jobs", token=token, If_None_Match=listed["ETag"]) == 304
    change = {"status": "HALTED"}
    assert await mortal.status("PATCH", "/api/jobs/J-1", change, token=token, If_Match=headers["ETag"]) == 200
    assert await mortal.status("DELETE", "/api/jobs/J-1", token=token, If_Match=headers["ETag"]) == 412
    assert await mortal.status("GET", "/api/jobs", token=token, If_None_Match=listed["ETag"]) == 200
    assert await mortal.status("DELETE", "/api/jobs/J-1", token=token) == 200
    assert await mortal.status("POST", "/api/jobs", JOB, token=token) == 409
    assert await mortal.status("POST", "/api/inventory", ITEM, token=token) == 201
    for expected in (80, 60):
        _, _, item = await mortal.ask("PATCH", "/api/inventory/I-1", {"quantity": {"add": -20}}, token=token)
        assert item["quantity"] == expected


async def test_who_must_wait_waits_on(mortal: Mortal) -> None:
    """A guesser gains nothing by the server's death: as many tries, the same wait; the known terminal is let in."""
    assert await mortal.status("POST", "/api/auth/login", {"pin": PIN}) == 200
    guesses = [{"pin": f"000{n}"} for n in range(6)]
    answers = [await mortal.ask("POST", "/api/auth/login", guess, address="127.0.0.9") for guess in guesses]
    assert [status for status, *_ in answers] == [401] * 4 + [429] * 2
    waits = [int(headers["Retry-After"]) for _, headers, _ in answers[4:]]
    assert 600 >= waits[0] >= waits[1] > 500
    assert await mortal.status("POST", "/api/auth/login", {"pin": PIN}, address="127.0.0.9") == 429
    assert await mortal.status("POST", "/api/auth/login", {"pin": PIN}) == 200


async def test_killed_in_the_middle_of_many(mortal: Mortal) -> None:
    """Whatever was answered is there; what was not can be sent again and is there once."""
    plant = mortal.plant
    event = {"machineId": "TALLER", "type": "CLEANING", "description": "limpieza", "severity": "INFO"}
    answered: set[str] = set()

    async def report(name: str) -> None:
        try:
            await plant.ask("POST", "/api/events", {**event, "id": name})
        except (aiohttp.ClientError, ConnectionError):
            return
        answered.add(name)
        if len(answered) == 60:
            plant.kill()

    names = [f"E-{n}" for n in range(300)]
    async with plant:
        await plant.log_in()
        await asyncio.gather(*map(report, names))
    assert 60 <= len(answered) < 300
    async with plant:
        listed = {row["id"] for row in await plant.ask("GET", "/api/events")}
        assert answered <= listed
        await asyncio.gather(*map(report, set(names) - answered))
        assert sorted(row["id"] for row in await plant.ask("GET", "/api/events")) == sorted(names)


async def test_pairings_hold(mortal: Mortal) -> None:
    """A paired terminal is paired in the next process, a used code is used there, a revoked terminal is revoked."""
    admin = await mortal.token(PIN)
    made = [(await mortal.ask("POST", "/api/system/terminals", {"name": name}, token=admin))[2] for name in "AB"]
    cookies = []
    for one in made:
        status, headers, _ = await mortal.ask("POST", "/api/auth/pair", {"code": one["code"]})
        assert status == 200
        cookies.append(headers["Set-Cookie"].partition(";")[0])
        assert await mortal.status("POST", "/api/auth/pair", {"code": one["code"]}) == 401
    (mortal.plant.folder / "settings.toml").write_text("require_paired_terminals = true\n")
    login = ("POST", "/api/auth/login", {"pin": PIN})
    assert await mortal.status(*login) == 403
    assert await mortal.status("GET", "/api/auth/me", token=admin) == 401
    tokens = [(await mortal.ask(*login, Cookie=cookie))[2]["token"] for cookie in cookies]
    assert await mortal.status("DELETE", f"/api/system/terminals/{made[0]['id']}", token=tokens[1]) == 200
    assert [await mortal.status("GET", "/api/auth/me", token=token) for token in tokens] == [401, 200]
    assert [await mortal.status(*login, Cookie=cookie) for cookie in cookies] == [403, 200]
