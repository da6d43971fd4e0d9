"""The numbers by which a spec-kit list names phases and stories: "Phases 3-5", "US1/US2", "4+"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NUMBER = r"[0-9]{1,3}(?:\.[0-9]{1,3})?"
_LINK = r"(?:[ \t]{0,3}(?:[-–—~,、&/+]|and|through)[ \t]{0,3}"  # noqa: RUF001 - dashes as written
PHASES = re.compile(
    rf"\bPhases?[ \t]{{0,3}}(?P<first>{_NUMBER}|[A-Z]\b)"
    rf"(?P<rest>{_LINK}(?:{_NUMBER})){{0,20}})(?P<on>\+?)(?![ \t]?[0-9])"
)
STORIES = re.compile(
    r"\b(?:User Stor(?:y|ies)|US)[ \t]{0,3}(?P<first>[0-9]{1,3})"
    rf"(?P<rest>{_LINK}(?:US)?[0-9]{{1,3}}){{0,20}})(?P<on>\+?)(?![ \t]?[0-9])",
    re.IGNORECASE,
)
_STEP = re.compile(rf"(?P<link>[-–—~]|through)?[ \t]{{0,3}}(?:US)?(?P<number>{_NUMBER})")  # noqa: RUF001


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Numbers from `first` to `last` (the same, where one is named; None: and so on)."""

    first: str
    last: str | None


def numbered(pattern: re.Pattern[str], text: str) -> Iterator[list[Span]]:
    for found in pattern.finditer(text):
        spans = [Span(first=found["first"], last=found["first"])]
        for step in _STEP.finditer(found["rest"]):
            if step["link"]:
                spans[-1] = Span(first=spans[-1].first, last=step["number"])
            else:
                spans.append(Span(first=step["number"], last=step["number"]))
        if found["on"]:
            spans[-1] = Span(first=spans[-1].first, last=None)
        yield spans


def among(number: str, spans: Sequence[Span]) -> bool:
    return any(
        number == span.first
        or (_value(span.first) <= _value(number) and _bounded(number, span.last))
        for span in spans
        if number[0].isdigit() and span.first[0].isdigit()
    ) or any(number == span.first for span in spans)


def _bounded(number: str, last: str | None) -> bool:
    return last is None or (last[0].isdigit() and _value(number) <= _value(last))


def _value(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))
