"""Programs whose owner lists the hosts that may be reached: their models are among them."""

from __future__ import annotations

import pytest
from tests.agents.conftest import Scene, told_of
from tests.agents.programs import Program
from tests.fakes.plans import Piece

from plait import sandbox

MADE = "src/wp-a/made.txt"


@pytest.mark.parametrize("tier", sandbox.KERNEL)
def test_its_model_is_reached_though_no_host_is_listed(
    scene: Scene, program: Program, tier: str
) -> None:
    """Plait knows what the program needs, from its keys and settings, and adds that alone."""
    lack = sandbox.find(tier).probe()
    if lack is not None:
        pytest.skip(lack)
    scene.begin({"plait.toml": f'[sandbox]\ntier = "{tier}"\nhosts = []\n'})
    scene.plans("add-a", Piece(id="wp-a", checks=[f"test -f {MADE}"], retry_budget=0))
    script = f'wp-a:\n- write: {{path: {MADE}, text: "made\\n"}}\n- finish: made\n'
    with scene.model(script, [program]) as model:
        outcome = scene.plait("run", "add-a", "--agent", program.name, "--yes", timeout=200)
        asked = model.asked("wp-a")
    assert outcome.code == 0, told_of(outcome)
    assert asked
    assert scene.survivors() == []
