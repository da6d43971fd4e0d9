"""Purple implementation specs: tickets, phases, files, and what is done."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.fakes.desk import Desk, codes, edges, get, only

from plait.core.finding import Severity
from plait.core.plan import Confidence, SourceStatus
from plait.errors import UsageError
from plait.plans import detect
from plait.plans.purple import FORMAT
from plait.ports import Loaded, PlanFormat, PlanSource

FEATURE = "purple/documentation/251114-cache"
PLACE = f"{FEATURE}/agent-written-specifications/implementation-spec-cache.md"
DONE = f"{FEATURE}/completed-tickets-documentation"
LAYOUT = "purple/standards/global/how-agents-document.md"

SPEC = """\
    # Engineering Implementation Specification: Cache

    ## 3. Implementation Phases

    ### Phase 1: Store
    **Objective:** Keep values.
    **Dependencies:** None

    ### Phase 2: Limits
    **Dependencies:** Phase 1

    ### Phase 3: Tools
    **Dependencies:** Phase 1 (only the store is needed)

    ## 4. Tickets

    ### Phase 1: Store

    #### PHASE-1-A: Add the store

    **Files:**
    - **Create:** `src/store.py`
    **Acceptance Criteria:**
    - [ ] It keeps values
    - [x] `make test` passes
    **Estimated Effort:** S
    **Dependencies:** None

    ---

    #### PHASE-1-B: Add keys
    **Files:** CREATE: `src/keys.py`
    **Dependencies:** PHASE-1-A

    ### Phase 2: Limits

    #### PHASE-2-A: Add a limit
    - **Files To Modify**:
      - `src/limit.py`
    - **Dependencies**:
      - PHASE-1-A
      - PHASE-1-B (its keys)

    ### Phase 3: Tools

    #### PHASE-3-A: Add a tool
    Files:
    - `src/tool.py` -- New file
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(root=tmp_path, plan_format=FORMAT, place=PLACE)
    desk.write(LAYOUT, "# How agents document\n")
    return desk


def spec(*tickets: str, phases: str = "") -> str:
    """A spec of tickets, each its heading's text and the lines below it."""
    parts = [f"#### {ticket}\n" for ticket in tickets]
    return "\n".join(["# Implementation Spec: Cache\n", phases, "## 4. Tickets\n", *parts])


def test_a_spec_becomes_a_plan(desk: Desk) -> None:
    """Tickets are packages; phases that appear twice are one; criteria are no tasks."""
    loaded = desk.load(SPEC)
    plan = loaded.plan
    assert plan is not None
    assert codes(loaded) == []
    assert [p.id for p in plan.packages] == ["PHASE-1-A", "PHASE-1-B", "PHASE-2-A", "PHASE-3-A"]
    assert (plan.id, plan.feature, plan.branch) == ("251114-cache", "cache", "feat/cache")
    assert plan.title == "Cache"
    assert plan.phased
    first = get(plan, "PHASE-1-A")
    assert first.title == "Add the store"
    assert first.phase == "Phase 1: Store"
    assert "- [ ] It keeps values" in first.description
    assert "---" not in first.description
    assert first.markers == ()
    assert all(p.parallel for p in plan.packages)


def test_phases_follow_what_they_name(desk: Desk) -> None:
    """A phase that needs only phase 1 does not wait for phase 2; tickets keep their own needs."""
    assert edges(desk.plan(SPEC)) == {
        "PHASE-1-A": {},
        "PHASE-1-B": {"PHASE-1-A": "explicit"},
        "PHASE-2-A": {"PHASE-1-A": "explicit", "PHASE-1-B": "explicit"},
        "PHASE-3-A": {"PHASE-1-A": "phase", "PHASE-1-B": "phase"},
    }


