"""The installed command on a real repository, told as a story."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.warm import fits, warm
from tests.fakes.plans import Piece, write_change

PLAIT = Path(sys.executable).with_name("plait")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    def report(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


class Story:
    """A user with a repository, a plan and the `plait` command.

    `warm`: a call to the end is forked from a process that has made Python's imports already.
    """

    def __init__(self, root: Path, *, warm: bool = True) -> None:
        self.root, self.warm = root, warm
        self.repo = root / "repo"
        self.notes = root / "notes"
        self.notes.mkdir()
        home = root / "home"
        home.mkdir()
        (home / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.org\n")
        kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
        self.env = {**kept, "HOME": str(home), "NOTES": str(self.notes), "CI": "1"}

    def begin(self, files: dict[str, str] | None = None) -> Story:
        """A repository with one commit."""
        self.repo.mkdir()
        self.git("init", "-q", "-b", "main")
        for name, text in {"README.md": "# A project\n", **(files or {})}.items():
            path = self.repo / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "-qm", "first")
        return self

    def plans(self, change: str, *pieces: Piece, commit: bool = True) -> Path:
        """A change folder with its work packages."""
        path = write_change(self.repo, change, pieces)
        if commit:
            self.git("add", "-A")
            self.git("commit", "-qm", f"plan {change}")
        return path

    def git(self, *argv: str) -> str:
        """What git answers."""
        done = subprocess.run(
            ["git", *argv], cwd=self.repo, env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (argv, done.stderr)
        return done.stdout.strip()

    def plait(self, *argv: str, cwd: Path | None = None, timeout: float = 120) -> Outcome:
        """Run the command to its end."""
        where = cwd or self.repo
        if self.warm and fits(self.env):
            code, out, err = warm().run(
                [str(PLAIT), *argv], cwd=where, env=self.env, timeout=timeout
            )
        else:
            done = subprocess.run(
                [PLAIT, *argv],
                cwd=where,
                env=self.env,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=timeout,
                check=False,
            )
            code, out, err = done.returncode, done.stdout, done.stderr
        assert "Traceback" not in err, err
        return Outcome(code, out, err)

    def run(self, plan: str, agent: str, *more: str) -> Outcome:
        """`plait run` with a command agent, approved."""
        return self.plait("run", plan, "--agent", f"command:{agent}", "--yes", *more)

    def starts(self, *argv: str) -> subprocess.Popen[bytes]:
        """Begin the command and leave it running."""
        return subprocess.Popen(
            [PLAIT, *argv],
            cwd=self.repo,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def report(self, run: str = "") -> Any:
        """The newest run's report."""
        return self.plait("report", *([run] if run else []), "--json").report()

    def packages(self) -> dict[str, Any]:
        """The newest run's packages by id."""
        return {each["id"]: each for each in self.report()["packages"]}

    def note(self, name: str) -> list[str]:
        """The lines that agents or checks appended to a note."""
        path = self.notes / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def first_parents(self, branch: str, base: str = "main") -> list[str]:
        """The tree of each commit on the branch's first-parent history since `base`."""
        return self.git("log", "--first-parent", "--format=%T", f"{base}..{branch}").split()

    def snapshot(self) -> tuple[str, ...]:
        """Everything of the user's that must stay as it is."""
        common = self.repo / ".git"
        return (
            self.git("status", "--porcelain=v2", "--branch", "--untracked-files=all"),
            (common / "HEAD").read_text(),
            (common / "config").read_text(),
            self.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/main"),
            self.git("stash", "list"),
            str(sorted((common / "hooks").glob("*")) if (common / "hooks").exists() else []),
            self.git("ls-files", "--stage"),
        )


@pytest.fixture
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Story:
    """A user in a new place; in the stories of the main path each call is a start of its own."""
    return Story(tmp_path, warm="cold" not in request.keywords)


def wait_until(condition: Callable[[], bool], *, timeout: float = 30) -> None:
    """Wait for something to come true; fail loudly if it does not."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def end_with(process: subprocess.Popen[bytes], number: signal.Signals) -> tuple[int, str, str]:
    """Send a signal and wait for the end."""
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


def lines(*parts: Sequence[str] | str) -> str:
    """A shell script from its lines."""
    return "\n".join(part if isinstance(part, str) else "\n".join(part) for part in parts)
