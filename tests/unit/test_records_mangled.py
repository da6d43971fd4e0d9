"""Files of records, mangled: whatever the bytes, a reader of them returns and says what it saw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.fakes.tracked import Tracker

from plait.core.catalogue import RULES
from plait.plans import beads, ccpm, task_master
from plait.ports import PlanFormat

TASKS = json.dumps(
    {
        "master": {
            "tasks": [
                {"id": 1, "title": "a", "status": "done", "dependencies": []},
                {
                    "id": "2",
                    "title": "b",
                    "dependencies": [1],
                    "relevantFiles": [{"path": "a/b.py", "action": "modify"}],
                    "subtasks": [{"id": 1}, {"id": 2, "dependencies": [1, "2.1"]}],
                },
            ]
        },
        "other": {"tasks": []},
    },
    indent=1,
)
ISSUES = "\n".join(
    json.dumps(issue)
    for issue in (
        {"id": "x-1", "title": "a", "status": "closed", "priority": 1, "issue_type": "epic"},
        {"id": "x-1.1", "dependencies": [{"depends_on_id": "x-2", "type": "blocks"}]},
        {"id": "x-2", "blocked_by": ["x-3"], "estimated_minutes": 5, "_type": "issue"},
        {"id": "x-3", "dependencies": [{"depends_on_id": "x-2", "type": "conditional-blocks"}]},
    )
)
TASK = (
    "---\nname: A: b\nstatus: open\ndepends_on: [010, 2-3]\nconflicts_with: [4]\nparallel: true\n"
    "github: [later]\n---\n# Task 1: A\n\n**Status**: Blocked (x)\n\n## Dependencies\n- Task 2\n"
)
EPIC = ".claude/epics/x/1.md"
PLANS: dict[str, tuple[PlanFormat, str, str]] = {
    "task-master": (task_master.FORMAT, ".taskmaster/tasks/tasks.json", TASKS),
    "beads": (beads.FORMAT, ".beads/issues.jsonl", ISSUES),
    "ccpm": (ccpm.FORMAT, EPIC, TASK),
}


@st.composite
def mangled(draw: st.DrawFn, text: str) -> bytes:
    """A text with pieces cut out, doubled, swapped or overwritten."""
    raw = text.encode()
    for _ in range(draw(st.integers(1, 4))):
        first, last = sorted(draw(st.tuples(*[st.integers(0, len(raw))] * 2)))
        piece = raw[first:last]
        new = draw(st.sampled_from([b"", piece * 2, piece[::-1], b"\xff", b"null", b"[]", b'"']))
        raw = raw[:first] + new + raw[last:]
    return raw


@pytest.mark.parametrize("name", PLANS)
@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_is_raised(name, data, tmp_path: Path):
    """A mangled plan is read, and each finding has a code, a severity and a place of its own."""
    plan_format, place, text = PLANS[name]
    raw = data.draw(mangled(text))
    tracker = Tracker(root=tmp_path, format=plan_format, place=place)
    loaded = tracker.load(raw)
    lines = raw.decode("utf-8", errors="replace").splitlines() or [""]
    assert loaded.plan is not None or any(f.severity == "error" for f in loaded.findings)
    for finding in loaded.findings:
        assert finding.severity in RULES[finding.code].severities
        assert finding.span is not None
        assert 1 <= finding.span.line <= len(lines) + 1
    assert 0 <= plan_format.by_content(raw.decode("utf-8", errors="replace")) <= 1


@pytest.mark.parametrize("name", PLANS)
def test_the_whole_is_a_plan(name, tmp_path: Path):
    """Unmangled, each of them has tasks, so that the others begin with something."""
    plan_format, place, text = PLANS[name]
    plan = Tracker(root=tmp_path, format=plan_format, place=place).plan(text)
    assert plan.packages
