"""Approvals: given to Plait, or recorded by the plan's own tool; each holds for one digest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from plait.app.project import find_root, has_store, look, open_project
from plait.core.finding import Finding, Severity
from plait.core.plan import Plan, Span
from plait.errors import DecisionNeeded, PlaitError
from plait.ports import Approval, Rows, Store


def is_approved(store: Store, plan: Plan) -> bool:
    """Whether somebody approved this very digest; what the source records is taken over."""
    if not store.approvals(plan.digest):
        for given in plan.approvals:
            who = f"{given.who} on {given.at}" if given.at else given.who
            store.approve(plan.digest, who=f"{who} ({given.span.file})", plan=plan.id)
    return bool(store.approvals(plan.digest))


def approval_missing(store: Store, plan: Plan, name: str) -> DecisionNeeded:
    """What to say where nobody can be asked."""
    hint = f"approve it with `plait approve {name}`, or run it with --yes"
    earlier = store.approved(plan.id)
    if earlier:
        return DecisionNeeded(_changed(plan, earlier[-1]), code="CHANGED_SINCE_APPROVAL", hint=hint)
    return DecisionNeeded(
        f"nobody has approved this plan ({plan.digest[:19]}…)", code="NOT_APPROVED", hint=hint
    )


def approval_findings(start: Path, plan: Plan) -> tuple[Finding, ...]:
    """`CHANGED_SINCE_APPROVAL`, if the repository knows an approval of another content."""
    if find_root(start) is None or plan.approvals:
        return ()
    try:
        project = open_project(start)
        if not has_store(project):
            return ()
        with look(project) as rows:
            return tuple(_findings(rows, plan))
    except PlaitError as error:  # of a store that cannot be read `doctor` tells; a check goes on
        return (
            Finding(
                code="APPROVALS_UNREAD",
                severity=Severity.WARNING,
                message=f"whether the plan is approved cannot be told: {error.message}",
                hint="`plait doctor` looks at the store",
            ),
        )


def _findings(rows: Rows, plan: Plan) -> list[Finding]:
    given = rows.approved(plan.id)
    if not given or any(each.digest == plan.digest for each in given):
        return []
    return [
        Finding(
            code="CHANGED_SINCE_APPROVAL",
            severity=Severity.WARNING,
            message=f"{_changed(plan, given[-1])}: it will not run",
            span=Span(file=plan.files[0].path) if plan.files else None,
            hint="look at what changed, then approve it with `plait approve`",
        )
    ]


def _changed(plan: Plan, last: Approval) -> str:
    at = datetime.fromtimestamp(last.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{plan.id} has changed since {last.who} approved it ({at})"
