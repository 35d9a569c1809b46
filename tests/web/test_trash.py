"""What was deleted: seen for 90 days, brought back, refused with a reason."""

import pytest

from tests.plant import ID, PIN, START_ISO, Api, Clock, Serve
from tests.web.contract import CHANGEABLE, minimal

DAY = 24


@pytest.mark.parametrize("path", CHANGEABLE)
async def test_deleted_and_brought_back(api: Api, path: str) -> None:
    """What was deleted is listed with who and when and what it was; brought back it is what it was."""
    before = await api.made(f"/api/{path}", minimal(path, id="X-1"))
    assert (await api.get("/api/system/trash")).json == []
    await api.delete(f"/api/{path}/X-1")
    (entry,) = (await api.get("/api/system/trash")).json
    assert {**entry, "data": 0} == {
        "collection": path, "id": "X-1", "deletedAt": START_ISO, "deletedBy": ID["ADMIN"], "data": 0,
    }  # fmt: skip
    assert entry["data"] == before
    answer = await api.post(f"/api/system/trash/{path}/X-1/restore")
    assert (answer.status, answer.json) == (200, before)
    got = await api.get(f"/api/{path}/X-1")
    assert {k: v for k, v in got.json.items() if k != "jobs"} == before
    assert (await api.get("/api/system/trash")).json == []
    assert (await api.post(f"/api/system/trash/{path}/X-1/restore")).status == 409


async def test_again_and_again(api: Api) -> None:
    """An object can be deleted and brought back any number of times; who did it last counts."""
    await api.made("/api/machines", minimal("machines", id="X-1"))
    for who in ("ADMIN", "SUPERVISOR", "ADMIN"):
        await api.delete("/api/machines/X-1", who)
        assert [entry["deletedBy"] for entry in (await api.get("/api/system/trash")).json] == [ID[who]]
        assert (await api.post("/api/system/trash/machines/X-1/restore")).status == 200


async def test_order_filter_and_pages(api: Api, now: Clock) -> None:
    """The last deleted comes first; a collection alone; pages that end, with the total; parameters it does not know."""
    for number in range(7):
        path = "machines" if number % 2 else "project-accessories"
        await api.made(f"/api/{path}", minimal(path, id=f"X-{number}"))
        now.move(seconds=1 if number < 5 else 0)  # the last two at the same instant
        await api.delete(f"/api/{path}/X-{number}")
    newest_first = [f"X-{number}" for number in reversed(range(7))]
    assert [entry["id"] for entry in (await api.get("/api/system/trash")).json] == newest_first
    some = await api.get("/api/system/trash?collection=project-accessories")
    assert [entry["id"] for entry in some.json] == ["X-6", "X-4", "X-2", "X-0"]
    both = await api.get("/api/system/trash?collection=project-accessories&collection=machines")
    assert len(both.json) == 7
    url, seen = "/api/system/trash?limit=3", []
    while url:
        page = await api.get(url)
        assert page.headers["X-Total-Count"] == "7"
        seen += [entry["id"] for entry in page.json]
        url = page.headers.get("Link", "").partition(">")[0].removeprefix(f"<{api.url}")
    assert seen == newest_first
    for wrong in ("collection=nope", "nope=1", "limit=0", "limit=1001", "cursor=x", "cursor=WzFd", "sort=id"):
        assert (await api.get(f"/api/system/trash?{wrong}")).status == 422, wrong


async def test_ninety_days(api: Api, now: Clock) -> None:
    """After 90 days it is not listed, and bringing it back is refused with that reason."""
    await api.made("/api/machines", minimal("machines", id="X-1"))
    await api.delete("/api/machines/X-1")
    now.move(hours=90 * DAY)
    token = await api.token(PIN["ADMIN"])
    assert len((await api.get("/api/system/trash", token)).json) == 1
    now.move(seconds=1)
    assert (await api.get("/api/system/trash", token)).json == []
    answer = await api.post("/api/system/trash/machines/X-1/restore", None, token, Accept_Language="es")
    assert answer.status == 410
    assert "90 días" in answer.json["detail"]


async def test_nothing_to_bring_back(api: Api) -> None:
    """404 for what never was, for an address that is none, and for a collection that is none."""
    for path in ("machines/nope", "nope/X-1", "project_accessories/X-1"):
        assert (await api.post(f"/api/system/trash/{path}/restore")).status == 404, path


async def test_a_pin_that_is_taken_meanwhile(api: Api) -> None:
    """A user is not brought back beside another with the same PIN; afterwards with their own PIN they log in."""
    await api.delete(f"/api/users/{ID['OTHER']}")
    (entry,) = (await api.get("/api/system/trash")).json
    assert entry["data"]["pin"] == "••••"
    heir = await api.made("/api/users", minimal("users", pin=PIN["OTHER"]))
    restore = f"/api/system/trash/users/{ID['OTHER']}/restore"
    answer = await api.post(restore)
    assert (answer.status, answer.json["type"]) == (409, "/problems/pin-taken")
    await api.patch(f"/api/users/{heir['id']}", {"pin": "60606060"})
    answer = await api.post(restore)
    assert (answer.status, answer.json["pin"]) == (200, "••••")
    assert (await api.login(PIN["OTHER"])).json["user"]["id"] == ID["OTHER"]


async def test_a_sku_that_is_taken_meanwhile(api: Api) -> None:
    """Stock is not brought back beside other stock with its SKU."""
    for row_id in ("X-1", "X-2"):
        await api.made("/api/inventory", minimal("inventory", id=row_id, sku="S-1"))
        if row_id == "X-1":
            await api.delete("/api/inventory/X-1")
    assert (await api.post("/api/system/trash/inventory/X-1/restore")).json["type"] == "/problems/sku-taken"


async def test_a_restored_users_old_tokens_stay_dead(api: Api) -> None:
    """Being brought back gives nobody their session back."""
    await api.delete(f"/api/users/{ID['OTHER']}")
    await api.post(f"/api/system/trash/users/{ID['OTHER']}/restore")
    assert (await api.get("/api/auth/me", "OTHER")).status == 401


async def test_across_a_restart(serve: Serve) -> None:
    """What was deleted before a restart can be brought back after it."""
    async with serve() as api:
        await api.made("/api/jobs", minimal("jobs", id="X-1"))
        await api.delete("/api/jobs/X-1")
    async with serve() as api:
        assert len((await api.get("/api/system/trash")).json) == 1
        assert (await api.post("/api/system/trash/jobs/X-1/restore")).status == 200
    async with serve() as api:
        assert (await api.get("/api/jobs/X-1")).status == 200
