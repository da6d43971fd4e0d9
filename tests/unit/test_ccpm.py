"""CCPM epics: names of tasks, states, conflicts, work streams, and front matter that is odd."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from tests.fakes.tracked import Tracker, get, needs, states, told

from plait.core.plan import Confidence
from plait.plans.ccpm import FORMAT
from plait.ports import Loaded

HOME = ".claude/epics/login"
EPIC = f"{HOME}/epic.md"


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    made = Tracker(root=tmp_path, format=FORMAT, place=EPIC)
    made.write("---\nname: Log in\nstatus: backlog\n---\n\n# Epic: login\n\n- [ ] no task\n")
    return made


def task(tracker: Tracker, name: str, *fields: str, body: str = "Do it.") -> Path:
    """A task's file with these fields behind a name and a status."""
    front = "\n".join(("name: A task", "status: open", *fields))
    return tracker.write(f"---\n{front}\n---\n\n# Task: t\n\n{body}\n", f"{HOME}/{name}.md")


def codes(loaded: Loaded) -> list[str]:
    return [finding.code for finding in loaded.findings]


def test_an_epic(tracker):
    """The files with numbers are the tasks, in their numbers' order; the epic is context."""
    task(tracker, "10", "depends_on: [2]", "parallel: true")
    task(tracker, "2", "depends_on: []", "parallel: false", body="- [ ] a criterion")
    tracker.write("# Notes", f"{HOME}/2-notes.md")
    tracker.write("# Progress", f"{HOME}/progress.md")
    loaded = tracker.open()
    assert needs(loaded.plan) == {"2": set(), "10": {"2"}}
    assert loaded.plan is not None
    assert [p.parallel for p in loaded.plan.packages] == [False, True]
    assert get(loaded.plan, "2").description == "# Task: t\n\n- [ ] a criterion"
    assert (loaded.plan.title, loaded.plan.branch) == ("Log in", "feat/login")
    assert loaded.plan.context == (EPIC,)
    assert [f.path for f in loaded.plan.files] == [EPIC, f"{HOME}/2.md", f"{HOME}/10.md"]
    assert loaded.findings == ()


def test_a_task_names_its_epic(tracker):
    """Naming the file of one task reads the whole epic."""
    task(tracker, "1")
    task(tracker, "2", "depends_on: [1]")
    whole, part = tracker.open(), tracker.open(f"{HOME}/2.md")
    assert part.plan == whole.plan
    assert needs(part.plan) == {"1": set(), "2": {"1"}}


def test_numbers_with_zeros(tracker):
    """`010` is ten and never eight, with and without its zeros and quotes."""
    for name in ("001", "008", "010", "016"):
        task(tracker, name)
    task(tracker, "020", "depends_on: [010, 016]")
    task(tracker, "021", 'depends_on: ["1", 8]')
    plan = tracker.open().plan
    assert needs(plan)["020"] == {"010", "016"}
    assert needs(plan)["021"] == {"001", "008"}


@pytest.mark.parametrize(
    "field",
    [
        "depends_on: [1, 2]",
        'depends_on: ["001", "#2"]',
        "depends_on: [001-model, 002.md]",
        "depends_on: 001, 002",
        "depends_on:\n  - Task 1\n  - task 002",
        "dependencies: [1-2]",
        "depends_on: [.claude/epics/login/1.md, 2]",
    ],
)
def test_ways_to_name_a_task(tracker, field):
    """Numbers, file names, words and ranges name the same tasks."""
    task(tracker, "001")
    task(tracker, "002")
    task(tracker, "005a", field)
    loaded = tracker.open()
    assert needs(loaded.plan)["005a"] == {"001", "002"}
    assert codes(loaded) == []


def test_ids_of_another_tracker(tracker):
    """A name that is no number is an id in the fields of a task; one that is none is told."""
    task(tracker, "001", "beads_id: Shop-huz.6")
    task(tracker, "002", "id: T-A")
    task(tracker, "003", "depends_on: [Shop-huz.6, t-a]", "conflicts_with: [T-A]")
    task(tracker, "004", "depends_on: [Shop-huz.7]")
    loaded = tracker.open()
    assert needs(loaded.plan) == {"001": set(), "002": set(), "003": {"001", "002"}, "004": set()}
    assert get(loaded.plan, "003").locks.keys == ("ccpm:002-003",)
    (finding,) = told(loaded, "UNKNOWN_REFERENCE")
    assert "Shop-huz.7" in finding.message


