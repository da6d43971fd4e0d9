"""The dependency graph of a Kiro list, in all the shapes that real lists have."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.specs import SpecDesk, codes, get, needs, only, order

from plait.plans.kiro import FORMAT

LIST = """\
- [ ] 1. A
  - [ ] 1.1 B
  - [ ] 1.2 C
- [ ] 2. D
  - [ ] 2.1 E
  - [ ] 2.2 F
"""
FOUR = {"1.1": "", "1.2": "1.1", "2.1": "1.1", "2.2": "1.2 2.1"}
WAVES = '{"waves": [{"id": 0, "tasks": ["1.1"]}, {"id": 1, "tasks": ["1.2", "2.1"]}, '


@pytest.fixture
def desk(tmp_path: Path) -> SpecDesk:
    return SpecDesk(tmp_path, FORMAT, ".kiro/specs/login")


def graph(text: str, fence: str = "```json") -> str:
    """A section with a graph."""
    return f"\n## Task Dependency Graph\n\n{fence}\n{text}\n```\n"


@pytest.mark.parametrize(
    "text",
    [
        WAVES + '{"id": 2, "tasks": ["2.2"]}]}',
        '{"waves": [["1.1"], ["1.2", "2.1"], ["2.2"]]}',
        '{"waves": [[1.1], [1.2, 2.1], [2.2]]}',
        '[{"wave": 1, "tasks": ["1.1"]}, {"wave": 2, "tasks": ["1.2", "2.1"]}, '
        '{"wave": 3, "tasks": ["2.2"]}]',
        '{"wave": 1, "tasks": [1.1]}\n{"wave": 2, "tasks": [1.2, 2.1]}\n'
        '{"wave": 3, "tasks": [2.2]}',
        '{"waves": [{"id": 0, "name": "a", "tasks": ["1.1"], "depends_on": []}, '
        '{"id": 1, "tasks": ["2.1", "1.2"], "depends_on": [0]}, '
        '{"id": 2, "tasks": ["2.2"], "depends_on": [1]}]}',
        '{"waves": {"1": ["1.1"], "2": ["1.2", "2.1"], "3": ["2.2"]}}',
        '{"waves": [{"tasks": ["T1.1"]}, {"tasks": ["Task 1.2", "2.1"]}, {"tasks": "2.2"}]}',
    ],
)
def test_waves_are_barriers(desk: SpecDesk, text: str) -> None:
    """Each wave comes after the one before it, and its tasks run side by side."""
    plan = desk.plan(LIST + graph(text))
    assert order(plan) == FOUR
    assert {why for wanted in needs(plan).values() for why in wanted.values()} == {"wave"}
    assert [p.id for p in plan.packages if p.parallel] == ["1.2", "2.1"]


@pytest.mark.parametrize(
    "text",
    [
        "T1.1 --> T1.2 --> T2.2\nT1.1 --> T2.1 --> T2.2",
        "1.1 → 1.2, 2.1 → 2.2",
        "graph TD\n  A[1.1 B] --> C[1.2 C]\n  A --> E(2.1 E)\n  C --> F[2.2 F]\n  E -->|then| F",
        "flowchart LR\n  T1_1 --> T1_2 & T2_1 ==> T2_2;",
        "Task 1.1\n  → Task 1.2\nTask 1.1\n  → Task 2.1\nTask 1.2 + Task 2.1\n  → Task 2.2",
    ],
)
def test_arrows(desk: SpecDesk, text: str) -> None:
    """Arrows, mermaid or not, say who waits for whom."""
    assert order(desk.plan(LIST + graph(text, "```mermaid"))) == FOUR


def test_a_wave_may_name_wholes(desk: SpecDesk) -> None:
    """A whole in a wave is its parts, in the list's order."""
    plan = desk.plan(
        LIST + graph('{"waves": [{"wave": 1, "tasks": [1]}, {"wave": 2, "tasks": [2]}]}')
    )
    assert needs(plan) == {
        "1.1": {},
        "1.2": {"1.1": "track"},
        "2.1": {"1.2": "wave"},
        "2.2": {"2.1": "track"},
    }
    assert [p.group for p in plan.packages] == ["Wave 1", "Wave 1", "Wave 2", "Wave 2"]


def test_a_part_that_a_wave_names_itself(desk: SpecDesk) -> None:
    """It belongs to that wave, not to the one that names its whole."""
    plan = desk.plan(LIST + graph('{"waves": [["1"], ["2"], ["1.2"]]}'))
    assert order(plan) == {"1.1": "", "2.1": "1.1", "2.2": "2.1", "1.2": "2.2"}


def test_waves_with_their_own_conditions(desk: SpecDesk) -> None:
    """Where waves say what they wait for, that holds, and not their order."""
    text = (
        '{"waves": [{"id": 0, "tasks": ["1.1"]}, {"id": 1, "tasks": ["1.2"], "depends_on": [0]}, '
        '{"id": 2, "tasks": ["2.1"], "depends_on": [0]}, '
        '{"id": 3, "tasks": ["2.2"], "depends_on": [2]}]}'
    )
    assert order(desk.plan(LIST + graph(text))) == {
        "1.1": "",
        "1.2": "1.1",
        "2.1": "1.1",
        "2.2": "2.1",
    }


