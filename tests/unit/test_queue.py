"""Which candidate lands next, and what must pass on its merge result."""

from __future__ import annotations

from tests.fakes.runs import package, plan, record, started
from tests.unit.test_schedule import begin, end, landed

from plait.core.plan import Check, CheckKind, PackageId
from plait.core.queue import candidates, landing_checks, package_checks
from plait.core.run import Run
from plait.core.schedule import Compiled, compile_plan

UNIT = Check(name="unit", command="make test")
LINT = Check(name="lint", command="make lint")
BY_HAND = Check(name="look", kind=CheckKind.MANUAL, instructions="look at it")


def test_the_candidate_that_frees_the_longest_chain_lands_first() -> None:
    """The order of verification does not matter, the critical path does."""
    run = started(plan(package("a"), package("b"), package("c", "b")))
    run = record(run, begin("a"), end("a"), begin("b"), end("b"))
    assert [each.id for each in candidates(compile_plan(run.plan), run)] == ["b", "a"]


def test_without_candidates_nothing_lands() -> None:
    """Running packages are no candidates."""
    run = record(started(plan(package("a"))), begin("a"))
    assert candidates(compile_plan(run.plan), run) == []


def test_default_checks_are_for_packages_without_command_checks() -> None:
    """A manual step is not something Plait can run, so the default applies beside it."""
    compiled = compile_plan(plan(package("a", checks=(UNIT,)), package("b", checks=(BY_HAND,))))
    assert package_checks(compiled, PackageId("a"), [LINT]) == (UNIT,)
    assert package_checks(compiled, PackageId("b"), [LINT]) == (LINT,)


def test_a_merge_result_must_pass_everything_that_landed_before_once() -> None:
    """The candidate's checks, then the landed packages', then the repository's; no repeats."""
    own = Check(name="own", command="true")
    elsewhere = Check(name="unit", command="make test", cwd="sub")
    repository = Check(name="all", command="make all")
    run = started(
        plan(
            package("a", checks=(UNIT,)),
            package("b", checks=(UNIT, elsewhere)),
            package("c", checks=(own, UNIT)),
            package("d", checks=(LINT,)),
        )
    )
    run = record(run, *(e for n in "ab" for e in (begin(n), end(n), landed(n))))
    run = record(run, begin("c"), end("c"), begin("d"))
    checks = landing_checks(
        compile_plan(run.plan), run, [PackageId("c")], defaults=(), repository=[repository, UNIT]
    )
    assert [(each.owner, each.check) for each in checks] == [
        ("c", own),
        ("c", UNIT),
        ("b", elsewhere),
        (None, repository),
    ]


def test_what_is_remembered_of_landings_changes_nothing() -> None:
    """Landing by landing the same checks as if asked for the first time; another run, its own."""
    names = "abcd"
    drawn = plan(*(package(n, checks=(Check(name=n, command=n),)) for n in names))
    compiled, run = compile_plan(drawn), started(drawn)

    def asked(with_plan: Compiled, of: Run, name: str) -> list[str]:
        checks = landing_checks(with_plan, of, [PackageId(name)], defaults=(UNIT,), repository=())
        return [each.check.name for each in checks]

    for name in "bad":
        run = record(run, begin(name), end(name))
        assert asked(compiled, run, name) == asked(compile_plan(drawn), run, name)
        run = record(run, landed(name))
    assert asked(compiled, run, "c") == ["c", "b", "a", "d"]
    assert asked(compiled, started(drawn), "c") == ["c"]
