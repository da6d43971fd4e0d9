"""What stands beside a specflow task list, or is drawn in it: verdicts of reviews, phase graphs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.task_lists import Desk, codes, edges, get, only, plan_of

from plait.core.plan import SourceStatus
from plait.plans.markdown import scan
from plait.plans.specflow.flow import flow_of

REVIEWED = """\
    # Tasks

    ### Track A: Core (No Dependencies)
    - [x] 1. **Types**
    - [x] CR-A. **Code review**
      - _Dependencies: 1_
    - [ ] 2. **Next**
      - _Dependencies: CR-A_
    """
DRAWN = """\
    # Tasks

    ## Phase 1: Base
    #### Task 1.1: Base
    - [ ] Do it
    ## Phase 2: Left
    #### Task 2.1: Left
    - [ ] Do it
    ## Phase 3: Right
    #### Task 3.1: Right
    - [ ] Do it
    ## Phase 4: Both
    #### Task 4.1: Both
    - [ ] Do it

    ## Order
    ```mermaid
    graph TD
        A[Phase 1: Base] --> B[Phase 2: Left]
        A --> C[Phase 3: Right]
        B & C --> D[Phase 4: Both]
    ```
    """


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    "place",
    [
        "documentation/features/cache/code_review/CR-A.md",
        "documentation/code_review/CR-A.md",
        "documentation/features/cache/code_review/cr-a.md",
    ],
)
def test_a_review_that_asks_for_changes_outweighs_the_box(desk: Desk, place: str) -> None:
    """The verdict's file says more than a tick: the gate is not done, and the place is told."""
    desk.write(place, "# Review\n\n**Status**: REQUIRES CHANGES\n")
    loaded = desk.load(REVIEWED)
    assert loaded.plan is not None
    assert get(loaded.plan, "CR-A").status is SourceStatus.PENDING
    told = only(loaded.findings, "CONTRADICTORY_STATUS")
    assert told.span is not None
    assert (told.span.file, told.span.line, told.span.column) == (place, 3, 13)


def test_of_several_verdicts_the_last_holds(desk: Desk) -> None:
    """A review is continued at its end: what was refused first was approved then."""
    desk.write(
        "documentation/features/cache/code_review/CR-A.md",
        "**Status**: Requires changes\n\n## Second look\n\n### Final Status: APPROVED\n",
    )
    loaded = desk.load(REVIEWED)
    assert loaded.plan is not None
    assert get(loaded.plan, "CR-A").status is SourceStatus.DONE
    assert "CONTRADICTORY_STATUS" not in codes(loaded.findings)


def test_a_review_without_a_verdict_changes_nothing(desk: Desk) -> None:
    """Prose about other statuses is no verdict."""
    desk.write(
        "documentation/features/cache/product_review/track-a.md",
        "- **Status**: using the latest version\n",
    )
    assert get(plan_of(desk, REVIEWED), "CR-A").status is SourceStatus.DONE


def test_phases_follow_one_another_as_they_are_drawn(desk: Desk) -> None:
    """A drawing relaxes the order of phases: left and right wait for the base only."""
    plan = plan_of(desk, DRAWN)
    assert edges(plan) == {
        "1.1": {},
        "2.1": {"1.1": "phase"},
        "3.1": {"1.1": "phase"},
        "4.1": {"2.1": "phase", "3.1": "phase"},
    }
    span = get(plan, "3.1").needs[0].span
    assert span is not None
    assert span.line == 20


def test_a_drawing_of_something_else_is_passed_over() -> None:
    """Nodes without a phase, fences of other languages, and arrows in prose say nothing."""
    text = """\
A[Phase 1: x] --> B[Phase 2: y]
```text
A[Phase 1: x] --> B[Phase 2: y]
```
```mermaid
graph LR
  Client --> Server
  A[Phase 1] -->|then| B(Phase 2: y) --> Server
```
"""
    flow = flow_of(scan(text.split("\n")).lines)
    assert {number: [other for other, _ in drawn] for number, drawn in flow.items()} == {
        "1": [],
        "2": ["1"],
    }
