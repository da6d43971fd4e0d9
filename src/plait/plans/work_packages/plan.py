"""A read `work-packages.yaml` as Plait's own plan."""

from __future__ import annotations

import re
from collections import Counter

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
    Revisions,
    Scope,
    SourceFile,
    WorkPackage,
    digest_of,
)
from plait.plans.openspec_layout import Change
from plait.plans.text import SourceText, pin
from plait.plans.work_packages.model import ContractSet, Package, Step, WorkPackagesFile
from plait.plans.yaml_source import Document

# An agent's pace, as the forecast takes it: reading in, then so much for each estimated line.
# What makes a forecast useful is the ratio between packages, not this absolute.
SECONDS_TO_BEGIN = 60.0
SECONDS_A_LINE = 2.0

_INTEGRATE = re.compile(r"(?:^|[^a-z])integrat[a-z]+", re.IGNORECASE)
_INTEGRATES_BY_ID = re.compile(r"(?:wp[-_])?integrat(?:e|ion)")
_JOINS = 2  # packages that a package needs at least to be taken for their integration


def build(
    name: str, file: WorkPackagesFile, *, document: Document, source: SourceText, change: Change
) -> Plan:
    """The plan of a valid file.

    Args:
        name: The format's name.
        file: The file's content.
        document: The same with places.
        source: The file's bytes, which the digest covers.
        change: Its place; contract files that exist there are covered too.

    Raises:
        UsageError: `PLAN_UNREADABLE` if a contract file exists but cannot be read.
    """
    feature = file.feature
    needed = Counter(need for package in file.packages for need in package.depends_on)
    files, contracts = _contracts(file.contracts, change)
    own = source.file
    pinned = (own, *(pin for pin in files if pin.path != own.path))
    return Plan(
        id=feature.id,
        title=feature.title or feature.id,
        format=name,
        feature=feature.id,
        branch=f"openspec/{_ref_part(change.id or feature.id)}",
        digest=digest_of(pinned),
        files=pinned,
        packages=tuple(
            _package(package, position, document, last=package.package_id not in needed)
            for position, package in enumerate(file.packages)
        ),
        context=change.context(),
        contracts=contracts,
        revisions=Revisions(plan=feature.plan_revision, contracts=file.contracts.revision),
    )


def _package(package: Package, position: int, document: Document, *, last: bool) -> WorkPackage:
    here = ("packages", position)
    estimate = package.metadata.loc_estimate if package.metadata else None
    return WorkPackage(
        id=PackageId(package.package_id),
        source_id=package.package_id,
        title=package.title or package.package_id,
        description=package.description.strip(),
        kind=_kind(package, last=last),
        needs=tuple(
            Edge(id=PackageId(need), span=document.span((*here, "depends_on", index)))
            for index, need in enumerate(package.depends_on)
        ),
        scope=Scope(
            write=tuple(package.scope.write_allow),
            read=tuple(package.scope.read_allow),
            deny=tuple(package.scope.deny),
            confidence=Confidence.DECLARED,
        ),
        locks=Locks(files=tuple(package.locks.files), keys=tuple(package.locks.keys)),
        checks=tuple(_check(step) for step in package.verification.steps),
        tier=package.verification.tier_required,
        timeout_s=package.timeout_minutes * 60.0,
        retry_budget=package.retry_budget,
        priority=package.priority,
        estimate_s=None if estimate is None else SECONDS_TO_BEGIN + SECONDS_A_LINE * estimate,
        role=package.role or None,
        archetype=package.archetype,
        trust=package.min_trust_level,
        result_keys=tuple(package.outputs.result_keys),
        span=document.span(here),
    )


def _kind(package: Package, *, last: bool) -> PackageKind:
    """Integration by role: the task's type or id says it; title or role only of a last joiner.

    Plans call it by some twenty names, and "integration" also stands in titles of packages that
    build one; what a title says counts only where nothing builds on the package.
    """
    if _INTEGRATE.search(package.task_type) or _INTEGRATES_BY_ID.fullmatch(package.package_id):
        return PackageKind.INTEGRATE
    joins = last and len(package.depends_on) >= _JOINS
    if joins and (_INTEGRATE.match(package.title) or _INTEGRATE.search(package.role)):
        return PackageKind.INTEGRATE
    return PackageKind.IMPLEMENT


def _check(step: Step) -> Check:
    instructions = step.manual_instructions or ""
    if step.ci is not None:
        wanted = (step.ci.workflow or "", *step.ci.required_checks)
        instructions = f"{step.ci.provider}: {', '.join(part for part in wanted if part)}"
    return Check(
        name=step.name,
        kind=CheckKind(step.kind),
        command=(step.command or "").strip() if step.kind == "command" else "",
        cwd=step.cwd,
        env=step.env,
        expect_exit_code=step.expect_exit_code,
        instructions=instructions,
        required=() if step.ci is None else tuple(step.ci.required_checks),
        artifacts=tuple(step.evidence.artifacts),
        result_keys=tuple(step.evidence.result_keys),
    )


def _contracts(declared: ContractSet, change: Change) -> tuple[tuple[SourceFile, ...], Contracts]:
    """The contract files that exist, with their hashes, and all by the names they are found by."""
    pinned: dict[str, SourceFile] = {}
    names: dict[str, str] = {}
    for written in (declared.openapi.primary, *declared.openapi.files):
        found = change.find(written)
        names[written] = written if found is None else change.label(found)
        if found is not None and names[written] not in pinned:
            pinned[names[written]] = pin(found, names[written])
    contracts = Contracts(
        primary=names[declared.openapi.primary],
        files=tuple(names[written] for written in declared.openapi.files),
    )
    return tuple(pinned.values()), contracts


def _ref_part(name: str) -> str:
    """A name as the last part of a branch: git takes neither `:` nor `..` nor `.lock` there."""
    text = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._-]+", "-", name))
    return re.sub(r"(?:\.lock)+$", "", text.strip(".")) or "change"
