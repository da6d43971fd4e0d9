"""From a list in task groups, and what lies beside it, to a Plan: the same for all its formats."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from plait.core.finding import Finding
from plait.plans.groups.orchestration import assigned, orchestration_of, standards_of
from plait.plans.groups.tasks import read_groups
from plait.plans.lower import lower
from plait.plans.page import page_of
from plait.plans.places import context_of, slug
from plait.plans.tasks import TaskList
from plait.ports import Loaded, PlanSource

_REQUIREMENTS = ("planning/requirements.md", "requirements.md")


def load_groups(
    source: PlanSource,
    *,
    format_name: str,
    standards: Path | None,
    further: Iterable[str],
    max_agents: int | None,
    findings: list[Finding],
) -> Loaded:
    """Read the list and its orchestration, and make the plan.

    `spec.md` and the requirements, in either of their two places, are demanded.

    Args:
        source: The list.
        format_name: The format's name.
        standards: The folder of the project's standards, if there can be one.
        further: Files beside the list that agents should read if they are there.
        max_agents: The source's own limit.
        findings: What is found already.
    """
    folder = source.path.parent
    page = page_of(source.path, source.name)
    findings.extend(page.findings)
    groups = read_groups(page, findings)
    said = orchestration_of(source, groups.groups, findings)
    files = (page.file,) if said.file is None else (page.file, said.file)
    either = next((n for n in _REQUIREMENTS if (folder / n).is_file()), _REQUIREMENTS[0])
    expected = ("spec.md", either)
    context, missing = context_of(source, folder, expected=expected, further=further)
    findings.extend(missing)
    if standards is not None:
        context += standards_of(source, standards, said.standards, findings)
    name = folder.absolute().name or "plan"
    tasks = TaskList(
        id=name,
        title=groups.title,
        feature=name,
        branch=f"feat/{slug(name)}",
        tasks=assigned(groups.tasks, said.roles),
        files=files,
        orders=groups.orders,
        sets=groups.sets,
        context=context,
        max_agents=max_agents,
    )
    return lower(tasks, format_name=format_name, findings=findings)
