"""What each box of an OpenSpec task list says of its task: title, needs, size, files, state."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from textwrap import dedent

from plait.core.finding import Finding, Severity
from plait.core.plan import Confidence, PackageKind, Scope
from plait.plans.fields import (
    Words,
    field_of,
    fields_of,
    items_of,
    listed_files,
    speaks,
    time_of,
    without_time,
)
from plait.plans.markdown import Kind
from plait.plans.openspec.tasks import KEYS, Item, Outline
from plait.plans.page import Page, marker_of, span_of, state_of
from plait.plans.paths import titled, written
from plait.plans.tasks import Ref, State, Task

MARKS = {
    " ": State.OPEN,
    "": State.OPEN,
    "x": State.DONE,
    "X": State.DONE,
    "-": State.BLOCKED,
}
# What authors' sizes come to; only their order and proportion matter to a forecast.
_HOURS = {"XS": 0.25, "S": 0.5, "M": 1.0, "L": 2.0, "XL": 4.0}
_SIZE = re.compile(r"[(\[](XS|S|M|L|XL)[)\]]")
_SIZED = re.compile(r"\b(XS|S|M|L|XL)\b")
_LABELS = re.compile(r"(?:[(\[][A-Z][A-Za-z0-9/]{0,7}[)\]][ \t]{0,4}){1,6}")
_ALIAS = re.compile(r"\((T[0-9]{2,4}[a-z]?)\)$")
_AFTER = re.compile(
    r"[(\[（][ \t]*(?:depends?[ \t]on|dependenc(?:y|ies)|deps?|after|requires|needs|"  # noqa: RUF001
    r"blocked[ \t]by|依赖|前置|依存)"
    r"[:： \t][ \t]*([^()\[\]（）]{1,300})[)\]）]",  # noqa: RUF001 - as written in CJK text
    re.IGNORECASE,
)
_STATED = re.compile(
    r"[ \t.;,—–-]{1,4}(?:\*\*|_)?(?:dependenc(?:y|ies)|depends[ \t]on|blocked[ \t]by)(?:\*\*|_)?"  # noqa: RUF001
    r":(?:\*\*|_)?[ \t]*(.{1,300})$",
    re.IGNORECASE,
)
_NAMES = re.compile(  # what a phrase needs so that it can name a task, or say there is none
    r"[0-9]|^\W*(?:none|nothing|no|nil|null|n/a|なし|无)\b|^\W*$|\ball\b|全|すべて", re.IGNORECASE
)
_LEADS = re.compile(
    r"(?:tasks?|phases?|groups?|steps?|all|none|[a-z]?[0-9])(?![a-z]{3})", re.IGNORECASE
)
_OPTIONAL = re.compile(r"[(\[（](?:optional|可选|可選|任意)", re.IGNORECASE)  # noqa: RUF001
_CHECKPOINT = re.compile(r"\W*check-?point\b", re.IGNORECASE)
_DEFERRED = re.compile(r"\b(?:deferred|out of scope|not in this change)\b", re.IGNORECASE)
_PARALLEL = re.compile(r"\bparalleli[sz]able\b|\bparallel group\b|\(parallel\)", re.IGNORECASE)
_MOST_WRAPPED = 20  # lines
_LONGEST_TITLE = 120
_SHORTEST_TITLE = 12
_SHOWN = 5


def tasks_of(outline: Outline, page: Page, findings: list[Finding]) -> dict[int, Task]:
    """The tasks, by the line that each begins on, in the list's order.

    Args:
        outline: The list.
        page: The file it stands in.
        findings: Takes what is odd about single tasks.
    """
    names = dict(_named(outline.items))
    return {
        item.head.number: _task(item, names, page, findings, boxed=outline.boxed)
        for item in outline.items
    }


def aliases_of(outline: Outline, tasks: dict[int, Task]) -> dict[str, str]:
    """Ids from another list that tasks keep behind their text: "Add a route (T014)"."""
    found: dict[str, str] = {}
    for item in outline.items:
        if alias := _ALIAS.search(item.rest):
            found.setdefault(alias[1], tasks[item.head.number].id)
    return found


def _named(items: Sequence[Item]) -> Iterator[tuple[int, str]]:
    """An id for each item: its own, or one of its group's number and its place among the boxes.

    That is `2.3` in a group where no box has an id, and `2.box3` beside others that have.
    """
    taken = {item.id for item in items if item.id is not None}
    mixed = {item.group.line for item in items if item.id is not None and item.group}
    counts: dict[str, int] = {}
    for item in items:
        if item.id is not None:
            yield item.head.number, item.id
            continue
        number = item.group.number if item.group else "0"
        counts[number] = counts.get(number, 0) + 1
        name = f"{number}.{counts[number]}"
        if (item.group and item.group.line in mixed) or name in taken:
            name = f"{number}.box{counts[number]}"
        taken.add(name)
        yield item.head.number, name


def _task(
    item: Item, names: dict[int, str], page: Page, findings: list[Finding], *, boxed: bool
) -> Task:
    file, head = page.text.name, item.head
    title = _title(item)
    fields: dict[str, list[Words]] = {}
    for key, words in fields_of(item.body, KEYS):
        fields.setdefault(key, []).append(words)
    judges = bool(_CHECKPOINT.match(title))
    state, reason = _state(item, file, findings) if boxed else (State.OPEN, "")
    boxes = [head, *item.steps] if boxed else []
    heading = item.group.name if item.group else ""
    return Task(
        id=names[head.number],
        title=title,
        span=span_of(head, file),
        kind=PackageKind.CHECKPOINT if judges else PackageKind.IMPLEMENT,
        state=state,
        reason=reason,
        optional=bool(_OPTIONAL.search(item.rest)),
        parent=names[item.above.head.number] if item.above else None,
        phase=heading or None,
        parallel="[P]" in _labels(item.rest) or bool(_PARALLEL.search(heading)),
        needs=_needs(item, fields.get("needs", ()), file),
        scope=Scope() if judges else _scope(item),
        body=_body(item, title),
        requirements=items_of(fields.get("requirements", ())),
        role=next((words.text for words in fields.get("agent", ()) if words.text), None),
        estimate_s=_estimate(item.rest, fields.get("estimate", ())),
        markers=tuple(marker for box in boxes if (marker := marker_of(box, page.text))),
    )


def _labels(rest: str) -> str:
    found = _LABELS.match(rest)
    return found[0] if found else ""


def _title(item: Item) -> str:
    """The first line without what stands around it: labels, sizes, times, dependencies."""
    text = _sentence(item)
    text = text[len(_labels(text)) :].strip()
    if item.bold:
        text = text.replace("**", "", 1) if "**" in text else text.replace("__", "", 1)
    text = _STATED.sub("", _AFTER.sub("", _ALIAS.sub("", text).rstrip())).rstrip()
    text = without_time(_SIZE.sub("", text).strip())
    if text.startswith("**") and (end := text.find("**", 2)) > 0:
        # "**FB-2**: sort the list": so little is a label, and no title.
        text = text[2:end] if end > _SHORTEST_TITLE else text.replace("**", "")
    text = text.removeprefix("~~").removesuffix("~~").strip(" :：") or item.rest.strip()  # noqa: RUF001
    if len(text) > _LONGEST_TITLE:
        cut = text.rfind(" ", 0, _LONGEST_TITLE)
        text = f"{text[: cut if cut > 0 else _LONGEST_TITLE]}…"
    return text


def _sentence(item: Item) -> str:
    """The item's first line with those that it is wrapped onto, as one."""
    wrapped = takewhile(lambda line: line.kind is Kind.TEXT, item.body[:_MOST_WRAPPED])
    lines = [line.content for line in wrapped if field_of(line, KEYS) is None]
    return " ".join((item.rest, *lines)).strip()