def test_checkpoints_between_waves(desk: SpecDesk) -> None:
    """What no wave names stands behind the waves of what is listed before it."""
    plan = desk.plan(
        """\
        - [ ] 1. A
        - [ ] 2. B
        - [ ] 3. Checkpoint - all tests pass
        - [ ] 4. C
        - [ ] 5. Final checkpoint
        """
        + graph('{"waves": [["1", "2"], ["4"]]}')
    )
    assert needs(plan) == {
        "1": {},
        "2": {},
        "3": {"1": "track", "2": "track"},
        "4": {"3": "wave"},
        "5": {"4": "track"},
    }
    assert get(plan, "3").guards == ("1", "2")
    assert get(plan, "5").guards == ("4",)


def test_a_checkpoint_does_not_hold_up_its_wave(desk: SpecDesk) -> None:
    """A task that a wave puts beside what a checkpoint guards does not wait for it."""
    plan = desk.plan(
        "- [ ] 1. A\n- [ ] 2. Checkpoint\n- [ ] 3. B\n- [ ] 4. C\n"
        + graph('{"waves": [["1", "3"], ["4"]]}')
    )
    assert order(plan) == {"1": "", "2": "1 3", "3": "", "4": "2"}


def test_what_stands_before_all_waves(desk: SpecDesk) -> None:
    """A task that no wave names and that stands first comes first."""
    plan = desk.plan("- [ ] 1. A\n- [ ] 2. B\n- [ ] 3. C\n" + graph('{"waves": [["2"], ["3"]]}'))
    assert order(plan) == {"1": "", "2": "1", "3": "2"}


def test_done_waves_do_not_set_later_ones_free(desk: SpecDesk) -> None:
    """Behind a wave that is done, the open one before it is still awaited."""
    plan = desk.plan(
        "- [ ] 1. A\n- [x] 2. B\n- [ ] 3. C\n" + graph('{"waves": [["1"], ["2"], ["3"]]}')
    )
    assert order(plan) == {"1": "", "2": "1", "3": "1 2"}


def test_unknown_ids(desk: SpecDesk) -> None:
    """An id that no box has is told at its place; the rest holds."""
    loaded = desk.load(LIST + graph('{\n  "waves": [\n    ["1.1", "9.9"],\n    ["1.2"]\n  ]\n}'))
    finding = only(loaded, "UNKNOWN_REFERENCE")
    assert finding.span
    assert (finding.span.line, finding.span.column) == (13, 14)
    assert loaded.plan
    assert order(loaded.plan)["1.2"] == "1.1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"waves": [["1.1"], ["1.1", "1.2"]]}', "1.1 stands in several waves: the first counts"),
        (
            '{"waves": [{"id": 0, "tasks": ["1.1"], "depends_on": [1]}, '
            '{"id": 1, "tasks": ["1.2"], "depends_on": [0]}]}',
            "its waves wait for one another: taken one after another",
        ),
    ],
)
def test_waves_that_disagree(desk: SpecDesk, text: str, told: str) -> None:
    """What the graph says against itself is told, and settled."""
    loaded = desk.load(LIST + graph(text))
    assert only(loaded, "WAVES_DISAGREE").message == told
    assert loaded.plan
    assert order(loaded.plan)["1.2"] == "1.1"


def test_a_wave_that_waits_for_none_that_there_is(desk: SpecDesk) -> None:
    """A condition that names no wave is told."""
    text = '{"waves": [{"id": 0, "tasks": ["1.1"], "depends_on": [7]}]}'
    assert "'7'" in only(desk.load(LIST + graph(text)), "UNKNOWN_REFERENCE").message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "see the picture",
        "{broken",
        '{"waves": 7}',
        '{"waves": [{"tasks": null}, 7, null, true]}',
        "[" * 100_000,
        '{"waves": [' + "[" * 5000 + "]" * 5000 + "]}",
        '{"waves": [{"id": ' + "9" * 5000 + ', "tasks": []}]}',
    ],
)
def test_a_graph_that_cannot_be_read(desk: SpecDesk, text: str) -> None:
    """It is told, and the list's order holds."""
    loaded = desk.load(LIST + graph(text))
    assert "WAVES_UNREADABLE" in codes(loaded)
    assert loaded.plan
    assert order(loaded.plan) == {"1.1": "", "1.2": "1.1", "2.1": "1.2", "2.2": "2.1"}


def test_code_elsewhere_is_no_graph(desk: SpecDesk) -> None:
    """Only a fence below the graph's own heading counts."""
    loaded = desk.load(LIST + '\n## Notes\n\n```json\n{"waves": [["2.2"], ["1.1"]]}\n```\n')
    assert loaded.plan
    assert order(loaded.plan)["2.2"] == "2.1"


def test_the_graph_may_stand_first(desk: SpecDesk) -> None:
    """Some lists tell their waves before their tasks."""
    plan = desk.plan(graph('{"waves": [["1.1"], ["2.2"]]}') + "\n## Tasks\n\n" + LIST)
    assert needs(plan)["2.2"] == {"2.1": "wave"}


def test_arrows_downwards(desk: SpecDesk) -> None:
    """A line of arrows downwards joins what stands above each with what stands below it."""
    text = "- [ ] 1. A\n- [ ] 2. B\n- [ ] 3. C\n- [ ] 4. D\n- [ ] 5. E\n"
    drawn = "1 → 2 → 3 (checkpoint)\n    ↓\n    4 → 5"
    assert order(desk.plan(text + graph(drawn, "```"))) == {
        "1": "",
        "2": "1",
        "3": "2",
        "4": "2",
        "5": "4",
    }
    chain = "1\n↓\n2\n|\nv\n3\n↓\n4 → 5"
    assert order(desk.plan(text + graph(chain, "```"))) == {
        "1": "",
        "2": "1",
        "3": "2",
        "4": "3",
        "5": "4",
    }
