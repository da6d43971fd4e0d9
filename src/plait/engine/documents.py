"""Completion documents: read in what an agent committed, written where it left them out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import PurePosixPath

from plait.core.completion import MOST_BYTES, completed, departures_in, is_about
from plait.core.event import DeviationNoted, Warned
from plait.core.plan import Document, WorkPackage
from plait.engine.claimed import Claimed
from plait.engine.context import Context
from plait.engine.secrets import without_secrets
from plait.engine.supervise import secrets_of
from plait.errors import PlaitError
from plait.ports import Work


async def departures(context: Context, claimed: Claimed, work: Work) -> tuple[DeviationNoted, ...]:
    """What the documents in a commit say was done differently from the plan."""
    package = claimed.package
    changed = [each.path for each in work.changes if each.status != "D"]
    told: dict[DeviationNoted, None] = {}
    for text in (await _own(context, package, changed, work.commit)).values():
        for each in departures_in(text):
            noted = DeviationNoted(
                package=package.id,
                attempt=claimed.attempt,
                epoch=claimed.epoch,
                summary=each.summary,
                affects=each.affects,
            )
            told[noted] = None
    return without_secrets(tuple(told), secrets_of(claimed)) if told else ()


async def write_documents(
    context: Context, package: WorkPackage, files: tuple[str, ...], tree: str
) -> str:
    """The merged tree with the documents that the package's agent left out.

    Args:
        context: The run's surroundings.
        package: What is about to land.
        files: What its merge changes.
        tree: The merged tree.
    """
    if not package.documents:
        return tree
    there = await _own(context, package, files, tree)
    edits: dict[str, bytes] = {}
    for each in package.documents:
        if any(_is(each, path, text) for path, text in there.items()):
            continue
        if await context.trunk.read(tree, each.path) is None:
            text = completed(each, package, context.journal.run, files)
            edits[each.path] = text.encode("utf-8", "backslashreplace")
    try:
        return await context.trunk.edit(tree, edits) if edits else tree
    except PlaitError as error:
        if error.code != "PATH_IN_THE_WAY":
            raise
        told = f"its completion document could not be written: {error.message}"
        warned = Warned(code="DOCUMENT_NOT_WRITTEN", message=told, package=package.id)
        if all(each.package != package.id or each.code != warned.code for each in _warned(context)):
            await context.journal.record(warned)
        return tree


def _warned(context: Context) -> tuple[Warned, ...]:
    return context.journal.run.warnings


async def _own(
    context: Context, package: WorkPackage, paths: Collection[str], commit: str
) -> dict[str, str]:
    """Of some paths, the package's documents, with their texts: whatever their agents call them."""
    mine = {each.path for each in package.documents}
    folders = {PurePosixPath(each).parent for each in mine}
    near = [path for path in paths if PurePosixPath(path).parent in folders]
    found: dict[str, str] = {}
    for path in sorted(path for path in near if path in mine or path.lower().endswith(".md")):
        content = await context.trunk.read(commit, path)
        text = (content or b"")[:MOST_BYTES].decode("utf-8", "replace")
        if content is not None and any(_is(each, path, text) for each in package.documents):
            found[path] = text
    return found


def _is(document: Document, path: str, text: str) -> bool:
    return path == document.path or is_about(document.task, PurePosixPath(path).name, text)
