"""Real plans of real projects, where present, at the paths where their projects keep them."""

from __future__ import annotations

import csv
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("PLAIT_CORPUS", REPOSITORY.parent / "shared" / "corpus"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Real:
    """A file of the corpus, and the path it has in its project (``owner/project``)."""

    file: Path
    repository: str
    path: str

    def below(self, folder: Path) -> Path:
        """A copy at its own path, in a folder of its project's name below `folder`."""
        target = self.root(folder) / self.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copyfile(self.file, target)
        return target

    def root(self, folder: Path) -> Path:
        """Its project's folder below `folder`."""
        return folder / self.repository.replace("/", "__")


def real_files(group: str) -> list[Real]:
    """All files of a folder of the corpus; none where the corpus is not present."""
    table = CORPUS / group / "SOURCES.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as rows:
        found = [
            Real(file=CORPUS / group / row["file"], repository=row["repo"], path=row["path"])
            for row in csv.DictReader(rows, delimiter="\t")
        ]
    return [real for real in found if real.file.is_file()]
