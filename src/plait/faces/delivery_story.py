"""What became of a run's branch: pushed, offered as a pull request, or what of it failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plait.core.event import DeliveryOutcome
from plait.faces.text import clean, count

_REQUESTS = {"gitlab": "merge request"}
_SETTLED = {
    DeliveryOutcome.OPENED: "opened",
    DeliveryOutcome.UPDATED: "updated",
    DeliveryOutcome.UNCHANGED: "up to date",
    DeliveryOutcome.CLOSED: "was closed at this commit, and is left so",
    DeliveryOutcome.MERGED: "is merged",
}


def tell_delivery(told: Mapping[str, Any]) -> str:
    """A `delivery_ended`, as the report holds it, in a line."""
    outcome = DeliveryOutcome(told["outcome"])
    what = _REQUESTS.get(told["forge"], "pull request")
    pushed = f"pushed to {clean(told['remote'])}" if told["pushed"] else "not pushed"
    match outcome:
        case DeliveryOutcome.EMPTY:
            return f"no {what}: nothing landed"
        case DeliveryOutcome.WRITTEN:
            return f"branch {pushed}; {clean(told['reason'])}: the text is in {clean(told['file'])}"
        case DeliveryOutcome.FAILED:
            return f"no {what}: {clean(told['reason'])} [{told['error_code']}]; branch {pushed}"
        case _:
            return f"{what} {_SETTLED[outcome]}: {clean(told['url'])}"


def more_on_delivery(told: Mapping[str, Any]) -> list[str]:
    """What else a person may want to know of it."""
    lines = [f"hint: {clean(told['hint'])}"] if told["hint"] else []
    if told["outcome"] == DeliveryOutcome.FAILED:
        lines.append(f"its text is in {clean(told['file'])}")
    if told["findings"]:
        number = count(told["findings"], "finding")
        where = clean(told["findings_file"])
        if told["findings_told"]:
            lines.append(f"{number} uploaded to code scanning")
        elif told["findings_reason"]:
            reason = clean(told["findings_reason"])
            lines.append(f"{number} not uploaded ({reason}): see {where}")
        else:
            lines.append(f"{number} in {where}")
    return lines
