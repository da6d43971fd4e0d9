"""spec-kitty missions: sections, files, lanes and events, and which of them holds."""
# ruff: noqa: RUF001 - dashes as they are written

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.fakes.folders import Folder, codes, edges, get, only, ticked

from plait.core.finding import Severity
from plait.core.plan import Confidence, SourceStatus
from plait.plans.spec_kitty import FORMAT

PLACE = "kitty-specs/012-cache"
LIST = """\
    # Work Packages: Cache

    ## Work Package WP01: Store (Priority: P0)

    ### Included Subtasks
    - [x] T001 Create `src/store.py`
    - [ ] T002 Test it

    ### Dependencies
    - None. It is the base.

    ## Work Package WP02: API (Priority: P1)

    ### Included Subtasks
    - [ ] T003 Add the route

    ### Dependencies
    - Depends on WP01 (the store).

    ## Notes

    - Dependencies: WP09
    """


@pytest.fixture
def mission(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path, PLACE, FORMAT)
    folder.write({"spec.md": "# S", "plan.md": "# P"})
    return folder


def prompt(name: str, body: str = "Do it.", **fields: Any) -> str:
    """A work package's file; front matter is YAML, and so is JSON."""
    stated = {"work_package_id": name, "title": f"Title of {name}", **fields}
    lines = [f"{key}: {json.dumps(value)}" for key, value in stated.items()]
    return "\n".join(["---", *lines, "---", "", body, ""])


def events(*moves: tuple[str, str], at: int = 0) -> str:
    """Status events: a package and the lane it is moved to, a second apart."""
    rows = [
        {"wp_id": name, "to_lane": lane, "at": f"2026-01-01T00:00:{at + n:02}Z", "event_id": str(n)}
        for n, (name, lane) in enumerate(moves)
    ]
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def lanes(*rows: tuple[str, list[str], list[str]], **more: Any) -> str:
    """Lanes: an id, its packages, the lanes it depends on."""
    return json.dumps(
        {
            "version": 1,
            "lanes": [
                {"lane_id": name, "wp_ids": packages, "depends_on_lanes": after, **more}
                for name, packages, after in rows
            ],
        },
        indent=2,
    )


