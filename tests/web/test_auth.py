"""Logging in with a PIN, tokens and how they end, users and what nobody sees of them."""

import contextlib
import os
import re
import sqlite3
from pathlib import Path
from typing import Any

import jwt
import pytest

from structura_local.domain.users import USERS
from structura_local.errors import AppError
from structura_local.folder import Folder
from structura_local.operations.pins import Pins
from structura_local.store import sessions
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction
from tests.plant import HOURS, ID, PIN, START, Api, Clock, Serve

MASK = "••••"


async def alive(api: Api, token: str) -> bool:
    """Whether a token is good."""
    answer = await api.get("/api/auth/me", token)
    assert answer.status in (200, 401)
    return answer.status == 200


async def test_login(api: Api) -> None:
    """A PIN alone logs its user in: a token, and the user without the PIN."""
    answer = await api.login(PIN["OPERATOR"])
    assert answer.status == 200
    assert set(answer.json) == {"token", "user"}
    user = {"id": "U-OPER", "name": "Olga Taller", "role": "OPERATOR", "pin": MASK}
    assert answer.json["user"] == user
    assert (await api.get("/api/auth/me", answer.json["token"])).json == user


async def test_claims(serve: Serve) -> None:
    """The token is a JWT, HS256, that says who, as what, from when, until when; no two are the same."""
    secret = "a secret that is long enough for it"
    async with serve(jwt_secret=secret) as api:
        tokens = [await api.token(PIN["SUPERVISOR"]) for _ in range(2)]
    claims = [jwt.decode(token, secret, ["HS256"], {"verify_exp": False, "verify_iat": False}) for token in tokens]
    for one in claims:
        assert set(one) == {"sub", "role", "iat", "exp", "jti"}
        assert (one["sub"], one["role"]) == ("U-SUPER", "SUPERVISOR")
        assert (one["iat"], one["exp"]) == (START // 1000, START // 1000 + HOURS * 3600)
    assert claims[0]["jti"] != claims[1]["jti"]


@pytest.mark.parametrize("pin", ["0000", "1111", "111122223", "99999999", "11112223"])
async def test_wrong_pin(api: Api, pin: str) -> None:
    """A PIN that nobody has lets nobody in."""
    answer = await api.login(pin)
    assert answer.status in (401, 422)
    if len(pin) <= 8:
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "body", [{}, {"pin": 11112222}, {"pin": None}, {"pin": ""}, {"pin": MASK}, {"pin": "11112222", "x": 1}]
)
async def test_no_pin(api: Api, body: Any) -> None:
    """A body without a PIN in it is refused with the field's name."""
    answer = await api.post("/api/auth/login", body, None)
    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == ["x" if "x" in body else "pin"]


async def test_token_of_another_secret(api: Api) -> None:
    """A token that somebody else signed, or nobody, is no token."""
    claims = jwt.decode(api.tokens["ADMIN"], options={"verify_signature": False})
    for forged in (
        jwt.encode(claims, "x" * 32, "HS256"),
        jwt.encode(claims, "", "none"),
        jwt.encode(claims, "x" * 64, "HS512"),
    ):
        assert not await alive(api, forged)


async def test_expiry(api: Api, now: Clock) -> None:
    """A token ends after its hours by the server's own clock."""
    token = await api.token(PIN["OPERATOR"])
    now.move(hours=HOURS, seconds=-1)
    assert await alive(api, token)
    now.move(seconds=1)
    assert not await alive(api, token)


async def test_logout(serve: Serve) -> None:
    """A token that was logged out is dead, and stays so across a restart; others of the same user live on."""
    async with serve() as api:
        ended, other = await api.token(PIN["OPERATOR"]), await api.token(PIN["OPERATOR"])
        for _ in range(2):
            answer = await api.post("/api/auth/logout", None, ended)
            assert (answer.status, answer.json) == (200, {"ok": True})
        assert not await alive(api, ended)
        assert await alive(api, other)
    async with serve() as api:
        assert not await alive(api, ended)
        assert await alive(api, other)


