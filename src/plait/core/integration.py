"""The integration gate: when the whole is judged, by what, and what follows.

Once everything that a run is about has landed, its branch is judged as a whole: the full suite
on exactly its tree, the contracts across the packages, the change's own folder. What is wrong is
put right by one narrow package, if the run's own work can do that; else a person is asked. A run
whose whole did not pass has not succeeded.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from plait.core.answers import ACCEPTS, NO, first_word
from plait.core.event import IntegrationAccepted, IntegrationReopened
from plait.core.glob import literal
from plait.core.package import SATISFIED, PackageState, PackageStatus
from plait.core.plan import Check, Confidence, PackageId, PackageKind, Scope, WorkPackage
from plait.core.queue import OwnedCheck, landing_checks
from plait.core.revision import builds_on
from plait.core.run import Run
from plait.core.schedule import Compiled
from plait.core.scope import allows

NAME = PackageId("integration")  # how orders and questions call it
MOST_FIXES = 1  # packages that are opened for it without asking anybody
_LONGEST = 4000  # characters of what is wrong that a brief quotes
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong in a file, or (without one) with the change's folder as a whole."""

    told: str
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """What the gate found.

    `failed` are checks that did not pass, `told` what each of them said; `problems` what is
    wrong in contracts or in the change's folder. `lack`: a check could not run at all here.
    """

    failed: tuple[Check, ...] = ()
    told: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    lack: str = ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """What is wrong, each on lines of its own; empty: nothing."""
        found = (self.lack, *self.told, *(each.told for each in self.problems))
        return tuple(each for each in found if each)


def is_due(run: Run) -> bool:
    """Whether the whole is to be judged now."""
    whole = run.whole
    if run.owes_judgement:
        return True
    # Otherwise somebody wants it mended, or what was opened to mend it is gone.
    settled = whole.asks or not whole.covers(run.head) or whole.holds(run.head)
    return not settled and not waiting(run)


def waiting(run: Run) -> tuple[PackageId, ...]:
    """The packages for whose sake the whole is not judged, in the plan's order."""
    states = run.packages.values()
    return tuple(s.id for s in states if s.status not in SATISFIED and not s.benign)


def suite(
    compiled: Compiled,
    run: Run,
    *,
    defaults: Sequence[Check],
    repository: Sequence[Check],
    whole: Sequence[Check],
) -> tuple[OwnedCheck, ...]:
    """The full suite: the checks of all that landed, the repository's, and those of the gate."""
    return landing_checks(compiled, run, (), defaults=defaults, repository=(*repository, *whole))


def passed_before(run: Run, tree: str, checks: Sequence[OwnedCheck]) -> tuple[OwnedCheck, ...]:
    """Those of the gate's checks that passed on that tree before a crash, or before a retry.

    What ran is known by name and command. Where two checks have both in common, such as one in
    each of two folders, neither is known.
    """
    passed = {(e.name, e.command) for e in run.whole.checks if e.tree == tree and e.passed}
    keys = Counter((each.check.name, each.check.command) for each in checks)
    return tuple(
        each
        for each in checks
        if (key := (each.check.name, each.check.command)) in passed and keys[key] == 1
    )


def fix_for(run: Run, wrong: Wrong, *, words: str = "") -> WorkPackage | None:
    """The narrow package that puts right what is wrong; None: it cannot, or had its turn.

    It may write the files that landed in this run, and nothing else: all of them were within
    what was approved. Its checks are those that failed. `words` are a person's, who asks for it.
    """
    opened = sum(1 for each in run.opened if not each.needed_by)
    files = _landed_files(run)
    within = bool(wrong.failed) or any(each.file in files for each in wrong.problems)
    if wrong.lack or not files or not within or (opened >= MOST_FIXES and not words):
        return None
    name = _free_name(opened, {each.id for each in run.plan.packages})
    limits = [run.plan.package(each.id) for each in run.with_status(PackageStatus.LANDED)]
    return WorkPackage(
        id=name,
        source_id=name,
        title=f"Make {run.plan.title} pass as a whole"[:120],
        description=_task(wrong, words),
        kind=PackageKind.FIX,
        scope=Scope(write=tuple(literal(each) for each in files), confidence=Confidence.DECLARED),
        checks=wrong.failed,
        timeout_s=max((each.timeout_s for each in limits), default=3600.0),
        retry_budget=1,
        priority=1,
    )


def question(wrong: Wrong) -> str:
    """What a person is asked where nothing else can be done."""
    shown = "; ".join(each.partition("\n")[0] for each in wrong.reasons[:_SHOWN])
    left = len(wrong.reasons) - _SHOWN
    more = f"; and {left} more" if left > 0 else ""
    return f"everything has landed, and the whole does not pass: {shown}{more}"


def decided_by(run: Run, text: str, who: str) -> IntegrationAccepted | IntegrationReopened | None:
    """What a person's answer about the whole comes to; None: it says neither yes nor no."""
    word = first_word(text)
    if word in ACCEPTS:
        return IntegrationAccepted(commit=run.head, reason=text, who=who)
    if word in NO:
        return IntegrationReopened(reason=text, who=who, mend=True)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """Who makes a contract, who builds on it, who changed it."""

    path: str
    producers: tuple[PackageId, ...]
    consumers: tuple[PackageId, ...]
    changed_by: tuple[PackageId, ...]


def uses(run: Run) -> tuple[Use, ...]:
    """The contracts that the plan names, with the run's packages around each."""
    named = run.plan.contracts
    files = dict.fromkeys((*([named.primary] if named.primary else []), *named.files))
    packages = [each for each in run.plan.packages if each.id in run.packages and each.runs_agent]
    landed = run.with_status(PackageStatus.LANDED)
    return tuple(
        Use(
            path=path,
            producers=tuple(each.id for each in packages if _makes(each, path)),
            consumers=tuple(
                each.id for each in packages if builds_on(each, [path], bumped=False, impacted=())
            ),
            changed_by=tuple(state.id for state in landed if path in state.files),
        )
        for path in files
    )


def built_before(run: Run, use: Use) -> tuple[PackageState, ...]:
    """Landed packages that build on a contract which another package changed in this run."""
    found = [run.packages[each] for each in use.consumers]
    changed = set(use.changed_by)
    return tuple(
        state
        for state in found
        if state.status is PackageStatus.LANDED and state.attempts and changed - {state.id}
    )


def _makes(package: WorkPackage, path: str) -> bool:
    known = package.scope.confidence is not Confidence.UNKNOWN
    return known and allows(package.scope, path)


def changed_below(run: Run, home: str) -> bool:
    """Whether what landed changed anything in the folder `openspec` there."""
    folder = posixpath.normpath(posixpath.join(home, "openspec"))
    return any(path.startswith(f"{folder}/") for path in _landed_files(run))


def _landed_files(run: Run) -> list[str]:
    """What the run's packages changed."""
    landed = run.with_status(PackageStatus.LANDED)
    return list(dict.fromkeys(path for state in landed for path in state.files))


def _free_name(opened: int, taken: Collection[PackageId]) -> PackageId:
    number = opened + 1
    while PackageId(f"{NAME}-fix-{number}") in taken:
        number += 1
    return PackageId(f"{NAME}-fix-{number}")


def _task(wrong: Wrong, words: str) -> str:
    told = [
        "All packages of the plan have landed, each with its checks, and yet the whole does not "
        "pass. Put right what is told here, in the files that the packages changed; change "
        "nothing that is not to blame, and weaken no test.",
        *(each[:_LONGEST] for each in wrong.reasons),
        f"Whoever owns this run says: {words}" if words else "",
    ]
    return "\n\n".join(each for each in told if each)
