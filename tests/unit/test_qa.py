"""QA, decided: what there is to try, what an answer is worth, what follows."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.fakes import runs

from plait.app.trying import seat_of, tried, tried_again, tried_still
from plait.config import Settings
from plait.core.codec import decode, encode
from plait.core.consequence import with_fix
from plait.core.control import AnswerQuestion, Order, Refusal, carried_out
from plait.core.event import (
    Landed,
    PackageAdded,
    PackageSkipped,
    QaEnded,
    QaItemEnded,
    QaKind,
    QaPlanned,
    QaSettled,
    QaStatus,
    QaVerdict,
    Verdict,
)
from plait.core.graph import build
from plait.core.package import PackageStatus
from plait.core.plan import Contracts, Edge, PackageId, Plan, Provenance, Scope, SourceStatus
from plait.core.profile import AgentProfile
from plait.core.qa import (
    QaItem,
    QaPolicy,
    Scenario,
    is_open,
    is_wanted,
    own_of,
    verdict,
    with_qa,
)
from plait.core.qa_answer import BadAnswerError, read_answer
from plait.core.qa_plan import ELSEWHERE, NO_SERVICE, QaPlan, Repository, plan_of
from plait.core.qa_refine import fix_of, superseded
from plait.core.qa_report import question, reports
from plait.core.revision import compare
from plait.core.roster import Roster, Seat
from plait.core.run import Run, conclude
from plait.core.schedule import Limits, Skip, Start, compile_plan, decide

QA = PackageId("qa")
CLI = Scenario(name="adds", kind=QaKind.CLI, command="add 1 2")
GET = Scenario(name="gets", kind=QaKind.API, path="/x")


def derived(policy: QaPolicy | None = None, /, *files: str, **texts: str) -> QaPlan:
    """The plan of QA for a repository of these files; `package_json` stands for package.json."""
    named = {
        name.replace("_json", ".json").replace("_toml", ".toml"): text
        for name, text in texts.items()
    }
    tree = Repository(files=frozenset({*files, *named}), texts=named)
    return plan_of(tree, policy or QaPolicy(), runs.plan(runs.package("a")))


def kinds(found: QaPlan) -> list[tuple[str, str]]:
    """Kind and name of each item."""
    return [(each.kind.value, each.scenario.name) for each in found.items]


def test_where_there_is_nothing_nothing_is_tried() -> None:
    """A library of functions has neither commands nor pages."""
    assert derived(None, "src/sums.py", "README.md").items == ()


def test_command_lines_are_found_and_may_fail_only_by_a_crash() -> None:
    """Console scripts, modules that can be run, programs of a Node package."""
    found = derived(
        None,
        "src/other/__main__.py",
        "src/sums/__main__.py",
        "cli.js",
        pyproject_toml='[project.scripts]\nsum = "sums.cli:main"\nodd = "a; rm -rf /"\n',
        package_json='{"name": "js", "bin": {"sumjs": "./cli.js", "gone": "./gone.js"}}',
    )
    assert [each.scenario.name for each in found.items] == [
        "sum --help",
        "other --help",
        "sumjs --help",
    ]
    assert all(each.guessed and each.kind is QaKind.CLI for each in found.items)
    assert "from sums.cli import main" in found.items[0].scenario.command
    assert found.items[2].scenario.command == "exec node ./cli.js --help"


def test_what_the_owner_names_takes_the_place_of_guesses() -> None:
    """A command, scenarios."""
    scripts = '[project.scripts]\nsum = "sums.cli:main"\n'
    named = derived(QaPolicy(cli="bin/sum"), pyproject_toml=scripts)
    assert [(each.scenario.command, each.guessed) for each in named.items] == [
        ("bin/sum --help", False)
    ]
    said = derived(QaPolicy(scenarios=(CLI,)), pyproject_toml=scripts)
    assert kinds(said) == [("cli", "adds")]


@pytest.mark.parametrize(
    ("scripts", "lock", "serve"),
    [
        ({"start": "node server.js"}, "", "npm run start"),
        ({"dev": "vite"}, "pnpm-lock.yaml", "pnpm run dev -- --host 127.0.0.1 --strictPort"),
        ({"start": "next start", "dev": "next dev"}, "yarn.lock", 'yarn run start -- --port "$P'),
        (
            {"build": "tsc"},
            "",
            'exec python3 -m http.server "$PORT" --bind 127.0.0.1 --directory ./',
        ),
    ],
)
def test_a_page_is_served_as_the_repository_says(scripts, lock, serve) -> None:
    """By its scripts; what is static by Python."""
    found = derived(
        None, "index.html", *filter(None, [lock]), package_json=json.dumps({"scripts": scripts})
    )
    assert kinds(found) == [("web", "page /")]
    assert (found.serve.startswith(serve), found.guessed) == (True, True)


def test_an_api_is_tried_as_it_is_described() -> None:
    """The description nearest to the root, and the plan's contracts; served by the owner's word."""
    policy = QaPolicy(serve="run")
    found = derived(policy, "docs/openapi.yaml", "openapi.json", "tests/openapi.yaml")
    assert [each.schema for each in found.items] == ["openapi.json"]
    assert (found.items[0].lack, found.serve, found.guessed) == ("", "run", False)
    (lacks,) = derived(None, "openapi.json").items
    assert lacks.lack == NO_SERVICE
    (static, page) = derived(None, "openapi.json", "index.html").items
    assert (static.lack, page.lack) == (NO_SERVICE, "")
    (gone,) = derived(QaPolicy(serve="run", openapi="api.yaml")).items
    assert "api.yaml" in gone.lack
    (live,) = derived(QaPolicy(serve="run", openapi="/openapi.json")).items
    assert live.lack == ""
    tree = Repository(files=frozenset({"changes/p/contracts/openapi/v1.yaml"}))
    contract = Contracts(files=("changes/p/contracts/openapi/v1.yaml",))
    plan = replace(runs.plan(runs.package("a")), contracts=contract)
    assert plan_of(tree, policy, plan).items[0].schema == contract.files[0]


def test_an_address_without_a_service_is_no_landed_tree() -> None:
    """What answers there may be anything."""
    (item,) = derived(QaPolicy(url="http://localhost:1", scenarios=(GET,))).items
    assert item.lack == ELSEWHERE


def test_items_come_in_one_order_whatever_names_them() -> None:
    """Command lines, APIs, pages; numbered."""
    page = Scenario(name="shows", kind=QaKind.WEB)
    found = derived(QaPolicy(serve="run", scenarios=(page, GET, CLI)))
    assert [each.id for each in found.items] == ["cli-1", "api-2", "web-3"]
    policy = QaPolicy(scenarios=(page, GET, CLI), serve="run")
    assert decode(QaPolicy, encode(policy)) == policy


# -- the package -------------------------------------------------------------------------------


def landed(name: str, *files: str) -> Landed:
    """A package's landing."""
    return Landed(package=PackageId(name), attempt=1, epoch=1, commit="c", tree="t", files=files)


