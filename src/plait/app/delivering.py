"""Offer a run's branch: push it, open or update its pull request, upload what was found.

It can be done over and over: the request is found by the branch. Whatever fails is told in the
event that ends it, and fails nothing else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from anyio import to_thread

from plait import forge as forges
from plait.app.forging import key_for, kind_at
from plait.app.loading import load_plan
from plait.app.project import Project
from plait.app.reporting import BODY, record_of, render
from plait.core import delivery
from plait.core.delivery import PullRequest, RequestState
from plait.core.event import DeliveryEnded, DeliveryOutcome
from plait.core.remarks import remarks
from plait.core.remote import ForgeKind, Site, placed, site_of, without_password
from plait.core.run import Run
from plait.errors import PlaitError, UsageError
from plait.faces.findings_sarif import findings_sarif
from plait.faces.pull_request import file_text, text_of
from plait.forge import AccessToken
from plait.git import Repository, remote
from plait.ports import Forge, Store


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matter:
    """What is offered: a run's branch, and all that is told with it."""

    project: Project
    repository: Repository
    run: Run
    report: str  # as Markdown
    folder: Path
    sarif: bytes
    ended: DeliveryEnded  # as far as it is known
    target: str  # the branch that the run began on, where it is known


async def deliver(
    project: Project, store: Store, repository: Repository, run: Run, *, target: str
) -> DeliveryEnded:
    """Offer a run's branch, and tell what came of it.

    Args:
        project: The repository.
        store: Its store.
        repository: The repository as git sees it.
        run: A run that is over.
        target: The branch that it began on, where that is known.
    """
    folder = project.state / "runs" / run.id
    findings, sarif = await to_thread.run_sync(_findings, project, run)
    ended = DeliveryEnded(
        outcome=DeliveryOutcome.EMPTY,
        commit=run.head,
        findings=findings,
        findings_file=_write(project, folder / "findings.sarif", sarif) if sarif else "",
    )
    if not delivery.has_landed(run):
        return ended
    matter = _Matter(
        project=project,
        repository=repository,
        run=run,
        report=render(_without_delivery(record_of(store, run)), BODY),
        folder=folder,
        sarif=sarif,
        ended=ended,
        target=target,
    )
    try:
        return await _offer(matter)
    except PlaitError as error:
        return _failed(matter, ended, error)


async def target_of(repository: Repository, base: str) -> str:
    """The branch whose work a run builds on, as far as the name of its base tells."""
    if base == "HEAD":
        return repository.branch or ""
    if await repository.has(f"refs/heads/{base}"):
        return base
    if await repository.has(f"refs/remotes/{base}"):
        return base.partition("/")[2]
    return ""


async def _offer(matter: _Matter) -> DeliveryEnded:
    settings = matter.project.settings
    name = await remote.remote_named(matter.repository, settings.forge_remote)
    if name is None:
        return _written(matter, matter.ended, f"there is no remote {settings.forge_remote!r}")
    ended = replace(matter.ended, remote=name)
    site = site_of(await remote.address(matter.repository, name))
    site = placed(site, url=settings.forge_address, repository=settings.forge_repository)
    kind = kind_at(settings.forge_kind, site)
    if kind is None or site is None:
        return await _without_forge(matter, ended, site)
    ended = replace(ended, forge=kind.value)
    try:
        token = await forges.token_for(kind, site, environ=os.environ)
    except PlaitError as error:
        return await _push_all_the_same(matter, ended, error, key=None)
    key = key_for(kind, site, token)
    return await _at_forge(matter, ended, kind, site=site, token=token, key=key)


async def _at_forge(
    matter: _Matter,
    ended: DeliveryEnded,
    kind: ForgeKind,
    *,
    site: Site,
    token: AccessToken,
    key: remote.Key,
) -> DeliveryEnded:
    target = await _target(matter, ended.remote, key)
    ended = replace(ended, target=target)
    try:
        async with forges.connect(kind, site, token) as forge:
            requests = await forge.find(matter.run.branch)
            there = delivery.chosen(requests, commit=matter.run.head, target=target)
            if there is not None and there.state is not RequestState.OPEN:
                settled = DeliveryOutcome(there.state.value)
                return _of(replace(ended, outcome=settled), there)
            try:
                ended = await _pushed(matter, ended, key)
                ended, request = await _open_or_update(matter, ended, forge, there)
            except PlaitError as error:
                return _failed(matter, ended, error)
            return await _with_findings(matter, ended, forge, request)
    except PlaitError as error:
        return await _push_all_the_same(matter, ended, error, key=key)


async def _open_or_update(
    matter: _Matter, ended: DeliveryEnded, forge: Forge, there: PullRequest | None
) -> tuple[DeliveryEnded, PullRequest]:
    run, branch, target = matter.run, matter.run.branch, ended.target
    if there is None:
        body = text_of(matter.report, room=forge.longest_body, run=run.id)
        title = delivery.title_of(run)
        try:
            made = await forge.open(branch=branch, target=target, title=title, body=body)
        except PlaitError as refused:
            # Somebody was quicker, or an earlier answer was lost on its way here.
            requests = await forge.find(branch) if refused.code == "FORGE_REFUSED" else ()
            there = delivery.chosen(requests, commit="", target=target)
            if there is None:
                raise
        else:
            return _of(replace(ended, outcome=DeliveryOutcome.OPENED), made), made
    title = delivery.title_for(run, there.title)
    body = text_of(matter.report, room=forge.longest_body, run=run.id, there=there.body)
    # Some hosts keep text with other ends of lines.
    if (title, body) == (there.title, there.body.replace("\r\n", "\n")):
        return _of(replace(ended, outcome=DeliveryOutcome.UNCHANGED), there), there
    made = await forge.update(there, title=title, body=body)
    return _of(replace(ended, outcome=DeliveryOutcome.UPDATED), made), made