class TestSections:
    """`tasks.md` alone."""

    def test_packages(self, mission: Folder) -> None:
        """Each section is a package: title, priority, dependencies, subtasks in its text."""
        loaded = mission.read(LIST)
        plan = loaded.plan
        assert plan is not None
        assert edges(plan) == {"WP01": {}, "WP02": {"WP01": "explicit"}}
        assert [(p.title, p.priority) for p in plan.packages] == [("Store", 1), ("API", 3)]
        assert "T001 Create" in get(plan, "WP01").description
        assert codes(loaded) == []
        assert (plan.id, plan.title, plan.branch) == ("012-cache", "Cache", "feat/012-cache")
        assert plan.context == (f"{PLACE}/spec.md", f"{PLACE}/plan.md")

    def test_boxes(self, mission: Folder) -> None:
        """A package is done when all its boxes are; landing it ticks those that are open."""
        text = (
            b"## WP01 - A\n- [x] T001 a\n- [X] T002 b\n- [ ] reviewed\n"
            b"## WP02 - B\n- [x] T003 c\n- [ ] T004 d\n"
        )
        plan = mission.plan(text)
        assert [p.status.value for p in plan.packages] == ["done", "pending"]
        done = ticked(text, plan, "WP02")
        assert done == text.replace(b"- [ ] T004", b"- [x] T004")
        assert get(mission.plan(done), "WP02").status is SourceStatus.DONE

    def test_fields(self, mission: Folder) -> None:
        """Dependencies and priority are also read from fields, and ranges from both."""
        plan = mission.plan(
            """\
            ## Work Packages
            ### WP01 — A
            **Priority**: P2.
            **Dependencies**: none. (Note: WP03 consumes it.)
            ### WP02 — B
            - **Deps**: WP01 · **Lane**: critical · **Discharges**: FR-009
            ### WP03 — C
            - **Dependencies**: WP01–WP02
            """
        )
        assert edges(plan) == {
            "WP01": {},
            "WP02": {"WP01": "explicit"},
            "WP03": {"WP01": "range", "WP02": "range"},
        }
        assert get(plan, "WP01").priority == 5

    def test_several_below_one_heading(self, mission: Folder) -> None:
        """A heading for a range of packages lists them; what stands above is for each."""
        plan = mission.plan(
            """\
            ### WP01 — Base
            - **Deps**: none
            ### WP02–WP03 — Fan out
            Route everything through it.

            - **WP02 docs** (deps WP01) — and more
            - **WP03 web** (deps WP01).

            Shared words.
            ### WP04 — End
            - **Deps**: WP02–WP03
            """
        )
        assert edges(plan) == {
            "WP01": {},
            "WP02": {"WP01": "explicit"},
            "WP03": {"WP01": "explicit"},
            "WP04": {"WP02": "range", "WP03": "range"},
        }
        assert get(plan, "WP02").title == "docs"
        assert "Route everything" in get(plan, "WP03").description

    def test_no_word_on_dependencies(self, mission: Folder) -> None:
        """Packages that say nothing of what they need follow the list's order."""
        plan = mission.plan("## WP01: A\n\n## WP02: B\n\n## WP03: C\nDependencies: WP01\n")
        assert edges(plan) == {"WP01": {}, "WP02": {"WP01": "track"}, "WP03": {"WP01": "explicit"}}

    def test_generated_status(self, mission: Folder) -> None:
        """A state that spec-kitty wrote into the list holds over boxes."""
        loaded = mission.read(
            "## WP01: A\n- [ ] T001 a\n## WP02: B\n"
            "<!-- s -->\n## Canonical Status (Generated)\n- WP01: done\n- WP02: canceled\n"
        )
        assert loaded.plan is not None
        assert [p.status.value for p in loaded.plan.packages] == ["done", "skipped"]
        assert "1 of its 1 boxes" in only(loaded, "CONTRADICTORY_STATUS").message

    def test_twice(self, mission: Folder) -> None:
        """A second section of one id is renamed and told."""
        loaded = mission.read("## WP01: A\n## WP01: B\n")
        assert only(loaded, "DUPLICATE_ID").severity is Severity.WARNING
        assert loaded.plan is not None
        assert [p.id for p in loaded.plan.packages] == ["WP01", "WP01-2"]

    def test_unknown(self, mission: Folder) -> None:
        """A dependency that is no package is told, where it stands."""
        found = only(mission.read("## WP01: A\nDependencies: WP07\n"), "UNKNOWN_REFERENCE")
        assert found.span is not None
        assert (found.span.line, found.span.column) == (2, 15)


