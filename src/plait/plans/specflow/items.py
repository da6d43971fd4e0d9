"""A specflow task list, read: its items (tasks, gates, rework) and what each says of itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from plait.core.plan import PackageKind
from plait.plans.fields import Words, fields_of, items_of, time_of, without_time
from plait.plans.markdown import Kind, Line

_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,5}[a-z]?"
_GATE = r"(?:CR|PR|RW)(?:-(?:FINAL|[A-Z]|[0-9]{1,3})|[0-9]{1,3})"
_ITEM = re.compile(
    rf"(?P<open>\*\*|__)?(?:Task[ \t]+)?(?P<id>{_NUMBER}|{_GATE})"
    r"(?P<mark>\\?[.:)])?(?P<close>\*\*|__)?(?P<late>[.:)])?(?:[ \t]+|$)(?P<rest>.*)"
)
_TASK_HEADING = re.compile(rf"(?:\*\*)?Task[ \t]+(?P<id>{_NUMBER})[.:]?(?:[ \t]+|$)(?P<rest>.*)")
_CONDITION = re.compile(
    r"\((?:depends on|needs|requires|after|blocked by)\b([^()]*)\)", re.IGNORECASE
)
KEYS = {
    "dependencies": "needs",
    "dependency": "needs",
    "depends on": "needs",
    "requirements": "requirements",
    "agent": "agent",
    "primary agent": "agent",
    "files": "files",
    "files to create": "files",
    "files to modify": "files",
    "files to create/modify": "files",
    "files to create or modify": "files",
    "estimate": "estimate",
    "estimated": "estimate",
    "estimated effort": "estimate",
    "estimated time": "estimate",
    "effort": "estimate",
    "status": "status",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A task, gate or rework. `boxes` are the lines whose box tells that it is done.

    `needs` are its own dependency phrases (None: it has no such field); `status` are the words
    of a verdict bullet; `inner` are the ids of boxes that lie inside it.
    """

    id: str
    kind: PackageKind
    title: str
    head: Line
    boxes: tuple[Line, ...]
    body: tuple[Line, ...]
    phase: str | None
    track: str | None
    needs: tuple[Words, ...] | None
    requirements: tuple[str, ...]
    agent: str | None
    estimate_s: float | None
    status: Words | None
    inner: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether every box that counts is ticked."""
        return bool(self.boxes) and all(box.state in {"x", "X"} for box in self.boxes)

    @property
    def judges(self) -> bool:
        """Whether it is a gate or checkpoint."""
        return self.kind in {PackageKind.GATE, PackageKind.CHECKPOINT}

    @property
    def letter(self) -> str:
        """Of a gate or rework: what stands behind the hyphen (``A`` of ``CR-A``)."""
        return re.sub(r"^[A-Z]{2}-?", "", self.id) if self.id[0].isalpha() else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How an item begins."""

    id: str
    rest: str
    bold: bool


def head_of(line: Line, *, strict: bool) -> Head | None:
    """The item that a box or heading begins, if its text begins with an id.

    Args:
        line: A box or heading.
        strict: Whether an id must be marked as one (``4.``, ``4:``, bold), as among the boxes
            of a prerequisites list, where "3.11 of Python" is no task.
    """
    if line.kind is Kind.HEADING:
        heading = _TASK_HEADING.match(line.content)
        return Head(id=heading["id"], rest=heading["rest"], bold=False) if heading else None
    item = _ITEM.match(line.content)
    if item is None:
        return None
    bold = bool(item["open"]) and not item["close"]
    marked = bool(item["mark"] or item["late"] or item["open"]) or item["rest"].startswith("**")
    plain = item["id"][0].isalpha() or ("." in item["id"] and not strict)
    return Head(id=item["id"], rest=item["rest"], bold=bold) if marked or plain else None


def item_of(
    head: Head,
    line: Line,
    body: Sequence[Line],
    *,
    phase: str | None,
    track: str | None,
) -> Item:
    """Read an item from its first line and the lines below that belong to it."""
    title, suffix = _title(head)
    fields = dict[str, list[Words]]()
    for key, words in fields_of(body, KEYS):
        fields.setdefault(key, []).append(words)
    needs = fields.get("needs")
    if condition := _CONDITION.search(suffix):
        column = line.text.find(condition[1]) + 1
        needs = [
            *(needs or ()),
            Words(text=condition[1], line=line.number, column=max(column, 1)),
        ]
    heading = line.kind is Kind.HEADING
    inner = [(box, head_of(box, strict=False)) for box in body if box.kind is Kind.BOX]
    # A heading has no box of its own: those beneath it tell. A box has, and takes along only
    # boxes with an id, which are steps of it.
    boxes = [box for box, step in inner if heading or step]
    return Item(
        id=head.id,
        kind=_kind(head.id),
        title=_CONDITION.sub("", title).strip() or head.id,
        head=line,
        boxes=tuple(boxes if heading else [line, *boxes]),
        body=tuple(body),
        phase=phase,
        track=track,
        needs=tuple(needs) if needs is not None else None,
        requirements=items_of(fields.get("requirements", ())),
        agent=next((words.text for words in fields.get("agent", ()) if words.text), None),
        estimate_s=_estimate(suffix, fields.get("estimate", ())),
        status=next(iter(fields.get("status", ())), None),
        inner=tuple(step.id for _, step in inner if step),
    )


def _title(head: Head) -> tuple[str, str]:
    """The title, and all the words of the first line in which a time may stand."""
    text = head.rest.strip()
    if head.bold or text.startswith("**"):
        title, _, suffix = text.removeprefix("**").partition("**")
        return title.strip(), f"{title} {suffix}"
    return without_time(text), text


def _estimate(suffix: str, fields: Sequence[Words]) -> float | None:
    """Seconds: what a field says, else a time in brackets behind the title."""
    said = (time_of(words.text) for words in fields)
    found = next((time for time in said if time is not None), None)
    return found if found is not None else time_of(suffix, bracketed=True)


def _kind(name: str) -> PackageKind:
    if name.startswith("RW"):
        return PackageKind.FIX
    if not name.startswith(("CR", "PR")):
        return PackageKind.IMPLEMENT
    return PackageKind.CHECKPOINT if name[-1].isdigit() else PackageKind.GATE
