"""Where an OpenSpec change keeps its files.

That is `openspec/changes/<id>/`, and once archived `openspec/changes/archive/<date>-<id>/`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from plait.plans.places import below
from plait.ports import PlanSource

_CHANGES = Path("openspec/changes")
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}-(.+)")
_DOCUMENTS = ("proposal.md", "design.md", "tasks.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change's folder. `root` holds `openspec/`; `id` is None outside that layout."""

    source: PlanSource
    root: Path
    folder: Path
    id: str | None

    def label(self, path: Path) -> str:
        """How findings call a file: relative inside the repository, else absolute."""
        return path.relative_to(self.root).as_posix() if self.source.in_repository else str(path)

    def context(self) -> tuple[str, ...]:
        """What every agent should read, relative to `root`, in the order of reading."""
        documents = [self.folder / name for name in _DOCUMENTS]
        documents += [path for path in below(self.folder / "specs") if path.name == "spec.md"]
        return tuple(
            path.relative_to(self.root).as_posix() for path in documents if self._holds(path)
        )

    def find(self, name: str) -> Path | None:
        """The file a plan names: from `root`, from the folder, or where archiving moved it."""
        return next((place for place in self._places(name) if self._holds(place)), None)

    def find_folder(self, name: str) -> Path | None:
        """The same for a folder; None for an empty name."""
        places = self._places(name) if name else []
        return next((place for place in places if self._holds(place, folder=True)), None)

    def _places(self, name: str) -> list[Path]:
        places = [self.root / name, self.folder / name]
        moved = name.removeprefix(f"{_CHANGES.as_posix()}/{self.id}/")
        if moved != name:
            places.append(self.folder / moved)
        return [Path(os.path.normpath(place)) for place in places]

    def _holds(self, path: Path, *, folder: bool = False) -> bool:
        """Whether it is a file, or a folder, that lies below `root`, links followed."""
        try:
            there = path.is_dir() if folder else path.is_file()
            within = path.is_relative_to(self.root) and there
            return within and path.resolve().is_relative_to(self.root.resolve())
        except (OSError, ValueError):  # a name that no file can have
            return False


def change_of(source: PlanSource) -> Change:
    """The change that a plan's main file belongs to."""
    folder = source.path.parent
    changes = folder.parent
    if changes.name == "archive":
        changes = changes.parent
    if changes.parts[-2:] != _CHANGES.parts:
        return Change(source=source, root=source.root, folder=folder, id=None)
    root = source.root if source.in_repository else changes.parent.parent
    return Change(source=source, root=root, folder=folder, id=_undated(folder.name))


def locate(root: Path, name: str, file: str) -> Path | None:
    """The file of that name in a change.

    Args:
        root: What `openspec/` lies in.
        name: A folder below `root`, or a change's id; of several archived changes of one id,
            the newest is meant.
        file: The file's name.
    """
    places = [root / name / file]
    if "/" not in name:
        places.append(root / _CHANGES / name / file)
        archive = root / _CHANGES / "archive"
        found = [path for path in _folders(archive) if name in {path.name, _undated(path.name)}]
        places += [path / file for path in sorted(found, reverse=True)]
    return next((place for place in places if place.is_file()), None)


def _undated(name: str) -> str:
    dated = _DATED.fullmatch(name)
    return dated[1] if dated else name


def _folders(path: Path) -> list[Path]:
    return [entry for entry in path.iterdir() if entry.is_dir()] if path.is_dir() else []
