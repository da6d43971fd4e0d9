"""QA: what landed is tried, what fails is mended, after three tries a person is asked."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from tests.acceptance.conftest import Story, wait_until
from tests.fakes.plans import Piece

from plait.qa.browser import chromium

GOOD = """\
import sys

if sys.argv[1:] == ["--help"]:
    print("usage: sum A B")
    raise SystemExit(0)
name = input("Your name? ")
print(f"Hello {name}: {int(sys.argv[1]) + int(sys.argv[2])}")
"""
BAD = GOOD.replace(" + ", " - ")
SERVER = """\
import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer

class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"status": "ok"}).encode()
        self.send_response(200 if self.path == "/health" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

print("listens on", os.environ["PORT"], flush=True)
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answers).serve_forever()
"""
SETTINGS = """\
[qa]
serve = "exec python3 app/server.py"
timeout = "20s"

[[qa.scenarios]]
name = "greets and adds"
command = "python3 app/sum.py 1 2"
steps = [{ expect = "Your name?", send = "Ada" }]
text = ["Hello Ada: 3"]
packages = ["wp-sum"]

[[qa.scenarios]]
name = "is healthy"
path = "/health"
status = 200
text = ["ok"]
"""


def begins(story: Story, settings: str = SETTINGS) -> Story:
    """A repository with two packages: a command line and a server."""
    story.begin({"plait.toml": settings})
    story.plans(
        "p",
        Piece(id="wp-sum", write=["app/sum.py"]),
        Piece(id="wp-server", write=["app/server.py"]),
    )
    (story.notes / "good").write_text(GOOD)
    (story.notes / "bad").write_text(BAD)
    (story.notes / "server").write_text(SERVER)
    return story


def agent(first: str = "good", mends: str = "false") -> str:
    """An agent that makes both, and what it does when it is asked to mend."""
    return dedent(
        f"""\
        mkdir -p app
        case "$PLAIT_PACKAGE" in
          wp-sum) cp "$NOTES/{first}" app/sum.py ;;
          wp-server) cp "$NOTES/server" app/server.py ;;
          qa-fix-*) cat "$PLAIT_BRIEF" >> "$NOTES/briefs"; cp "$PLAIT_SCOPE" "$NOTES/scope"
            {mends} ;;
        esac
        """
    )


def items(story: Story) -> list[dict[str, str]]:
    """What came of each item, by try."""
    return [
        {each["name"]: each["status"] for each in trial["items"]} for trial in story.report()["qa"]
    ]


@pytest.mark.qa
def test_what_landed_is_tried_and_passes(story: Story) -> None:
    """A terminal, a server, an agent that is named for it; the report tells all of it."""
    script = story.root / "qa.yaml"
    found = [{"name": "reads well", "status": "passed"}]
    script.write_text(json.dumps({"qa": [{"result": {"outputs": {"qa": {"items": found}}}}]}))
    more = ("--qa", "--agent", f"qa=scripted:{script}")
    done = begins(story).run("p", agent(), *more)
    assert done.code == 0, done.err
    (trial,) = story.report()["qa"]
    assert (trial["status"], trial["attempt"], trial["of"]) == ("pass", 1, 3)
    assert items(story) == [
        dict.fromkeys(("greets and adds", "is healthy", "reads well"), "passed")
    ]
    assert trial["commit"] == story.git("rev-parse", "openspec/p")
    assert story.packages()["qa"]["status"] == "landed"


@pytest.mark.qa
def test_a_failure_is_mended_in_a_narrow_package_and_all_is_tried_again(story: Story) -> None:
    """The fix may write the files of the package concerned, lands by the queue, and is told why."""
    mends = 'cp "$NOTES/good" app/sum.py'
    done = begins(story).run("p", agent("bad", mends), "--qa", "--check", "python3 -V")
    assert done.code == 0, done.err
    report = story.report()
    assert [trial["status"] for trial in report["qa"]] == ["fail", "pass"]
    assert items(story)[0] == {"greets and adds": "failed", "is healthy": "passed"}
    assert items(story)[1] == {"greets and adds": "passed", "is healthy": "passed"}
    packages = story.packages()
    fix = packages["qa-fix-1"]
    assert (fix["kind"], fix["status"], fix["files_modified"]) == ("fix", "landed", ["app/sum.py"])
    assert packages["qa"]["status"] == "landed"
    assert '"app/sum.py"' in "".join(story.note("scope"))
    assert "app/server.py" not in "".join(story.note("scope"))
    brief = "\n".join(story.note("briefs"))
    for told in ("greets and adds", "it never showed 'Hello Ada: 3'", "Hello Ada: -1"):
        assert told in brief
    assert "app/sum.py" in story.git("show", "--name-only", "openspec/p", "--first-parent", "-m")


@pytest.mark.qa
def test_after_three_attempts_a_person_is_asked_with_every_failure(story: Story) -> None:
    """The full plan each time; no fix that leaves its scope lands; yes accepts it as it is."""
    begins(story)
    strays = 'echo "$PLAIT_ATTEMPT" >> app/server.py'
    first = story.run("p", agent("bad", strays), "--qa")
    assert first.code == 3, first.err
    assert "QA still fails after 3 attempts: greets and adds" in first.out
    assert "  qa      failed in try 3 of 3: 1 passed, 1 failed\n" in first.out
    assert "  qa      greets and adds: it never showed 'Hello Ada: 3'\n" in first.out
    assert "plait answer" in first.out
    report = story.report()
    assert [trial["status"] for trial in report["qa"]] == ["fail"] * 3
    assert all(set(each) == {"greets and adds", "is healthy"} for each in items(story))
    packages = story.packages()
    fixes = [packages["qa-fix-1"], packages["qa-fix-2"]]
    assert [each["status"] for each in fixes] == ["failed", "failed"]
    assert fixes[0]["attempts"][-1]["error_code"] == "SCOPE_VIOLATION"
    asked = packages["qa"]
    assert (asked["status"], asked["attempts"][-1]["error_code"]) == ("blocked", "QA_FAILED")
    (told,) = [each for each in report["escalations"] if each["package"] == "qa"]
    assert "Hello Ada: -1" in told["details"]
    assert any("yes" in each["command"] for each in told["answers"])

    vague = story.plait("answer", "qa", "perhaps")
    assert (vague.code, "BAD_ANSWER" in vague.err) == (2, True)
    assert story.plait("answer", "qa", "no: the sign is wrong").code == 0
    again = story.plait("resume")
    assert again.code == 3, again.err
    assert len(story.report()["qa"]) == 6
    assert "the sign is wrong" in "\n".join(story.note("briefs"))
    assert story.plait("answer", "qa", "yes: good enough").code == 0
    done = story.plait("resume")
    assert done.code == 1, done.err  # the fixes had failed
    settled = story.packages()["qa"]
    assert (settled["status"], "good enough" in settled["reason"]) == ("landed", True)


ANSWERS = """\
case "$PLAIT_PACKAGE" in
  qa) echo "$PLAIT_ATTEMPT" >> "$NOTES/asked"
    python3 -c "import os, urllib.request as u; u.urlopen(os.environ['PLAIT_QA_URL'])" || exit 9
    cp "$NOTES/answer-$PLAIT_ATTEMPT" "$PLAIT_RESULT" 2>/dev/null ;;
  qa-fix-*) cp "$PLAIT_SCOPE" "$NOTES/scope"; echo fixed > app/sum.py ;;
  *) mkdir -p app; echo "$PLAIT_PACKAGE" > "app/${PLAIT_PACKAGE#wp-}.py" ;;
