"""A read `plait.yaml` as Plait's plan."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from plait.core.plan import (
    Check,
    CheckKind,
    Confidence,
    Contracts,
    Edge,
    Locks,
    PackageId,
    PackageKind,
    Plan,
    Provenance,
    Revisions,
    Scope,
    SourceStatus,
    Whole,
    WorkPackage,
    digest_of,
)
from plait.plans.places import holds, slug
from plait.plans.plait_yaml.model import CheckShape, Package, PlaitFile
from plait.plans.text import SourceText, pin
from plait.plans.yaml_source import Document
from plait.ports import PlanSource

MOST_BARRIERS = 200_000
_SUFFIX = re.compile(r"\.?plait\.ya?ml")
_LONGEST_NAME = 60


def build(
    name: str, file: PlaitFile, *, document: Document, text: SourceText, source: PlanSource
) -> Plan:
    """The plan of a valid file.

    Args:
        name: The format's name.
        file: The file's content.
        document: The same with places.
        text: The file's bytes, which the digest covers.
        source: Its place; contract files that exist are covered too.

    Raises:
        UsageError: `PLAN_UNREADABLE` if a contract file exists but cannot be read.
    """
    plan = file.id or _named(source)
    feature = file.feature or plan
    contracts = _contracts(file)
    pins = {text.name: text.file}
    for contract in contracts.files:
        path = source.root / os.path.normpath(contract)
        if source.in_repository and holds(source, path):
            pins.setdefault(contract, pin(path, contract))
    pinned = tuple(pins.values())
    packages = tuple(
        _package(package, position, file, document)
        for position, package in enumerate(file.packages)
    )
    revision = 1 if file.contracts is None else file.contracts.revision
    return Plan(
        id=plan,
        title=file.title or plan,
        format=name,
        feature=feature,
        branch=file.branch or f"feat/{slug(feature)}",
        digest=digest_of(pinned),
        files=pinned,
        packages=_in_phases(packages) if file.phased else packages,
        context=tuple(
            path
            for path in map(os.path.normpath, file.context)
            if source.in_repository and holds(source, source.root / path)
        ),
        contracts=contracts,
        revisions=Revisions(plan=file.revision, contracts=revision),
        phased=file.phased,
        max_agents=file.max_agents,
        wholes=tuple(_wholes(file, packages)),
    )


def barriers(packages: Sequence[WorkPackage]) -> int:
    """How many edges it takes to keep the phases apart."""
    return sum(len(ends) * len(begins) for ends, begins in _steps(packages))


def _named(source: PlanSource) -> str:
    """The plan's id by its place: the file's name, or that of its folder."""
    stem = _SUFFIX.sub("", source.path.name)
    return slug(stem or source.path.parent.name)


def _package(package: Package, position: int, file: PlaitFile, document: Document) -> WorkPackage:
    here = ("packages", position)
    own = file.defaults
    checks = own.checks if package.checks is None else package.checks
    locks = package.locks
    return WorkPackage(
        id=PackageId(package.id),
        source_id=package.id,
        title=package.title.strip() or package.id,
        description=package.description.strip(),
        kind=PackageKind(package.kind),
        status=_status(package),
        phase=package.phase,
        track=package.track,
        group=package.group,
        parent=package.parent,
        parallel=package.parallel,
        optional=package.optional,
        needs=_needs(package, position, document),
        scope=_scope(package, file),
        locks=Locks() if locks is None else Locks(files=tuple(locks.files), keys=tuple(locks.keys)),
        checks=tuple(_check(check) for check in checks),
        tier=package.tier or own.tier,
        timeout_s=package.timeout or own.timeout,
        retry_budget=own.retries if package.retries is None else package.retries,
        priority=package.priority or own.priority,
        estimate_s=package.estimate,
        role=package.role or own.role,
        archetype=package.archetype,
        trust=package.trust,
        requirements=tuple(package.requirements),
        result_keys=tuple(package.result_keys),
        guards=tuple(map(PackageId, package.guards)),
        reworks=tuple(map(PackageId, package.reworks)),
        tasks=tuple(package.tasks),
        span=document.span(here),
    )


def _status(package: Package) -> SourceStatus:
    if package.status is not None:
        return SourceStatus(package.status)
    return SourceStatus.SKIPPED if package.reworks else SourceStatus.PENDING


def _needs(package: Package, position: int, document: Document) -> tuple[Edge, ...]:
    """What it needs as said, then what a gate judges and what rework waits for."""
    here = ("packages", position)
    edges = {
        need.id: Edge(
            id=PackageId(need.id),
            note=need.why,
            span=document.span((*here, "needs", index, "id")),
        )
        for index, need in enumerate(package.needs)
    }
    for field, ids, note in (
        ("guards", package.guards, "the gate judges it"),
        ("reworks", package.reworks, "the gate calls for the rework"),
    ):
        for index, each in enumerate(ids):
            span = document.span((*here, field, index))
            edge = Edge(id=PackageId(each), provenance=Provenance.INFERRED, note=note, span=span)
            edges.setdefault(each, edge)
    return tuple(edges.values())


def _scope(package: Package, file: PlaitFile) -> Scope:
    scope = package.scope
    write, read, deny = package.write, package.read, package.deny
    if scope is not None:
        write = scope.write if write is None else write
        read = scope.read if read is None else read
        deny = scope.deny if deny is None else deny
    read = file.defaults.read if read is None else read
    deny = file.defaults.deny if deny is None else deny
    confidence = Confidence.UNKNOWN
    if write is not None:
        confidence = Confidence.DECLARED if scope is None else Confidence(scope.confidence)
    return Scope(
        write=tuple(write or ()),
        read=("**",) if read is None else tuple(read),
        deny=tuple(deny or ()),
        confidence=confidence,
    )


def _check(check: CheckShape) -> Check:
    kind, told = CheckKind.COMMAND, (check.command or "").strip()
    if check.ci is not None:
        kind = CheckKind.CI
        wanted = (check.ci.workflow or "", *check.ci.required_checks)
        told = f"{check.ci.provider}: {', '.join(part for part in wanted if part)}"
    elif check.manual is not None:
        kind, told = CheckKind.MANUAL, check.manual.strip()
    return Check(
        name=check.name or " ".join(told.split())[:_LONGEST_NAME],
        kind=kind,
        command=told if kind is CheckKind.COMMAND else "",
        cwd=check.cwd,
        env=check.env,
        expect_exit_code=check.expect_exit_code,
        instructions="" if kind is CheckKind.COMMAND else told,
        required=() if check.ci is None else tuple(check.ci.required_checks),
        artifacts=tuple(check.artifacts),
        result_keys=tuple(check.result_keys),
    )


def _contracts(file: PlaitFile) -> Contracts:
    if file.contracts is None:
        return Contracts()
    primary = file.contracts.primary
    named = [*file.contracts.files, *([primary] if primary else [])]
    files = tuple(dict.fromkeys(map(os.path.normpath, named)))
    return Contracts(
        primary=os.path.normpath(primary) if primary else None,
        files=files,
    )


def _wholes(file: PlaitFile, packages: Sequence[WorkPackage]) -> Iterator[Whole]:
    parts: dict[str, list[PackageId]] = {}
    for package in packages:
        if package.parent is not None:
            parts.setdefault(package.parent, []).append(package.id)
    for parent, ids in parts.items():
        title = file.parents.get(parent, parent)
        yield Whole(source_id=parent, title=title, parts=tuple(ids))


def _in_phases(packages: Sequence[WorkPackage]) -> tuple[WorkPackage, ...]:
    """With an edge from whatever ends a phase to whatever begins the next one."""
    if barriers(packages) > MOST_BARRIERS:
        return tuple(packages)  # whoever loads the plan says so
    added: dict[PackageId, list[Edge]] = {}
    for ends, begins in _steps(packages):
        for begin in begins:
            known = {edge.id for edge in begin.needs}
            note = f"phase {begin.phase} follows phase {ends[0].phase}"
            added.setdefault(begin.id, []).extend(
                Edge(id=end.id, provenance=Provenance.PHASE, note=note, span=begin.span)
                for end in ends
                if end.id not in known
            )
    return tuple(_with(package, added.get(package.id, [])) for package in packages)


def _steps(
    packages: Sequence[WorkPackage],
) -> Iterator[tuple[list[WorkPackage], list[WorkPackage]]]:
    """Of each phase and the next: what nothing in the one waits for, what waits for none."""
    phases: dict[str, list[WorkPackage]] = {}
    for package in packages:
        if package.phase is not None:
            phases.setdefault(package.phase, []).append(package)
    ends: list[WorkPackage] = []
    for members in phases.values():
        own = {member.id for member in members}
        begins = [each for each in members if own.isdisjoint(edge.id for edge in each.needs)]
        if ends:
            yield ends, begins
        needed = {edge.id for member in members for edge in member.needs}
        ends = [member for member in members if member.id not in needed]


def _with(package: WorkPackage, edges: Sequence[Edge]) -> WorkPackage:
    return replace(package, needs=(*package.needs, *edges)) if edges else package
