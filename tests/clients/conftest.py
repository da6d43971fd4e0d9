"""Clients of MCP that are not Plait's, by the installed command."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.acceptance.conftest import story

__all__ = ["story"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here are marked: `make test` leaves them out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("clients")
