"""What a package cannot settle alone: what follows, who is told, what a person can do about it."""

from __future__ import annotations

import json
import signal

import pytest
from tests.acceptance.conftest import Story, end_with, wait_until
from tests.fakes.plans import Piece

CONTRACT = "openspec/changes/p/contracts/README.md"
LACKS = json.dumps(
    {
        "status": "blocked",
        "escalations": [
            {
                "escalation_id": "e-1",
                "type": "CONTRACT_REVISION_REQUIRED",
                "severity": "BLOCKING",
                "summary": "the contract lacks an id",
                "details": "GET /users has none",
                "evidence": {"files": [CONTRACT], "logs": []},
                "impact": {"impacted_packages": ["wp-c"]},
                "proposed_action": "add an id",
            }
        ],
    }
)
BEGINS = 'echo "$PLAIT_PACKAGE" >> "$NOTES/starts"; mkdir -p "src/$PLAIT_PACKAGE"; '
WRITES = 'echo "$PLAIT_ATTEMPT" >> "src/$PLAIT_PACKAGE/made.txt"'
WANTS_AN_ID = f"""
{BEGINS}
if test "$PLAIT_PACKAGE" = wp-b && ! grep -q id {CONTRACT}; then
  touch src/wp-b/draft; echo '{LACKS}' > "$PLAIT_RESULT"; exit 75
fi
{WRITES}
"""


def statuses(story: Story) -> dict[str, str]:
    """Each package's status, by id."""
    return {name: each["status"] for name, each in story.packages().items()}


def test_a_contract_is_revised_in_mid_run_and_only_what_builds_on_it_runs_again(
    story: Story,
) -> None:
    """Blocked with the whole context; after the edit two of five start, the rest is reused."""
    story.begin()
    names = {"wp-b": ["wp-a"], "wp-c": ["wp-a"], "wp-d": ["wp-b"]}
    pieces = [Piece(id=f"wp-{n}", needs=names.get(f"wp-{n}", [])) for n in "abcde"]
    plan = story.plans("p", *pieces)
    first = story.run("p", WANTS_AN_ID)
    assert first.code == 3
    assert "plait resume" in first.out
    assert "--plan openspec/changes/p/work-packages.yaml" in first.out
    assert statuses(story) == {
        "wp-a": "landed",
        "wp-b": "blocked",
        "wp-c": "landed",
        "wp-d": "skipped",
        "wp-e": "landed",
    }
    (told,) = story.report()["escalations"]
    assert (told["type"], told["severity"]) == ("CONTRACT_REVISION_REQUIRED", "BLOCKING")
    assert (told["consequence"], told["settled"]) == ("revise", False)
    assert (told["details"], told["source_id"]) == ("GET /users has none", "e-1")
    shown = story.plait("status").out
    for part in ("lacks an id", "GET /users", "add an id", CONTRACT, "refs/plait/keep/"):
        assert part in shown

    (story.repo / CONTRACT).write_text("GET /users: id\n", encoding="utf-8")
    plan.write_text(plan.read_text().replace('"revision": 1', '"revision": 2'), encoding="utf-8")
    assert "changed since" in story.plait("resume").err
    refused = story.plait("resume", "--plan", "p")
    assert (refused.code, "CHANGED_SINCE_APPROVAL" in refused.err) == (3, True)
    again = story.plait("run", "p", "--agent", "command:true", "--yes")
    assert (again.code, "plait resume" in again.err) == (2, True)
    (story.notes / "starts").unlink()
    done = story.plait("resume", "--plan", "p", "--yes")
    assert done.code == 0, done.err
    assert sorted(story.note("starts")) == ["wp-b", "wp-c", "wp-d"]
    assert set(statuses(story).values()) == {"landed"}
    assert story.git("show", f"openspec/p:{CONTRACT}") == "GET /users: id"
    report = story.report()
    assert report["escalations"][0]["settled"]
    assert report["plan"]["revisions"] == {"plan": 1, "contracts": 2}
    (revision,) = report["revisions"]
    assert (revision["again"], revision["contracts"]) == (["wp-c"], [CONTRACT])


def test_a_plan_is_edited_in_mid_run(story: Story) -> None:
    """Changed scope and check: again. Added: run. Removed: stays. All else is reused."""
    story.begin()
    pieces = {n: Piece(id=f"wp-{n}") for n in "abcx"}
    story.plans("p", *pieces.values(), Piece(id="wp-f", checks=["false"]))
    assert story.run("p", f"{BEGINS}{WRITES}").code == 1
    story.plans(
        "p",
        pieces["a"],
        Piece(id="wp-b", write=["src/wp-b/**", "more/**"]),
        Piece(id="wp-c", checks=["test -d src/wp-c"]),
        Piece(id="wp-f"),
        Piece(id="wp-n", needs=["wp-a"]),
        commit=False,
    )
    (story.notes / "starts").unlink()
    assert story.plait("resume", "--plan", "p", "--yes").code == 0
    assert sorted(story.note("starts")) == ["wp-b", "wp-c", "wp-f", "wp-n"]
    assert statuses(story)["wp-x"] == "landed"
    assert [row["id"] for row in story.plait("status", "--json").report()["packages"]] == [
        *("wp-a", "wp-b", "wp-c", "wp-f", "wp-n", "wp-x")
    ]
    brief = story.plait("logs", "wp-b", "--brief").out
    assert "landed under an earlier version of the plan" in brief


