"""What agents' programs say their version is, and how long that is believed."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest

from plait import agents
from plait.app.project import Project
from plait.app.versions import FILE, KEPT_S, outdated
from plait.config import Settings
from plait.core.profile import AgentProfile


def program(folder: Path, version: str, name: str = "claude") -> Path:
    """A program that says it is of that version, and notes that it was asked."""
    path = folder / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\necho x >> {folder}/asked\necho {version}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose user has one program, and a profile with another."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    program(tmp_path, "2.0.9")
    profile = AgentProfile(name="mine", use="claude", program=str(tmp_path / "other"))
    settings = Settings(profiles={"mine": profile})
    return Project(root=tmp_path, state=tmp_path, settings=settings)


def told(project: Project, *names: str) -> list[str]:
    """The warnings' words, for agents of these names."""
    uses = {name: "claude" if name == "mine" else name for name in names}
    found = {name: agents.find(use) for name, use in uses.items()}
    warned = anyio.run(outdated, project, found)
    assert {each.code for each in warned} <= {"AGENT_OUTDATED"}
    return [each.message for each in warned]


def asked(project: Project) -> int:
    """How often a program was."""
    path = project.root / "asked"
    return len(path.read_text().split()) if path.exists() else 0


def test_an_old_program_is_told_and_asked_once(project: Project) -> None:
    """Until another file takes its place."""
    old = "claude 2.0.9 is older than 2.1.300, which this adapter is made for: update it"
    assert told(project, "claude") == told(project, "claude") == [old]
    assert asked(project) == 1
    program(project.root, "9.9.9")
    assert told(project, "claude") == []
    assert asked(project) == 2


def test_what_is_long_ago_or_no_sense_is_asked_again(project: Project) -> None:
    """Nor does a file that cannot be read matter."""
    assert told(project, "claude")
    kept = json.loads((project.state / FILE).read_text())
    past = {key: [version, at - KEPT_S - 1] for key, (version, at) in kept.items()}
    for spoilt in (json.dumps(past), "[]", "{"):
        (project.state / FILE).write_text(spoilt)
        assert told(project, "claude")
    assert asked(project) == 4


def test_a_profile_s_own_program_counts(project: Project) -> None:
    """One that says nothing, or has no program of its own, is not told."""
    program(project.root, "2.0.1", "other")
    assert ["2.0.1" in each for each in told(project, "mine", "command:true")] == [True]
    program(project.root, "''", "other")
    assert told(project, "mine") == []