@pytest.mark.parametrize("field", ["depends_on: []", "depends_on:", "depends_on: none", "x: 1"])
def test_no_dependency(tracker, field):
    """Nothing, null and none are no dependency."""
    task(tracker, "1")
    task(tracker, "2", field)
    loaded = tracker.open()
    assert needs(loaded.plan)["2"] == set()
    assert codes(loaded) == []


def test_renamed_to_issues(tracker):
    """After a synchronisation old numbers are found by the fields, then by the issue's number."""
    task(tracker, "113", "task_id: 001", "github: https://github.com/o/r/issues/113")
    task(tracker, "114", "task_id: 002", "depends_on: [001]")
    task(tracker, "003", "github: https://github.com/o/r/issues/130", "depends_on: [114]")
    task(tracker, "004", "depends_on: [130, 113]")
    loaded = tracker.open()
    assert needs(loaded.plan) == {
        "003": {"114"},
        "004": {"003", "113"},
        "113": set(),
        "114": {"113"},
    }
    assert codes(loaded) == []


def test_left_behind(tracker):
    """A number that no file has any more is told where it stands."""
    task(tracker, "113", "depends_on: [001]")
    loaded = tracker.open()
    (finding,) = told(loaded, "UNKNOWN_REFERENCE")
    assert str(finding.span) == f"{HOME}/113.md:4:14"


def test_two_meanings(tracker):
    """A number that is one task's file and another's issue is told; the file counts."""
    task(tracker, "2")
    task(tracker, "3", "github: https://github.com/o/r/issues/2")
    task(tracker, "4", "depends_on: [2]")
    loaded = tracker.open()
    assert needs(loaded.plan)["4"] == {"2"}
    assert codes(loaded) == ["AMBIGUOUS_REFERENCE"]


def test_a_placeholder(tracker):
    """What a template leaves in brackets is a list for YAML, and told as a placeholder."""
    task(tracker, "1", "github: [Will be updated when synced to GitHub]")
    loaded = tracker.open()
    (finding,) = loaded.findings
    assert (finding.code, finding.severity) == ("PLACEHOLDER_LEFT", "info")
    assert str(finding.span) == f"{HOME}/1.md:4:9"


def test_conflicts(tracker):
    """Tasks in conflict share a key, whichever of them says so, and no edge."""
    task(tracker, "004", "conflicts_with: [5, 010, 9]")
    task(tracker, "005", 'conflicts_with: ["004"]')
    task(tracker, "010")
    loaded = tracker.open()
    keys = {p.source_id: p.locks.keys for p in loaded.plan.packages} if loaded.plan else {}
    assert keys == {
        "004": ("ccpm:004-005", "ccpm:004-010"),
        "005": ("ccpm:004-005",),
        "010": ("ccpm:004-010",),
    }
    assert needs(loaded.plan) == {"004": set(), "005": set(), "010": set()}
    assert [f.message for f in told(loaded, "UNKNOWN_REFERENCE")] == [
        '"9" names nothing in this plan'
    ]


@pytest.mark.parametrize(
    ("status", "meant", "code"),
    [
        ("open", "pending", []),
        ("pending", "pending", []),
        ("not-started", "pending", []),
        ("backlog", "pending", []),
        ("in-progress", "pending", ["ACTIVE_IN_SOURCE"]),
        ("blocked", "pending", ["BLOCKED_IN_SOURCE"]),
        ("closed", "done", []),
        ("completed", "done", []),
        ("Done", "done", []),
        ("deferred", "skipped", []),
        ("someday", "pending", ["UNKNOWN_STATUS"]),
    ],
)
def test_states(tracker, status, meant, code):
    """Each status that files carry has one meaning."""
    tracker.write(f"---\nname: t\nstatus: {status}\n---\nx", f"{HOME}/1.md")
    loaded = tracker.open()
    assert states(loaded.plan) == {"1": meant}
    assert codes(loaded) == code


