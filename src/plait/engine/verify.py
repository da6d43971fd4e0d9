"""Run checks on a clean checkout of a named commit."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio

from plait import process
from plait.core.event import CheckEnded, FlakeFound, Stage
from plait.core.package import CheckOutcome, PackageState
from plait.core.plan import Check, PackageId
from plait.core.queue import OwnedCheck
from plait.core.retry import SETUP_FAILED
from plait.engine.context import Context, child_environment
from plait.engine.furnish import set_up
from plait.engine.lodging import LodgingFailed
from plait.engine.logged import run_logged
from plait.engine.secrets import secret_texts, without_secrets
from plait.engine.tails import tail
from plait.ports import Workspace

NOT_FOUND_EXIT = 127  # of a shell: there is no such command
_NOT_FOUND = re.compile(
    r"^\S*sh: (?:line )?\d+: (?P<name>\S+): (?:command )?not found$"
    r"|^\S*sh: (?P<other>\S+): (?:command )?not found$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a check run is about: whose it is, in which attempt, and the commit under test.

    `variables` tell the checks which ports and databases are theirs.
    """

    stage: Stage
    commit: str
    logs: Path
    timeout_s: float
    package: PackageId | None = None
    attempt: int | None = None
    epoch: int | None = None
    tree: str = ""
    again: bool = False
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Red:
    """The first check that did not pass, told for a person and for the next brief.

    `lack`: it could not run at all on this machine, for the program that it names is missing.
    `code` tells why it did not run, where that is so: the workspace could not be set up.
    """

    check: OwnedCheck
    reason: str
    code: str = ""
    log: str = ""
    lack: str = ""


async def run_checks(
    context: Context,
    workspace: Workspace,
    checks: Sequence[OwnedCheck],
    subject: Subject,
    *,
    passed: Sequence[CheckOutcome] = (),
) -> Red | None:
    """Run the checks in order on a clean checkout; stop at the first that fails.

    Each check's outcome is recorded as an event, with its log in `subject.logs`. Those that
    `passed` on this commit before, from the first one on, are not run again.
    """
    done = 0
    for owned, outcome in zip(checks, passed, strict=False):
        if (owned.check.name, owned.check.command) != (outcome.name, outcome.command):
            break
        done += 1
    if done == len(checks):
        return None
    await context.workspaces.checkout(workspace, subject.commit)
    subject.logs.mkdir(parents=True, exist_ok=True)
    failed = await set_up(
        context,
        workspace,
        subject.commit,
        variables=subject.variables,
        log=subject.logs / f"{subject.stage}-setup.log",
        timeout_s=subject.timeout_s,
    )
    if failed:
        return Red(check=checks[done], reason=failed, code=SETUP_FAILED)
    for number, owned in enumerate(checks[done:], start=done + 1):
        red = await _run_check(context, workspace, owned, subject, number)
        if red is not None and not subject.again and is_quarantined(context, owned.check):
            first, red = (
                red,
                await _run_check(context, workspace, owned, replace(subject, again=True), number),
            )
            if red is None:
                await _tell_flake(context, owned, subject, first.log)
        if red is not None:
            return red
    return None


def is_quarantined(context: Context, check: Check) -> bool:
    """Whether a check is known to say one thing of a tree and then another.

    It still has to pass; but one failure of it is no evidence, so it has a second run at once.
    """
    known = context.journal.run.flakes
    return any((each.name, each.command) == (check.name, check.command) for each in known)


async def _tell_flake(context: Context, owned: OwnedCheck, subject: Subject, log: str) -> None:
    if subject.package is None or subject.attempt is None or subject.epoch is None:
        return  # the baseline's: it is told by what the check said
    await context.journal.record(
        FlakeFound(
            package=subject.package,
            attempt=subject.attempt,
            epoch=subject.epoch,
            name=owned.check.name,
            command=owned.check.command,
            commit=subject.commit,
            log=log,
        )
    )


async def run_checks_apart(
    context: Context,
    checks: Sequence[OwnedCheck],
    subject: Subject,
    *,
    passed: Sequence[CheckOutcome] = (),
) -> Red | None:
    """Run checks in a workspace of their own, with ports and databases of their own."""
    workspace = await context.workspaces.open(subject.commit)
    who = context.lodgings.another(f"{subject.stage}:{subject.package or ''}:{subject.epoch or 0}")
    log = subject.logs / f"{subject.stage}-setup.log"
    try:
        subject.logs.mkdir(parents=True, exist_ok=True)
        lodging = await context.lodgings.take(who, log)
        return await run_checks(
            context,
            workspace,
            checks,
            replace(subject, variables=lodging.variables),
            passed=passed,
        )
    except LodgingFailed as failed:
        reason = f"{failed.message}\n\n{tail(log)}".rstrip()
        return Red(check=checks[0], reason=reason, code=SETUP_FAILED)
    finally:
        with anyio.CancelScope(shield=True):
            await context.lodgings.leave(who, log)
            await context.workspaces.close(workspace)


