"""`plait doctor`: whether the boards of the settings could be told of a run."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from plait.announce import Speaker
from plait.announce.board import EXTRA
from plait.app.announcing import lack_of, sink_of
from plait.app.examining import Line
from plait.app.project import Project, find_root, open_project
from plait.core.announcement import Outcome, SinkKind
from plait.core.board import Board
from plait.errors import PlaitError
from plait.process import run_main


def boards_here(start: Path) -> list[Line]:
    """A line for each board; nothing is started and nothing is sent."""
    project = _project(start)
    if project is None:
        return []
    return [_line(board, _lack(project, board)) for board in project.settings.boards]


def boards_tried(start: Path) -> list[Line]:
    """A line for each board, its server started or connected to and asked for its tool.

    Raises:
        UsageError: `BAD_CONFIG`, `NOT_A_REPOSITORY`.
    """
    project = open_project(start)
    return [_tried(project, board) for board in project.settings.boards]


def _project(start: Path) -> Project | None:
    try:
        return open_project(start) if find_root(start) else None
    except PlaitError:  # another line tells
        return None


def _lack(project: Project, board: Board) -> tuple[str, str]:
    """What lacks for a board, and the cure."""
    if lack := lack_of(board, os.environ):
        return lack, "set it where Plait is started"
    if board.kind is SinkKind.MCP and find_spec("mcp") is None:
        return "the client of MCP is not installed", EXTRA
    if board.command and shutil.which(board.command[0], path=_path(project)) is None:
        return f"{board.command[0]} is not found", "install it, or name its path"
    return "", ""


def _path(project: Project) -> str | None:
    """Where programs are looked for; relative ones from the repository's root."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join([*folders, str(project.root)])


def _line(board: Board, lack: tuple[str, str]) -> Line:
    if lack[0]:
        told = f"{board.name} ({board.kind}) will be told nothing: {lack[0]}"
        return Line(what="announce", level="note", told=told, cure=lack[1])
    return Line(what="announce", level="ok", told=f"{board.name} ({board.kind})")


def _tried(project: Project, board: Board) -> Line:
    lack = _lack(project, board)
    sink = sink_of(project, board, os.environ)
    if lack[0] or not isinstance(sink, Speaker):
        return _line(board, lack)

    async def probe() -> Line:
        try:
            reply = await sink.probe()
        finally:
            await sink.close()
        if reply.outcome is not Outcome.ACCEPTED:
            return _line(board, (reply.reason, "see docs/howto/announce.md"))
        told = f"{board.name} ({board.kind}): {reply.reason}"
        return Line(what="announce", level="ok", told=told)

    return run_main(probe)