def test_work_streams(tracker):
    """The files of an analysis are an inferred scope, and the agent is told of it."""
    task(tracker, "2")
    tracker.write(
        dedent("""
        # Issue #2 Analysis

        ### Stream A: Store
        **Scope**: The store
        **Files**:
        - src/store/*
        - `src/model.py` (new)

        **Can Start**: immediately

        ### Stream B: Pages

        - **Files**:
          - `app/(shop)/page.tsx`
        - **Agent**: x
        - `src/no.py` is not listed
        """),
        f"{HOME}/2-analysis.md",
    )
    plan = tracker.open().plan
    package = get(plan, "2")
    assert package.scope.write == ("src/store/*", "src/model.py", "app/(shop)/page.tsx")
    assert package.scope.confidence is Confidence.INFERRED
    assert package.description.endswith(f"`{HOME}/2-analysis.md`")
    assert plan is not None
    assert f"{HOME}/2-analysis.md" in [file.path for file in plan.files]


def test_files_in_the_text(tracker):
    """A list of files in the task's own text is an inferred scope too."""
    listed = "**Code locations/files affected:**\n- the pool\n- `src/a.py` for it\n- `src/b.py`"
    task(tracker, "1", body=f"{listed}\n\nCreate `src/c.py`.")
    task(tracker, "2", body="## Scope\n\nFiles: `src/deck/`,\n`src/d.md`.\n\n- See `src/e.md`.")
    plan = tracker.open().plan
    assert get(plan, "1").scope.write == ("src/a.py", "src/b.py")
    assert get(plan, "2").scope.write == ("src/deck/**", "src/d.md")


def test_further_fields(tracker):
    """Files, phase, priority, agent and effort of the variants are read."""
    task(
        tracker,
        "1",
        "files: [src/a.py]",
        "test_files:\n  - tests/test_a.py",
        "phase: 2",
        "priority: high",
        "agent: backend",
        "estimated_hours: 1.5",
    )
    task(tracker, "2", "estimate: 2h", body="- [ ] Create `src/b.py` with it")
    plan = tracker.open().plan
    first, second = get(plan, "1"), get(plan, "2")
    assert first.scope.write == ("src/a.py", "tests/test_a.py")
    assert (first.phase, first.priority, first.role, first.estimate_s) == ("2", 3, "backend", 5400)
    assert second.estimate_s == 7200
    assert second.scope.write == ("src/b.py",)


def test_a_folder_of_tasks(tracker):
    """Tasks may lie in `tasks`; those of a numbered folder count by themselves, as its parts."""
    task(tracker, "tasks/001-start")
    task(tracker, "tasks/018-store", "depends_on: [001]")
    task(tracker, "tasks/018/001-first")
    task(tracker, "tasks/018/002-second", "depends_on: [001]")
    task(tracker, "tasks/018/003-third", "depends_on: [018]")
    task(tracker, "tasks/019-end", "depends_on: [018]")
    loaded = tracker.open(f"{HOME}/tasks/018/001-first.md")
    assert needs(loaded.plan) == {
        "001": set(),
        "018/001": {"001"},
        "018/002": {"001", "018-001"},
        "018/003": {"001"},
        "019": {"018-001", "018-002", "018-003"},
    }
    assert [f.message for f in told(loaded, "UNKNOWN_REFERENCE")] == [
        '"018/018" names nothing in this plan'
    ]


def test_no_front_matter(tracker):
    """Without front matter the text's own status and section of dependencies count."""
    task(tracker, "002")
    text = """\
        # Task 003: Read replies

        **Status**: Blocked (Depends on 002)

        ## Dependencies
        - Task 002: the state machine (must be complete)
        - Zod 3

        ## Acceptance
        - [x] Task 9 is none
        """
    tracker.write(dedent(text), f"{HOME}/003.md")
    loaded = tracker.open()
    assert needs(loaded.plan)["003"] == {"002"}
    assert get(loaded.plan, "003").title == "Read replies"
    assert codes(loaded) == ["NO_FRONT_MATTER", "BLOCKED_IN_SOURCE"]
    assert "Depends on 002" in loaded.findings[1].message


