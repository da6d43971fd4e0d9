"""A worker from elsewhere at an attempt: what it is handed, and what it says taken in."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio

from plait.core.coordination import OFFER, Task, TaskState
from plait.core.event import PackageWaits
from plait.core.kept import PUSHED
from plait.core.plan import CheckKind, PackageId
from plait.core.queue import package_checks
from plait.core.retry import NOT_TAKEN_UP, WORKER_LOST
from plait.engine.claimed import Claimed
from plait.engine.context import Context, Ended, write_json
from plait.engine.keeping import keep
from plait.errors import EnvironmentLack, PlaitError
from plait.ports.agents import WORKER_PIPE

EXITS: Mapping[str, int] = {"completed": 0, "blocked": 75}  # as of the command agent
_TRY_S = 0.02
_MOST_ID = 64


WAITS = "waits for a worker from elsewhere: `plait mcp` or `plait serve` lets one in"


async def tell_of_waiting(context: Context, packages: Iterable[PackageId]) -> None:
    """Tell, once, of packages that wait for somebody to come."""
    states = context.journal.run.packages
    told = [
        PackageWaits(package=each, reason=WAITS)
        for each in packages
        if states[each].reason != WAITS
    ]
    if told:
        await context.journal.record(*told)


async def worked_outside(context: Context, claimed: Claimed) -> Ended | None:
    """Offer an attempt, wait until its worker is done, take in what it says.

    Returns:
        Why there will be nothing of it; None: what was said is there, and the wait is ended.
    """
    outside, name = context.outside, offer_id(context, claimed)
    await outside.offer(claimed.package, _offer(context, claimed, name))
    task = await outside.until_over(name)
    if task.state is not TaskState.COMPLETED:
        code = WORKER_LOST if task.claims else NOT_TAKEN_UP
        return Ended(code=code, reason=task.reason)
    said = await _taken_in(context, claimed, task)
    await _release(claimed.task.directory / WORKER_PIPE, EXITS.get(said, 1))
    return None


def offer_id(context: Context, claimed: Claimed) -> str:
    """The name of the task that an attempt is offered as: the same whoever takes it up."""
    place = context.places.relative(claimed.task.directory)
    told = f"{claimed.task.run}\0{place}\0{claimed.epoch}"
    return f"p-{sha256(told.encode()).hexdigest()[:16]}"


def pushed_to(claimed: Claimed) -> str:
    """The hidden ref that a worker without the worktree pushes its commit to."""
    return f"{PUSHED}{claimed.task.run}/{claimed.package.id}/{claimed.epoch}"


def _offer(context: Context, claimed: Claimed, name: str) -> Task:
    package = claimed.package
    return Task(
        id=name,
        number=0,  # given as it is added
        created_at=0.0,
        updated_at=0.0,
        type=OFFER,
        title=package.title,
        input=envelope(context, claimed),
        run=claimed.task.run,
        package=package.id,
        epoch=claimed.epoch,
        place=context.places.relative(claimed.task.directory),
        trust=package.trust or 0,
        priority=package.priority,
        most_claims=1,
        by="plait",
    )


def envelope(context: Context, claimed: Claimed) -> dict[str, Any]:
    """Everything a worker needs, as JSON; paths are absolute where they are the machine's."""
    package, task, plan = claimed.package, claimed.task, context.plan
    checks = package_checks(context.compiled, package.id, context.default_checks)
    needs = {need.id: context.journal.run.packages[need.id].commit for need in package.needs}
    return {
        "run": task.run,
        "package": package.id,
        "title": package.title,
        "description": package.description,
        "kind": package.kind.value,
        "feature": plan.feature,
        "revisions": asdict(plan.revisions),
        "attempt": task.attempt,
        "epoch": task.epoch,
        "timeout_s": package.timeout_s,
        "brief": task.brief,
        "scope": {
            "write": list(package.reach.write),
            "read": list(package.reach.read),
            "deny": list(package.reach.deny),
            "confidence": package.reach.confidence.value,
        },
        "locks": {"files": list(package.locks.files), "keys": list(package.locks.keys)},
        "checks": [
            {
                "name": each.name,
                "kind": each.kind.value,
                "command": each.command,
                "cwd": each.cwd,
                "env": dict(each.env),
                "expect_exit_code": each.expect_exit_code,
            }
            for each in checks
            if each.kind is CheckKind.COMMAND
        ],
        "result_keys": list(package.result_keys),
        "context": list(plan.context),
        "contracts": list(plan.contracts.files),
        "needs": needs,
        "env": dict(claimed.variables),
        "workspace": {
            "path": str(task.worktree),
            "base": claimed.workspace.base,
            "brief": str(task.brief_path),
            "scope": str(task.scope_path),
        },
        "push": {"repository": str(context.places.state.parent), "ref": pushed_to(claimed)},
    }


async def _taken_in(context: Context, claimed: Claimed, task: Task) -> str:
    """Write down what was said, as a result file; put a commit that was pushed into the worktree.

    Returns:
        How it says that it ended: completed, blocked or failed.
    """
    said = dict(task.result or {})
    commit = said.pop("commit", "")
    if commit:
        problem = await _put(context, claimed, str(commit))
        if problem:
            said |= {"status": "failed", "summary": problem}
    if said.get("status") == "blocked":
        said.setdefault("question", said.get("summary", ""))
    write_json(claimed.task.result_path, said)
    return str(said.get("status", ""))


async def _put(context: Context, claimed: Claimed, commit: str) -> str:
    """Check a worker's commit out, after what lies in the worktree was kept; what is wrong."""
    if not commit.isalnum() or len(commit) > _MOST_ID:
        return f"{commit[:80]!r} is no object id of a commit"
    try:
        await context.trunk.describe(commit)
        await keep(context, claimed.workspace, claimed.package.id, claimed.epoch)
        await context.workspaces.checkout(claimed.workspace, commit)
    except PlaitError as error:
        if isinstance(error, EnvironmentLack) and error.code == "DISK_FULL":
            raise
        return (
            f"the commit {commit} is not in this repository: push it to {pushed_to(claimed)}"
            f" before the work is completed ({error.message})"
        )
    return ""


async def _release(pipe: Path, code: int) -> None:
    """End the wait of the attempt's process; it opens its pipe as it begins."""
    while True:
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno not in {errno.ENXIO, errno.ENOENT}:
                raise
            await anyio.sleep(_TRY_S)
            continue
        try:
            os.write(descriptor, f"{code}\n".encode())
        finally:
            os.close(descriptor)
        return