esac
exit 0
"""


def answers(story: Story, *texts: str) -> None:
    """What the QA agent leaves in each attempt; nothing, if empty."""
    for number, text in enumerate(texts, start=1):
        if text:
            (story.notes / f"answer-{number}").write_text(text)


def answer(*found: dict[str, Any]) -> str:
    """A result as it is asked for."""
    return json.dumps({"status": "completed", "outputs": {"qa": {"items": list(found)}}})


def test_a_qa_agent_answers_in_the_form_of_a_report(story: Story) -> None:
    """Garbage and silence count for nothing; what it finds is mended where it says it is."""
    settings = """\
[agents.qa]
use = "command:sh ask.sh"
[qa]
serve = 'exec python3 -m http.server "$PORT" --bind 127.0.0.1'
"""
    begins(story, settings)
    (story.repo / "ask.sh").write_text(ANSWERS)
    story.git("add", "-A")
    story.git("commit", "-qm", "ask")
    failed = {
        "name": "adds",
        "status": "failed",
        "reason": "it subtracts",
        "details": "1 2 gives -1",
        "severity": "high",
        "files": ["app/sum.py"],
    }
    answers(story, "it is all fine!", answer(failed), answer({"name": "adds", "status": "passed"}))
    done = story.run("p", "sh ask.sh", "--qa")
    assert done.code == 0, done.err
    report = story.report()
    assert [trial["status"] for trial in report["qa"]] == ["not_run", "fail", "pass"]
    (none,) = report["qa"][0]["items"]
    assert (none["kind"], none["status"]) == ("agent", "not_run")
    assert "its answer is no report" in none["reason"]
    (found,) = report["qa"][1]["items"]
    assert (found["name"], found["severity"], found["reason"]) == ("adds", "high", "it subtracts")
    assert json.loads("".join(story.note("scope")))["write"] == ["app/sum.py"]
    assert story.packages()["qa"]["attempts"][-1]["agent"] == "qa"


HOME = "purple/documentation/251114-sums"
SPEC = """\
# Engineering Implementation Specification: Sums

