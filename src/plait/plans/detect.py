"""Which file is meant, and which format it is in: by its place first, then by its content."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.errors import UsageError
from plait.plans.nearest import did_you_mean, nearest
from plait.plans.registry import Registry, blamed
from plait.plans.text import read
from plait.ports import PlanFormat, PlanSource

Formats = Mapping[str, PlanFormat]

_SURE_ENOUGH = 0.5
_BINARY_WITHIN = 8000  # bytes; a zero byte among the first ones says that it is no text
_MOST_FOLDERS = 2000  # looked into for a hint
_SKIPPED = frozenset({".git", ".plait", ".venv", "node_modules", "__pycache__"})
_MOST_NAMED = 3
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
            f"{plan} cannot be looked up: {error.strerror}", code="PLAN_UNREADABLE", where=plan
        ) from error
    if found is None:
        raise UsageError(
            f"there is no plan {plan!r}",
            code="NO_SUCH_PLAN",
            where=plan,
            hint=_hint(plan, base if top is None else top, formats),
        )
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
    placed = {name: each for name, each in formats.items() if _is_placed(each, source.path)}
    scores = {name: _score(each, content.text) for name, each in (placed or formats).items()}
    best = max(scores, key=lambda name: scores[name], default=None)
    if best is None or (not placed and scores[best] < _SURE_ENOUGH):
        return _unrecognised(source, formats, "no plan format recognises this file")
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
    if path.is_dir():
        return _in_folder(path, top, formats)
    if path.exists():
        return path
    return _by_name(plan, base if top is None else top, formats)


def _in_folder(folder: Path, top: Path | None, formats: Formats) -> Path | None:
    """The plan of a folder; formats are asked from the root, so that they see their layout."""
    if top is not None and folder.is_relative_to(top):
        return _only(_located(top, folder.relative_to(top).as_posix(), formats), str(folder))
    return _only(_located(folder, ".", formats), str(folder))


def _by_name(name: str, base: Path, formats: Formats) -> Path | None:
    """The plan of that name; a name that climbs out of the base is none."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        return None
    return _only(_located(base, name, formats), name)


def _located(base: Path, name: str, formats: Formats) -> dict[str, Path]:
    """What each format finds; if none does, a format may tell what its own layout lacks."""
    found: dict[str, Path] = {}
    lacking: UsageError | None = None
    for key, each in formats.items():
        try:
            with blamed(each):
                path = each.locate(base, name)
        except UsageError as error:
            if error.code != "NO_SUCH_PLAN":
                raise
            lacking = lacking or error
            continue
        if path is not None:
            found[key] = Path(os.path.normpath(path))
    if lacking and not found:
        raise lacking
    found = {n: path for n, path in found.items() if not _yields(formats[n], path, found)}
    placed = {n: path for n, path in found.items() if _is_placed(formats[n], path)}
    return placed or found


def _yields(plan_format: PlanFormat, path: Path, found: Mapping[str, Path]) -> bool:
    """Whether the folder holds a plan of a format that says more of the same work."""
    stronger: Collection[str] = getattr(plan_format, "yields_to", frozenset())
    return any(found[name].parent == path.parent for name in stronger if name in found)


def _only(found: Mapping[str, Path], meant: str) -> Path | None:
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{path} ({name})" for name, path in found.items())
        raise UsageError(
            f"{meant!r} names several plans: {listed}",
            code="PLAN_AMBIGUOUS",
            hint="name the file, or its format with --format",
        )
    return next(iter(found.values()), None)


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


def _is_placed(plan_format: PlanFormat, path: Path) -> bool:
    with blamed(plan_format):
        return plan_format.by_place(path)


def _score(plan_format: PlanFormat, text: str) -> float:
    with blamed(plan_format):
        return plan_format.by_content(text)


def _unrecognised(source: PlanSource, formats: Formats, why: str) -> Finding:
    return Finding(
        code="PLAN_UNRECOGNISED",
        severity=Severity.ERROR,
        message=f"{why} (formats tried: {', '.join(formats) or 'none'})",
        span=Span(file=source.name),
        hint="name the plan's own file, or its format with --format",
    )


def _hint(plan: str, base: Path, formats: Formats) -> str:
    """The closest plan there is, or some that there are."""
    plans = list(_plans_below(base, formats))
    names = {path.parent.name: path for path in plans}
    names |= {path.relative_to(base).as_posix(): path for path in plans}
    names |= {path.parent.relative_to(base).as_posix(): path for path in plans}
    close = nearest(plan, names) or nearest(Path(plan).name, names)
    if close:
        return f"did you mean {close!r}?"
    if plans:
        some = ", ".join(path.relative_to(base).as_posix() for path in islice(plans, _MOST_NAMED))
        return f"plans here: {some}"
    return "name a plan's file, its folder, or its id"


def _plans_below(base: Path, formats: Formats) -> Iterator[Path]:
    """Files that lie where a format's plans lie, links not followed, within limits."""
    for folder, folders, files in islice(os.walk(base), _MOST_FOLDERS):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(files):
            path = Path(folder) / name
            if any(_is_placed(each, path) for each in formats.values()):
                yield path
