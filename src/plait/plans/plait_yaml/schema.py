"""The JSON Schema (2020-12) of `plait.yaml`, made from its models: what editors complete by.

`python -m plait.plans.plait_yaml.schema` prints it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from plait.plans.plait_yaml.model import PlaitFile

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": ["string", "number"]}  # ids are often numbers; they are read as they are written
_TEXT_LISTS = frozenset(
    {
        "artifacts",
        "context",
        "deny",
        "files",
        "guards",
        "keys",
        "read",
        "required_checks",
        "requirements",
        "result_keys",
        "reworks",
        "tasks",
        "write",
    }
)
_TEXTS = frozenset(
    {"archetype", "feature", "group", "id", "parent", "phase", "role", "tier", "title", "track"}
)

Schema = dict[str, Any]


class _Untitled(GenerateJsonSchema):
    """Without a title for each field that only repeats its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic calls it
        """Never; descriptions say more."""
        return False


def json_schema() -> Schema:
    """The schema, short forms and all."""
    made = PlaitFile.model_json_schema(schema_generator=_Untitled)
    kinds: dict[str, Schema] = made["$defs"]
    for kind in (made, *kinds.values()):
        kind.pop("title", None)
        for name, field in kind["properties"].items():
            _loosen(name, field)
    _shorten(made, kinds)
    for kind in (made, *kinds.values()):
        for name, field in kind["properties"].items():
            if name not in kind.get("required", ()):
                _allow_nothing(field)
    made["properties"] = {
        "$schema": {"type": "string", "description": "Where this schema is, for editors."},
        **made["properties"],
    }
    return {"$schema": _DIALECT, "title": "plait.yaml", **made}


def text() -> str:
    """The schema as the file that is committed."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _loosen(name: str, field: Schema) -> None:
    """What is read as text may look like a number, and one thing may stand for a list of one."""
    if field.get("default") is None:
        field.pop("default", None)
    if name in _TEXTS:
        _spread(field, "string", _TEXT)
    if name in _TEXT_LISTS:
        _spread(field, "array", {"items": _TEXT})
        _either(field, _TEXT)


def _spread(field: Schema, kind: str, instead: Schema) -> None:
    for each in (field, *field.get("anyOf", ())):
        if each.get("type") == kind:
            each.update(instead)


def _shorten(made: Schema, kinds: dict[str, Schema]) -> None:
    package = kinds["Package"]["properties"]
    command: Schema = {"type": "string"}
    for checks in (package["checks"], kinds["Defaults"]["properties"]["checks"]):
        for each in (checks, *checks.get("anyOf", ())):
            if "items" in each:
                each["items"] = {"anyOf": [command, each["items"]]}
        _either(checks, command, {"$ref": "#/$defs/CheckShape"})
    package["needs"]["items"] = {"anyOf": [_TEXT, package["needs"]["items"]]}
    _either(package["needs"], _TEXT, {"$ref": "#/$defs/Need"})
    names: Schema = {"type": "array", "items": {"type": "string"}}
    _either(package["locks"], command, names)
    _either(made["properties"]["contracts"], command, names)
    _either(kinds["CheckShape"]["properties"]["ci"], command)
    numbered = {"type": ["string", "number", "boolean"]}
    kinds["CheckShape"]["properties"]["env"]["additionalProperties"] = numbered
    kinds["CheckShape"]["oneOf"] = [{"required": [kind]} for kind in ("command", "ci", "manual")]
    kinds["Package"].pop("required")
    listed = made["properties"]["packages"]
    listed["items"] = {"allOf": [listed["items"], {"required": ["id"]}]}
    _either(
        listed,
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {"anyOf": [{"$ref": "#/$defs/Package"}, {"type": "null"}]},
        },
    )


def _allow_nothing(field: Schema) -> None:
    """Let a field be left empty, which is as good as not said."""
    if "enum" in field:
        field["enum"] = [*field["enum"], None]
    if "type" in field:
        kinds = field["type"]
        field["type"] = [*([kinds] if isinstance(kinds, str) else kinds), "null"]
    elif {"type": "null"} not in field.get("anyOf", ()):
        _either(field, {"type": "null"})


_ABOUT = frozenset({"default", "deprecated", "description", "examples"})


def _either(field: Schema, *others: Schema) -> None:
    """Let a field be something else as well; what is said about it stays where it is."""
    shape = {key: field.pop(key) for key in list(field) if key not in _ABOUT}
    field["anyOf"] = [*others, *shape.pop("anyOf", ()), *([shape] if shape else ())]


if __name__ == "__main__":
    sys.stdout.write(text())