## 3. Implementation Phases

### Phase 1: Sums

## 4. Tickets

### Phase 1: Sums

#### SU-1.1: Add sums
**Files:** `src/sums.py`
"""


def test_purple_prescribes_qa_and_has_a_place_for_its_results(story: Story) -> None:
    """By default; the reports of all tries land together, in a tree whose checks ran."""
    story.begin(
        {
            "plait.toml": '[qa]\n[[qa.scenarios]]\nname = "adds"\ncommand = "sh src/sums.py"\n'
            'text = ["3"]\n',
            "purple/standards/global/how-agents-document.md": "# How agents document\n",
            f"{HOME}/agent-written-specifications/implementation-spec-sums.md": SPEC,
        }
    )
    work = 'mkdir -p src; n=4; test "$PLAIT_PACKAGE" = SU-1.1 || n=3; echo "echo $n" > src/sums.py'
    check = 'git rev-parse "HEAD^{tree}" >> "$NOTES/trees"'
    done = story.run("sums", work, "--check", check)
    assert done.code == 0, done.err
    place = f"{HOME}/qa-results"
    names = story.git("ls-tree", "--name-only", "feat/sums", f"{place}/").split()
    assert [each.removeprefix(f"{place}/") for each in names] == [
        "qa-report-cli-attempt-1.md",
        "qa-report-cli-attempt-2.md",
    ]
    first, second = (story.git("show", f"feat/sums:{each}") for each in names)
    for told in ("# QA Report: ", "**Feature:** sums", "**Status:** FAIL", "**Attempt:** 1 of 3"):
        assert told in first
    assert "| adds | FAIL | it never showed '3' |" in first
    assert "**Severity:** high" in first
    assert ("**Status:** PASS" in second, "**Attempt:** 2 of 3" in second) == (True, True)
    assert set(story.first_parents("feat/sums")) <= set(story.note("trees"))
    assert "  qa      passed in try 2 of 3: 1 passed\n" in done.out


def lives(pid: str) -> bool:
    """Whether a process is there, and not only its number."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.qa
