"""May they? Every operation asks here, and the answer is in one table (domain/access.py)."""

from structura_local.domain.access import Caller, Permission, permission
from structura_local.errors import AppError


def require(caller: Caller, thing: str, action: str) -> Permission:
    """What the caller may do of `action` with `thing`; AppError `forbidden` if that is nothing."""
    found = permission(caller.role, thing, action)
    if found is None:
        raise AppError("forbidden", role=caller.role)
    return found