def test_a_file_that_a_package_changed_and_somebody_edited_is_told(story: Story) -> None:
    """Of a contract the edit stands, of what is only read the package's version: both are named."""
    design = "openspec/changes/p/design.md"
    story.begin({design: "# Design\n"})
    one = Piece(id="wp-a", write=["src/wp-a/**", "openspec/changes/p/**"])
    failing = Piece(id="wp-f", checks=["false"])
    plan = story.plans("p", one, failing)
    agent = f"{BEGINS}{WRITES}; test $PLAIT_PACKAGE = wp-a && echo more >> {CONTRACT} && "
    red = ("--check", "test -e green")  # the packages have checks of their own
    assert story.run("p", f"{agent} echo more >> {design} || true", *red).code == 1
    written = story.git("rev-parse", "openspec/p")[:12]
    (story.repo / CONTRACT).write_text("GET /users: id\n", encoding="utf-8")
    (story.repo / design).write_text("# Design\nmine\n", encoding="utf-8")
    done = story.plait("resume", "--plan", "p", "--yes", "--json")
    warned = [
        each["data"] for each in map(json.loads, done.out.splitlines()) if each["type"] == "warned"
    ]
    told = {each["message"] for each in warned if each["code"] == "CHANGED_TWICE"}
    assert [each.split()[0] for each in sorted(told)] == [CONTRACT, design]
    assert all(f"{written}:" in each for each in told)
    first = [each["message"] for each in story.report()["warnings"]]
    when = [each.partition(":")[0] for each in first if "green" in each]
    assert when == ["before any package landed", "after the plan was revised"]
    assert story.git("show", f"{written}:{CONTRACT}") == "No interfaces.\nmore"
    assert story.git("show", f"openspec/p:{CONTRACT}") == "GET /users: id"
    assert story.git("show", f"openspec/p:{design}") == "# Design\nmore"

    story.git("checkout", "-q", "--", design)  # as it was at the beginning: it was not edited
    plan.write_text(plan.read_text().replace("Build wp-f", "Build f"), encoding="utf-8")
    again = story.plait("resume", "--plan", "p", "--yes", "--json")
    assert '"plan_revised"' in again.out
    assert "CHANGED_TWICE" not in again.out
    assert story.git("show", f"openspec/p:{design}") == "# Design\nmore"


def test_boxes_that_plait_ticked_survive_an_edit_of_the_list(story: Story) -> None:
    """The edit is made where they are open; on the branch they are ticked, the new one too."""
    story.begin()
    tasks = story.repo / "openspec" / "changes" / "list" / "tasks.md"
    tasks.parent.mkdir(parents=True)
    (tasks.parent / "proposal.md").write_text("# List\n")
    text = "## 1. First\r\n- [ ] 1.1 Write `a.txt`\r\n\r\n## 2. Second\r\n- [ ] 2.1 Write `b.txt`"
    tasks.write_bytes(text.encode())
    story.git("add", "-A")
    story.git("commit", "-qm", "plan")
    agent = (
        'echo "$PLAIT_PACKAGE" >> "$NOTES/starts"; grep -q b.txt "$PLAIT_BRIEF" && exit 1; '
        'test "$PLAIT_PACKAGE" = 1.1 && echo a > a.txt || echo c > c.txt'
    )
    assert story.run("list", agent, "--allow-unchecked").code == 1
    tasks.write_bytes(text.replace("`b.txt`", "`c.txt`").encode())
    done = story.plait("resume", "--plan", "list", "--yes")
    assert done.code == 0, done.err
    assert story.note("starts").count("1.1") == 1
    branch = story.report()["branch"]
    expected = text.replace("`b.txt`", "`c.txt`").replace("[ ]", "[x]")
    (story.notes / "tasks.md").write_bytes(expected.encode())
    wanted = story.git("hash-object", "--no-filters", str(story.notes / "tasks.md"))
    assert story.git("rev-parse", f"{branch}:openspec/changes/list/tasks.md") == wanted