def test_nothing_survives_a_kill_and_the_run_goes_on(story: Story) -> None:
    """What was served and what was tried end with Plait; QA begins anew and passes."""
    begins(story)
    waits = """
        import os, pathlib, time
        notes = pathlib.Path(os.environ["NOTES"])
        (notes / "served").open("a").write(f"{os.getpid()}\\n")
        while not (notes / "go").exists():
            time.sleep(0.05)
"""
    head = "    def do_GET(self):\n"
    (story.notes / "server").write_text(SERVER.replace(head, head + waits.lstrip("\n")))
    plait = story.starts("run", "p", "--agent", f"command:{agent()}", "--yes", "--qa")
    wait_until(lambda: bool(story.note("served")), timeout=90)
    plait.kill()
    plait.communicate()
    pid = story.note("served")[0]
    wait_until(lambda: not lives(pid))
    (story.notes / "go").touch()
    done = story.plait("resume")
    assert done.code == 0, done.err
    assert [trial["status"] for trial in story.report()["qa"]] == ["pass"]
    assert not any(map(lives, story.note("served")))
    assert story.packages()["qa"]["attempts"][0]["outcome"] == "interrupted"


@pytest.mark.qa
def test_what_cannot_be_run_is_told_and_never_passes(story: Story) -> None:
    """Asked for and not had is no success; a hang is ended at its limit; secrets are struck out."""
    settings = """\
[qa]
serve = "no-such-program-of-ours"
timeout = "1s"

[[qa.scenarios]]
name = "is healthy"
path = "/health"
"""
    begins(story, settings)
    done = story.run("p", agent(), "--qa")
    assert done.code == 1, done.err
    (trial,) = story.report()["qa"]
    assert trial["status"] == "not_run"
    assert story.packages()["qa"]["attempts"][-1]["error_code"] == "QA_NOT_RUN"
    assert story.packages()["qa"]["status"] == "failed"
    slow = """\
[qa]
timeout = "1s"

[[qa.scenarios]]
name = "hangs"
command = "echo $MY_TOKEN; exec sleep 300"
"""
    (story.repo / "plait.toml").write_text(slow)
    story.env["MY_TOKEN"] = "very-secret-12345"
    assert story.plait("retry", story.report()["run"], "qa").code == 0
    assert story.plait("resume").code == 3
    trial = story.report()["qa"][-1]
    (hung,) = trial["items"]
    assert (hung["status"], "did not come to its end" in hung["reason"]) == ("failed", True)
    written = b"".join(
        path.read_bytes() for path in (story.repo / ".plait" / "runs").rglob("*") if path.is_file()
    )
    assert (b"[redacted]" in written, b"very-secret-12345" in written) == (True, False)


PAGE = "<!doctype html><title>Sums</title><h1>Sums</h1>\n"
SCRIPTS = '[project]\nname = "sums"\nversion = "1"\n[project.scripts]\nsums = "sums.cli:main"\n'


@pytest.mark.qa
def test_what_the_repository_says_is_tried_without_a_setting(story: Story) -> None:
    """A page and a command line; without a browser the page is not run, and a warning says so."""
    story.begin()
    story.plans(
        "p",
        Piece(id="wp-page", write=["index.html"]),
        Piece(id="wp-cli", write=["pyproject.toml", "src/**"]),
    )
    (story.notes / "page").write_text(PAGE)
    (story.notes / "scripts").write_text(SCRIPTS)
    (story.notes / "cli").write_text("def main():\n    print('usage: sums A B')\n")
    work = """
case "$PLAIT_PACKAGE" in
  wp-page) cp "$NOTES/page" index.html ;;
  wp-cli) mkdir -p src/sums; cp "$NOTES/scripts" pyproject.toml; cp "$NOTES/cli" src/sums/cli.py ;;
esac
"""
    done = story.run("p", work, "--qa")
    assert done.code == 0, done.err
    report = story.report()
    (trial,) = report["qa"]
    shown = find_spec("playwright") is not None and chromium() is not None
    assert trial["status"] == ("pass" if shown else "partial")
    found = {each["name"]: each for each in trial["items"]}
    assert found["sums --help"]["status"] == "passed"
    assert found["page /"]["status"] == ("passed" if shown else "not_run")
    warned = [each["code"] for each in report["warnings"]]
    assert ("QA_NOT_RUN" in warned) is not shown
    if shown:
        folder = story.repo / ".plait"
        assert (folder / found["page /"]["evidence"][0]).read_bytes().startswith(b"\x89PNG")
