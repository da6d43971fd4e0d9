"""What git says of a merge that conflicts, and the texts that were to be merged."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from plait.git.command import Git, GitFailed, decode
from plait.ports import Clash, Conflict, Side

_SIDES = {"1": "base", "2": "ours", "3": "theirs"}
_TO_READ = ("--no-ext-diff", "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/")


def clashing(told: Sequence[str]) -> Conflict:
    """A conflict as `merge-tree -z --messages` tells it: tree, sides of each path, messages."""
    tree, *rest = told
    end = rest.index("")
    clashes: dict[str, Clash] = {}
    for entry in rest[:end]:
        facts, _, path = entry.partition("\t")
        mode, object_id, stage = facts.split(" ")
        known = clashes.get(path) or Clash(path=path)
        side = Side(mode=mode, id=object_id)
        match _SIDES[stage]:
            case "base":
                clashes[path] = replace(known, base=side)
            case "ours":
                clashes[path] = replace(known, ours=side)
            case _:
                clashes[path] = replace(known, theirs=side)
    kinds, words = _words(rest[end + 1 :])
    return Conflict(
        paths=tuple(clashes),
        detail=words,
        tree=tree,
        clashes=tuple(clashes.values()),
        kinds=frozenset(kinds),
    )


async def blobs(git: Git, ids: Collection[str]) -> dict[str, bytes]:
    """The contents of files by their objects' ids.

    Raises:
        GitFailed: One is none.
    """
    if not ids:
        return {}
    answer = await git.run("cat-file", "--batch", stdin="".join(f"{one}\n" for one in ids).encode())
    found: dict[str, bytes] = {}
    place = 0
    for one in ids:
        end = answer.index(b"\n", place)
        facts = answer[place:end].split(b" ")
        if facts[1:2] != [b"blob"]:
            raise GitFailed(("git", "cat-file"), 1, f"{one} is no file")
        size = int(facts[2])
        found[one] = answer[end + 1 : end + 1 + size]
        place = end + size + 2
    return found


async def marked(git: Git, base: bytes, ours: bytes, theirs: bytes, *, size: int) -> bytes:
    """The merge of three texts with the base's lines, in markers of `size` characters."""
    with tempfile.TemporaryDirectory(prefix="plait-") as folder:
        paths = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for path, text in zip(paths, (ours, base, theirs), strict=True):
            path.write_bytes(text)
        options = ("-p", "--diff3", f"--marker-size={size}")
        names = ("-L", "ours", "-L", "base", "-L", "theirs")
        # Its exit code is the number of conflicts, 127 for more; 255 is an error.
        ok = range(128)
        return await git.run("merge-file", *options, *names, *map(str, paths), ok=ok)


async def difference(git: Git, old: str, new: str, paths: Sequence[str]) -> str:
    """How some paths differ, as a patch; nothing if there are none."""
    if not paths:
        return ""
    options = ("-r", "-p", "-M", "--full-index", *_TO_READ)
    return decode(await git.run("diff-tree", *options, old, new, "--", *paths))


def _words(messages: Sequence[str]) -> tuple[set[str], str]:
    """The conflicts among messages of the form `COUNT NUL (PATH NUL)* KIND NUL TEXT NUL`."""
    kinds, told, place = set(), [], 0
    while place < len(messages) and messages[place].isdigit():
        place += 1 + int(messages[place])
        kind, text = messages[place : place + 2]
        if kind.startswith("CONFLICT"):
            kinds.add(kind)
            told.append(text.strip())
        place += 2
    return kinds, "\n".join(told)
