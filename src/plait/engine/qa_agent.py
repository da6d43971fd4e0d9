"""A QA agent: it tries the feature as a user would, and answers in the form of a report.

It works in the workspace of the try, on the landed tree, with the service at its side. Nothing
that it changes there is used. What it answers is read strictly: garbage counts for nothing.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from plait import process
from plait.core.escalation import WAITING
from plait.core.event import AgentStatus, QaItemEnded, QaKind, QaStatus
from plait.core.plan import Scope, WorkPackage
from plait.core.qa_answer import BadAnswerError, Observed, read_answer
from plait.core.roster import whom
from plait.engine.agent import run_agent
from plait.engine.brief import code, fenced, line, render, template
from plait.engine.claimed import Claimed, write_down
from plait.engine.context import Context, Ended
from plait.engine.escalate import judged
from plait.engine.owning import own
from plait.engine.qa_trial import Desk, agent_item
from plait.engine.secrets import without_secrets
from plait.engine.supervise import secrets_of
from plait.ports import AgentTask


def qa_agent(context: Context, package: WorkPackage) -> str:
    """Who joins in, as `--agent` names it; empty: nobody."""
    providers = context.limits.roster.providers(package)
    if not providers:
        return ""
    run = context.journal.run
    state, parked = run.packages[package.id], run.spent.parked
    return whom(providers, state, parked, context.clock.now()) or providers[0]


async def ask_agent(
    context: Context, desk: Desk, url: str, provider: str
) -> tuple[QaItemEnded, ...]:
    """Let the agent try the feature; what it observed, or that it is not known.

    `url` is where the feature is served, empty if it is not.
    """
    claimed = _claimed(context, desk, url, provider)
    write_down(claimed)
    context.workspaces.inhabit(desk.workspace, claimed.task.directory / process.ALIVE)
    ended, outcome = await run_agent(context, claimed)
    if ended.lingering:
        desk.lingering.append(provider)
    if isinstance(outcome, Ended):
        return (agent_item(desk, provider, status=QaStatus.NOT_RUN, reason=outcome.reason),)
    if outcome.status is not AgentStatus.COMPLETED:
        said = outcome.question or outcome.summary
        how = f"its agent ended {outcome.status.value.replace('_', ' ')}: {said}".rstrip(": ")
        return (agent_item(desk, provider, status=QaStatus.NOT_RUN, reason=how),)
    try:
        observed = read_answer(outcome.outputs)
    except BadAnswerError as wrong:
        reason = without_secrets(f"its answer is no report: {wrong}", secrets_of(claimed))
        return (agent_item(desk, provider, status=QaStatus.NOT_RUN, reason=reason),)
    told = [_told(desk, each, number) for number, each in enumerate(observed, start=1)]
    told += [
        replace(
            agent_item(desk, escalation.type, status=QaStatus.FAILED, reason=escalation.summary),
            details=escalation.details,
            severity="critical",
            paths=escalation.files,
        )
        for escalation, settlement in judged(context, claimed, outcome)
        if settlement.consequence in WAITING
    ]
    return without_secrets(tuple(told), secrets_of(claimed))


def _told(desk: Desk, observed: Observed, number: int) -> QaItemEnded:
    root = f"{desk.workspace.path}/"
    return replace(
        agent_item(desk, observed.name, status=observed.status, reason=observed.reason),
        item=f"{QaKind.AGENT.value}-{number}",
        details=observed.details,
        severity=observed.severity,
        target=observed.target,
        paths=tuple(each.removeprefix(root) for each in observed.files),
    )


def _claimed(context: Context, desk: Desk, url: str, provider: str) -> Claimed:
    """The agent's part of the attempt; it may write nothing that anybody uses."""
    directory = desk.directory
    held = context.sandboxes[provider].holds
    task = AgentTask(
        run=context.journal.run.id,
        package=desk.package.id,
        attempt=desk.attempt,
        epoch=desk.epoch,
        worktree=desk.workspace.path,
        directory=directory,
        brief=_brief(context, desk, url),
        brief_path=directory / "brief.md",
        scope_path=directory / "scope.json",
        result_path=_result(directory, held=held),
        home=directory / "home",
        profile=context.profile(provider),
        scope=Scope(write=(), confidence=desk.package.scope.confidence),
        timeout_s=desk.package.timeout_s,
        confined=held,
        guardrails=context.guardrails,
        own=own(context, provider),
    )
    return Claimed(
        package=replace(desk.package, scope=task.scope),
        attempt=desk.attempt,
        epoch=desk.epoch,
        agent=context.agents[provider],
        provider=provider,
        task=task,
        workspace=desk.workspace,
        variables={**desk.variables, "PORT": str(desk.port), "PLAIT_QA_URL": url},
    )


def _result(directory: Path, *, held: bool) -> Path:
    return (directory / "out" if held else directory) / "result.json"


def _brief(context: Context, desk: Desk, url: str) -> str:
    """What a QA agent is told: the feature, what landed, what was tried already.

    Raises:
        UsageError: `BAD_PROMPT`.
    """
    run = context.journal.run
    packages = [
        each for each in run.plan.packages if each.id in run.packages and each.id != desk.package.id
    ]
    trial = run.trials[-1]
    tried = [
        f"- {each.name}: {each.status.value}" + (f" ({each.reason})" if each.reason else "")
        for each in trial.items
    ]
    values = {
        "title": code(desk.package.title),
        "feature": line(run.plan.feature).replace("`", "'"),
        "package": desk.package.id,
        "attempt": str(desk.number),
        "attempts": str(trial.planned.of),
        "commit": desk.commit,
        "url": url,
        "packages": fenced("\n".join(f"- {each.id}: {each.title}" for each in packages)),
        "requirements": fenced(
            "\n\n".join(each.description for each in packages if each.description)[:40_000]
        ),
        "context": "\n".join(f"- `{each}`" for each in run.plan.context),
        "tried": fenced("\n".join(tried)),
        "answers": "\n\n".join(each.text for each in run.packages[desk.package.id].answers),
    }
    name = "qa"
    where = str(context.prompts / f"{name}.md")
    return render(template(name, context.prompts), values, where=where)
