"""Reviewers: asked before anything lands, read strictly, heeded within bounds."""

from __future__ import annotations

import json
import re
import signal
from dataclasses import dataclass
from typing import Any

import pytest
from tests.acceptance.conftest import Story, lines, wait_until
from tests.fakes.plans import Piece

FOUND: dict[str, Any] = {
    "type": "correctness",
    "criticality": "high",
    "disposition": "fix",
    "file": "made.txt",
    "lines": [1, 1],
    "description": "It should be better than it is.",
}


def answers(*findings: dict[str, Any], **more: Any) -> str:
    """A command that writes a review; its files are those of the package."""
    told = [
        {**each, "file": each["file"] if "/" in each["file"] else f"src/@/{each['file']}"}
        for each in findings
    ]
    text = json.dumps({"findings": told, **more})
    return f"""printf '%s' '{text}' | sed "s,@,${{PLAIT_PACKAGE%-fix-*}},g" > "$PLAIT_RESULT";"""


def said(**change: Any) -> dict[str, Any]:
    """A finding, changed."""
    return {**FOUND, **change}


FILES = ["src/wp-mend/made.txt", "tests/test_mend.py"]
WHY = {"id": "p1", "reason": "it tested nothing"}
TEST = "def test_it():\n    assert 1 + 1 == 2\n"
HERE = 'f="src/${PLAIT_PACKAGE%-fix-*}/made.txt"'
AUTHOR = lines(
    HERE,
    'echo "$PLAIT_PACKAGE $PLAIT_ATTEMPT" >> "$NOTES/authors"',
    'cp "$PLAIT_BRIEF" "$NOTES/brief-$PLAIT_PACKAGE"',
    'case "$PLAIT_PACKAGE" in',
    "wp-idle-fix-*) ;;",
    'wp-slow-fix-*) echo better >> "$f";;',
    'wp-wide-fix-*) echo better > "$f"; touch "src/wp-wide/other.txt";;',
    'wp-mend-fix-*) git checkout -q HEAD~1 -- tests/test_mend.py; echo better > "$f"',
    'cp "$PLAIT_SCOPE" "$NOTES/scope-$PLAIT_PACKAGE";;',
    '*-fix-*) echo better > "$f";;',
    '*) mkdir -p "${f%/*}"; echo "made $PLAIT_ATTEMPT" > "$f";;',
    "esac",
    'case "$PLAIT_PACKAGE" in wp-flag|wp-mend) rm "tests/test_${PLAIT_PACKAGE#wp-}.py";; esac',
)
NOTES = 'echo "$PLAIT_PACKAGE $PLAIT_ROUND" >> "$NOTES/reviews"'
FIRST = lines(
    HERE,
    NOTES,
    'cp "$PLAIT_BRIEF" "$NOTES/review-$PLAIT_PACKAGE"',
    'case "$PLAIT_PACKAGE" in',
    f'wp-mend|wp-wide|wp-idle) if grep -qE "better|made 2" "$f"; then {answers()} '
    f"else {answers(said())} fi;;",
    f'wp-anew) if grep -q "made 2" "$f"; then {answers()} '
    f"else {answers(said(disposition='regenerate'))} fi;;",
    'wp-slow) case "$(grep -c better "$f")" in',
    f"0) {answers(said(), said())};",
    f"*) {answers(said())};",
    "esac;;",
    f"wp-dissent|wp-stuck) {answers(said())};",
    "wp-silent) ;;",
    f"wp-nowhere) {answers(said(file='src/nowhere.py', disposition='escalate'))};",
    'wp-flag) cp "$PLAIT_SCOPE" "$NOTES/scope-review"; git rev-parse HEAD > "$NOTES/at"',
    'echo "$PLAIT_COMMIT" >> "$NOTES/at"; echo vandal > "$f"; touch stray',
    f"{answers(accepts=[WHY], cost_usd=0.25, tokens={'input': 10, 'output': 2}, summary='fine')};",
    "esac",
)
SECOND = lines(
    'case "$PLAIT_PACKAGE" in',
    f"wp-dissent) {answers(said(disposition='accept'))};",
    f"wp-stuck) {answers(said())};",
    'wp-silent) echo "looks good to me" > "$PLAIT_RESULT";;',
    f"*) {answers()};",
    "esac",
)
BUDGETS = {"wp-anew": 1, "wp-idle": 1}
NAMES = (
    "wp-mend",
    "wp-wide",
    "wp-idle",
    "wp-anew",
    "wp-slow",
    "wp-flag",
    "wp-dissent",
    "wp-stuck",
    "wp-silent",
    "wp-nowhere",
)


