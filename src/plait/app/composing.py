"""A run's surroundings put together: which adapter is which port, what its owner has set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from plait import git
from plait.app import confining
from plait.app.announcing import announcing_of
from plait.app.choosing import agents_of, limits_of
from plait.app.furnishing import lodgings, remembering_of, room_of
from plait.app.integrating import examination
from plait.app.outsiders import desk_later, outside_of, outsiders, unheld
from plait.app.pipelines import pipelines_of
from plait.app.project import Project, SystemClock
from plait.app.run_options import RunOptions
from plait.app.trying import DRIVER, policy_of
from plait.config import Settings
from plait.core.action import Limits
from plait.core.retry import Backoff
from plait.engine.context import Context, Places
from plait.engine.holding import Holding
from plait.engine.journal import Journal
from plait.engine.memory import Memory
from plait.git import Repository
from plait.ports import Request, Trunk, Workspaces
from plait.ports.coordination import Coordination


def context_of(
    project: Project,
    options: RunOptions,
    journal: Journal,
    holding: Holding,
    *,
    repository: Repository,
    workspaces: Workspaces,
    trunk: Trunk,
    backend: str,
    requests: Callable[[], Sequence[Request]],
) -> Context:
    """What the engine works with: the ports, and the settings of one run."""
    run, settings, roster = journal.run, project.settings, options.roster
    agents = agents_of(roster, settings, options.review.reviewers)
    announcing = announcing_of(project)
    journal.watch(announcing.see)
    store = holding.store if isinstance(holding.store, Coordination) else None
    sandboxes = confining.sandboxes_of(options.held, agents)
    return Context(
        journal=journal,
        workspaces=workspaces,
        trunk=trunk,
        clock=SystemClock(),
        limits=_limits(settings, options),
        places=Places(state=project.state, run=run.id),
        agents={**outsiders(), **agents},
        sandboxes={**sandboxes, **unheld()},
        surroundings=confining.surroundings_of(options.held, project, repository.common),
        profiles=settings.profiles,
        review=options.review,
        guardrails=settings.guardrails,
        default_checks=options.checks,
        land_checks=options.land_checks,
        holding=holding,
        examination=examination(project),
        pipelines=partial(pipelines_of, project, repository),
        strict_results=settings.strict_results,
        integrity=settings.integrity,
        backoff=Backoff(base_s=settings.backoff_s, cap_s=settings.max_backoff_s),
        stall_s=settings.stall_s,
        package_budget_usd=settings.package_budget_usd,
        agent_limits=settings.agent_limits,
        memory=Memory(told={name: agent.can.memory for name, agent in agents.items()}),
        brief_tokens=settings.brief_tokens,
        runners=settings.landing_runners,
        together=settings.landing_together,
        room=room_of(project, repository),
        outside=outside_of(settings, holding.store, run.id, agents),
        desk=desk_later(project, holding.store),
        lodgings=lodgings(project, run.id),
        backend=backend,
        requests=requests,
        coordination=store,
        remembering=remembering_of(settings, store),
        qa=policy_of(settings),
        driver=DRIVER,
        altered=partial(git.altered, repository),
        announcing=announcing,
    )


def _limits(settings: Settings, options: RunOptions) -> Limits:
    return limits_of(
        settings,
        options.roster,
        max_agents=options.max_agents,
        fail_fast=options.fail_fast,
        stop_on=options.stop_on,
    )
