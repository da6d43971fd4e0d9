"""The order of phases that a specflow list draws: a fenced Mermaid flowchart of phases."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from plait.plans.fields import Words
from plait.plans.markdown import Kind, Line

_OPENS = re.compile(r"[ \t]*(?:`{3,}|~{3,})[ \t]*mermaid\b")
_FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,})")
_ARROW = re.compile(r"(?:-{2,3}|={2,3}|-\.{1,3}-)>(?:\|[^|\n]{0,80}\|)?")
_NODE = re.compile(
    r"(?P<name>[A-Za-z0-9_]{1,40})[ \t]*(?:[\[({>]{1,2}\"?(?P<label>[^\])}\"]{0,200}))?"
)
_PHASE = re.compile(r"Phase[ \t]+(?P<number>[0-9]{1,4}(?:\.[0-9]{1,4})?|[A-Z]\b)", re.IGNORECASE)
_MOST = 5000  # arrows

Flow = Mapping[str, tuple[tuple[str, Words], ...]]


def flow_of(lines: Sequence[Line]) -> Flow:
    """By a phase's number, the numbers of those that it follows, and where that is drawn.

    Phases that the drawing leaves out are no keys; a phase that follows none has an empty
    entry. Nodes without "Phase N" in their label are passed over.
    """
    phases: dict[str, str] = {}
    drawn: list[tuple[str, str, Words]] = []
    for line in _drawings(lines):
        parts = _ARROW.split(line.text)
        steps = [list(_nodes(part, phases)) for part in parts]
        words = Words(text=line.text.strip(), line=line.number, column=1)
        for first, then in pairwise(steps):
            drawn += [(one, other, words) for one in first for other in then]
        if len(drawn) > _MOST:
            break
    flow: dict[str, dict[str, Words]] = {number: {} for number in phases.values()}
    for one, other, words in drawn[:_MOST]:
        if one in phases and other in phases and phases[one] != phases[other]:
            flow[phases[other]].setdefault(phases[one], words)
    return {number: tuple(before.items()) for number, before in flow.items()}


def _drawings(lines: Sequence[Line]) -> Iterator[Line]:
    """The lines inside fences that say they are Mermaid."""
    inside = fenced = False
    for line in lines:
        if line.kind is not Kind.CODE:
            inside = fenced = False
        elif not fenced:
            fenced, inside = True, bool(_OPENS.match(line.text))
        elif _FENCE.match(line.text):
            inside = fenced = False
        elif inside:
            yield line


def _nodes(part: str, phases: dict[str, str]) -> Iterator[str]:
    """The nodes that stand on one side of an arrow, joined by `&`; labels are noted."""
    for each in part.split("&")[:20]:
        node = _NODE.match(each.strip())
        if node is None:
            continue
        if label := _PHASE.search(node["label"] or ""):
            phases[node["name"]] = label["number"]
        yield node["name"]
