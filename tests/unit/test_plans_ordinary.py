"""Ordinary files of a project, with boxes or without, are no plans, and the reason helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from plait import plans
from plait.core.finding import Finding, errors

FENCED = """\
# How our lists look

Write them so:

```markdown
## 1. Setup
- [ ] 1.1 Create the table
- [ ] T010 [P] [US1] Write tests/test_a.py
## Phase 3: User Story 1
```

- [ ] Read this
"""
ORDINARY = {
    "a list without numbers": "# TODO\n\n- [ ] Speed\n- [ ] Set up\n  - [x] Level\n",
    "a list with numbers": "# PROGRESS\n\n- [ ] 1. Theme\n- [x] 2. Model\n- [ ] 3. Tests\n",
    "a list in phases": "## Phase 1 — Assets\n- [ ] 1. Icons\n\n## Phase 2\n- [ ] 2. Copy\n",
    "issues as boxes": "# Epic\n\n- [ ] #12\n- [x] https://example.org/a/b/issues/14\n",
    "a pull request's boxes": "## Checklist:\n\n- [ ] My code is tested\n- [ ] I read it again\n",
    "an issue template": "---\nname: Bug\ntitle: ''\nstatus: open\n---\n\n- [ ] I searched\n",
    "a test plan": "# Manual test\n\n- [ ] T001 Open it\n- [ ] T002 Log in\n",
    "a meeting": "# Sync\n\n- [ ] @a write\n- [ ] @b mend\n\n## Phase 2\n- [ ] T100 tickets\n",
    "a design": "## 2. Parts\n- [ ] Database\n- [ ] Queue\n\n## 3. Open\n- [ ] 3.1 Whose?\n",
    "a release": "# Release\n\n### 2. Version\n\n- [ ] 2.1 Update it\n- [ ] 2.2 The changelog\n",
    "examples in a fence": FENCED,
    "a mention of agent-os": "Specs lie in `agent-os/specs/`.\n\n- [ ] Publish\n- [x] CI\n",
    "a mention of Droidz": "They lie in droidz/specs/.\n\n## Phase 1: A\n\n- [x] CLI\n- [ ] TUI\n",
    "an epic's story": "---\ntitle: S\nstatus: open\nprogress: 1\n---\n\n# Epic: Sign-in\n",
    "a ticket": "---\nid: B-5\ntitle: T\nseverity: high\ndepends_on: []\nconflicts_with: []\n---\n",
    "a changelog": "# Changes\n\n## 1. 0\n- [x] 1.0 shipped\n\n### Task 1.2: new\n- See WP01\n",
    "a package": '{"name": "x", "dependencies": {"a": "^1"}, "tasks": [{"id": 1}]}\n',
    "an editor's tasks": '{"tasks": [{"label": "b", "status": "x", "dependencies": []}]}\n',
    "a cluster's tasks": '{"tasks": [{"arn": "a", "status": "RUNNING", "dependencies": []}]}\n',
    "a schema": '{"properties": {\n"packages": {"items": {\n"package_id": {"type": "string"}}}}}\n',
    "a workspace": "version: 1\npackages:\n  - packages/*\n",
    "a workflow": "name: CI\non: [push]\njobs:\n  deploy:\n    needs: [test]\n",
    "a compose file": 'version: "3"\nservices:\n  web:\n    depends_on: [db]\n',
    "a log": '{"id": "e1", "title": "In", "status": "ok", "priority": 1, "type": "event"}\n',
}


def check(tmp_path: Path, text: str, name: str = "notes.md") -> Finding:
    """The one error on a file that is no plan."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    loaded = plans.load(name, start=tmp_path, root=tmp_path, format_name=None)
    assert loaded.plan is None
    (finding,) = errors(loaded.findings)
    return finding


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY)
def test_an_ordinary_file(tmp_path: Path, text: str) -> None:
    """It may look a little like many formats; that makes no plan of it."""
    finding = check(tmp_path, text)
    assert finding.code == "PLAN_UNRECOGNISED"
    assert finding.hint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- [ ] Speed\n", "it has 1 box, without a number"),
        ("- [ ] Speed\n* [x] Level\n", "it has 2 boxes, none with a number"),
        ("- [ ] 1. Speed\n1. [x] Level\n", "it has 2 boxes, 1 with a number"),
        ("- [ ] T001 Speed\n- [ ] **AB-2** Level\n", "it has 2 boxes, 2 with a number"),
    ],
)
def test_boxes_are_counted(tmp_path: Path, text: str, told: str) -> None:
    """Of a list that nobody knows, the reason says what is in it."""
    assert told in check(tmp_path, text).message


@pytest.mark.parametrize("text", ["Dear reader,\n", "a: [ ]\n", "```\n- [ ] 1. Example\n```\n"])
def test_no_boxes_no_count(tmp_path: Path, text: str) -> None:
    """What has no boxes outside of examples is not told about boxes."""
    finding = check(tmp_path, text)
    assert finding.message.startswith("no plan format recognises this file (formats tried: ")
    assert finding.hint == "name the plan's own file, or its format with --format"


def test_the_likeliest_format_reads_it(tmp_path: Path) -> None:
    """The format that is named in the hint makes a plan of a list."""
    text = "# TODO\n\n- [ ] Write `src/a.py`\n- [ ] Write `src/b.py`\n"
    finding = check(tmp_path, text)
    assert (
        finding.hint == "it is most like openspec: if it is a plan, --format openspec reads it so"
    )
    loaded = plans.load("notes.md", start=tmp_path, root=tmp_path, format_name="openspec")
    assert loaded.plan is not None
    assert len(loaded.plan.packages) == 2


@pytest.mark.parametrize(
    ("beside", "plan"),
    [
        (".kiro/specs/login/requirements.md", ".kiro/specs/login/tasks.md"),
        ("openspec/changes/login/proposal.md", "openspec/changes/login/tasks.md"),
        ("specs/001-login/spec.md", "specs/001-login/tasks.md"),
    ],
)
def test_the_plan_beside_a_document(tmp_path: Path, beside: str, plan: str) -> None:
    """Who names a plan's requirements is told where the plan is."""
    (tmp_path / plan).parent.mkdir(parents=True)
    (tmp_path / plan).write_text("- [ ] 1. Write it\n")
    finding = check(tmp_path, "# Requirements\n\nIt must log in.\n", beside)
    assert finding.code == "PLAN_UNRECOGNISED"
    assert finding.hint == f"did you mean {plan!r}?"
