"""What a contract file is: decided by what it holds, then by its suffix and its place."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

from plait.plans.text import SourceText
from plait.plans.yaml_source import Node

_JSON_SCHEMA = "json-schema.org"
_DATA_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_OPENAPI_LINE = re.compile(r"^[\"']?(?:openapi|swagger)[\"']?[ \t]*:", re.MULTILINE)
_BEGINNING = 2000  # characters in which a file without a telling suffix says what it is
_API_FIELDS = frozenset({"paths", "components", "webhooks"})
_SCHEMA_WORDS = frozenset(
    {"type", "properties", "items", "$ref", "$defs", "definitions", "enum", "const"}
    | {"allOf", "anyOf", "oneOf", "not", "required", "additionalProperties"}
)


class Kind(StrEnum):
    """What a contract is checked as."""

    OPENAPI = "OpenAPI"
    JSON_SCHEMA = "JSON Schema"
    EVENT = "CloudEvents"
    DATA = "data"
    SQL = "SQL"
    MARKDOWN = "Markdown"
    PYTHON = "Python"
    TYPESCRIPT = "TypeScript"
    OTHER = "other"


_BY_SUFFIX = {
    ".sql": Kind.SQL,
    ".ddl": Kind.SQL,
    ".md": Kind.MARKDOWN,
    ".markdown": Kind.MARKDOWN,
    ".py": Kind.PYTHON,
    ".pyi": Kind.PYTHON,
    ".ts": Kind.TYPESCRIPT,
    ".tsx": Kind.TYPESCRIPT,
    ".mts": Kind.TYPESCRIPT,
    ".cts": Kind.TYPESCRIPT,
}


def kind_of_file(path: Path, source: SourceText) -> Kind:
    """The kind as far as suffix and first lines tell; `DATA` for YAML and JSON of any kind."""
    suffix = path.suffix.lower()
    if suffix in _DATA_SUFFIXES:
        return Kind.DATA
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    beginning = source.text[:_BEGINNING].lstrip()
    holds_data = beginning.startswith("{") or _OPENAPI_LINE.search(beginning)
    return Kind.DATA if holds_data else Kind.OTHER


def is_json(path: Path, source: SourceText) -> bool:
    """Whether data is to be read as JSON, not YAML."""
    suffix = path.suffix.lower()
    return suffix == ".json" or (
        suffix not in _DATA_SUFFIXES and source.text[:_BEGINNING].lstrip().startswith("{")
    )


def kind_of_data(path: Path, root: Node | None) -> Kind:
    """What a parsed YAML or JSON file is."""
    fields = root.value if root is not None and isinstance(root.value, dict) else {}
    if "openapi" in fields or "swagger" in fields:
        return Kind.OPENAPI
    dialect = fields.get("$schema")
    if dialect is not None and isinstance(dialect.value, str) and _JSON_SCHEMA in dialect.value:
        return Kind.JSON_SCHEMA
    version = fields.get("specversion")
    if version is not None and not isinstance(version.value, dict | list):
        return Kind.EVENT
    if "info" in fields and not _API_FIELDS.isdisjoint(fields):
        return Kind.OPENAPI
    if dialect is None and _named_schema(path) and not _SCHEMA_WORDS.isdisjoint(fields):
        return Kind.JSON_SCHEMA
    return Kind.DATA


def among_events(path: Path) -> bool:
    """Whether the file lies in a folder of events."""
    return any(part.lower() in {"events", "event"} for part in path.parent.parts)


def _named_schema(path: Path) -> bool:
    stem = path.stem.lower()
    in_schemas = any(part.lower() in {"schemas", "schema"} for part in path.parent.parts[-2:])
    return stem.endswith((".schema", "-schema", "_schema")) or in_schemas or among_events(path)
