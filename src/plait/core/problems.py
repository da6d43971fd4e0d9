"""What a package could not settle alone: folded into its state, told in full to a person."""

from __future__ import annotations

from dataclasses import replace

from plait.core import event as events
from plait.core.escalation import WAITING, Consequence, Escalation, EscalationType, Raised, RaisedBy
from plait.core.package import PackageState


def problem_told(
    state: PackageState, event: events.EscalationRaised | events.EscalationSettled, at: float
) -> PackageState:
    """A package's state after one more event about an escalation of it."""
    match event:
        case events.EscalationRaised():
            raised = Raised(
                id=event.id,
                package=event.package,
                attempt=event.attempt,
                by=event.by,
                escalation=escalation_of(event),
                at=at,
            )
            others = tuple(each for each in state.escalations if each.id != raised.id)
            return replace(state, escalations=(*others, raised))
        case events.EscalationSettled():
            settled = tuple(
                replace(
                    each,
                    consequence=event.consequence,
                    reason=event.reason,
                    settled=event.consequence not in WAITING,
                )
                if each.id == event.id
                else each
                for each in state.escalations
            )
            apart = tuple(dict.fromkeys((*state.apart, *event.apart)))
            return replace(state, escalations=settled, apart=apart)


def escalation_of(event: events.EscalationRaised) -> Escalation:
    """The escalation that an event tells of."""
    return Escalation(
        type=event.kind,
        severity=event.severity,
        summary=event.summary,
        details=event.details,
        proposal=event.proposal,
        files=event.files,
        logs=event.logs,
        impacted=event.impacted,
        locks=event.locks,
        revision=event.revision,
        requires_human=event.requires_human,
        source_id=event.source_id,
    )


def closed(escalations: tuple[Raised, ...]) -> tuple[Raised, ...]:
    """All of them over: somebody has decided."""
    if all(each.settled for each in escalations):
        return escalations
    return tuple(replace(each, settled=True) for each in escalations)


def unsettled(state: PackageState) -> tuple[Raised, ...]:
    """What of a package waits for a person."""
    return tuple(each for each in state.escalations if not each.settled)


def full_context(
    escalation: Escalation, *, by: RaisedBy, attempt: int, kept_ref: str | None, logs: str
) -> str:
    """Everything a person needs in order to decide; the first line says what is the matter.

    Args:
        escalation: The problem.
        by: Who noticed it.
        attempt: The number of the attempt.
        kept_ref: The hidden ref that keeps what the agent did.
        logs: The folder of the attempt's logs.
    """
    who = "its agent" if by is RaisedBy.AGENT else "Plait"
    kind = "" if escalation.type is EscalationType.UNKNOWN else f" {escalation.type}"
    lines = [
        escalation.summary,
        "",
        f"Raised by {who} in attempt {attempt}:{kind} {escalation.severity}.",
    ]
    if escalation.details and escalation.details != escalation.summary:
        lines += ["", escalation.details]
    if escalation.proposal:
        lines += ["", f"It proposes: {escalation.proposal}"]
    about = (
        ("Files", escalation.files),
        ("Logs", escalation.logs),
        ("It concerns", escalation.impacted),
        ("Lock keys", escalation.locks),
    )
    lines += [f"{name}: {', '.join(values)}" for name, values in about if values]
    if kept_ref:
        lines.append(f"What the agent did is kept: git log -p -1 {kept_ref}")
    lines.append(f"Logs of the attempt: .plait/{logs}")
    return "\n".join(lines)


def ways_on(
    raised: Raised, *, run: str, plan: str, held: bool = False
) -> tuple[tuple[str, str], ...]:
    """What a person can do about it: commands, and what each does.

    Args:
        raised: An escalation that waits.
        run: The run's id.
        plan: How to name the plan in a command.
        held: Its work is done, and waits to be accepted.
    """
    package = raised.package
    revise = (
        f"plait resume {run} --plan {plan}",
        "after the plan or a contract was edited: runs this package and what the edit changed, "
        "and reuses the rest",
    )
    answer = (
        f'plait answer {run} {package} "TEXT"',
        "starts the package again with your answer in its brief",
    )
    retry = (f"plait retry {run} {package}", "starts the package again as it is")
    skip = (
        f"plait skip {run} {package}",
        "goes on without the package; what needs it runs all the same",
    )
    if held:
        accept = (
            f"plait answer {run} {package} yes",
            "accepts the work as it is: it goes on to land",
        )
        back = (
            f'plait answer {run} {package} "no: WHY"',
            "starts the package again with your words in its brief",
        )
        return (accept, back, skip)
    if raised.consequence is Consequence.REVISE:
        return (revise, answer, skip)
    if raised.escalation.type is EscalationType.VERIFICATION_INFEASIBLE:
        return (retry, revise, skip)
    return (answer, retry, skip)