def begun(*, asked: bool = True, results: str | None = None) -> Run:
    """A run of two packages and QA, in which both have landed."""
    plan = replace(runs.plan(runs.package("a"), runs.package("b", "a")), qa_results=results)
    run = runs.started(with_qa(plan, ("a", "b"), asked=asked))
    for name in ("a", "b"):
        run = runs.record(run, runs.begin(name), runs.end(name), landed(name, f"{name}/x.py"))
    return run


def tries(run: Run, number: int, *items: QaItemEnded) -> Run:
    """A try with these items, to its end."""
    of = {"package": QA, "attempt": number, "epoch": number}
    planned = QaPlanned(**of, commit="c" * 40, number=number, of=3)
    ended = QaEnded(**of, commit="c" * 40, verdict=verdict(items), number=number, of=3)
    told = (replace(each, attempt=number, epoch=number) for each in items)
    return runs.record(run, runs.begin("qa", number, number), planned, *told, ended)


def item(status: QaStatus = QaStatus.FAILED, **fields: Any) -> QaItemEnded:
    """What came of an item."""
    values = {"package": QA, "attempt": 1, "epoch": 1, "item": "cli-1", "kind": QaKind.CLI}
    return QaItemEnded(**{**values, "name": "adds", "status": status, "reason": "why", **fields})