class TestFiles:
    """Work packages with files of their own."""

    def test_front_matter(self, mission: Folder) -> None:
        """What a package owns binds; its file is what agents work from."""
        loaded = mission.read(
            LIST,
            **{
                "tasks/WP01-store.md": prompt(
                    "WP01",
                    owned_files=["src/store.py", "app/[id]/page.tsx", "docs/"],
                    create_intent=["src/new.py"],
                    dependencies=[],
                    requirement_refs=["FR-1"],
                    agent_profile="pedro",
                    phase="Phase 1",
                    estimated_effort="2 days",
                ),
                "tasks/WP02-api.md": prompt("WP02", dependencies=["WP01"]),
                "tasks/README.md": "# no package",
                "tasks/WP02-api/review-cycle-1.md": "---\nwp_id: WP02\n---\n",
            },
        )
        plan = loaded.plan
        assert plan is not None
        first = get(plan, "WP01")
        assert first.scope.confidence is Confidence.DECLARED
        assert first.scope.write == ("src/store.py", "app/[[]id]/page.tsx", "docs/", "src/new.py")
        assert (first.title, first.role, first.phase) == ("Title of WP01", "pedro", "Phase 1")
        assert first.requirements == ("FR-1",)
        assert first.estimate_s == 16 * 3600
        assert first.description == "Do it."
        assert edges(plan) == {"WP01": {}, "WP02": {"WP01": "explicit"}}
        assert codes(loaded) == []
        assert [f.path for f in plan.files] == [
            f"{PLACE}/tasks.md",
            f"{PLACE}/tasks/WP01-store.md",
            f"{PLACE}/tasks/WP02-api.md",
        ]

    def test_octal_and_odd_values(self, mission: Folder) -> None:
        """Values that are no text are told at their line; nothing is rewired."""
        loaded = mission.read(
            "## WP01: A\n## WP02: B\n",
            **{
                "tasks/WP01-a.md": "---\nwork_package_id: WP01\ndependencies: WP02\n---\nx\n",
                "tasks/WP02-b.md": "---\nwork_package_id: WP02\ndependencies: [010, 8]\n---\nx\n",
            },
        )
        assert loaded.plan is not None
        assert edges(loaded.plan)["WP01"] == {"WP02": "explicit"}
        assert '"010" names nothing' in only(loaded, "UNKNOWN_REFERENCE").message
        found = only(loaded, "SCHEMA_BAD_VALUE")
        assert found.span is not None
        assert (found.span.file, found.span.line) == (f"{PLACE}/tasks/WP02-b.md", 3)

    def test_bad_front_matter(self, mission: Folder) -> None:
        """Front matter that is no YAML is told at its line, and the package read by its name."""
        loaded = mission.read("## WP01: A\n", **{"tasks/WP01-a.md": "---\ntitle: [\n---\nText.\n"})
        found = only(loaded, "BAD_YAML")
        assert (found.severity, found.span and found.span.line) == (Severity.WARNING, 2)
        assert loaded.plan is not None
        assert get(loaded.plan, "WP01").description == "Text."

    def test_dependencies_differ(self, mission: Folder) -> None:
        """Front matter holds over the section's and its own text's words, which are told."""
        loaded = mission.read(
            LIST,
            **{
                "tasks/WP01-a.md": prompt("WP01", dependencies=[]),
                "tasks/WP02-b.md": prompt("WP02", "- **Depends on**: WP01 (x)", dependencies=[]),
            },
        )
        told = [f for f in loaded.findings if f.code == "CONTRADICTORY_DEPENDENCIES"]
        assert [f.span and f.span.file.split("/")[-1] for f in told] == ["tasks.md", "WP02-b.md"]
        assert [f.span and f.span.line for f in told] == [18, 7]
        assert loaded.plan is not None
        assert edges(loaded.plan)["WP02"] == {}

    def test_lane_of_front_matter(self, mission: Folder) -> None:
        """Older versions keep the lane in front matter, or in the name of the file's folder."""
        loaded = mission.read(
            "## WP01: A\n## WP02: B\n## WP03: C\n",
            **{
                "tasks/WP01-a.md": prompt("WP01", lane="for_review"),
                "tasks/done/WP02-b.md": prompt("WP02"),
                "tasks/WP03-c.md": prompt("WP03", lane="nowhere"),
            },
        )
        assert loaded.plan is not None
        assert [p.status.value for p in loaded.plan.packages] == ["pending", "done", "pending"]
        assert {"ACTIVE_IN_SOURCE", "UNKNOWN_STATUS"} <= set(codes(loaded))

    def test_listed_and_not(self, mission: Folder) -> None:
        """Packages that have only a section, or only a file, are read and told."""
        loaded = mission.read("## WP01: A\n## WP02: B\n", **{
            "tasks/WP02-b.md": prompt("WP02"), "tasks/WP03-c.md": prompt("WP03"),
        })  # fmt: skip
        assert loaded.plan is not None
        assert [p.id for p in loaded.plan.packages] == ["WP01", "WP02", "WP03"]
        assert codes(loaded) == ["MISSING_CONTEXT", "NOT_IN_TASK_LIST"]

    def test_two_files(self, mission: Folder) -> None:
        """Of two files for one package the flat one is read, and the other told."""
        loaded = mission.read(
            "## WP01: A\n",
            **{"tasks/WP01-a.md": prompt("WP01"), "tasks/doing/WP01-a.md": prompt("WP01", "old")},
        )
        assert only(loaded, "DUPLICATE_ID").span is not None
        assert loaded.plan is not None
        assert get(loaded.plan, "WP01").description == "Do it."

    def test_wrong_name(self, mission: Folder) -> None:
        """A file whose name and front matter differ is told; the front matter holds."""
        loaded = mission.read("## WP02: A\n", **{"tasks/WP01-a.md": prompt("WP02")})
        assert only(loaded, "WRONG_FILE_NAME").span is not None
        assert loaded.plan is not None
        assert [p.id for p in loaded.plan.packages] == ["WP02"]


