"""A team that writes specs with Kiro, cc-sdd or spec-workflow-mcp, and approves them there."""

from __future__ import annotations

import json

from tests.acceptance.conftest import Story

KIRO = ".kiro/specs/login"
WAVES = """\
# Implementation Plan

- [ ] 1. Keep users
  - [x] 1.1 Add the model
  - [ ] 1.2 Store it
    - Create `src/by-1.2.py`
  - [ ]* 1.3 Property tests
- [ ] 2. Checkpoint - all tests pass
- [ ] 3. Sign in
  - [ ] 3.1 Over HTTP
    - Create `src/by-3.1.py`
  - [ ] 3.2 On the command line
    - Create `src/by-3.2.py`

## Task Dependency Graph

```json
{"waves": [{"id": 0, "tasks": ["1.1"]}, {"id": 1, "tasks": ["1.2"]},
           {"id": 2, "tasks": ["3.1", "3.2"]}]}
```
"""
SPEC = ".spec-workflow/specs/login"
LIST = "# Tasks Document\n\n- [ ] 1. Add the model\n  - File: src/by-1.py\n"
WRITE = 'mkdir -p src; echo "$PLAIT_PACKAGE" > src/by-$PLAIT_PACKAGE.py'
GO = ("run", "login", "--agent", f"command:{WRITE}", "--allow-unchecked")


def test_a_spec_that_is_approved_where_it_was_written_runs(story: Story) -> None:
    """cc-sdd's approval counts; optional work is left out; boxes of parts and wholes are ticked."""
    approved = {name: {"approved": True} for name in ("requirements", "design", "tasks")}
    story.begin(
        {
            f"{KIRO}/tasks.md": WAVES,
            f"{KIRO}/requirements.md": "# Requirements\n",
            f"{KIRO}/design.md": "# Design\n",
            f"{KIRO}/spec.json": json.dumps({"approvals": approved}),
        }
    )

    outcome = story.plait(*GO)

    assert outcome.code == 0, outcome.err
    assert {name: each["status"] for name, each in story.packages().items()} == {
        "1.1": "done_before",
        "1.2": "landed",
        "1.3": "skipped",
        "2": "landed",
        "3.1": "landed",
        "3.2": "landed",
    }
    landed = story.git("show", f"feat/login:{KIRO}/tasks.md")
    ticked = WAVES.replace("- [ ] ", "- [x] ").replace("- [x] 2. Check", "- [ ] 2. Check")
    assert landed == ticked.strip()  # that a checkpoint's checks passed is no person's word
    assert "cc-sdd (it names nobody)" in story.plait("report").out


def test_a_spec_that_nobody_approved_does_not_run(story: Story) -> None:
    """Where cc-sdd still awaits an approval, `check` says so, and `run` asks for one."""
    story.begin(
        {
            f"{KIRO}/tasks.md": WAVES,
            f"{KIRO}/spec.json": '{"approvals": {"tasks": {"approved": false}}}',
        }
    )
    outcome = story.plait(*GO)
    assert outcome.code == 3
    assert "plait approve login" in outcome.err
    assert "APPROVAL_MISSING_IN_SOURCE" in story.plait("check", "login").out


def test_a_list_that_changed_behind_its_approval_does_not_run(story: Story) -> None:
    """spec-workflow's approval counts for the content that it was given for, and no other."""
    approvals = ".spec-workflow/approvals/login"
    request = {"id": "a1", "status": "approved", "filePath": f"{SPEC}/tasks.md"}
    kept = {"approvalId": "a1", "trigger": "approved", "content": LIST}
    story.begin(
        {
            f"{SPEC}/tasks.md": LIST + "- [ ] 2. Delete all users\n  - File: src/by-2.py\n",
            f"{approvals}/approval_1.json": json.dumps(request),
            f"{approvals}/.snapshots/tasks.md/snapshot-002.json": json.dumps(kept),
        }
    )
    assert story.plait(*GO).code == 3
    assert f"{SPEC}/tasks.md:5:1: warning APPROVAL_OUTDATED" in story.plait("check", "login").out

    (story.repo / SPEC / "tasks.md").write_text(LIST)
    outcome = story.plait(*GO)

    assert outcome.code == 0, outcome.err
    assert story.git("show", f"feat/login:{SPEC}/tasks.md") == LIST.replace("[ ]", "[x]").strip()
