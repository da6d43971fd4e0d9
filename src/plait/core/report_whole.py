"""The part of a report that tells how the run's branch was judged as a whole."""

from __future__ import annotations

from typing import Any

from plait.core import integration
from plait.core.codec import encode
from plait.core.event import Verdict
from plait.core.integration import NAME
from plait.core.run import UNFINISHED, Run

_STATUS = {
    Verdict.PASS: "passed",
    Verdict.REVISE: "mended",
    Verdict.BLOCKED: "asked",
    Verdict.REJECT: "asked",
}


def whole(run: Run) -> dict[str, Any] | None:
    """What the integration gate said last; None where nothing was to be judged, or not yet.

    Of a run that ended before everything had landed it tells what it waited for.
    """
    judged, accepted = run.whole.judged, run.whole.accepted
    waits = integration.waiting(run)
    if judged is None or (waits and not run.whole.covers(run.head)):
        if not waits or run.status in UNFINISHED or not run.packages:
            return None
        return {"status": "incomplete", "waits_for": list(waits)}
    told = encode(judged)
    status = "accepted" if accepted else _STATUS[judged.verdict]
    return {
        "status": status,
        "waits_for": list(waits),
        **{key: told[key] for key in ("commit", "tree", "known", "validated", "duration_s")},
        "checks": [
            {
                "name": each.name,
                "command": each.command,
                "passed": each.passed,
                "exit_code": each.exit_code,
                "duration_s": round(each.duration_s, 3),
                "log": each.log,
            }
            for each in run.whole.checks
            if each.tree == judged.tree
        ],
        "problems": list(judged.problems),
        "reason": judged.reason,
        "fix": judged.fix,
        "accepted": None if accepted is None else {"who": accepted.who, "reason": accepted.reason},
    }


def uses(run: Run) -> list[dict[str, Any]]:
    """Each contract with who makes it, who builds on it, who changed it; and who is behind."""
    judged = run.whole.judged
    stale = () if judged is None else tuple(zip(judged.stale, judged.stale_contracts, strict=False))
    return [
        {
            **encode(use),
            "built_before": [package for package, path in stale if path == use.path],
        }
        for use in integration.uses(run)
    ]


def question(run: Run) -> dict[str, Any] | None:
    """What a person is asked about the whole, in the form of an escalation."""
    judged = run.whole.judged
    if judged is None or not run.whole.asks:
        return None
    name = run.id
    ways = (
        (f'plait answer {name} {NAME} "yes: WHY"', "accepts the branch as it is"),
        (f'plait answer {name} {NAME} "no: HOW"', "opens a package that puts it right"),
        (f"plait retry {name} {NAME}", "judges it again, such as after a program was installed"),
    )
    return {
        "id": NAME,
        "package": None,
        "type": "QUESTION",
        "severity": "BLOCKING",
        "raised_by": "plait",
        "summary": judged.question,
        "details": judged.reason,
        "requires_human": True,
        "consequence": "ask",
        "reason": "",
        "settled": False,
        "question": judged.question,
        "answers": [{"command": command, "effect": effect} for command, effect in ways],
    }
