"""What is told of QA while a run goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plait.core.event import QaEnded, QaItemEnded, QaPlanned, QaSettled, QaStatus, QaVerdict
from plait.core.qa import Trial
from plait.faces.text import clean, count, duration, listing

_CAME = {
    QaVerdict.PASS: "passed",
    QaVerdict.PARTIAL: "passed as far as it could be run",
    QaVerdict.FAIL: "failed",
    QaVerdict.NOT_RUN: "could not be run",
}


def tell_qa(
    event: QaPlanned | QaItemEnded | QaEnded | QaSettled,
    trials: tuple[Trial, ...],
    *,
    verbose: bool,
) -> str | None:
    """One line an event; what passed is counted at the end, if nobody wants to see it all."""
    match event:
        case QaPlanned(items=items):
            shown = listing(items, 5)
            return f"tries {count(len(items), 'item')} on {event.commit[:10]}: {shown}"
        case QaItemEnded(status=QaStatus.PASSED):
            return f"{clean(event.name)} passed" if verbose else None
        case QaItemEnded(status=QaStatus.FAILED):
            return f"{clean(event.name)} failed: {_first(event.reason)}"
        case QaItemEnded():
            return f"{clean(event.name)} not run: {_first(event.reason)}"
        case QaEnded():
            last = trials[-1]
            counts = ", ".join(
                f"{len(found)} {status.value.replace('_', ' ')}"
                for status in QaStatus
                if (found := last.of(status))
            )
            took = duration(event.duration_s)
            head = f"try {event.number} of {event.of} {_CAME[event.verdict]} in {took}"
            return f"{head}: {counts}"
        case QaSettled(reason=reason, who=who):
            return f"QA is over: {clean(reason)}" + (f", by {clean(who)}" if who else "")


def qa_lines(report: Mapping[str, Any]) -> list[str]:
    """What came of the last try, with all that failed or was not run; nothing without QA."""
    tries = report.get("qa") or []
    last = tries[-1] if isinstance(tries, list) and tries else None
    if not isinstance(last, Mapping) or last.get("status") not in set(QaVerdict):
        return []
    items = [each for each in last.get("items") or () if isinstance(each, Mapping)]
    counts = ", ".join(
        f"{number} {status.value.replace('_', ' ')}"
        for status in QaStatus
        if (number := sum(each.get("status") == status for each in items))
    )
    came = _CAME[QaVerdict(last["status"])]
    told = [f"{came} in try {last.get('attempt')} of {last.get('of')}: {counts}"]
    told += [
        f"{clean(str(each.get('name')))}: {_first(str(each.get('reason') or ''))}"
        for each in items
        if each.get("status") != QaStatus.PASSED
    ]
    return told


def _first(reason: str) -> str:
    return clean(reason.partition("\n")[0])
