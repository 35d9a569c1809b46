"""The files that an import takes, the PINs and messages in them, and the files it refuses and keeps nothing of."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from structura_local import app
from structura_local.app import Plant
from structura_local.commands import EXAMPLE
from structura_local.domain.users import USERS, easily_guessed, is_easily_guessed
from structura_local.errors import AppError
from structura_local.folder import Folder
from structura_local.operations import source
from structura_local.operations.report import lines
from structura_local.operations.source import STORAGE_KEY
from structura_local.operations.transfer import _new_pins
from tests.operations.test_transfer import SMALL, by_id, database, load
from tests.plant import ID, OWNER, PIN, Api, Clock

TEXT = SMALL.read_bytes()
BARE = json.loads(TEXT)


@pytest.fixture
async def plant(tmp_path: Path, now: Clock) -> AsyncIterator[Plant]:
    """An empty plant."""
    async with app.opened(Folder(tmp_path / "data"), now) as opened:
        yield opened


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        b"\xef\xbb\xbf" + TEXT,
        b"\r\n " + TEXT + b"\n\n",
        json.dumps({STORAGE_KEY: TEXT.decode()}).encode(),
        json.dumps({"theme": "dark", STORAGE_KEY: TEXT.decode(), "token": "x"}).encode(),
        json.dumps({STORAGE_KEY: BARE}).encode(),
        json.dumps(TEXT.decode()).encode(),
        json.dumps(json.dumps({STORAGE_KEY: TEXT.decode()})).encode(),
        json.dumps(BARE, ensure_ascii=True).encode(),
    ],
    ids=["bare", "BOM", "blanks", "wrapper", "dump", "object", "text", "text of a dump", "escaped"],
)
def test_forms_of_the_same(content: bytes) -> None:
    """What the browser holds is taken in every form in which it may come."""
    taken = source.read(content)
    assert taken.rows == BARE
    assert taken.noted == []


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"", "unreadable-import", "empty"),
        (b" \n", "unreadable-import", "empty"),
        (b"\xef\xbb\xbf", "unreadable-import", "empty"),
        (b"nope", "unreadable-import", "neither JSON nor a SQLite database (line 1, column 1)"),
        (b'{"machines": [],\n "jobs": [nope]}', "unreadable-import", "line 2, column 11"),
        (b'{"machines": [NaN]}', "unreadable-import", "line 1, column 15"),
        (b"PK\x03\x04\x14\x00", "unreadable-import", "neither JSON nor"),
        (TEXT[: len(TEXT) // 2], "unreadable-import", "cut off"),
        (TEXT.rstrip()[:-1], "unreadable-import", "cut off"),
        ('{"clients": [{"name": "Peña'.encode()[:-2], "unreadable-import", "cut off"),
        ('{"clients": [{"name": "Peña"}]}'.encode("latin-1"), "unreadable-import", "not UTF-8"),
        (TEXT.decode().encode("utf-16"), "unreadable-import", "not UTF-8"),
        (b"[]", "bad-import", "not an export"),
        (b'"text"', "bad-import", "not an export"),
        (b'{"songs": []}', "bad-import", "not an export"),
        (json.dumps({STORAGE_KEY: None}).encode(), "bad-import", "not an export"),
        (json.dumps({STORAGE_KEY: "nope"}).encode(), "bad-import", "not an export"),
        (b'{"machines": [], "jobs": {}}', "bad-import", "'jobs' is not a list"),
    ],
)
async def test_a_file_that_fails_changes_nothing(api: Api, content: bytes, code: str, said: str) -> None:
    """What cannot be imported is refused as a whole, with a sentence that says why, in both languages."""
    before = (await api.get("/api/system/export")).body
    english, spanish = [
        await api.ask("POST", "/api/system/import", raw=content, Accept_Language=language) for language in ("en", "es")
    ]
    assert english.status == spanish.status == {"unreadable-import": 400, "bad-import": 422}[code]
    assert english.json["type"].endswith(code)
    assert said in english.json["detail"]
    assert "nothing was changed" in english.json["detail"]
    assert "no se cambió nada" in spanish.json["detail"]
    assert (await api.get("/api/system/export")).body == before


async def test_a_file_that_is_too_large(api: Api) -> None:
    """More than 256 MiB is 413 before any of it is read."""
    host, port = api.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/system/import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.tokens['ADMIN']}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {source.LARGEST + 1}\r\n\r\n"
    writer.write(head.encode())
    assert b" 413 " in await reader.readline()
    writer.close()


async def test_what_the_file_does_not_say_stays(plant: Plant) -> None:
    """A row that is here already keeps what the file does not mention; a new one gets the defaults."""
    full = {"id": "M-1", "name": "Uno", "type": "CARGA", "status": "RUNNING", "efficiency": 90}
    await plant.transfer.take_in(OWNER, {"machines": [full]})
    less = {"id": "M-1", "name": "Dos", "type": "CARGA"}
    report = await plant.transfer.take_in(OWNER, {"machines": [less, {**less, "id": "M-2"}]})
    assert (report.collections["machines"].changed, report.collections["machines"].new) == (1, 1)
    machines = by_id((await plant.transfer.give_out(OWNER))["machines"])
    assert (machines["M-1"]["name"], machines["M-1"]["status"], machines["M-1"]["efficiency"]) == ("Dos", "RUNNING", 90)
    assert (machines["M-2"]["status"], machines["M-2"]["efficiency"]) == ("IDLE", 0)


async def test_an_event_without_a_time(plant: Plant, tmp_path: Path, now: Clock) -> None:
    """It has the time of the import, which is listed; a later import leaves it at that."""
    file = {"events": [{"id": "EV-1", "machineId": "M", "type": "CLEANING", "description": "x", "severity": "INFO"}]}
    report = await plant.transfer.take_in(OWNER, file)
    assert [entry.field for entry in report.collections["events"].repaired] == ["timestamp"]
    assert (await plant.transfer.give_out(OWNER))["events"][0]["timestamp"] == "2027-01-15T08:00:00.000Z"
    before = database(plant, tmp_path / "data")
    now.move(hours=1)
    report = await plant.transfer.take_in(OWNER, file)
    assert (report.collections["events"].same, report.collections["events"].repaired) == (1, [])
    assert database(plant, tmp_path / "data") == before


async def test_repairs_of_a_row_that_does_not_count(plant: Plant) -> None:
    """Of two rows with one id only the one that counts has its repairs listed; a rejected one does not count."""
    rows = [{"id": "C-1", "name": "a", "x": 1}, {"id": "C-1", "name": "b", "phone": 5}, {"id": "C-1", "name": ""}]
    report = (await plant.transfer.take_in(OWNER, {"clients": rows})).said("en")["collections"]["clients"]
    assert [(entry["row"], entry["field"]) for entry in report["repaired"]] == [(1, "id"), (2, "phone")]
    assert [entry["row"] for entry in report["rejected"]] == [3]
    assert (await plant.transfer.give_out(OWNER))["clients"][0]["name"] == "b"


def user(number: int, pin: Any = None, role: str = "OPERATOR") -> dict[str, Any]:
    """A user of a file."""
    return {"id": f"U-{number}", "name": f"User {number}", "role": role, **({} if pin is None else {"pin": pin})}


async def holders(plant: Plant) -> dict[str, str | None]:
    """Who has which PIN now, of those that the tests use."""
    pins = ("4711", "4712", "4713", "0815")
    known = {lookup: pin for pin in pins for lookup in plant.pins.lookups(pin)}
    return {row.id: known.get(row.data.get("pinLookup", "")) for row in await plant.store.reader.find(USERS)}


async def test_pins_change_hands(plant: Plant) -> None:
    """Two people may swap their PINs in one import; whoever holds a PIN that stays keeps it against a newcomer."""
    await plant.transfer.take_in(OWNER, {"users": [user(1, "4711"), user(2, "4712"), user(3, "4713")]})
    report = await plant.transfer.take_in(OWNER, {"users": [user(1, "4712"), user(2, "4711")]})
    assert report.collections["users"].repaired == []
    assert await holders(plant) == {"U-1": "4712", "U-2": "4711", "U-3": "4713"}
    for _ in range(2):
        report = await plant.transfer.take_in(OWNER, {"users": [user(4, "4713"), user(1, "4713"), user(3, "4713")]})
        told = report.said("en")["collections"]["users"]["repaired"]
        assert [(entry["id"], entry["what"], entry["why"]) for entry in told] == [
            ("U-4", "User 4 is imported without a PIN", "the PIN already belongs to User 3, U-3"),
            ("U-1", "User 1 keeps the PIN that they have here", "the PIN already belongs to User 3, U-3"),
        ]
        assert await holders(plant) == {"U-1": "4712", "U-2": "4711", "U-3": "4713", "U-4": None}


@pytest.mark.parametrize("pin", ["12", "abcd", "123456789", 12, True, [], "٤٧١١", 4711.0])
async def test_a_pin_that_is_none(plant: Plant, pin: Any) -> None:
    """Whoever has a PIN that cannot be one is imported without it, and the report does not show it."""
    report = (await plant.transfer.take_in(OWNER, {"users": [user(1, pin)]})).said("en")
    (entry,) = report["collections"]["users"]["repaired"]
    assert (entry["id"], entry["what"], entry["why"]) == (
        "U-1",
        "User 1 is imported without a PIN",
        "a PIN has 4 to 8 digits",
    )
    assert report["collections"]["users"]["noted"] == []
    assert await holders(plant) == {"U-1": None}


@pytest.mark.parametrize("pin", [4711, " 4711 "])
async def test_a_pin_in_another_form(plant: Plant, pin: Any) -> None:
    """A PIN as a number, or with blanks, is that PIN."""
    report = await plant.transfer.take_in(OWNER, {"users": [user(1, pin)]})
    assert [entry.field for entry in report.collections["users"].repaired] == ["pin"]
    assert await holders(plant) == {"U-1": "4711"}


async def test_an_import_leaves_an_administrator(plant: Plant, tmp_path: Path) -> None:
    """A file that makes the last administrator somebody else is refused whole."""
    await plant.transfer.take_in(OWNER, {"users": [user(1, "4711", "ADMIN")]})
    before = database(plant, tmp_path / "data")
    with pytest.raises(AppError, match="no administrator with a PIN would be left"):
        await plant.transfer.take_in(OWNER, {"users": [user(1), user(2, "4712")]})
    assert database(plant, tmp_path / "data") == before
    await plant.transfer.take_in(OWNER, {"users": [user(1), user(2, "4712", "ADMIN")]})
    assert await holders(plant) == {"U-1": "4711", "U-2": "4712"}


async def test_an_export_with_new_pins(api: Api) -> None:
    """Each user has a new PIN in the file and the old one on the server, until the file is imported."""
    exported = await api.get("/api/system/export?withNewPins=true")
    assert exported.headers["Cache-Control"] == "no-store"
    pins = {user["id"]: user["pin"] for user in exported.json["users"]}
    assert pins.keys() == set(ID.values())
    assert len(set(pins.values())) == len(pins)
    assert all(len(pin) == 4 and pin.isdigit() and not is_easily_guessed(pin) for pin in pins.values())
    for who in ("SUPERVISOR", "OPERATOR"):
        assert (await api.get("/api/system/export?withNewPins=true", who)).status == 403
    assert (await api.get("/api/system/export?withNewPins=1")).status == 422
    assert "pin" not in (await api.get("/api/system/export")).json["users"][0]
    assert (await api.login(PIN["OTHER"])).status == 200
    assert (await api.post("/api/system/import", exported.json)).json["collections"]["users"]["changed"] == len(pins)
    assert (await api.login(pins[ID["OTHER"]])).json["user"]["id"] == ID["OTHER"]


def test_new_pins_run_out() -> None:
    """There are not more PINs of four digits than there are; all of them differ and none is easily guessed."""
    with pytest.raises(AppError) as caught:
        _new_pins(10_000)
    limit = caught.value.values["limit"]
    assert 9_800 < limit < 9_900
    assert len(set(_new_pins(limit))) == limit


@pytest.mark.parametrize("pin", ["0000", "1111", "1234", "4321", "0123", "9876", "1212", "12345678", "47114711"])
def test_easily_guessed(pin: str) -> None:
    """PINs that everybody tries first are known; others are not."""
    assert is_easily_guessed(pin)
    assert not is_easily_guessed("4711")


def test_all_easily_guessed() -> None:
    """The list has each PIN that is easily guessed, and no other."""
    tried = {f"{number:0{length}}" for length in (4, 5, 6) for number in range(10**length)}
    assert {pin for pin in easily_guessed() if len(pin) < 7} == {pin for pin in tried if is_easily_guessed(pin)}
    assert all(is_easily_guessed(pin) for pin in easily_guessed())


def test_the_example_has_no_easy_administrator() -> None:
    """`make run` and `--demo-data` let nobody in as an administrator with a PIN that the API would refuse."""
    users = json.loads(EXAMPLE.read_bytes())["users"]
    assert not any(is_easily_guessed(user["pin"]) for user in users if user["role"] == "ADMIN")


async def test_imported_messages_have_their_senders(api: Api) -> None:
    """Whoever is named as the sender by id sees what they sent; free text stays nobody's."""
    message = {"to": ID["OTHER"], "content": "x", "timestamp": "2026-01-01", "isRead": False}
    senders = {"MSG-1": ID["OPERATOR"], "MSG-2": "ADMIN", "MSG-3": "U-NEW"}
    rows = [{"id": i, "from": sender, **message} for i, sender in senders.items()]
    people = [{"id": "U-NEW", "name": "Eva", "role": "OPERATOR", "pin": "90817263"}]
    await api.post("/api/system/import", {"messages": rows, "users": people})
    assert [row["id"] for row in (await api.get("/api/messages", "OPERATOR")).json] == ["MSG-1"]
    assert [row["id"] for row in (await api.get("/api/messages", await api.token("90817263"))).json] == ["MSG-3"]
    assert (await api.get("/api/messages", "SUPERVISOR")).json == []
    again = (await api.post("/api/system/import", {"messages": rows})).json["collections"]["messages"]
    assert (again["same"], again["changed"]) == (3, 0)


