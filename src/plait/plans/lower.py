"""From a task list to a Plan: ids, references, orders, parents, contradictions; once for all."""

from __future__ import annotations

from plait.core.finding import Finding
from plait.plans.tasks import TaskList
from plait.ports import Loaded


def lower(tasks: TaskList, *, format_name: str, findings: list[Finding]) -> Loaded:
    """Resolve what tasks need, settle contradictions, and make the packages.

    Args:
        tasks: What a format read.
        format_name: The format's name.
        findings: What it told already; what is found here is added.

    Returns:
        The plan and all findings; without a task there is no plan, but `NO_TASKS`.
    """
    raise NotImplementedError
