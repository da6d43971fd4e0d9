"""`plait show`: a plan's graph, why each edge is there, and the same for Mermaid."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from plait.core.forecast import Times
from plait.core.plan import (
    Edge,
    PackageId,
    PackageKind,
    Plan,
    Provenance,
    SourceStatus,
    WorkPackage,
)
from plait.faces.shape import Shape
from plait.faces.text import clean, count, duration, effort, listing, shorten, table

_MOST_ROWS = 8
_TITLE = 60  # columns
_NEEDS = 8
_LONG_PATH = 20
_MOST_ADVICE = 5
_BOXES = {SourceStatus.PENDING: "", SourceStatus.DONE: "[x]", SourceStatus.SKIPPED: "[-]"}


def show_text(plan: Plan, shape: Shape, *, verbose: bool = False) -> str:
    """The plan at a glance: waves, tracks, critical path and what more agents would bring.

    Args:
        plan: The plan.
        shape: What was computed of its graph.
        verbose: Also every package's scope, locks and checks.
    """
    blocks = [
        [
            clean(plan.title),
            f"{clean(plan.id)} ({plan.format}), branch {clean(plan.branch)}",
            _numbers(plan, shape),
        ],
        _waves(plan, shape),
        _tracks(plan),
        _forecast(shape),
        _advice(shape),
        _hubs(shape),
    ]
    if verbose:
        blocks.append(_redundant(shape))
        blocks += [_details(package) for package in plan.packages]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def explain_text(
    plan: Plan, package: PackageId, conflicts: Mapping[PackageId, str] | None = None
) -> str:
    """Why a package stands where it stands: each edge from and to it, with its origin.

    Args:
        plan: The plan.
        package: The package to explain; a `KeyError` if the plan has none of that id.
        conflicts: Packages it must not run beside, each with what both may write or lock.
    """
    subject = plan.package(package)
    lines = [f"{clean(subject.id)}  {clean(subject.title)}"]
    if subject.span:
        lines.append(f"  defined at {clean(str(subject.span))}")
    lines += ["", "Needs, before it starts:"]
    lines += _edges([(edge.id, edge) for edge in subject.needs]) or ["  nothing"]
    lines += ["", "Needed by:"]
    lines += _edges(
        [(other.id, edge) for other in plan.packages for edge in other.needs if edge.id == package]
    ) or ["  nothing"]
    lines += ["", "Conflicts with, never at the same time:"]
    lines += table(
        [(clean(other), clean(about)) for other, about in (conflicts or {}).items()], indent="  "
    ) or ["  nothing"]
    return "\n".join(lines) + "\n"


def mermaid(plan: Plan) -> str:
    """The graph as a Mermaid flowchart; edges that Plait derived are dashed and say why."""
    names = {package.id: f"p{number}" for number, package in enumerate(plan.packages, start=1)}
    lines = ["flowchart LR"]
    for package in plan.packages:
        opened, closed = ("{{", "}}") if not package.runs_agent else ("[", "]")
        label = f"{_quoted(package.id)}<br/>{_quoted(package.title)}"
        lines.append(f'  {names[package.id]}{opened}"{label}"{closed}')
    for package in plan.packages:
        for edge in package.needs:
            if edge.id in names:
                arrow = _ARROWS.get(edge.provenance, f"-. {edge.provenance.value} .->")
                lines.append(f"  {names[edge.id]} {arrow} {names[package.id]}")
    return "\n".join(lines) + "\n"


_ARROWS = {Provenance.EXPLICIT: "-->", Provenance.RANGE: "-->"}


def _quoted(text: str) -> str:
    """Text inside a Mermaid label: its own syntax and HTML as character codes."""
    return "".join(
        char if char.isalnum() or char in " -_./,:" else f"#{ord(char)};" for char in clean(text)
    )


def _numbers(plan: Plan, shape: Shape) -> str:
    edges = sum(len(package.needs) for package in plan.packages)
    size = f"{count(len(plan.packages), 'package')}, {count(edges, 'edge')}"
    return f"{size}, width {shape.width}, depth {shape.depth}"


def _waves(plan: Plan, shape: Shape) -> list[str]:
    packages = {package.id: package for package in plan.packages}
    critical, implied = frozenset(shape.critical_path), frozenset(shape.redundant)
    rows = [("WAVE", "", "PACKAGE", "TITLE", "NEEDS")]
    for number, wave in enumerate(shape.waves, start=1):
        for position, package in enumerate(packages[each] for each in wave):
            name = clean(package.id) + (" *" if package.id in critical else "")
            needs = listing(list(dict.fromkeys(map(_need, _telling(package, implied)))), _NEEDS)
            first = str(number) if position == 0 else ""
            rows.append((first, _BOXES[package.status], name, _title(package), needs))
    return table(rows) if len(rows) > 1 else []


def _telling(package: WorkPackage, implied: Collection[tuple[PackageId, PackageId]]) -> list[Edge]:
    """The edges that the source states, and of those that Plait derived what others do not say."""
    return [
        edge
        for edge in package.needs
        if edge.provenance in _ARROWS or (package.id, edge.id) not in implied
    ]


def _need(edge: Edge) -> str:
    derived = edge.provenance not in _ARROWS
    return clean(edge.id) + (f" ({edge.provenance.value})" if derived else "")


def _title(package: WorkPackage) -> str:
    kind = "" if package.kind is PackageKind.IMPLEMENT else f" ({package.kind.value})"
    return shorten(clean(package.title), _TITLE - len(kind)) + kind


def _tracks(plan: Plan) -> list[str]:
    tracks: dict[str, list[str]] = {}
    for package in plan.packages:
        if package.track is not None:
            tracks.setdefault(package.track, []).append(clean(package.id))
    rows = [(clean(track), ", ".join(members)) for track, members in tracks.items()]
    return ["Tracks", *table(rows, indent="  ")] if rows else []


def _forecast(shape: Shape) -> list[str]:
    forecast = shape.forecast
    if not forecast.work_s:
        return ["Nothing is left to run."] if shape.critical_path else []
    lines = [
        f"Critical path (*): {_path(shape.critical_path)}",
        f"Forecast, {_basis(shape.times)}; {duration(forecast.work_s)} of agents' time in all:",
    ]
    shown = [row for row in forecast.rows if row.agents <= max(forecast.useful, 1)]
    if len(shown) > _MOST_ROWS:
        shown = [*shown[: _MOST_ROWS - 1], shown[-1]]
    shown += [row for row in forecast.rows if row.agents == shape.agents and row not in shown]
    rows = [("AGENTS", "TIME", "BUSY")]
    rows += [
        (str(row.agents), duration(row.makespan_s), f"{100 * row.busy:.0f} %") for row in shown
    ]
    lines += table(rows, indent="  ")
    pays, useful = count(forecast.pays, "agent"), count(forecast.useful, "agent")
    if forecast.pays < forecast.useful:
        lines.append(f"More than {pays} hardly pay; more than {useful} cannot help.")
    else:
        lines.append(f"More than {useful} cannot help.")
    return lines


def _path(critical: Sequence[PackageId]) -> str:
    """Its packages in a row; of a long one the beginning and the end."""
    names = [clean(each) for each in critical]
    if len(names) > _LONG_PATH:
        left = len(names) - _LONG_PATH + 1
        names[_LONG_PATH - 4 : -3] = [f"… {left} more …"]
    return " → ".join(names)


def _basis(times: Times) -> str:
    """Where the times come from: "by the plan's estimates (3) and earlier runs (2)"."""
    parts = [
        (times.estimated, "the plan's estimates"),
        (times.measured, "earlier runs of it"),
        (times.typical, f"what packages take here ({effort(times.each_s)})"),
        (times.assumed, f"an assumption ({effort(times.each_s)} a task)"),
    ]
    known = [(number, text) for number, text in parts if number]
    if len(known) == 1:
        return f"by {known[0][1]}"
    told = [f"{text} for {number}" for number, text in known]
    return f"by {', '.join(told[:-1])} and {told[-1]}"


def _advice(shape: Shape) -> list[str]:
    lines = []
    for advice in shape.advice[:_MOST_ADVICE]:
        saves = f" (gains {duration(advice.gain_s)})" if advice.gain_s else ""
        lines.append(f"  - {clean(advice.message)}{saves}")
    more = len(shape.advice) - _MOST_ADVICE
    if more > 0:
        lines.append(f"  - and {more} more: --json has them all")
    return ["Advice", *lines] if lines else []


def _hubs(shape: Shape) -> list[str]:
    rows = [(clean(hub.path), listing([clean(p) for p in hub.packages], 8)) for hub in shape.hubs]
    return ["Written by many", *table(rows, indent="  ")] if rows else []


def _redundant(shape: Shape) -> list[str]:
    rows = [f"  {clean(one)} needs {clean(other)}" for one, other in shape.redundant]
    return ["Edges that others already imply", *rows] if rows else []


def _details(package: WorkPackage) -> list[str]:
    scope, locks = package.scope, package.locks
    rows = [("writes", ", ".join(map(clean, scope.write)) or "anything not protected")]
    if scope.deny:
        rows.append(("never", ", ".join(map(clean, scope.deny))))
    rows.append(("scope", scope.confidence.value))
    if locks.files or locks.keys:
        rows.append(("locks", ", ".join(map(clean, (*locks.files, *locks.keys)))))
    rows += [
        (f"check {clean(check.name)}", clean(check.command or check.instructions or check.kind))
        for check in package.checks
    ] or [("checks", "none of its own")]
    rows.append(("limits", f"{duration(package.timeout_s)}, {_attempts(package)}"))
    if package.requirements:
        rows.append(("for", listing(package.requirements, 8)))
    return [f"{clean(package.id)}  {clean(package.title)}", *table(rows, indent="  ")]


def _attempts(package: WorkPackage) -> str:
    return f"at most {count(1 + package.retry_budget, 'attempt')}"


def _edges(edges: list[tuple[PackageId, Edge]]) -> list[str]:
    return table(
        [
            (
                clean(other),
                edge.provenance.value,
                clean(str(edge.span)) if edge.span else "",
                clean(edge.note),
            )
            for other, edge in edges
        ],
        indent="  ",
    )