def test_qa_comes_after_everything_and_needs_no_agent() -> None:
    """It needs the packages at the ends, so that a failure anywhere skips it."""
    plan = with_qa(runs.plan(runs.package("a"), runs.package("b", "a")), ("a", "b"), asked=True)
    qa = own_of(plan)
    assert qa is not None
    assert ([edge.id for edge in qa.needs], qa.runs_agent, qa.optional) == (["b"], False, False)
    run = runs.started(plan)
    compiled = compile_plan(plan)
    limits = Limits(max_agents=6, roster=Roster(seats=(Seat(provider="x"),)))
    assert Start(package=QA) not in decide(compiled, run, limits)
    failed = runs.record(run, runs.begin("a"), runs.end("a", Verdict.REJECT))
    told = {each.package for each in decide(compiled, failed, limits) if isinstance(each, Skip)}
    assert told == {"b", "qa"}
    assert Start(package=QA) in decide(compiled, begun(), limits)


def test_a_plan_may_have_a_package_of_that_name() -> None:
    """Then QA is called otherwise."""
    plan = with_qa(runs.plan(runs.package("qa")), ("qa",), asked=True)
    assert [each.id for each in plan.packages] == ["qa", "plait-qa"]


@pytest.mark.parametrize(
    ("run", "results", "asked", "whole", "wanted"),
    [
        ("auto", None, False, True, False),
        ("auto", None, True, False, True),
        ("auto", "", False, True, True),
        ("auto", "qa-results", False, False, False),
        ("always", None, False, False, True),
        ("never", "qa-results", False, True, False),
        ("never", None, True, True, True),
    ],
)
def test_who_wants_qa(run, results, asked, whole, wanted) -> None:
    """The call, the settings, the format: for the whole plan."""
    plan = replace(runs.plan(), qa_results=results)
    assert is_wanted(plan, QaPolicy(run=run), asked=asked, whole=whole) is wanted


def test_an_agent_joins_in_only_where_it_is_named_for_that() -> None:
    """Who works on everything does not try it."""
    qa = own_of(begun().plan)
    assert qa is not None
    everybody, tester = Seat(provider="x"), Seat(provider="t", kind="qa")
    assert Roster(seats=(everybody,)).providers(qa) == ()
    assert Roster(seats=(everybody, tester)).providers(qa) == ("t",)
    settings = Settings(profiles={"qa": AgentProfile(name="qa", use="claude")})
    assert seat_of(settings, ()) == (Seat(provider="qa", kind="qa"),)
    assert seat_of(settings, (tester,)) == ()
    assert seat_of(Settings(), ()) == ()


@pytest.mark.parametrize(
    ("statuses", "came"),
    [
        (["passed"], "pass"),
        (["passed", "not_run"], "partial"),
        (["passed", "not_run", "failed"], "fail"),
        (["not_run"], "not_run"),
        ([], "not_run"),
    ],
)
def test_nothing_that_was_not_run_passes(statuses, came) -> None:
    """And one failure fails a try."""
    assert verdict([item(QaStatus(each)) for each in statuses]) is QaVerdict(came)


def test_an_agent_without_an_answer_leaves_a_try_open() -> None:
    """Other items that were not run do not."""
    assert is_open([item(QaStatus.NOT_RUN, kind=QaKind.AGENT)])
    assert not is_open([item(QaStatus.NOT_RUN), item(QaStatus.PASSED, kind=QaKind.AGENT)])


# -- what mends --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "write"),
    [
        (item(packages=("a*",)), {"a/x.py"}),
        (item(paths=("b/x.py",)), {"b/x.py"}),
        (item(paths=("nowhere.py",)), {"a/x.py", "b/x.py"}),
    ],
)
def test_what_mends_may_write_the_files_of_the_packages_concerned(found, write) -> None:
    """Those that are named; else those of all that landed."""
    run = tries(begun(), 1, found)
    qa = own_of(run.plan)
    assert qa is not None
    fix, why = fix_of(run, qa, run.trials[-1])
    assert fix is not None, why
    assert (fix.id, fix.role, set(fix.scope.write)) == ("qa-fix-1", "refine", write)
    assert "why" in fix.description
    plan = with_fix(run.plan, fix, QA)
    assert plan.package(QA).needs[-1] == Edge(
        id=fix.id, provenance=Provenance.SCOPE, note="it mends what QA found"
    )
    again = runs.record(
        replace(run, plan=plan), PackageAdded(package=fix.id, needed_by=QA, reason="r")
    )
    assert fix_of(again, qa, run.trials[-1])[0].id == "qa-fix-2"  # type: ignore[union-attr]


