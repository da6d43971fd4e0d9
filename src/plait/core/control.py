"""What the owner of a run asks for, and what follows from it.

A request is a row; whoever decides the run carries it out (there is one such process, so no two
ever decide). `carried_out` says what a request comes to in a run as it stands: which attempts
must be ended first, and which events tell the rest. A refusal changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from plait.core import answers
from plait.core.acceptance import accepted, sent_back
from plait.core.answers import ACCEPTS, NO, YES, first_word, told_again, told_by, told_ended
from plait.core.codec import decode, encode
from plait.core.event import (
    Event,
    GatePassed,
    GateRefused,
    IntegrationReopened,
    LimitsChanged,
    PackageCancelled,
    PackageRequeued,
    PackageSkipped,
    QuestionAnswered,
    RunCancelled,
    RunPaused,
    RunUnpaused,
)
from plait.core.graph import Graph
from plait.core.integration import NAME as WHOLE, decided_by
from plait.core.package import ACTIVE, SATISFIED, PackageState, PackageStatus
from plait.core.plan import PackageId, PackageKind
from plait.core.run import Halt, Run

_GATES = frozenset({PackageKind.GATE, PackageKind.CHECKPOINT})
_AGAIN = frozenset({PackageStatus.FAILED, PackageStatus.CANCELLED, PackageStatus.BLOCKED})
_WORKING = ACTIVE - {PackageStatus.VERIFIED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Start nothing more; what is under way is finished, or (`at_once`) ended and kept."""

    at_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpause:
    """Lift a pause before the run has come to rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAll:
    """End the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelPackage:
    """It and what depends on it do not run."""

    package: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Start it again with a new retry budget; without a package, all that failed."""

    package: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipPackage:
    """Go on without it; without a package, without all that failed or are blocked."""

    package: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerQuestion:
    """Tell what a package asked, and start it again; or let a gate pass or not."""

    question: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLimits:
    """Let the run use more or less from now on."""

    max_agents: int | None = None
    budget_usd: float | None = None


Wish = (
    Pause
    | Unpause
    | CancelAll
    | CancelPackage
    | Retry
    | SkipPackage
    | AnswerQuestion
    | ChangeLimits
)

WISHES: Mapping[str, type[Wish]] = {
    "pause": Pause,
    "unpause": Unpause,
    "cancel": CancelAll,
    "cancel_package": CancelPackage,
    "retry": Retry,
    "skip": SkipPackage,
    "answer": AnswerQuestion,
    "limits": ChangeLimits,
}
NAMES: Mapping[type[Wish], str] = {kind: name for name, kind in WISHES.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What follows from a request: attempts to end first, then events; `told` is the answer.

    `claims` are to be claimed before: the events are told under that claim, once it is known.
    """

    told: str
    ends: frozenset[PackageId] = frozenset()
    claims: frozenset[PackageId] = frozenset()
    events: tuple[Event, ...] = ()
    targets: frozenset[PackageId] = frozenset()  # whose attempts have to end, if they have any


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request is not carried out."""

    code: str
    message: str
    hint: str = ""


def to_data(wish: Wish) -> dict[str, object]:
    """A request's fields as JSON values."""
    data: dict[str, object] = encode(wish)
    return data


def from_data(kind: str, data: Mapping[str, object]) -> Wish:
    """The request of that kind. Raises KeyError if there is none such."""
    return decode(WISHES[kind], data)


def carried_out(
    run: Run, graph: Graph, wish: Wish, *, who: str, starting: frozenset[PackageId] = frozenset()
) -> Order | Refusal:
    """What a request comes to in a run as it stands. Pure.

    Args:
        run: The run.
        graph: Its plan's graph.
        wish: What is asked for.
        who: Who asks.
        starting: Packages whose attempt has been ordered but not yet begun.
    """
    order = _order(run, graph, wish, who)
    if isinstance(order, Refusal) or not order.targets & starting:
        return order
    return replace(order, ends=order.ends | (order.targets & starting))


