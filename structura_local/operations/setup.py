"""Setting up a plant: its name and its first administrator."""

from structura_local import clock
from structura_local.domain.access import ADMIN
from structura_local.domain.users import USERS
from structura_local.operations.pins import Pins
from structura_local.schemas import Purpose, checked, model
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction


async def name_plant(store: Store, name: str) -> None:
    """Give this database's plant its name."""
    await store.door.write(lambda tx: tx.set_state("plant_name", name), Author("setup"))


async def first_admin(store: Store, pins: Pins, name: str, pin: str) -> None:
    """Make an administrator. AppError `invalid` if the PIN is not 4 to 8 digits."""
    data = checked(model(USERS, Purpose.CREATE), {"name": name, "role": ADMIN, "pin": pin})
    hashed = await pins.hashed(data.pop("pin"))

    def work(tx: Transaction) -> None:
        tx.create(USERS, clock.new_id(USERS.key, tx.at), {**data, **hashed})

    await store.door.write(work, Author("setup"))
