"""`plait doctor --probe`: what works of each real program, tried without a model."""

from __future__ import annotations

from tests.agents.conftest import Scene, told_of
from tests.agents.programs import Program

from plait import agents


def test_all_that_an_adapter_says_it_can_works(scene: Scene, program: Program) -> None:
    """Nothing fails; what its adapter declares is tried: sessions, hooks, MCP servers."""
    scene.begin()
    outcome = scene.plait("doctor", "--probe", program.name, "--json", timeout=300)
    assert outcome.code == 0, told_of(outcome)
    (probed,) = outcome.report()
    states = {each["what"]: each["state"] for each in probed["findings"]}
    can = agents.find(program.name).can
    always = ("program", "version", "start", "write", "finish", "cancel")
    assert {states[each] for each in always} == {"pass"}, told_of(outcome)
    assert (states["resume"] == "pass") is can.resume
    assert (states["mcp"] == "pass") is can.mcp
    assert states["sandbox"] in {"pass", "skip"}  # where there is none
    assert states["scope"] == "pass" if can.hooks else states["scope"] != "fail"
    assert scene.survivors() == []