def _order(run: Run, graph: Graph, wish: Wish, who: str) -> Order | Refusal:
    match wish:
        case Pause(at_once=at_once):
            return _pause(run, who, at_once=at_once)
        case Unpause():
            if run.halt is not Halt.DRAIN:
                return Refusal(code="NOT_PAUSED", message="the run is not being paused")
            return Order(told="the pause is lifted", events=(RunUnpaused(who=who),))
        case CancelAll():
            if run.halt is Halt.CANCEL:
                return Order(told="the run is being cancelled already")
            working = frozenset(state.id for state in run.with_status(*_WORKING))
            return Order(
                told=f"the run is cancelled{told_ended(len(working))}",
                ends=working,
                events=(RunCancelled(who=who),),
                targets=frozenset(run.packages),
            )
        case ChangeLimits():
            changed = LimitsChanged(who=who, max_agents=wish.max_agents, budget_usd=wish.budget_usd)
            return Order(
                told=answers.told_limits(max_agents=wish.max_agents, budget_usd=wish.budget_usd),
                events=(changed,),
            )
        case AnswerQuestion():
            return _answer(run, graph, wish, who)
        case Retry(package=None | "integration") if run.whole.asks and _of_whole(run, wish.package):
            reopened = IntegrationReopened(reason="retry", who=who)
            return Order(told="the branch is judged as a whole again", events=(reopened,))
        case Retry(package=None):
            found = [state for state in run.packages.values() if state.status in _AGAIN]
            return _retry(run, graph, found, who)
        case SkipPackage(package=None):
            found = [state for state in run.packages.values() if state.status in _AGAIN]
            return _skip(run, graph, found, who)
        case CancelPackage(package=str(name)) | Retry(package=name) | SkipPackage(package=name):
            state = _package(run, name or "")
            if isinstance(state, Refusal):
                return state
            if state.status in SATISFIED:
                return Refusal(code="ALREADY_DONE", message=f"{state.id} is done: {state.status}")
            if isinstance(wish, CancelPackage):
                return _cancel(state, who)
            again = _retry if isinstance(wish, Retry) else _skip
            return again(run, graph, [state], who)


def _pause(run: Run, who: str, *, at_once: bool) -> Order | Refusal:
    if run.halt is Halt.CANCEL:
        return Refusal(code="RUN_CANCELLED", message="the run is being cancelled")
    if run.halt is Halt.NOW or (run.halt is Halt.DRAIN and not at_once):
        return Order(told="the run is being paused already")
    working = frozenset(state.id for state in run.with_status(*_WORKING))
    events = (RunPaused(who=who, at_once=at_once),)
    if at_once:
        told = f"the run is paused{told_ended(len(working))}"
        return Order(told=told, ends=working, events=events, targets=frozenset(run.packages))
    left = (
        f"; {answers.told_packages(len(working))} under way will be finished first"
        if working
        else ""
    )
    return Order(told=f"nothing more starts{left}", events=events)


def _cancel(state: PackageState, who: str) -> Order:
    if state.status is PackageStatus.CANCELLED:
        return Order(told=f"{state.id} is cancelled already")
    ended = PackageCancelled(package=state.id, reason=f"cancelled{told_by(who)}")
    return Order(
        told=f"{state.id} is cancelled",
        ends=_at_work(state),
        events=(ended,),
        targets=frozenset({state.id}),
    )


def _retry(run: Run, graph: Graph, states: Sequence[PackageState], who: str) -> Order | Refusal:
    again = [each for each in states if each.attempts or each.status is not PackageStatus.PENDING]
    if not again:
        why = f"{states[0].id} has not begun yet" if states else "no package failed or is blocked"
        return Order(told=f"nothing is to be tried again: {why}")
    ends = frozenset[PackageId]().union(*map(_at_work, again))
    names = [state.id for state in again]
    events = [PackageRequeued(package=each, reason="retry", who=who) for each in names]
    freed = _set_free(run, graph, names)
    return Order(
        told=told_again(names, freed),
        ends=ends,
        events=(*events, *_requeued(freed, who)),
        targets=frozenset(names),
    )


def _skip(run: Run, graph: Graph, states: Iterable[PackageState], who: str) -> Order | Refusal:
    gone = [state for state in states if not state.benign]
    if not gone:
        return Order(told="nothing is to be skipped: no package failed or is blocked")
    ends = frozenset[PackageId]().union(*map(_at_work, gone))
    names = [state.id for state in gone]
    reason = f"skipped{told_by(who)}"
    events = [PackageSkipped(package=each, reason=reason, benign=True) for each in names]
    freed = _set_free(run, graph, names)
    told = f"the run goes on without {', '.join(names)}"
    return Order(
        told=told,
        ends=ends,
        events=(*events, *_requeued(freed, who)),
        targets=frozenset(names),
    )


