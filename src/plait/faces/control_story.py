"""What the owner of a run ordered, in words."""

from __future__ import annotations

from plait.core.event import (
    GateRefused,
    LimitsChanged,
    PackageRequeued,
    QuestionAnswered,
    RunCancelled,
    RunPaused,
    RunUnpaused,
)
from plait.faces.text import clean, count

ControlEvent = (
    RunPaused
    | RunUnpaused
    | RunCancelled
    | LimitsChanged
    | PackageRequeued
    | QuestionAnswered
    | GateRefused
)


def tell_control(event: ControlEvent) -> str:
    """One line of the story."""
    match event:
        case RunPaused(who=who, at_once=True):
            return f"paused{_by(who)}: what is at work is ended and kept"
        case RunPaused(who=who):
            return f"paused{_by(who)}: nothing more starts, what is under way is finished"
        case RunUnpaused(who=who):
            return f"the pause was lifted{_by(who)}"
        case RunCancelled(who=who):
            return f"cancelled{_by(who)}: what is at work is ended and kept"
        case LimitsChanged(who=who):
            return f"{_limits(event)}{_by(who)}"
        case PackageRequeued(reason=reason, who=who):
            return f"to be started again{_by(who)}: {clean(reason)}"
        case QuestionAnswered(answer=answer, who=who):
            return f"answered{_by(who)}: {clean(answer)}"
        case GateRefused(reason=reason, who=who):
            return f"gate not passed{_by(who)}: {clean(reason)}"


def _by(who: str) -> str:
    return f" by {clean(who)}" if who else ""


def _limits(event: LimitsChanged) -> str:
    told = []
    if event.max_agents is not None:
        told.append(f"at most {count(event.max_agents, 'agent')} at once from now on")
    if event.budget_usd is not None:
        told.append(f"a budget of {event.budget_usd:.2f} USD from now on")
    return ", ".join(told) or "limits left as they are"
