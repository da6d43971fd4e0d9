"""Reports of a run, as values, text and files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from plait.app.project import Project
from plait.app.tidying import still_there
from plait.core.quoted import quoted
from plait.core.report import build_report, instant
from plait.core.run import Run
from plait.ports import Store

FORMATS = ("md", "json", "html")
BODY = "body"  # Markdown whose long parts fold, within what code hosts take


def report_of(project: Project, store: Store, run: Run) -> Mapping[str, Any]:
    """The report of a run, finished or not, as the JSON that interfaces promise."""
    return {**record_of(store, run), "kept": still_there(project, run)}


def record_of(store: Store, run: Run) -> Mapping[str, Any]:
    """The report as far as the store tells it: not what lies in the repository by now."""
    report = build_report(run)
    report["approvals"] = [
        {"who": each.who, "at": instant(each.at), "digest": each.digest}
        for each in store.approvals(run.plan.digest)
    ]
    rows = quoted(store.audit_of(run.id), run.plan.digest)
    report["audit"] = [{**each, "at": instant(each["at"])} for each in rows]
    return report


def render(report: Mapping[str, Any], form: str) -> str:
    """The report as `md`, `json`, `html`, or a pull request's `body`.

    In names that are not UTF-8, odd bytes are escaped.
    """
    return _rendered(report, form).encode("utf-8", "backslashreplace").decode("utf-8")


def write_reports(project: Project, report: Mapping[str, Any]) -> Path:
    """Write report.md, report.json and report.html into the run's folder; return the folder."""
    folder: Path = project.state / "runs" / report["run"]
    folder.mkdir(parents=True, exist_ok=True)
    for form in FORMATS:
        draft = folder / f".report.{form}.new"
        draft.write_text(render(report, form), encoding="utf-8")
        draft.replace(folder / f"report.{form}")
    return folder


def _rendered(report: Mapping[str, Any], form: str) -> str:
    if form == "json":
        return json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    if form == "html":
        from plait.faces.report_html import render_html

        return render_html(report)
    from plait.faces.report_text import render_body, render_md

    return render_body(report) if form == BODY else render_md(report)
