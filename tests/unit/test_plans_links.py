"""What lies beside a plan is read inside its repository only, links followed, and within limits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from plait import plans
from plait.errors import PlaitError
from plait.plans.places import below
from plait.plans.text import MAX_PINNED, pin

EPIC = ".claude/epics/login"
KIRO = ".kiro/specs/login"
MISSION = "kitty-specs/001-login"
PURPLE = "purple/documentation/251114-login"
CHANGE = "openspec/changes/login"
MODULES = "documentation/features/login/modules"
WORKFLOW = ".spec-workflow"

# By format: the plan's own file with its text, and what its format reads or names beside it.
BESIDE: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "agent-os": (
        "agent-os/specs/login/tasks.md",
        "#### Task Group 1: API\n- [ ] 1.0 Do it\n  - [ ] 1.1 A part\n",
        (
            "agent-os/specs/login/orchestration.yml",
            "agent-os/specs/login/spec.md",
            "agent-os/standards/global/style.md",
        ),
    ),
    "beads": (
        ".beads/backup/issues.jsonl",
        '{"id": "b-1", "title": "One", "status": "open"}\n',
        (".beads/backup/dependencies.jsonl",),
    ),
    "ccpm": (
        f"{EPIC}/epic.md",
        "---\nname: Log in\n---\n",
        (f"{EPIC}/1.md", f"{EPIC}/1-analysis.md", f"{EPIC}/tasks/2.md"),
    ),
    "droidz": (
        "droidz/specs/login/tasks.md",
        "#### Task Group 1: API\n- [ ] 1.0 Do it\n",
        (
            "droidz/specs/login/orchestration.yml",
            "droidz/specs/login/spec.md",
            "droidz/standards/style.md",
            "droidz/config.yml",
            "config.yml",
        ),
    ),
    "kiro": (
        f"{KIRO}/tasks.md",
        "- [ ] 1. Do it\n",
        (f"{KIRO}/spec.json", f"{KIRO}/design.md", ".kiro/steering/tech.md"),
    ),
    "openspec": (
        f"{CHANGE}/tasks.md",
        "## 1. API\n- [ ] 1.1 Do it\n",
        (f"{CHANGE}/proposal.md", f"{CHANGE}/specs/api/spec.md", "openspec/config.yaml"),
    ),
    "openspec-packages": (
        f"{CHANGE}/work-packages.yaml",
        "contracts:\n  openapi:\n    primary: contracts/api.yaml\n    files: [contracts/b.yaml]\n"
        "packages: []\n",
        (
            f"{CHANGE}/contracts/api.yaml",
            f"{CHANGE}/contracts/b.yaml",
        ),
    ),
    "plait": (
        "login.plait.yaml",
        "version: 1\ncontext: [notes.md]\ncontracts:\n  primary: api.yaml\n"
        "packages:\n  - {id: api, title: API}\n",
        ("api.yaml", "notes.md"),
    ),
    "purple": (
        f"{PURPLE}/agent-written-specifications/implementation-spec-login.md",
        "# Login\n\n## 4. Tickets\n\n### Phase 1: API\n\n#### PHASE-1-A: Do it\n"
        "**Files:** CREATE: `src/a.py`\n**Dependencies:** None\n",
        (
            f"{PURPLE}/progress.json",
            f"{PURPLE}/completed-tickets-documentation/PHASE-1-A.md",
            "purple/standards/global/how-agents-document.md",
        ),
    ),
    "spec-kit": (
        "specs/001-login/tasks.md",
        "## Phase 1\n- [ ] T001 Do it in src/a.py\n",
        (
            "specs/001-login/plan.md",
            "specs/001-login/contracts/api.yaml",
            "specs/001-login/checklists/requirements.md",
            ".specify/memory/constitution.md",
        ),
    ),
    "spec-kitty": (
        f"{MISSION}/tasks.md",
        "## Work Package WP01: Do it\n- [ ] T001 A part\n",
        (
            f"{MISSION}/tasks/WP01-do.md",
            f"{MISSION}/lanes.json",
            f"{MISSION}/status.events.jsonl",
            f"{MISSION}/spec.md",
        ),
    ),
    "spec-workflow": (
        f"{WORKFLOW}/specs/login/tasks.md",
        "- [ ] 1. Do it\n",
        (
            f"{WORKFLOW}/approvals/login/a.json",
            f"{WORKFLOW}/specs/login/design.md",
            f"{WORKFLOW}/steering/tech.md",
        ),
    ),
    "specflow": (
        f"{MODULES}/api/tasks.md",
        "- [ ] 1. **Do it**\n",
        (
            f"{MODULES}/web/tasks.md",
            f"{MODULES}/api/design.md",
            "documentation/features/login/context.md",
            f"{MODULES}/api/code_review/cr-a.md",
        ),
    ),
    "task-master": (
        ".taskmaster/tasks/tasks.json",
        '{"master": {"tasks": [{"id": 1, "title": "Do it"}]}, "other": {"tasks": []}}\n',
        (".taskmaster/state.json",),
    ),
}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are opened, links followed."""
    found: list[Path] = []
    real = Path.open

    def spy(path: Path, *args, **kwargs):
        found.append(path.resolve())
        return real(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", spy)
    return found


def test_all_formats_are_here() -> None:
    """A new format brings what it reads."""
    assert set(BESIDE) == set(plans.formats())


@pytest.mark.parametrize("name", BESIDE)
def test_links_that_lead_out_are_not_read(name: str, tmp_path: Path, opened: list[Path]) -> None:
    """Whatever lies beside the plan is a link out: it is neither opened nor named as context."""
    root, outside = tmp_path / "repository", tmp_path / "secret"
    outside.write_bytes(b"- [ ] 1.1 Secret\n")
    place, text, beside = BESIDE[name]
    for each in (place, *beside):
        (root / each).parent.mkdir(parents=True, exist_ok=True)
    (root / place).write_bytes(text.encode())
    for each in beside:
        (root / each).symlink_to(outside)
    opened.clear()
    loaded = plans.load(place, start=root, root=root, format_name=name)
    assert outside not in opened
    if loaded.plan is not None:
        assert {*loaded.plan.context}.isdisjoint(beside)


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_inside_is_read_or_named(name: str, tmp_path: Path, opened: list[Path]) -> None:
    """The same with files in place of links: so the test above speaks of what formats read."""
    place, text, beside = BESIDE[name]
    for each in (place, *beside):
        (tmp_path / each).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / each).write_bytes(b"{}\n" if each.endswith(("json", "jsonl")) else b"# Notes\n")
    (tmp_path / place).write_bytes(text.encode())
    opened.clear()
    loaded = plans.load(place, start=tmp_path, root=tmp_path, format_name=name)
    context = loaded.plan.context if loaded.plan else ()
    within = [path for path in opened if path.is_relative_to(tmp_path)]
    known = {path.relative_to(tmp_path).as_posix() for path in within} | {*context}
    assert {each for each in beside if each not in known} == set()


def test_a_walk_ends(tmp_path: Path) -> None:
    """Links to folders are not entered, and a folder's size does not matter."""
    for number in range(30):
        (tmp_path / f"{number:02}").mkdir()
        (tmp_path / f"{number:02}" / "a.md").touch()
    (tmp_path / "up").symlink_to(tmp_path)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "a.md").touch()
    assert len(list(below(tmp_path))) == 30
    assert len(list(below(tmp_path, most=40))) < 15


def test_a_contract_that_is_too_large_is_not_pinned(tmp_path: Path) -> None:
    """Its digest would take for ever."""
    path = tmp_path / "api.yaml"
    path.touch()
    os.truncate(path, MAX_PINNED + 1)
    with pytest.raises(PlaitError, match="more than") as caught:
        pin(path, "api.yaml")
    assert caught.value.code == "PLAN_TOO_LARGE"