def test_phases_follow_one_another_by_default(desk: Desk) -> None:
    """Without a word on it, all of a phase waits for all of the one before."""
    plan = desk.plan(
        """\
        ## Tickets
        ### Phase 1: One
        #### AB-1.1: A
        **Dependencies:** None
        #### AB-1.2: B
        **Dependencies:** None
        ### Phase 2: Two
        #### AB-2.1: C
        **Dependencies:** AB-1.1
        #### AB-2.2: D
        **Dependencies:** None
        ### Phase 3: Three
        **Dependencies:** AB-2.1
        #### AB-3.1: E
        **Objective:** End.
        """
    )
    assert edges(plan) == {
        "AB-1.1": {},
        "AB-1.2": {},
        "AB-2.1": {"AB-1.1": "explicit", "AB-1.2": "phase"},
        "AB-2.2": {"AB-1.1": "phase", "AB-1.2": "phase"},
        "AB-3.1": {"AB-2.1": "phase"},
    }


@pytest.mark.parametrize("other", ["Phase 2", "AB-2", "`AB-2`"])
def test_a_ticket_that_is_said_to_run_beside_a_phase_does(desk: Desk, other: str) -> None:
    """What may be built in parallel with phase 2, or its ticket, waits for what that waits for."""
    plan = desk.plan(
        f"""\
        ### Phase 1: One
        #### AB-1: A
        **Dependencies:** None
        ### Phase 2: Two
        #### AB-2: B
        **Dependencies:** None
        ### Phase 3: Three
        #### AB-3: C
        **Dependencies:** None (can be built in parallel with {other})
        #### AB-4: D
        **Dependencies:** None
        """
    )
    assert edges(plan)["AB-3"] == {"AB-1": "phase"}
    assert edges(plan)["AB-4"] == {"AB-2": "phase"}


@pytest.mark.parametrize(
    "head",
    [
        "### AO-001: Parse",
        "#### AO-001: Parse",
        "#### AO-001 — Parse",
        "#### [AO-001] - Parse",
        "#### **AO-001: Parse**",
        "### Ticket AO-001: Parse",
        "#### Ticket 1\n**Ticket ID:** AO-001\n**Title:** Parse",
        "#### Ticket 1: Parse\n- **Ticket ID**: `AO-001`",
    ],
)
def test_ticket_headings(desk: Desk, head: str) -> None:
    """A ticket starts with its id at one of two levels, or with a number and its id below."""
    loaded = desk.load(f"## Tickets\n\n{head}\n\n**Objective:** Read it.\n")
    assert loaded.plan is not None
    (package,) = loaded.plan.packages
    assert (package.id, package.title) == ("AO-001", "Parse")
    assert codes(loaded) == []


@pytest.mark.parametrize("name", ["PHASE-1-A", "MCP-1.1", "AO-001", "DICT-001", "A2A-10.12"])
def test_id_schemes(desk: Desk, name: str) -> None:
    """All schemes of ids that specs use are read."""
    assert [p.id for p in desk.plan(spec(f"{name}: Do\n**Objective:** x")).packages] == [name]


def test_headings_that_only_look_like_tickets(desk: Desk) -> None:
    """What has no field of a ticket, and a prefix of its own, is prose."""
    text = spec(
        "AO-001: Do\n**Objective:** x", "AO-002: Go on", "UTF-8: how text is stored\nIt is."
    )
    assert [p.id for p in desk.plan(text).packages] == ["AO-001", "AO-002"]


