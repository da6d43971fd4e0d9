"""An attempt under way: its folder, its brief, and what its steps need to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from plait import process
from plait.core.deviation import deviations_for
from plait.core.escalation import Escalation, RaisedBy
from plait.core.plan import PackageId, Scope, WorkPackage
from plait.core.queue import package_checks
from plait.core.remembered import Recalled
from plait.core.retry import SETUP_FAILED
from plait.core.roster import EXTERNAL, whom
from plait.core.step import Done
from plait.engine.brief import Material, brief
from plait.engine.context import Context, write_json
from plait.engine.furnish import set_up
from plait.engine.lodging import LodgingFailed, save
from plait.engine.owning import own
from plait.engine.sources import outputs_of, sources_of
from plait.engine.tails import tail
from plait.errors import UsageError
from plait.ports import Agent, AgentTask, Workspace

SCOPE = "scope.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """An attempt that an earlier orchestrator began: its agent lives, or has ended by itself.

    `done` tells what its steps came to.
    """

    package: PackageId
    kept: process.Kept
    workspace: Workspace
    done: Done = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An attempt, as events name it."""

    package: PackageId
    attempt: int
    epoch: int
    again: bool = False  # a further attempt under the same claim

    @property
    def claim(self) -> str:
        """What tells it from all other attempts at its package."""
        return f"{self.epoch}-{self.attempt}" if self.again else str(self.epoch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An attempt under way: everything its later steps need to know. `kept` is adopted.

    `variables` tell agent and checks which ports and databases are theirs; `unready` why there
    was nothing to begin with: the workspace could not be set up. `aside`: a reviewer, or a fix,
    within an attempt; what it uses up is told by whoever hired it.
    """

    package: WorkPackage
    attempt: int
    epoch: int
    agent: Agent
    provider: str
    task: AgentTask
    workspace: Workspace
    kept: process.Kept | None = None
    done: Done = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    aside: bool = False
    unready: Failure | None = None

    @property
    def lodger(self) -> str:
        """By which its ports and databases are known."""
        return lodger(self.package.id, self.epoch)

    @property
    def tried(self) -> Tried:
        """Which attempt it is, for what is told of it."""
        again = bool(self.task.session)
        return Tried(package=self.package.id, attempt=self.attempt, epoch=self.epoch, again=again)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an attempt is not accepted.

    `blocked` is what a person is asked, `escalation` its full context; `fix` is a package that
    goes first.
    """

    code: str
    reason: str
    violations: tuple[str, ...] = ()
    blocked: str = ""
    escalation: Escalation | None = None
    by: RaisedBy = RaisedBy.AGENT
    fix: WorkPackage | None = None


def lay_out(
    context: Context,
    package: WorkPackage,
    epoch: int,
    workspace: Workspace,
    provider: str = "",
    *,
    known: Sequence[Recalled] = (),
) -> Claimed:
    """Lay out the attempt's folder: brief, scope, a place for the result.

    Without a provider, the roster says who works. `known`: memories that the brief may quote.
    """
    number = context.journal.run.packages[package.id].next_attempt
    directory = context.places.attempt(package.id, number)
    if directory.exists():  # of an attempt that a crash cut off: its number counts again
        directory.rename(directory.with_name(f"{number}.before-epoch-{epoch}"))
    directory.mkdir(parents=True)
    provider = provider or hired(context, package)
    text = brief(
        context.compiled,
        context.journal.run,
        package,
        checks=package_checks(context.compiled, package.id, context.default_checks),
        material=replace(material(context, package, workspace, provider), memories=known),
        overrides=context.prompts,
    )
    claimed = _claimed(
        context,
        package,
        workspace,
        number=number,
        epoch=epoch,
        text=text,
        provider=provider,
    )
    write_down(claimed)
    context.workspaces.inhabit(workspace, directory / process.ALIVE)
    return claimed


def as_granted(context: Context, claimed: Claimed) -> Claimed:
    """An attempt with what its package was granted meanwhile beyond its scope."""
    package = context.compiled.packages.get(claimed.package.id)
    if package is None or package.granted == claimed.package.granted:
        return claimed
    task = replace(claimed.task, scope=package.reach)
    return replace(claimed, package=package, task=task)


def write_down(claimed: Claimed) -> None:
    """The brief and the scope, for the agent to read."""
    claimed.task.brief_path.write_text(claimed.task.brief, encoding="utf-8")
    write_scope(claimed.task.scope_path, claimed.package.reach, claimed.package.granted)


def write_scope(path: Path, scope: Scope, granted: Sequence[str] = ()) -> None:
    """Where a package may write, for its agent and what asks before each write; all at once."""
    told: dict[str, object] = {
        "write": scope.write,
        "read": scope.read,
        "deny": scope.deny,
        "confidence": scope.confidence,
    }
    if granted:
        told["granted"] = granted
    draft = path.with_name(f".{path.name}.new")
    write_json(draft, told)
    draft.replace(path)


def material(
    context: Context, package: WorkPackage, workspace: Workspace, provider: str
) -> Material:
    run = context.journal.run
    return Material(
        deviations=deviations_for(context.compiled, run, package),
        sources=sources_of(context.plan, package, workspace.path),
        outputs=outputs_of(run, package, context.places),
        servers=tuple(context.profile(provider).mcp),
        requests=context.desk is not None and not context.agents[provider].can.outside,
        tokens=context.brief_tokens,
    )


def taken_up(context: Context, adopted: Adopted) -> Claimed:
    """An adopted attempt: everything lies where it was put."""
    package = context.compiled.packages[adopted.package]
    state = context.journal.run.packages[adopted.package]
    last = state.attempts[-1]
    text = (context.places.attempt(package.id, last.number) / "brief.md").read_text("utf-8")
    provider = last.provider
    if provider not in context.agents:  # an earlier version did not say
        provider = hired(context, package)
    claimed = _claimed(
        context,
        package,
        adopted.workspace,
        number=last.number,
        epoch=last.epoch,
        text=text,
        provider=provider,
    )
    first = state.under(last.epoch)[0]
    home = claimed.task.directory.with_name(str(first.number)) / "home"
    task = replace(claimed.task, session=last.session if first is not last else "", home=home)
    lodging = context.lodgings.take_again(claimed.lodger, claimed.task.directory)
    return replace(
        claimed, task=task, kept=adopted.kept, done=adopted.done, variables=lodging.variables
    )


def lodger(package: PackageId, epoch: int) -> str:
    """By which the ports and databases of an attempt are known."""
    return f"{package}:{epoch}"


async def make_ready(context: Context, claimed: Claimed) -> Claimed:
    """Give an attempt its ports and databases, and set its workspace up."""
    folder, log = claimed.task.directory, claimed.task.directory / "setup.log"
    try:
        lodging = await context.lodgings.take(claimed.lodger, log)
    except LodgingFailed as failed:
        reason = f"{failed.message}\n\n{tail(log)}".rstrip()
        return replace(claimed, unready=Failure(code=SETUP_FAILED, reason=reason))
    save(lodging, folder)
    claimed = replace(claimed, variables=lodging.variables)
    reason = await set_up(
        context,
        claimed.workspace,
        claimed.workspace.base,
        variables=lodging.variables,
        log=log,
        timeout_s=claimed.package.timeout_s,
    )
    if reason:
        claimed = replace(claimed, unready=Failure(code=SETUP_FAILED, reason=reason))
    return claimed


def hired(context: Context, package: WorkPackage) -> str:
    """Who works on a package now; one that has to rest works rather than nobody.

    Raises:
        UsageError: `NO_AGENT`.
    """
    run = context.journal.run
    providers = context.limits.roster.providers(package)
    if not providers:
        raise UsageError(
            f"no agent is named for package {package.id}",
            code="NO_AGENT",
            hint='name one: --agent NAME, or --agent "command:SHELL"',
        )
    providers = tuple(each for each in providers if each != EXTERNAL) or providers
    state, parked = run.packages[package.id], run.spent.parked
    return whom(providers, state, parked, context.clock.now()) or providers[0]


def _claimed(
    context: Context,
    package: WorkPackage,
    workspace: Workspace,
    *,
    number: int,
    epoch: int,
    text: str,
    provider: str,
) -> Claimed:
    directory = context.places.attempt(package.id, number)
    held = context.sandboxes[provider].holds
    task = AgentTask(
        run=context.journal.run.id,
        package=package.id,
        attempt=number,
        epoch=epoch,
        worktree=workspace.path,
        directory=directory,
        brief=text,
        brief_path=directory / "brief.md",
        scope_path=directory / SCOPE,
        # Who is held may write into that folder alone: Plait's own files lie above it.
        result_path=(directory / "out" if held else directory) / "result.json",
        home=directory / "home",
        profile=context.profile(provider),
        scope=package.reach,
        timeout_s=package.timeout_s,
        confined=held,
        guardrails=context.guardrails,
        own=own(context, provider),
    )
    return Claimed(
        package=package,
        attempt=number,
        epoch=epoch,
        agent=context.agents[provider],
        provider=provider,
        task=task,
        workspace=workspace,
    )
