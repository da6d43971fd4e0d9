"""beads issues: what blocks, what is a part, what is no work, and lines that are broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.tracked import Tracker, get, lines, needs, states, told

from plait.core.plan import Confidence, PackageKind
from plait.plans.beads import FORMAT

PLACE = ".beads/issues.jsonl"
SEEDS = ".seeds/issues.jsonl"
BACKUP = ".beads/backup/issues.jsonl"


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    return Tracker(root=tmp_path, format=FORMAT, place=PLACE)


def issue(name: str, *dependencies: tuple[str, str], **more: Any) -> dict[str, Any]:
    """An issue with dependencies of a type on others."""
    return {
        "id": name,
        "title": f"Issue {name}",
        "status": "open",
        "priority": 2,
        "issue_type": "task",
        "dependencies": [
            {"issue_id": name, "depends_on_id": other, "type": kind} for kind, other in dependencies
        ],
        **more,
    }


def test_what_blocks(tracker):
    """Blocking types are dependencies; what is only related is none."""
    plan = tracker.plan(
        lines(
            issue("x-1"),
            issue("x-2", ("blocks", "x-1")),
            issue("x-3", ("waits-for", "x-1"), ("blocks", "x-2")),
            issue("x-4", ("related", "x-1"), ("discovered-from", "x-2"), ("tracks", "x-3")),
            issue("x-5", ("relates-to", "x-1"), ("someday", "x-1")),
        )
    )
    assert needs(plan) == {
        "x-1": set(),
        "x-2": {"x-1"},
        "x-3": {"x-1", "x-2"},
        "x-4": set(),
        "x-5": set(),
    }


def test_parts_of_an_epic(tracker):
    """An epic is its children; they have what it needs, and who needs it needs all of them."""
    plan = tracker.plan(
        lines(
            issue("x-0"),
            issue("x-1", ("blocks", "x-0"), issue_type="epic"),
            issue("x-a", ("parent-child", "x-1")),
            issue("x-1.1"),
            issue("x-1.2", ("blocks", "x-1.1")),
            issue("x-2", ("blocks", "x-1")),
        )
    )
    assert needs(plan) == {
        "x-0": set(),
        "x-a": {"x-0"},
        "x-1.1": {"x-0"},
        "x-1.2": {"x-0", "x-1.1"},
        "x-2": {"x-a", "x-1.1", "x-1.2"},
    }
    assert get(plan, "x-1.1").parent == "x-1"


def test_a_point_in_a_prefix(tracker):
    """A point that is no part's number makes no parent."""
    plan = tracker.plan(lines(issue("haxe"), issue("haxe.go-1"), issue("haxe.2x")))
    assert [package.parent for package in plan.packages] == [None, None, None]


def test_several_parents(tracker):
    """The first parent counts, and it is told."""
    loaded = tracker.load(
        lines(
            issue("e", issue_type="epic"),
            issue("f", issue_type="epic"),
            issue("x", ("parent-child", "e"), ("parent-child", "f")),
        )
    )
    assert get(loaded.plan, "x").parent == "e"
    assert [f.code for f in loaded.findings] == ["SEVERAL_PARENTS"]


def test_parents_in_a_circle(tracker):
    """Issues that are parts of one another still make a plan."""
    plan = tracker.plan(
        lines(issue("a", ("parent-child", "b")), issue("b", ("parent-child", "a")), issue("c"))
    )
    assert "c" in needs(plan)


def test_work_for_a_failure(tracker):
    """What runs only if another fails is conditional: skipped, and not awaited."""
    loaded = tracker.load(
        lines(
            issue("x-1"),
            issue("x-2", ("conditional-blocks", "x-1")),
            issue("x-3", ("blocks", "x-2"), ("blocks", "x-1")),
        )
    )
    package = get(loaded.plan, "x-2")
    assert (package.kind, package.reworks) == (PackageKind.FIX, ("x-1",))
    assert states(loaded.plan)["x-2"] == "skipped"
    assert needs(loaded.plan)["x-3"] == {"x-1"}
    assert [f.code for f in told(loaded, "REWORK_NOT_AWAITED")] == ["REWORK_NOT_AWAITED"]


