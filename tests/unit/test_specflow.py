"""specflow task lists: one small list per grammar and per trap, with the exact edges."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.task_lists import GROUPS, PLACE, TRACKS, Desk, codes, edges, get, only, plan_of

from plait.core.finding import Severity
from plait.core.plan import SourceStatus


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_groups(desk: Desk) -> None:
    """Groups, their bullets' own conditions and prerequisites make exactly these edges."""
    plan = plan_of(desk, GROUPS)
    start = {"1": "explicit"}
    assert edges(plan) == {
        "1": {},
        "2": start,
        "3": {**start, "2": "range"},
        "4": {**start, "2": "range", "3": "track"},
        "5": {**start, "3": "range", "4": "range"},
        "6": {**start, "2": "explicit", "3": "wave", "4": "wave"},
        "7": start,
        "8": {**start, "7": "explicit", "5": "range", "6": "range"},
        "9": {**start, "3": "wave", "4": "wave"},
        "10": start,
    }
    assert (plan.title, plan.id, plan.branch) == (
        "Implementation Plan: Cache",
        "cache",
        "feat/cache",
    )
    assert not plan.phased
    assert [(p.track, p.group, p.parallel) for p in plan.packages[1:6]] == [
        (None, None, False),
        ("A", "1", True),
        ("A", "1", True),
        ("B", "2", True),
        ("C", "2", True),
    ]
    assert get(plan, "5").phase == "Phase 2: Use"
    assert get(plan, "1").status is SourceStatus.DONE


def test_edges_say_why(desk: Desk) -> None:
    """Every edge carries the words that make it, and where they stand."""
    plan = plan_of(desk, GROUPS)
    notes = {str(e.id): (e.note, str(e.span)) for e in get(plan, "8").needs}
    line = GROUPS.split("\n").index("- Tasks 8 (Glue) - needs 7 and 5-6") + 1
    assert notes["7"] == ("7 and 5-6", f"{PLACE}:{line}:26")
    assert notes["1"][0] == "Task 1 (blocks all)"


def test_tracks(desk: Desk) -> None:
    """Tracks follow in order after their heading's dependencies; gates after what they judge."""
    plan = plan_of(desk, TRACKS)
    assert edges(plan) == {
        "1": {},
        "2": {"1": "track"},
        "CR-A": {"1": "range", "2": "range"},
        "PR-A": {"CR-A": "explicit"},
        "RW-A": {},
        "3": {"PR-A": "track"},
        "4": {"PR-A": "track", "3": "track"},
        "5": {"PR-A": "track"},
        "CR-B": {"3": "track", "4": "track", "5": "track"},
        "PR-B": {"CR-B": "track"},
        "CR1": {"PR-A": "explicit", "PR-B": "explicit"},
        "6": dict.fromkeys(["3", "4", "5", "CR-B", "PR-B"], "track"),
        "CR-FINAL": {"PR-A": "range", "PR-B": "range"},
    }


def test_gates_and_rework(desk: Desk) -> None:
    """Gates know what they judge, rework what calls it; both have their own kinds and states."""
    plan = plan_of(desk, TRACKS)
    found = {str(p.id): (p.kind.value, p.status.value, p.guards, p.reworks) for p in plan.packages}
    assert found["CR-A"] == ("gate", "done", ("1", "2"), ())
    assert found["PR-A"] == ("gate", "done", ("1", "2"), ())
    assert found["RW-A"] == ("fix", "skipped", (), ("CR-A", "PR-A"))
    assert found["PR-B"] == ("gate", "pending", ("3", "4", "5"), ())
    assert found["CR1"] == ("checkpoint", "pending", ("1", "2", "3", "4", "5"), ())
    assert found["CR-FINAL"][0] == "gate"
    assert not get(plan, "CR-A").scope.write


def test_labels_of_tracks(desk: Desk) -> None:
    """Track, role, title, estimate and requirements come from where specflow writes them."""
    plan = plan_of(desk, TRACKS)
    first = get(plan, "1")
    assert (first.track, first.role, first.title, first.estimate_s) == (
        "A",
        "developer",
        "Set up",
        7200.0,
    )
    assert first.requirements == ("1.1", "10.x")
    assert first.parallel
    assert get(plan, "CR-A").role == "reviewer"
    assert get(plan, "PR-A").role is None
    assert get(plan, "5").role == "specialist"
    assert get(plan, "CR1").track is None


@pytest.mark.parametrize("form", ["- [ ] {} {}", "- [ ] {}: {}", "- [ ] **{} {}**"])
def test_phases(desk: Desk, form: str) -> None:
    """With nothing but phases, each waits for all of the one before; inside one nothing waits."""
    tasks = [form.format(name, "Do it") for name in ("1.1", "1.2", "2.1", "3.1")]
    text = "\n".join(
        [
            *["# P", "## Prerequisites", "- [ ] Review `design.md`", "- [ ] 3.11 of Python"],
            *["## Phase 1: A", *tasks[:2], "## Phase 2: B", tasks[2], "## Checklist", tasks[3]],
        ]
    )
    plan = plan_of(desk, text)
    assert edges(plan) == {
        "1.1": {},
        "1.2": {},
        "2.1": {"1.1": "phase", "1.2": "phase"},
        "3.1": {"2.1": "phase"},
    }
    assert plan.phased
    assert [p.title for p in plan.packages] == ["Do it"] * 4
    assert [p.phase for p in plan.packages][2:] == ["Phase 2: B", "Checklist"]


