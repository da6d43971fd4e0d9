"""The contents of many files at once: two processes, however many they are."""

from __future__ import annotations

from collections.abc import Sequence

from plait.git.command import Git

Place = tuple[str, str]
"""A commit, and a path in it."""

_BLOB = 3  # words of what git tells of one: its id, its kind, its size


async def contents(git: Git, places: Sequence[Place], *, most: int) -> tuple[bytes | None, ...]:
    """The contents at these places; None where there is no file, or one of more than `most` bytes.

    What is too large is not read at all.
    """
    named = [
        None if path.startswith(("./", "../")) else _name(commit, path) for commit, path in places
    ]
    asked = list(dict.fromkeys(filter(None, named)))
    if not asked:
        return (None,) * len(places)
    told = await git.run("cat-file", "--batch-check", "-z", stdin=_lines(asked))
    small: list[bytes] = []
    for each in asked:
        header, told = _header(told, each)
        if header is not None and header[1] == b"blob" and int(header[2]) <= most:
            small.append(each)
    found: dict[bytes, bytes] = {}
    if small:
        answer = await git.run("cat-file", "--batch", "-z", stdin=_lines(small))
        at = 0
        for each in small:
            end = answer.index(b"\n", at)
            size = int(answer[at:end].split(b" ")[2])
            found[each] = answer[end + 1 : end + 1 + size]
            at = end + size + 2
    return tuple(None if name is None else found.get(name) for name in named)


def _header(told: bytes, name: bytes) -> tuple[list[bytes] | None, bytes]:
    """What git tells of one, None if it has no such object; and what follows."""
    missing = name + b" missing\n"
    if told.startswith(missing):
        return None, told[len(missing) :]
    line, _, rest = told.partition(b"\n")
    words = line.split(b" ")
    return (words if len(words) == _BLOB else None), rest


def _name(commit: str, path: str) -> bytes:
    return f"{commit}:{path}".encode("utf-8", "surrogateescape")


def _lines(names: Sequence[bytes]) -> bytes:
    return b"".join(name + b"\0" for name in names)