def test_front_matter_that_never_closes(tracker):
    """It is told, and all of the file is text."""
    tracker.write("---\nname: A\ndepends_on: [2]\n\n# Task: A\n", f"{HOME}/001.md")
    loaded = tracker.open()
    assert needs(loaded.plan) == {"001": set()}
    (finding,) = loaded.findings
    assert (finding.code, "never closes" in finding.message) == ("NO_FRONT_MATTER", True)


def test_fenced_front_matter(tracker):
    """Fields in a fence below a heading of that name count, at their places."""
    text = (
        "# Task 006\n\n## Frontmatter\n```yaml\ntitle: B\nstatus: closed\ndepends_on: [9]\n```\nx\n"
    )
    tracker.write(text, f"{HOME}/6.md")
    loaded = tracker.open()
    assert states(loaded.plan) == {"6": "done"}
    assert (get(loaded.plan, "6").title, get(loaded.plan, "6").description) == ("B", "x")
    assert [str(f.span) for f in loaded.findings] == [f"{HOME}/6.md:7:14"]


def test_prose_that_is_no_yaml(tracker):
    """A colon in a name breaks the YAML and not the task."""
    tracker.write(
        "---\nname: Model: part 1 [core]\nstatus: closed\ndepends_on: [7]\n---\nx", f"{HOME}/1.md"
    )
    loaded = tracker.open()
    assert get(loaded.plan, "1").title == "Model: part 1 [core]"
    assert states(loaded.plan) == {"1": "done"}
    assert [(f.code, str(f.span)) for f in loaded.findings] == [
        ("UNKNOWN_REFERENCE", f"{HOME}/1.md:4:14")
    ]


def test_broken_yaml(tracker):
    """What stays broken is an error at its place; in the epic's own file a warning."""
    tracker.write("---\nname: A\ndepends_on: [1\n---\nx", f"{HOME}/1.md")
    tracker.write("---\nname: [\n---\n")
    loaded = tracker.open()
    assert [(f.code, f.severity.value) for f in loaded.findings] == [
        ("BAD_YAML", "warning"),
        ("BAD_YAML", "error"),
    ]
    assert states(loaded.plan) == {"1": "pending"}


def test_a_fence_that_never_closes(tracker):
    """It is told, and hides nothing."""
    task(tracker, "1", body="```sh\n- [ ] x")
    loaded = tracker.open()
    assert codes(loaded) == ["UNCLOSED_FENCE"]
    assert states(loaded.plan) == {"1": "pending"}


def test_requirements(tracker):
    """The requirements that the epic names are context; where they are missing, that is told."""
    task(tracker, "1")
    tracker.write("---\nname: L\nprd: .claude/prds/login.md\n---\n")
    assert [str(f.span) for f in told(tracker.open(), "MISSING_CONTEXT")] == [f"{EPIC}:3:6"]
    tracker.write("# PRD", ".claude/prds/login.md")
    for link in (".claude/prds/login.md", "../../prds/login.md"):
        tracker.write(f"---\nname: L\nprd: {link}\n---\n")
        plan = tracker.open().plan
        assert plan is not None
        assert plan.context == (EPIC, ".claude/prds/login.md")
    tracker.write("---\nname: L\nprd: /etc/passwd\n---\n")
    assert codes(tracker.open()) == ["MISSING_CONTEXT"]


def test_no_epic(tracker):
    """Tasks without an epic are a plan, and the lack is told; an epic without tasks is none."""
    (tracker.root / EPIC).unlink()
    task(tracker, "1")
    loaded = tracker.open(f"{HOME}/1.md")
    assert states(loaded.plan) == {"1": "pending"}
    assert codes(loaded) == ["MISSING_CONTEXT"]
    tracker.write("---\nname: x\n---\n", ".claude/epics/empty/epic.md")
    assert codes(tracker.open(".claude/epics/empty/epic.md")) == ["NO_TASKS"]


def test_a_task_outside(tracker, tmp_path_factory):
    """A task that is a link out of the repository is not read."""
    outside = tmp_path_factory.mktemp("outside") / "secret.md"
    outside.write_text("---\nname: secret\n---\n", "utf-8")
    task(tracker, "1")
    (tracker.root / HOME / "2.md").symlink_to(outside)
    assert states(tracker.open().plan) == {"1": "pending"}


