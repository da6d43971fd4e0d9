"""A whole plan by clients of MCP and Plait's own agents in one run."""

from __future__ import annotations

import pytest
from tests.acceptance.conftest import Story
from tests.clients.crew import HTTP, NODE, PIPE, PYTHON, missing, whole_plan


@pytest.mark.parametrize("way", [PIPE, HTTP])
@pytest.mark.parametrize("programs", [(NODE, NODE), (PYTHON, NODE)], ids="-".join)
def test_two_clients_and_two_agents_land_a_plan(
    story: Story, programs: tuple[str, str], way: str
) -> None:
    """Whoever the clients are, and whichever way they came: all of it lands, each once."""
    for why in filter(None, map(missing, programs)):
        pytest.skip(why)
    whole_plan(story, programs, way)