@pytest.mark.parametrize(
    ("lines", "globs"),
    [
        (
            "**Files:**\n- **Create:** `src/a.py`\n- **Modify:** `src/b.py`",
            ["src/a.py", "src/b.py"],
        ),
        ("**Create:** `src/a.py`\n**Modify:** `src/b.py`", ["src/a.py", "src/b.py"]),
        ("**Files:**\n- CREATE: `src/a.py`\n- MODIFY: src/b.py", ["src/a.py", "src/b.py"]),
        ("**Files:** CREATE: `src/a.py`", ["src/a.py"]),
        ("**Files:**\n- `src/a.py` -- New file: see `x.py`", ["src/a.py"]),
        ("- **Files To Modify**\n  - `src/a.py`\n  - `src/b/`", ["src/a.py", "src/b/**"]),
        ("#### Files To Modify\n- `src/a.py`", ["src/a.py"]),
        ("**Files (both):**\n| `src/a.py` | New |", ["src/a.py"]),
        ("**Files:**\n- `src/a.py`\n  - add `helper.py` to its imports", ["src/a.py"]),
        ("**Files:**\n- Backend:\n  - `src/a.py`", ["src/a.py"]),
        ("**Files:**\n- `src/(shop)/page.tsx`", ["src/(shop)/page.tsx"]),
        ("**Files:**\n- `src/a.py`\n**Pattern Reference:**\n- `src/old.py`", ["src/a.py"]),
        ("**Files:**\n- `src/a.py`\n- `src/b.py` (reference only)\n- Read: `c.py`", ["src/a.py"]),
    ],
)
def test_file_lists(desk: Desk, lines: str, globs: list[str]) -> None:
    """Files come in four styles; what is read, or told of a file, is not written."""
    plan = desk.plan(f"## Tickets\n### AO-001: Do\n**Objective:** x\n{lines}\n")
    scope = get(plan, "AO-001").scope
    assert list(scope.write) == globs
    assert scope.confidence is Confidence.INFERRED


def test_no_path_at_all_leaves_the_scope_unknown(desk: Desk) -> None:
    """A list of files without a path tells nothing of what is written."""
    plan = desk.plan(spec("AO-001: Try\n**Files:**\n- No new files. May fix what AO-002 made."))
    assert get(plan, "AO-001").scope.confidence is Confidence.UNKNOWN


@pytest.mark.parametrize(
    ("entry", "globs"),
    [
        ("`src/b.py` if the scaffolding must change", ["src/a.py", "src/b.py"]),
        ("`src/b.py` -- modify only if needed", ["src/a.py", "src/b.py"]),
        ("OR create `src/b.py`", ["src/a.py", "src/b.py"]),
        ("optionally `src/b.py` if there is time", ["src/a.py"]),
        ("`src/b.py` (optional)", ["src/a.py"]),
    ],
)
def test_files_on_a_condition_are_told(desk: Desk, entry: str, globs: list[str]) -> None:
    """A conditional file and an alternative count, an optional one does not; each is told."""
    loaded = desk.load(spec(f"AO-001: Do\n**Files:**\n- `src/a.py`\n- {entry}"))
    assert loaded.plan is not None
    assert list(get(loaded.plan, "AO-001").scope.write) == globs
    found = only(loaded, "CONDITIONAL_FILE")
    assert found.severity is Severity.INFO
    assert found.span is not None
    assert found.span.line == 9


def test_the_folder_of_repositories_is_no_part_of_a_path(desk: Desk) -> None:
    """`repos/<name>/` means this repository, unless repositories do lie in `repos`."""
    text = spec("AO-001: Do\n**Files:**\n- `repos/web/src/a.ts`\n- `repos/web/b.ts`")
    assert get(desk.plan(text), "AO-001").scope.write == ("src/a.ts", "b.ts")
    desk.write("repos/web/b.ts", "")
    assert get(desk.plan(text), "AO-001").scope.write == ("repos/web/src/a.ts", "repos/web/b.ts")


def test_of_several_repositories_only_the_own_is_stripped(tmp_path: Path) -> None:
    """Paths of other repositories stay what they are."""
    desk = Desk(root=tmp_path / "web", plan_format=FORMAT, place=PLACE)
    text = spec("AO-001: Do\n**Files:**\n- `repos/web/a.ts`\n- `repos/api/b.py`")
    assert get(desk.plan(text), "AO-001").scope.write == ("a.ts", "repos/api/b.py")