def settings(*reviewers: str, more: str = "") -> str:
    """`plait.toml` with reviewers by the names r1, r2 and so on."""
    names = [f"r{number}" for number in range(1, len(reviewers) + 1)]
    tables = [
        f"[agents.{name}]\nuse = {json.dumps('command:' + script)}"
        for name, script in zip(names, reviewers, strict=True)
    ]
    return lines(f"[review]\nagents = {json.dumps(names)}", more, *tables) + "\n"


def pieces(*names: str) -> list[Piece]:
    """Packages that must leave their file; each may write a test of its name."""
    return [
        Piece(
            id=name,
            write=[f"src/{name}/**", f"tests/test_{name.removeprefix('wp-')}.py"],
            checks=[f"test -e src/{name}/made.txt"],
            retry_budget=BUDGETS.get(name, 0),
        )
        for name in names
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A run that has ended once: its story, and its report as it was then."""

    story: Story
    report: Any

    def package(self, name: str) -> Any:
        """What the report says of a package."""
        return next(each for each in self.report["packages"] if each["id"] == name)

    def by(self, name: str, note: str) -> list[str]:
        """The lines of a note about a package."""
        return by(self.story, name, note)

    def note(self, name: str) -> str:
        """A note as text."""
        return "\n".join(self.story.note(name))

    def ended(self, name: str) -> tuple[str, str]:
        """A package's status, and its last attempt's error code."""
        package = self.package(name)
        return package["status"], package["attempts"][-1].get("error_code", "")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """One run of many packages, each of which its reviewers see in another way."""
    story = Story(tmp_path_factory.mktemp("reviews"))
    tests = {f"tests/test_{name}.py": TEST for name in ("flag", "mend")}
    story.begin({"plait.toml": settings(FIRST, SECOND, more="rounds = 1"), **tests})
    story.plans("add-a", *pieces(*NAMES))
    assert story.run("add-a", AUTHOR).code == 3
    return Day(story=story, report=story.report())


def uri(result: Any) -> Any:
    """The file of a result of SARIF."""
    return result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def by(story: Story, name: str, note: str) -> list[str]:
    """The lines of a note about a package."""
    return [line for line in story.note(note) if line.split()[0].split("-fix-")[0] == name]


def test_accepted_work_lands_and_the_report_says_who_read_it(day: Day) -> None:
    """The reviewer is at the commit, may write nothing, knows change and checks; and costs."""
    assert day.by("wp-flag", "reviews") == ["wp-flag 1"]
    assert len(set(day.story.note("at"))) == 1
    assert json.loads(day.note("scope-review"))["write"] == []
    brief = day.note("review-wp-flag")
    assert "+made 1" in brief
    assert "passed" in brief
    assert day.story.git("show", "openspec/add-a:src/wp-flag/made.txt") == "made 1"
    package = day.package("wp-flag")
    assert (package["status"], package["review"]["status"]) == ("landed", "passed")
    assert package["review"]["reviewers"] == ["r1", "r2"]
    assert (package["cost_usd"], package["tokens"]) == (0.25, {"input": 10, "output": 2})
    reviews = day.report["reviews"]
    assert {each["reviewer"] for each in reviews["reviewers"]} == {"r1", "r2"}
    assert day.report["totals"]["cost_usd"] == reviews["cost_usd"] == 0.25
    assert "It should be better" in day.story.plait("report").out


def test_what_is_to_be_fixed_is_fixed_in_a_narrow_package_and_reviewed_again(day: Day) -> None:
    """In the same attempt: its scope is the findings' files, its commit stands on the reviewed."""
    assert day.by("wp-mend", "authors") == ["wp-mend 1", "wp-mend-fix-1 1"]
    assert day.by("wp-mend", "reviews") == ["wp-mend 1", "wp-mend 2"]
    assert "It should be better" in (day.note("brief-wp-mend-fix-1"))
    assert "What stood in the way before" in (day.note("review-wp-mend"))
    scope = json.loads(day.note("scope-wp-mend-fix-1"))
    scope["write"].sort()
    assert (scope["write"], scope["confidence"]) == (FILES, "declared")
    assert day.story.git("show", "openspec/add-a:src/wp-mend/made.txt") == "better"
    package = day.package("wp-mend")
    assert len(package["attempts"]) == 1
    assert [each["name"] for each in package["review"]["fixes"]] == ["wp-mend-fix-1"]
    commits = [each["commit"] for each in package["checks"] if each["stage"] == "verify"]
    assert len(set(commits)) == 2


def test_a_fix_that_leaves_its_files_is_refused(day: Day) -> None:
    """Though they lie in the package's own scope: the attempt has failed."""
    assert day.ended("wp-wide") == ("failed", "SCOPE_VIOLATION")
    assert day.package("wp-wide")["attempts"][0]["violations"] == ["src/wp-wide/other.txt"]


def test_a_fix_that_changes_nothing_ends_with_a_question(day: Day) -> None:
    """The same commit is not reviewed a second time."""
    assert day.ended("wp-idle") == ("blocked", "ACCEPTANCE_REQUIRED")
    assert day.by("wp-idle", "reviews") == ["wp-idle 1"]
    assert "changed nothing" in day.package("wp-idle")["question"]


def test_fixes_that_do_not_help_end_with_a_question(day: Day) -> None:
    """The number of things that block no longer falls, or it was tried often enough."""
    assert day.ended("wp-stuck") == ("blocked", "ACCEPTANCE_REQUIRED")
    assert day.by("wp-stuck", "reviews") == ["wp-stuck 1", "wp-stuck 2"]
    package = day.package("wp-stuck")
    assert "no longer falls" in package["question"]
    assert {each["status"] for each in package["review"]["findings"]} == {"confirmed"}
    slow = day.package("wp-slow")
    assert day.by("wp-slow", "reviews") == ["wp-slow 1", "wp-slow 2"]
    assert "one still blocks after 1 fix" in slow["question"]


def test_what_weakens_the_checks_is_accepted_by_reviewers_or_put_right(day: Day) -> None:
    """By their id, no person asked; what nobody accepts is fixed, and does not stand any more."""
    flagged = day.package("wp-flag")
    assert "TEST_DELETED" in day.note("review-wp-flag")
    assert (flagged["status"], len(flagged["attempts"])) == ("landed", 1)
    (doubt,) = flagged["integrity"]
    assert (doubt["code"], doubt["accepted"], doubt["accepted_by"]) == (
        "TEST_DELETED",
        True,
        ["r1"],
    )
    mended = day.package("wp-mend")
    assert (mended["status"], "integrity" in mended) == ("landed", False)
    assert [each.get("code") for each in mended["review"]["findings"]] == [None, "TEST_DELETED"]
    assert day.story.git("show", "openspec/add-a:tests/test_mend.py") == TEST.strip()
    told = day.story.plait("report").out
    assert "— accepted by r1" in told


def test_work_that_is_to_be_done_anew_is_another_attempt_that_knows_why(day: Day) -> None:
    """Within the retry budget."""
    assert day.by("wp-anew", "authors") == ["wp-anew 1", "wp-anew 2"]
    brief = day.note("brief-wp-anew")
    assert "REVIEW_REJECTED" in brief
    assert "It should be better" in brief
    assert day.ended("wp-anew")[0] == "landed"


def test_what_is_about_nothing_does_not_count_and_another_review_does(day: Day) -> None:
    """A finding about a file that does not exist is told, and blocks nothing."""
    package = day.package("wp-nowhere")
    told = [(each["reviewer"], each["outcome"]) for each in package["review"]["answers"]]
    assert told == [("r1", "unfounded"), ("r2", "counted")]
    assert package["status"] == "landed"
    warned = [each["package"] for each in day.report["warnings"]]
    assert warned.count("wp-nowhere") == 1


def test_where_nobody_answers_as_asked_a_person_is_asked(day: Day) -> None:
    """Nothing, and garbage: each is asked twice, and told the second time what was wrong."""
    assert day.ended("wp-silent") == ("blocked", "ACCEPTANCE_REQUIRED")
    answers_ = day.package("wp-silent")["review"]["answers"]
    told = [(each["reviewer"], each["outcome"]) for each in answers_]
    assert told == [("r1", "missing"), ("r2", "invalid")] * 2
    assert "it left no result" in (day.note("review-wp-silent"))
    assert "0 reviews count, and 1 must" in day.package("wp-silent")["question"]


def test_serious_dissent_asks_a_person_whose_answer_decides(day: Day) -> None:
    """Yes lands the very commit, without an agent; no and why is told to another attempt."""
    package = day.package("wp-dissent")
    assert (package["status"], package["review"]["findings"][0]["status"]) == (
        "blocked",
        "disagreement",
    )
    assert "disagree" in package["question"]
    status = day.story.plait("status").out
    assert "It should be better" in status
    assert re.search(r"accept it: plait answer \S+ wp-dissent yes", status)
    vague = day.story.plait("answer", "wp-idle", "make it twice as good")
    assert (vague.code, "BAD_ANSWER" in vague.err) == (2, True)
    assert day.story.plait("answer", "wp-dissent", "accept, it will do").code == 0
    assert day.story.plait("answer", "wp-idle", "no: make it twice as good").code == 0
    outcome = day.story.plait("resume")
    assert outcome.code == 3, outcome.out + outcome.err
    after = day.story.packages()
    assert day.by("wp-dissent", "authors") == ["wp-dissent 1"]
    assert day.story.git("show", "openspec/add-a:src/wp-dissent/made.txt") == "made 1"
    assert after["wp-dissent"]["review"]["status"] == "accepted by a person"
    assert day.by("wp-idle", "authors") == ["wp-idle 1", "wp-idle-fix-1 1", "wp-idle 2"]
    brief = day.note("brief-wp-idle")
    assert "twice as good" in brief
    assert "It should be better" in brief
    assert after["wp-idle"]["status"] == "landed"


def test_a_profile_called_reviewer_reviews_and_need_not_be_heard(story: Story) -> None:
    """Without [review]; their lack is a warning if none is required; who rests is awaited.

    What it found in work that lands stands in the text of the pull request and in its SARIF.
    """
    tired = json.dumps({"status": "rate_limited", "retry_after_s": 0.2})
    use = json.dumps(
        'command:case "$PLAIT_PACKAGE" in wp-b) ;; wp-c) if mkdir "$NOTES/tired"; then '
        f"""echo '{tired}' > "$PLAIT_RESULT"; else {answers()} fi;; """
        f"""wp-flag) {answers(said(severity="nit"), accepts=[WHY])}; *) {answers()}; esac"""
    )
    toml = f"[agents.reviewer]\nuse = {use}\n[review]\nrequired = false\n"
    story.begin({"plait.toml": toml, "tests/test_flag.py": TEST})
    story.plans("add-a", *pieces("wp-flag", "wp-b", "wp-c"))
    assert story.run("add-a", AUTHOR, "--pr").code == 0
    stands = {name: each["review"]["status"] for name, each in story.packages().items()}
    assert stands == {"wp-flag": "passed", "wp-b": "not reviewed", "wp-c": "passed"}
    told = [each["outcome"] for each in story.packages()["wp-c"]["review"]["answers"]]
    assert told == ["rests", "counted"]
    assert "NOT_REVIEWED" in [each["code"] for each in story.report()["warnings"]]
    assert story.report()["reviews"]["not_reviewed"] == ["wp-b"]
    folder = story.repo / ".plait" / "runs" / story.report()["run"]
    text = (folder / "PR.md").read_text(encoding="utf-8")
    assert "— accepted by reviewer" in text
    assert "It should be better" in text
    sarif = json.loads((folder / "findings.sarif").read_text(encoding="utf-8"))
    found = [
        (each["ruleId"], each["level"], uri(each))
        for each in sarif["runs"][0]["results"]
        if each["ruleId"] in {"TEST_DELETED", "REVIEW_FINDING"}
    ]
    assert found == [
        ("TEST_DELETED", "warning", "tests/test_flag.py"),
        ("REVIEW_FINDING", "note", "src/wp-flag/made.txt"),
    ]


def test_a_crash_asks_nobody_again_who_has_answered(story: Story) -> None:
    """A reviewer and a fix that were at work begin anew; authors and earlier answers stand."""
    waits = 'touch "$NOTES/up-$PLAIT_PACKAGE"; while test ! -e "$NOTES/go"; do sleep 0.05; done'
    counts = 'echo "$PLAIT_PACKAGE {}" >> "$NOTES/reviews"'
    fix = f"grep -q better src/wp-b/made.txt || {{ {answers(said())} exit; }}"
    first = lines(counts.format("first"), f'test "$PLAIT_PACKAGE" = wp-a || {fix}', answers())
    second = lines(
        counts.format("second"), f'test "$PLAIT_PACKAGE" = wp-b || {{ {waits}; }}', answers()
    )
    story.begin({"plait.toml": settings(first, second)})
    story.plans("add-a", *pieces("wp-a", "wp-b"))
    slow = AUTHOR.replace("*-fix-*) echo", f"*-fix-*) {waits}; echo")
    plait = story.starts("run", "add-a", "--agent", f"command:{slow}", "--yes")
    wait_until((story.notes / "up-wp-a").exists)
    wait_until((story.notes / "up-wp-b-fix-1").exists)
    plait.send_signal(signal.SIGKILL)
    plait.communicate(timeout=30)
    (story.notes / "go").touch()
    outcome = story.plait("resume")
    assert outcome.code == 0, outcome.out + outcome.err
    assert by(story, "wp-a", "reviews") == ["wp-a first", "wp-a second", "wp-a second"]
    assert by(story, "wp-b", "reviews") == ["wp-b first", "wp-b second"] * 2
    assert by(story, "wp-a", "authors") == ["wp-a 1"]
    assert by(story, "wp-b", "authors") == ["wp-b 1", "wp-b-fix-1 1", "wp-b-fix-1 1"]
    assert story.git("show", "openspec/add-a:src/wp-b/made.txt") == "better"
    assert [len(each["attempts"]) for each in story.packages().values()] == [1, 1]
