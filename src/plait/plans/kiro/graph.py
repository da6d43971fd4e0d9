"""The `Task Dependency Graph` of a Kiro list, read: waves as JSON in its several shapes, or arrows.

`{"waves": [{"id": 0, "tasks": ["1.1"]}]}`, `{"wave": 1, "tasks": [1]}`, waves with `depends_on`,
`{"waves": [["1"], ["2"]]}`; `T1 --> T2` and mermaid. Syntax alone: `kiro_order` looks ids up.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from plait.plans.fields import Words
from plait.plans.markdown import Kind, Line

_HEADING = re.compile(
    r"dependency[ \t]+graph|(?:task|execution|parallel)[ \t]+(?:execution[ \t]+)?waves"
    r"|依赖(?:关系)?图|依存(?:関係)?グラフ",
    re.IGNORECASE,
)
_ARROW = re.compile(r"(?:-{1,3}|={2,3}|-\.-?)>(?:\|[^|\n]{0,80}\|)?|→|⇒")
_DOWN = re.compile(r"[ \t│|↓▼⬇vV]{0,400}[│|↓▼⬇vV][ \t]{0,40}")
_MOST_DOWN = 50  # arrows downwards side by side, and nodes above or below them
_DOWNWARD = frozenset("↓▼⬇vV")
_NODE = re.compile(r"[A-Za-z]{0,16}[0-9]{0,9}(?:[._][0-9]{1,9}){0,7}[a-z]?")
_LABEL = re.compile(r"[\[({|\"]{1,3}[ \t]*(?:Task[ \t]+)?(?P<id>[0-9]{1,9}(?:\.[0-9]{1,9}){0,7})")
_GAP = re.compile(r"[ \t\r\n,]*")
_CALLED = re.compile(r"(?:tasks?|wave)[ \t]+(?=[0-9])", re.IGNORECASE)
_JOINED = re.compile(r"[^&,+]{0,200}?[&,+][ \t]*")
_MERMAID = re.compile(r"(?:graph|flowchart|subgraph|end|classDef|class|style|linkStyle|%%)\b")
_LISTS = ("tasks", "task_ids", "taskIds", "items")
_NEEDS = ("depends_on", "dependsOn", "dependencies", "after")
_NAMES = ("wave", "id", "name")
_MOST_ARROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Ids that a wave names, and the waves it waits for (None: the one before it)."""

    name: str
    tasks: tuple[Words, ...]
    needs: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """What the section says. `line` is its heading's; `arrows` says that each wave is one task."""

    line: Line
    waves: tuple[Wave, ...] = ()
    arrows: bool = False


def graph_of(lines: Sequence[Line]) -> Graph | None:
    """The list's graph, if it has such a section with something fenced in it.

    The first fence that can be read counts; a graph without waves could not be read.
    """
    heading: Line | None = None
    fence: list[Line] = []
    unread: Graph | None = None
    for line in (*lines, None):
        if line is not None and line.kind is Kind.CODE and heading is not None:
            fence.append(line)
            continue
        if fence and heading is not None:
            graph = _fenced(heading, fence)
            if graph.waves:
                return graph
            unread, fence = unread or graph, []
        if line is not None and line.kind is Kind.HEADING:
            heading = line if _HEADING.search(line.content) else None
    return unread


def _fenced(heading: Line, fence: Sequence[Line]) -> Graph:
    inner = [line for line in fence if not line.text.lstrip().startswith(("```", "~~~"))]
    waves = _json(inner)
    if waves:
        return Graph(line=heading, waves=tuple(waves))
    return Graph(line=heading, waves=tuple(_arrows(inner)), arrows=True)


# -- JSON ------------------------------------------------------------------------------------------


def _json(lines: Sequence[Line]) -> list[Wave]:
    text = "\n".join(line.text for line in lines)
    if not text.lstrip().startswith(("{", "[")):
        return []
    decoder = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
    values: list[Any] = []
    at = 0
    try:
        while at < len(text):
            value, at = decoder.raw_decode(text, at)
            values.append(value)
            at = _GAP.match(text, at).end()  # type: ignore[union-attr] # it matches anything
    except (ValueError, RecursionError):
        return []
    places = _Places(text=text, lines=lines)
    return [wave for wave in _waves(values, places) if wave.tasks]


def _waves(values: Sequence[Any], places: _Places) -> Iterator[Wave]:
    for value in values:
        inner = value.get("waves", value.get("phases")) if isinstance(value, dict) else None
        if isinstance(inner, dict):
            inner = [{"id": name, "tasks": tasks} for name, tasks in inner.items()]
        if isinstance(inner, list):
            elements: Sequence[Any] = inner
        elif isinstance(value, list):
            elements = value
        else:
            elements = [value]
        for element in elements:
            yield _wave(element, places)


