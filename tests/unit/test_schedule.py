"""What starts now, who never will, when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from hypothesis import given, strategies as st
from tests.fakes.runs import package, plan, record, started

from plait.core import lock_keys
from plait.core.ahead import fallen, ground, unlanded
from plait.core.event import (
    AgentEnded,
    AgentStatus,
    AttemptEnded,
    AttemptLost,
    AttemptStarted,
    Event,
    GateAsked,
    GatePassed,
    Landed,
    LandingRefused,
    LandingStarted,
    LimitReached,
    PackageCancelled,
    PackageSkipped,
    RunLimit,
    Verdict,
)
from plait.core.package import PackageState
from plait.core.plan import Confidence, PackageId, PackageKind, Plan, Scope, SourceStatus
from plait.core.run import ACTIVE, ENDED, PackageStatus, Run, verdict_after_failure
from plait.core.schedule import (
    Ask,
    Cancel,
    Compiled,
    Finish,
    GatePolicy,
    Limits,
    PassGate,
    Skip,
    Start,
    StartDependents,
    UnknownScope,
    Wait,
    compile_plan,
    decide,
)
from plait.core.starts import QUEUE_PER_AGENT


def starts(run: Run, limits: Limits | None = None, **more: object) -> list[str]:
    """The packages that start now, in order."""
    actions = decide(compile_plan(run.plan), run, limits or Limits(), **more)
    return [each.package for each in actions if isinstance(each, Start)]


def begin(
    name: str, epoch: int = 1, attempt: int = 1, built_on: Mapping[PackageId, int] | None = None
) -> AttemptStarted:
    return AttemptStarted(
        package=PackageId(name),
        attempt=attempt,
        epoch=epoch,
        agent="a",
        worktree="w",
        base="0",
        directory="d",
        setup_s=0.0,
        built_on=tuple(built_on or {}),
        built_on_epochs=tuple((built_on or {}).values()),
    )


def end(name: str, verdict: Verdict = Verdict.PASS, epoch: int = 1, attempt: int = 1) -> Event:
    return AttemptEnded(
        package=PackageId(name), attempt=attempt, epoch=epoch, verdict=verdict, commit="c"
    )


def landed(name: str, epoch: int = 1) -> Landed:
    return Landed(
        package=PackageId(name), attempt=1, epoch=epoch, commit=f"c-{name}", tree="t", files=()
    )


def test_what_needs_nothing_starts_and_the_rest_waits() -> None:
    """Only packages whose needs have landed are ready."""
    run = started(plan(package("a"), package("b", "a"), package("c")))
    assert starts(run) == ["a", "c"]
    run = record(run, begin("a"), end("a"), landed("a"))
    assert "b" in starts(run)


def test_a_verified_need_is_not_enough() -> None:
    """A dependent starts from a tree that holds what it needs, so the need must have landed."""
    run = started(plan(package("a"), package("b", "a")))
    assert starts(record(run, begin("a"), end("a"))) == []


def test_a_verified_need_is_enough_where_the_owner_says_so() -> None:
    """But not for what judges the whole, nor beside a candidate that holds a key of its own."""
    ahead = Limits(start_dependents=StartDependents.VERIFIED)
    chain = plan(
        package("a", keys=["db:x"]),
        package("b", "a", write=["src/a/**"]),
        package("c", "a", keys=["db:x"]),
        package("all", "a", kind=PackageKind.INTEGRATE),
    )
    run = record(started(chain), begin("a"))
    assert starts(run, ahead) == []
    run = record(run, end("a"))
    assert starts(run, ahead) == ["b"]
    run = record(run, begin("b", built_on={PackageId("a"): 1}), end("b"))
    assert unlanded(run.packages, run.packages[PackageId("b")]) == {"a"}
    refused = LandingRefused(
        package=PackageId("a"),
        attempt=1,
        epoch=1,
        verdict=Verdict.REVISE,
        error_code="X",
        reason="r",
    )
    assert fallen(record(run, refused).packages, run.packages[PackageId("b")]) == "a"
    run = record(run, landed("a"))
    assert unlanded(run.packages, run.packages[PackageId("b")]) == frozenset()
    assert fallen(run.packages, run.packages[PackageId("b")]) is None


def test_the_longest_chain_goes_first() -> None:
    """With one agent the package on the critical path starts before the others."""
    run = started(plan(package("short"), package("head"), package("tail", "head")))
    assert starts(run, Limits(max_agents=1)) == ["head"]


def test_a_conflicting_package_is_passed_over_not_waited_for() -> None:
    """Backfill: the next free package starts although one before it must wait."""
    run = started(
        plan(
            package("a", keys=["k"]),
            package("b", keys=["k"]),
            package("c"),
        )
    )
    run = record(run, begin("a"))
    assert starts(run, Limits(max_agents=2)) == ["c"]


def test_overlapping_scopes_wait_until_the_other_has_landed() -> None:
    """A verified package still holds its paths; they are free once it has landed."""
    run = started(plan(package("a", write=["x/*"]), package("b", write=["x/y"])))
    run = record(run, begin("a"), end("a"))
    assert starts(run) == []
    assert starts(record(run, landed("a"))) == ["b"]


def test_agents_at_work_are_bounded_and_those_being_checked_do_not_count() -> None:
    """`max_agents` bounds agents; verification frees the slot."""
    run = started(plan(*(package(name) for name in "abc")))
    run = record(run, begin("a"))
    assert starts(run, Limits(max_agents=1)) == []
    done = AgentEnded(
        package=PackageId("a"),
        attempt=1,
        epoch=1,
        status=AgentStatus.COMPLETED,
        exit_code=0,
        duration_s=1.0,
    )
    assert starts(record(run, done), Limits(max_agents=1)) == ["b"]


def test_candidates_that_wait_to_land_are_bounded() -> None:
    """Where agents outrun the landings nothing more starts until one has landed."""
    names = [f"p{number}" for number in range(QUEUE_PER_AGENT + 1)]
    run = started(plan(*map(package, names)))
    for name in names[:-1]:
        run = record(run, begin(name), end(name))
    assert starts(run, Limits(max_agents=1)) == []
    assert starts(record(run, landed("p0")), Limits(max_agents=1)) == names[-1:]


def test_what_was_ordered_but_not_yet_claimed_counts() -> None:
    """`starting` packages hold their slot, their scope and their locks."""
    run = started(plan(package("a", keys=["k"]), package("b", keys=["k"]), package("c")))
    assert starts(run, starting=frozenset({PackageId("a")})) == ["c"]


def test_a_lock_key_holds_back_all_that_it_claims() -> None:
    """Another spelling of the key, or a key that a star covers, waits; a stranger starts."""
    waiting = [package("b", keys=["api:get /v1//u/{x}"]), package("c", keys=["api:GET /v1/u"])]
    run = started(plan(package("a", keys=["api:* /v1/u/{id}"]), *waiting))
    assert starts(run, starting=frozenset({PackageId("a")})) == ["c"]


def test_dependents_of_the_failed_are_skipped_all_the_way() -> None:
    """One decision skips the whole cone, naming what stands in the way."""
    run = started(plan(package("a"), package("b", "a"), package("c", "b"), package("d")))
    run = record(run, begin("a"), end("a", Verdict.REJECT))
    actions = decide(compile_plan(run.plan), run, Limits())
    skipped = [each for each in actions if isinstance(each, Skip)]
    assert [each.package for each in skipped] == ["b", "c"]
    assert skipped[0].because == ("a",)
    assert "a (failed)" in skipped[0].reason
    assert Start(package=PackageId("d")) in actions


def test_fail_fast_cancels_what_has_not_begun() -> None:
    """After a failure nothing more starts; what runs is left to finish."""
    run = started(plan(package("a"), package("b"), package("c", "b")))
    run = record(run, begin("a"), begin("b"), end("a", Verdict.REJECT))
    actions = decide(compile_plan(run.plan), run, Limits(fail_fast=True))
    assert [each.package for each in actions if isinstance(each, Cancel)] == ["c"]


def test_stop_on_critical_looks_at_the_critical_path_only() -> None:
    """A failure beside the critical path stops nothing."""
    limits = Limits(stop_on_critical=True)
    run = started(plan(package("side"), package("x"), package("y", "x"), package("z")))
    beside = record(run, begin("side"), end("side", Verdict.REJECT))
    assert starts(beside, limits)
    on_path = record(run, begin("x"), end("x", Verdict.REJECT))
    assert starts(on_path, limits) == []


def test_a_gate_passes_by_the_checks_of_what_it_guards() -> None:
    """Without a reviewer it passes once its needs have landed, and says that nobody reviewed."""
    gate = package("CR", "a", kind=PackageKind.GATE, guards=(PackageId("a"),))
    run = record(started(plan(package("a"), gate)), begin("a"), end("a"), landed("a"))
    (action,) = decide(compile_plan(run.plan), run, Limits())
    assert isinstance(action, PassGate)
    assert "not reviewed" in action.reason
    (asked,) = decide(compile_plan(run.plan), run, Limits(gates=GatePolicy.ASK))
    assert isinstance(asked, Ask)


def test_conditional_rework_is_skipped_without_blame() -> None:
    """A package the source marks as conditional does not run and spoils nothing."""
    rework = package("RW", kind=PackageKind.FIX, status=SourceStatus.SKIPPED)
    run = started(plan(rework, package("b", "RW")))
    actions = decide(compile_plan(run.plan), run, Limits())
    assert (
        Skip(
            package=PackageId("RW"),
            reason="conditional: it runs only if its gate fails",
            benign=True,
        )
        in actions
    )
    assert Start(package=PackageId("b")) in actions


def test_unknown_scopes_run_beside_others_only_where_the_source_says_so() -> None:
    """The policy `declared`: parallel only where both are marked; `shared` and `serial` differ."""
    unknown: dict[str, Any] = {"scope": Scope(confidence=Confidence.UNKNOWN)}
    marked = plan(package("a", parallel=True, **unknown), package("b", parallel=True, **unknown))
    bare = plan(package("a", **unknown), package("b", **unknown))
    assert starts(started(marked)) == ["a", "b"]
    assert starts(started(bare)) == ["a"]
    assert starts(started(bare), Limits(unknown_scope=UnknownScope.SHARED)) == ["a", "b"]
    assert starts(started(marked), Limits(unknown_scope=UnknownScope.SERIAL)) == ["a"]


def test_it_is_over_when_everything_has_ended() -> None:
    """Finish comes when nothing is active and nothing can start, and not before."""
    run = record(started(plan(package("a"))), begin("a"))
    assert decide(compile_plan(run.plan), run, Limits()) == ()
    run = record(run, end("a"), landed("a"))
    assert decide(compile_plan(run.plan), run, Limits()) == (Finish(),)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Plans of up to eight packages with random needs, paths and keys."""
    count = draw(st.integers(1, 8))
    names = [f"p{index}" for index in range(count)]
    paths = st.sampled_from(["src/*", "src/a", "lib/**", "lib/b/*", "doc/x"])
    return plan(
        *(
            package(
                name,
                *draw(
                    st.sets(st.sampled_from(names[:index]), max_size=3) if index else st.just(set())
                ),
                write=draw(st.lists(paths, min_size=1, max_size=2)),
                keys=draw(st.lists(st.sampled_from("kl"), max_size=1)),
                retry_budget=draw(st.integers(0, 1)),
            )
            for index, name in enumerate(names)
        )
    )


