"""The ten collections, in the order in which exports list them, and what the sync carries beside them."""

from structura_local.domain.actors import ACTORS
from structura_local.domain.alerts import ALERTS
from structura_local.domain.clients import CLIENTS
from structura_local.domain.conflicts import CONFLICTS
from structura_local.domain.events import EVENTS
from structura_local.domain.inventory import INVENTORY
from structura_local.domain.jobs import JOBS
from structura_local.domain.machines import MACHINES
from structura_local.domain.messages import MESSAGES
from structura_local.domain.project_accessories import PROJECT_ACCESSORIES
from structura_local.domain.projects import PROJECTS
from structura_local.domain.users import USERS

COLLECTIONS = (
    MACHINES,
    JOBS,
    PROJECTS,
    USERS,
    CLIENTS,
    INVENTORY,
    ALERTS,
    MESSAGES,
    EVENTS,
    PROJECT_ACCESSORIES,
)
SYNCED = (ACTORS, *COLLECTIONS, CONFLICTS)  # actors first: who wrote is known before what was written
BY_PATH = {c.path: c for c in COLLECTIONS}
BY_TABLE = {c.table: c for c in SYNCED}
