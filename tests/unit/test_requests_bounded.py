"""What requests may hold has bounds, whatever the operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from plait.engine.coordinator.desk import VERBS


def numbers(schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schemas of numbers in a schema."""
    if schema.get("type") in {"integer", "number"}:
        yield schema
    for each in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())):
        yield from numbers(each)


@pytest.mark.parametrize("name", VERBS)
def test_numbers_are_such_as_a_store_can_hold(name: str) -> None:
    """Each has a least and a most: one that is too large for a column is refused, no bug."""
    for field, schema in VERBS[name].asks.model_json_schema().get("properties", {}).items():
        for each in numbers(schema):
            assert {"minimum", "exclusiveMinimum"} & set(each), field
            assert each["maximum"] < 2**31, field
