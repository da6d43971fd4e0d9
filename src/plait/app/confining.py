"""Which sandbox holds which agent: asked for, found by trying, and told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from plait.app.project import Project
from plait.config import Settings
from plait.core.event import Warned
from plait.engine.context import Surroundings
from plait.errors import EnvironmentLack
from plait.ports import Agent, Sandbox

CHOICES = ("auto", "bwrap", "landlock", "none")
# Agents that are programs of the user's own: held only where that was asked for.
_OWN = frozenset({"command", "external", "scripted"})
CURES = {
    "bwrap": "install bubblewrap, or plait[bubblewrap]; unprivileged user namespaces must be "
    "allowed (kernel.apparmor_restrict_unprivileged_userns, a container's seccomp profile)",
    "landlock": "a Linux kernel from 6.2, with landlock in its list of security modules (lsm=)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What was asked for and what was found, as it is stored with a run.

    Args:
        asked: What `--sandbox` or `[sandbox] tier` said; empty: nothing.
        tier: What `auto` came to when the run began; empty: nobody needed it.
        write: Paths that agents may write beside their scope.
        read: Paths that they may read though they lie in the home.
        hosts: Hosts that they may reach; None: any.
    """

    asked: str = ""
    tier: str = ""
    write: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    hosts: tuple[str, ...] | None = None


def asked(settings: Settings, sandbox: str | None) -> Holding:
    """What the owner of a run wants."""
    return Holding(
        asked=sandbox or settings.sandbox_tier,
        write=settings.sandbox_write,
        read=settings.sandbox_read,
        hosts=settings.sandbox_hosts,
    )


def settle(holding: Holding, agents: Mapping[str, Agent]) -> tuple[Holding, tuple[Warned, ...]]:
    """Find what `auto` comes to here, by trying; and what the owner must know of it.

    Raises:
        EnvironmentLack: `SANDBOX_MISSING`, a sandbox that was asked for cannot be used.
    """
    from plait import sandbox

    warned: list[Warned] = []
    wants = [_wanted(holding, agent) for agent in agents.values()]
    if "auto" in wants:
        lacks: list[str] = []
        for name in sandbox.KERNEL:
            lack = sandbox.find(name).probe()
            if lack is None:
                holding = replace(holding, tier=name)
                break
            lacks.append(f"{name}: {lack}")
        else:
            holding = replace(holding, tier="none")
        if lacks:
            holds = f"{holding.tier} holds" if holding.tier != "none" else "nothing holds"
            told = f"{holds} the agents: {'; '.join(lacks)}"
            warned.append(Warned(code="SANDBOX_WEAKER", message=told))
    names = sandboxes_of(holding, agents)  # raises what is lacking
    open_ones = [each for each in names.values() if not each.holds]
    if holding.hosts is not None and open_ones:
        told = "no sandbox holds some agents, so the list of hosts does not limit them"
        warned.append(Warned(code="HOSTS_UNLIMITED", message=told))
    return holding, tuple(warned)


def sandboxes_of(holding: Holding, agents: Mapping[str, Agent]) -> Mapping[str, Sandbox]:
    """What holds each agent, by what `--agent` called it; each was tried.

    Raises:
        EnvironmentLack: `SANDBOX_MISSING`.
    """
    from plait import sandbox

    found: dict[str, Sandbox] = {}
    chosen: dict[str, Sandbox] = {}
    for provider, agent in agents.items():
        wanted = _wanted(holding, agent)
        name = (holding.tier or "none") if wanted == "auto" else wanted
        if name not in chosen:
            chosen[name] = sandbox.find(name)
            lack = chosen[name].probe()
            if lack is not None:
                raise EnvironmentLack(
                    f"the sandbox {name} cannot be used here: {lack}",
                    code="SANDBOX_MISSING",
                    hint=f"{CURES[name]}; `plait doctor` tells what there is",
                )
        found[provider] = chosen[name]
    return found


def told(sandboxes: Mapping[str, Sandbox]) -> str:
    """The names of what holds a run's agents, each once."""
    return ", ".join(dict.fromkeys(each.name for each in sandboxes.values())) or "none"


def surroundings_of(holding: Holding, project: Project, common: Path) -> Surroundings:
    """What lies around the worktrees.

    Args:
        holding: What the owner named.
        project: The checkout, with its state folder and worktrees.
        common: The repository's folder that all worktrees share.
    """
    from plait.sandbox.homes import homes

    hidden = (*homes(), project.state.resolve(), project.worktrees.resolve())
    return Surroundings(
        hidden=hidden,
        shown=(project.root.resolve(), common.resolve()),
        read=holding.read,
        write=holding.write,
        hosts=holding.hosts,
    )


def _wanted(holding: Holding, agent: Agent) -> str:
    return holding.asked or ("none" if agent.name in _OWN else "auto")
