"""The enrolment bundle that head office makes for one PC of a plant."""

from typing import Any

from structura_local.errors import AppError


def check(bundle: Any) -> dict[str, Any]:
    """A bundle with a name for its plant. AppError `bad-bundle` if it is none."""
    if not isinstance(bundle, dict) or not all(isinstance(bundle.get(key), str) for key in ("plantId", "dsn")):
        raise AppError("bad-bundle")
    return {**bundle, "plantName": bundle.get("plantName") or bundle["plantId"]}
