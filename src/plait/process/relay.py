"""What an agent writes, on its way through the shim into its logs: without secrets.

The agent writes into pipes; the shim reads them in between, whatever else it does, so the agent
hardly ever waits. Whoever keeps such a pipe open holds up nothing: when the agent's family has
ended, what is in the pipes is taken, and that is the end.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # the typing module costs a start too much
if TYPE_CHECKING:
    from plait.process.redaction import Lines

SLICE = 1 << 16
LAST_SLICES = 64  # of what is left at the end: more than a pipe holds, and not for ever


class Relay:
    """From one pipe to one log. `end` is where the agent writes."""

    __slots__ = ("_lines", "_log", "_values", "end", "source")

    def __init__(self, log: int, values: list[bytes]) -> None:
        """Make the pipe; `log` is an open file, `values` are struck out."""
        self._log = log
        self._values = values
        self._lines: Lines | None = None
        self.source, self.end = os.pipe()
        os.set_blocking(self.source, False)

    def take(self) -> bool:
        """Pass on some of what is there; False if there is nothing now, or never again."""
        if self.source < 0:
            return False
        try:
            data = os.read(self.source, SLICE)
        except BlockingIOError:
            return False
        if not data:
            self._close()
            return False
        if self._lines is None:  # not before the agent has begun: its start is not to wait
            from plait.process.redaction import Lines, Redaction

            self._lines = Lines(Redaction(self._values))
        self._write(self._lines.feed(data))
        return True

    def finish(self) -> None:
        """Pass on what is left, half a line too."""
        for _ in range(LAST_SLICES):
            if not self.take():
                break
        if self._lines is not None:
            self._write(self._lines.rest())
        self._close()

    def _write(self, data: bytes) -> None:
        """Append to the log. A full disk loses output; it must not stop an agent for ever."""
        try:
            if not data:
                os.utime(self._log)  # it writes, if only half a line yet: a sign of life
            while data:
                data = data[os.write(self._log, data) :]
        except OSError:
            pass

    def _close(self) -> None:
        if self.source >= 0:
            os.close(self.source)
            self.source = -1