async def test_who_has_read_a_message_to_all_survives(api: Api, tmp_path: Path, now: Clock) -> None:
    """Readers and sender of a message come out with an export and into another plant with an import."""
    made = await api.made("/api/messages", {"to": "ALL", "content": "x", "from": "LOGÍSTICA"}, "OPERATOR")
    await api.patch(f"/api/messages/{made['id']}", {"isRead": True}, "OTHER")
    exported = (await api.get("/api/system/export")).json
    assert exported["messages"] == [{**made, "readBy": [ID["OTHER"]], "senderId": ID["OPERATOR"]}]
    async with app.opened(Folder(tmp_path / "other"), now) as plant:
        report = await plant.transfer.take_in(OWNER, exported)
        assert report.collections["messages"].repaired == []
        assert (await plant.transfer.give_out(OWNER))["messages"] == exported["messages"]
        wrong = [{**made, "id": "MSG-9", "readBy": [5, {}], "senderId": {}}]
        report = await plant.transfer.take_in(OWNER, {"messages": wrong})
        assert {entry.field for entry in report.collections["messages"].repaired} == {"readBy", "senderId"}


async def test_the_text_says_once_what_many_rows_have(plant: Plant) -> None:
    """Rows with the same flaw share a line that names the first of them."""
    rows = [{"id": f"C-{n}", "name": "x", "color": "red"} for n in range(1, 13)]
    report = (await plant.transfer.take_in(OWNER, {"clients": rows})).said("en")
    assert len(report["collections"]["clients"]["repaired"]) == 12
    text = "\n".join(lines(report, "en"))
    assert 'clients: color: "red" left out (there is no such field)' in text
    assert "12 rows: C-1, C-2, C-3, C-4, C-5, and 7 more" in text
    assert "C-6" not in text


async def test_nothing_to_do(plant: Plant) -> None:
    """The last line of the text says how it ended."""
    for expected in ("Imported. What was stored was read back and equals the file.", "Nothing to do"):
        report = (await plant.transfer.take_in(OWNER, load(SMALL))).said("en")
        assert list(lines(report, "en"))[-1].startswith(expected)
