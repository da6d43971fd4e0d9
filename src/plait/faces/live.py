"""The live view: a run on a terminal, redrawn when something changes and once a second.

`frame` decides what stands on each line; rich only paints it. A thread of its own draws, so that
a slow terminal never holds up the engine. Importing this module loads rich: do so only for a
terminal.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Never, Self, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from plait.core.event import Recorded
from plait.core.run import Run
from plait.faces.frame import Line, frame
from plait.faces.text import encodable
from plait.faces.view import rows

_SHORTEST_S = 0.25  # between two frames: at most four a second
_LONGEST_S = 1.0  # the clocks on the screen tick


class _Canvas(Console):
    """A console that tells of a closed terminal instead of ending the process."""

    def on_broken_pipe(self) -> Never:
        raise  # noqa: PLE0704 - it is called while a BrokenPipeError is handled


class LiveView:
    """Draws a run in place.

    Args:
        stream: The terminal.
        clock: Unix time in seconds.
        console: A console of rich to draw on instead; for frames of a fixed size.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        clock: Callable[[], float] = time.time,
        console: Console | None = None,
    ) -> None:
        self._console = console or _Canvas(file=stream, highlight=False)
        self._clock = clock
        self._run: Run | None = None
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._gone = False
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            redirect_stdout=False,
            redirect_stderr=False,
            get_renderable=self.picture,
        )
        self._painter = threading.Thread(target=self._paint, name="live-view", daemon=True)

    def observer(self, recorded: Recorded, run: Run) -> None:  # noqa: ARG002 - the common shape
        """Take note of the run as it is now; it is drawn soon."""
        self._run = run
        self._changed.set()

    def start(self) -> None:
        """Start drawing."""
        self._guarded(self._live.start)
        self._painter.start()

    def stop(self) -> None:
        """Draw the last frame and leave it on the screen."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._changed.set()
        self._painter.join()
        self._guarded(self._live.refresh)
        self._guarded(self._live.stop)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _paint(self) -> None:
        while not self._stopping.is_set():
            self._changed.wait(_LONGEST_S)
            self._changed.clear()
            if self._stopping.is_set():
                return
            self._guarded(self._live.refresh)
            self._stopping.wait(_SHORTEST_S)

    def _guarded(self, draw: Callable[[], object]) -> None:
        """Draw, unless the terminal was closed; the run goes on without it."""
        if self._gone:
            return
        try:
            draw()
        except OSError:  # EPIPE or EIO: nobody is looking any more
            self._gone = True

    def picture(self) -> RenderableType:
        """The frame as it is now, for the console this view draws on."""
        if self._run is None:
            return Text("")
        size = self._console.size
        lines = frame(rows(self._run, self._clock()), width=size.width, height=size.height)
        return Group(*(paint(line, self._console.encoding) for line in lines))


def paint(line: Line, encoding: str) -> Text:
    """A line of a frame for rich: its styles, and nothing that the terminal's encoding lacks."""
    text = Text.assemble(*((encodable(part, encoding), style) for part, style in line))
    text.no_wrap, text.overflow = True, "crop"  # should rich find it wider than `frame` did
    return text
