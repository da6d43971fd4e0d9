"""Faces of a run on real terminals, pipes and closed ends."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.fakes.stories import Story, ended_story, search_plan, search_story

from plait.faces.live import LiveView
from plait.faces.terminal import Face, JsonLines, PlainLines, Quiet, choose


class Terminal:
    """A pseudo-terminal: what is written to `stream` is collected in `seen`."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        self.stream = os.fdopen(slave, "w", encoding="utf-8")
        self._seen: list[bytes] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                chunk = os.read(self._master, 65536)
            except OSError:
                return
            if not chunk:
                return
            self._seen.append(chunk)

    def close(self) -> str:
        """Close it and return what was seen."""
        self.stream.close()
        self._reader.join(5)
        os.close(self._master)
        return b"".join(self._seen).decode()


@pytest.mark.parametrize(
    ("env", "flags", "kind"),
    [
        ({}, {}, LiveView),
        ({"CI": "true"}, {}, PlainLines),
        ({"NO_COLOR": "1"}, {}, PlainLines),
        ({"TERM": "dumb"}, {}, PlainLines),
        ({}, {"verbose": True}, PlainLines),
        ({}, {"quiet": True}, Quiet),
        ({}, {"json": True}, JsonLines),
        ({}, {"json": True, "quiet": True}, JsonLines),
    ],
)
def test_the_face_fits_the_terminal(
    env: dict[str, str], flags: dict[str, bool], kind: type[Face]
) -> None:
    """A terminal gets the live view unless the environment or a flag asks for something else."""
    terminal = Terminal()
    told = {"json": False, "quiet": False, **flags}
    face = choose(env={"TERM": "xterm", **env}, err=terminal.stream, out=io.StringIO(), **told)
    terminal.close()
    assert type(face) is kind


def test_a_pipe_gets_plain_lines() -> None:
    """Where no terminal is, nothing moves a cursor."""
    stream = io.StringIO()
    with choose(json=False, quiet=False, env={"TERM": "xterm"}, err=stream) as face:
        _tell(face, search_story())
    assert type(face) is PlainLines
    assert "api      started (attempt 2 of 2, claude)\n" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_json_lines_are_rfc3339_and_flushed() -> None:
    """Each event is readable at the other end of a pipe as soon as it was told."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as out, os.fdopen(reader) as end:
        face = JsonLines(out)
        recorded, run = search_story().events[1]
        face.observer(recorded, run)
        line = json.loads(end.readline())
    assert line["at"] == "2026-09-21T14:13:21.000Z"
    assert (line["seq"], line["type"], line["package"]) == (2, "attempt_started", "db")
    assert set(line) == {"seq", "at", "run", "package", "attempt", "epoch", "type", "data"}


@pytest.mark.parametrize("face", ["PlainLines", "JsonLines"])
def test_a_reader_that_goes_away_stops_nothing(face: str) -> None:
    """With the pipe closed the run goes on, silently, and the process ends with code 0."""
    script = (
        "import sys\n"
        f"from plait.faces.terminal import {face}\n"
        "from tests.fakes.stories import search_story\n"
        f"shown = {face}(sys.stdout)\n"
        "sys.stdin.readline()\n"
        "for _ in range(100):\n"
        "    for recorded, run in search_story().events:\n"
        "        shown.observer(recorded, run)\n"
        "print('still here', file=sys.stderr)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stderr is not None
    told = process.stderr.read()
    process.stdin.close()
    process.stderr.close()
    assert (process.wait(), told) == (0, "still here\n")


def test_an_ascii_stream_gets_ascii() -> None:
    """Whatever the locale, a line is written rather than refused."""
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding="ascii", write_through=True)
    _tell(PlainLines(stream), ended_story())
    assert b" - see plait logs" in buffer.getvalue()


def test_the_live_view_draws_at_most_four_frames_a_second() -> None:
    """A thousand events in a second are a handful of frames, the last of them the end."""
    terminal = Terminal()
    story = ended_story()
    with LiveView(terminal.stream, clock=lambda: story.now) as face:
        frames = _counted(face)
        began = time.monotonic()
        while time.monotonic() - began < 1.0:
            _tell(face, story)
            time.sleep(0.01)
        drawn = frames[0]
    seen = terminal.close()
    assert 2 <= drawn <= 5
    assert seen.endswith("\x1b[?25h")  # the cursor is back
    assert "5 of 9" in seen
    assert "blocked" in seen


def test_the_live_view_draws_nothing_before_the_first_event() -> None:
    """Stopping at once leaves no frame behind."""
    terminal = Terminal()
    with LiveView(terminal.stream):
        pass
    assert "━" not in terminal.close()


def test_the_live_view_survives_its_terminal() -> None:
    """When the terminal is closed under it, the run goes on without a picture."""
    reader, writer = os.pipe()
    stream = os.fdopen(writer, "w", encoding="utf-8")
    with LiveView(stream) as face:
        os.close(reader)
        _tell(face, Story(search_plan()))
        time.sleep(0.3)
        _tell(face, ended_story())
    with pytest.raises(BrokenPipeError):
        stream.close()


def test_plain_faces_load_no_rich() -> None:
    """What `status`, `check` and piped runs load is light."""
    heavy = {"rich", "asyncio", "anyio", "pydantic", "sqlalchemy", "yaml", "importlib.resources"}
    script = (
        "import sys\n"
        "import plait.faces.terminal, plait.faces.status_text, plait.faces.errors_text\n"
        "import plait.faces.findings_text, plait.faces.plan_text, plait.faces.dry_run\n"
        f"print(sorted({heavy!r} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def _tell(face: Face, story: Story) -> None:
    for recorded, run in story.events:
        face.observer(recorded, run)


def _counted(face: LiveView) -> list[int]:
    """How many frames the view draws from now on."""
    drawn = [0]
    picture = face.picture

    def counting() -> object:
        drawn[0] += 1
        return picture()

    face._live.get_renderable = counting  # type: ignore[method-assign,assignment]
    return drawn