def passed_before(
    state: PackageState, subject: str, *, stage: Stage = Stage.VERIFY
) -> tuple[CheckOutcome, ...]:
    """The checks that passed on a package's commit, alone, or on the tree of a merge result.

    In the order in which they ran.
    """
    return tuple(
        each
        for each in state.checks
        if each.stage is stage
        and subject == (each.commit if stage is Stage.VERIFY else each.tree)
        and each.passed
        and not each.again
    )


async def _run_check(
    context: Context, workspace: Workspace, owned: OwnedCheck, subject: Subject, number: int
) -> Red | None:
    check = owned.check
    turn = _free_turn(subject) if subject.again else ""
    log = subject.logs / f"{subject.stage}{turn}-{number}-{_slug(check.name)}.log"
    ended = await _execute(context, workspace, check, subject, log)
    passed = ended.code == check.expect_exit_code and not ended.timed_out
    await context.journal.record(
        CheckEnded(
            stage=subject.stage,
            name=check.name,
            command=check.command,
            passed=passed,
            exit_code=ended.code,
            duration_s=ended.duration_s,
            log=context.places.relative(log),
            commit=subject.commit,
            package=subject.package,
            attempt=subject.attempt,
            epoch=subject.epoch,
            owner=owned.owner if owned.owner != subject.package else None,
            tree=subject.tree,
            again=subject.again,
        )
    )
    if passed:
        return None
    texts = secret_texts(child_environment(check.env), ())
    reason = without_secrets(_reason(owned, ended, subject, log), texts)
    told = context.places.relative(log)
    return Red(check=owned, reason=reason, log=told, lack=_lack(owned, ended, log))


async def _execute(
    context: Context, workspace: Workspace, check: Check, subject: Subject, log: Path
) -> process.Exit:
    folder = _folder(workspace.path, check.cwd)
    if folder is None:
        message = f"its folder {check.cwd!r} does not exist in the tree"
        await anyio.Path(log).write_text(message + "\n", encoding="utf-8")
        return process.Exit(code=None, duration_s=0.0, error=message)
    variables = {
        **subject.variables,
        **check.env,
        "PLAIT_RUN": context.journal.run.id,
        "PLAIT_PACKAGE": subject.package or "",
        "PLAIT_COMMIT": subject.commit,
        "PLAIT_STAGE": subject.stage,
    }
    return await run_logged(
        check.command,
        cwd=folder,
        env=child_environment(variables),
        log=log,
        timeout_s=subject.timeout_s,
    )


def _lack(owned: OwnedCheck, ended: process.Exit, log: Path) -> str:
    """What a check needs of this machine that is not there, in a sentence; else empty.

    Only where the shell itself found no program of a plain name: a path may be what the package
    was to make.
    """
    if ended.code != NOT_FOUND_EXIT:
        return ""
    found = _NOT_FOUND.search(tail(log).rpartition("\n")[2])
    name = (found["name"] or found["other"]) if found else ""
    if not name or "/" in name or shutil.which(name) is not None:
        return ""
    return (
        f'the check "{owned.check.name}" cannot run here: there is no program {name!r} on this '
        "machine. Install it, or change the check in the plan"
    )


def _folder(root: Path, cwd: str) -> Path | None:
    """The folder a check runs in, if the tree has it."""
    folder = (root / cwd).resolve()
    return folder if folder.is_dir() and folder.is_relative_to(root.resolve()) else None


def _reason(owned: OwnedCheck, ended: process.Exit, subject: Subject, log: Path) -> str:
    check = owned.check
    if ended.error:
        how = ended.error
    elif ended.timed_out:
        how = f"did not end within {subject.timeout_s:g} s"
    else:
        how = f"exited {ended.code}"
        if check.expect_exit_code:
            how += f", expected {check.expect_exit_code}"
    whose = f" of {owned.owner}" if owned.owner and owned.owner != subject.package else ""
    where = " on the merge result" if subject.stage is Stage.LAND else ""
    told = f'check "{check.name}"{whose} {how}{where}: {check.command.strip()}'
    output = tail(log)
    return f"{told}\n\n{output}" if output else told


def _free_turn(subject: Subject) -> str:
    """What sets the logs of one more run apart from those of the runs before."""
    taken = {path.name for path in subject.logs.glob(f"{subject.stage}-again-*")}
    number = 1
    while any(name.startswith(f"{subject.stage}-again-{number}-") for name in taken):
        number += 1
    return f"-again-{number}"


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.")[:40] or "check"
