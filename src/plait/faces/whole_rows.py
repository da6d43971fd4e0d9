"""How the run's branch was judged as a whole, from the report, as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plait.faces.text import count, duration, listing

Report = Mapping[str, Any]
_TOLD = {
    "passed": "passed",
    "accepted": "accepted as it is",
    "mended": "did not pass",
    "asked": "did not pass: a person must decide",
    "incomplete": "not judged as a whole",
}


def headline(report: Report, *, incomplete: bool = True) -> str:
    """What came of the integration gate, on one line; empty where there was none.

    `incomplete`: also that not everything landed, which the packages tell too.
    """
    told = report.get("integration")
    if not told or (told["status"] == "incomplete" and not incomplete):
        return ""
    status = _TOLD.get(told["status"], told["status"])
    if told["status"] == "incomplete":
        return f"{status}: it waits for {listing(told['waits_for'], 5)}"
    return f"{status}: {_judged_by(told)}"


def sentences(report: Report) -> tuple[str, ...]:
    """The same in full: each check, what is wrong, what followed."""
    told = report.get("integration")
    return (headline(report), *_more(told)) if told else ()


def behind(report: Report) -> tuple[str, ...]:
    """Who makes and who builds on each contract, and who was built on another text of it."""
    uses = (report.get("contracts") or {}).get("uses") or ()
    return tuple(line for use in uses for line in _of_contract(use))


def _more(told: Mapping[str, Any]) -> Iterator[str]:
    for check in told.get("checks", ()):
        passed = "passed" if check["passed"] else f"exited {check['exit_code']}"
        took = duration(check["duration_s"])
        yield f'check "{check["name"]}" {passed} on the final tree in {took}: {check["log"]}'
    yield from told.get("problems", ())
    if told.get("fix"):
        yield f"opened for it: {told['fix']}"
    if accepted := told.get("accepted"):
        yield f"accepted by {accepted['who'] or 'somebody'}: {accepted['reason']}"


def _of_contract(use: Mapping[str, Any]) -> Iterator[str]:
    parts = [
        f"{name} {listing(use[key], 5)}"
        for key, name in (
            ("producers", "made by"),
            ("consumers", "built on by"),
            ("changed_by", "changed by"),
        )
        if use.get(key)
    ]
    if parts:
        yield f"{use['path']}: {', '.join(parts)}"
    if use.get("built_before"):
        yield (
            f"{use['path']}: {listing(use['built_before'], 5)} began with another text of it than "
            "the branch holds now"
        )


def _judged_by(told: Mapping[str, Any]) -> str:
    ran, known = len(told.get("checks", ())), told.get("known", 0)
    parts = []
    if ran:
        parts.append(f"{count(ran, 'check')} of the final tree")
    if known:
        parts.append(f"{count(known, 'check')}{' more' if ran else ''} passed on that very tree")
    if told.get("validated"):
        parts.append(f"the change by {told['validated']}")
    return ", ".join(parts) or "nothing checks it"