@pytest.mark.parametrize(
    ("said", "needs"),
    [
        ("AO-001, AO-002", {"AO-001", "AO-002"}),
        ("AO-001 (needs its types, but can be mocked)", {"AO-001"}),
        ("AO-001 through AO-002 (all complete)", {"AO-001", "AO-002"}),
        ("None", set()),
        ("None (can run beside AO-001)", set()),
        ("— ", set()),
    ],
)
def test_dependencies(desk: Desk, said: str, needs: set[str]) -> None:
    """Comma lists, ranges, none, and qualifiers in brackets that name no dependency."""
    body = "\n**Objective:** x"
    text = spec(f"AO-001: A{body}", f"AO-002: B{body}", f"AO-003: C\n**Dependencies:** {said}")
    loaded = desk.load(text)
    assert loaded.plan is not None
    assert set(edges(loaded.plan)["AO-003"]) == needs
    assert codes(loaded) == []


def test_a_dependency_that_is_no_ticket_is_told(desk: Desk) -> None:
    """A reference to nothing has its place."""
    found = only(desk.load(spec("AO-001: A\n**Dependencies:** AO-009")), "UNKNOWN_REFERENCE")
    assert str(found.span) == f"{PLACE}:7:19"


def test_effort_is_no_time(desk: Desk) -> None:
    """S, M, L, XL have no times; a time that stands there is taken."""
    plan = desk.plan(
        spec("AO-001: A\n**Estimated Effort:** L", "AO-002: B\n**Estimated Effort:** M (2h)")
    )
    assert get(plan, "AO-001").estimate_s is None
    assert get(plan, "AO-002").estimate_s == 7200


def test_ids_that_drift(desk: Desk) -> None:
    """An id spelt otherwise is taken as the ticket's; one without a ticket is told too."""
    phases = "### Phase 1: One\n- AO-1: Parse\n- AO-002: Print\n- AO-003: Gone\n"
    loaded = desk.load(
        spec("AO-001: A\n**Objective:** x", "AO-002: B\n**Dependencies:** ao-001", phases=phases)
    )
    assert loaded.plan is not None
    assert edges(loaded.plan)["AO-002"] == {"AO-001": "explicit"}
    messages = [f.message for f in loaded.findings if f.code == "ID_DRIFT"]
    assert messages == [
        "AO-1 is AO-001 at its ticket: taken as one",
        "AO-003 is named by its phase, but no ticket has this id",
        "ao-001 is AO-001 at its ticket: taken as one",
    ]


def test_duplicate_tickets_are_told(desk: Desk) -> None:
    """Of two tickets with one id the later is renamed."""
    loaded = desk.load(spec("AO-001: A\n**Objective:** x", "AO-001: B\n**Objective:** y"))
    assert loaded.plan is not None
    assert [p.id for p in loaded.plan.packages] == ["AO-001", "AO-001-2"]
    assert "DUPLICATE_ID" in codes(loaded)


def test_tickets_outside_of_phases_find_theirs(desk: Desk) -> None:
    """By the id, or by the phase's summary that names them."""
    phases = "### Phase 1: One\n- AO-001: A\n### Phase 2: Two\n- AO-002: B\n"
    plan = desk.plan(
        spec("AO-001: A\n**Objective:** x", "AO-002: B\n**Objective:** x", phases=phases)
    )
    assert [p.phase for p in plan.packages] == ["Phase 1: One", "Phase 2: Two"]
    plan = desk.plan(
        spec(
            "PHASE-1-A: A\n**Objective:** x",
            "MCP-2.1: B\n**Objective:** x",
            phases="### Phase 1: One\n### Phase 2: Two\n",
        )
    )
    assert [p.phase for p in plan.packages] == ["Phase 1: One", "Phase 2: Two"]


@pytest.mark.parametrize(
    ("file", "done"),
    [
        ("PHASE-1-A.md", ["PHASE-1-A"]),
        ("PHASE-1-A-storing.md", ["PHASE-1-A"]),
        ("phase-1-1-add-the-store-documentation.md", ["PHASE-1-A"]),
        ("1-2-keys-documentation.md", ["PHASE-1-B"]),
        ("1-PHASE-1-B-keys-documentation.md", ["PHASE-1-B"]),
        ("phase-1-b-keys.md", ["PHASE-1-B"]),
        ("PHASE-1-A-PHASE-1-B.md", ["PHASE-1-A", "PHASE-1-B"]),
    ],
)
def test_completion_documents(desk: Desk, file: str, done: list[str]) -> None:
    """A ticket is done if a completion document is called after it, however."""
    desk.write(f"{DONE}/{file}", "# Done\n\nIt was built.\n")
    loaded = desk.load(SPEC)
    assert loaded.plan is not None
    assert [p.id for p in loaded.plan.packages if p.status is SourceStatus.DONE] == done
    assert codes(loaded) == []


