"""Commands that `plait init` writes: what they say reaches the model, typed in each program."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.agents import desk
from tests.agents.conftest import Model, Scene, told_of
from tests.agents.programs import PROGRAMS, Program

from plait.app.commands.layouts import AGENTS, LAYOUTS, Layout, typed
from plait.app.commands.sources import NAMES

SCRIPT = "default:\n- finish: understood\n"
TYPED = "add-login7 and more"
LAYOUT = {agent: each for each in LAYOUTS for agent in each.agents}
# How a program is handed what a person types. Copilot carries out no command that comes by `-p`.
ASKED = {
    "claude": ["claude", "-p"],
    "codex": [
        "codex", "exec", "--disable", "plugins", "--disable", "apps",
        "-c", 'model="m"', "-c", 'model_provider="test"', "-c",
        'model_providers.test={name="test",base_url="{url}/v1",env_key="OPENAI_API_KEY"}',
    ],
    "gemini": ["gemini", "-p"],
    "opencode": ["opencode", "run", "--command"],
    "pi": ["pi", "-p"],
    "qwen": ["qwen", "-p"],
}  # fmt: skip
QUIET = {
    "GEMINI_CLI_TRUST_WORKSPACE": "true",
    "GEMINI_CLI_NO_RELAUNCH": "true",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "PI_OFFLINE": "1",
}
# What each command alone says, and only in its body.
SAYS = {
    "parallel-plan-feature": "Choose a change id: lower-case words with hyphens",
    "parallel-implement-feature": "the queue of work, guardrails, handoffs",
    "orchestrate-implementation": "They tell the phases, the tickets",
    "parallel-implementation": "Phase 1 (foundation) runs one task after the other",
    "spec:parallel_execute": "They may be combined. Tell the person of any other word",
}


def laid_out(scene: Scene) -> None:
    """A repository with all commands, as `plait init` writes them for the programs it finds."""
    scene.begin()
    settings = {"security": {"auth": {"selectedType": "gemini-api-key"}}}
    path = Path(scene.env["HOME"], ".gemini/settings.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings), encoding="utf-8")
    done = scene.plait("init", "--only-commands", *(f"--commands={each}" for each in AGENTS))
    assert done.code == 0, told_of(done)


def call(scene: Scene, name: str, words: str, model: Model) -> subprocess.CompletedProcess[str]:
    """Start a program as a person would, with what that person types."""
    parts = [each.replace("{url}", model.url) for each in ASKED[name]]
    said = [words] if name != "opencode" else words.removeprefix("/").split(" ", 1)
    return run(scene, [*parts, *said])


def run(scene: Scene, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """A program, to its end."""
    return subprocess.run(
        argv,
        cwd=scene.repo,
        env={**scene.env, **QUIET},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=desk.LONGEST_S,
        check=False,
    )


@pytest.fixture(params=ASKED)
def asked(request: pytest.FixtureRequest) -> Program:
    """Each program that carries out commands without a person at it."""
    found = PROGRAMS[request.param]
    if found.missing:
        pytest.skip(found.missing)
    return found


@pytest.mark.parametrize("name", ["parallel-implement-feature", "spec:parallel_execute"])
def test_a_command_reaches_the_model(scene: Scene, asked: Program, name: str) -> None:
    """Its whole text, with what was typed after it; by the name that `plait init` tells."""
    laid_out(scene)
    layout: Layout = LAYOUT[asked.name]
    with scene.model(SCRIPT, [asked]) as model:
        done = call(scene, asked.name, f"{typed(layout, asked.name, name)} {TYPED}", model)
        shown = [json.dumps(each["body"], ensure_ascii=False) for each in model.asked()]
    assert done.returncode == 0, (done.stdout, done.stderr)
    told = next((each for each in shown if SAYS[name] in each), "")
    assert told, (done.stdout[-500:], done.stderr[-500:], shown[:1])
    assert TYPED in told
    assert "Approval is the person's." in told
    assert "plait approve" in told
    for other in set(SAYS) - {name}:
        assert SAYS[other] not in told
    assert "Written by plait" not in told or layout.folder == ".agents/skills"


def test_copilot_lists_the_commands_as_skills(scene: Scene) -> None:
    """By their names, as a person types them in a session of it."""
    if PROGRAMS["copilot"].missing:
        pytest.skip(PROGRAMS["copilot"].missing)
    laid_out(scene)
    done = run(scene, ["copilot", "skill", "list"])
    assert done.returncode == 0, done.stderr
    for name in NAMES:
        assert f"  {typed(LAYOUT['copilot'], 'copilot', name)[1:]} - " in done.stdout
