"""What a run's report quotes of the audit: who approved, ordered, accepted and claimed what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from plait.core.audit import Entry, Kind
from plait.core.plan import Digest
from plait.core.widening import KIND

MOST = 200  # rows; the newest count
_MOST_TEXT = 300
# Kinds that say nothing of who decided what: sessions come and go by the hundred.
_QUIET = frozenset({"session_registered", "session_ended", "session_lost"})


def quoted(entries: Iterable[Entry], digest: Digest) -> list[dict[str, Any]]:
    """The rows as the report has them, in order, the newest of them.

    Args:
        entries: Rows of the run, and of approvals.
        digest: Of the run's plan: approvals of others are left out.
    """
    told: list[dict[str, Any]] = []
    for each in sorted(entries, key=lambda entry: entry.number):
        data: Mapping[str, Any] = json.loads(each.data)
        if each.kind in _QUIET or (each.kind == Kind.APPROVED and data.get("digest") != digest):
            continue
        told.append(
            {
                "number": each.number,
                "at": each.at,
                "who": each.who,
                "kind": each.kind,
                "text": _cut(_text(each.kind, data)),
                "hash": each.hash,
            }
        )
    return told[-MOST:]


def _text(kind: str, data: Mapping[str, Any]) -> str:
    """What somebody did, in words that go on after their name."""
    match kind:
        case Kind.APPROVED:
            return f"approved {data.get('digest', '')[:19]}"
        case Kind.ASKED:
            asked = data.get("data") or {}
            if data.get("kind") == KIND:
                paths = ", ".join(map(str, asked.get("paths") or ()))
                return f"asked to write {paths} for {asked.get('package')}"
            return f"ordered: {_order(str(data.get('kind', '')), asked)}"
        case Kind.ANSWERED:
            return f"to order {data.get('request')}: {_answer(str(data.get('answer', '')))}"
        case Kind.CLAIMED:
            return f"decides the run, under epoch {data.get('epoch')}"
        case "work_accepted":
            return f"accepted the work of {data.get('package')} as it is: {data.get('reason', '')}"
        case "plan_revised":
            return f"set plan revision {data.get('plan_revision')}"
        case "scope_granted":
            paths = ", ".join(data.get("paths") or ())
            return f"was granted {paths} for {data.get('package')}"
        case "question_asked":
            about = f" about {data['package']}" if data.get("package") else ""
            return f"asked {data.get('question')}{about}"
        case "question_replied":
            return f"answered {data.get('question')}: {data.get('answer', '')}"
        case _:
            return " ".join((kind.replace("_", " "), *_plain(data)))


def _order(kind: str, data: Mapping[str, Any]) -> str:
    words = [kind.replace("_", " ")]
    for name, value in data.items():
        if isinstance(value, str) and value:
            words.append(f'"{value}"' if name == "text" else value)
        elif isinstance(value, list):
            words += [str(each) for each in value]
        elif value is True or (isinstance(value, int | float) and value is not False):
            words.append(name.replace("_", " ") if value is True else f"{name} {value}")
    return " ".join(words)


def _answer(text: str) -> str:
    try:
        told = json.loads(text)
    except ValueError:
        return text
    if not isinstance(told, dict):
        return text
    return str(told.get("told") or told.get("message") or told.get("ruling") or text)


def _plain(data: Mapping[str, Any]) -> Sequence[str]:
    wanted = ("package", "task", "status", "outcome", "reason")
    return [str(data[name]) for name in wanted if data.get(name)]


def _cut(text: str) -> str:
    told = " ".join(text.split())
    return told if len(told) <= _MOST_TEXT else f"{told[: _MOST_TEXT - 1]}…"
