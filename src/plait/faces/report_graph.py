"""The graph of a run's packages as pictures: waves from top to bottom, an arrow for each need.

It is one drawing in sheets that no page of paper cuts; edges go on from one sheet to the next.
Whose need follows from others is not drawn. States are told by colour, by the frame's line and
by a mark, so that they can be told apart in black and white.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from plait.faces.text import cells, clean, count, duration, shorten

Report = Mapping[str, Any]

MOST = 400  # packages that are drawn
_COLUMNS = 5
_WIDTH, _HEIGHT = 150, 42  # of a package
_ACROSS, _DOWN, _BETWEEN = 12, 16, 40  # from one to the next: beside, below, to the next wave
_EDGE = 6
_SHEET = 440  # how high a sheet may be: half an A4 page, at the full width of its text
_LONGEST_ID, _END = 16, 6

MARKS = {
    "landed": "M2 6.5 5 9.5 10 2.5",
    "done_before": "M.5 6.5 3 9 7.5 3M5.5 8.5 6.5 9.5 11.5 3",
    "failed": "M2.5 2.5 9.5 9.5M9.5 2.5 2.5 9.5",
    "skipped": "M2 6H10",
    "blocked": "M3.5 4.2A2.5 2.5 0 1 1 6.8 6.2Q6 6.6 6 7.7M6 10.4V10.5",
    "cancelled": "M6 1.5A4.5 4.5 0 1 0 6.01 1.5M2.9 9.1 9.1 2.9",
    "unfinished": "M2 6V6.1M6 6V6.1M10 6V6.1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A package in its place; `x` and `y` are its upper left corner."""

    id: str
    package: Mapping[str, Any]
    x: float
    y: float
    row: int


def mark(status: str) -> str:
    """The sign of a state, as a small picture in a text's colour."""
    return (
        '<svg class="mark" viewBox="0 0 12 12" aria-hidden="true">'
        f'<path d="{MARKS.get(status, MARKS["unfinished"])}"/></svg>'
    )


def graph(report: Report, took: Mapping[str, float | None]) -> str:
    """The graph as HTML; empty where nothing needs anything, or where it would be too large.

    Args:
        report: The report's JSON; one of an earlier version may not tell what packages need.
        took: How long each package took, in seconds.
    """
    packages = {each["id"]: each for each in report["packages"]}
    needs = {
        name: [each for each in package.get("needs", ()) if each in packages]
        for name, package in packages.items()
    }
    if not any(needs.values()):
        return ""
    if len(packages) > MOST:
        return f"<p>{len(packages):,} packages are too many to draw.</p>"
    waves = _waves(needs)
    rows = [row for wave in waves for row in _rows(wave)]
    whole = max(map(len, rows)) * (_WIDTH + _ACROSS) - _ACROSS + 2 * _EDGE
    nodes = _placed(waves, needs, packages, whole)
    edges = [(nodes[a], nodes[b]) for b, some in _reduced(waves, needs).items() for a in some]
    told = f"{count(len(packages), 'package')} in {count(len(waves), 'wave')}"
    sheets = "\n".join(
        _sheet(f"0 {top:g} {whole} {bottom - top:g}", told, _drawn(top, bottom, nodes, edges, took))
        for top, bottom in _sheets(nodes.values())
    )
    return f'<div class="wide"><div class="graph" style="--whole:{whole}">\n{sheets}\n</div></div>'


