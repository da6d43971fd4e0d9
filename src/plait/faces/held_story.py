"""What keeps finished work from landing, and what it may write beyond the plan, in words."""

from __future__ import annotations

from plait.core.event import IntegrityDoubted, ScopeGranted, ScopeQueued, WorkAccepted
from plait.core.finding import Severity
from plait.core.granting import ScopeEvent
from plait.faces.text import clean


def tell_held(
    event: IntegrityDoubted | WorkAccepted | ScopeEvent, *, verbose: bool = False
) -> str | None:
    """One line of the story; what only is told stands in the report, and here if asked for."""
    match event:
        case IntegrityDoubted(severity=Severity.ERROR):
            return f"weakens what judges it: {_where(event)}{clean(event.message)} [{event.code}]"
        case IntegrityDoubted():
            told = f"noticed in its work: {_where(event)}{clean(event.message)} [{event.code}]"
            return told if verbose else None
        case WorkAccepted(who=who, reason=reason):
            by = f" by {clean(who)}" if who else ""
            return f"accepted as it is{by}: {clean(reason)}"
        case ScopeGranted(paths=paths):
            return f"may write more, as its agent asked: {clean(', '.join(paths))}"
        case ScopeQueued(paths=paths, reason=reason):
            told = f"asks to write {clean(', '.join(paths))}, and waits: {clean(reason)}"
            return told if verbose else None


def _where(event: IntegrityDoubted) -> str:
    return f"{clean(event.file)}:{event.line} " if event.file else ""
