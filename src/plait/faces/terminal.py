"""Watching a run: plain lines, JSON lines, or silence; `choose` picks, the live view included."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from datetime import tzinfo
from json import dumps
from types import TracebackType
from typing import Protocol, Self, TextIO

from plait.core.event import Recorded, to_json
from plait.core.run import Run
from plait.faces.story import tell
from plait.faces.text import cells, encodable, pad, rfc3339, time_of_day

_WIDEST_NAME = 24  # longer package ids push their line to the right


class Face(Protocol):
    """Shows a run while it lasts."""

    def observer(self, recorded: Recorded, run: Run) -> None:
        """Take an event, with the run as it is after it; never raises for a closed pipe."""
        ...

    def __enter__(self) -> Self:
        """Start showing."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop showing and put the terminal back."""
        ...

    def start(self) -> None:
        """Start showing."""
        ...

    def stop(self) -> None:
        """Stop showing and put the terminal back; may be called twice."""
        ...


def choose(
    *,
    json: bool,
    quiet: bool,
    env: Mapping[str, str],
    verbose: bool = False,
    out: TextIO | None = None,
    err: TextIO | None = None,
) -> Face:
    """How to show a run: JSON on `out`, nothing, a live view or plain lines on `err`.

    Args:
        json: `--json` was given; it wins over everything else.
        quiet: `-q` was given.
        env: The environment; `CI`, `NO_COLOR` and `TERM=dumb` ask for plain lines.
        verbose: `-v` was given: a line for every event, on terminals too.
        out: Where JSON lines go; standard output where none is given.
        err: Where progress goes; standard error where none is given.
    """
    err = err or sys.stderr
    if json:
        return JsonLines(out or sys.stdout)
    if quiet:
        return Quiet()
    plain = env.get("CI") or env.get("NO_COLOR") or env.get("TERM") == "dumb"
    if verbose or plain or not err.isatty():
        return PlainLines(err, verbose=verbose)
    from plait.faces.live import LiveView  # it loads rich

    return LiveView(err)


class _Watching:
    """Starting and stopping for observers that hold nothing."""

    def start(self) -> None:
        """Start showing."""

    def stop(self) -> None:
        """Stop showing."""

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


class Quiet(_Watching):
    """Shows nothing."""

    def observer(self, recorded: Recorded, run: Run) -> None:
        """Nothing."""


class PlainLines(_Watching):
    """A line with the time for each interesting event: for pipes, logs and plain terminals.

    Args:
        stream: Where the lines go.
        zone: The time zone of the times; the reader's own where none is given.
        verbose: A line for every event, also for what is of interest only when things go wrong.
    """

    def __init__(
        self, stream: TextIO, zone: tzinfo | None = None, *, verbose: bool = False
    ) -> None:
        self._line = _LineWriter(stream)
        self._zone = zone
        self._verbose = verbose

    def observer(self, recorded: Recorded, run: Run) -> None:
        """Write the event's line, if it has one."""
        told = tell(recorded.event, run, verbose=self._verbose)
        if told is None:
            return
        width = min(max((cells(name) for name in run.packages), default=0), _WIDEST_NAME)
        name = f"{pad(told.subject, width)}  " if told.subject else ""
        self._line.write(f"{time_of_day(recorded.at, self._zone)}  {name}{told.text}")


class JsonLines(_Watching):
    """Every event as one line of JSON, written at once."""

    def __init__(self, stream: TextIO) -> None:
        self._line = _LineWriter(stream)

    def observer(self, recorded: Recorded, run: Run) -> None:  # noqa: ARG002 - the common shape
        """Write the event."""
        self._line.write(dumps({**to_json(recorded), "at": rfc3339(recorded.at)}))


class _LineWriter:
    """Writes whole lines until the reader goes away, then swallows them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream

    def write(self, line: str) -> None:
        """Write one line and flush it."""
        if self._stream is None:
            return
        try:
            self._stream.write(encodable(line, self._stream.encoding or "utf-8") + "\n")
            self._stream.flush()
        except BrokenPipeError:
            silence(self._stream)
            self._stream = None


def silence(stream: TextIO) -> None:
    """Send what a stream still holds to nowhere: its reader is gone, and exit would complain."""
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)
