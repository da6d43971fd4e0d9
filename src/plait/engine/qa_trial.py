"""The items of a try, one after the other: each a child process with a limit.

What is to be tried over the network is served meanwhile, from the same workspace, on a port that
was leased for it.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio

from plait import process
from plait.core.codec import encode
from plait.core.event import QaItemEnded, QaKind, QaStatus
from plait.core.plan import WorkPackage
from plait.core.qa import QaItem
from plait.core.qa_plan import QaPlan
from plait.engine.context import Context, child_environment
from plait.engine.secrets import secret_texts, without_secrets
from plait.engine.tails import tail
from plait.engine.verify import NOT_FOUND_EXIT
from plait.errors import PlaitError
from plait.ports import Workspace

GRACE_S = 10.0  # beyond an item's own limit, for its driver to say so
LOOK_S = 0.1
LOG = "serve.log"
_MOST_RESULT = 200_000
_MOST_EVIDENCE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An attempt at QA: where it is made, and what it is given. `number` counts the tries.

    `lingering` names what could not be ended: the workspace is never used again.
    """

    package: WorkPackage
    attempt: int
    epoch: int
    number: int
    workspace: Workspace
    directory: Path
    port: int
    variables: Mapping[str, str] = field(default_factory=dict)
    lingering: list[str] = field(default_factory=list)

    @property
    def commit(self) -> str:
        """The landed commit that is tried."""
        return self.workspace.base

    def url(self, plan: QaPlan) -> str:
        """Where the service listens."""
        return plan.url.replace("{port}", str(self.port))


@dataclass(slots=True, kw_only=True)
class Served:
    """What is served: `wrong` says why it is not, `lack` that this machine is at fault."""

    wrong: str = ""
    lack: bool = False
    ended: process.Exit | None = None
    over: anyio.Event = field(default_factory=anyio.Event)


async def tried(
    context: Context, desk: Desk, plan: QaPlan, item: QaItem, service: Served
) -> QaItemEnded:
    """What came of an item, with whatever is served."""
    if item.lack or not item.is_served or not service.wrong:
        return await _tried(context, desk, plan, item)
    silent = service.lack or plan.guessed
    return replace(
        _told(
            desk,
            item,
            status=QaStatus.NOT_RUN if silent else QaStatus.FAILED,
            reason=service.wrong.partition("\n")[0],
            details=service.wrong,
        ),
        severity="" if silent else "critical",
        evidence=(context.places.relative(desk.directory / LOG),),
    )


@asynccontextmanager
async def serving(context: Context, desk: Desk, plan: QaPlan) -> AsyncIterator[Served]:
    """While this lasts the service runs; it ends with everything that it started.

    Raises:
        PlaitError: What was raised meanwhile, as itself and not as one of a group.
    """
    service = Served()
    if not plan.serve:
        yield service
        return
    failed: list[PlaitError] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_serve, context, desk, plan, service, name="serve")
        try:
            await _until_it_listens(context, desk, plan, service)
            yield service
        except PlaitError as error:
            failed.append(error)
        finally:
            tasks.cancel_scope.cancel()
    if failed:
        raise failed[0]


async def _serve(context: Context, desk: Desk, plan: QaPlan, service: Served) -> None:
    log = desk.directory / "serve-driver.log"
    service.ended = await process.run(
        context.driver,
        cwd=desk.workspace.path,
        env=environment(context, desk, plan),
        stdin=_order(context, desk, plan, folder=str(desk.directory), serve=plan.serve),
        stdout=log,
        stderr=log,
        timeout_s=None,
    )
    if service.ended.lingering:
        desk.lingering.append(plan.serve)
    service.over.set()


async def _until_it_listens(context: Context, desk: Desk, plan: QaPlan, service: Served) -> None:
    address = urlsplit(desk.url(plan))
    port = address.port or (443 if address.scheme == "https" else 80)
    with anyio.move_on_after(context.qa.ready_s):
        while not service.over.is_set():
            if await _listens(address.hostname or "127.0.0.1", port):
                return
            await anyio.sleep(LOOK_S)
    log, ended = desk.directory / LOG, service.ended
    if ended is None:
        told = f"nobody listened at {desk.url(plan)} within {context.qa.ready_s:g} s"
    else:
        told = ended.error or f"exited {ended.code} before anybody listened"
        service.lack = ended.code == NOT_FOUND_EXIT
    said = tail(log) if log.exists() else ""
    service.wrong = f"the service is not there: `{plan.serve}` {told}\n\n{said}".rstrip()


async def _listens(host: str, port: int) -> bool:
    try:
        stream = await anyio.connect_tcp(host, port)
    except OSError:
        return False
    await stream.aclose()
    return True


