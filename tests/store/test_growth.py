"""The change log stays bounded, and what the sync or an audit needs stays in it."""

from functools import partial
from pathlib import Path

from sqlalchemy import func, select

from structura_local.domain.machines import MACHINES
from structura_local.domain.users import USERS
from structura_local.store import growth
from structura_local.store.growth import AT_ONCE, DAY, LAST
from structura_local.store.store import Store
from structura_local.store.tables import CHANGE_LOG, PUSHES
from structura_local.store.transaction import Author, Transaction
from structura_local.store.unpushed import acknowledged
from tests.plant import Clock

BY = Author("api", "U-1")


def day(number: int, changes: int, tx: Transaction) -> None:
    """So many changes, with a user made, and a machine made and deleted, among them."""
    for n in range(changes):
        tx.create(MACHINES, f"M-{number}-{n}", {"name": "x"})
    tx.create(USERS, f"U-{number}", {"name": "x", "role": "OPERATOR"})
    tx.delete(MACHINES, tx.create(MACHINES, f"D-{number}", {"name": "x"}))


async def count(store: Store, *where: object) -> int:
    ((number,),) = await store.reader.fetch(select(func.count()).select_from(CHANGE_LOG).where(*where))  # type: ignore[arg-type]
    return int(number)


async def thinned(store: Store, days: int) -> None:
    while await growth.thin(store.door, store.reader, store.now() - days * DAY):
        pass


async def test_four_hundred_days(tmp_path: Path) -> None:
    """After 400 days the log has no more than 90, users and deletions apart; each hour takes a small part."""
    now = Clock()
    store = await Store.open(tmp_path / "structura.db", now)
    for number in range(400):
        await store.door.write(partial(day, number, 40), BY)
        now.move(hours=24)
    before = await count(store)
    assert before > 400 * 42
    assert await growth.thin(store.door, store.reader, now() - 90 * DAY) == AT_ONCE, "not all at once"
    await thinned(store, 90)
    log = CHANGE_LOG.c
    assert 90 * 40 <= await count(store, log.collection == "machines", log.kind == "create") <= 91 * 41 + 40
    assert await count(store, log.collection == "users") == 400
    assert await count(store, log.kind == "delete") == 400
    await store.close()
    again = await Store.open(tmp_path / "structura.db", now)
    await again.door.write(partial(day, 400, 1), BY)
    ((last,),) = await again.reader.fetch(select(func.max(log.seq)))
    assert last > before, "numbers are not used twice"
    await again.close()


async def test_what_head_office_has_not_heard_of_stays(tmp_path: Path) -> None:
    """However old it is; and the latest pushes are remembered."""
    now = Clock()
    store = await Store.open(tmp_path / "structura.db", now)
    await store.door.write(partial(day, 0, 3 * LAST), BY)

    def enrolled(tx: Transaction) -> None:
        tx.set_state("plant", "p")
        for mark in range(1, 2 * LAST + 1, LAST // 10):
            acknowledged(tx, mark)

    await store.door.write(enrolled, Author("sync"))
    now.move(hours=24 * 500)
    await thinned(store, 90)
    ((first,),) = await store.reader.fetch(select(func.min(CHANGE_LOG.c.seq)))
    heard = int((await store.reader.state())["mark"])
    assert first == heard - LAST + 1
    ((pushes,),) = await store.reader.fetch(select(func.count()).select_from(PUSHES))
    assert pushes == 1
    await store.close()
