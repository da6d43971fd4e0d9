"""`plait init` and the commands in the agents' own programs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.acceptance.conftest import Story

CLAUDE = ".claude/commands/parallel-implement-feature.md"
GEMINI = ".gemini/commands/spec/parallel_execute.toml"
SKILL = ".agents/skills/orchestrate-implementation/SKILL.md"


@pytest.fixture
def begun(story: Story) -> Story:
    """A user with a repository, and with some agents' programs."""
    programs = story.root / "programs"
    programs.mkdir()
    for name in ("claude", "codex", "gemini", "aider"):
        (programs / name).write_text("#!/bin/sh\necho 9.9.9\n")
        (programs / name).chmod(0o755)
    story.env["PATH"] = f"{programs}:{story.env['PATH']}"
    return story.begin()


def states(report: Any) -> dict[str, str]:
    """What came of each file."""
    return {each["path"]: each["state"] for each in report["commands"]}


def test_init_installs_commands_for_the_agents_it_finds_and_takes_them_back(begun: Story) -> None:
    """Once; a second call changes nothing; uninstalling leaves the repository as it was."""
    first = begun.plait("init", "--json")
    assert first.code == 0, first.err
    done = states(first.report())
    assert set(done.values()) == {"written"}
    assert {CLAUDE, GEMINI, SKILL} <= set(done)
    assert len(done) == 15  # five for each form that an agent here reads; aider reads none
    told = first.report()["commands"]
    assert {each["calls"].get("codex") for each in told} >= {"$orchestrate-implementation"}
    assert {each["calls"].get("claude") for each in told} >= {"/spec:parallel_execute"}
    begun.git("add", "-A")
    settings = (begun.repo / "plait.toml").read_text()

    (begun.repo / "plait.toml").write_text("# mine\n")
    again = begun.plait("init")
    assert again.code == 0, again.err
    assert "plait.toml stays as it is" in again.out
    assert "5 current" in again.out
    assert "aider: no commands" in again.out
    (begun.repo / "plait.toml").write_text(settings)
    assert begun.git("diff", "--name-only") == ""

    dry = begun.plait("init", "--uninstall", "--dry-run", "--json")
    removed = begun.plait("init", "--uninstall", "--json")
    assert states(dry.report()) == states(removed.report()) == dict.fromkeys(done, "removed")
    assert begun.plait("init", "--uninstall").out == "no commands of Plait's are here\n"
    begun.git("reset", "-q")
    assert begun.git("status", "--porcelain") == "?? plait.toml"
    assert sorted(each.name for each in begun.repo.iterdir()) == [
        ".git", "README.md", "plait.toml",
    ]  # fmt: skip


def test_init_leaves_what_somebody_has_made_his_own(begun: Story) -> None:
    """It says so and how to replace it; a link that leads out of the repository is not followed."""
    assert begun.plait("init", "--only-commands").code == 0
    assert not (begun.repo / "plait.toml").exists()
    assert "commands    in .claude/commands, .agents/skills" in begun.plait("doctor").out
    mine = begun.repo / CLAUDE
    mine.write_text(mine.read_text() + "Speak French.\n")
    elsewhere = begun.root / "elsewhere"
    elsewhere.mkdir()
    assert begun.plait("init", "--uninstall").code == 0
    assert mine.read_text().endswith("Speak French.\n")
    assert not (begun.repo / ".gemini").exists()
    (begun.repo / ".gemini").symlink_to(elsewhere)
    told = begun.plait("init", "--only-commands").out
    assert f"kept: {CLAUDE}: somebody has edited it; --force replaces it" in told
    assert "not touched: .gemini is a link" in told
    assert list(elsewhere.iterdir()) == []
    forced = states(begun.plait("init", "--only-commands", "--force", "--json").report())
    assert (forced[CLAUDE], forced[GEMINI]) == ("replaced", "blocked")
    assert (begun.repo / f"{CLAUDE}.bak").read_text().endswith("Speak French.\n")


def test_which_commands_are_written_can_be_chosen(begun: Story) -> None:
    """None, or those of certain agents, here or not; what makes no sense is refused."""
    dry = begun.plait("init", "--dry-run")
    assert "commands in .claude/commands: 5 written (dry run)" in dry.err
    assert begun.plait("init", "--no-commands").code == 0
    assert not (begun.repo / ".claude").exists()
    assert (begun.repo / "plait.toml").read_text() == dry.out
    again = begun.plait("init", "--no-commands")
    assert (again.code, "CONFIG_EXISTS" in again.err) == (2, True)
    chosen = begun.plait("init", "--commands", "qwen", "--commands", "pi", "--json")
    assert {path.split("/")[0] for path in states(chosen.report())} == {".qwen", ".pi"}
    assert json.loads(chosen.out)["written"] is False
    wrong = begun.plait("init", "--only-commands", "--commands", "aider")
    assert (wrong.code, "NO_COMMANDS" in wrong.err) == (2, True)
    for pair in (("--uninstall", "--force"), ("--no-commands", "--only-commands")):
        refused = begun.plait("init", *pair)
        assert (refused.code, "contradict" in refused.err) == (2, True)
    outside = begun.plait("init", "--uninstall", "--repo", str(begun.root / "programs"))
    assert (outside.code, "NOT_A_REPOSITORY" in outside.err) == (2, True)