def _answer(run: Run, graph: Graph, wish: AnswerQuestion, who: str) -> Order | Refusal:
    if run.whole.asks and wish.question == WHOLE and _of_whole(run, wish.question):
        return _answer_whole(run, wish, who)
    state = _asking(run, wish.question)
    if isinstance(state, Refusal) or state.status is not PackageStatus.BLOCKED:
        open_ones = [each.id for each in run.with_status(PackageStatus.BLOCKED)]
        open_ones += [WHOLE] if run.whole.asks else []
        hint = f"open questions: {', '.join(open_ones)}" if open_ones else "no question is open"
        message = f"there is no open question {wish.question!r}"
        return Refusal(code="NO_SUCH_QUESTION", message=message, hint=hint)
    if not wish.text.strip():
        return Refusal(code="BAD_ANSWER", message="the answer is empty")
    question = state.question or state.reason
    answered = QuestionAnswered(package=state.id, question=question, answer=wish.text, who=who)
    freed = _requeued(_set_free(run, graph, [state.id]), who)
    if state.held is not None or run.plan.package(state.id).own:
        order = _judge(run, state, wish, who)
        if isinstance(order, Refusal):
            return order
        return replace(order, events=(answered, *order.events, *freed))
    if run.plan.package(state.id).kind in _GATES:
        word = first_word(wish.text)
        if word in YES:
            passed = GatePassed(package=state.id, reason=f"passed{told_by(who)}: {wish.text}")
            return Order(told=f"{state.id} passes", events=(answered, passed, *freed))
        if word in NO:
            failed = GateRefused(package=state.id, reason=wish.text, who=who)
            return Order(told=f"{state.id} does not pass", events=(answered, failed))
        return Refusal(
            code="BAD_ANSWER",
            message=f"{state.id} is a gate: does it pass?",
            hint="begin the answer with yes or no",
        )
    again = PackageRequeued(package=state.id, reason="answered", who=who)
    return Order(told=f"{state.id} starts again with it", events=(answered, again, *freed))


def _answer_whole(run: Run, wish: AnswerQuestion, who: str) -> Order | Refusal:
    """What follows from an answer about the branch as a whole."""
    decided = decided_by(run, wish.text, who)
    if decided is not None:
        return Order(told=answers.told_decided(decided), events=(decided,))
    return Refusal(
        code="BAD_ANSWER",
        message="the branch as a whole does not pass: may it stay as it is?",
        hint="begin the answer with yes or no",
    )


def _of_whole(run: Run, name: str | None) -> bool:
    """Whether the run's branch is meant, and no package that is called like its gate."""
    return name is None or PackageId(name) not in run.packages


def _judge(run: Run, state: PackageState, wish: AnswerQuestion, who: str) -> Order | Refusal:
    """What follows from an answer about work that is held."""
    package, word = run.plan.package(state.id), first_word(wish.text)
    if word in ACCEPTS:
        return Order(
            told=f"the work of {state.id} is accepted and goes on to land",
            claims=frozenset({state.id} if state.held else ()),
            events=accepted(state, package, reason=wish.text, who=who),
        )
    if word in NO:
        back = sent_back(state, package, who=who)
        return Order(told=f"{state.id} starts again with it", events=back)
    message = f"the work of {state.id} is held: may it land as it is?"
    return Refusal(code="BAD_ANSWER", message=message, hint="begin the answer with yes or no")


def _asking(run: Run, name: str) -> PackageState | Refusal:
    """The package that is named, or whose escalation is."""
    for state in run.with_status(PackageStatus.BLOCKED):
        if any(each.id == name and not each.settled for each in state.escalations):
            return state
    return _package(run, name)


def _package(run: Run, name: str) -> PackageState | Refusal:
    """The package of that id, or whose id in the source it is."""
    state = run.packages.get(PackageId(name))
    if state is not None:
        return state
    same = [each.id for each in run.plan.packages if each.source_id == name]
    found = [known for each in same if (known := run.packages.get(each)) is not None]
    if len(found) == 1:
        return found[0]
    hint = f"which one: {', '.join(same)}" if found else "`plait status` lists them"
    return Refusal(code="NO_SUCH_PACKAGE", message=f"the run has no package {name!r}", hint=hint)


def _set_free(run: Run, graph: Graph, names: Iterable[PackageId]) -> list[PackageId]:
    """What was skipped for want of these, and of what hangs on it, in the plan's order."""
    found: set[PackageId] = set()
    queue = list(names)
    while queue:
        for each in graph.dependents.get(queue.pop(), ()):
            state = run.packages.get(each)
            lost = state is not None and state.status is PackageStatus.SKIPPED
            if lost and state is not None and not state.benign and each not in found:
                found.add(each)
                queue.append(each)
    if run.plan.phased:  # a block holds back later phases, also what does not depend on it
        found |= {state.id for state in run.with_status(PackageStatus.SKIPPED) if not state.benign}
    return [state.id for state in run.packages.values() if state.id in found] if found else []


def _requeued(freed: Iterable[PackageId], who: str) -> tuple[PackageRequeued, ...]:
    reason = "what it needs goes on"
    return tuple(PackageRequeued(package=each, reason=reason, who=who) for each in freed)


def _at_work(state: PackageState) -> frozenset[PackageId]:
    return frozenset({state.id} if state.status in _WORKING else ())