def test_heading_tasks(desk: Desk) -> None:
    """A task may be a heading; its boxes are its criteria, mark it done and are its markers."""
    text = """\
        # T
        ### Phase 1: A
        #### Task 1.1: Service
        - [x] Create class
        - [x] 6 channels
        - _Requirements: 1.1, 1.2_
        #### Task 1.2: Channel
        - [x] one
        - [ ] 2.5 seconds
        ### Phase 2: B
        #### Task 2.1: Rest
        Text only.
        """
    plan = plan_of(desk, text)
    assert edges(plan) == {"1.1": {}, "1.2": {}, "2.1": {"1.1": "phase", "1.2": "phase"}}
    assert [p.status.value for p in plan.packages] == ["done", "pending", "pending"]
    assert [len(p.markers) for p in plan.packages] == [2, 2, 0]
    assert get(plan, "1.1").requirements == ("1.1", "1.2")
    assert "6 channels" in get(plan, "1.1").description


def test_own_dependencies_win_over_phases(desk: Desk) -> None:
    """A task that says what it needs is not bound by its phase; the others are."""
    text = """\
        ## Phase 1
        - [ ] 1. A
        - [ ] 2. B
        ## Phase 2
        - [ ] 3. C
          - _Dependencies: Task 1_
        - [ ] 4. D
        - [ ] 5. E (needs 3)
        """
    plan = plan_of(desk, text)
    assert edges(plan) == {
        "1": {},
        "2": {},
        "3": {"1": "explicit"},
        "4": {"1": "phase", "2": "phase"},
        "5": {"3": "explicit"},
    }
    assert not plan.phased
    assert get(plan, "5").title == "E"


def test_a_track_that_says_more_than_its_heading(desk: Desk) -> None:
    """Own dependencies come beside the heading's; a nested bracket belongs to the heading's."""
    text = """\
        ### Track A: One
        - [ ] 1. **A**
        - [ ] 2. **B**
        ### Track B: Two (Dependencies: Track A completion (Task 2))
        > BLOCKED until Task 1
        - [ ] 3. **C**
          - _Dependencies: Task 1_
        """
    assert edges(plan_of(desk, text))["3"] == {"1": "explicit", "2": "track"}


def test_rework_is_not_awaited(desk: Desk) -> None:
    """A gate's need of its own rework, and anyone's need of rework, is dropped and told."""
    text = """\
        ### Track B: Core
        - [ ] 1. **A**
        - [x] CR-B. **Review**
          - _Dependencies: Task 1, RW-B_
        - [ ] RW-B. **Rework**
          - _Dependencies: CR-B (failed)_
        - [ ] 2. **B**
          - _Dependencies: RW-B_
        """
    loaded = desk.load(text)
    assert loaded.plan
    assert edges(loaded.plan) == {"1": {}, "CR-B": {"1": "explicit"}, "RW-B": {}, "2": {}}
    assert only(loaded.findings, "GATE_NEEDS_OWN_REWORK").severity is Severity.INFO
    assert only(loaded.findings, "REWORK_NOT_AWAITED").span is not None


def test_contradictory_tracks(desk: Desk) -> None:
    """Where a summary and the groups place tasks differently, the groups hold."""
    text = """\
        - **Track A**: Core (Tasks 1, 2)
        - **Track B**: Rest (Task 3)
        ## Phase 1
        - [ ] 1. **A**
        - [ ] 2. **B**
        - [ ] 3. **C**
        ## Parallel Execution Groups
        **Group 1**
        - Track A: Task 1
        - Track C: Tasks 2-3
        """
    loaded = desk.load(text)
    assert loaded.plan
    assert [p.track for p in loaded.plan.packages] == ["A", "C", "C"]
    finding = only(loaded.findings, "CONTRADICTORY_TRACKS")
    assert "task 2 in A, not C" in finding.message
    assert finding.span is not None
    assert finding.span.line == 1


def test_a_summary_alone_makes_tracks(desk: Desk) -> None:
    """Without sections and groups the summary's tracks hold, in its order."""
    text = "- **Track A**: Core (Tasks 2, 1)\n\n- [ ] 1. **A**\n- [ ] 2. **B**\n"
    assert edges(plan_of(desk, text)) == {"1": {"2": "track"}, "2": {}}


def test_a_weaker_order_gives_way(desk: Desk) -> None:
    """A track's order that would close a circle with a stated dependency is dropped and told."""
    text = """\
        ### Track A: One
        - [ ] 1. **A**
          - _Dependencies: Task 2_
        - [ ] 2. **B**
        """
    loaded = desk.load(text)
    assert loaded.plan
    assert edges(loaded.plan) == {"1": {"2": "explicit"}, "2": {}}
    assert "WEAKER_ORDER_DROPPED" in codes(loaded.findings)


def test_blocks_all_means_what_follows(desk: Desk) -> None:
    """Two tasks that both block all do not block each other in a circle."""
    text = """\
        - Task 1: x (blocks all)
        - Task 2: y (blocks all)

        - [ ] 1. **A**
        - [ ] 2. **B**
        - [ ] 3. **C**
        """
    found = {name: set(needs) for name, needs in edges(plan_of(desk, text)).items()}
    assert found == {"1": set(), "2": {"1"}, "3": {"1", "2"}}
