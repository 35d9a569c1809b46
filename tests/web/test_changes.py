"""The change log over the wire: who changed what, when, from what to what."""

from typing import Any

from structura_local import clock
from tests.plant import ID, START_ISO, Api, Clock, Serve
from tests.web.contract import minimal


async def logged(api: Api, parameters: str = "") -> list[dict[str, Any]]:
    answer = await api.get(f"/api/system/changes{parameters}")
    assert answer.status == 200, answer.body
    entries: list[dict[str, Any]] = answer.json
    return entries


async def test_each_change_is_logged(api: Api, now: Clock) -> None:
    """Create, change, delete, restore: each with time, author and values before and after; the newest first."""
    await api.made("/api/machines", {"id": "X-1", "name": "A", "type": "PINTURA"})
    now.move(seconds=1)
    await api.patch("/api/machines/X-1", {"name": "B"}, "SUPERVISOR")
    await api.delete("/api/machines/X-1")
    await api.post("/api/system/trash/machines/X-1/restore")
    restore, delete, update, create = await logged(api, "?rowId=X-1")
    assert [e["kind"] for e in (create, update, delete, restore)] == ["create", "update", "delete", "restore"]
    assert create["seq"] < update["seq"] < delete["seq"] < restore["seq"]
    assert update == {
        "seq": update["seq"], "at": clock.iso(now.ms), "collection": "machines", "rowId": "X-1", "kind": "update",
        "origin": "api", "userId": ID["SUPERVISOR"], "fields": {"name": ["A", "B"]},
    }  # fmt: skip
    assert (create["at"], create["fields"]["name"]) == (START_ISO, [None, "A"])


async def test_the_server_itself_is_told_apart(api: Api) -> None:
    """What a rule did has origin rules and whose write caused it."""
    await api.made("/api/machines", minimal("machines", id="X-1", status="ERROR"), "SUPERVISOR")
    (entry,) = await logged(api, "?collection=alerts")
    assert (entry["origin"], entry["userId"]) == ("rules", ID["SUPERVISOR"])


async def test_secrets_are_masked(api: Api) -> None:
    """That a PIN was changed is logged; the PIN, its hash and its lookup are nowhere."""
    await api.patch(f"/api/users/{ID['OTHER']}", {"pin": "60606060"})
    (entry,) = await logged(api, f"?rowId={ID['OTHER']}&kind=update")
    assert entry["fields"] == {"pin": ["••••", "••••"]}
    body = (await api.get("/api/system/changes")).body.decode()
    assert not any(word in body for word in ("pinHash", "pinLookup", "60606060", "$2b$"))


async def test_filters(api: Api, now: Clock) -> None:
    """By collection, row, user, kind, origin and number, by time, behind a number; what it does not know is 422."""
    for number in range(4):
        await api.made("/api/project-accessories", minimal("project-accessories", id=f"X-{number}"))
        await api.made("/api/machines", minimal("machines", id=f"X-{number}"), "SUPERVISOR")
        now.move(seconds=60)
    first = (await logged(api, "?rowId=X-0&collection=project-accessories"))[0]["seq"]
    assert len(await logged(api, "?collection=project-accessories")) == 4
    assert len(await logged(api, "?collection=project-accessories&collection=machines")) == 8
    assert len(await logged(api, f"?userId={ID['SUPERVISOR']}")) == 4
    assert len(await logged(api, "?origin=import&collection=users")) == 4
    assert len(await logged(api, "?kind=delete")) == 0
    assert len(await logged(api, "?origin=derived")) == 0
    assert len(await logged(api, "?rowId=X-2")) == 2
    assert len(await logged(api, f"?seq={first}")) == 1
    assert len(await logged(api, f"?since={clock.iso(now.ms - 120_000)}")) == 4
    assert len(await logged(api, f"?until={clock.iso(now.ms - 121_000)}&since={START_ISO}&collection=machines")) == 2
    behind = [e["seq"] for e in await logged(api, f"?after={first}&sort=seq")]
    assert behind == sorted(behind)
    assert len(behind) == 7
    assert min(behind) > first + 1, "what only the sync uses has numbers, and is not shown"
    assert await logged(api, f"?after={behind[-1]}") == []
    for wrong in ("nope=1", "kind=x", "origin=x", "collection=nope", "sort=at", "after=x", "after=-1", "since=x", "q=x",
                  "limit=0", "limit=9999", "cursor=x", "cursor=WyJ4Il0", "offset=1"):  # fmt: skip
        answer = await api.get(f"/api/system/changes?{wrong}")
        assert answer.status == 422, wrong
        assert [error["field"] for error in answer.json["errors"]] == [wrong.partition("=")[0]]


async def test_pages(api: Api) -> None:
    """Pages in both directions hold everything once, also what is logged meanwhile when the oldest come first."""
    for number in range(10):
        await api.made("/api/machines", minimal("machines", id=f"X-{number}"))
    for order in ("-seq", "seq"):
        url, seen = f"/api/system/changes?collection=machines&limit=3&sort={order}", []
        while url:
            page = await api.get(url)
            assert int(page.headers["X-Total-Count"]) >= 10
            seen += [entry["rowId"] for entry in page.json]
            url = page.headers.get("Link", "").partition(">")[0].removeprefix(f"<{api.url}")
            if len(seen) == 6:
                await api.made("/api/machines", minimal("machines", id=f"Y-{order}"))
        oldest = [f"X-{number}" for number in range(10)]
        assert seen == ([*reversed(oldest)] if order == "-seq" else [*oldest, "Y--seq", "Y-seq"])


async def test_not_changed(api: Api) -> None:
    """A reader that polls gets 304 until something is logged."""
    first = await api.get("/api/system/changes?limit=2")
    tag = first.headers["ETag"]
    assert (await api.get("/api/system/changes?limit=2", If_None_Match=tag)).status == 304
    await api.made("/api/machines", minimal("machines"))
    assert (await api.get("/api/system/changes?limit=2", If_None_Match=tag)).status == 200


async def test_what_only_the_sync_uses_is_left_out(api: Api) -> None:
    """Who writes as whom is no data of the plant: not in the log, the trash, the export, nor an address of its own."""
    await api.made("/api/machines", minimal("machines", id="X-1"))
    log = (await api.get("/api/system/changes?limit=1000")).json
    assert {entry["collection"] for entry in log} == {"users", "machines"}
    total = (await api.get("/api/system/changes?limit=1")).headers["X-Total-Count"]
    assert int(total) == len(log)
    assert not (await api.get("/api/system/export")).json.keys() & {"actors", "conflicts"}
    document = (await api.get("/api/openapi.json")).body
    for hidden in ("actors", "conflicts"):
        for path in (f"/api/{hidden}", f"/api/{hidden}/x"):
            assert (await api.get(path)).status == 404
        assert (await api.get(f"/api/system/changes?collection={hidden}")).status == 422
        assert (await api.get(f"/api/system/trash?collection={hidden}")).status == 422
        assert f'"/api/{hidden}'.encode() not in document


async def test_the_newest_500(serve: Serve) -> None:
    """Without a limit the newest 500 come, and a Link to the rest."""
    async with serve() as api:
        events = [minimal("events", id=f"E-{number}", timestamp=START_ISO) for number in range(600)]
        await api.post("/api/system/import", {"events": events})
        answer = await api.get("/api/system/changes")
        assert len(answer.json) == 500
        assert "X-Total-Count" not in answer.headers
        rest = await api.get(answer.headers["Link"].partition(">")[0].removeprefix(f"<{api.url}"))
        assert len(answer.json) + len(rest.json) == 4 + 600  # the plant's people