def test_flat_lists(tracker):
    """Variants name what blocks an issue, or whom it blocks, in plain lists."""
    plan = tracker.plan(
        lines(
            {"id": "a", "title": "A", "blocks": ["c"]},
            {"id": "b", "title": "B", "blocked_by": ["a"]},
            {"id": "c", "title": "C", "blockedBy": ["b"], "parent_id": None},
            {"id": "d", "title": "D", "dependencies": ["c"], "depends_on": "b"},
            {"id": "e", "title": "E", "blocked_by": [{"id": "d"}]},
        )
    )
    assert needs(plan) == {"a": set(), "b": {"a"}, "c": {"a", "b"}, "d": {"b", "c"}, "e": {"d"}}


def test_dangling_references(tracker):
    """What is not in the file may have been ephemeral: nothing is told, nothing waits."""
    loaded = tracker.load(lines(issue("x-1", ("blocks", "x-wisp-9"), ("parent-child", "x-8"))))
    assert needs(loaded.plan) == {"x-1": set()}
    assert loaded.findings == ()


@pytest.mark.parametrize(
    ("status", "meant", "codes"),
    [
        ("open", "pending", []),
        ("in_progress", "pending", ["ACTIVE_IN_SOURCE"]),
        ("hooked", "pending", ["ACTIVE_IN_SOURCE"]),
        ("blocked", "pending", ["BLOCKED_IN_SOURCE"]),
        ("closed", "done", []),
        ("deferred", "skipped", []),
        ("pinned", "skipped", []),
        ("tombstone", "skipped", []),
        ("frozen", "pending", ["UNKNOWN_STATUS"]),
    ],
)
def test_states(tracker, status, meant, codes):
    """Each status has one meaning."""
    loaded = tracker.load(lines(issue("x-1", status=status)))
    assert states(loaded.plan) == {"x-1": meant}
    assert [f.code for f in loaded.findings] == codes


def test_what_is_deleted(tracker):
    """What is deleted blocks nobody, and its parts stand for themselves, by dependency or id."""
    loaded = tracker.load(
        lines(
            issue("x-1", status="tombstone"),
            issue("x-1.1"),
            issue("x-2", ("parent-child", "x-1")),
            issue("x-3", ("blocks", "x-1"), ("blocks", "x-2")),
        )
    )
    assert states(loaded.plan) == {
        "x-1": "skipped",
        "x-1.1": "pending",
        "x-2": "pending",
        "x-3": "pending",
    }
    assert needs(loaded.plan)["x-3"] == {"x-2"}
    assert loaded.findings == ()


def test_blocked_by_its_own_epic(tracker):
    """A part that waits for its whole waits for nothing: it could never start."""
    plan = tracker.plan(lines(issue("x-1", issue_type="epic"), issue("x-1.1", ("blocks", "x-1"))))
    assert needs(plan) == {"x-1.1": set()}


@pytest.mark.parametrize(
    ("description", "write"),
    [
        ("Fix it.\n\nFiles: src/a.py, src/b.py", ("src/a.py", "src/b.py")),
        ("Fix it.\n\nFiles:\n- src/a.py (new)\n- src/b.py\n\nSteps:\n- c/d.py", None),
        ("**Files to modify:**\n- `src/a.py` — add it\n- `src/b.py`", None),
        ("Files to create:\n- src/a.py\n\nFiles to modify:\n* src/b.py", None),
        ("## Files\n\n- src/a.py\n- src/b.py\n\n## Notes\n- src/c.py", None),
        ("File scope: `src/a.py`,\n`src/b.py` (new).\nSee `src/c.py`.", None),
        ("- Create `src/a.py`\n- [ ] Update `src/b.py`\n- Look at `src/c.py`", None),
        ("Profiles: src/a.py\n```\nFiles: src/a.py\n```", ()),
        ("Files: none", ()),
    ],
)
def test_files_in_a_description(tracker, description, write):
    """A list of files in the text is an inferred scope, however it is called and marked."""
    package = get(tracker.plan(lines(issue("x-1", description=description))), "x-1")
    assert package.scope.write == (("src/a.py", "src/b.py") if write is None else write)
    assert (package.scope.confidence is Confidence.INFERRED) == bool(package.scope.write)


