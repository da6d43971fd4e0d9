"""The command without what Python's imports cost: each call is a process of its own all the same.

`python warm.py` starts commands as they come in, one a line: it forks, and the child becomes the
command, with its own folder, environment and files. Told are the process id and, once it has
ended, how.
"""

from __future__ import annotations

import atexit
import functools
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Timer


class Warm:
    """Starts commands; one at a time."""

    def __init__(self) -> None:
        """Begin to serve."""
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            env={name: text for name, text in os.environ.items() if not name.startswith("PYTHON")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self.close)

    def close(self) -> None:
        """Let it go."""
        with suppress(BrokenPipeError):
            self._process.communicate(timeout=10)

    def run(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
    ) -> tuple[int, str, str]:
        """Run a command to its end: its exit code, what it printed, what it said."""
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder) / "out", Path(folder) / "err"
            told = {"argv": list(argv), "cwd": str(cwd), "env": dict(env)}
            pid = self._ask({**told, "out": str(out), "err": str(err)})
            limit = Timer(timeout, os.kill, (pid, signal.SIGKILL))
            limit.start()
            code = self._answer()
            late = not limit.is_alive()
            limit.cancel()
            if late:
                raise subprocess.TimeoutExpired(list(argv), timeout)
            return code, out.read_text("utf-8"), err.read_text("utf-8")

    def _ask(self, told: Mapping[str, object]) -> int:
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(told)}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())


@functools.cache
def warm() -> Warm:
    """The one of this process."""
    return Warm()


def fits(env: Mapping[str, str]) -> bool:
    """Whether a start that this process's environment made does for that one."""
    of_language = {name for name in (*env, *os.environ) if name.startswith(("LC_", "LANG"))}
    if any(env.get(name) != os.environ.get(name) for name in of_language):
        return False
    return not any(name.startswith("PYTHON") for name in env)


def serve() -> None:
    """Start commands until nobody asks any more."""
    import plait.app.launching
    import plait.app.reporting
    import plait.cli.main
    import plait.cli.report
    import plait.cli.resume
    import plait.cli.run
    import plait.cli.status
    import plait.faces.report_text
    import plait.store.database

    gc.freeze()
    for line in sys.stdin:
        told = json.loads(line)
        pid = os.fork()
        if pid == 0:
            for number, name in ((0, os.devnull), (1, told["out"]), (2, told["err"])):
                os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
            os.closerange(3, 64)
            os.chdir(told["cwd"])
            os.environ.clear()
            os.environ.update(told["env"])
            sys.argv[:] = told["argv"]
            plait.cli.main.main()
            return
        _tell(pid)
        _pid, status = os.waitpid(pid, 0)
        _tell(os.waitstatus_to_exitcode(status))


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.path.pop(0)  # this file's folder: no command has it
    serve()
