"""Files that Plait leaves in a repository: a line in each says by which version, and of what text.

As long as that line fits the file and its place, nobody has edited it: it may be brought up to
date or removed. Anything else is somebody's own.
"""

from __future__ import annotations

import re
from enum import StrEnum
from hashlib import sha256

_LINE = re.compile(
    r"^# Written by plait (?P<version>\S+) \(sha256:(?P<digest>[0-9a-f]{64})\).*\n", re.MULTILINE
)
_HEAD = 4  # it is one of the first lines


class Owner(StrEnum):
    """Whose a file is.

    `ours`: as some version of Plait wrote it; `newer`: so, and that version is a later one;
    `edited`: Plait's, and somebody has edited, copied or moved it since; `foreign`: another's.
    """

    OURS = "ours"
    NEWER = "newer"
    EDITED = "edited"
    FOREIGN = "foreign"


def stamped(text: str, *, place: str, version: str, line: int) -> str:
    """The text with the line that says whose it is.

    Args:
        text: What Plait writes, with plain line feeds.
        place: The file's path in the repository.
        version: Plait's.
        line: After how many lines it stands; the file's format must take a comment there.
    """
    told = (
        f"# Written by plait {version} (sha256:{_digest(text, place, version)}): `plait init` "
        "updates it and `plait init --uninstall` removes it, unless you edit it.\n"
    )
    lines = text.splitlines(keepends=True)
    return "".join([*lines[:line], told, *lines[line:]])


def owner_of(content: bytes, *, place: str, version: str) -> Owner:
    """Whose a file is, seen by this version of Plait. Lines may have come to end as on Windows."""
    try:
        text = content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return Owner.FOREIGN
    found = _LINE.search("".join(text.splitlines(keepends=True)[:_HEAD]))
    if found is None:
        return Owner.FOREIGN
    rest = text[: found.start()] + text[found.end() :]
    if _digest(rest, place, found["version"]) != found["digest"]:
        return Owner.EDITED
    return Owner.NEWER if _numbers(found["version"]) > _numbers(version) else Owner.OURS


def _digest(text: str, place: str, version: str) -> str:
    return sha256(f"{place}\n{version}\n{text}".encode()).hexdigest()


def _numbers(version: str) -> tuple[int, ...]:
    """The release's numbers; what follows them (`rc1`, `.dev0`) does not count."""
    found = re.match(r"\d{1,9}(?:\.\d{1,9})*", version)
    return tuple(int(each) for each in found[0].split(".")) if found else ()
