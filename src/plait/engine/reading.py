"""Text of a known form → what it says: for merging, and to tell whether it can be read at all."""

from __future__ import annotations

import ast
import json
from typing import Any

from plait.core.datamerge import once

MOST_ALIASES = 20  # of a YAML text: more of them may stand for a billion of values


def read(form: str, text: str) -> Any:
    """What a text says: `json`, `toml`, `yaml`, or `python`.

    Raises:
        ValueError: It is no such, or says something twice.
    """
    try:
        match form:
            case "json":
                return json.loads(text, object_pairs_hook=once)
            case "toml":
                import tomllib

                return tomllib.loads(text)
            case "yaml":
                return _yaml(text)
            case _:
                return ast.parse(text)
    except (SyntaxError, RecursionError, MemoryError) as wrong:
        raise ValueError(f"it is no {form}") from wrong


def _yaml(text: str) -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """One that refuses a key that stands twice."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            if len(set(map(repr, keys))) < len(keys):
                raise yaml.YAMLError("a key stands twice")
            return super().construct_mapping(node, deep)

    if "&" in text and text.count("*") > MOST_ALIASES:
        raise ValueError("it has many aliases")
    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 - it makes plain values alone
    except (yaml.YAMLError, TypeError) as wrong:
        raise ValueError(str(wrong)) from wrong