def test_without_a_file_that_landed_nobody_can_mend() -> None:
    """The results of QA are none."""
    plan = replace(runs.plan(runs.package("a")), qa_results="qa-results")
    run = runs.started(with_qa(plan, ("a",), asked=True))
    run = runs.record(run, runs.begin(), runs.end(), landed("a", "qa-results/x.md"))
    run = tries(run, 1, item())
    fix, why = fix_of(run, run.plan.package(QA), run.trials[-1])
    assert (fix, "landed a file" in why) == (None, True)


def test_what_landed_before_is_mended_within_its_scope() -> None:
    """Its files are not known; what it might write was approved."""
    package = runs.package("a", write=["a/**"])
    unknown = replace(runs.package("b"), scope=Scope())
    plan = with_qa(runs.plan(package, unknown), ("a", "b"), asked=True)
    run = tries(runs.started(plan, done=["a", "b"]), 1, item(paths=("a/deep/x.py",)))
    fix, why = fix_of(run, run.plan.package(QA), run.trials[-1])
    assert fix is not None, why
    assert (fix.scope.write, [edge.id for edge in fix.needs]) == (("a/**",), ["a"])


def test_qa_waits_for_a_person_with_what_mends_it() -> None:
    """A fix that failed is not waited for; one that asks is, and its answer frees both."""
    run = tries(begun(), 1, item())
    qa = own_of(run.plan)
    assert qa is not None
    fix, _ = fix_of(run, qa, run.trials[-1])
    assert fix is not None
    run = replace(run, plan=with_fix(run.plan, fix, QA))
    added = PackageAdded(package=fix.id, needed_by=QA, reason="r")
    run = runs.record(run, runs.end("qa", Verdict.REVISE), added, runs.begin(fix.id))
    compiled = compile_plan(run.plan)
    limits = Limits(max_agents=6, roster=Roster(seats=(Seat(provider="x"),)))
    failed = runs.record(run, runs.end(fix.id, Verdict.REJECT))
    assert decide(compiled, failed, limits) == (Start(package=QA),)
    asks = runs.record(run, runs.end(fix.id, Verdict.BLOCKED, question="may it?"))
    empty = runs.record(run, runs.end(fix.id, Verdict.BLOCKED, question="ok?", commit="c"))
    assert decide(compile_plan(run.plan), empty, limits) == (Start(package=QA),)
    (skip,) = decide(compile_plan(run.plan), asks, limits)
    assert isinstance(skip, Skip)
    asks = runs.record(asks, PackageSkipped(package=QA, reason=skip.reason, because=skip.because))
    assert conclude(asks).value == "blocked"
    wish = AnswerQuestion(question=fix.id, text="do it")
    order = carried_out(asks, build(run.plan), wish, who="Ada")
    assert isinstance(order, Order)
    freed = runs.record(asks, *order.events)
    assert freed.packages[QA].status is PackageStatus.PENDING


def test_a_fix_that_came_to_nothing_is_not_missed_once_qa_has_passed() -> None:
    """It would make a run partial that is whole."""
    run = tries(begun(), 1, item())
    qa = own_of(run.plan)
    assert qa is not None
    fix, _ = fix_of(run, qa, run.trials[-1])
    assert fix is not None
    run = replace(run, plan=with_fix(run.plan, fix, QA))
    run = runs.record(run, PackageAdded(package=fix.id, needed_by=QA, reason="r"))
    assert superseded(run, qa) == ()
    run = runs.record(run, runs.begin(fix.id), runs.end(fix.id, Verdict.REJECT))
    assert superseded(run, qa) == (fix.id,)


# -- what is told and asked --------------------------------------------------------------------


