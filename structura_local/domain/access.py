"""Who may do what: the roles table of the API, in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

ADMIN, SUPERVISOR, OPERATOR = "ADMIN", "SUPERVISOR", "OPERATOR"
ROLES = (ADMIN, SUPERVISOR, OPERATOR)
LIST, READ, CREATE, UPDATE, DELETE = "list", "read", "create", "update", "delete"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a user with a good token (`jti`), or the machine's owner by a local command (no user id, ADMIN).

    `address` is where the request comes from, `terminal` the paired terminal where the session began.
    """

    user_id: str | None
    role: str
    jti: str = ""
    address: str = ""
    terminal: str | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """What a role may do: with every row or only its `own`, every field or only `fields`."""

    fields: frozenset[str] | None = None
    own: bool = False


ALL = Permission()
OWN = Permission(own=True)


def _only(*fields: str, own: bool = False) -> Permission:
    return Permission(frozenset(fields), own)


_OPERATOR_JOB_FIELDS = (
    "status",
    "completedQuantity",
    "scrapQuantity",
    "operatorNotes",
    "workflowStages",
    "currentCoilId",
    "startDate",
    "endDate",
    "completedAt",
    "operatorIds",
    "assignedMachineId",
)

# (collection, action) → role → permission; a role that is not listed may not.
_EVERYBODY = {ADMIN: ALL, SUPERVISOR: ALL, OPERATOR: ALL}
_OFFICE = {ADMIN: ALL, SUPERVISOR: ALL}
_ADMIN = {ADMIN: ALL}
_MESSAGES = {ADMIN: ALL, SUPERVISOR: OWN, OPERATOR: OWN}


def _managed(operator_fields: Permission | None = None) -> Mapping[str, Mapping[str, Permission]]:
    """Everybody reads, the office changes, an operator changes some fields."""
    update = {**_OFFICE, OPERATOR: operator_fields} if operator_fields else _OFFICE
    return {LIST: _EVERYBODY, READ: _EVERYBODY, CREATE: _OFFICE, UPDATE: update, DELETE: _OFFICE}


_RULES: Mapping[str, Mapping[str, Mapping[str, Permission]]] = {
    "machines": _managed(
        _only("status", "currentJobId", "maintenanceReason", "totalMetersProduced", "temperature"),
    ),
    "jobs": {**_managed(_only(*_OPERATOR_JOB_FIELDS)), CREATE: _EVERYBODY},  # an operator: PANELIZADO jobs
    "projects": _managed(),
    "clients": _managed(),
    "inventory": _managed(_only("quantity")),
    "project_accessories": _managed(),
    "users": {
        LIST: _ADMIN,
        READ: _ADMIN,
        CREATE: _ADMIN,
        UPDATE: {
            ADMIN: ALL,
            SUPERVISOR: _only("name", "avatar", "pin", own=True),
            OPERATOR: _only("name", "avatar", "pin", own=True),
        },
        DELETE: _ADMIN,
    },
    "alerts": {**_managed(_only("dismissed")), CREATE: _EVERYBODY},
    "messages": {
        LIST: _EVERYBODY,
        READ: _EVERYBODY,
        CREATE: _EVERYBODY,
        UPDATE: {ADMIN: ALL, SUPERVISOR: _only("isRead", own=True), OPERATOR: _only("isRead", own=True)},
        DELETE: _MESSAGES,
    },
    "events": {LIST: _EVERYBODY, READ: _EVERYBODY, CREATE: _EVERYBODY},
    "directory": {LIST: _EVERYBODY},
    "system": {READ: _OFFICE, UPDATE: _OFFICE},  # status, sync now
    "conflicts": {LIST: _OFFICE, READ: _OFFICE, UPDATE: _OFFICE},  # update: mark seen, restore
    "set_aside": {LIST: _OFFICE, UPDATE: _OFFICE},  # update: retry
    "why": {READ: _OFFICE},
    "administration": {READ: _ADMIN, UPDATE: _ADMIN},  # import, export
    "settings": {LIST: _ADMIN, UPDATE: _ADMIN},
    "terminals": {LIST: _ADMIN, CREATE: _ADMIN, DELETE: _ADMIN},
    "backups": {
        LIST: _ADMIN,
        READ: _ADMIN,
        CREATE: _ADMIN,
        UPDATE: _ADMIN,
        DELETE: _ADMIN,
    },  # read: download; update: restore
    "changes": {LIST: _ADMIN},
    "logs": {LIST: _ADMIN},
    "trash": {LIST: _ADMIN, UPDATE: _ADMIN},  # update: restore
}


@cache
def permission(role: str, thing: str, action: str) -> Permission | None:
    """What `role` may do of `action` with `thing` (a collection's table name, or one of the others); None: nothing."""
    return _RULES[thing].get(action, {}).get(role)
