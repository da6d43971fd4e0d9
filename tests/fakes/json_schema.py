"""As much of JSON Schema 2020-12 as Plait's own schema uses, so that tests can try it out."""

from __future__ import annotations

import re
from typing import Any

_TYPES = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}
_SAID = {"$defs", "$schema", "default", "description", "examples", "title"}
_KNOWN = _SAID | {
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "enum",
    "exclusiveMinimum",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "oneOf",
    "pattern",
    "properties",
    "propertyNames",
    "required",
    "type",
}


def fits(schema: dict[str, Any], value: Any, root: dict[str, Any] | None = None) -> bool:
    """Whether a value is valid under a schema.

    Raises:
        KeyError: The schema refers to nowhere, or uses a word that this does not know.
    """
    root = schema if root is None else root
    if unknown := set(schema) - _KNOWN:
        raise KeyError(f"unknown words: {unknown}")
    if "$ref" in schema:
        definition = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        if not fits(definition, value, root):
            return False
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return (
        (not kinds or any(_TYPES[kind](value) for kind in kinds))
        and ("const" not in schema or value == schema["const"])
        and ("enum" not in schema or value in schema["enum"])
        and all(fits(each, value, root) for each in schema.get("allOf", ()))
        and ("anyOf" not in schema or any(fits(each, value, root) for each in schema["anyOf"]))
        and ("oneOf" not in schema or sum(fits(e, value, root) for e in schema["oneOf"]) == 1)
        and _fits_text(schema, value)
        and _fits_number(schema, value)
        and _fits_list(schema, value, root)
        and _fits_object(schema, value, root)
    )


def _fits_text(schema: dict[str, Any], value: Any) -> bool:
    return not isinstance(value, str) or (
        schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        and re.search(schema.get("pattern", ""), value) is not None
    )


def _fits_number(schema: dict[str, Any], value: Any) -> bool:
    return not _TYPES["number"](value) or (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
        and value > schema.get("exclusiveMinimum", value - 1)
    )


def _fits_list(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> bool:
    return not isinstance(value, list) or (
        schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
        and all(fits(schema.get("items", {}), each, root) for each in value)
    )


def _fits_object(schema: dict[str, Any], value: Any, root: dict[str, Any]) -> bool:
    if not isinstance(value, dict):
        return True
    named = schema.get("properties", {})
    rest = schema.get("additionalProperties", {})
    return (
        schema.get("minProperties", 0) <= len(value)
        and set(schema.get("required", ())) <= set(value)
        and all(fits(schema.get("propertyNames", {}), key, root) for key in value)
        and all(
            fits(named[key], each, root)
            if key in named
            else rest is not False and fits(rest, each, root)
            for key, each in value.items()
        )
    )