def test_needs_the_deferred(tracker):
    """Who needs what is deferred is told, with the date."""
    loaded = tracker.load(
        lines(
            issue("x-1", status="deferred", defer_until="2030-01-01"),
            issue("x-2", ("blocks", "x-1")),
        )
    )
    (finding,) = told(loaded, "NEEDS_SKIPPED")
    assert "deferred until 2030-01-01" in finding.message


def test_priority_and_time(tracker):
    """Priorities 0 to 4 are 1 to 9; minutes are seconds."""
    plan = tracker.plan(
        lines(
            *(issue(f"x-{n}", priority=n) for n in range(5)),
            issue("x-5", priority=None, estimated_minutes=90),
            issue("x-6", estimated_minutes="1e999"),
        )
    )
    assert [p.priority for p in plan.packages] == [1, 3, 5, 7, 9, 5, 5]
    assert [p.estimate_s for p in plan.packages[4:]] == [None, 5400.0, None]


def test_what_an_agent_is_told(tracker):
    """Description, design, criteria and notes are the body; boxes in it are no tasks."""
    plan = tracker.plan(
        lines(
            issue(
                "x-1",
                description="Add `src/a.py`.",
                design="Create `src/b.py`.",
                acceptance_criteria="- [ ] works",
                notes="N",
            )
        )
    )
    package = get(plan, "x-1")
    assert package.description == (
        "Add `src/a.py`.\n\n## Design\n\nCreate `src/b.py`.\n\n"
        "## Acceptance criteria\n\n- [ ] works\n\n## Notes\n\nN"
    )
    assert package.scope.write == ("src/a.py", "src/b.py")
    assert package.markers == ()


def test_what_is_no_work(tracker):
    """Agents, messages, templates and lines of other kinds are left out, and counted."""
    loaded = tracker.load(
        lines(
            issue("x-1"),
            issue("x-2", issue_type="agent"),
            issue("x-3", issue_type="message"),
            issue("x-4", is_template=1),
            {"_type": "memory", "key": "k"},
            {"_type": "issue", "id": "x-5", "title": "t"},
        )
    )
    assert states(loaded.plan) == {"x-1": "pending", "x-5": "pending"}
    (finding,) = loaded.findings
    assert (finding.code, str(finding.span)) == ("NO_WORK", f"{PLACE}:2:1")
    assert "4 lines" in finding.message


def test_a_gate(tracker):
    """A gate runs no agent."""
    plan = tracker.plan(lines(issue("x-1"), issue("x-2", ("blocks", "x-1"), issue_type="gate")))
    assert get(plan, "x-2").kind is PackageKind.GATE
    assert get(plan, "x-2").guards == ("x-1",)


def test_broken_lines(tracker):
    """A broken line is an error at its place, and the rest is read."""
    text = (
        f"{json.dumps(issue('x-1'))}\n<<<<<<< HEAD\n"
        f'{{"id": "x-2", "title\n{json.dumps(issue("x-3"))}\n{{"title": "no id"}}\n[1]\n'
    )
    loaded = tracker.load(text)
    assert set(states(loaded.plan)) == {"x-1", "x-3"}
    assert [(f.code, f.span.line) for f in loaded.findings if f.span] == [
        ("BAD_JSON", 2),
        ("BAD_JSON", 3),
        ("NO_ID", 5),
    ]
    assert "2 tasks" in loaded.findings[2].message
    assert "merge conflict" in loaded.findings[0].message


