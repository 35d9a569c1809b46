"""Connecting this PC to head office, with the bundle that head office made for it.

Into a running server a bundle comes in two steps: it is checked and laid ready, and the next life of the server joins
the plant before it exchanges anything. An exchange under the old bundle never meets the state of the new one.
"""

import logging
from dataclasses import asdict, dataclass
from typing import Any

from structura_local.domain.access import UPDATE, Caller
from structura_local.errors import AppError
from structura_local.folder import Folder
from structura_local.operations import setup
from structura_local.operations.access import require
from structura_local.operations.bundle import check
from structura_local.store.store import Store

NONE, SAME, ANOTHER = "none", "same", "another"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Which plant a bundle connects to. `before`: the bundle until now, `none`, the `same`, or `another`: then head
    office takes this PC for a new one, and everything is exchanged once more.
    """

    plantId: str  # noqa: N815 - the API's names
    plantName: str  # noqa: N815
    before: str


async def fits(store: Store, folder: Folder, bundle: dict[str, Any], *, another_name: bool) -> Enrolled:
    """What this bundle does here. AppError `database-of-another`, or `other-plant` if only its name is another's."""
    plant_id, name = bundle["plantId"], bundle["plantName"]
    state = await store.reader.state()
    if (own_id := state.get("plant", plant_id)) != plant_id:
        raise AppError("database-of-another", own=own_id, bundle=plant_id)
    if (own := state.get("plant_name", name)) != name and not another_name:
        raise AppError("other-plant", bundle=name, name=own)
    before = folder.bundle()
    return Enrolled(plant_id, name, NONE if before is None else SAME if before["dsn"] == bundle["dsn"] else ANOTHER)


async def join(store: Store, folder: Folder, bundle: dict[str, Any], enrolled: Enrolled) -> None:
    """Be one of this plant's PCs from now on."""
    await setup.join_plant(store, enrolled.plantId, enrolled.plantName, afresh=enrolled.before == ANOTHER)
    folder.keep_bundle(bundle)


async def finish(store: Store, folder: Folder) -> None:
    """Join the plant of a bundle that lies ready, if one does. Repeated after a power cut, it does the same."""
    if (bundle := folder.bundle_ready()) is None:
        return
    try:
        enrolled = await fits(store, folder, bundle, another_name=True)
    except AppError as error:  # a restore has put another plant's database here meanwhile
        _log.error("the bundle that lay ready is left: %s", error)
    else:
        await join(store, folder, bundle, enrolled)
        _log.warning("this PC belongs to %s (%s) now", enrolled.plantName, enrolled.plantId)
    folder.lay_bundle_ready(None)


class Enrolment:
    """Bundles for a plant that is served."""

    def __init__(self, store: Store, folder: Folder) -> None:
        self._store = store
        self._folder = folder

    @property
    def is_due(self) -> bool:
        """Whether a bundle lies ready."""
        return self._folder.bundle_ready() is not None

    async def lay_ready(self, caller: Caller, found: Any, *, another_name: bool) -> dict[str, Any]:
        """Have a bundle ready for the next life of the server. AppError `bad-bundle`, or as of `fits`."""
        require(caller, "administration", UPDATE)
        bundle = check(found)
        enrolled = await fits(self._store, self._folder, bundle, another_name=another_name)
        self._folder.lay_bundle_ready(bundle)
        return asdict(enrolled)
