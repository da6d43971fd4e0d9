"""What was found in packages' work, of a report, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plait.faces.text import listing

Report = Mapping[str, Any]


def doubts(report: Report) -> tuple[str, ...]:
    """What weakens the judgement of work, and who accepted it; what is only told comes last."""
    found = [
        (each["severity"] != "error", _sentence(package, each))
        for package in report["packages"]
        for each in package.get("integrity") or ()
    ]
    accepted = [
        f"{package['id']}: accepted as it is by {by['who'] or 'somebody'}: {by['reason']}"
        for package in report["packages"]
        if (by := package.get("accepted"))
    ]
    found.sort(key=lambda each: each[0])
    return (*(told for _, told in found), *accepted)


def _sentence(package: Mapping[str, Any], doubt: Mapping[str, Any]) -> str:
    place = f"{doubt['file']}:{doubt['line']}: " if doubt.get("file") else ""
    told = f"{package['id']}: {place}{doubt['message']} [{doubt['code']}]"
    if doubt["severity"] != "error":
        return told
    if not doubt.get("accepted"):
        return f"{told} — holds the package"
    by = listing([str(each) for each in doubt.get("accepted_by") or ()], 5)
    return f"{told} — accepted{f' by {by}' if by else ''}"