def _wave(element: Any, places: _Places) -> Wave:
    if not isinstance(element, dict):
        return Wave(name="", tasks=tuple(places.found(_ids(element))))
    tasks = next((element[key] for key in _LISTS if key in element), ())
    needs = next((element[key] for key in _NEEDS if key in element), None)
    names = (element[key] for key in _NAMES if isinstance(element.get(key), str))
    return Wave(
        name=next(names, ""),
        tasks=tuple(places.found(_ids(tasks))),
        needs=None if needs is None else tuple(_ids(needs)),
    )


def _ids(value: Any) -> Iterator[str]:
    """The ids in a list, or the one that a bare value is."""
    for each in value if isinstance(value, list) else [value]:
        named = each.get("id") if isinstance(each, dict) else each
        if isinstance(named, str) and named.strip():
            yield named.strip()


@dataclass(slots=True)
class _Places:
    """Where ids stand in a fenced text: they are asked for in its order."""

    text: str
    lines: Sequence[Line]
    starts: list[int] = field(init=False)
    at: int = 0
    lost: bool = False

    def __post_init__(self) -> None:
        self.starts = list(accumulate((len(line.text) + 1 for line in self.lines), initial=0))

    def found(self, ids: Iterator[str]) -> Iterator[Words]:
        for name in ids:
            # What is written with escapes is not found; one such id, and the search ends.
            place = -1 if self.lost else self.text.find(name, self.at)
            self.lost = place < 0
            self.at = self.at if self.lost else place + len(name)
            start = max(place, 0) if place >= 0 else self.at
            line = min(bisect_right(self.starts, start), len(self.lines)) - 1
            column = start - self.starts[line] + 1
            yield Words(text=name, line=self.lines[line].number, column=column)


# -- arrows ----------------------------------------------------------------------------------------


def _arrows(lines: Sequence[Line]) -> Iterator[Wave]:
    """One wave for each node, in the order of appearance, that waits for what points at it."""
    needs: dict[str, dict[str, None]] = {}
    places: dict[str, Words] = {}
    labels: dict[str, str] = {}
    before: list[str] = []
    above: dict[str, int] = {}  # the nodes of the last line that has some, by their columns
    down: list[int] = []  # the columns of arrows downwards since
    count = 0
    for line in lines:
        if _DOWN.fullmatch(line.text):
            down = [at for at, sign in enumerate(line.text) if sign in _DOWNWARD][
                :_MOST_DOWN
            ] or down
            continue
        first, *others = (
            list(_nodes(side, line, places, labels)) for side in _ARROW.split(line.text)
        )
        if here := _columns(line.text, [*first, *(node for nodes in others for node in nodes)]):
            for at in down if above and max(len(above), len(here)) <= _MOST_DOWN else ():
                needs.setdefault(_nearest(above, at), {})
                needs.setdefault(_nearest(here, at), {})[_nearest(above, at)] = None
            above, down = here, []
        before = first or before  # a line that begins with an arrow goes on from the one above
        for nodes in others:
            count += len(before) * len(nodes)
            if count > _MOST_ARROWS:
                return
            for node in (*before, *nodes):
                needs.setdefault(node, {})
            for node in nodes:
                needs[node].update(dict.fromkeys(before))
            before = nodes
    yield from _as_waves(needs, places, labels)


def _columns(text: str, nodes: Sequence[str]) -> dict[str, int]:
    """Where the nodes of a line stand in it."""
    found: dict[str, int] = {}
    at = 0
    for node in nodes:
        at = max(text.find(node, at), 0)
        found.setdefault(node, at)
        at += len(node)
    return found


def _nearest(nodes: Mapping[str, int], column: int) -> str:
    return min(nodes, key=lambda node: abs(nodes[node] - column))


def _as_waves(
    needs: Mapping[str, Mapping[str, None]],
    places: Mapping[str, Words],
    labels: Mapping[str, str],
) -> Iterator[Wave]:
    for node, before in needs.items():
        place = places[node]
        text = labels.get(node, place.text)
        yield Wave(
            name=node,
            tasks=(Words(text=text, line=place.line, column=place.column),),
            needs=tuple(before),
        )


def _nodes(
    side: str, line: Line, places: dict[str, Words], labels: dict[str, str]
) -> Iterator[str]:
    """The nodes on one side of an arrow: "T1", "A & B", "T2[2. Title]", "1.1, 1.2"."""
    rest = side.strip(" \t;")
    if _MERMAID.match(rest):
        return
    while rest:
        rest = _CALLED.sub("", rest, count=1)
        node = _NODE.match(rest)
        if node is None or not node[0]:
            return
        rest = rest[node.end() :].lstrip()
        label = _LABEL.match(rest)
        if label:
            labels.setdefault(node[0], label["id"])
        column = max(line.text.find(node[0]), 0) + 1
        places.setdefault(node[0], Words(text=node[0], line=line.number, column=column))
        yield node[0]
        joined = _JOINED.match(rest)
        rest = rest[joined.end() :] if joined else ""
