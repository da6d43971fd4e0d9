"""What a QA agent answers, read strictly: an answer that is partly wrong counts for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from plait.core.event import QaStatus

MOST_ITEMS = 200
SEVERITIES = ("critical", "high", "medium", "low")
_NAME, _TEXT, _PATH = 200, 4000, 500
_KEYS = frozenset({"name", "status", "reason", "details", "severity", "target", "files"})


class BadAnswerError(ValueError):
    """It is not what was asked for; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One thing that a QA agent tried, and what came of it."""

    name: str
    status: QaStatus
    reason: str = ""
    details: str = ""
    severity: str = ""
    target: str = ""
    files: tuple[str, ...] = ()


def read_answer(outputs: Mapping[str, Any]) -> tuple[Observed, ...]:
    """What a result's `outputs.qa` says.

    Raises:
        BadAnswerError: There is none, or anything in it is not as it was asked for.
    """
    told = outputs.get("qa")
    if told is None:
        _bad("it left no `outputs.qa` in its result")
    if not isinstance(told, Mapping):
        _bad("`outputs.qa` is no object")
    items = told.get("items")
    if not isinstance(items, list) or not items:
        _bad("`items` is no array, or an empty one")
    if len(items) > MOST_ITEMS:
        _bad(f"it has more than {MOST_ITEMS} items")
    found = tuple(_observed(each, number) for number, each in enumerate(items, start=1))
    names = [each.name for each in found]
    if len(set(names)) < len(names):
        _bad("two of its items have one name")
    return found


def _observed(told: object, number: int) -> Observed:
    if not isinstance(told, Mapping):
        _bad(f"item {number} is no object")
    unknown = sorted(str(key) for key in told if key not in _KEYS)
    if unknown:
        _bad(f"item {number} has a key {unknown[0][:40]!r}; known: {', '.join(sorted(_KEYS))}")
    name = _text(told, "name", _NAME, number)
    if not name:
        _bad(f"item {number} has no name")
    word = _text(told, "status", _NAME, number)
    if word not in {each.value for each in QaStatus}:
        _bad(f"item {number}: status is {word[:40]!r}, none of passed, failed, not_run")
    status, reason = QaStatus(word), _text(told, "reason", _TEXT, number)
    if status is not QaStatus.PASSED and not reason:
        _bad(f"item {number} is {status.value} and gives no reason")
    severity = _text(told, "severity", _NAME, number)
    if severity and severity not in SEVERITIES:
        _bad(f"item {number}: severity is {severity[:40]!r}, none of {', '.join(SEVERITIES)}")
    files = told.get("files", [])
    if not isinstance(files, list) or not all(isinstance(each, str) for each in files):
        _bad(f"item {number}: files is no array of texts")
    return Observed(
        name=name,
        status=status,
        reason=reason,
        details=_text(told, "details", _TEXT, number),
        severity=severity,
        target=_text(told, "target", _PATH, number),
        files=tuple(each[:_PATH] for each in files[:50]),
    )


def _text(told: Mapping[str, Any], key: str, most: int, number: int) -> str:
    value = told.get(key, "")
    if not isinstance(value, str):
        _bad(f"item {number}: {key} is no text")
    return value.strip()[:most]


def _bad(why: str) -> NoReturn:
    raise BadAnswerError(why)
