"""Standard input as lines that can be waited for and left again, unlike those read in a thread."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass

import anyio

AT_ONCE = 1 << 16
LONGEST = 4 << 20  # bytes of one line: more is no message


@dataclass(slots=True)
class Lines:
    """The lines that come from a descriptor."""

    descriptor: int
    _held: bytes = b""

    def __aiter__(self) -> Lines:
        """Itself."""
        return self

    async def __anext__(self) -> str:
        """The next line; it ends where the input does, or where a line has no end."""
        while (end := self._held.find(b"\n")) < 0:
            data = await self._read()
            if not data or len(self._held) > LONGEST:
                rest, self._held = self._held, b""
                if not rest or data:
                    raise StopAsyncIteration
                return rest.decode("utf-8", "replace")
            self._held += data
        line, self._held = self._held[:end], self._held[end + 1 :]
        return line.decode("utf-8", "replace")

    async def _read(self) -> bytes:
        try:
            await anyio.wait_readable(self.descriptor)
        except PermissionError:  # a plain file: it never has one wait
            await anyio.lowlevel.checkpoint()
        return os.read(self.descriptor, AT_ONCE)


def standard_input() -> Lines:
    """The lines of stdin, which nobody else reads from here on: children find it empty."""
    own = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return Lines(own)
