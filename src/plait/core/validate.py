"""Validate: the rules that hold for every plan, whatever format it was written in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from itertools import pairwise

from plait.core import graph as graphs, lock_keys
from plait.core.finding import Finding, Severity
from plait.core.graph import Graph
from plait.core.plan import (
    CheckKind,
    Confidence,
    PackageId,
    PackageKind,
    Plan,
    Scope,
    SourceStatus,
    Span,
    WorkPackage,
    can_be_a_ref,
)
from plait.core.scope import invalid, normalise, pairs, scopes_overlap

_ID = re.compile(r"[A-Za-z0-9._/-]+")
_PROTECTED = Scope(write=(".git", ".git/**", ".plait", ".plait/**"))
_MOST_GUESSES = 20  # comparing spellings takes time, and by then the ids are another plan's
_MOST_NAMES = 5

_Clash = tuple[WorkPackage, WorkPackage, str]  # two packages, and what both claim


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """A plan with what several rules ask of it."""

    plan: Plan

    @cached_property
    def _places(self) -> Mapping[int, int]:
        return {id(package): place for place, package in enumerate(self.plan.packages)}

    def place(self, package: WorkPackage) -> int:
        """Where in the plan that very package stands; ids may not be unique."""
        return self._places[id(package)]

    @cached_property
    def working(self) -> tuple[WorkPackage, ...]:
        """Packages that may write while others do: all that run, but the integrating ones."""
        return tuple(
            package
            for package in self.plan.packages
            if _will_run(package) and package.kind is not PackageKind.INTEGRATE
        )

    @cached_property
    def graph(self) -> Graph:
        """Without loops and second packages of an id: they have rules of their own."""
        first = {package.id: package for package in reversed(self.plan.packages)}
        packages = (
            replace(package, needs=tuple(edge for edge in package.needs if edge.id != package.id))
            for package in self.plan.packages
            if first[package.id] is package
        )
        return graphs.build(replace(self.plan, packages=tuple(packages)))

    @cached_property
    def cycle(self) -> tuple[PackageId, ...]:
        return graphs.find_cycle(self.graph)

    def beside(self, packages: Sequence[WorkPackage]) -> tuple[int, ...]:
        """For each package the positions of those that nothing orders before or after it, as bits.

        While there is a cycle nothing can be told, and everything counts as ordered.
        """
        if self.cycle:
            return (0,) * len(packages)
        return graphs.beside(self.graph, [package.id for package in packages])


def validate(plan: Plan) -> tuple[Finding, ...]:
    """What is wrong with the plan, or worth knowing, rule by rule; see the catalogue."""
    subject = _Subject(plan=plan)
    return tuple(finding for rule in _RULES for finding in rule(subject))


def _no_tasks(subject: _Subject) -> Iterator[Finding]:
    if not subject.plan.packages:
        file = subject.plan.files[0].path if subject.plan.files else ""
        yield Finding(
            code="NO_TASKS",
            severity=Severity.ERROR,
            message="the plan holds no package",
            span=Span(file=file) if file else None,
            where="packages",
            hint="write at least one package, or check that this is the file you mean",
        )


def _bad_id(subject: _Subject) -> Iterator[Finding]:
    ids = {package.id for package in subject.plan.packages}
    for place, package in enumerate(subject.plan.packages):
        above = [each for each in _above(package.id) if each in ids]
        if above:
            message = f"{package.id!r} cannot be a package's id beside {above[0]!r}"
            hint = f"git holds no branch below another one: write {package.id.replace('/', '-')}"
        elif not _ID.fullmatch(package.id) or not can_be_a_ref(package.id):
            message = f"{package.id!r} cannot be a package's id"
            hint = (
                "use letters, digits and `._-`, with `/` between segments that begin with no dot; "
                "not `..`, nor a dot or `.lock` at an end"
            )
        else:
            continue
        yield Finding(
            code="BAD_ID",
            severity=Severity.ERROR,
            message=message,
            span=package.span,
            where=f"packages[{place}].id",
            hint=hint,
        )


def _above(name: str) -> Iterator[PackageId]:
    """The ids that would be folders on the way to this one."""
    place = name.find("/")
    while place >= 0:
        yield PackageId(name[:place])
        place = name.find("/", place + 1)


def _duplicate_id(subject: _Subject) -> Iterator[Finding]:
    first: dict[PackageId, WorkPackage] = {}
    for place, package in enumerate(subject.plan.packages):
        other = first.setdefault(package.id, package)
        if other is not package:
            there = f", first at {other.span}" if other.span else ""
            yield Finding(
                code="DUPLICATE_ID",
                severity=Severity.ERROR,
                message=f"{package.id} stands in the plan more than once{there}",
                span=package.span,
                where=f"packages[{place}].id",
                hint="give one of them another id, and change what needs it",
            )


def _unknown_dependency(subject: _Subject) -> Iterator[Finding]:
    known = subject.graph.ids
    guesses = 0
    for place, package in enumerate(subject.plan.packages):
        for index, edge in enumerate(package.needs):
            if edge.id in subject.graph.needs:
                continue
            guesses += 1
            near = get_close_matches(edge.id, known, n=1) if guesses <= _MOST_GUESSES else []
            yield Finding(
                code="UNKNOWN_DEPENDENCY",
                severity=Severity.ERROR,
                message=f"{package.id} needs {edge.id}, which the plan does not hold",
                span=edge.span or package.span,
                where=f"packages[{place}].needs[{index}]",
                hint=f"did you mean {near[0]}?" if near else "correct the id, or add the package",
            )


def _self_dependency(subject: _Subject) -> Iterator[Finding]:
    for place, package in enumerate(subject.plan.packages):
        for index, edge in enumerate(package.needs):
            if edge.id == package.id:
                yield Finding(
                    code="SELF_DEPENDENCY",
                    severity=Severity.ERROR,
                    message=f"{package.id} needs itself",
                    span=edge.span or package.span,
                    where=f"packages[{place}].needs[{index}]",
                    hint="take the dependency out",
                )


def _dependency_cycle(subject: _Subject) -> Iterator[Finding]:
    cycle = subject.cycle
    if not cycle:
        return
    packages = {package.id: package for package in reversed(subject.plan.packages)}
    first = packages[cycle[0]]
    index, edge = next((i, edge) for i, edge in enumerate(first.needs) if edge.id == cycle[1])
    reasons = [
        f"{a} needs {b} ({edge.provenance})"
        for a, b in pairwise(cycle)
        for edge in packages[a].needs
        if edge.id == b
    ]
    yield Finding(
        code="DEPENDENCY_CYCLE",
        severity=Severity.ERROR,
        message=f"packages need one another in a circle: {' -> '.join(cycle)}",
        span=edge.span or first.span,
        where=f"packages[{subject.place(first)}].needs[{index}]",
        hint=f"take one of these away: {_named(reasons)}",
    )


def _bad_glob(subject: _Subject) -> Iterator[Finding]:
    for place, package in enumerate(subject.plan.packages):
        for name, globs in (
            ("scope.write", package.scope.write),
            ("scope.read", package.scope.read),
            ("scope.deny", package.scope.deny),
            ("locks.files", package.locks.files),
        ):
            for index, glob in enumerate(globs):
                why = invalid(glob)
                if why:
                    yield Finding(
                        code="BAD_GLOB",
                        severity=Severity.ERROR,
                        message=f"{package.id}: the glob {glob!r} cannot be read: {why}",
                        span=package.span,
                        where=f"packages[{place}].{name}[{index}]",
                        hint="write a path relative to the repository's root, with `/`; `*`, `?`,"
                        " `[..]`, `{..}` and `**` are wildcards",
                    )


def _protected_path(subject: _Subject) -> Iterator[Finding]:
    for place, package in enumerate(subject.plan.packages):
        scope = package.scope
        if scope.confidence is not Confidence.DECLARED:
            continue
        for index, glob in enumerate(scope.write):
            if not _aims(glob):
                continue
            path = scopes_overlap(replace(scope, write=(glob,)), _PROTECTED)
            if path is not None:
                yield Finding(
                    code="PROTECTED_PATH",
                    severity=Severity.ERROR,
                    message=f"{package.id} would be allowed to write {path}, by {glob}",
                    span=package.span,
                    where=f"packages[{place}].scope.write[{index}]",
                    hint="`.git` and `.plait` are no package's to write: take the glob out",
                )


def _aims(glob: str) -> bool:
    """Whether a glob may mean a hidden folder; `**` means the project, not what hides in it."""
    first = normalise(glob)[:1]
    return first in {".", "[", "{"} or not {".git", ".plait"}.isdisjoint(glob.split("/"))


def _unknown_scope(subject: _Subject) -> Iterator[Finding]:
    for place, package in enumerate(subject.plan.packages):
        if package.scope.confidence is Confidence.UNKNOWN and _will_run(package):
            yield Finding(
                code="UNKNOWN_SCOPE",
                severity=Severity.INFO,
                message=f"nothing tells which paths {package.id} may write",
                span=package.span,
                where=f"packages[{place}].scope",
                hint="name the files it will write, so that others can safely run beside it",
            )


def _no_checks(subject: _Subject) -> Iterator[Finding]:
    """Of a format that has no place for checks it is said once."""
    running = [package for package in subject.plan.packages if _will_run(package)]
    bare = [
        package
        for package in running
        if not any(check.kind is CheckKind.COMMAND for check in package.checks)
    ]
    none_has = len(bare) == len(running) > 1
    for package in bare[:1] if none_has else bare:
        who = f"none of the {len(bare)} packages" if none_has else package.id
        yield Finding(
            code="NO_CHECKS",
            severity=Severity.WARNING,
            message=f"{who} has {'a' if none_has else 'no'} command that could tell whether it is "
            "done",
            span=package.span,
            where="packages" if none_has else f"packages[{subject.place(package)}].checks",
            hint="give it a check, or set `[checks] package` in plait.toml, or pass --check",
        )


def _scope_overlap(subject: _Subject) -> Iterator[Finding]:
    packages = [p for p in subject.working if p.scope.confidence is not Confidence.UNKNOWN]
    certain: list[_Clash] = []
    likely: list[_Clash] = []
    for i, j, path in pairs([p.scope for p in packages], subject.beside(packages)):
        a, b = packages[i], packages[j]
        declared = {a.scope.confidence, b.scope.confidence} == {Confidence.DECLARED}
        (certain if declared else likely).append((a, b, path))
    for a, others in _gathered(subject, certain):
        for b, path in others[:_MOST_NAMES]:
            yield Finding(
                code="SCOPE_OVERLAP",
                severity=Severity.ERROR,
                message=f"{a.id} and {b.id} may both write {path}, and neither needs the other",
                span=a.span,
                where=f"packages[{subject.place(a)}].scope.write",
                hint=f"let one need the other, or deny the path to one of them{_at(b)}",
            )
        more = [b.id for b, _ in others[_MOST_NAMES:]]
        if more:
            yield Finding(
                code="SCOPE_OVERLAP",
                severity=Severity.ERROR,
                message=f"{a.id} may also write what {_named(more)} may, without an order",
                span=a.span,
                where=f"packages[{subject.place(a)}].scope.write",
                hint=f"narrow what {a.id} may write, or order the packages",
            )
    for a, others in _gathered(subject, likely):
        yield Finding(
            code="SCOPE_OVERLAP",
            severity=Severity.WARNING,
            message=f"{a.id} will not run beside {_named([b.id for b, _ in others])}:"
            f" they seem to write the same files ({others[0][1]})",
            span=a.span,
            where=f"packages[{subject.place(a)}].scope.write",
            hint=f"nothing has to be done; splitting the files would gain time{_at(others[0][0])}",
        )


def _lock_overlap(subject: _Subject) -> Iterator[Finding]:
    """OpenSpec's own validation refuses what Plait would serialise, so its plans keep to that."""
    strict = subject.plan.format == "openspec-packages"
    for a, others in _gathered(subject, _shared_locks(subject)):
        (b, lock), more = others[0], [other.id for other, _ in others[1:]]
        also = f"; {a.id} clashes with {_named(more)} as well" if more else ""
        yield Finding(
            code="LOCK_OVERLAP",
            severity=Severity.ERROR if strict else Severity.INFO,
            message=f"{a.id} and {b.id} both claim {lock}, and neither needs the other{also}",
            span=a.span,
            where=f"packages[{subject.place(a)}].locks",
            hint=f"let one need the other, or take the lock from one of them{_at(b)}"
            if strict
            else "nothing has to be done: they run one after another",
        )


