"""What was asked for beyond the plan's scopes in a run, and granted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from plait.core.event import ScopeGranted, ScopeQueued

ScopeEvent = ScopeGranted | ScopeQueued


@dataclass(frozen=True, slots=True, kw_only=True)
class Scopes:
    """Grants in their order; and what was queued, granted since or not."""

    granted: tuple[ScopeGranted, ...] = ()
    queued: tuple[ScopeQueued, ...] = ()


def heard(scopes: Scopes, event: ScopeEvent) -> Scopes:
    """With one more event."""
    match event:
        case ScopeGranted():
            left = tuple(
                each
                for each in scopes.queued
                if each.package != event.package or not set(each.paths) <= set(event.paths)
            )
            return Scopes(granted=(*scopes.granted, event), queued=left)
        case ScopeQueued():
            return replace(scopes, queued=(*scopes.queued, event))
