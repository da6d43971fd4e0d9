"""What an error of a model's service means, by its status, or by its words where it has none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from plait.core.transcript import FinishKind

_SAID_STATUS = re.compile(
    r"(?:status(?: code)?|error|code)\W{0,4}(?:code\W{0,3})?([45]\d\d)\b|^([45]\d\d)\b",
    re.IGNORECASE,
)
_WORDED: Sequence[tuple[FinishKind, re.Pattern[str]]] = (
    (
        FinishKind.RATE_LIMIT,
        re.compile(
            r"rate.?limit|too many requests|quota|usage.?limit|resource.?exhausted|limit reached",
            re.IGNORECASE,
        ),
    ),
    (
        FinishKind.AUTH,
        re.compile(
            r"unauthori[sz]ed|unauthenticated|authentication|invalid.{0,12}(?:api.?key|x-api-key)"
            r"|api.?key.{0,20}(?:not valid|invalid|missing|not found)|permission_denied"
            r"|not logged in|please (?:log ?in|run /login)|login required",
            re.IGNORECASE,
        ),
    ),
)


def kind_of_status(status: float | None) -> FinishKind | None:
    """What a status of HTTP says of the model's service; None for one that says nothing."""
    if status is None or not 400 <= status < 600:  # noqa: PLR2004 - errors of HTTP
        return None
    if status in {401, 403}:
        return FinishKind.AUTH
    return FinishKind.RATE_LIMIT if status == 429 else FinishKind.API_ERROR  # noqa: PLR2004


def kind_of_words(message: str) -> FinishKind:
    """What the words of an error say, where there is no more: a status in them comes first."""
    found = _SAID_STATUS.search(message)
    kind = kind_of_status(float(found[1] or found[2])) if found else None
    if kind is not None and kind is not FinishKind.API_ERROR:
        return kind
    worded = next((each for each, pattern in _WORDED if pattern.search(message)), None)
    return worded or FinishKind.API_ERROR


_WAIT = re.compile(
    r"(?:retry|try again|resets?|available|wait)[^.\n]{0,30}?\b(?:in|after)\W{0,3}"
    r"((?:\d+(?:\.\d+)?\s*(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|hrs?"
    r"|d|days?)\b[\s,]*(?:and\s+)?)+)",
    re.IGNORECASE,
)
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|milli|s|m|h|d)", re.IGNORECASE)
_UNIT = {"ms": 0.001, "milli": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def wait_of_words(message: str) -> float | None:
    """The seconds of a `try again in 1 hour 20 minutes`; None if the words name none."""
    found = _WAIT.search(message)
    if not found:
        return None
    parts = islice(_PART.finditer(found[1]), 8)
    return sum(float(each[1]) * _UNIT[each[2].lower()] for each in parts)


def instant(value: str) -> float | None:
    """An RFC 3339 time as Unix time; None if it is none."""
    try:
        at = datetime.fromisoformat(value)
        return at.timestamp() if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
