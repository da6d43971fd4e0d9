"""Validators that are installed only with the extra `contracts`: loaded when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from plait.core.finding import Finding, Severity
from plait.core.plan import Span

_MOST_NAMED = 10


def load(name: str) -> ModuleType | None:
    """A module, or None where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        return None


def folder(name: str) -> Path | None:
    """Where a package lies, without importing it; None where it is not installed."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return None
    places = None if spec is None else spec.submodule_search_locations
    return Path(places[0]) if places else None


def only_parsed(names: Sequence[str]) -> Finding:
    """What is said of contracts whose validators are not installed."""
    named = ", ".join(names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return Finding(
        code="CONTRACT_ONLY_PARSED",
        severity=Severity.INFO,
        message=f"not validated, for a validator is not installed: {named}{more}",
        span=Span(file=names[0]),
        hint="install plait[contracts]",
    )
