"""Droidz's own configuration: how many agents it lets work at once."""

from __future__ import annotations

from pathlib import Path

from plait.core.finding import Finding
from plait.core.plan import Span
from plait.errors import PlaitError
from plait.plans.places import holds, named
from plait.plans.refusals import ignored
from plait.plans.text import read
from plait.ports import PlanSource

_PLACES = ("droidz/config.yml", ".droidz/config.yml", "config.yml", "droidz/config.yaml")
_KEYS = (("parallel", "max_concurrent_tasks"), ("max_parallel_executions",))
_MOST = 1000
_HINT = "correct it, or give the limit with --max-agents"


def max_agents_of(source: PlanSource, root: Path, findings: list[Finding]) -> int | None:
    """The limit that the first configuration with one sets; None where there is none.

    Args:
        source: The plan.
        root: The folder that holds `droidz`.
        findings: Takes `SIDECAR_IGNORED`: the limit is then as if it were not set.
    """
    for place in _PLACES:
        path = root / place
        if holds(source, path):
            found = _limit(path, named(source, path), findings)
            if found is not None:
                return found
    return None


def _limit(path: Path, name: str, findings: list[Finding]) -> int | None:
    from plait.plans.yaml_source import parse

    try:
        document = parse(read(path, name))
    except PlaitError as error:
        findings.append(ignored(error.message, Span(file=name), hint=_HINT))
        return None
    findings.extend(
        ignored(each.message, each.span or Span(file=name), hint=_HINT)
        for each in document.findings
    )
    enabled = document.node(("parallel", "enabled"))
    if enabled is not None and enabled.value is False:
        return 1
    for key in _KEYS:
        node = document.node(key)
        if node is None:
            continue
        value = node.value
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST:
            return value
        message = f"{'.'.join(key)} must be a whole number from 1 to {_MOST}: there is no limit"
        findings.append(ignored(message, document.span(key), hint=_HINT))
    return None
