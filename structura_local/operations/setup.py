"""Setting up a plant: its name and its first administrator."""

from structura_local import clock
from structura_local.domain.access import ADMIN
from structura_local.domain.stamp import NODE_ID_LENGTH
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


async def join_plant(store: Store, plant_id: str, name: str, *, afresh: bool) -> None:
    """Make this database one of a plant's nodes.

    `afresh`: with another bundle than before. Head office knows a node by its bundle, so this becomes a new node, which
    exchanges everything once more.
    """

    def work(tx: Transaction) -> None:
        tx.set_state("plant", plant_id)
        tx.set_state("plant_name", name)
        if afresh:
            tx.set_state("node", clock.random_word(NODE_ID_LENGTH))
            tx.set_state("cursor", "0")
            tx.set_state("mark", "0")

    await store.door.write(work, Author("setup"))
