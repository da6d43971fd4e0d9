"""What a run prints when it ends: what landed, what did not and why, where to look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plait.faces.delivery_story import more_on_delivery, tell_delivery
from plait.faces.qa_story import qa_lines
from plait.faces.report_rows import kept_lines, limit
from plait.faces.text import clean, duration, listing
from plait.faces.whole_rows import headline as headline_of_whole

_HEADLINES = {
    "succeeded": "done",
    "partial": "done in part",
    "failed": "failed",
    "blocked": "blocked: a person must decide",
    "cancelled": "cancelled",
    "interrupted": "stopped",
    "paused": "paused: `plait resume` goes on",
    "running": "not finished",
}
SHORT = 12


def headline(status: str) -> str:
    """A run's status in words."""
    return _HEADLINES[status]


def summary(report: Mapping[str, Any], *, folder: str) -> str:
    """The end of `plait run`, from the report; `folder` holds the report's files."""
    packages = report["packages"]
    landed = [each for each in packages if each["status"] == "landed"]
    done = [each for each in packages if each["status"] == "done_before"]
    wanted = len(packages) - len(done) - sum(1 for each in packages if each.get("benign"))
    took = f" in {duration(report['makespan_s'])}" if report.get("makespan_s") else ""
    before = f", {len(done)} done before" if done else ""
    of = f"{len(landed)} of {wanted} packages landed{before}{took}"
    waiting: dict[str | None, list[Mapping[str, Any]]] = {}
    for each in report.get("escalations", ()):
        if not each.get("settled", True):
            waiting.setdefault(each["package"], []).append(each)
    lines = [
        "",
        f"{headline(report['status'])}: {of}",
        f"  branch  {report['branch']} at {report['head'][:SHORT]} (from {report['base'][:SHORT]})",
    ]
    if whole := headline_of_whole(report, incomplete=False):
        lines.append(f"  whole   {clean(whole)}")
        for each in waiting.get(None, ()):
            lines += [f"          {clean(each['summary'])}", *_ways_on(each)]
    lines += [f"  qa      {told}" for told in qa_lines(report)]
    if told := report.get("pull_request"):
        lines.append(f"  request {tell_delivery(told)}")
        lines += [f"          {line}" for line in more_on_delivery(told)]
    if reason := limit(report):
        lines.append(f"  limit   {clean(reason)}")
    for each in packages:
        lines += _trouble(each)
        lines += [line for told in waiting.get(each["id"], ()) for line in _ways_on(told)]
    cost = report["totals"].get("cost_usd")
    if cost is not None:
        lines.append(f"  cost    {cost:.2f} USD")
    unchecked = [each["id"] for each in landed if each.get("reason") == "landed, unchecked"]
    if unchecked:
        lines.append(f"  landed unchecked: {listing(unchecked, 5)}")
    lines += [f"  warning {clean(told)}" for told in _warnings(report)]
    lines += [f"  kept    {each}" for each in kept_lines(report)]
    lines.append(f"  report  {folder}/report.html (.md, .json)")
    return "\n".join(lines) + "\n"


def _trouble(package: Mapping[str, Any]) -> list[str]:
    status = package["status"]
    if status not in {"failed", "blocked", "skipped", "cancelled"} or package.get("benign"):
        return []
    reason = clean(str(package.get("reason") or "").strip().partition("\n")[0])
    lines = [f"  {status:<9} {clean(package['id'])}: {reason}"]
    attempts = package.get("attempts") or []
    last = attempts[-1] if attempts else {}
    if last.get("error_code"):
        lines[-1] += f" [{last['error_code']}]"
    lines += [
        f"            outside its scope: {clean(path)}" for path in last.get("violations") or ()
    ]
    if last.get("kept_ref"):
        lines.append(f"            its work is kept: git log -p {last['kept_ref']}")
    if status == "failed":
        lines.append(f"            what it wrote: plait logs {package['id']}")
    return lines


def _ways_on(escalation: Mapping[str, Any]) -> list[str]:
    """What a person can do about what a package asks."""
    kind = escalation["type"].lower().replace("_", " ")
    known = escalation["type"] not in {"UNKNOWN", "QUESTION"}
    lines = [f"            {kind}: {clean(escalation['reason'])}"] if known else []
    for each in escalation.get("answers", ()):
        lines.append(f"            {clean(each['command'])}")
        lines.append(f"                {clean(each['effect'])}")
    return lines


def _warnings(report: Mapping[str, Any]) -> list[str]:
    return [
        each if isinstance(each, str) else f"{each.get('code', '')}: {each.get('message', '')}"
        for each in report.get("warnings", ())
    ] + [
        f'FLAKY_CHECK: check "{name}" did not always say the same of one tree'
        for name in dict.fromkeys(each["name"] for each in report.get("flakes", ()))
    ]
