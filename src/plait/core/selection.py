"""Which packages of a plan a run is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from plait.core.plan import PackageId, Plan, SourceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Selected packages in the plan's order, and what they need that is neither in it nor done."""

    packages: tuple[PackageId, ...]
    missing: tuple[PackageId, ...] = ()


def select(
    plan: Plan,
    *,
    tracks: Sequence[str] = (),
    packages: Sequence[str] = (),
    with_needs: bool = False,
    done: Iterable[PackageId] = (),
) -> Selection:
    """The packages of these tracks and these ids (all, if neither is given).

    `done` are packages that need not run again, beside those the source marks as done. With
    `with_needs`, what the selected ones need is selected too; without it, such packages are
    told as `missing`.
    """
    by_id = {package.id: package for package in plan.packages}
    if not tracks and not packages:
        return Selection(packages=tuple(by_id))
    wanted_tracks = {track.casefold() for track in tracks}
    chosen = {
        package.id
        for package in plan.packages
        if (package.track or "").casefold() in wanted_tracks or package.id in packages
    }
    finished = {p.id for p in plan.packages if p.status is not SourceStatus.PENDING} | set(done)
    missing: set[PackageId] = set()
    queue = list(chosen)
    while queue:
        for edge in by_id[queue.pop()].needs:
            if edge.id in chosen or edge.id in missing or edge.id not in by_id:
                continue
            if edge.id in finished:
                chosen.add(edge.id)  # it stands in the run as done before
            elif with_needs:
                chosen.add(edge.id)
                queue.append(edge.id)
            else:
                missing.add(edge.id)
    return Selection(
        packages=tuple(each for each in by_id if each in chosen),
        missing=tuple(each for each in by_id if each in missing),
    )