def _waves(needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Packages by the earliest step at which they could start; what is in a circle comes last."""
    level: dict[str, int] = {}
    left = dict(needs)
    while left:
        ready = [name for name, some in left.items() if all(each in level for each in some)]
        for name in ready or list(left):
            level[name] = max((level.get(each, 0) + 1 for each in needs[name]), default=0)
            del left[name]
    rows: list[list[str]] = [[] for _ in range(max(level.values()) + 1)]
    for name in needs:
        rows[level[name]].append(name)
    return rows


def _reduced(
    waves: Sequence[Sequence[str]], needs: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Needs without those that follow from others."""
    bits = {name: 1 << place for place, name in enumerate(needs)}
    before: dict[str, int] = {}
    for name in (name for wave in waves for name in wave):
        before[name] = 0
        for each in needs[name]:
            before[name] |= bits[each] | before.get(each, 0)
    kept: dict[str, list[str]] = {}
    for name, some in needs.items():
        further = 0
        for each in some:
            further |= before.get(each, 0)
        kept[name] = [each for each in dict.fromkeys(some) if not further & bits[each]]
    return kept


def _placed(
    waves: Sequence[Sequence[str]],
    needs: Mapping[str, Sequence[str]],
    packages: Mapping[str, Mapping[str, Any]],
    whole: int,
) -> dict[str, Node]:
    """Each wave in rows of five, below what its packages need as far as that can be."""
    nodes: dict[str, Node] = {}
    y, row = float(_EDGE), 0
    for wave in waves:
        ordered = sorted(wave, key=lambda name: _pull([nodes.get(each) for each in needs[name]]))
        for names in _rows(ordered):
            breadth = len(names) * (_WIDTH + _ACROSS) - _ACROSS
            x = (whole - breadth) / 2
            for name in names:
                nodes[name] = Node(id=name, package=packages[name], x=x, y=y, row=row)
                x += _WIDTH + _ACROSS
            y, row = y + _HEIGHT + _DOWN, row + 1
        y += _BETWEEN - _DOWN
    return nodes


def _rows(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """As even as they can be: seven are four and three."""
    rows = -(-len(names) // _COLUMNS)
    start = 0
    for row in range(rows):
        end = start + -(-(len(names) - start) // (rows - row))
        yield names[start:end]
        start = end


def _pull(above: Iterable[Node | None]) -> float:
    places = [each.x for each in above if each is not None]
    return sum(places) / len(places) if places else 0.0


def _sheets(nodes: Iterable[Node]) -> list[tuple[float, float]]:
    """From where to where each sheet goes, between rows."""
    tops = sorted({each.y for each in nodes})
    found: list[tuple[float, float]] = []
    start = 0.0
    for this, following in zip(tops, [*tops[1:], None], strict=True):
        end = this + _HEIGHT + (_EDGE if following is None else (following - this - _HEIGHT) / 2)
        after = None if following is None else following + _HEIGHT + _BETWEEN / 2
        if after is None or after - start > _SHEET:
            found.append((start, end))
            start = end
    return found


def _drawn(
    top: float,
    bottom: float,
    nodes: Mapping[str, Node],
    edges: Iterable[tuple[Node, Node]],
    took: Mapping[str, float | None],
) -> str:
    """What stands on a sheet, and the edges that cross it."""
    lines = "".join(_edge(a, b) for a, b in edges if a.y + _HEIGHT < bottom and b.y > top)
    inside = (each for each in nodes.values() if top < each.y < bottom)
    boxes = "\n".join(_node(each, took.get(each.id)) for each in inside)
    return f'<g class="edges">{lines}</g>\n{boxes}'


def _sheet(box: str, told: str, drawn: str) -> str:
    label = escape(told)
    return f'<svg viewBox="{box}" role="img" aria-label="{label}">\n{drawn}\n</svg>'


def _edge(a: Node, b: Node) -> str:
    """From what is needed down to what needs it; one that passes rows is drawn lighter."""
    x1, y1, x2, y2 = a.x + _WIDTH / 2, a.y + _HEIGHT, b.x + _WIDTH / 2, b.y
    bend = min((y2 - y1) / 2, 60.0)
    far = ' class="far"' if b.row - a.row > 1 else ""
    return (
        f'<path{far} d="M{x1:g} {y1:g}C{x1:g} {y1 + bend:g} {x2:g} {y2 - bend - 5:g} {x2:g} '
        f'{y2 - 5:g}"/><path class="tip" d="M{x2 - 3:g} {y2 - 6:g}h6l-3 6z"/>'
    )


def _node(node: Node, took: float | None) -> str:
    status = str(node.package["status"])
    kind = status if status in MARKS else "unfinished"
    words = status.replace("_", " ") + (f", {duration(took)}" if took is not None else "")
    whole = f"{node.id}: {node.package.get('title', '')} ({words})"
    return (
        f'<g class="node {_text(status)} {kind}" transform="translate({node.x:g} {node.y:g})">'
        f"<title>{_text(whole)}</title>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<path class="sign" transform="translate(9 9)" d="{MARKS[kind]}"/>'
        f'<text x="28" y="18">{_text(_short(clean(node.id)))}</text>'
        f'<text class="soft" x="28" y="33">{_text(words)}</text></g>'
    )


def _short(name: str) -> str:
    """A name that fits, without its middle: its end tells it from others."""
    if cells(name) <= _LONGEST_ID:
        return name
    end = name[-_END:]
    return shorten(name, _LONGEST_ID - cells(end)) + end


def _text(text: str) -> str:
    return escape(clean(text))
