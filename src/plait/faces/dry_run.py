"""`plait run --dry-run`: what starts now, what waits for what, and how much it is in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from plait.core.plan import PackageId, Plan, SourceStatus, WorkPackage
from plait.faces.text import clean, count, effort

_UNGROUPED = "Ungrouped"


def dry_run_text(plan: Plan, *, estimate_s: float | None = None) -> str:
    """The plan of execution, nothing started.

    Packages stand in the source's execution groups where it has any that can begin, else in
    waves; within what is ready, by track. What is done already is left out.

    Args:
        plan: The plan, or the selected part of it; needs outside it count as done.
        estimate_s: How long it is expected to take, by the plan's estimates.
    """
    pending = [each for each in plan.packages if each.status is SourceStatus.PENDING]
    labels = _labels(pending)
    needs = _label_needs(pending, labels)
    noun = "task" if any(package.source_id.isdigit() for package in pending) else "package"
    lines = [f"Execution Plan for {clean(plan.feature)}:"]
    members: dict[str, list[WorkPackage]] = {label: [] for label in needs}
    for package in pending:
        members[labels[package.id]].append(package)
    for label, needed in needs.items():
        if not needed:
            lines += ["", f"Ready to Execute ({label}):", *_by_track(members[label], noun)]
    waiting = [
        f"- {label}: {_named(members[label], noun)} (depends on {', '.join(needed)})"
        for label, needed in needs.items()
        if needed
    ]
    if waiting:
        lines += ["", "Waiting on Dependencies:", *waiting]
    return "\n".join([*lines, "", _total(plan, pending, noun, estimate_s)]) + "\n"


def _labels(pending: Sequence[WorkPackage]) -> Mapping[PackageId, str]:
    """The execution group of each package, or its wave where no group could begin."""
    if any(package.group for package in pending):
        groups = {
            package.id: _label("Group", package.group) if package.group else _UNGROUPED
            for package in pending
        }
        if not all(_label_needs(pending, groups).values()):
            return groups
    return {package: f"Wave {wave}" for package, wave in _waves(pending).items()}


def _label(noun: str, name: str) -> str:
    """`1` is `Group 1`, `Group 1` and `Foundation` speak for themselves."""
    name = clean(name)
    return f"{noun} {name}" if len(name) <= 2 else name  # noqa: PLR2004 - a number or a letter


def _label_needs(
    pending: Sequence[WorkPackage], labels: Mapping[PackageId, str]
) -> dict[str, tuple[str, ...]]:
    """Which other labels hold something that the packages of a label need; in order."""
    order = {label: None for _, label in sorted(labels.items(), key=lambda item: _rank(item[1]))}
    needed: dict[str, dict[str, None]] = {label: {} for label in order}
    for package in pending:
        for edge in package.needs:
            other, own = labels.get(edge.id), labels[package.id]
            if other is not None and other != own:
                needed[own][other] = None
    return {label: tuple(sorted(others, key=_rank)) for label, others in needed.items()}


def _rank(label: str) -> tuple[int, int, str]:
    number = label.rpartition(" ")[2]
    return (label == _UNGROUPED, int(number) if number.isdecimal() else 0, label)


def _waves(pending: Sequence[WorkPackage]) -> dict[PackageId, int]:
    """Each package's wave, from 1, in the order of the plan. Packages on a cycle come last."""
    left = {package.id: package for package in pending}
    waves: dict[PackageId, int] = {}
    wave = 0
    while left:
        wave += 1
        free = [each for each in left if not any(edge.id in left for edge in left[each].needs)]
        for package in free or list(left):
            waves[package] = wave
            del left[package]
    return waves


def _by_track(packages: Sequence[WorkPackage], noun: str) -> list[str]:
    tracks: dict[str, list[WorkPackage]] = {}
    for package in packages:
        tracks.setdefault(_label("Track", package.track) if package.track else "", []).append(
            package
        )
    return [
        f"- {f'{track}: ' if track else ''}{_named(members, noun)} ({_size(members, noun)})"
        for track, members in sorted(tracks.items(), key=lambda item: not item[0])
    ]


def _named(packages: Sequence[WorkPackage], noun: str) -> str:
    names = [name for package in packages for name in package.tasks or (package.source_id,)]
    plural = "" if len(names) == 1 else "s"
    return f"{noun.capitalize()}{plural} {', '.join(_ranges(names))}"


def _ranges(names: Iterable[str]) -> list[str]:
    """Names with runs of whole numbers drawn together: `2, 4-6`."""
    runs: list[tuple[str, str]] = []
    for name in names:
        last = runs[-1][1] if runs else ""
        if last.isdecimal() and name.isdecimal() and int(name) == int(last) + 1:
            runs[-1] = (runs[-1][0], name)
        else:
            runs.append((name, name))
    return [clean(first if first == last else f"{first}-{last}") for first, last in runs]


def _size(packages: Sequence[WorkPackage], noun: str) -> str:
    return count(sum(len(package.tasks) or 1 for package in packages), noun)


def _total(plan: Plan, pending: Sequence[WorkPackage], noun: str, estimate_s: float | None) -> str:
    total = f"Total: {_size(pending, noun)}"
    if estimate_s:
        total += f", ~{effort(estimate_s)} estimated"
    done = [each for each in plan.packages if each.status is SourceStatus.DONE]
    return f"{total} ({_size(done, noun)} done before)" if done else total
