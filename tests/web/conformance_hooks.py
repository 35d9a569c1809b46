"""What a description cannot say, taken out of it before requests are made of it; and answers held to it exactly."""

import re
from typing import Any

import schemathesis

from structura_local.domain.catalog import COLLECTIONS
from structura_local.domain.fields import Merge
from structura_local.domain.parts import LARGEST
from structura_local.domain.users import is_easily_guessed
from structura_local.schemas import PIN_PATTERN

COUNTERS = {field.name for collection in COLLECTIONS for field in collection.fields if field.merge is Merge.COUNTER}


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """The schema from which requests are made."""
    schemas = raw_schema["components"]["schemas"]
    for name, schema in schemas.items():
        if schema.get("type") == "object":
            schema.setdefault("additionalProperties", False)  # no answer has a field that is not described
        if name.endswith("Update"):
            schema["properties"].pop("id", None)  # has to be the one in the path
        if name == "SettingsUpdate":  # what takes effect now has the server away for a moment
            schema["properties"] = {"log_level": schema["properties"]["log_level"]}
    del raw_schema["paths"]["/api/system/enrolment"]  # a good bundle has the server away, too, and a text is none
    unsaid = {
        "#/components/parameters/Cursor",  # has to come from a Link
        "#/components/parameters/IdempotencyKey",  # must not be used for two requests
    }
    for item in raw_schema["paths"].values():
        for operation in item.values():
            parameters = [p for p in operation["parameters"] if p.get("$ref") not in unsaid]
            operation["parameters"] = [p for p in parameters if p.get("name") != "withNewPins"]  # ends all sessions
            content = operation.get("requestBody", {}).get("content", {})
            for media_type in set(content) - {"application/json"}:
                del content[media_type]  # has to be a SQLite database


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Whoever sends the requests stays; counters keep away from their edge, where a good difference leads beyond.

    Nobody has a PIN that an administrator may not have.
    """
    if case.path_parameters.get("id") in ("U-ADMIN", "U-OPER") and case.method == "DELETE":
        case.path_parameters["id"] = "U-GONE"
    if case.operation.path.endswith("/backups/{id}/restore"):
        case.path_parameters["id"] = "B-GONE"  # a good one has the server away for a moment
    if isinstance(case.body, dict):
        for name in COUNTERS & case.body.keys():
            if case.body[name] in (-LARGEST, LARGEST):
                case.body[name] /= 2
        pin = case.body.get("pin")
        if case.path.startswith("/api/users") and is_pin(pin) and is_easily_guessed(pin):
            case.body["pin"] = f"471{pin[:4]}"


def is_pin(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(PIN_PATTERN, value) is not None