def test_one_document_for_several_tickets(desk: Desk) -> None:
    """A document may name its tickets in its title or in a line."""
    desk.write(f"{DONE}/storing.md", "# PHASE-1-A: Store\n\n**Tickets:** `PHASE-1-A`, PHASE-1-B\n")
    done = [p.id for p in desk.plan(SPEC).packages if p.status is SourceStatus.DONE]
    assert done == ["PHASE-1-A", "PHASE-1-B"]


def test_a_document_of_no_ticket_is_told(desk: Desk) -> None:
    """What cannot be told of whom it speaks is a finding, and nothing is done by it."""
    desk.write(f"{DONE}/summary.md", "# All is well\n")
    loaded = desk.load(SPEC)
    assert only(loaded, "UNKNOWN_REFERENCE").span is not None
    assert loaded.plan is not None
    assert all(p.status is SourceStatus.PENDING for p in loaded.plan.packages)


def progress(**states: object) -> str:
    tickets = [{"id": f"PHASE-1-{name}", "status": state} for name, state in states.items()]
    return json.dumps({"phases": [{"number": 1, "tickets": tickets}]})


@pytest.mark.parametrize("state", ["completed", {"status": "completed"}])
def test_progress_marks_tickets_as_done(desk: Desk, state: object) -> None:
    """`progress.json` counts, in both of its shapes."""
    desk.write(f"{FEATURE}/progress.json", progress(A=state, B="todo"))
    done = [p.id for p in desk.plan(SPEC).packages if p.status is SourceStatus.DONE]
    assert done == ["PHASE-1-A"]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("todo", SourceStatus.DONE),
        ("in_progress", SourceStatus.DONE),
        ("failed", SourceStatus.PENDING),
    ],
)
def test_a_document_against_the_progress(desk: Desk, state: str, status: SourceStatus) -> None:
    """A contradiction is told; a ticket that failed is not done, whatever was written of it."""
    desk.write(f"{FEATURE}/progress.json", progress(A=state))
    desk.write(f"{DONE}/PHASE-1-A.md", "# Done\n")
    loaded = desk.load(SPEC)
    assert loaded.plan is not None
    assert get(loaded.plan, "PHASE-1-A").status is status
    assert only(loaded, "CONTRADICTORY_STATUS").severity is Severity.WARNING


def test_a_completed_ticket_without_its_document_is_told(desk: Desk) -> None:
    """Where others have a document, one that is completed without is a contradiction."""
    desk.write(f"{FEATURE}/progress.json", progress(A="completed", B="completed"))
    desk.write(f"{DONE}/PHASE-1-A.md", "# Done\n")
    assert "PHASE-1-B" in only(desk.load(SPEC), "CONTRADICTORY_STATUS").message


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "1" * 5000, b"\xff\xfe\x00"])
def test_progress_that_cannot_be_read_is_told(desk: Desk, text: str | bytes) -> None:
    """A broken sidecar takes nothing from the plan."""
    desk.write(f"{FEATURE}/progress.json", text)
    loaded = desk.load(SPEC)
    assert loaded.plan is not None
    assert codes(loaded) == ["SIDECAR_IGNORED"]


@pytest.mark.parametrize("value", [{"phases": 3}, {"phases": [{"tickets": 3}]}, {"tickets": [3]}])
def test_progress_of_another_shape_says_nothing(desk: Desk, value: object) -> None:
    """JSON of any shape is read."""
    desk.write(f"{FEATURE}/progress.json", json.dumps(value))
    assert codes(desk.load(SPEC)) == []