class TestEvents:
    """`status.events.jsonl`."""

    def test_last_move_holds(self, mission: Folder) -> None:
        """A package is where its last move took it; other events say nothing of it."""
        loaded = mission.read(
            "## WP01: A\n## WP02: B\n## WP03: C\n## WP04: D\n",
            **{
                "status.events.jsonl": events(
                    ("WP01", "planned"), ("WP01", "done"), ("WP02", "approved"),
                    ("WP03", "blocked"), ("WP04", "done"), ("WP04", "in_progress"),
                ) + '{"event_type": "MissionCreated", "payload": {}}\n',
            },
        )  # fmt: skip
        assert loaded.plan is not None
        assert [p.status.value for p in loaded.plan.packages] == [
            "done", "done", "pending", "pending",
        ]  # fmt: skip
        assert codes(loaded) == ["APPROVED_NOT_MERGED", "BLOCKED_IN_SOURCE", "ACTIVE_IN_SOURCE"]

    def test_order_of_times(self, mission: Folder) -> None:
        """Moves count by their times, not by their lines, as merged branches mix them."""
        text = events(("WP01", "done"), at=9) + events(("WP01", "planned"))
        plan = mission.plan("## WP01: A\n", **{"status.events.jsonl": text})
        assert get(plan, "WP01").status is SourceStatus.DONE

    def test_events_hold(self, mission: Folder) -> None:
        """Events hold over front matter, the generated status and boxes; each is told."""
        loaded = mission.read(
            "## WP01: A\n- [ ] T001 a\n## Canonical Status\n- WP01: planned\n",
            **{
                "status.events.jsonl": events(("WP01", "done")),
                "tasks/WP01-a.md": prompt("WP01", lane="doing"),
            },
        )
        assert loaded.plan is not None
        assert get(loaded.plan, "WP01").status is SourceStatus.DONE
        assert codes(loaded) == ["CONTRADICTORY_STATUS"] * 3

    def test_ticked_but_planned(self, mission: Folder) -> None:
        """Boxes that are all ticked do not make a planned package done."""
        loaded = mission.read(
            "## WP01: A\n- [x] T001 a\n", **{"status.events.jsonl": events(("WP01", "planned"))}
        )
        assert only(loaded, "CONTRADICTORY_STATUS").severity is Severity.WARNING
        assert loaded.plan is not None
        assert get(loaded.plan, "WP01").status is SourceStatus.PENDING

    def test_bad_lines(self, mission: Folder) -> None:
        """Lines that are no JSON are told at their places, the first few one by one."""
        text = events(("WP01", "done")) + "{\n" + "[" * 100_000 + "\n" + "9" * 5000 + "\nnull\n"
        loaded = mission.read("## WP01: A\n", **{"status.events.jsonl": text + "}\n" * 9})
        told = [f for f in loaded.findings if f.code == "BAD_JSON"]
        assert [f.span and f.span.line for f in told] == [2, 3, 4, 6, 7, 8]
        assert told[-1].message == "7 more lines are no events"
        assert loaded.plan is not None
        assert get(loaded.plan, "WP01").status is SourceStatus.DONE


class TestLanes:
    """`lanes.json`."""

    def test_orders(self, mission: Folder) -> None:
        """In a lane packages go one by one, for they share a worktree; lanes wait for lanes."""
        plan = mission.plan(
            "## WP01: A\n## WP02: B\n## WP03: C\n",
            **{
                "lanes.json": lanes(
                    ("lane-a", ["WP01", "WP02"], []), ("lane-b", ["WP03"], ["lane-a"])
                ),
                "tasks/WP01-a.md": prompt("WP01", dependencies=[]),
                "tasks/WP02-b.md": prompt("WP02", dependencies=[]),
            },
        )
        assert edges(plan) == {
            "WP01": {},
            "WP02": {"WP01": "track"},
            "WP03": {"WP01": "track", "WP02": "track"},
        }
        assert [(p.track, p.parallel) for p in plan.packages] == [
            ("lane-a", True), ("lane-a", True), ("lane-b", True),
        ]  # fmt: skip

    def test_own_words_over_lanes(self, mission: Folder) -> None:
        """A package that says what it needs does not wait for the whole of another lane."""
        plan = mission.plan(
            "## WP01: A\n## WP02: B\n## WP03: C\n",
            **{
                "lanes.json": lanes(
                    ("lane-a", ["WP01", "WP02"], []), ("lane-b", ["WP03"], ["lane-a"])
                ),
                "tasks/WP03-c.md": prompt("WP03", dependencies=["WP01"]),
            },
        )
        assert edges(plan)["WP03"] == {"WP01": "explicit"}

    def test_scope_of_a_lane(self, mission: Folder) -> None:
        """A package that owns no files may write what its lane may."""
        plan = mission.plan(
            "## WP01: A\n",
            **{"lanes.json": lanes(("lane-a", ["WP01"], []), write_scope=["src/**"])},
        )
        scope = get(plan, "WP01").scope
        assert (scope.write, scope.confidence) == (("src/**",), Confidence.DECLARED)

    def test_alone(self, mission: Folder) -> None:
        """Lanes alone are a plan, though a poor one, which is told."""
        mission.write(
            {"lanes.json": lanes(("lane-b", ["WP02"], ["lane-a"]), ("lane-a", ["WP01"], []))}
        )
        loaded = mission.load("lanes.json")
        assert loaded.plan is not None
        assert edges(loaded.plan) == {"WP01": {}, "WP02": {"WP01": "track"}}
        assert codes(loaded) == ["MISSING_CONTEXT"]

    def test_unknown(self, mission: Folder) -> None:
        """Packages and lanes that do not exist are told at the lane's line."""
        text = lanes(("lane-a", ["WP01", "WP09"], ["lane-z"]))
        loaded = mission.read("## WP01: A\n", **{"lanes.json": text})
        told = [f for f in loaded.findings if f.code == "UNKNOWN_REFERENCE"]
        assert [f.span and f.span.line for f in told] == [5, 5]

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("{", "BAD_JSON"),
            ("{}", "SIDECAR_IGNORED"),
            ("[]", "SIDECAR_IGNORED"),
            ('{"lanes": [1]}', "SIDECAR_IGNORED"),
            ("[" * 100_000, "BAD_JSON"),
        ],
    )
    def test_bad(self, mission: Folder, text: str, code: str) -> None:
        """Lanes that cannot be read are told, and the packages read without them."""
        loaded = mission.read("## WP01: A\n## WP02: B\n", **{"lanes.json": text})
        assert only(loaded, code).severity is Severity.WARNING
        assert loaded.plan is not None
        assert edges(loaded.plan)["WP02"] == {"WP01": "track"}


