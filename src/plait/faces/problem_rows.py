"""Escalations and revisions of a report, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plait.faces.text import listing

Report = Mapping[str, Any]


def problems(report: Report) -> tuple[str, ...]:
    """The escalations as sentences: whose, what, and what followed."""
    return tuple(_problem(each) for each in report.get("escalations", ()))


def revisions(report: Report) -> tuple[str, ...]:
    """The versions of the plan that the run went on with, as sentences."""
    return tuple(
        f"plan revision {each['plan_revision']}, contracts revision {each['contracts_revision']}"
        + (f" by {each['who']}" if each.get("who") else "")
        + "".join(
            f"; {name}: {listing(each[key])}"
            for key, name in (
                ("changed", "changed"),
                ("added", "added"),
                ("removed", "removed"),
                ("again", "done again"),
                ("contracts", "contracts"),
            )
            if each.get(key)
        )
        for each in report.get("revisions", ())
    )


def _problem(escalation: Mapping[str, Any]) -> str:
    kind = escalation.get("type", "question").lower().replace("_", " ")
    whose = escalation["package"] or "the run"
    parts = [f"{whose}: {kind} ({escalation['severity']}): {escalation['summary']}"]
    told = escalation.get("details", "")
    parts += [told] if told and told != escalation["summary"] else []
    parts += [
        f"{name}: {', '.join(escalation[key])}"
        for key, name in (("files", "files"), ("impacted_packages", "concerns"))
        if escalation.get(key)
    ]
    if escalation.get("proposed_action"):
        parts.append(f"it proposes: {escalation['proposed_action']}")
    if escalation.get("settled"):
        parts.append(f"followed by: {escalation['consequence']}")
    ways = "; or ".join(
        f"{each['command']} ({each['effect']})" for each in escalation.get("answers", ())
    )
    parts += [f"waits for a person: {ways}"] if ways else []
    return " — ".join(parts)