@pytest.mark.parametrize("value", [[], 3])
def test_progress_that_is_no_object_is_told(desk: Desk, value: object) -> None:
    """As of any file beside a plan that cannot be read."""
    desk.write(f"{FEATURE}/progress.json", json.dumps(value))
    assert codes(desk.load(SPEC)) == ["SIDECAR_IGNORED"]


def test_the_standard_on_documents_is_demanded(tmp_path: Path) -> None:
    """Without `how-agents-document.md` the plan is not run; other standards are context."""
    desk = Desk(root=tmp_path, plan_format=FORMAT, place=PLACE)
    loaded = desk.load(SPEC)
    assert loaded.plan is not None
    assert only(loaded, "MISSING_STANDARD").severity is Severity.ERROR
    desk.write(LAYOUT, "# How\n")
    desk.write("purple/standards/global/testing.md", "# Testing\n")
    desk.write("purple/standards/backend/api.md", "# API\n")
    desk.write(f"{FEATURE}/enriched-user-spec-cache.md", "# Cache\n")
    desk.write(f"{FEATURE}/manual-setup.md", "# Setup\n")
    desk.write(f"{FEATURE}/agent-written-specifications/agent-written-product-spec-cache.md", "#\n")
    assert desk.plan(SPEC).context == (
        f"{FEATURE}/enriched-user-spec-cache.md",
        f"{FEATURE}/agent-written-specifications/agent-written-product-spec-cache.md",
        LAYOUT,
        "purple/standards/global/testing.md",
        "purple/standards/backend/api.md",
    )


@pytest.mark.parametrize(
    "name", [FEATURE, "251114-cache", "cache", PLACE.rpartition("/")[0], PLACE]
)
def test_a_plan_is_found_by_folder_name_and_slug(desk: Desk, name: str) -> None:
    """The feature's folder, its name, and its name without the date lead to the spec."""
    desk.load(SPEC)
    found = FORMAT.locate(desk.root, name)
    assert found is not None
    assert found.absolute() == desk.root / PLACE
    assert FORMAT.by_place(found)


def test_a_feature_without_its_spec_hints_at_how_to_make_it(desk: Desk) -> None:
    """The missing spec is an error that names the command which writes it."""
    desk.write(f"{FEATURE}/enriched-user-spec-cache.md", "# Cache\n")
    formats: dict[str, PlanFormat] = {"purple": FORMAT}
    for name in (FEATURE, "251114-cache", "cache", PLACE):
        with pytest.raises(UsageError) as raised:
            detect.resolve(name, start=desk.root, root=desk.root, formats=formats)
        assert raised.value.code == "NO_SUCH_PLAN"
        assert "/engineer-tasks-from-spec" in raised.value.hint
        assert "implementation-spec-cache.md" in raised.value.message


def test_another_format_that_finds_a_plan_is_asked_first(desk: Desk) -> None:
    """A lacking spec is told only if no format has a plan of that name."""
    desk.write(f"{FEATURE}/enriched-user-spec-cache.md", "# Cache\n")
    other = desk.write("plans/cache.md", "# Plan\n")

    class Other:
        name = "other"

        def locate(self, root: Path, name: str) -> Path | None:
            return other

        def by_place(self, path: Path) -> bool:
            return False

        def by_content(self, text: str) -> float:
            return 0.0

        def load(self, source: PlanSource) -> Loaded:
            return Loaded(plan=None)

    found = detect.resolve(
        "cache", start=desk.root, root=desk.root, formats={"purple": FORMAT, "other": Other()}
    )
    assert found.path == other


def test_several_features_of_one_name_are_told(desk: Desk) -> None:
    """A slug that two folders have names neither."""
    desk.load(SPEC)
    desk.write("purple/documentation/251201-cache/manual-setup.md", "")
    with pytest.raises(UsageError) as raised:
        FORMAT.locate(desk.root, "cache")
    assert raised.value.code == "PLAN_AMBIGUOUS"