def test_any_folder(tracker):
    """Elsewhere only the numbered files with front matter are tasks, or the file named."""
    tracker.write("---\nname: A\nstatus: open\n---\n", "docs/1.md")
    tracker.write("# No task", "docs/2.md")
    assert states(tracker.open("docs/1.md").plan) == {"1": "pending"}
    tracker.write("---\nname: A\nstatus: open\n---\n", "docs/login.md")
    assert states(tracker.open("docs/login.md").plan) == {"login": "pending"}


def test_too_many_tasks(tracker):
    """An epic of more files than people write is an error, and soon told."""
    for number in range(1001):
        tracker.write("---\nname: t\n---\n", f"{HOME}/{number}.md")
    loaded = tracker.open()
    assert codes(loaded) == ["PLAN_TOO_LARGE"]


def test_too_many_bytes(tracker):
    """An epic of more text than people write is an error, before all of it is read."""
    task(tracker, "1", body="x" * 1_500_000)
    task(tracker, "2", body="x" * 1_500_000)
    task(tracker, "3")
    loaded = tracker.open()
    assert [(f.code, str(f.span)) for f in loaded.findings] == [
        ("PLAN_TOO_LARGE", f"{HOME}/2.md:1:1")
    ]


def test_broken_bytes_and_line_ends(tracker):
    """CRLF and bytes that are no UTF-8 change no field."""
    raw = b"---\r\nname: caf\xe9\r\nstatus: closed\r\n---\r\nx\r\n"
    tracker.write(raw, f"{HOME}/1.md")
    loaded = tracker.open()
    assert states(loaded.plan) == {"1": "done"}
    assert codes(loaded) == ["BAD_ENCODING"]


@pytest.mark.parametrize(
    ("place", "known"),
    [
        (EPIC, True),
        (f"{HOME}/001.md", True),
        (f"{HOME}/005a-docs.md", True),
        (f"{HOME}/tasks/001-x.md", True),
        (f"{HOME}/tasks/018/001-x.md", True),
        (".claude/epics/archived/login/epic.md", True),
        (f"{HOME}/2-analysis.md", False),
        (f"{HOME}/updates/2/stream-A.md", False),
        (f"{HOME}/progress.md", False),
        (".claude/epics/epic.md", False),
        ("docs/epic.md", False),
        ("docs/001.md", False),
    ],
)
def test_places(place, known):
    """Epics and their tasks are known by their places, analyses and notes are no plans."""
    assert FORMAT.by_place(Path("/r") / place) is known


def test_where_it_lies(tracker):
    """An epic is found by its name and its folder; without epic.md by its first task."""
    assert FORMAT.locate(tracker.root, "login") == tracker.root / EPIC
    assert FORMAT.locate(tracker.root, HOME) == tracker.root / EPIC
    assert FORMAT.locate(tracker.root, "logout") is None
    (tracker.root / EPIC).unlink()
    task(tracker, "002")
    task(tracker, "001")
    assert FORMAT.locate(tracker.root, "login") == tracker.root / HOME / "001.md"
    tracker.write("# Epic", "docs/epic.md")
    assert FORMAT.locate(tracker.root, "docs") is None


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("---\nname: a\nstatus: open\ndepends_on: []\nparallel: true\n---\n", True),
        ("---\nname: a\nstatus: backlog\nprogress: 0%\nprd: x.md\n---\n", True),
        ("---\ntask: 002\nname: a\nstatus: closed\n---\n\n# Task 002: a\n", True),
        ("---\nname: a\nstatus: open\n---\n", False),
        ("---\nname: a\nlane: planned\ndependencies: []\n---\n# Task\n", False),
        ('---\nissue: 81\ntitle: "x"\nstatus: x\ndepends_on: []\n---\n', False),
        ("# Task 003: x\n\n**Status**: Blocked\ndepends_on: []\nparallel: x\n", False),
        ("", False),
    ],
)
def test_by_content(text, sure):
    """Dependencies, conflicts and progress in front matter are this format's."""
    assert (FORMAT.by_content(text) >= 0.5) is sure
