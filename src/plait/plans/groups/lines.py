"""The lines of a list in task groups: its headings and boxes, and what their titles carry.

Droidz and its ancestor agent-os write the same few things in many ways: phases and sprints, task
groups, tasks as headings, tasks as boxes with an id. This module knows the words; what belongs
to what, `group_outline` says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from plait.plans.fields import time_of, without_time
from plait.plans.markdown import Line
from plait.plans.tasks import State

MARKS = {" ": State.OPEN, "x": State.DONE, "X": State.DONE}
HOUR = 3600.0

_NUMBER = r"[0-9]{1,9}(?:\.(?:[0-9]{1,9}|[A-Z](?![A-Za-z0-9]))){0,5}[a-z]?"
_WORDED = r"[A-Z]{1,8}[.-][0-9]{1,9}(?:\.[0-9]{1,9}){0,4}"
_LETTERED = r"[A-Z]{1,3}\.[0-9]{1,9}(?:\.[0-9]{1,9}){0,4}"
_ID = rf"(?:{_NUMBER}|{_WORDED})"
_PHASE = re.compile(
    r"(?i:phase|sprint|stage|milestone)[ \t]+(?P<id>[0-9]{1,6}(?:\.[0-9]{1,6})?[a-z]?|[A-Z])\b"
    r"[ \t]*[.:)—–-]?[ \t]*(?P<rest>.*)"  # noqa: RUF001 - dashes as written
)
_GROUP = re.compile(
    rf"(?i:(?:(?:task|parallel|work)[ \t]+)?group)[ \t]+(?P<id>{_NUMBER}|[A-Z])\b"
    r"[ \t]*[.:)—–-]?[ \t]*(?P<rest>.*)"  # noqa: RUF001
)
_TASK = re.compile(
    rf"(?i:task)[ \t]+(?P<id>{_ID}|[A-Z](?=[ \t]*[.:]))[ \t]*[.:)—–-]?(?:[ \t]+|$)(?P<rest>.*)"  # noqa: RUF001
)
_SECTION = re.compile(
    rf"(?P<id>[0-9]{{1,9}}(?:\.[0-9]{{1,9}}){{1,5}}|{_LETTERED})[.:)]?[ \t]+(?P<rest>\S.*)"
)
_ITEM = re.compile(
    rf"(?P<open>\*\*|__)?(?P<task>Task[ \t]+)?(?P<id>{_ID})"
    r"(?P<mark>\\?[.:)])?(?P<close>\*\*|__)?(?P<late>[.:)])?(?:[ \t]+|$)(?P<rest>.*)"
)
_LEADING = re.compile(r"\A[^\w\[(`\"'~]+")
_HEADING_BOX = re.compile(r"\[(?P<state>[ xX])\](?=[ \t]|$)")
_DONE_SIGNS = ("✅", "☑", "✔")
_SIGNS = {"🔄": State.ACTIVE, "🚧": State.ACTIVE, "🚫": State.BLOCKED, "⛔": State.BLOCKED}
_SAYS_DONE = re.compile(r"[⭐—–(-][ \t]*(?:COMPLETED?|DONE)\b\)?[ \t]*$")  # noqa: RUF001
_SUFFIX = re.compile(
    r"[ \t]{1,20}[—–-][ \t]{0,20}(?P<mark>[*_]{1,2})"  # noqa: RUF001
    r"(?P<word>deferred|skipped|cancelled|canceled|superseded|blocked|in progress)\b"
    r"(?P<rest>[^*_]{0,200})(?P=mark)[ \t]*$",
    re.IGNORECASE,
)
_SUFFIX_STATES = {"blocked": State.BLOCKED, "in progress": State.ACTIVE}
_STATUS = (
    (re.compile(r"(?:✅|☑|complete|done\b|finished\b)", re.IGNORECASE), State.DONE),
    (re.compile(r"(?:🔄|🚧|in[ -]progress|started\b|wip\b)", re.IGNORECASE), State.ACTIVE),
    (re.compile(r"(?:🚫|⛔|blocked)", re.IGNORECASE), State.BLOCKED),
    (re.compile(r"(?:⏭|deferred|skipped|cancel|superseded)", re.IGNORECASE), State.SKIPPED),
    (re.compile(r"(?:⏳|❌|not[ -]started|pending|to[ -]?do\b|open\b)", re.IGNORECASE), State.OPEN),
)
_OPTIONAL = re.compile(r"\(optional\b|\boptional\)|\[optional\]", re.IGNORECASE)
_SIZE = re.compile(r"(?:\*\*)?\((?P<size>XS|XL|S|M|L)\)(?:\*\*)?[ \t]*$")
_SIZED = re.compile(
    r"(?P<size>extra[ -]large|xl|xs|small|medium|large|trivial|low|high|s|m|l)\b", re.IGNORECASE
)
# An hour for a small task, and each size twice the one before: what counts is their relation.
_HOURS = {
    **dict.fromkeys(("xs", "trivial"), 0.5),
    **dict.fromkeys(("s", "small", "low"), 1.0),
    **dict.fromkeys(("m", "medium"), 2.0),
    **dict.fromkeys(("l", "large", "high"), 4.0),
    **dict.fromkeys(("xl", "extra large", "extra-large"), 8.0),
}
_CRITICAL = re.compile(r"[ \t]{0,20}⭐[ \t]{0,20}(?:CRITICAL)?[ \t]{0,20}")
_PRIORITIES = (("critical", 1), ("highest", 1), ("urgent", 1), ("high", 3), ("medium", 5))
_CLOSED = re.compile(
    r"checklist|criteria|definition of done|prerequisite|checkpoint|legend|progress|critical path|"
    r"\brisks?\b|\border\b|dependenc|rollback|success|metrics|contents|parallel (?:work|execution)|"
    r"\bsummary\b|philosophy|troubleshooting",
    re.IGNORECASE,
)
_LISTS = re.compile(r"\btasks?[ \t]+(?:list|breakdown)|^tasks?$", re.IGNORECASE)


class Role(StrEnum):
    """What a heading or box opens."""

    PHASE = "phase"
    GROUP = "group"
    TASK = "task"
    SECTION = "section"  # a heading with an id: a task if it has boxes of its own
    ITEM = "item"  # a box with an id
    OTHER = "other"
    CLOSED = "closed"  # a checklist, a summary: no task is in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Title:
    """What a title says beside its words; `said` is a state, None where it says none."""

    text: str
    said: State | None = None
    reason: str = ""
    optional: bool = False
    estimate_s: float | None = None
    priority: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A heading or box, read. `label` is the whole of it without marks ("Phase 1: Core")."""

    role: Role
    id: str = ""
    label: str = ""
    title: Title
    sure: bool = True  # of a box: nothing else can be meant


