"""Paths that callers name: below the repository's root, or refused."""

from __future__ import annotations

from plait.core.scope import invalid, normalise
from plait.engine.coordinator.refusal import Kind, Refusal

_OWN = (".git", ".plait")


def below(path: str) -> str:
    """A path or glob below the repository's root, in normal spelling; a folder is its glob.

    Raises:
        Refusal: `OUTSIDE`, it leads out of the repository, or into what is Plait's or git's own.
    """
    text = path.replace("\\", "/")
    parts = [each for each in text.split("/") if each not in {"", "."}]
    out = text.startswith(("/", "~")) or text[1:2] == ":" or ".." in parts
    if out or not parts or parts[0].lower() in _OWN or invalid("/".join(parts)):
        raise Refusal(
            f"{path[:200]!r} is no path below the repository's root",
            code="OUTSIDE",
            kind=Kind.INVALID,
            hint="name it from the root, with /, without .. and without .git or .plait",
        )
    tidy = "/".join(parts)
    return normalise(f"{tidy}/**" if text.endswith("/") else tidy)
