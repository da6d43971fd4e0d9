"""Read what an agent left: its result file, the end of its output.

A result has the form of docs/howto/command-agent.md, or that of a work-queue result, or both.

The file is untrusted. Whatever is in it, reading it gives values and warnings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from math import inf
from pathlib import Path
from typing import Any

from plait.core.claims import read_claims
from plait.core.escalation import read
from plait.core.event import AgentStatus
from plait.ports import AgentOutcome, AgentTask, Deviation, Usage
from plait.process import Exit

MAX_BYTES = 1_000_000
MAX_TEXT = 4000
TAIL_LINES = 20
BLOCKED_EXIT = 75  # EX_TEMPFAIL: "try again later", here: a person must decide first


@dataclass(slots=True)
class _Reading:
    """A result being read; every wrong value becomes a warning and is left out."""

    data: Mapping[str, Any]
    warnings: list[str] = field(default_factory=list)

    def text(self, key: str) -> str:
        return str(self._of(key, str, "a text") or "")[:MAX_TEXT]

    def number(self, key: str, data: Mapping[str, Any] | None = None) -> float | None:
        value = (self.data if data is None else data).get(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf:
            return value
        self.warnings.append(f"{key} is no finite number from 0")  # 1e999 and NaN are read too
        return None

    def mapping(self, key: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._of(key, dict, "an object") or {}
        return found

    def objects(self, key: str) -> list[Mapping[str, Any]]:
        items = self._of(key, list, "an array") or []
        good: list[Mapping[str, Any]] = [item for item in items if isinstance(item, dict)]
        if len(good) < len(items):
            self.warnings.append(f"{key} holds something that is no object")
        return good

    def _of(self, key: str, kind: type, told: str) -> Any:
        value = self.data.get(key)
        if value is not None and not isinstance(value, kind):
            self.warnings.append(f"{key} is not {told}")
            return None
        return value


def outcome_of(task: AgentTask, ended: Exit) -> AgentOutcome:
    """What came of an attempt, from the exit code and the result file.

    Exit 0 believes it is done, 75 is blocked, anything else failed; a result whose status is
    `failed` or `blocked` is believed over an exit code of 0, `rate_limited` over any but 75.
    """
    reading = _read(task.result_path)
    status = _status(ended, reading)
    summary = reading.text("summary") or reading.text("notes")
    if not summary and status is not AgentStatus.COMPLETED:
        summary = ended.error or last_lines(task.directory)
    question = reading.text("question")
    if status is AgentStatus.BLOCKED and not question:
        question = summary
    usage = _usage(reading)
    escalations, wrong = read(reading.objects("escalations"), package=task.package)
    claims, odd = read_claims(reading.data)
    reading.warnings += [*wrong, *odd]
    return AgentOutcome(
        status=status,
        summary=summary,
        question=question,
        outputs=reading.mapping("outputs"),
        deviations=tuple(_deviations(reading)),
        escalations=escalations,
        cost_usd=usage.cost_usd,
        tokens_input=usage.tokens_input,
        tokens_output=usage.tokens_output,
        retry_after_s=reading.number("retry_after_s"),
        retry_at=_instant(reading),
        claims=claims,
        warnings=tuple(f"result.json: {each}" for each in reading.warnings),
    )


def usage_of(task: AgentTask) -> Usage | None:
    """What the result file says so far was used up; None if it says nothing, or is being written.

    The file is read again only when its time or size has changed.
    """
    try:
        told = task.result_path.lstat()
    except OSError:
        return None
    return _usage_at(task.result_path, told.st_ino, told.st_mtime_ns, told.st_size)


@lru_cache(maxsize=1024)
def _usage_at(path: Path, _inode: int, _changed_ns: int, _size: int) -> Usage | None:
    usage = _usage(_read(path))
    return None if usage == Usage() else usage


def _usage(reading: _Reading) -> Usage:
    tokens = reading.mapping("tokens")
    counts = [reading.number(key, tokens) for key in ("input", "output")]
    return Usage(
        cost_usd=reading.number("cost_usd"),
        tokens_input=None if counts[0] is None else int(counts[0]),
        tokens_output=None if counts[1] is None else int(counts[1]),
    )


def _instant(reading: _Reading) -> float | None:
    """`retry_at`: RFC 3339 with its offset, as Unix time."""
    text = reading.text("retry_at")
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at.timestamp()
    except (ValueError, OverflowError):
        pass
    reading.warnings.append(f"retry_at {text[:40]!r} is no time with its offset from UTC")
    return None


def last_lines(directory: Path, names: Sequence[str] = ("stderr.log", "stdout.log")) -> str:
    """The end of what the agent said: on its standard error, else on its standard output."""
    for name in names:
        path = directory / name
        if path.is_file() and not path.is_symlink():  # a pipe in its place would never end
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - MAX_TEXT))
                lines = file.read().decode("utf-8", "replace").strip().splitlines()
            if lines:
                return "\n".join(lines[-TAIL_LINES:])
    return ""


def _status(ended: Exit, reading: _Reading) -> AgentStatus:
    if ended.timed_out:
        return AgentStatus.TIMED_OUT
    if ended.code == BLOCKED_EXIT:
        return AgentStatus.BLOCKED
    said = reading.text("status")
    if said == AgentStatus.RATE_LIMITED:
        return AgentStatus.RATE_LIMITED
    if ended.code != 0:
        return AgentStatus.FAILED
    if said in {"failed", "blocked"}:
        return AgentStatus(said)
    if said not in {"", "completed"}:
        known = "completed, failed, blocked or rate_limited"
        reading.warnings.append(f"status {said[:40]!r} is not {known}")
    return AgentStatus.COMPLETED


def _read(path: Path) -> _Reading:
    try:
        if path.is_symlink() or not path.is_file():
            missing = not path.is_symlink() and not path.exists()
            return _Reading({}, [] if missing else ["it is no regular file"])
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        return _Reading({}, [f"it cannot be read: {error.strerror}"])
    if len(raw) > MAX_BYTES:
        return _Reading({}, [f"it is larger than {MAX_BYTES} bytes"])
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return _Reading({}, [f"it is not JSON: {error}"])
    if not isinstance(data, dict):
        return _Reading({}, ["it is no JSON object"])
    return _Reading(data)


def _deviations(reading: _Reading) -> list[Deviation]:
    found = []
    for item in reading.objects("deviations"):
        summary, affects = item.get("summary"), item.get("affects", [])
        if not isinstance(summary, str) or not isinstance(affects, list):
            reading.warnings.append("a deviation lacks its summary, or affects is no array")
            continue
        names = tuple(each for each in affects if isinstance(each, str))
        found.append(Deviation(summary=summary[:MAX_TEXT], affects=names))
    return found
