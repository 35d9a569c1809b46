"""What a server remembers of users and tokens is never behind what is stored."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from structura_local import app
from structura_local.domain.row import Row
from structura_local.domain.users import USERS
from structura_local.errors import AppError
from structura_local.folder import Folder
from structura_local.operations.auth import Auth
from structura_local.store import many
from structura_local.store.rows import codec
from structura_local.store.transaction import Author, Transaction
from tests.plant import HOURS, ID, PIN, Clock, Template
from tests.statements import Statements

API = Author("api")


async def test_a_user_deleted_while_users_are_read(
    template: Template, data_dir: Path, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user who is deleted while another request is reading the users is logged out from the next request on."""
    folder, token = Folder(data_dir), template.tokens["OPERATOR"]
    async with app.opened(folder, now) as plant:
        auth = Auth(plant.store, plant.pins, folder.token_secret(), HOURS, "local")
        await auth.load()
        find, have_read, go_on = plant.store.reader.find, asyncio.Event(), asyncio.Event()

        async def slow(*arguments: Any, **options: Any) -> list[Row]:
            rows = await find(*arguments, **options)
            have_read.set()
            await go_on.wait()
            return rows

        monkeypatch.setattr(plant.store.reader, "find", slow)
        earlier = asyncio.create_task(auth.caller(token))
        await have_read.wait()

        def delete(tx: Transaction) -> None:
            row = tx.get(USERS, ID["OPERATOR"])
            assert row is not None
            tx.delete(USERS, row)

        await plant.store.door.write(delete, API)
        go_on.set()
        await earlier
        with pytest.raises(AppError) as caught:
            await auth.caller(token)
        assert caught.value.code == "dead-token"


async def test_a_change_that_is_not_kept(template: Template, data_dir: Path, now: Clock) -> None:
    """Who fails to change their own PIN is still logged in."""
    folder, token = Folder(data_dir), template.tokens["OPERATOR"]
    async with app.opened(folder, now) as plant:
        auth = Auth(plant.store, plant.pins, folder.token_secret(), HOURS, "local")
        await auth.load()
        caller = await auth.caller(token)

        def fails(tx: Transaction) -> None:
            row = tx.get(USERS, ID["OPERATOR"])
            assert row is not None
            auth.renew(tx, caller, replace(row, stamps={**row.stamps, "pinHash": "f" * 24}))
            raise AppError("disk-full")

        with pytest.raises(AppError):
            await plant.store.door.write(fails, API)
        assert await auth.caller(token) == caller


async def test_sessions_that_ended_by_themselves_are_not_kept(data_dir: Path, now: Clock) -> None:
    """A server that runs for years holds the sessions of its last hours in memory, not all there ever were."""
    folder = Folder(data_dir)
    async with app.opened(folder, now) as plant:
        auth = Auth(plant.store, plant.pins, folder.token_secret(), HOURS, "local")
        await auth.load()
        for _ in range(4):
            now.move(hours=HOURS / 2)
            token = (await auth.login(PIN["OPERATOR"]))["token"]
        assert len(auth._sessions) == 2
        assert (await auth.caller(token)).user_id == ID["OPERATOR"]


async def test_users_that_a_first_download_brings(template: Template, data_dir: Path, now: Clock) -> None:
    """Who comes while others work already is known, although nobody hears of each row."""
    folder = Folder(data_dir)
    async with app.opened(folder, now) as plant:
        auth = Auth(plant.store, plant.pins, folder.token_secret(), HOURS, "local")
        await auth.load()
        assert (await auth.caller(template.tokens["ADMIN"])).user_id == ID["ADMIN"]
        data = {"name": "Nora Nueva", "role": "OPERATOR", **await plant.pins.hashed("90817263")}

        def download(tx: Transaction) -> None:
            many.load(tx, USERS, [codec(USERS).loaded("U-NEW", "0" * 16 + "abcdefgh", 1, "{}", "{}", data)])
            tx.after_commit(partial(plant.store.loaded, {"users"}))

        await plant.store.door.write(download, Author("sync"))
        token = (await auth.login("90817263"))["token"]
        assert (await auth.caller(token)).user_id == "U-NEW"


async def test_other_rows_of_a_first_download(
    statements: Statements, template: Template, data_dir: Path, now: Clock
) -> None:
    """A thousand at a time come in; nobody has to be looked up again for them."""
    folder = Folder(data_dir)
    async with app.opened(folder, now) as plant:
        auth = Auth(plant.store, plant.pins, folder.token_secret(), HOURS, "local")
        await auth.load()
        caller = await auth.caller(template.tokens["ADMIN"])
        statements.clear()
        plant.store.loaded({"events", "jobs"})
        assert await auth.caller(template.tokens["ADMIN"]) is caller
        assert statements == []
