"""specflow items: boxes, verdicts, references, scopes, times, markers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.fakes.task_lists import PLACE, TRACKS, Desk, codes, edges, get, only, plan_of

from plait.core.finding import Severity
from plait.core.plan import Confidence, PackageKind, SourceStatus


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("mark", "status", "state", "told"),
    [
        ("x", "**Status: REQUIRES CHANGES** ❌", SourceStatus.PENDING, True),
        ("x", "STATUS: REQUIRES CHANGES", SourceStatus.PENDING, True),
        ("x", "**Status: APPROVED** ✅", SourceStatus.DONE, False),
        ("x", "Status: APPROVED, the run that failed was repeated", SourceStatus.DONE, False),
        (" ", "**Status: APPROVED** ✅", SourceStatus.PENDING, True),
        (" ", "**Status: REQUIRES CHANGES**", SourceStatus.PENDING, False),
    ],
)
def test_a_box_is_no_verdict(
    desk: Desk, mark: str, status: str, state: SourceStatus, *, told: bool
) -> None:
    """A gate is done if ticked and not refused; a contradiction is told at the status."""
    loaded = desk.load(f"- [ ] 1. **A**\n- [{mark}] CR-A. **Review**\n  - {status}\n")
    assert loaded.plan
    assert get(loaded.plan, "CR-A").status is state
    assert ("CONTRADICTORY_STATUS" in codes(loaded.findings)) is told


@pytest.mark.parametrize(
    ("phrase", "code", "column"),
    [
        ("Task 1, CR2", "UNKNOWN_REFERENCE", 28),
        ("Tasks 1-4", "RANGE_HOLE", 26),
        ("Task 2", "SELF_DEPENDENCY", 20),
        ("the data layer", "UNREAD_DEPENDENCY", 20),
    ],
)
def test_bad_references(desk: Desk, phrase: str, code: str, column: int) -> None:
    """A reference that leads nowhere is told at its place and makes no edge."""
    text = f"- [ ] 1. **A**\n- [ ] 2. **B**\n  - _Dependencies: {phrase}_\n- [ ] CR-A. **R**\n"
    loaded = desk.load(text)
    assert loaded.plan
    assert set(edges(loaded.plan)["2"]) <= {"1"}
    finding = only(loaded.findings, code)
    assert str(finding.span) == f"{PLACE}:3:{column}"


@pytest.mark.parametrize(
    ("line", "write"),
    [
        ("- Files: `src/a.py`, `src/b/*.ts`", ("src/a.py", "src/b/*.ts")),
        (
            "- Files to create/modify:\n    - `src/a.py` (new)\n    - docs/b.md",
            ("src/a.py", "docs/b.md"),
        ),
        ("- Create `src/app/(x)/page.tsx`", ("src/app/(x)/page.tsx",)),
        ("- Create `internal/ai/` directory", ("internal/ai/**",)),
        ("- Review output saved to: `code_review/x.md`", ()),
        ("- Create `plait config` with `--flag` and `Run()`", ()),
        ("- Files: Update existing files", ()),
    ],
)
def test_scope(desk: Desk, line: str, write: tuple[str, ...]) -> None:
    """Listed files, else written ones in backticks, are the inferred scope; none is unknown."""
    scope = get(plan_of(desk, f"- [ ] 1. **A**\n  {line}\n"), "1").scope
    assert scope.write == write
    assert scope.confidence is (Confidence.INFERRED if write else Confidence.UNKNOWN)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("**A** (4h)", 14400.0),
        ("A (30m)", 1800.0),
        ("A (2d)", 57600.0),
        ("A (90s)", 90.0),
        ("A (1.5h)", 5400.0),
        ("A (2 hours)", 7200.0),
        ("A\n  - Estimated: 3h", 10800.0),
        ("A in 3h", None),
        ("A (2-4h)", None),
        ("A (3 minor parts)", None),
    ],
)
def test_estimates(desk: Desk, text: str, seconds: float | None) -> None:
    """A time in brackets or a field is the estimate, in seconds, and no part of the title."""
    task = get(plan_of(desk, f"- [ ] 1. {text}\n"), "1")
    assert task.estimate_s == seconds
    assert seconds is None or task.title == "A"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("noise", [b"plain", "höher ✅".encode(), b"\xff\xfe broken \x80"])
def test_markers_are_exact(desk: Desk, end: str, start: bytes, noise: bytes) -> None:
    """A marker is the byte between the brackets, whatever the line ends and the encoding."""
    lines = [b"# " + noise, b"", b"- [ ] 1. **A** " + noise, b"* [x] 2. **B**", b"9. [X] 3. C"]
    raw = start + end.encode().join(lines)
    plan = plan_of(desk, raw)
    places = [(p.id, m.offset) for p in plan.packages for m in p.markers]
    boxes = [match.start() + 1 for match in re.finditer(rb"\[[ xX]\]", raw)]
    assert places == list(zip(["1", "2", "3"], boxes, strict=True))
    marker = plan.packages[0].markers[0]
    assert (marker.pending, marker.done) == (" ", "x")


def test_broken_text_is_a_warning(desk: Desk) -> None:
    """A mangled character in prose stops no run."""
    loaded = desk.load(b"- [ ] 1. **A** \x80\n")
    assert loaded.plan
    assert only(loaded.findings, "BAD_ENCODING").severity is Severity.WARNING


def test_boxes_that_are_no_tasks(desk: Desk) -> None:
    """Legends, criteria, fenced and commented boxes are none; a foreign mark is told."""
    text = """\
        - [x] Every track has reviews
        - [P] parallel
        ```
        - [ ] 7. in a fence
        ```
        <!-- - [ ] 8. in a comment -->

        - [ ] 1. **A**
          - [ ] tests pass
          - [ ] 1.1 step
        - [~] 2. **B**
        """
    loaded = desk.load(text)
    assert loaded.plan
    assert [p.id for p in loaded.plan.packages] == ["1", "2"]
    assert loaded.plan.packages[0].tasks == ("1", "1.1")
    assert len(loaded.plan.packages[0].markers) == 2
    assert only(loaded.findings, "NESTED_TASK").severity is Severity.INFO
    assert only(loaded.findings, "UNKNOWN_MARK").span is not None
    assert loaded.plan.packages[1].markers[0].pending == "~"


def test_an_unclosed_fence_hides_no_task(desk: Desk) -> None:
    """Tasks behind a fence that never closes are read, and the fence is told."""
    loaded = desk.load("- [ ] 1. **A**\n\n```sh\n\n- [ ] 2. **B**\n")
    assert loaded.plan
    assert [p.id for p in loaded.plan.packages] == ["1", "2"]
    assert only(loaded.findings, "UNCLOSED_FENCE").span is not None


def test_description(desk: Desk) -> None:
    """The lines below a task are its description, as written but for their indent."""
    text = "- [ ] 1. **A**\n  - one\n    wrapped\n\n  - two\n\nOutside.\n"
    assert get(plan_of(desk, text), "1").description == "- one\n  wrapped\n\n- two"


def test_kinds_are_stable(desk: Desk) -> None:
    """Reading twice yields the same plan, digest included."""
    assert desk.load(TRACKS) == desk.load(TRACKS)
    assert {p.kind for p in plan_of(desk, TRACKS).packages} == {
        PackageKind.IMPLEMENT,
        PackageKind.GATE,
        PackageKind.CHECKPOINT,
        PackageKind.FIX,
    }


def test_no_tasks(desk: Desk) -> None:
    """A list without a task is an error, not a plan."""
    loaded = desk.load("# Notes\n\n- [ ] remember\n")
    assert loaded.plan is None
    assert only(loaded.findings, "NO_TASKS").severity is Severity.ERROR


def test_unreadable(desk: Desk) -> None:
    """A file that is not there is a finding, not a traceback."""
    loaded = desk.open(desk.root / PLACE)
    assert loaded.plan is None
    assert codes(loaded.findings) == ["PLAN_UNREADABLE"]