def test_any_file_names_the_mission(mission: Folder) -> None:
    """A package's file and the lanes name the mission that they belong to."""
    mission.write(
        {
            "tasks.md": LIST,
            "tasks/WP01-a.md": prompt("WP01"),
            "lanes.json": lanes(("a", ["WP01", "WP02"], [])),
        }
    )
    for name in ("tasks.md", "lanes.json", "tasks/WP01-a.md"):
        plan = mission.load(name).plan
        assert plan is not None
        assert [p.id for p in plan.packages] == ["WP01", "WP02"]


def test_nothing(mission: Folder) -> None:
    """A list without a work package is no plan, and says so."""
    loaded = mission.read("# Tasks\n\n- [ ] T001 a\n")
    assert loaded.plan is None
    assert only(loaded, "NO_TASKS").severity is Severity.ERROR


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "# T",
                    "## WP01: A",
                    "### WP02 — B",
                    "### WP03–WP05 — C",
                    "- **WP03 x** (deps WP01)",
                ),
                *(
                    "Dependencies: WP01–WP09",
                    "### Dependencies",
                    "- WP02",
                    "- [ ] T001 a",
                    "- [x] T002",
                ),
                *("## Canonical Status", "- WP01: done", "- WP02: wat", "```", "<!--", "---", ""),
            ]
        ),
        max_size=30,
    ),
    st.text(max_size=60),
)
def test_any_list(mission: Folder, lines: list[str], other: str) -> None:
    """Whatever stands in the files, reading ends, ids are unique and needs exist."""
    loaded = mission.read(
        "\n".join(lines),
        **{
            "lanes.json": other.encode("utf-8", "surrogatepass"),
            "status.events.jsonl": other.encode("utf-8", "surrogatepass"),
            "tasks/WP01-a.md": f"---\n{other}\n---\n".encode("utf-8", "surrogatepass"),
        },
    )
    assert loaded.plan is not None
    ids = [p.id for p in loaded.plan.packages]
    assert len(set(ids)) == len(ids)
    assert {e.id for p in loaded.plan.packages for e in p.needs} <= set(ids)


