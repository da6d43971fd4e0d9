"""One frame of the live view: what stands on each line of a terminal of that size."""

from __future__ import annotations

from plait.core.event import RunStatus
from plait.core.run import PackageStatus
from plait.faces.text import cells, clean, duration, listing, pad, shorten, stopwatch
from plait.faces.view import ActiveRow, Board, StoppedRow, WaitingRow

Line = tuple[tuple[str, str], ...]  # parts of a line, each with rich's name of its style

_WIDE = 72  # columns from which agents and titles are shown
_LONGEST_BAR = 30
_ROOMY = 8  # lines from which the title and the counts are shown
_SEPARATOR = " · "
_STOPPED_STYLES = {
    PackageStatus.FAILED: "red",
    PackageStatus.BLOCKED: "yellow",
    PackageStatus.CANCELLED: "magenta",
    PackageStatus.SKIPPED: "dim",
}
STATUS_STYLES = {
    RunStatus.SUCCEEDED: "green",
    RunStatus.PARTIAL: "yellow",
    RunStatus.FAILED: "red",
    RunStatus.BLOCKED: "yellow",
    RunStatus.CANCELLED: "magenta",
    RunStatus.INTERRUPTED: "yellow",
    RunStatus.PAUSED: "yellow",
}


def frame(board: Board, *, width: int, height: int) -> tuple[Line, ...]:
    """The lines to paint: none wider than `width` columns, at most `height - 1` of them.

    The last line of the terminal stays free, so that it never scrolls. Active packages come
    first, then what stopped, then what is ready and what waits; the rest is counted.
    """
    room = max(height - 1, 1)
    head = [_progress(board, width)]
    if room >= _ROOMY:
        head = [_title(board), *head, _counts(board)]
    body = _body(board, width)
    space = room - len(head)
    if len(body) > space:
        cut = max(space - 1, 0)
        body = [*body[:cut], ((f"  … {len(body) - cut} more", "dim"),)][:space]
    return tuple(_fit(line, width) for line in (*head, *body))


def _title(board: Board) -> Line:
    place = f"  {clean(board.run)} on {clean(board.branch)}" if board.branch else ""
    return ((clean(board.title), "bold"), (place, "dim"))


def _progress(board: Board, width: int) -> Line:
    tail = [f"{board.done} of {board.total}", stopwatch(board.elapsed_s)]
    if board.status is not RunStatus.RUNNING:
        tail.append(board.status.value)
    elif board.expected_end is not None:
        tail.append(f"about {_roughly(board.expected_end - board.now)} left")
    told = "  " + _SEPARATOR.join(tail)
    size = max(min(width - cells(told), _LONGEST_BAR), 0)
    filled = size * board.done // board.total if board.total else 0
    return (
        ("━" * filled, STATUS_STYLES.get(board.status, "green")),
        ("─" * (size - filled), "dim"),
        (told, ""),
    )


def _roughly(seconds: float) -> str:
    """A guess, no more exact than it is: to the minute, below one to ten seconds."""
    step = 60 if seconds >= 60 else 10  # noqa: PLR2004 - a minute
    return duration(max(round(seconds / step), 1) * step)


def _counts(board: Board) -> Line:
    numbers = [(len(board.active), "active"), (len(board.ready), "ready")]
    numbers += [(len(board.waiting), "waiting")]
    numbers += [(board.counts.get(status, 0), status.value) for status in _STOPPED_STYLES]
    numbers += [(board.warnings, "warnings" if board.warnings > 1 else "warning")]
    shown = [f"{number} {word}" for number, word in numbers if number]
    shown += [f"{board.parked} resting"] if board.parked else []
    if board.spent_usd or board.budget_usd is not None:
        of = "" if board.budget_usd is None else f" of {board.budget_usd:.2f}"
        shown.append(f"{board.spent_usd:.2f}{of} USD")
    return ((_SEPARATOR.join(shown) or "all done", "dim"),)


def _body(board: Board, width: int) -> list[Line]:
    shown: tuple[ActiveRow | StoppedRow | WaitingRow, ...] = (
        *board.active,
        *board.stopped,
        *board.ready,
        *board.waiting,
    )
    column = min(max((cells(clean(row.id)) for row in shown), default=0), max(width // 3, 8))
    agents = max((cells(clean(row.agent)) for row in board.active), default=0)
    return [
        *(_active(row, column, agents, wide=width >= _WIDE) for row in board.active),
        *(_stopped(row, column) for row in board.stopped),
        *(_waiting(row, column) for row in (*board.ready, *board.waiting)),
    ]


def _name(name: str, column: int) -> str:
    return pad(shorten(clean(name), column), column) + "  "


def _active(row: ActiveRow, column: int, agents: int, *, wide: bool) -> Line:
    parts = [
        ("▸ ", "cyan"),
        (_name(row.id, column), "bold"),
        (f"{row.phase.value:<6}  ", "cyan"),
        (f"{stopwatch(row.elapsed_s):>7}  {row.attempt}/{row.attempts}", ""),
    ]
    if wide:
        parts += [
            (f"  {pad(clean(row.agent), min(agents, 16))}", ""),
            (f"  {clean(row.title)}", "dim"),
        ]
    return tuple(parts)


def _stopped(row: StoppedRow, column: int) -> Line:
    style = _STOPPED_STYLES[row.status]
    reason = f": {clean(row.reason)}" if row.reason else ""
    return (("✗ ", style), (_name(row.id, column), style), (row.status.value + reason, style))


def _waiting(row: WaitingRow, column: int) -> Line:
    if not row.on:
        told = f"again in {stopwatch(row.wait_s)}" if row.wait_s >= 1 else "ready"
        return (("◦ ", ""), (_name(row.id, column), ""), (told, ""))
    return (("· ", "dim"), (_name(row.id, column), "dim"), (f"waits on {listing(row.on)}", "dim"))


def _fit(line: Line, width: int) -> Line:
    """The line cut to the width, its styles kept."""
    if sum(cells(part) for part, _ in line) <= width:
        return line
    fitted: list[tuple[str, str]] = []
    room = width - 1  # for the ellipsis
    for part, style in line:
        if cells(part) > room:
            kept = shorten(part, room, "")
            return (*fitted, (kept + "…", style))
        fitted.append((part, style))
        room -= cells(part)
    return tuple(fitted)