async def _with_findings(
    matter: _Matter, ended: DeliveryEnded, forge: Forge, request: PullRequest
) -> DeliveryEnded:
    """Upload what was found; nothing, too, where an upload before this one told of something."""
    last = matter.run.delivery
    before = last is not None and last.findings_told
    if not forge.takes_findings or not matter.sarif or not (ended.findings or before):
        return ended
    try:
        await forge.tell_findings(matter.sarif, request=request, commit=matter.run.head)
    except PlaitError as error:  # most often: the repository has no code scanning
        return replace(ended, findings_reason=error.message)
    return replace(ended, findings_told=True)


async def _without_forge(matter: _Matter, ended: DeliveryEnded, site: Site | None) -> DeliveryEnded:
    ended = await _pushed(matter, ended, None)
    if matter.project.settings.forge_kind == "none" or site is None:
        return _written(matter, ended, "there is no forge")
    return _written(
        matter,
        ended,
        f"which forge {site.host} is, is not known",
        hint='tell it in plait.toml: [forge] kind = "github", "gitlab", "gitea" or "none"',
    )


async def _push_all_the_same(
    matter: _Matter, ended: DeliveryEnded, error: PlaitError, *, key: remote.Key | None
) -> DeliveryEnded:
    """The branch gets there, so that a person can open the request."""
    if not ended.pushed:
        try:
            ended = await _pushed(matter, ended, key)
        except PlaitError as also:
            failed = _failed(matter, ended, error)
            return replace(failed, reason=f"{failed.reason}; {without_password(also.message)}")
    return _failed(matter, ended, error)


async def _pushed(matter: _Matter, ended: DeliveryEnded, key: remote.Key | None) -> DeliveryEnded:
    run = matter.run
    await remote.push(matter.repository, ended.remote, run.branch, run.head, key=key)
    return replace(ended, pushed=True)


async def _target(matter: _Matter, name: str, key: remote.Key) -> str:
    """Where it is to be merged into: what is set, what the run began on, the remote's default.

    Raises:
        UsageError: `NO_TARGET_BRANCH`.
    """
    settings = matter.project.settings
    wanted = [each for each in (settings.forge_target, matter.target) if each]
    there = await remote.standing(matter.repository, name, wanted, key=key)
    if settings.forge_target:
        return settings.forge_target
    for each in (*wanted, there.default):
        if each and each != matter.run.branch and (each in there.heads or each == there.default):
            return each
    raise UsageError(
        f"the remote {name} has no branch that {matter.run.branch} could be merged into",
        code="NO_TARGET_BRANCH",
        hint='push that branch first, or name another in plait.toml: [forge] target = "…"',
    )


def _findings(project: Project, run: Run) -> tuple[int, bytes]:
    """What was found in the plan's files as they are now, and in the work: how many, as SARIF."""
    files, found = run.plan.files, remarks(run)
    if not files:
        return 0, b""
    try:
        loaded = load_plan(files[0].path, start=project.root, format_name=run.plan.format)
    except PlaitError:  # the files are gone, or are another plan's by now
        if not found:
            return 0, b""
    else:
        found = (*loaded.findings, *found)
    sarif = findings_sarif(found, file=files[0].path)
    return len(found), json.dumps(sarif).encode("utf-8")


def _without_delivery(report: Mapping[str, Any]) -> Mapping[str, Any]:
    """A pull request's text does not tell of itself."""
    return {**report, "pull_request": None}


def _of(ended: DeliveryEnded, request: PullRequest) -> DeliveryEnded:
    return replace(ended, number=request.number, url=request.url, target=request.target)


def _written(
    matter: _Matter, ended: DeliveryEnded, reason: str, *, hint: str = ""
) -> DeliveryEnded:
    file = _write_text(matter)
    return replace(ended, outcome=DeliveryOutcome.WRITTEN, file=file, reason=reason, hint=hint)


def _failed(matter: _Matter, ended: DeliveryEnded, error: PlaitError) -> DeliveryEnded:
    again = f"plait resume {matter.run.id} --pr"
    return replace(
        ended,
        outcome=DeliveryOutcome.FAILED,
        file=_write_text(matter),
        error_code=error.code,
        reason=without_password(error.message),
        hint=f"{error.hint}; then: {again}" if error.hint else f"then: {again}",
    )


def _write_text(matter: _Matter) -> str:
    text = file_text(delivery.title_of(matter.run), matter.report)
    return _write(matter.project, matter.folder / "PR.md", text.encode("utf-8"))


def _write(project: Project, path: Path, content: bytes) -> str:
    """Write a file whole; its path, relative to the repository."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(content)
    draft.replace(path)
    return path.relative_to(project.root).as_posix()
