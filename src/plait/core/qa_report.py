"""A try of QA in words: reports in the form that Purple's QA agents write, and what is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from plait.core.escalation import Escalation, EscalationType, Severity
from plait.core.event import QaItemEnded, QaKind, QaStatus
from plait.core.markup import code, plain, quoted
from plait.core.plan import PackageId
from plait.core.qa import Trial, since, verdict
from plait.core.run import Run

_TARGETS: Mapping[QaKind, str] = {
    QaKind.CLI: "Command line",
    QaKind.API: "API",
    QaKind.WEB: "Web UI",
    QaKind.AGENT: "The feature, by a QA agent",
}
_RESULTS = {QaStatus.PASSED: "PASS", QaStatus.FAILED: "FAIL", QaStatus.NOT_RUN: "NOT RUN"}
_SHOWN = 5
_MOST_DETAILS = 4000


def reports(run: Run, package: PackageId) -> dict[str, str]:
    """The reports of all tries since their count began, by file name: one for each type and try.

    The same run gives the same texts. What programs and agents said is quoted.
    """
    found: dict[str, str] = {}
    for trial in since(run.trials, package):
        if trial.ended is None:
            continue
        for kind in QaKind:
            items = [each for each in trial.items if each.kind is kind]
            if items:
                name = f"qa-report-{kind.value}-attempt-{trial.planned.number}.md"
                found[name] = _report(run, trial, kind, items)
    return found


def question(trial: Trial, *, why: str, reports: Sequence[str]) -> Escalation:
    """What a person is asked when nothing more is tried, with every failure.

    Args:
        trial: The last try.
        why: Why there is no further one.
        reports: Where its reports lie.
    """
    bad = trial.of(QaStatus.FAILED) or trial.of(QaStatus.NOT_RUN)
    names = ", ".join(each.name for each in bad[:_SHOWN])
    more = f" and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
    return Escalation(
        type=EscalationType.ACCEPTANCE_REQUIRED,
        severity=Severity.HIGH,
        summary=f"QA {why}: {names}{more}",
        details="\n\n".join(_told(each) for each in bad),
        proposal="answer yes to accept it as it is, or no and what is to be done",
        logs=tuple(reports),
        requires_human=True,
    )


def lines(run: Run) -> list[dict[str, Any]]:
    """The tries of a run as JSON values."""
    return [_line(trial) for trial in run.trials]


def instant(at: float) -> str:
    """Unix seconds as RFC 3339 in UTC."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _line(trial: Trial) -> dict[str, Any]:
    planned, ended = trial.planned, trial.ended
    told = {
        "package": planned.package,
        "attempt": planned.number,
        "of": planned.of,
        "commit": planned.commit,
        "status": ended.verdict.value if ended else "interrupted",
        "started_at": instant(trial.started_at),
        "finished_at": None if trial.finished_at is None else instant(trial.finished_at),
        **{
            name: len(trial.of(status))
            for name, status in (
                ("passed", QaStatus.PASSED),
                ("failed", QaStatus.FAILED),
                ("not_run", QaStatus.NOT_RUN),
            )
        },
        "items": [_item(each) for each in trial.items],
        "failures": [
            {"name": each.name, "reason": each.reason} for each in trial.of(QaStatus.FAILED)
        ],
        "reports": list(ended.reports) if ended else [],
    }
    return {key: value for key, value in told.items() if value is not None}


def _item(each: QaItemEnded) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": each.item,
        "kind": each.kind.value,
        "name": each.name,
        "status": each.status.value,
        "duration_s": round(each.duration_s, 3),
        "target": each.target,
        "reason": each.reason,
        "details": each.details,
        "severity": each.severity,
        "evidence": list(each.evidence),
        "files": list(each.paths),
    }
    return {key: value for key, value in told.items() if value not in ("", [])}


def _told(each: QaItemEnded) -> str:
    head = f"{each.name} ({each.kind.value}): {each.reason}"
    parts = [head, each.details[:_MOST_DETAILS].strip()]
    if each.evidence:
        parts.append(f"evidence: {', '.join(each.evidence)}")
    return "\n".join(part for part in parts if part)


def _report(run: Run, trial: Trial, kind: QaKind, items: Sequence[QaItemEnded]) -> str:
    planned = trial.planned
    came = verdict(items).value.upper().replace("_", " ")
    date = instant(trial.finished_at or trial.started_at)[:10]
    urls = dict.fromkeys(each.target for each in items if "://" in each.target)
    head = [
        f"# QA Report: {plain(run.plan.title)}",
        "",
        f"**Feature:** {plain(run.plan.feature)}",
        f"**Date:** {date}",
        f"**Target:** {_TARGETS[kind]}, commit {planned.commit[:12]}",
        f"**URL:** {code(next(iter(urls))) if urls else 'none'}",
        f"**Status:** {came}",
        f"**Attempt:** {planned.number} of {planned.of}",
    ]
    rows = [
        f"| {_cell(each.name)} | {_RESULTS[each.status]} | {_cell(each.reason)} |" for each in items
    ]
    failed = [each for each in items if each.status is QaStatus.FAILED]
    left = [each for each in items if each.status is QaStatus.NOT_RUN]
    parts = [
        "\n".join(head),
        "\n".join(["## Checks", "", "| Check | Result | Notes |", "|---|---|---|", *rows]),
        "\n\n".join(["## Issues Found", *(_issue(n, each) for n, each in enumerate(failed, 1))])
        if failed
        else "## Issues Found\n\nNone.",
    ]
    if left:
        told = "\n".join(f"- {plain(each.name)}: {plain(each.reason)}" for each in left)
        parts.append(f"## Not Run\n\n{told}")
    parts.append(f"## Recommendation\n\n{_advice(trial, failed, left)}")
    return "\n\n".join(parts) + "\n"


def _issue(number: int, each: QaItemEnded) -> str:
    told = [
        f"### QA-{number}: {plain(each.name)}",
        "",
        f"- **Endpoint:** {code(each.target) if each.target else 'none'}",
        f"- **Severity:** {plain(each.severity) or 'high'}",
        f"- **What was wrong:** {plain(each.reason)}",
    ]
    if each.evidence:
        told.append(f"- **Evidence:** {', '.join(map(code, each.evidence))}")
    if each.details.strip():
        told += ["- **Reproduction:**", "", quoted(each.details[:_MOST_DETAILS])]
    return "\n".join(told)


def _advice(trial: Trial, failed: Sequence[QaItemEnded], left: Sequence[QaItemEnded]) -> str:
    planned = trial.planned
    if failed:
        if planned.number >= planned.of:
            return "**FAIL** -- a person decides how to go on."
        return "**FAIL** -- mend what is listed above, then try the full plan again."
    if left:
        return "Nothing failed, but what is listed as not run was not tried."
    return "**PASS**"


def _cell(text: str) -> str:
    return plain(text.partition("\n")[0]) or " "
