"""Workers from elsewhere, for a run: whether they may join, and what stands for them in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TYPE_CHECKING

from plait.app.project import Project
from plait.config import Settings
from plait.core.event import RunId
from plait.core.roster import EXTERNAL
from plait.engine.context import Context
from plait.engine.outside import Outside
from plait.ports import Agent, Sandbox, Store
from plait.ports.coordination import Coordination

if TYPE_CHECKING:
    from plait.engine.coordinator.desk import Desk


def outside_of(settings: Settings, store: Store, run: RunId, agents: Collection[str]) -> Outside:
    """The outside of a run; nobody, where its owner wants nobody."""
    if not settings.external_workers or not isinstance(store, Coordination):
        return Outside()
    return Outside(store=store, run=run, only=set(agents) == {EXTERNAL})


def desk_later(project: Project, store: Store) -> Callable[[], Desk] | None:
    """The coordinator's desk for what a run's own agents ask: made when one first does."""
    return partial(desk_of, project, store) if isinstance(store, Coordination) else None


def desk_of(project: Project, store: Coordination) -> Desk:
    """The coordinator's desk, as the settings have it.

    Raises:
        UsageError: `BAD_POLICY`.
        EnvironmentLack: `POLICY_ENGINE_MISSING`.
    """
    from plait.app.policing import policy_of
    from plait.engine.coordinator.desk import Desk

    return Desk(
        store=store,
        policy=policy_of(project.root, project.settings),
        guardrails=project.settings.guardrails,
        port_range=project.settings.workspace_port_range,
    )


def outsiders() -> Mapping[str, Agent]:
    """What waits in a run for workers from elsewhere."""
    from plait import agents

    return {EXTERNAL: agents.find(EXTERNAL)}


def unheld() -> Mapping[str, Sandbox]:
    """What holds them: nothing; the commit is checked."""
    from plait import sandbox

    return {EXTERNAL: sandbox.find("none")}


def held_by(context: Context) -> Mapping[str, Sandbox]:
    """What holds the agents that the run's owner named."""
    named = {seat.provider for seat in context.limits.roster.seats} | set(context.review.reviewers)
    found = {name: box for name, box in context.sandboxes.items() if name in named}
    return found or context.sandboxes
