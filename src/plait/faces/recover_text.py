"""What can be restored, by run; and what was."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from plait.core.kept import Kept, Where
from plait.faces.text import clean, count, duration, listing, rfc3339

_KIB = 1024


def kept_text(found: Sequence[Kept], *, now: float) -> str:
    """What is kept, grouped by run, with the command that restores it."""
    if not found:
        return "nothing is kept: all work landed, or none was begun\n"
    lines = []
    for run, group in groupby(found, key=lambda each: each.run):
        lines += [f"run {clean(run)}" if run else "of no known run", ""]
        for each in group:
            lines += [*_entry(each, now), ""]
    lines += [
        "restore one: plait recover RUN PACKAGE [--epoch N], or plait recover --from NAME",
        "look at one: git log -p NAME",
    ]
    return "".join(line + "\n" for line in lines)


def kept_json(found: Sequence[Kept]) -> str:
    """The same for programs."""
    runs = [
        {"run": run, "kept": [_json(each) for each in group]}
        for run, group in groupby(found, key=lambda each: each.run)
    ]
    return _dumped({"runs": runs})


def restored_text(
    kept: Kept, *, branch: str | None, is_new: bool, worktree: Path | None, patch: str | None
) -> str:
    """What came of a restoring, and what to do with it."""
    if patch is not None:
        return f"wrote {clean(patch)}: {_extent(kept)}\n"
    assert branch is not None  # noqa: S101 - what is no patch is a branch
    made = "made branch" if is_new else "at the same commit there is already the branch"
    lines = [f"{made} {clean(branch)}: {_extent(kept)}"]
    if worktree is not None:
        lines.append(f"checked out in {clean(str(worktree))}")
    else:
        base = f"{kept.base[:12]}.." if kept.base else ""
        lines.append(f"look at it: git log -p {base}{shlex.quote(branch)}")
    return "".join(line + "\n" for line in lines)


def restored_json(
    kept: Kept, *, branch: str | None, is_new: bool, worktree: Path | None, patch: str | None
) -> str:
    """The same for programs."""
    told = {
        "restored": _json(kept),
        "branch": branch,
        "is_new": is_new,
        "worktree": str(worktree) if worktree else None,
        "patch": patch,
    }
    return _dumped(told)


def size_text(number: int) -> str:
    """Bytes, to be read: `312 B`, `1.2 KiB`, `3.4 GiB`."""
    size, unit = float(number), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < _KIB:
            break
        size, unit = size / _KIB, larger
    return f"{number} B" if unit == "B" else f"{size:.1f} {unit}"


def _entry(kept: Kept, now: float) -> Iterator[str]:
    yield f"  {clean(kept.package or kept.source)}  {clean(kept.title)}".rstrip()
    numbers = [
        f"{what} {number}"
        for what, number in (("epoch", kept.epoch), ("attempt", kept.attempt))
        if number is not None
    ]
    ago = f"{duration(round(now - kept.at))} ago" if now - kept.at >= 1 else "just now"
    code = f" [{kept.code}]" if kept.code else ""
    yield f"    {', '.join([*numbers, ago])}: {clean(kept.why) or 'nobody knows why'}{code}"
    if kept.commit is not None:
        yield f"    {_extent(kept)}"
    yield f"    {clean(kept.source)}" + (f" in {clean(kept.path)}" if kept.path else "")


def _extent(kept: Kept) -> str:
    if not kept.files:
        return "no file differs from its base"
    return f"{count(len(kept.files), 'file')}, {size_text(kept.size)}: {listing(kept.files)}"


def _dumped(told: dict[str, Any]) -> str:
    """As JSON text; a file's name that is not UTF-8 has its odd bytes as escapes."""
    text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _json(kept: Kept) -> dict[str, Any]:
    return {
        "where": kept.where,
        "source": kept.source,
        "path": kept.path or None,
        "run": kept.run,
        "package": kept.package,
        "title": kept.title or None,
        "attempt": kept.attempt,
        "epoch": kept.epoch,
        "kept_at": rfc3339(kept.at),
        "code": kept.code or None,
        "why": kept.why or None,
        "commit": kept.commit if kept.where is not Where.WORKTREE else None,
        "base": kept.base,
        "files": list(kept.files),
        "size": kept.size,
    }