def _gathered(
    subject: _Subject, clashes: Iterable[_Clash]
) -> Iterator[tuple[WorkPackage, list[tuple[WorkPackage, str]]]]:
    """The clashes by the first of the two packages."""
    found: dict[int, list[tuple[WorkPackage, str]]] = {}
    for a, b, what in clashes:
        found.setdefault(subject.place(a), []).append((b, what))
    for place, others in found.items():
        yield subject.plan.packages[place], others


def _shared_locks(subject: _Subject) -> Iterator[_Clash]:
    """Each pair of packages that could run at once and claim the same, with a lock they share."""
    packages = subject.working
    beside = subject.beside(packages)
    keys = lock_keys.pairs([package.locks.keys for package in packages], beside)
    found = {(i, j): f"the lock {key}" for i, j, key in keys}
    for i, j, path in pairs([Scope(write=package.locks.files) for package in packages], beside):
        found.setdefault((i, j), f"the file {path}")
    for (i, j), lock in sorted(found.items()):
        yield packages[i], packages[j], lock


def _will_run(package: WorkPackage) -> bool:
    return package.runs_agent and package.status is SourceStatus.PENDING


def _named(names: Sequence[str]) -> str:
    shown = names[:_MOST_NAMES]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _at(package: WorkPackage) -> str:
    return f" ({package.id} is at {package.span})" if package.span else ""


_RULES = (
    _no_tasks,
    _bad_id,
    _duplicate_id,
    _unknown_dependency,
    _self_dependency,
    _dependency_cycle,
    _bad_glob,
    _protected_path,
    _unknown_scope,
    _no_checks,
    _scope_overlap,
    _lock_overlap,
)
