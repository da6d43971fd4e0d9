"""Findings as SARIF 2.1.0, the format from which code hosts annotate pull requests.

Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from plait import __version__
from plait.core.catalogue import RULES, Rule
from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.faces.text import clean

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "plaitFinding/v1"

_ROOT = "%SRCROOT%"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PLACES = re.compile(r":[0-9]{1,9}:[0-9]{1,9}|\bline [0-9]{1,9}")  # in messages


def findings_sarif(findings: Sequence[Finding], *, file: str | None = None) -> dict[str, Any]:
    """One run with all rules of the catalogue and a result for each finding.

    Args:
        findings: All of them, in their order. A code that the catalogue does not hold is a
            plug-in's; its rule has no description.
        file: The plan's main file, for findings without a place.
    """
    foreign = {f.code: f.severity for f in findings if f.code not in RULES}
    rules = [_rule(rule) for rule in RULES.values()]
    rules += [{"id": clean(code), **_level(severity)} for code, severity in foreign.items()]
    index = {code: place for place, code in enumerate([*RULES, *foreign])}
    seen: Counter[str] = Counter()
    results = []
    for finding in findings:
        result = _result(finding, file)
        mark = _fingerprint(finding, file)
        seen[mark] += 1
        result["ruleIndex"] = index[finding.code]
        result["partialFingerprints"] = {FINGERPRINT: f"{mark}:{seen[mark]}"}
        results.append(result)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "plait", "version": __version__, "rules": rules}},
                "originalUriBaseIds": {_ROOT: {"description": _text("The repository's root.")}},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    page = f"docs/reference/findings/{rule.code}.md"
    return {
        "id": rule.code,
        "shortDescription": _text(rule.meaning),
        "fullDescription": _text(rule.meaning),
        "help": {
            "text": f"Plait's documentation tells how to mend it: {page}",
            "markdown": f"Plait's documentation tells how to mend it: `{page}`",
        },
        **_level(rule.severities[0]),
    }


def _level(severity: Severity) -> dict[str, Any]:
    return {"defaultConfiguration": {"level": _LEVELS[severity]}}


def _result(finding: Finding, file: str | None) -> dict[str, Any]:
    told = [clean(finding.message)]
    told += [f"hint: {clean(line)}" for line in finding.hint.splitlines()]
    location: dict[str, Any] = {}
    span = finding.span or (Span(file=file) if file else None)
    if span is not None:
        location["physicalLocation"] = {
            "artifactLocation": _artifact(span.file),
            "region": {"startLine": span.line, "startColumn": span.column},
        }
    if finding.where:
        location["logicalLocations"] = [{"fullyQualifiedName": clean(finding.where)}]
    return {
        "ruleId": clean(finding.code),
        "level": _LEVELS[finding.severity],
        "message": _text("\n".join(told)),
        "locations": [location] if location else [],
    }


def _artifact(file: str) -> dict[str, str]:
    """Relative to the repository's root; a file outside it by its whole path."""
    uri = quote(file, errors="replace")
    return {"uri": f"file://{uri}"} if PurePath(file).is_absolute() else _relative(uri)


def _relative(uri: str) -> dict[str, str]:
    return {"uri": uri, "uriBaseId": _ROOT}


def _text(text: str) -> dict[str, str]:
    """A message in which nothing is a placeholder or a link, whatever the plan says."""
    text = text.replace("{", "{{").replace("}", "}}")  # as the standard's 3.11.5 wants it
    return {"text": text.replace("](", "] (")}


def _fingerprint(finding: Finding, file: str | None) -> str:
    """What stays the same when lines move: code, file and message without the lines it names."""
    place = finding.span.file if finding.span else file or ""
    told = "\0".join((finding.code, place, _PLACES.sub("", finding.message)))
    return hashlib.sha256(told.encode(errors="replace")).hexdigest()[:32]
