"""A command line in a terminal: pexpect runs it, pyte renders what it shows."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from typing import Any

from plait.core.event import QaStatus
from plait.qa.order import Order
from plait.qa.outcome import Outcome, failed, missing, not_run, passed, write

COLUMNS, ROWS, HISTORY = 120, 40, 2000
MOST_OUTPUT = 512 << 10  # rendering takes a few microseconds a byte
SCREEN = "screen.txt"
_LOOK_S = 0.1
_LACKS = re.compile(
    r"No module named '?([A-Za-z_]\w*)|Cannot find (?:module|package) '([^'./][^']*)'"
)
_CRASHED = re.compile(r"Traceback \(most recent call last\)|^\s+at .+:\d+:\d+\)?$", re.MULTILINE)
_NOT_FOUND = 127


class _WrongError(Exception):
    """It did not do what was expected; the text says what."""


class _Terminal:
    """A command under a terminal of our own."""

    def __init__(self, order: Order, pexpect: Any, pyte: Any) -> None:
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
            "COLUMNS": str(COLUMNS),
            "LINES": str(ROWS),
            "PYTHONUNBUFFERED": "1",
        }
        self._pexpect = pexpect
        self._screen = pyte.HistoryScreen(COLUMNS, ROWS, history=HISTORY)
        self._stream = pyte.ByteStream(self._screen)
        self._end = time.monotonic() + order.timeout_s
        self._bytes = 0
        self._child = pexpect.spawn(
            "/bin/sh",
            ["-c", order.what.command],
            cwd=order.root,
            env=environment,
            dimensions=(ROWS, COLUMNS),
            timeout=None,
        )
        self._child.delaybeforesend = None

    def text(self) -> str:
        """All that was shown, as far as it is remembered, as it was rendered."""
        above = [
            "".join(line[column].data for column in range(COLUMNS)).rstrip()
            for line in self._screen.history.top
        ]
        shown = [line.rstrip() for line in self._screen.display]
        return "\n".join([*above, *shown]).rstrip() + "\n"

    def step(self, told: Mapping[str, str]) -> None:
        """What is expected, then what is sent.

        Raises:
            _WrongError: It was not seen, or nobody is there to be told.
        """
        if expected := told.get("expect"):
            while expected not in self.text():
                if not self._read():
                    raise _WrongError(f"it ended and never showed {expected!r}")
        try:
            if "send" in told:
                self._child.sendline(told["send"])
            if "type" in told:
                self._child.send(told["type"])
        except OSError:
            raise _WrongError("it had ended when it was to be told something") from None

    def finish(self) -> int:
        """Wait for the end; its exit code, negative for a signal.

        Raises:
            _WrongError: It does not end.
        """
        while self._read():
            pass
        self._child.wait()
        status = self._child.exitstatus
        return -(self._child.signalstatus or 0) if status is None else int(status)

    def close(self) -> None:
        """End whatever is left."""
        self._child.close(force=True)

    def _read(self) -> bool:
        """Take in what it writes; False at its end."""
        if time.monotonic() > self._end:
            raise _WrongError("it did not come to its end in time")
        try:
            data = self._child.read_nonblocking(4096, timeout=_LOOK_S)
        except self._pexpect.TIMEOUT:
            return True
        except self._pexpect.EOF:
            return False
        self._bytes += len(data)
        if self._bytes > MOST_OUTPUT:
            raise _WrongError(f"it wrote more than {MOST_OUTPUT >> 10} KiB")
        self._stream.feed(data)
        return True


def try_command(order: Order) -> Outcome:
    """Run the command, tell it what the steps say, look at what it shows and how it ends."""
    try:
        import pexpect
        import pyte
    except ImportError:
        return missing("pexpect and pyte are")
    terminal = _Terminal(order, pexpect, pyte)
    code, wrong = 0, ""
    try:
        for step in order.what.steps:
            terminal.step(step)
        code = terminal.finish()
    except _WrongError as error:
        wrong = str(error)
    finally:
        terminal.close()
    text = terminal.text()
    target = order.what.command if not order.guessed else order.what.name
    seen = (write(order, SCREEN, text),)
    if order.guessed:
        return _guess(text, code, wrong, target=target, evidence=seen)
    wrong = wrong or _wrong(order, text, code)
    if wrong:
        return failed(wrong, details=text, target=target, evidence=seen)
    return passed(target=target, evidence=seen)


def _wrong(order: Order, text: str, code: int) -> str:
    if code != order.what.exit_code:
        return f"it exited {code}, expected {order.what.exit_code}"
    unseen = [each for each in order.what.text if each not in text]
    return f"it never showed {unseen[0]!r}" if unseen else ""


def _guess(text: str, code: int, wrong: str, *, target: str, evidence: tuple[str, ...]) -> Outcome:
    """Of a command that nobody named only a crash of its own is a fault."""
    lack = _LACKS.search(text)
    if lack:
        return not_run(
            f"{lack[1] or lack[2]} is not installed in the worktree: see `[workspace] setup`",
            details=text,
            target=target,
            evidence=evidence,
        )
    if wrong or code == _NOT_FOUND:
        reason = f"{wrong or 'its program is not here'}: name a command in `[qa] cli`"
        return not_run(reason, details=text, target=target, evidence=evidence)
    if code < 0 or _CRASHED.search(text):
        told = f"it ended by signal {-code}" if code < 0 else "it crashed"
        return failed(told, details=text, target=target, evidence=evidence)
    if code:
        reason = f"it exited {code}, and nobody says whether it should: name one in `[qa] cli`"
        return not_run(reason, details=text, target=target, evidence=evidence)
    return Outcome(status=QaStatus.PASSED, target=target, evidence=evidence)
