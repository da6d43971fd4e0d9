"""Which candidates may conflict: those that changed the same files. Only they are looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from plait.core.plan import PackageId


def meeting(
    files: Collection[str], others: Mapping[PackageId, Collection[str]]
) -> tuple[PackageId, ...]:
    """The packages that changed one of the files, or what one of them makes a folder of."""
    mine = frozenset(files)
    above = _folders(mine)
    return tuple(
        package
        for package, changed in others.items()
        if not mine.isdisjoint(changed)
        or not above.isdisjoint(changed)
        or not mine.isdisjoint(_folders(changed))
    )


def _folders(files: Iterable[str]) -> frozenset[str]:
    found = set()
    for each in files:
        folder = each.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(found)
