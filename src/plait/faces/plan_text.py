"""The face of a plan: its graph, why each edge is there, the same for Mermaid; and the rest."""

from __future__ import annotations

from difflib import get_close_matches

from plait.core.plan import (
    Edge,
    PackageId,
    PackageKind,
    Plan,
    Provenance,
    SourceStatus,
    WorkPackage,
)
from plait.core.schedule import DEFAULT_ESTIMATE_S, UnknownScope, conflict
from plait.errors import UsageError
from plait.faces.dry_run import dry_run_text
from plait.faces.findings_text import check_text, findings_text
from plait.faces.plan_json import check_json, show_json
from plait.faces.shape import Shape, shape_of
from plait.faces.text import clean, count, duration, effort, listing, table

__all__ = [
    "check_json",
    "check_text",
    "dry_run_text",
    "explain_text",
    "findings_text",
    "mermaid",
    "show_json",
    "show_text",
]

_BOXES = {SourceStatus.PENDING: "[ ]", SourceStatus.DONE: "[x]", SourceStatus.SKIPPED: "[-]"}


def show_text(plan: Plan, *, max_agents: int, verbose: bool = False) -> str:
    """The plan at a glance: waves, tracks, critical path and what more agents would bring.

    Args:
        plan: The plan.
        max_agents: How many agents the forecast is for.
        verbose: Also every package's scope, locks and checks.

    Raises:
        ValueError: The plan has a dependency cycle (validate it first).
    """
    shape = shape_of(plan, max_agents=max_agents)
    blocks = [
        [
            clean(plan.title),
            f"{clean(plan.id)} ({plan.format}), branch {clean(plan.branch)}",
            _numbers(plan, shape),
        ],
        _waves(plan, shape),
        _tracks(plan),
        _forecast(shape),
    ]
    if verbose:
        blocks += [_details(package) for package in plan.packages]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def explain_text(plan: Plan, package: str) -> str:
    """Why a package stands where it stands: each edge from and to it, with its origin.

    Raises:
        UsageError: `UNKNOWN_PACKAGE`.
    """
    subject = _package(plan, package)
    lines = [f"{clean(subject.id)}  {clean(subject.title)}"]
    if subject.span:
        lines.append(f"  defined at {clean(str(subject.span))}")
    lines += ["", "Needs, before it starts:"]
    lines += _edges([(edge.id, edge) for edge in subject.needs]) or ["  nothing"]
    lines += ["", "Needed by:"]
    lines += _edges(
        [
            (other.id, edge)
            for other in plan.packages
            for edge in other.needs
            if edge.id == subject.id
        ]
    ) or ["  nothing"]
    lines += ["", "Conflicts with, never at the same time:"]
    lines += table(
        [
            (clean(other.id), clean(why))
            for other in plan.packages
            if other.id != subject.id and (why := conflict(subject, other, UnknownScope.DECLARED))
        ],
        indent="  ",
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


def _package(plan: Plan, name: str) -> WorkPackage:
    try:
        return plan.package(PackageId(name))
    except KeyError:
        known = [package.id for package in plan.packages]
        raise UsageError(
            f"the plan has no package {name!r}",
            code="UNKNOWN_PACKAGE",
            hint=f"packages: {listing(get_close_matches(name, known) or known, 12)}",
        ) from None


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
    critical = frozenset(shape.critical_path)
    rows = [("WAVE", "", "PACKAGE", "TITLE", "NEEDS")]
    for number, wave in enumerate(shape.waves, start=1):
        for position, package in enumerate(packages[each] for each in wave):
            name = clean(package.id) + (" *" if package.id in critical else "")
            needs = ", ".join(dict.fromkeys(_need(edge) for edge in package.needs))
            first = str(number) if position == 0 else ""
            rows.append((first, _BOXES[package.status], name, _title(package), needs))
    return table(rows) if len(rows) > 1 else []


def _need(edge: Edge) -> str:
    derived = edge.provenance not in _ARROWS
    return clean(edge.id) + (f" ({edge.provenance.value})" if derived else "")


def _title(package: WorkPackage) -> str:
    kind = "" if package.kind is PackageKind.IMPLEMENT else f" ({package.kind.value})"
    return clean(package.title) + kind


def _tracks(plan: Plan) -> list[str]:
    tracks: dict[str, list[str]] = {}
    for package in plan.packages:
        if package.track is not None:
            tracks.setdefault(package.track, []).append(clean(package.id))
    rows = [(clean(track), ", ".join(members)) for track, members in tracks.items()]
    return ["Tracks", *table(rows, indent="  ")] if rows else []


def _forecast(shape: Shape) -> list[str]:
    if not shape.critical_path:
        return []
    total = sum(map(len, shape.waves))
    basis = "by the plan's estimates"
    if shape.estimated < total:
        others = "each" if not shape.estimated else "each of the others"
        assumed = f"{effort(DEFAULT_ESTIMATE_S)} for {others}"
        basis = f"{basis} and {assumed}" if shape.estimated else f"at {assumed}"
    most = count(shape.width, "package")
    return [
        f"Critical path (*): {' → '.join(clean(each) for each in shape.critical_path)}",
        f"Forecast with {count(shape.agents, 'agent')}: {effort(shape.makespan_s)}, {basis}",
        f"No number of agents can beat {effort(shape.lower_bound_s)}.",
        f"More than {count(shape.width, 'agent')} cannot help: at most {most} can run at once.",
    ]


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