def heading_of(line: Line) -> Head:
    """What a heading opens."""
    label = _plain(line.content)
    title = title_of(line.content)
    for role, pattern in (
        (Role.GROUP, _GROUP),
        (Role.TASK, _TASK),
        (Role.PHASE, _PHASE),
        (Role.SECTION, _SECTION),
    ):
        if found := pattern.match(label):
            own = title_of(found["rest"])
            return Head(
                role=role,
                id=found["id"],
                label=title.text,
                title=Title(
                    text=own.text or title.text,
                    said=title.said or own.said,
                    reason=title.reason or own.reason,
                    optional=title.optional,
                    estimate_s=own.estimate_s,
                    priority=own.priority,
                ),
            )
    closed = _CLOSED.search(label) and not _LISTS.search(label)
    return Head(role=Role.CLOSED if closed else Role.OTHER, label=title.text, title=title)


def item_of(line: Line) -> Head | None:
    """The task that a box is, if it begins with an id."""
    found = _ITEM.match(_LEADING.sub("", line.content, count=1) if _symbol(line) else line.content)
    if found is None:
        return None
    marked = bool(found["mark"] or found["late"])
    bold = bool(found["open"]) or found["rest"].startswith("**")
    name = found["id"]
    if not (marked or bold or found["task"] or "." in name):
        return None
    rest = found["rest"]
    if found["open"] and not found["close"]:
        rest = rest.replace(found["open"], "", 1)
    title = title_of(rest)
    sure = bool(found["task"] or (found["open"] and (marked or "." in name)))
    return Head(role=Role.ITEM, id=name, label=title.text, title=title, sure=sure)


def title_of(text: str) -> Title:
    """A title without what is written behind it: sizes, times, marks of state and weight."""
    said, reason = _said(text)
    optional = bool(_OPTIONAL.search(text))
    text = _SUFFIX.sub("", text)
    priority = 1 if "⭐" in text and "CRITICAL" in text else None
    text = _CRITICAL.sub(" ", text) if "⭐" in text else text
    text = _SAYS_DONE.sub("", _HEADING_BOX.sub("", text))
    for sign in (*_DONE_SIGNS, *_SIGNS, "❌", "⏳"):
        text = text.replace(sign, "")
    text = text.strip(" \t*—–-:").strip()  # noqa: RUF001
    estimate = None
    if size := _SIZE.search(text):
        estimate = size_of(size["size"])
        text = text[: size.start()].rstrip(" *")
    if (time := time_of(text, bracketed=True)) is not None:
        estimate = time
        text = without_time(text)
    text = text.replace("**", "").removeprefix("~~").removesuffix("~~").strip()
    return Title(
        text=text,
        said=said,
        reason=reason,
        optional=optional,
        estimate_s=estimate,
        priority=priority,
    )


def status_of(text: str) -> State | None:
    """What a status field says, if it begins with a word of state."""
    words = text.lstrip("*_ \t")
    return next((state for pattern, state in _STATUS if pattern.match(words)), None)


def size_of(text: str) -> float | None:
    """A size ("S", "Medium (2 files)") in seconds, or the first time that the text names."""
    time = time_of(text)
    size = _SIZED.match(text.strip(" *"))
    if time is not None or size is None:
        return time
    return _HOURS[size["size"].lower()] * HOUR


def priority_of(text: str) -> int | None:
    """A priority's word as a number from 1 (first)."""
    words = text.strip(" *").lower()
    if words.startswith("low"):
        return 7
    return next((number for word, number in _PRIORITIES if words.startswith(word)), None)


def _said(text: str) -> tuple[State | None, str]:
    if suffix := _SUFFIX.search(text):
        word = suffix["word"].lower()
        return _SUFFIX_STATES.get(word, State.SKIPPED), f"{suffix['word']}{suffix['rest']}".strip()
    bare = _LEADING.sub("", text, count=1)
    if bare.startswith("~~") and bare.rstrip().endswith("~~"):
        return State.SKIPPED, "struck out"
    box = _HEADING_BOX.search(text)
    if box:
        return MARKS[box["state"]], ""
    if any(sign in text for sign in _DONE_SIGNS) or _SAYS_DONE.search(text):
        return State.DONE, ""
    return next((state for sign, state in _SIGNS.items() if sign in text), None), ""


def _plain(text: str) -> str:
    """A heading without the signs and emphasis that it begins with."""
    bare = _LEADING.sub("", text, count=1) if text[:1] and not text[0].isalnum() else text
    return bare.replace("**", "").removeprefix("~~").strip()


def _symbol(line: Line) -> bool:
    """Whether a box's text begins with a sign that is no emphasis."""
    return bool(line.content) and not (line.content[0].isalnum() or line.content[0] in "*_`[(\"'~")
