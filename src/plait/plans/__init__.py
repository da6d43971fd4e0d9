"""Text to Plan: one file a format, found by place or by content, loaded by entry point."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from plait.core.finding import Finding
from plait.errors import UsageError
from plait.plans import detect
from plait.plans.refusals import refused
from plait.plans.registry import blamed, registered
from plait.ports import Loaded, PlanFormat

__all__ = ["formats", "load"]

_OF_FILES = frozenset({"PLAN_OUTSIDE", "PLAN_UNREADABLE", "PLAN_TOO_LARGE"})


def load(
    plan: str,
    *,
    start: Path,
    root: Path | None,
    format_name: str | None,
    lock_namespaces: tuple[str, ...] = (),
) -> Loaded:
    """Find a plan, recognise its format and read it.

    Args:
        plan: A file, a folder, or a name below the repository's root (a change's id, a feature).
        start: The folder that relative paths begin at.
        root: The repository's root, or None outside of one.
        format_name: The format to read it as, or None to detect it.
        lock_namespaces: Namespaces of lock keys that the project has declared.

    Returns:
        The plan, if one could be made, and what was found; a file that is no plan has the
        finding `PLAN_UNRECOGNISED`, one that cannot be read as a plan `PLAN_OUTSIDE`,
        `PLAN_UNREADABLE` or `PLAN_TOO_LARGE`.

    Raises:
        UsageError: `UNKNOWN_FORMAT`, `FORMAT_FAILED`, `NO_SUCH_PLAN`, `PLAN_AMBIGUOUS`.
    """
    registry = registered()
    known = detect.chosen(registry, format_name)
    try:
        source = detect.resolve(plan, start=start, root=root, formats=known)
        found = detect.recognise(source, known, forced=format_name is not None)
        if isinstance(found, Finding):
            return Loaded(plan=None, findings=(found, *registry.warnings()))
        with blamed(found):
            loaded = found.load(replace(source, lock_namespaces=lock_namespaces))
    except UsageError as error:
        if error.code not in _OF_FILES:
            raise
        wrong = refused(error, error.where or plan)
        return Loaded(plan=None, findings=(wrong, *registry.warnings()))
    return Loaded(plan=loaded.plan, findings=(*loaded.findings, *registry.warnings()))


def formats() -> dict[str, PlanFormat]:
    """The installed formats by name; a plug-in that cannot be loaded is left out."""
    return dict(registered().formats)
