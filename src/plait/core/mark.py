"""Boxes in a plan's files: exactly one byte changes, and only in the line that was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from plait.core.plan import Marker, PackageId, Plan, WorkPackage

_MARK = b"\0"
_BOM = b"\xef\xbb\xbf"


def ticked(content: bytes, marker: Marker) -> bytes | None:
    """The file with that box ticked, or None if the box is not there any more.

    The box is looked for at its recorded place. If another line stands there, for lines were
    added above, it is the one line of the file that reads like the recorded one.
    """
    if not marker.line:
        return _edited(content, marker.offset, marker)
    wanted = _unmarked(marker.line.encode(), marker.line.encode().find(b"[") + 1)
    if _unmarked(*_line_at(content, marker.offset)) == wanted:
        return _edited(content, marker.offset, marker)
    found = [
        offset
        for start, line in _lines(content)
        if (place := line.find(b"[") + 1) and _unmarked(line, place) == wanted
        for offset in (start + place,)
    ]
    return _edited(content, found[0], marker) if len(found) == 1 else None


def boxes_of(
    plan: Plan, package: WorkPackage, settled: Callable[[PackageId], bool]
) -> tuple[Marker, ...]:
    """The boxes to tick when a package lands: its own, and of wholes that it completes.

    Args:
        plan: The plan.
        package: The package that lands.
        settled: Whether a package is landed, done before, or left out.
    """
    wholes = (
        marker
        for whole in plan.wholes
        if package.id in whole.parts
        and all(part == package.id or settled(part) for part in whole.parts)
        for marker in whole.markers
    )
    return (*package.markers, *wholes)


def _edited(content: bytes, offset: int, marker: Marker) -> bytes | None:
    pending, done = marker.pending.encode(), marker.done.encode()
    if content[offset - 1 : offset + 2] != b"[" + pending + b"]":
        return None
    return content[:offset] + done + content[offset + 1 :]


def _line_at(content: bytes, offset: int) -> tuple[bytes, int]:
    """The line that holds an offset, and the place of the offset in it."""
    start = max(content.rfind(b"\n", 0, offset), content.rfind(b"\r", 0, offset)) + 1
    start = start or _begin(content)
    ends = [end for mark in (b"\n", b"\r") if (end := content.find(mark, offset)) >= 0]
    return content[start : min(ends, default=len(content))], offset - start


def _lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    start = _begin(content)
    for line in content[start:].splitlines(keepends=True):
        yield start, line.rstrip(b"\r\n")
        start += len(line)


def _begin(content: bytes) -> int:
    """Behind the byte order mark, if there is one."""
    return len(_BOM) if content.startswith(_BOM) else 0


def _unmarked(line: bytes, place: int) -> bytes:
    """A line without what stands in its box."""
    return line[:place] + _MARK + line[place + 1 :]
