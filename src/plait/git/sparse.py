"""Patterns of git's: of a part of a tree, and of one path alone."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePosixPath


def cone_patterns(cones: Collection[str]) -> str:
    """The patterns that git knows as a cone: these folders whole, of those above the files."""
    lines = ["/*", "!/*/"]
    whole = sorted({str(PurePosixPath(cone)) for cone in cones})
    above = {str(up) for cone in whole for up in PurePosixPath(cone).parents} - {"."}
    for folder in sorted(above | set(whole)):
        lines.append(f"/{literal(folder)}/")
        if folder not in whole:
            lines.append(f"!/{literal(folder)}/*/")
    return "".join(f"{line}\n" for line in lines)


def literal(path: str) -> str:
    """A path as a pattern of git's that it alone matches."""
    return re.sub(r"([\\*?\[\]#! ])", r"\\\1", path.rstrip("/"))