def step(draw: Any, compiled: Compiled, run: Run) -> Run:
    """Let one active package move on in some way it can; what was built on the fallen is lost."""
    state = draw(
        st.sampled_from(
            [
                each
                for each in run.with_status(*ACTIVE)
                if each.status is not PackageStatus.VERIFIED or not unlanded(run.packages, each)
            ]
        )
    )
    run = moved(draw, compiled, run, state)
    while gone := [each for each in run.with_status(*ACTIVE) if fallen(run.packages, each)]:
        last = gone[0].attempts[-1]
        run = record(
            run,
            AttemptLost(package=gone[0].id, attempt=last.number, epoch=last.epoch, reason="r"),
        )
    return run


def moved(draw: Any, compiled: Compiled, run: Run, state: PackageState) -> Run:
    """One package a step further."""
    name, epoch, number = state.id, state.epoch, state.attempts[-1].number
    if state.status is PackageStatus.RUNNING:
        failed = verdict_after_failure(state, compiled.packages[name].retry_budget)
        verdict = draw(st.sampled_from([Verdict.PASS, Verdict.PASS, failed, Verdict.BLOCKED]))
        return record(run, end(name, verdict, epoch, number))
    if state.status is PackageStatus.VERIFIED:
        return record(run, LandingStarted(package=name, attempt=number, epoch=epoch, onto="h"))
    if draw(st.booleans()):
        return record(run, landed(name, epoch))
    verdict = verdict_after_failure(state, compiled.packages[name].retry_budget)
    refused = LandingRefused(
        package=name, attempt=number, epoch=epoch, verdict=verdict, error_code="X", reason="r"
    )
    return record(run, refused)


