"""Which file is meant, and which format it is in: by its place first, then by its content."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.errors import UsageError
from plait.plans import suggestions
from plait.plans.asked import Formats, is_placed, located, score
from plait.plans.markdown import without_fences
from plait.plans.nearest import did_you_mean
from plait.plans.registry import Registry
from plait.plans.text import read
from plait.ports import PlanFormat, PlanSource

_NO_FORMAT = "no plan format recognises this file"
_SURE_ENOUGH = 0.5
_BINARY_WITHIN = 8000  # bytes; a zero byte among the first ones says that it is no text
_LONGEST_NAME = 255  # bytes that file systems take
_LONGEST_PATH = 3800  # bytes, with room for what formats add


def chosen(registry: Registry, name: str | None) -> Formats:
    """The formats to consider: all of them, or the one that was asked for.

    Raises:
        UsageError: `UNKNOWN_FORMAT`; for one that is installed but broken too.
    """
    if name is None:
        return registry.formats
    if name in registry.formats:
        return {name: registry.formats[name]}
    if name in registry.broken:
        message = f"plan format {name!r} could not be loaded: {registry.broken[name]}"
        hint = "update the package that brings it"
    else:
        message = f"there is no plan format {name!r}"
        known = f"known: {', '.join(registry.formats)}"
        hint = "; ".join(part for part in (did_you_mean(name, registry.formats), known) if part)
    raise UsageError(message, code="UNKNOWN_FORMAT", hint=hint)


def resolve(plan: str, *, start: Path, root: Path | None, formats: Formats) -> PlanSource:
    """The file that `plan` means: a file, a folder's plan, or a name below the root.

    Args:
        plan: As the user wrote it.
        start: The folder that relative paths begin at.
        root: The repository's root, or None.
        formats: The formats to ask for folders and names.

    Raises:
        UsageError: `NO_SUCH_PLAN`, `PLAN_AMBIGUOUS`, `PLAN_OUTSIDE`, `PLAN_UNREADABLE`.
    """
    base = Path(os.path.abspath(start))  # noqa: PTH100 - links stay: names are what users wrote
    top = None if root is None else Path(os.path.abspath(root))  # noqa: PTH100 - same
    if not _is_name(plan, base):
        raise UsageError(
            "this is no name that a plan can have",
            code="NO_SUCH_PLAN",
            hint="name a plan's file, its folder, or its id",
        )
    try:
        found = _found(plan, base, top, formats)
    except OSError as error:
        raise UsageError(
            f"{plan} cannot be looked up: {error.strerror}",
            code="PLAN_UNREADABLE",
            where=plan,
            hint="check that you may read the folders on its way",
        ) from error
    if found is None:
        raise _no_such(plan, base, top, formats)
    return _source(found, base, top)


def recognise(source: PlanSource, formats: Formats, *, forced: bool) -> PlanFormat | Finding:
    """The format of a file, or the finding `PLAN_UNRECOGNISED`.

    Args:
        source: The file.
        formats: The formats to ask.
        forced: Take the only one without asking, unless the file holds no text at all.

    Raises:
        UsageError: `PLAN_UNREADABLE`, `PLAN_TOO_LARGE`.
    """
    content = read(source.path, source.name)
    if b"\0" in content.raw[:_BINARY_WITHIN]:
        wide = [f.message for f in content.findings if f.message.endswith("UTF-16")]
        return _unrecognised(source, formats, *(wide or ["the file is binary"]))
    if not content.text.strip():
        return _unrecognised(source, formats, "the file is empty")
    if forced:
        return next(iter(formats.values()))
    placed = {name: each for name, each in formats.items() if is_placed(each, source.path)}
    text = without_fences(content.text)
    scores = {name: score(each, text) for name, each in (placed or formats).items()}
    best = max(scores, key=lambda name: scores[name], default=None)
    if best is None or (not placed and scores[best] < _SURE_ENOUGH):
        why = ": ".join(filter(None, (_NO_FORMAT, suggestions.lacking(text))))
        return _unrecognised(source, formats, why, suggestions.likeness(scores, text))
    return formats[best]


def _is_name(plan: str, base: Path) -> bool:
    """Whether a file can be called so, by a name that findings can show."""
    try:
        plan.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8, from the command line
        return False
    length = len(os.fsencode(base / plan))
    parts = [os.fsencode(part) for part in Path(plan).parts]
    short = length < _LONGEST_PATH and all(len(part) <= _LONGEST_NAME for part in parts)
    return plan != "" and "\0" not in plan and short


def _found(plan: str, base: Path, top: Path | None, formats: Formats) -> Path | None:
    path = Path(os.path.normpath(base / plan))
    root = base if top is None else top
    if path.is_dir():
        return _in_folder(path, root if top is not None else path, plan, formats)
    if path.exists():
        return path
    return _by_name(plan, root, formats)


def _in_folder(folder: Path, root: Path, plan: str, formats: Formats) -> Path | None:
    """The plan of a folder; formats are asked from the root, so that they see their layout."""
    if not folder.is_relative_to(root):
        root = folder
    name = folder.relative_to(root).as_posix()
    return _only(located(root, name, formats), plan, root, folder, formats)


def _by_name(name: str, base: Path, formats: Formats) -> Path | None:
    """The plan of that name; a name that climbs out of the base is none."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        return None
    return _only(located(base, name, formats), name, base, None, formats)


def _only(
    found: Mapping[str, Path], plan: str, root: Path, folder: Path | None, formats: Formats
) -> Path | None:
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{_shown(path, root)} ({name})" for name, path in found.items())
        further = suggestions.others(folder, formats, found) if folder else ""
        hint = "name the file, or its format with --format"
        raise UsageError(
            f"{plan!r} names several plans: {listed}",
            code="PLAN_AMBIGUOUS",
            where=plan,
            hint="; ".join(filter(None, (hint, further))),
        )
    return next(iter(found.values()), None)


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _no_such(plan: str, base: Path, top: Path | None, formats: Formats) -> UsageError:
    """The refusal of a name that nothing has, or of a folder that is no plan."""
    root = base if top is None else top
    folder = Path(os.path.normpath(base / plan))
    if folder.is_dir() and folder.is_relative_to(root):
        message = f"the folder {plan!r} is no plan"
        hint = suggestions.below(folder, root, formats)
    else:
        message = f"there is no plan {plan!r}"
        hint = suggestions.closest(plan, root, formats)
    return UsageError(message, code="NO_SUCH_PLAN", where=plan, hint=hint)


def _source(path: Path, base: Path, top: Path | None) -> PlanSource:
    if top is not None and path.is_relative_to(top):
        name = path.relative_to(top).as_posix()
        if not path.resolve().is_relative_to(top.resolve()):
            raise UsageError(
                f"{name} is a link that leads out of the repository",
                code="PLAN_OUTSIDE",
                where=name,
                hint="copy the plan into the repository, or name the file it leads to",
            )
        return PlanSource(root=top, path=path, name=name, in_repository=True)
    root = base if path.is_relative_to(base) else path.parent
    return PlanSource(root=root, path=path, name=str(path), in_repository=False)


def _unrecognised(source: PlanSource, formats: Formats, why: str, like: str = "") -> Finding:
    usual = "name the plan's own file, or its format with --format"
    return Finding(
        code="PLAN_UNRECOGNISED",
        severity=Severity.ERROR,
        message=f"{why} (formats tried: {', '.join(formats) or 'none'})",
        span=Span(file=source.name),
        hint=suggestions.beside(source, formats) or like or usual,
    )
