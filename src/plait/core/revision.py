"""What another version of a plan means for a run: what is done again, and what is reused.

Of what has landed only that is done again of which the scope, the locks, the checks or the
contracts changed: its result was judged by these. All else that landed stays as it is. Where a
plan declares no scopes its text is all that a result is judged by, so that a changed text counts
too.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from plait.core.consequence import with_fix
from plait.core.escalation import Consequence, EscalationType
from plait.core.event import PackageRequeued, PlanRevised
from plait.core.package import SATISFIED, PackageState, PackageStatus
from plait.core.plan import (
    Confidence,
    Edge,
    PackageId,
    Plan,
    Provenance,
    SourceStatus,
    WorkPackage,
)
from plait.core.problems import unsettled
from plait.core.reshape import REMOVED
from plait.core.run import Run
from plait.core.scope import allows, matches

_ALL = frozenset({"**", "**/*", "*", "./**"})
# Arranged by Plait, said by nobody:
_DERIVED = frozenset({Provenance.SCOPE, Provenance.LOCK, Provenance.INTEGRATION})
_UNTOUCHED = frozenset({PackageStatus.PENDING, PackageStatus.SKIPPED})
REASON = "the plan was revised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """The plan as it is to be executed, and what follows for the run's packages.

    `told` is the event; `requeued` are the packages that wait to be started again, `reused`
    those that landed and stay. `differences` says by package what of it changed.
    """

    plan: Plan
    told: PlanRevised
    requeued: tuple[PackageId, ...]
    reused: tuple[PackageId, ...]
    differences: Mapping[PackageId, tuple[str, ...]]

    @property
    def touched(self) -> frozenset[PackageId]:
        """What must not go on as it was begun."""
        return frozenset((*self.requeued, *self.told.changed, *self.told.removed, *self.told.done))

    def events(self) -> tuple[PlanRevised | PackageRequeued, ...]:
        """What is to be recorded, in its order."""
        again = tuple(
            PackageRequeued(package=each, reason=REASON, who=self.told.who)
            for each in self.requeued
        )
        return (self.told, *again)


def differences(old: WorkPackage, new: WorkPackage) -> tuple[str, ...]:
    """What two versions of a package differ in: scope, locks, checks, needs, text, task list."""
    pairs = {
        "scope": (_scope(old), _scope(new)),
        "locks": (_locks(old), _locks(new)),
        "checks": (old.checks, new.checks),
        "needs": (_needs(old), _needs(new)),
        "text": (_text(old), _text(new)),
        "tasks": (old.tasks, new.tasks),
        "terms": (_terms(old), _terms(new)),
    }
    return tuple(name for name, (one, other) in pairs.items() if one != other)


def compare(run: Run, new: Plan, *, selected: Collection[PackageId], who: str = "") -> Revision:
    """What another version of the run's plan means for it. Pure.

    Args:
        run: The run, at rest.
        new: The plan as its files say it now.
        selected: The packages of it that the run is about.
        who: Who revised it.
    """
    before = {package.id: package for package in run.plan.packages}
    new = _with_grants(_with_opened(run, new, before), before)
    after = {package.id: package for package in new.packages}
    wanted = {*selected, *(each.package for each in run.opened)}
    contracts = changed_contracts(run.plan, new)
    bumped = new.revisions.contracts != run.plan.revisions.contracts
    impacted = _impacted(run)
    finished, texts = _finished(run, before)
    found = _Found()
    for package in new.packages:
        state, old = run.packages.get(package.id), before.get(package.id)
        if state is None or old is None:
            if package.id in wanted:
                found.added.append(package.id)
                if package.status is SourceStatus.DONE or _covered(package, finished, texts):
                    found.done.append(package.id)
            continue
        differ = differences(old, package)
        if builds_on(package, contracts, bumped=bumped, impacted=impacted):
            differ = (*differ, "contracts")
        if differ:
            found.differences[package.id] = differ
        _place(found, state, old, package, differ)
    gone = [each for each in run.packages if each not in after]
    found.removed = [each for each in gone if not _is_removed(run.packages[each])]
    _free(found, run)
    told = PlanRevised(
        digest=new.digest,
        plan_revision=new.revisions.plan,
        contracts_revision=new.revisions.contracts,
        changed=tuple(found.differences),
        added=tuple(found.added),
        removed=tuple(found.removed),
        again=tuple(found.again),
        done=tuple(found.done),
        contracts=contracts,
        who=who,
    )
    requeued = tuple(dict.fromkeys((*found.again, *found.requeued)))
    return Revision(
        plan=_with_removed(run, new, before, gone),
        told=told,
        requeued=requeued,
        reused=tuple(
            state.id
            for state in run.with_status(PackageStatus.LANDED)
            if state.id not in requeued and state.id in after
        ),
        differences=found.differences,
    )


def changed_contracts(old: Plan, new: Plan) -> tuple[str, ...]:
    """The contract files that another version of a plan has otherwise, or anew.

    Where only their revision rose, all of them.
    """
    before = {each.path: each.sha256 for each in old.files}
    after = {each.path: each.sha256 for each in new.files}
    files = tuple(dict.fromkeys((*new.contracts.files, *old.contracts.files)))
    changed = tuple(each for each in files if before.get(each) != after.get(each))
    if not changed and new.revisions.contracts != old.revisions.contracts:
        return files
    return changed


def builds_on(
    package: WorkPackage, contracts: Sequence[str], *, bumped: bool, impacted: Collection[str]
) -> bool:
    """Whether what a package was judged by changed with these contract files.

    It builds on a file that it names: by what it reads, or in its text. Of a package that may
    read everything nothing is known; it counts where the contracts have a new revision, unless
    whoever asked for that said whom it concerns (`impacted`). Who may write a file makes it, and
    does not build on it.
    """
    others = [each for each in contracts if not allows(package.scope, each)]
    if not others:
        return False
    if {package.id, package.source_id} & set(impacted):
        return True
    named = [glob for glob in package.scope.read if glob not in _ALL]
    text = "\n".join((package.title, package.description, *package.requirements))
    for path in others:
        if any(matches(glob, path) for glob in named) or path in text:
            return True
        if _word(posixpath.basename(path), text):
            return True
    everything = len(named) < len(package.scope.read)
    return bumped and everything and not impacted


@dataclass(slots=True)
class _Found:
    """What a comparison has come upon so far."""

    added: list[PackageId] = field(default_factory=list)
    removed: list[PackageId] = field(default_factory=list)
    again: list[PackageId] = field(default_factory=list)
    done: list[PackageId] = field(default_factory=list)
    requeued: list[PackageId] = field(default_factory=list)
    differences: dict[PackageId, tuple[str, ...]] = field(default_factory=dict)


def _place(
    found: _Found,
    state: PackageState,
    old: WorkPackage,
    new: WorkPackage,
    differ: tuple[str, ...],
) -> None:
    """Where a package that both versions have belongs."""
    match state.status:
        case PackageStatus.LANDED:
            if new.runs_agent and _invalid(new, differ):
                found.again.append(state.id)
        case PackageStatus.DONE_BEFORE:
            undone = new.status is SourceStatus.PENDING and old.status is SourceStatus.DONE
            if undone:
                found.again.append(state.id)
        case _ if new.status is SourceStatus.DONE:
            found.done.append(state.id)
        case PackageStatus.SKIPPED if state.benign:
            back = new.status is SourceStatus.PENDING and old.status is SourceStatus.SKIPPED
            if back or _is_removed(state):
                found.requeued.append(state.id)
        case PackageStatus.BLOCKED if _waits_for_revision(state):
            found.requeued.append(state.id)
        case status if differ and status not in _UNTOUCHED:
            found.requeued.append(state.id)
        case _:
            pass


def _free(found: _Found, run: Run) -> None:
    """What was skipped for want of something may start after all: the schedule decides anew."""
    if not (found.requeued or found.again or found.done or found.removed or found.differences):
        return
    gone = {*found.removed, *found.done, *found.requeued}
    found.requeued += [
        state.id
        for state in run.packages.values()
        if state.id not in gone
        and (
            (state.status is PackageStatus.SKIPPED and not state.benign)
            or (state.status is PackageStatus.CANCELLED and state.reason.startswith("--"))
        )
    ]


def _invalid(package: WorkPackage, differ: Iterable[str]) -> bool:
    counts = {"scope", "locks", "checks", "contracts"}
    if package.scope.confidence is not Confidence.DECLARED:
        counts |= {"text", "tasks"}
    return bool(counts & set(differ))


def _is_removed(state: PackageState) -> bool:
    return state.benign and state.reason == REMOVED


def _waits_for_revision(state: PackageState) -> bool:
    return any(each.consequence is Consequence.REVISE for each in unsettled(state))


def _impacted(run: Run) -> frozenset[str]:
    """Whom the demands for other contracts concern, as far as they say.

    Of packages that are not done since; somebody may have answered one before the edit.
    """
    return frozenset(
        name
        for state in run.packages.values()
        if state.escalations and state.status not in SATISFIED
        for each in state.escalations
        if each.escalation.type is EscalationType.CONTRACT_REVISION_REQUIRED
        and each.consequence is Consequence.REVISE
        for name in each.escalation.impacted
    )


def _finished(run: Run, before: Mapping[PackageId, WorkPackage]) -> tuple[frozenset[str], str]:
    """The tasks that are done, and all that was said of them."""
    done = [before[state.id] for state in run.with_status(*SATISFIED) if state.id in before]
    tasks = frozenset(task for each in done for task in (each.tasks or (each.source_id,)))
    return tasks, "\n".join(each.description for each in done)


def _covered(package: WorkPackage, finished: frozenset[str], texts: str) -> bool:
    """Whether a package of another id is made of tasks that are done (they were cut otherwise)."""
    parts = package.tasks or (package.source_id,)
    return finished.issuperset(parts) and package.description in texts


def _with_opened(run: Run, new: Plan, before: Mapping[PackageId, WorkPackage]) -> Plan:
    """With the narrow packages that were opened for packages whose scope is as it was."""
    for opened in run.opened:
        fix = before.get(opened.package)
        owner = next((each for each in new.packages if each.id == opened.needed_by), None)
        old = before.get(opened.needed_by)
        if fix is None or owner is None or old is None or _is_removed(run.packages[fix.id]):
            continue
        landed = run.packages[fix.id].status is PackageStatus.LANDED
        if landed or _scope(old) == _scope(owner):
            new = with_fix(new, fix, owner.id)
    return new


def _with_grants(new: Plan, before: Mapping[PackageId, WorkPackage]) -> Plan:
    """With what packages were granted beyond their scopes: that holds for the whole run."""
    if not any(each.granted for each in before.values()):
        return new
    packages = tuple(
        replace(each, granted=before[each.id].granted) if each.id in before else each
        for each in new.packages
    )
    return replace(new, packages=packages)


def _with_removed(
    run: Run, new: Plan, before: Mapping[PackageId, WorkPackage], removed: Sequence[PackageId]
) -> Plan:
    """Packages of the run that the plan lacks stand behind it: landed, or left out."""
    kept: list[WorkPackage] = []
    for each in removed:
        landed = run.packages[each].status in SATISFIED
        status = SourceStatus.DONE if landed else SourceStatus.SKIPPED
        kept.append(replace(before[each], needs=(), guards=(), reworks=(), status=status))
    return replace(new, packages=(*new.packages, *kept)) if kept else new


def _scope(package: WorkPackage) -> tuple[object, ...]:
    scope = package.scope
    return (set(scope.write), set(scope.read), set(scope.deny), scope.confidence)


def _locks(package: WorkPackage) -> tuple[object, ...]:
    return (set(package.locks.files), set(package.locks.keys))


def _needs(package: WorkPackage) -> set[PackageId]:
    stated: list[Edge] = [each for each in package.needs if each.provenance not in _DERIVED]
    return {each.id for each in stated}


def _text(package: WorkPackage) -> tuple[object, ...]:
    return (package.title, package.description, package.requirements, package.kind)


def _terms(package: WorkPackage) -> tuple[object, ...]:
    return (package.timeout_s, package.retry_budget, package.tier, package.result_keys)


def _word(name: str, text: str) -> bool:
    """Whether a file's name stands in a text, by itself."""
    place = text.find(name)
    while place >= 0:
        around = text[place - 1 : place] + text[place + len(name) : place + len(name) + 1]
        if not any(char.isalnum() or char in "_-" for char in around):
            return True
        place = text.find(name, place + 1)
    return False