class TestRealLists:
    """What authors and older versions write beside the template."""

    def test_fields_in_a_row(self, mission: Folder) -> None:
        """Fields that share a line are all read."""
        plan = mission.plan(
            """\
            ## WP01 — A
            **Priority**: P1 · **Dependencies**: none · **Estimated prompt size**: ~300 lines
            ## WP02 — B
            **Priority**: P1 · **Dependencies**: WP01 · **Estimated prompt size**: ~250 lines
            ## WP03 — C
            **Priority**: P0 | **Dependencies**: WP01
            """
        )
        assert edges(plan) == {
            "WP01": {},
            "WP02": {"WP01": "explicit"},
            "WP03": {"WP01": "explicit"},
        }
        assert [p.priority for p in plan.packages] == [3, 3, 1]

    def test_subtasks_without_ids_of_their_own(self, mission: Folder) -> None:
        """Below the words for it, every box is a subtask; where some have ids, only these are."""
        plan = mission.plan(
            """\
            ## WP01: A
            ### Included Subtasks
            - [x] FR-001 Keep it
            - [x] Unit tests
            ## WP02: B
            **Included Subtasks:**
            - [x] FR-002 Keep it
            - [ ] Unit tests
            ### Review
            - [x] read
            """
        )
        assert [p.status.value for p in plan.packages] == ["done", "pending"]

    @pytest.mark.parametrize(
        "text",
        [
            "## Status\n- [x] WP01: A <!-- id: WP01 -->\n- [ ] WP02: B\n### WP01: A\n### WP02: B\n",
            "### WP01: A\n**Status**: COMPLETE - all passing\n\n### WP02: B\n**Status**: open\n",
        ],
    )
    def test_status_by_words_or_a_list(self, mission: Folder, text: str) -> None:
        """A ticked list of the packages, and a section's own word, say what is done."""
        assert [p.status.value for p in mission.plan(text).packages] == ["done", "pending"]

    def test_files_that_subtasks_and_prompts_name(self, mission: Folder) -> None:
        """Without owned files, the paths of subtasks and of the package's file are a guess."""
        plan = mission.plan(
            """\
            ## WP01: A
            - [ ] T001 [P] Create `src/a.py`
            - [ ] T002 `src/b.py` keeps what is read
            ## WP02: B
            """,
            **{"tasks/WP02-b.md": prompt("WP02", "**Files**:\n- `src/c.py`\n")},
        )
        assert [get(plan, name).scope.write for name in ("WP01", "WP02")] == [
            ("src/a.py", "src/b.py"),
            ("src/c.py",),
        ]
        assert get(plan, "WP02").scope.confidence is Confidence.INFERRED


MANIFEST = """\
    work_packages:
      - id: WP01
        title: Store
        dependencies: []
        owned_files: ["src/store/**"]
        requirement_refs: [FR-001]
      - id: WP02
        title: API
        dependencies: [WP01]
        owned_files: ["src/api/**"]
    """


class TestManifest:
    """`wps.yaml`, which holds all packages."""

    def test_alone(self, mission: Folder) -> None:
        """It is a plan by itself."""
        mission.write({"wps.yaml": MANIFEST})
        loaded = mission.load("wps.yaml")
        assert loaded.plan is not None
        assert edges(loaded.plan) == {"WP01": {}, "WP02": {"WP01": "explicit"}}
        first = get(loaded.plan, "WP01")
        assert (first.title, first.scope.write, first.requirements) == (
            "Store",
            ("src/store/**",),
            ("FR-001",),
        )
        assert first.scope.confidence is Confidence.DECLARED
        assert FORMAT.by_place(mission.root / mission.place / "wps.yaml")
        assert FORMAT.locate(mission.root, "012-cache") == mission.root / PLACE / "wps.yaml"

    def test_beside_files(self, mission: Folder) -> None:
        """It says what a package's own file does not; what differs is told."""
        loaded = mission.read(
            "## WP01: A\n## WP02: B\n",
            **{
                "wps.yaml": MANIFEST,
                "tasks/WP01-a.md": prompt("WP01"),
                "tasks/WP02-b.md": prompt("WP02", dependencies=[], owned_files=["src/b/**"]),
            },
        )
        assert loaded.plan is not None
        assert edges(loaded.plan) == {"WP01": {}, "WP02": {}}
        assert [p.scope.write for p in loaded.plan.packages] == [("src/store/**",), ("src/b/**",)]
        found = only(loaded, "CONTRADICTORY_DEPENDENCIES")
        assert found.span is not None
        assert (found.span.file, found.span.line) == (f"{PLACE}/wps.yaml", 9)

    @pytest.mark.parametrize("text", ["work_packages: 3\n", "- WP01\n", "work_packages:\n  - x\n"])
    def test_of_another_shape(self, mission: Folder, text: str) -> None:
        """What is no list of work packages is told, and the rest read."""
        loaded = mission.read("## WP01: A\n", **{"wps.yaml": text})
        assert loaded.plan is not None
        assert only(loaded, "SCHEMA_BAD_VALUE").severity is Severity.WARNING