def test_reports_have_the_form_of_the_source() -> None:
    """One for each kind and try; what programs wrote is quoted."""
    details = "| a |\n# Heading\n<b>"
    bad = item(details=details, severity="high", target="add 1 2", name="adds | <b>")
    web = item(QaStatus.NOT_RUN, kind=QaKind.WEB, name="page /", reason="no browser")
    run = tries(tries(begun(), 1, bad, web), 2, item(QaStatus.PASSED, reason=""))
    found = reports(run, QA)
    assert list(found) == [
        "qa-report-cli-attempt-1.md",
        "qa-report-web-attempt-1.md",
        "qa-report-cli-attempt-2.md",
    ]
    text = found["qa-report-cli-attempt-1.md"]
    for line in (
        "**Feature:** p",
        "**Status:** FAIL",
        "**Attempt:** 1 of 3",
        "| adds \\| \\<b\\> | FAIL | why |",
        "- **Severity:** high",
        "> # Heading",
    ):
        assert line in text
    assert "**Status:** NOT RUN" in found["qa-report-web-attempt-1.md"]
    assert "- page /: no browser" in found["qa-report-web-attempt-1.md"]
    assert "**PASS**" in found["qa-report-cli-attempt-2.md"]


def test_a_count_that_begins_anew_leaves_earlier_tries_out() -> None:
    """A person has answered: what they saw is told."""
    run = tries(begun(), 1, item())
    again = QaPlanned(package=QA, attempt=2, epoch=2, commit="c" * 40, number=1, of=3)
    run = runs.record(run, runs.begin("qa", 2, 2), again)
    assert reports(run, QA) == {}
    assert len(run.trials) == 2


def test_a_try_that_was_cut_off_is_told_once() -> None:
    """It is made anew under the same number."""
    run = begun()
    of = {"package": QA, "attempt": 1, "commit": "c" * 40, "number": 1, "of": 3}
    run = runs.record(run, runs.begin("qa"), QaPlanned(**of, epoch=1), item())
    run = runs.record(run, runs.begin("qa", 1, 2), QaPlanned(**of, epoch=2))
    assert [each.planned.epoch for each in run.trials] == [2]
    assert run.trials[0].items == ()


def asked(run: Run) -> Run:
    """Three failures have been told to a person."""
    run = tries(run, 1, item())
    return runs.record(
        run, runs.end("qa", Verdict.BLOCKED, error_code="QA_FAILED", question="QA still fails")
    )


def test_a_person_is_asked_with_every_failure() -> None:
    """What failed, why, what was seen."""
    run = tries(begun(), 3, item(details="seen"), item(name="subtracts", reason="adds"))
    told = question(run.trials[-1], why="still fails after 3 attempts", reports=("r.md",))
    assert told.summary == "QA still fails after 3 attempts: adds, subtracts"
    assert ("seen" in told.details, "subtracts (cli): adds" in told.details) == (True, True)
    assert (told.requires_human, told.logs) == (True, ("r.md",))


def test_what_failed_may_be_accepted_or_tried_again() -> None:
    """Yes ends QA, no begins anew with the words; anything else is asked again."""
    run = asked(begun())

    def answers(text: str) -> Order | Refusal:
        wish = AnswerQuestion(question="qa", text=text)
        return carried_out(run, build(run.plan), wish, who="Ada")

    yes = answers("yes: good enough")
    assert isinstance(yes, Order)
    after = runs.record(run, *yes.events)
    assert after.packages[QA].status is PackageStatus.LANDED
    assert (yes.claims, after.packages[QA].reason) == (frozenset(), "accepted: yes: good enough")
    assert conclude(after).value == "succeeded"
    again = answers("no: the sign is wrong")
    assert isinstance(again, Order)
    state = runs.record(run, *again.events).packages[QA]
    assert (state.status, state.attempts_used) == (PackageStatus.PENDING, 0)
    assert state.answers[-1].text == "no: the sign is wrong"
    assert isinstance(answers("perhaps"), Refusal)


def test_qa_that_passed_is_over() -> None:
    """Without a landing, where there is nothing to land."""
    run = tries(begun(), 1, item(QaStatus.PASSED))
    run = runs.record(run, QaSettled(package=QA, reason="passed in attempt 1 of 3"))
    state = run.packages[QA]
    assert (state.status, state.commit) == (PackageStatus.LANDED, None)
    assert state.attempts[-1].outcome is Verdict.PASS
    assert conclude(run).value == "succeeded"


