"""Markdown contracts: that they say something, and end what they begin."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans.contracts.shelf import Contract, found
from plait.plans.markdown import scan

_MOST_FINDINGS = 20
_MOST_CHARACTERS = 1_000_000


def check(contract: Contract) -> Iterator[Finding]:
    """`CONTRACT_FENCE_OPEN` for a fence or comment that never closes."""
    if len(contract.source.text) > _MOST_CHARACTERS:
        yield found(
            contract,
            "CONTRACT_TOO_LARGE",
            f"more than {_MOST_CHARACTERS:,} characters of Markdown: not checked",
            severity=Severity.WARNING,
            hint="divide it",
        )
        return
    lines = contract.source.lines
    for number in islice(scan(lines).unclosed, _MOST_FINDINGS):
        text = lines[number - 1]
        body = text.lstrip()
        what = "comment" if body.startswith("<!--") else "fence"
        yield found(
            contract,
            "CONTRACT_FENCE_OPEN",
            f"this {what} never closes: readers take the rest of the file for part of it",
            at=Span(file=contract.name, line=number, column=len(text) - len(body) + 1),
            severity=Severity.WARNING,
            hint="close it",
        )