async def _tried(context: Context, desk: Desk, plan: QaPlan, item: QaItem) -> QaItemEnded:
    """Run an item's driver to its end, or to its limit; what it left."""
    if item.lack:
        return _told(desk, item, status=QaStatus.NOT_RUN, reason=item.lack)
    folder = desk.directory / "items" / item.id
    await anyio.Path(folder).mkdir(parents=True, exist_ok=True)
    result, log, begun = folder / "result.json", folder / "driver.log", time.monotonic()
    ended = await process.run(
        context.driver,
        cwd=desk.workspace.path,
        env=environment(context, desk, plan),
        stdin=_order(
            context,
            desk,
            plan,
            kind=item.kind.value,
            scenario=encode(item.scenario),
            folder=str(folder),
            result=str(result),
            timeout_s=context.qa.timeout_s,
            schema=item.schema,
            guessed=item.guessed,
        ),
        stdout=log,
        stderr=log,
        timeout_s=context.qa.timeout_s + GRACE_S,
    )
    took = time.monotonic() - begun
    if ended.lingering:
        desk.lingering.append(item.scenario.name)
    if ended.timed_out:
        status = QaStatus.NOT_RUN if item.guessed else QaStatus.FAILED
        limit = context.qa.timeout_s
        told = _told(desk, item, status=status, reason=f"it did not end within {limit:g} s")
        return replace(told, duration_s=took, severity="high" if not item.guessed else "")
    try:
        told = _read(context, desk, item, result)
    except ValueError as wrong:
        how = ended.error or f"exited {ended.code}"
        reason = f"its driver {how} and left no outcome: {wrong}"
        told = _told(desk, item, status=QaStatus.NOT_RUN, reason=reason, details=tail(log))
    texts = secret_texts(environment(context, desk, plan), ())
    return without_secrets(replace(told, duration_s=took), texts)


def environment(context: Context, desk: Desk, plan: QaPlan) -> dict[str, str]:
    """The environment of whatever is tried."""
    return child_environment(
        {
            **desk.variables,
            "PORT": str(desk.port),
            "PLAIT_RUN": context.journal.run.id,
            "PLAIT_PACKAGE": desk.package.id,
            "PLAIT_COMMIT": desk.commit,
            "PLAIT_STAGE": "qa",
            "PLAIT_QA_URL": desk.url(plan),
        }
    )


def _order(context: Context, desk: Desk, plan: QaPlan, **told: Any) -> bytes:
    """What a driver is told; the secrets in it go through a pipe and are never written down."""
    order = {
        "parent": os.getpid(),
        "root": str(desk.workspace.path),
        "url": desk.url(plan),
        "secrets": list(secret_texts(environment(context, desk, plan), ())),
        **told,
    }
    return json.dumps(order).encode()


def _told(
    desk: Desk, item: QaItem, *, status: QaStatus, reason: str, details: str = ""
) -> QaItemEnded:
    return QaItemEnded(
        package=desk.package.id,
        attempt=desk.attempt,
        epoch=desk.epoch,
        item=item.id,
        kind=item.kind,
        name=item.scenario.name,
        status=status,
        reason=reason,
        details=details,
        packages=item.scenario.packages,
    )


def _read(context: Context, desk: Desk, item: QaItem, path: Path) -> QaItemEnded:
    """What a driver left.

    Raises:
        ValueError: It is not what a driver leaves.
    """
    data = json.loads(_content(path))
    if not isinstance(data, dict):
        raise ValueError("it is no object")  # noqa: TRY004 - what is wrong is the file
    texts = {key: data.get(key, "") for key in ("reason", "details", "severity", "target")}
    names = data.get("evidence", [])
    if not all(isinstance(each, str) for each in (*texts.values(), *names)):
        raise ValueError("it holds something that is no text")
    told = _told(
        desk,
        item,
        status=QaStatus(data.get("status", "")),
        reason=texts["reason"],
        details=texts["details"],
    )
    return replace(
        told,
        severity=texts["severity"],
        target=texts["target"],
        evidence=tuple(
            context.places.relative(path.parent / each)
            for each in names[:_MOST_EVIDENCE]
            if "/" not in each
        ),
    )


def _content(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ValueError(error.strerror) from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no regular file")
        raw = file.read(_MOST_RESULT + 1)
    if len(raw) > _MOST_RESULT:
        raise ValueError("it is too large")
    return raw


def agent_item(desk: Desk, name: str, *, status: QaStatus, reason: str) -> QaItemEnded:
    """What became of a QA agent as a whole, where it left nothing to be told of."""
    return QaItemEnded(
        package=desk.package.id,
        attempt=desk.attempt,
        epoch=desk.epoch,
        item="agent",
        kind=QaKind.AGENT,
        name=name,
        status=status,
        reason=reason,
    )