@pytest.mark.parametrize(
    "name", ["other", "documentation/features/x", ".kiro/specs/x", "purple", "a" * 300]
)
def test_what_is_no_feature_of_purple_is_not_found(desk: Desk, name: str) -> None:
    """Folders of other layouts and unknown names are left to others."""
    desk.load(SPEC)
    (desk.root / "documentation/features/x").mkdir(parents=True)
    assert FORMAT.locate(desk.root, name) is None


def test_content_tells_specs_from_reports() -> None:
    """A spec is known by its tickets; a QA report and a completion document are none."""
    assert FORMAT.by_content("\n".join(line.strip() for line in SPEC.splitlines())) >= 0.5
    assert FORMAT.by_content("# QA Report\n\n**Status:** PASS\n") == 0.0
    assert FORMAT.by_content("# PHASE-1-A: Done\n\n**Ticket ID:** PHASE-1-A\n") == 0.0
    assert FORMAT.by_content("## Task Group 1: API\n### Task 1.1: Add\n**Files:** x\n") == 0.0


def test_a_text_without_tickets_is_no_plan(desk: Desk) -> None:
    """There is no plan without a ticket."""
    loaded = desk.load("# Implementation Spec\n\nNothing yet.\n")
    assert loaded.plan is None
    assert codes(loaded) == ["NO_TASKS"]


@given(text=st.text(alphabet="#*-`:[](){}|>~ \tAO01Phase.,\n→", max_size=400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_reading_is_total(desk: Desk, text: str) -> None:
    """Whatever stands there, findings come of it and nothing is raised."""
    assert desk.load(f"{SPEC}\n{text}").findings is not None
    assert desk.load(text or "x").findings is not None


@pytest.mark.parametrize(
    "text",
    [
        "#### AO-001: x\n" * 60_000,
        "**Files:** `" + "a/" * 500_000,
        "- AO-1 " * 300_000,
        "#### AO-001: x\n**Files:**\n" + "- `src/a.py` if\n" * 62_500,
        "### Phase 1\n**Dependencies:** All\n#### A-1: x\n" * 20_000,
        "#### AO-001: x\n**Dependencies:** " + "AO-001, " * 125_000,
        "(" * 300_000,
        "**" * 300_000,
        "\n" * 1_000_000,
    ],
)
def test_hostile_texts_take_no_time(desk: Desk, text: str) -> None:
    """A megabyte of anything is read in under two seconds of this machine's time."""
    path = desk.write(PLACE, f"### AB-1: A\n**Objective:** x\n{text}")
    source = PlanSource(root=desk.root, path=path, name=PLACE, in_repository=True)
    started = time.process_time()
    FORMAT.load(source)
    FORMAT.by_content(text)
    assert time.process_time() - started < 2.0


def test_each_ticket_has_a_document_of_its_own(desk: Desk) -> None:
    """Called as the spec says, else by its place; it may write it, whatever its files are."""
    text = spec(
        "AO-1.1: One\n**Files:** `src/a.py`\n**Documentation Output:**\n- `x/y/phase-1-9-z.md`",
        "AO-1.2: Two",
        "AO-1.3: Three\n**Files:** `src/c.py`\n**Documentation Output:** `phase-1-9-z.md`",
    )
    packages = desk.plan(text).packages
    assert [each.path for package in packages for each in package.documents] == [
        f"{DONE}/phase-1-9-z.md",
        f"{DONE}/2-cache-documentation.md",
        f"{DONE}/3-cache-documentation.md",
    ]
    assert packages[0].scope.write == ("src/a.py",)
    assert packages[0].reach.write == ("src/a.py", f"{DONE}/phase-1-9-z.md")
    assert packages[1].reach == packages[1].scope


def test_a_document_that_is_called_as_it_should_is_its_tickets_alone(desk: Desk) -> None:
    """What it says of other tickets does not make them done."""
    desk.write(f"{DONE}/phase-1-1-cache-documentation.md", "# PHASE-1-A: x\n\nTicket: PHASE-1-B\n")
    done = [p.id for p in desk.plan(SPEC).packages if p.status is SourceStatus.DONE]
    assert done == ["PHASE-1-A"]