def _body(item: Item, title: str) -> str:
    """The task's own words, all of them; none where its title is all there is."""
    below = dedent("\n".join(line.text for line in item.body)).strip("\n")
    whole = f"{item.rest}\n{below}".strip()
    return "" if whole == title else whole


def _state(item: Item, file: str, findings: list[Finding]) -> tuple[State, str]:
    state = state_of(item.head, MARKS, file, findings)
    steps = [box for box in item.steps if MARKS.get(box.state) is not State.DONE]
    if (state is State.DONE and steps) or (state is State.OPEN and item.steps and not steps):
        lines = ", ".join(str(box.number) for box in (steps or item.steps)[:_SHOWN])
        said = "ticked, but not its steps" if steps else "not ticked, but all its steps are"
        findings.append(
            Finding(
                code="PARENT_CONTRADICTS_PARTS",
                severity=Severity.WARNING if steps else Severity.INFO,
                message=f"the task is {said} (line {lines}): its own box holds",
                span=span_of(item.head, file),
                hint="bring the boxes into line",
            )
        )
    if state is State.DONE:
        return state, ""
    if _struck(item.rest):
        return State.SKIPPED, "struck out"
    if item.group and (word := _DEFERRED.search(item.group.name)):
        return State.SKIPPED, f"its heading says {word[0]!r}"
    return state, "[-]" if state is State.BLOCKED else ""


def _struck(text: str) -> bool:
    return text.startswith("~~") and text.rstrip(" .").endswith("~~", 3)


def _needs(item: Item, fields: Sequence[Words], file: str) -> tuple[Ref, ...] | None:
    """What the task says that it needs; words that can name no task say nothing of it."""
    found = [words for words in fields if _NAMES.search(words.text)]
    sentence = _sentence(item)
    inline = [m for m in _AFTER.finditer(sentence) if _LEADS.match(m[1])]
    if not fields and (stated := _STATED.search(sentence)) and _NAMES.search(stated[1]):
        inline.append(stated)
    for match in inline:
        text = match[1].strip()
        column = max(item.head.text.find(text), 0) + 1
        found.append(Words(text=text, line=item.head.number, column=column))
    if not found:
        return None
    return tuple(Ref(text=words.text.strip(" .*_"), span=words.span(file)) for words in found)


def _scope(item: Item) -> Scope:
    """Files that it lists, else those in backticks behind a verb of writing."""
    globs = listed_files(item.body, KEYS)
    if not globs:
        prose = written(line.content for line in item.body if speaks(line))
        globs = tuple(dict.fromkeys((*titled(_sentence(item)), *prose)))
    confidence = Confidence.INFERRED if globs else Confidence.UNKNOWN
    return Scope(write=globs, confidence=confidence)


def _estimate(rest: str, fields: Sequence[Words]) -> float | None:
    for words in fields:
        time, size = time_of(words.text), _SIZED.search(words.text)
        if time is not None or size:
            return time if time is not None else _HOURS[size[1]] * 3600 if size else None
    time, size = time_of(rest, bracketed=True), _SIZE.search(rest)
    return time if time is not None else _HOURS[size[1]] * 3600 if size else None
