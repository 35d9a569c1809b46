"""Setting up a plant: its name, its first administrator, at least one machine."""

from structura_local import clock
from structura_local.domain.access import ADMIN
from structura_local.domain.machines import MACHINE_TYPES, MACHINES
from structura_local.domain.users import USERS
from structura_local.operations.pins import Pins
from structura_local.operations.users import check_chosen_pin
from structura_local.schemas import Purpose, checked, model
from structura_local.store.node import new_node, offer_all
from structura_local.store.store import Store
from structura_local.store.transaction import Author, Transaction

_MACHINE_DUE = "machine_due"  # in the node's state: 1 from the setup to the first start


async def name_plant(store: Store, name: str) -> None:
    """Give this database's plant its name."""
    await store.door.write(lambda tx: tx.set_state("plant_name", name), Author("setup"))


async def first_admin(store: Store, pins: Pins, name: str, pin: str) -> None:
    """Make an administrator. AppError `invalid` if the PIN is not 4 to 8 digits, `easy-pin` if it is easy."""
    data = checked(model(USERS, Purpose.CREATE), {"name": name, "role": ADMIN, "pin": pin})
    check_chosen_pin(ADMIN, pin)
    hashed = await pins.hashed(data.pop("pin"))

    def work(tx: Transaction) -> None:
        tx.create(USERS, clock.new_id(USERS.key, tx.at), {**data, **hashed})
        tx.set_state(_MACHINE_DUE, "1")

    await store.door.write(work, Author("setup"))


async def first_machine(store: Store) -> None:
    """End a setup with a machine, if it has brought none: into an empty list the plant frontend puts its own samples.

    At the first start, so that an import can come before it; once, so that who deletes all machines has none.
    """
    if (await store.reader.state()).get(_MACHINE_DUE) != "1":
        return

    def work(tx: Transaction) -> None:
        tx.set_state(_MACHINE_DUE, "0")
        if not tx.find(MACHINES):
            kind = MACHINE_TYPES[0]
            data = {"name": f"{kind.capitalize()} 1", "type": kind, "category": "STANDARD"}
            tx.create(MACHINES, clock.new_id(MACHINES.key, tx.at), {**MACHINES.defaults(), **data})

    await store.door.write(work, Author("setup"))


async def join_plant(store: Store, plant_id: str, name: str, *, afresh: bool) -> None:
    """Make this database one of a plant's nodes.

    `afresh`: with another bundle than before. Head office knows a node by its bundle, so this becomes a new node, which
    exchanges everything once more.
    """

    def work(tx: Transaction) -> None:
        tx.set_state("plant", plant_id)
        tx.set_state("plant_name", name)
        (new_node if afresh else offer_all)(tx)

    await store.door.write(work, Author("setup"))
