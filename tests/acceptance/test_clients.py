"""The official client of MCP works through a plan, beside Plait's own agents, on each way."""

from __future__ import annotations

import pytest
from tests.acceptance.conftest import Story
from tests.clients.crew import HTTP, PIPE, PYTHON, whole_plan


@pytest.mark.long
@pytest.mark.parametrize("way", [PIPE, HTTP])
def test_two_clients_and_two_agents_land_a_plan(story: Story, way: str) -> None:
    """Two clients in processes of their own; `make test-clients` has others do so too."""
    whole_plan(story, (PYTHON, PYTHON), way, packages=8)