def carry_out(compiled: Compiled, run: Run, limits: Limits) -> tuple[Run, bool]:
    """Do what is decided; whether the run is over."""
    for action in decide(compiled, run, limits):
        match action:
            case Start(package=name):
                state = run.packages[name]
                below = ground(compiled.graph, run.packages, name)
                if limits.start_dependents is StartDependents.LANDED:
                    assert not below
                built_on = {each.id: each.attempts[-1].epoch for each in below}
                run = record(run, begin(name, state.epoch + 1, state.next_attempt, built_on))
            case Skip(package=name, reason=reason, because=because, benign=benign):
                run = record(
                    run, PackageSkipped(package=name, reason=reason, because=because, benign=benign)
                )
            case PassGate(package=name, reason=reason):
                run = record(run, GatePassed(package=name, reason=reason))
            case Ask(package=name, question=question):
                run = record(run, GateAsked(package=name, question=question))
            case Cancel(package=name, reason=reason):
                run = record(run, PackageCancelled(package=name, reason=reason))
            case Wait():
                raise AssertionError("without a clock nothing waits")
            case Finish():
                return run, True
    return run, False


@given(st.data(), plans(), st.integers(1, 4), st.booleans(), st.sampled_from(list(StartDependents)))
def test_safety_holds_in_every_history(
    data: st.DataObject, drawn: Plan, max_agents: int, fail_fast: bool, when: StartDependents
) -> None:
    """No two active packages share a path or a key, and every history comes to an end.

    Nor are more agents at work than allowed, nor does one start before its needs have landed, or
    are in the tree it begins on: with these it may share paths, but no key. And what is
    remembered between decisions changes none of them.
    """
    compiled, run = compile_plan(drawn), started(drawn)
    limits = Limits(max_agents=max_agents, fail_fast=fail_fast, start_dependents=when)
    for _ in range(200):
        anew = decide(compile_plan(drawn), run, limits)
        assert decide(compiled, run, limits) == anew
        for starting in (frozenset({each}) for each in run.packages):
            anew = decide(compile_plan(drawn), run, limits, starting=starting)
            assert decide(compiled, run, limits, starting=starting) == anew
        run, over = carry_out(compiled, run, limits)
        assert len(run.with_status(PackageStatus.RUNNING)) <= max_agents
        for one, other in combinations(run.with_status(*ACTIVE), 2):
            if {one.id, other.id} & {*one.attempts[-1].built_on, *other.attempts[-1].built_on}:
                keys = [compiled.packages[each.id].locks.keys for each in (one, other)]
                assert lock_keys.shared(*keys) is None
            else:
                assert not compiled.conflict(one.id, other.id, limits.unknown_scope)
        for state in run.with_status(*ACTIVE):
            below = state.attempts[-1].built_on
            assert fallen(run.packages, state) is None
            assert all(
                run.packages[edge.id].status is PackageStatus.LANDED or edge.id in below
                for edge in compiled.packages[state.id].needs
            )
        if over:
            break
        if not run.with_status(*ACTIVE):
            continue  # skips alone: the next decision tells what follows from them
        run = step(data.draw, compiled, run)
    assert over
    assert all(state.status in ENDED for state in run.packages.values())


def test_a_run_does_not_wait_for_what_was_cancelled_or_may_not_start() -> None:
    """What somebody outside the run holds is waited for only while it is to start here."""
    run = started(plan(package("a", keys=["db:x"]), package("b")))
    run = record(run, PackageCancelled(package=PackageId("b"), reason="cancelled"))
    compiled, waiting = compile_plan(run.plan), frozenset({PackageId("a")})
    assert decide(compiled, run, Limits(), waiting=waiting) == ()
    gone = record(run, PackageCancelled(package=PackageId("a"), reason="cancelled"))
    assert decide(compiled, gone, Limits(), waiting=waiting) == (Finish(),)
    spent = record(run, LimitReached(limit=RunLimit.BUDGET, reason="spent"))
    assert decide(compiled, spent, Limits(), waiting=waiting) == (Finish(),)