async def test_a_logout_that_was_not_kept(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A logout that could not be stored is not answered as done; asked for again it is, across restarts too."""
    end, failures = sessions.end, iter([AppError("database")])

    def failing_once(tx: Transaction, jti: str) -> None:
        if error := next(failures, None):
            raise error
        end(tx, jti)

    async with serve() as api:
        token = await api.token(PIN["OPERATOR"])
        monkeypatch.setattr(sessions, "end", failing_once)
        assert (await api.post("/api/auth/logout", None, token)).status == 503
        assert (await api.post("/api/auth/logout", None, token)).status == 200
        assert not await alive(api, token)
    async with serve() as api:
        assert not await alive(api, token)


async def test_logout_without_a_token(api: Api) -> None:
    """A client that has dropped its token already is told that all is well."""
    for who in (None, "no.such.token", "ñ"):
        answer = await api.post("/api/auth/logout", None, who)
        assert (answer.status, answer.json) == (200, {"ok": True})
    assert (await api.post("/api/auth/logout", {}, None)).status == 200


@pytest.mark.parametrize("change", [{"pin": "12121218"}, {"role": "SUPERVISOR"}, {"role": "ADMIN"}])
async def test_a_change_ends_tokens(serve: Serve, change: dict[str, str]) -> None:
    """A user whose PIN or role is changed is logged out everywhere, for good; the one who changed it is not."""
    async with serve() as api:
        token = await api.token(PIN["OPERATOR"])
        assert (await api.patch("/api/users/U-OPER", change)).status == 200
        assert not await alive(api, token)
        assert await alive(api, "ADMIN")
        if "role" in change:  # and back again
            await api.patch("/api/users/U-OPER", {"role": "OPERATOR"})
            assert not await alive(api, token)
    async with serve() as api:
        assert not await alive(api, token)
        assert await alive(api, await api.token(change.get("pin", PIN["OPERATOR"])))


async def test_no_change_ends_no_token(api: Api) -> None:
    """What is sent back unchanged, the mask too, ends no token; nor does a new name."""
    token = await api.token(PIN["OPERATOR"])
    for change in (
        {"role": "OPERATOR", "pin": MASK},
        {"pin": PIN["OPERATOR"]},
        {"name": "Olga", "role": "OPERATOR", "pin": MASK, "avatar": "x"},
    ):
        assert (await api.patch("/api/users/U-OPER", change)).status == 200
        assert await alive(api, token)
    assert (await api.login(PIN["OPERATOR"])).status == 200


async def test_ones_own_change(serve: Serve) -> None:
    """Who changes their own PIN or role stays logged in where they did it, and only there, after a restart too."""
    async with serve() as api:
        await api.patch("/api/users/U-OTHER", {"role": "ADMIN"})
        other = await api.token(PIN["ADMIN"])
        assert (await api.patch("/api/users/U-ADMIN", {"pin": "12121218"})).status == 200
        assert await alive(api, "ADMIN")
        assert not await alive(api, other)
        operator = await api.token(PIN["OPERATOR"])
        change = {"pin": "13131313", "currentPin": PIN["OPERATOR"]}
        assert (await api.patch("/api/users/U-OPER", change, "OPERATOR")).status == 200
        assert not await alive(api, operator)
        assert (await api.patch("/api/users/U-ADMIN", {"role": "SUPERVISOR"})).status == 200
        assert (await api.get("/api/auth/me", "ADMIN")).json["role"] == "SUPERVISOR"
        assert (await api.get("/api/users", "ADMIN")).status == 403
    async with serve() as api:
        assert await alive(api, "OPERATOR")
        assert await alive(api, "ADMIN")
        assert not await alive(api, other)


async def test_a_deleted_user(serve: Serve) -> None:
    """A deleted user is logged out and not let in; their PIN is free; an import does not revive their tokens."""
    async with serve() as api:
        token = await api.token(PIN["OPERATOR"])
        assert (await api.delete("/api/users/U-OPER")).status == 200
        assert not await alive(api, token)
        assert (await api.login(PIN["OPERATOR"])).status == 401
        file = {"users": [{"id": "U-OPER", "name": "Olga", "role": "OPERATOR", "pin": PIN["OPERATOR"]}]}
        assert (await api.post("/api/system/import", file)).status == 200
        assert not await alive(api, token)
        assert (await api.login(PIN["OPERATOR"])).status == 200
        await api.delete("/api/users/U-OPER")
        await api.made("/api/users", {"name": "Nuevo", "role": "OPERATOR", "pin": PIN["OPERATOR"]})


async def test_own_pin_needs_the_current_one(api: Api, now: Clock) -> None:
    """Who is no ADMIN must know their PIN to change it; a wrong or missing one changes nothing."""
    for who in ("SUPERVISOR", "OPERATOR"):
        for current in (
            {},
            {"currentPin": "0000"},
            {"currentPin": None},
            {"currentPin": PIN["ADMIN"]},
            {"currentPin": MASK},
        ):
            answer = await api.patch(f"/api/users/{ID[who]}", {"pin": "12121218", **current}, who)
            assert answer.status == 403
            now.move(hours=0.5)  # or these tries would have to wait for each other
        assert (await api.login("12121218")).status == 401
        assert (await api.login(PIN[who])).status == 200
        body = {"name": "Otro Nombre", "avatar": "x", "pin": "12121218", "currentPin": PIN[who]}
        answer = await api.patch(f"/api/users/{ID[who]}", body, who)
        assert answer.status == 200
        assert answer.json["name"] == "Otro Nombre"
        assert "currentPin" not in answer.json
        assert (await api.login(PIN[who])).status == 401
        assert (await api.patch(f"/api/users/{ID[who]}", {"pin": PIN[who]})).status == 200


async def test_own_pin_sent_again_under_its_key(serve: Serve) -> None:
    """Who did not hear that their PIN was changed is told when they ask again, across a restart too; it is no way
    around the current PIN for anything else."""
    body = {"pin": "90129012", "currentPin": PIN["OPERATOR"]}
    path, key = "/api/users/U-OPER", {"Idempotency_Key": "k"}
    async with serve() as api:
        first = await api.patch(path, body, "OPERATOR", **key)
        assert first.status == 200
    async with serve() as api:
        again = await api.patch(path, body, "OPERATOR", **key)
        assert (again.status, again.body) == (200, first.body)
        assert (await api.patch(path, body, "OPERATOR")).status == 403
        assert (await api.patch(path, {**body, "pin": "90139013"}, "OPERATOR", **key)).status == 422
        assert (await api.login("90129012")).status == 200


async def test_own_profile(api: Api) -> None:
    """One's own name and avatar need no PIN; one's role and the others' profiles are not one's own to change."""
    body = {"id": "U-OPER", "name": "Olga B.", "avatar": "🧑", "role": "OPERATOR", "pin": MASK}
    answer = await api.patch("/api/users/U-OPER", body, "OPERATOR")
    assert (answer.status, answer.json) == (200, body)
    assert (await api.patch("/api/users/U-OPER", {"role": "ADMIN"}, "OPERATOR")).status == 403
    assert (await api.patch("/api/users/U-OTHER", {"name": "x"}, "OPERATOR")).status == 403
    assert (
        await api.patch("/api/users/U-OTHER", {"pin": "12121218", "currentPin": PIN["OTHER"]}, "OPERATOR")
    ).status == 403
    assert (await api.patch("/api/users/U-OPER", {"pin": "1234"})).status == 200
    operator = await api.token("1234")  # an easy PIN is none of the reasons why they may not
    assert (await api.patch("/api/users/U-OPER", {"role": "ADMIN"}, operator)).status == 403


async def test_last_admin(api: Api) -> None:
    """The last ADMIN is neither deleted nor demoted; with a second one, the first may go."""
    for answer in (
        await api.delete("/api/users/U-ADMIN"),
        await api.patch("/api/users/U-ADMIN", {"role": "SUPERVISOR"}),
    ):
        assert answer.status == 409
    assert await alive(api, "ADMIN")
    await api.patch("/api/users/U-OTHER", {"role": "ADMIN"})
    assert (await api.delete("/api/users/U-ADMIN")).status == 200
    assert not await alive(api, "ADMIN")
    assert (await api.delete("/api/users/U-OTHER", await api.token(PIN["OTHER"]))).status == 409


async def test_the_last_who_can_log_in(api: Api) -> None:
    """An ADMIN without a PIN, as an import makes one, does not count: who can log in stays until there is another."""
    imported = {"users": [{"id": "U-NEW", "name": "Nuria", "role": "ADMIN"}]}
    assert (await api.post("/api/system/import", imported)).json["collections"]["users"]["new"] == 1
    for answer in (
        await api.delete("/api/users/U-ADMIN"),
        await api.patch("/api/users/U-ADMIN", {"role": "SUPERVISOR"}),
    ):
        assert (answer.status, answer.json["type"]) == (409, "/problems/last-admin")
    assert (await api.login(PIN["ADMIN"])).json["user"]["role"] == "ADMIN"
    assert (await api.patch("/api/users/U-NEW", {"pin": "90817263"})).status == 200
    assert (await api.delete("/api/users/U-ADMIN")).status == 200
    assert (await api.delete("/api/users/U-NEW", await api.token("90817263"))).status == 409


async def test_a_pin_is_one_persons(api: Api) -> None:
    """A PIN that somebody has is refused, and the sentence does not say whose it is."""
    for answer in (
        await api.post("/api/users", {"name": "x", "role": "OPERATOR", "pin": PIN["OTHER"]}),
        await api.patch("/api/users/U-OPER", {"pin": PIN["OTHER"]}),
        await api.patch("/api/users/U-OPER", {"pin": PIN["OTHER"], "currentPin": PIN["OPERATOR"]}, "OPERATOR"),
    ):
        assert answer.status == 409
        assert "U-OTHER" not in answer.body.decode()
        assert "scar" not in answer.body.decode()


async def test_an_administrators_pin_is_not_easy(api: Api) -> None:
    """Whoever chooses an easy PIN for an administrator is refused, in their language; anybody else may have one."""
    new = {"name": "x", "role": "ADMIN", "pin": "1234"}
    refused = await api.post("/api/users", new, Accept_Language="es")
    assert (refused.status, refused.json["type"]) == (422, "/problems/easy-pin")
    assert "administrador" in refused.json["detail"]
    assert [fault["field"] for fault in refused.json["errors"]] == ["pin"]
    user = await api.made("/api/users", {**new, "role": "OPERATOR"})
    path = f"/api/users/{user['id']}"
    for pin in ("4321", "00000", "7890", "121212", "47114711"):
        assert (await api.patch(path, {"role": "ADMIN", "pin": pin})).status == 422
        assert (await api.patch("/api/users/U-ADMIN", {"pin": pin})).status == 422
        assert (await api.patch(path, {"pin": pin})).status == 200
    assert (await api.patch(path, {"role": "ADMIN"})).json["type"] == "/problems/easy-pin"
    assert (await api.patch(path, {"role": "ADMIN", "pin": MASK})).status == 422
    assert (await api.get(path)).json["role"] == "OPERATOR"
    assert (await api.patch(path, {"role": "ADMIN", "pin": "90817263"})).status == 200
    assert (await api.patch(path, {"role": "OPERATOR", "pin": "1234"})).status == 200


async def test_an_imported_administrator_keeps_an_easy_pin(api: Api) -> None:
    """Data comes in as it is: they log in, and the mask that a form sends back stands in no change's way."""
    boss = {"id": "U-BOSS", "name": "Jefe", "role": "ADMIN", "pin": "1234"}
    report = (await api.post("/api/system/import", {"users": [boss]})).json["collections"]["users"]
    assert (report["new"], len(report["noted"])) == (1, 1)
    token = await api.token("1234")
    assert (await api.patch("/api/users/U-BOSS", {**boss, "name": "Jefa", "pin": MASK}, token)).status == 200
    assert (await api.patch("/api/users/U-BOSS", boss, token)).status == 422  # who types it in chooses it
    assert (await api.patch("/api/users/U-BOSS", {"pin": "90817263"}, token)).status == 200
    assert (await api.get("/api/auth/me", token)).json["name"] == "Jefa"


async def test_mask_makes_no_user(api: Api) -> None:
    """The mask is a PIN of nobody: a new user needs a real one."""
    assert (await api.post("/api/users", {"name": "x", "role": "OPERATOR", "pin": MASK})).status == 422


async def test_pins_are_nowhere(serve: Serve, data_dir: Path) -> None:
    """No answer, no line of the change log, no export and no byte of the database shows a PIN or what is made of it."""
    pin = "86420975"
    async with serve() as api:
        made = await api.post("/api/users", {"id": "U-9", "name": "x", "role": "OPERATOR", "pin": pin})
        bodies = [made.body, (await api.login(pin)).body]
        bodies.append((await api.patch("/api/users/U-9", {"pin": "97531864"})).body)
        bodies.append((await api.patch("/api/users/U-9", {"pin": pin})).body)
        paths = ("users", "users/U-9", "users/directory", "system/export", "system/status")
        bodies += [(await api.get(f"/api/{path}")).body for path in paths]
    with contextlib.closing(sqlite3.connect(data_dir / "structura.db")) as database:
        log = [line[0] for line in database.execute("SELECT fields FROM change_log")]
        (stored,) = database.execute("SELECT pin_hash, pin_lookup FROM users WHERE id = 'U-9'").fetchall()
    for secret in (pin, "97531864", *stored, "pinHash", "pinLookup"):
        assert not any(secret.encode() in body for body in bodies), secret
    assert not any(secret in fields for fields in log for secret in (pin, "97531864", *stored))
    assert any("pinHash" in fields for fields in log)
    assert re.match(r"\$2[aby]\$1\d\$", stored[0]), "bcrypt with a cost of ten or more"
    key = next(iter(Folder(data_dir).pin_keys().values())).encode()
    for name in os.listdir(data_dir):
        content = (data_dir / name).read_bytes()
        assert pin.encode() not in content
        assert b"97531864" not in content
        assert key not in content or name == "pin-keys.json"


async def test_export_has_no_pins(api: Api) -> None:
    """Users are exported without their PINs."""
    exported = (await api.get("/api/system/export")).json
    assert exported["users"][0] == {"id": "U-ADMIN", "name": "Ana Jefa", "role": "ADMIN"}


async def test_one_pin_for_two(serve: Serve, data_dir: Path, now: Clock) -> None:
    """When a merge brings one PIN to two people nobody is let in as another; changing one of them heals it."""
    folder = Folder(data_dir)
    folder.add_pin_keys({"other": "ab" * 32})
    other_pc = Pins(lambda: dict(reversed(folder.pin_keys().items())))
    store = await Store.open(folder.database, now)
    hashed = await other_pc.hashed(PIN["OPERATOR"])
    data = {"name": "Llegado", "role": "ADMIN", **hashed}
    await store.door.write(lambda tx: tx.create(USERS, "U-MERGED", data), Author("sync"))
    await store.close()
    other_pc.close()
    assert hashed["pinLookup"].startswith("other:")
    async with serve() as api:
        for tag, words in (("en", "Two users"), ("es", "Dos usuarios")):
            answer = await api.post("/api/auth/login", {"pin": PIN["OPERATOR"]}, None, Accept_Language=tag)
            assert answer.status == 401
            assert words in answer.json["detail"]
        await api.patch("/api/users/U-MERGED", {"pin": "12121218"})
        assert (await api.login(PIN["OPERATOR"])).json["user"]["id"] == "U-OPER"
        assert (await api.login("12121218")).json["user"]["id"] == "U-MERGED"


async def test_a_ring_of_keys(serve: Serve, data_dir: Path) -> None:
    """PINs hashed with the key of another PC of the plant log in too, and are taken just as well."""
    folder = Folder(data_dir)
    (old,) = folder.pin_keys().items()
    (data_dir / "pin-keys.json").write_text('{"new": "' + "cd" * 32 + '"}')
    folder.add_pin_keys(dict([old]))
    async with serve() as api:
        assert (await api.login(PIN["OPERATOR"])).json["user"]["id"] == "U-OPER"
        assert (await api.post("/api/users", {"name": "x", "role": "OPERATOR", "pin": PIN["OPERATOR"]})).status == 409
        await api.made("/api/users", {"id": "U-9", "name": "x", "role": "OPERATOR", "pin": "12121218"})
        assert (await api.login("12121218")).json["user"]["id"] == "U-9"
        change = {"pin": "13131313", "currentPin": PIN["OTHER"]}
        assert (await api.patch("/api/users/U-OTHER", change, "OTHER")).status == 200


async def test_no_user_is_called_directory(api: Api) -> None:
    """An id that is an address of another thing is refused, over the wire and in an import; elsewhere it is free."""
    body = {"id": "directory", "name": "Dora", "role": "OPERATOR", "pin": "60606060"}
    answer = await api.post("/api/users", body)
    assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, ["id"])
    report = (await api.post("/api/system/import", {"users": [body]})).json["collections"]["users"]
    assert (report["new"], [entry["id"] for entry in report["rejected"]]) == (0, ["directory"])
    assert (await api.post("/api/machines", {"id": "directory", "name": "A", "type": "PINTURA"})).status == 201
