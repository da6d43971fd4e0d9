"""Tasks of a list in few words."""

from __future__ import annotations

from typing import Any

from plait.core.finding import Finding
from plait.core.plan import PackageId, Plan, SourceFile, Span
from plait.plans.lower import lower
from plait.plans.tasks import Order, Ref, Task, TaskList

FILE = "tasks.md"


def task(name: str, line: int = 1, *needs: str, **more: Any) -> Task:
    """A task at a line; with phrases of what it needs, if any."""
    if needs:
        more["needs"] = tuple(
            Ref(text=phrase, span=Span(file=FILE, line=line, column=1)) for phrase in needs
        )
    return Task(id=name, title=f"Task {name}", span=Span(file=FILE, line=line), **more)


def lowered(
    *tasks: Task, orders: tuple[Order, ...] = (), **more: Any
) -> tuple[Plan | None, list[Finding]]:
    """The plan and the findings of a list of these tasks."""
    listed = TaskList(
        id="login",
        title="Login",
        feature="login",
        branch="feat/login",
        tasks=tasks,
        orders=orders,
        files=(SourceFile(path=FILE, sha256="0" * 64),),
        **more,
    )
    loaded = lower(listed, format_name="listed", findings=[])
    return loaded.plan, list(loaded.findings)


def edges(plan: Plan | None) -> dict[str, dict[str, str]]:
    """By package, what it needs and why."""
    assert plan is not None
    return {
        package.id: {edge.id: edge.provenance.value for edge in package.needs}
        for package in plan.packages
    }


def of(plan: Plan | None, name: str) -> Any:
    """A package of the plan."""
    assert plan is not None
    return plan.package(PackageId(name))
