"""Where the bench works, and the processes it times there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 1024**3
GIT_CONFIG = """\
[user]
\tname = Bench
\temail = bench@localhost
[init]
\tdefaultBranch = main
[advice]
\tdetachedHead = false
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A folder of the bench's own, and the environment that all timed processes share."""

    folder: Path
    environment: Mapping[str, str]
    told: str

    def run(self, argv: Sequence[str | Path], *, cwd: Path, expect: int = 0) -> float:
        """Run a process to its end and return its wall time in seconds.

        Raises:
            SystemExit: It ended with another exit code; its last words are shown.
        """
        with tempfile.TemporaryFile() as said:
            began = time.perf_counter()
            done = subprocess.run(
                argv, cwd=cwd, env=self.environment, stdout=said, stderr=said, check=False
            )
            took = time.perf_counter() - began
            if done.returncode != expect:
                said.seek(0)
                tail = said.read().decode("utf-8", "replace")[-2000:]
                told = " ".join(map(str, argv))
                raise SystemExit(f"exit code {done.returncode} from: {told}\n{tail}")
        return took


@contextmanager
def lay_ground() -> Iterator[Ground]:
    """A new folder, in memory if there is room, removed at the end."""
    in_memory = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    in_memory = in_memory and shutil.disk_usage(MEMORY).free >= ROOM_BYTES
    parent = MEMORY if in_memory else Path(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="plait-bench-", dir=parent))
    try:
        (folder / ".gitconfig").write_text(GIT_CONFIG, encoding="utf-8")
        yield Ground(
            folder=folder,
            environment=_environment(folder),
            told=f"in {parent} ({'memory' if in_memory else 'disk'}), {os.cpu_count()} cores, "
            f"Python {sys.version.split()[0]}, {_git_version()}",
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def plait(*arguments: str | Path) -> list[str | Path]:
    """The `plait` command under this interpreter.

    Raises:
        SystemExit: It is not installed beside the interpreter.
    """
    script = Path(sys.executable).with_name("plait")
    if not script.exists():
        raise SystemExit(f"there is no {script}: install Plait into this environment first")
    return [sys.executable, script, *arguments]


def _environment(home: Path) -> dict[str, str]:
    """The caller's, without what would favour or hinder a side: its git and Python settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GIT_", "PLAIT_", "PYTHON"))
    }
    return {**kept, "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


def _git_version() -> str:
    return subprocess.run(
        ["git", "version"], capture_output=True, text=True, check=True
    ).stdout.strip()
