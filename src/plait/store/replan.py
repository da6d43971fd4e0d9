"""A run's plan replaced by another version of it, in the transaction that tells of it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection

from plait.core.codec import encode
from plait.core.event import RunId
from plait.core.plan import Plan
from plait.store import rows, statements


def replace_plan(connection: Connection, run: RunId, plan: Plan, *, now: float) -> None:
    """Write the plan, rows for the packages it adds, and all rows in its order.

    Rows of packages that it lacks stay, for events name them; they come last.
    """
    document = json.dumps(encode(plan))
    connection.execute(statements.REPLACE_PLAN, {"of_run": run, "new_document": document})
    connection.execute(statements.REPLACE_DIGEST, {"of_run": run, "new_digest": plan.digest})
    before: list[str] = list(connection.execute(statements.ORDER, {"run": run}).scalars())
    known, wanted = set(before), {package.id for package in plan.packages}
    connection.execute(statements.SET_ASIDE, {"of_run": run})
    moved: list[dict[str, Any]] = []
    added: list[dict[str, Any]] = []
    for row in rows.new_packages(run, plan, now):
        if row["id"] in known:
            moved.append(
                {
                    "of_run": run,
                    "of_package": row["id"],
                    "new_position": row["position"],
                    "new_title": row["title"],
                }
            )
        else:
            added.append(row)
    left = [each for each in before if each not in wanted]
    last = [
        {"of_run": run, "of_package": each, "new_position": position}
        for position, each in enumerate(left, start=len(plan.packages))
    ]
    for statement, values in (
        (statements.PLACE, moved),
        (statements.MOVE, last),
        (statements.ADD_PACKAGE, added),
    ):
        if values:
            connection.execute(statement, values)
