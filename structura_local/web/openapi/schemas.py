"""JSON schemas of types, as the document wants them: plain, each named type once."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from structura_local.domain.catalog import COLLECTIONS
from structura_local.schemas import DirectoryEntry, ProjectWithJobs, Purpose, model
from structura_local.web.openapi.operation import Schema

TEMPLATE = "#/components/schemas/{model}"


class _Plain(GenerateJsonSchema):
    """Without what pydantic adds for its own forms: titles, and `null` as the default of what is merely left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> Schema:
        if "default" in schema and schema["default"] is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def dataclass_field_schema(self, schema: Any) -> Schema:
        """What is None in an answer is left out, so it is never null."""
        inner = schema["schema"]
        if inner["type"] == "default" and inner.get("default", 0) is None and inner["schema"]["type"] == "nullable":
            return self.generate_inner(inner["schema"]["schema"])
        return super().dataclass_field_schema(schema)

    def field_is_required(self, field: Any, total: bool) -> bool:
        """An answer made of a dataclass has all its fields but those that are None, which are left out."""
        if field["type"] == "dataclass-field":
            return field["schema"].get("default", 0) is not None
        return super().field_is_required(field, total)


def answered() -> list[type[BaseModel]]:
    """What objects look like, each collection's, and those that are shown with more or less."""
    return [*(model(collection, Purpose.ANSWER) for collection in COLLECTIONS), ProjectWithJobs, DirectoryEntry]


def schemas(types: Iterable[Any]) -> tuple[Mapping[Any, Schema], dict[str, Schema]]:
    """A schema of each type, and the components that those refer to."""
    unique = list(dict.fromkeys(types))
    inputs: Any = [(number, "validation", TypeAdapter(kind)) for number, kind in enumerate(unique)]
    made, rest = TypeAdapter.json_schemas(inputs, ref_template=TEMPLATE, schema_generator=_Plain)
    components: dict[str, Schema] = rest.get("$defs", {})
    for schema in components.values():
        schema.pop("title", None)
    return {kind: made[number, "validation"] for number, kind in enumerate(unique)}, components