def test_broken_bytes(tracker):
    """Bytes that are no UTF-8 are told, and the issue is read."""
    raw = lines(issue("x-1", title="caf?"), issue("x-2")).encode().replace(b"?", b"\xe9")
    loaded = tracker.load(raw)
    assert get(loaded.plan, "x-1").title == "caf\ufffd"
    assert [f.code for f in loaded.findings] == ["BAD_ENCODING"]


def test_an_id_twice(tracker):
    """The last line of an id counts, as in a log, and it is told."""
    loaded = tracker.load(
        lines(issue("x-1"), issue("x-2", ("blocks", "x-1")), issue("x-1", status="closed"))
    )
    assert states(loaded.plan) == {"x-1": "done", "x-2": "pending"}
    (finding,) = told(loaded, "DUPLICATE_ID")
    assert (str(finding.span), finding.severity) == (f"{PLACE}:3:1", "warning")


def test_seeds(tracker):
    """The variant in `.seeds` has other names for its fields, and a branch of its own."""
    tracker.write(
        lines(
            {"id": "s-1", "title": "A", "status": "closed", "type": "epic", "createdAt": "x"},
            {"id": "s-2", "title": "B", "status": "in_progress", "blockedBy": ["s-1"]},
        ),
        SEEDS,
    )
    loaded = tracker.open(SEEDS)
    assert needs(loaded.plan) == {"s-1": set(), "s-2": {"s-1"}}
    assert loaded.plan is not None
    assert loaded.plan.branch == "feat/seeds"


def test_a_backup(tracker):
    """A backup's dependencies lie beside it; without them a warning says that none are known."""
    tracker.write(lines({"id": "a", "title": "A"}, {"id": "b", "title": "B"}), BACKUP)
    alone = tracker.open(BACKUP)
    assert [f.code for f in alone.findings] == ["NO_DEPENDENCIES"]
    beside = BACKUP.replace("issues", "dependencies")
    tracker.write(lines({"issue_id": "b", "depends_on_id": "a", "type": "blocks"}), beside)
    loaded = tracker.open(BACKUP)
    assert needs(loaded.plan) == {"a": set(), "b": {"a"}}
    assert loaded.findings == ()
    assert loaded.plan is not None
    assert [file.path for file in loaded.plan.files] == [BACKUP, beside]


@pytest.mark.parametrize("text", ["", "\n\n", '{"_type": "config"}', "[]\n"])
def test_no_plan(tracker, text):
    """What holds no issue is no plan."""
    loaded = tracker.load(text)
    assert loaded.plan is None
    assert "NO_TASKS" in [f.code for f in loaded.findings]


@pytest.mark.parametrize("place", [PLACE, SEEDS, BACKUP, ".beads/beads.jsonl"])
def test_where_it_lies(tracker, place):
    """The file is known by its place, and found from the project's folder and from its own."""
    path = tracker.write(lines(issue("x-1")), f"app/{place}")
    assert FORMAT.by_place(path)
    for name in ("app", str(Path("app", place).parent), f"app/{place}"):
        assert FORMAT.locate(tracker.root, name) == path
    assert not FORMAT.by_place(Path("app/issues.jsonl"))
    assert FORMAT.locate(tracker.root, "issues") is None


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        (lines(issue("x-1", description="d" * 300_000)), True),
        ('{"_type": "config", "key": "x"}\n' + lines(issue("x-1")), True),
        ('{"id":"s","title":"t","status":"open","type":"task","priority":1,"createdAt":"x"}', True),
        ('{"id": 1, "title": "t", "status": "open", "priority": 1}', False),
        ('{"master": {"tasks": [{"id": 1, "title": "t", "status": "done"}]}}', False),
        ("# Issues\n", False),
        ("", False),
    ],
)
def test_by_content(text, sure):
    """Lines of issues are known by the fields that only they have together."""
    assert (FORMAT.by_content(text) >= 0.5) is sure


def test_indented_lines_are_known():
    """Blanks before the records, as some tools leave them, hide nothing."""
    text = json.dumps(issue("x-1"))
    assert FORMAT.by_content(f" {text}\n\t{text}\n") == FORMAT.by_content(text) >= 0.5