# -- another version of the plan ---------------------------------------------------------------


def test_a_run_keeps_its_qa_under_another_version_of_its_plan() -> None:
    """Behind the packages of the new one; and what is done anew is tried anew."""
    run = tries(begun(), 1, item(QaStatus.PASSED))
    run = runs.record(run, QaSettled(package=QA, reason="passed"))
    new: Plan = runs.plan(
        runs.package("a"), runs.package("b", "a", write=["other/**"]), runs.package("c", "b")
    )
    names = ("a", "b", "c")
    new = tried_still(run.plan, new, names)
    assert [edge.id for edge in new.package(QA).needs] == ["c"]
    revision = tried_again(compare(run, new, selected=names))
    assert {"b", "c", "qa"} <= {*revision.requeued, *revision.told.added}
    assert "qa" in revision.told.again
    same = tried_still(run.plan, runs.plan(runs.package("a"), runs.package("b", "a")), ("a", "b"))
    assert "qa" in tried_again(compare(run, same, selected=("a", "b"))).reused


def test_a_part_of_a_plan_is_not_tried_unless_that_is_asked() -> None:
    """A feature that is not whole need not work."""
    plan = replace(runs.plan(runs.package("a"), runs.package("b")), qa_results="qa-results")
    assert tried(plan, ("a",), Settings(), asked=False) == (plan, ("a",))
    assert tried(plan, ("a",), Settings(), asked=True)[1] == ("a", "qa")
    whole, packages = tried(plan, ("a", "b"), Settings(), asked=False)
    assert packages == ("a", "b", "qa")
    assert (whole.package(QA).optional, whole.package(QA).scope.write) == (True, ("qa-results/**",))
    done = replace(plan.packages[0], status=SourceStatus.DONE)
    rest = replace(plan, packages=(done, plan.packages[1]))
    assert tried(rest, ("b",), Settings(), asked=False)[1] == ("b", "qa")


# -- answers of QA agents ----------------------------------------------------------------------


def test_an_answer_is_read() -> None:
    """With all that it may hold."""
    told = {
        "name": "adds", "status": "failed", "reason": "no", "details": "d", "severity": "low",
        "target": "t", "files": ["a.py"],
    }  # fmt: skip
    first, second = read_answer({"qa": {"items": [told, {"name": "b", "status": "passed"}]}})
    assert (first.status, first.files, first.severity) == (QaStatus.FAILED, ("a.py",), "low")
    assert second.status is QaStatus.PASSED


@pytest.mark.parametrize(
    "outputs",
    [
        {},
        {"qa": "fine"},
        {"qa": {}},
        {"qa": {"items": []}},
        {"qa": {"items": ["fine"]}},
        {"qa": {"items": [{"status": "passed"}]}},
        {"qa": {"items": [{"name": "a", "status": "ok"}]}},
        {"qa": {"items": [{"name": "a", "status": "failed"}]}},
        {"qa": {"items": [{"name": "a", "status": "not_run"}]}},
        {"qa": {"items": [{"name": "a", "status": "passed", "verdict": "x"}]}},
        {"qa": {"items": [{"name": "a", "status": "passed", "severity": "grave"}]}},
        {"qa": {"items": [{"name": "a", "status": "passed", "files": "a.py"}]}},
        {"qa": {"items": [{"name": "a", "status": "passed", "reason": 7}]}},
        {"qa": {"items": [{"name": "a", "status": "passed"}] * 2}},
        {"qa": {"items": [{"name": str(n), "status": "passed"} for n in range(201)]}},
    ],
)
def test_an_answer_that_is_partly_wrong_counts_for_nothing(outputs) -> None:
    """Half of a report misleads."""
    with pytest.raises(BadAnswerError):
        read_answer(outputs)


def test_an_item_knows_whether_it_is_served() -> None:
    """A command line is not."""
    found = [QaItem(id="x", scenario=each).is_served for each in (CLI, GET)]
    assert found == [False, True]