def test_an_agent_at_work_on_what_changes_is_ended_and_its_work_kept(story: Story) -> None:
    """A killed orchestrator leaves two: the one whose package stays is adopted, the other not."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b"))
    agent = (
        f'{BEGINS}{WRITES}; if test "$PLAIT_ATTEMPT" = 1 && ! grep -q more "$PLAIT_SCOPE"; then '
        'while ! test -e "$NOTES/go"; do sleep 0.02; done; fi'
    )
    process = story.starts("run", "p", "--yes", "--agent", f"command:{agent}")
    wait_until(lambda: len(story.note("starts")) == 2)
    end_with(process, signal.SIGKILL)
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", write=["src/wp-b/**", "more/**"]))
    going = story.starts("resume", "--plan", "p", "--yes")
    wait_until(lambda: len(story.note("starts")) == 3)
    (story.notes / "go").touch()
    _out, err = going.communicate(timeout=60)
    assert going.returncode == 0, err
    assert sorted(story.note("starts")) == ["wp-a", "wp-b", "wp-b"]
    kept = story.plait("recover", "--json").report()
    assert "wp-b" in json.dumps(kept)


def test_a_narrow_package_does_what_the_scope_of_another_does_not_admit(story: Story) -> None:
    """Within the plan's scopes it is opened at once, lands first, and then the other one does."""
    story.begin()
    story.plans(
        "p", Piece(id="wp-lib", checks=["test -d src/wp-lib"]), Piece(id="wp-a", needs=["wp-lib"])
    )
    beyond = {
        "type": "SCOPE_VIOLATION",
        "severity": "BLOCKING",
        "summary": "the library lacks a hook",
        "evidence": {"files": ["src/wp-lib/hook.txt"]},
    }
    result = json.dumps({"escalations": [beyond]})
    agent = f"""
{BEGINS}
case "$PLAIT_PACKAGE" in
  wp-a) test -e src/wp-lib/hook.txt || {{ echo '{result}' > "$PLAIT_RESULT"; exit 75; }} ;;
  wp-a-fix-1) rm -r src/wp-a-fix-1; echo hook > src/wp-lib/hook.txt; exit 0 ;;
esac
{WRITES}
"""
    done = story.run("p", agent)
    assert done.code == 0, done.err
    assert story.note("starts") == ["wp-lib", "wp-a", "wp-a-fix-1", "wp-a"]
    packages = story.packages()
    assert packages["wp-a-fix-1"]["kind"] == "fix"
    assert packages["wp-a-fix-1"]["files_modified"] == ["src/wp-lib/hook.txt"]
    brief = story.plait("logs", "wp-a-fix-1", "--brief").out
    assert "the library lacks a hook" in brief
    assert [each["consequence"] for each in story.report()["escalations"]] == ["fix"]


def test_what_was_done_differently_is_known_after_a_stop(story: Story) -> None:
    """The note survives an interruption, and stands in the brief of what depends on it."""
    story.begin()
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b", needs=["wp-a"]), Piece(id="wp-c"))
    noted = json.dumps({"deviations": [{"summary": "called total", "affects": []}]})
    agent = f"""
{BEGINS}
test "$PLAIT_PACKAGE" = wp-a && echo '{noted}' > "$PLAIT_RESULT"
test "$PLAIT_PACKAGE" = wp-b && ! test -e "$NOTES/go" && sleep 300
{WRITES}
"""
    process = story.starts("run", "p", "--yes", "--agent", f"command:{agent}")
    wait_until(lambda: "wp-b" in story.note("starts"))
    assert end_with(process, signal.SIGINT)[0] == 130
    (story.notes / "go").touch()
    assert story.plait("resume").code == 0
    assert "wp-a: called total" in story.plait("logs", "wp-b", "--brief").out
    assert "called total" not in story.plait("logs", "wp-c", "--brief").out
    (told,) = story.report()["deviations"]
    assert (told["package"], told["summary"]) == ("wp-a", "called total")


@pytest.mark.parametrize("stage", ["verify", "land"])
def test_a_check_that_this_machine_cannot_run_asks_instead_of_trying_again(
    story: Story, stage: str
) -> None:
    """No attempt is spent on a missing program, be it found as it lands; the question names it."""
    missing = "no-such-tool --all"
    toml = f'[checks]\nland = ["{missing}"]\n' if stage == "land" else ""
    story.begin({"plait.toml": toml})
    checks = ["true"] if stage == "land" else [missing]
    story.plans("p", Piece(id="wp-a", checks=checks, retry_budget=3))
    assert story.run("p", f"{BEGINS}{WRITES}").code == 3
    assert story.note("starts") == ["wp-a"]
    (told,) = story.report()["escalations"]
    assert (told["type"], told["raised_by"]) == ("VERIFICATION_INFEASIBLE", "plait")
    assert "no-such-tool" in told["question"]
    assert told["answers"][0]["command"].startswith("plait retry")
    (attempt,) = story.packages()["wp-a"]["attempts"]
    assert story.git("show", f"{attempt['kept_ref']}:src/wp-a/made.txt")
    assert "no-such-tool" in story.plait("status").out
