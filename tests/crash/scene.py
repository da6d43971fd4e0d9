"""A repository, a plan, and `plait` under attack in it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.crash.outsider import Outsider
from tests.fakes.forge import REPOSITORY, TOKEN, CodeHost

ROOT = Path(__file__).parents[2]
LAUNCHER = ROOT / "tests/crash/launcher.py"
BRANCH = "feat/attack"
PATIENCE_S = 180.0
USAGE = 2

_BEGIN = """
echo "$PLAIT_PACKAGE $PLAIT_ATTEMPT $PLAIT_EPOCH $TALK_SESSION" >> "$NOTES/starts"
mkdir -p "src/$PLAIT_PACKAGE"
"""
MAKE = 'echo "$PLAIT_PACKAGE" > "src/$PLAIT_PACKAGE/made.txt"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A package: what its agent and that of a fix do, what checks it, how often it lands.

    Where it is not `scoped`, nobody knows what it will write.
    """

    id: str
    agent: str = MAKE
    fix: str = "exit 1"
    needs: Sequence[str] = ()
    check: str = "true"
    locks: Sequence[str] = ()
    retries: int = 0
    lands: int = 1
    scoped: bool = True
    jobs: Sequence[str] = ()  # of the code host, that must pass

    @property
    def label(self) -> str:
        """What its check is called where it says how it went: alike for checks that are alike."""
        return hashlib.sha256(self.check.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is planned, how it is called, and how it ends when nothing disturbs it."""

    works: Sequence[Work]
    extra: Sequence[Mapping[str, Any]] = ()
    options: Sequence[str] = ("--max-agents", "4")
    config: str = ""
    code: int = 0
    status: str = "succeeded"
    agent: str = "command"
    host: CodeHost | None = None  # where it is offered
    offered: Sequence[Mapping[str, Any]] = ()  # pull requests that are there before


class Server:
    """Starts commands without the cost of Python's imports; see `launcher.serve`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(LAUNCHER), "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Let it go."""
        assert self._process.stdin
        self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self._process.kill()
        assert self._process.stdout
        self._process.stdout.close()
        self._process.wait()

    def start(self, told: Mapping[str, Any]) -> int:
        """Begin a command; its process id."""
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(told)}\n")
        self._process.stdin.flush()
        return self.answer()

    def answer(self) -> int:
        """The next number it tells."""
        assert self._process.stdout
        return int(self._process.stdout.readline())


@dataclass(slots=True, kw_only=True)
class Begun:
    """A command that is at work, or was."""

    pid: int
    server: Server
    said: Path

    def end(self) -> tuple[int, str]:
        """Wait for its end: the exit code, and what it said."""
        code = self.server.answer()
        return code, self.said.read_text(errors="replace")


class Scene:
    """A user with a repository and a plan that is not committed."""

    def __init__(
        self, root: Path, story: Story, server: Server, *, repo: Path | None = None
    ) -> None:
        self.root, self.story, self.server = root, story, server
        self.works, self.status = story.works, story.status
        self.repo, self.notes, home = repo or root / "repo", root / "notes", root / "home"
        for folder in (self.repo, self.notes, home):
            folder.mkdir(parents=True)
        (home / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.org\n")
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "NOTES": str(self.notes),
            "CI": "1",
        }
        self.database = self.repo / ".plait/plait.db"
        self.git("init", "-q", "-b", "main")
        (self.repo / "README.md").write_text("# A project\n")
        config = story.config + (self._at(story.host) if story.host else "")
        if config:
            (self.repo / "plait.toml").write_text(config)
        self.git("add", "-A")
        self.git("commit", "-qm", "first")
        if story.host is not None:
            self.git("push", "-q", "origin", "main")
        packages = [*map(_package, story.works), *story.extra]
        plan = {"version": 1, "id": "attack", "feature": "attack", "packages": packages}
        (self.repo / "attack.plait.yaml").write_text(json.dumps(plan, indent=1))
        cases = "\n".join(
            f"  {each.id}) {each.agent};;\n  {each.id}-fix-*) {each.fix};;" for each in story.works
        )
        script = root / "agent.sh"
        script.write_text(f'{_BEGIN}case "$PLAIT_PACKAGE" in\n{cases}\nesac\n')
        self.call = ("run", "attack.plait.yaml", "--yes", "--quiet", *story.options)
        outside = story.agent == "external"
        self.call += ("--agent", "external" if outside else f"{story.agent}:exec sh {script}")
        if outside:
            Outsider(self.database, script, self.env)
        self.before = self.own()

    def _at(self, host: CodeHost) -> str:
        """A remote beside the repository, and a code host that knows it; where that is."""
        remote = self.root / "remote.git"
        self.git("init", "-q", "--bare", "-b", "main", str(remote))
        self.git("remote", "add", "origin", str(remote))
        self.env["GITEA_TOKEN"] = TOKEN
        host.head_of = self.remote
        host.requests.clear()
        for each in self.story.offered:
            host.add(**each)
        told = {"kind": host.kind, "address": host.url, "repository": REPOSITORY, "poll": "0.1s"}
        return "\n".join(["[forge]", *(f'{key} = "{value}"' for key, value in told.items()), ""])

    def remote(self, branch: str) -> str:
        """What the remote's branch stands at; empty if it is not there."""
        return self.git("ls-remote", "origin", f"refs/heads/{branch}").partition("\t")[0]

    def git(self, *argv: str) -> str:
        """What git answers."""
        done = subprocess.run(
            ["git", *argv], cwd=self.repo, env=self.env, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise AssertionError((argv, done.stderr))
        return done.stdout.strip()

    def begin(self, *argv: str, **orders: Any) -> Begun:
        """Start the command under orders."""
        crash = {"PLAIT_CRASH": json.dumps({"root": str(self.repo), **orders})}
        said = self.root / "said"
        told = {
            "argv": argv,
            "cwd": str(self.repo),
            "env": {**self.env, **(crash if orders else {})},
            "out": str(self.root / "out"),
            "err": str(said),
        }
        return Begun(pid=self.server.start(told), server=self.server, said=said)

    def start(self, **orders: Any) -> tuple[int, str]:
        """The run's own call, to its end: it begins the run, or goes on with it."""
        return self.begin(*self.call, **orders).end()

    def resume(self, **orders: Any) -> tuple[int, str]:
        """`plait resume`; where the run had not begun yet, the run's own call."""
        code, err = self.begin("resume", "--quiet", **orders).end()
        return self.start(**orders) if code == USAGE and "NO_RUN" in err else (code, err)

    def own(self) -> tuple[str, ...]:
        """What is the user's, and must stay as it is."""
        git = self.repo / ".git"
        return (
            self.git("status", "--porcelain=v2", "--branch", "--untracked-files=all"),
            (git / "HEAD").read_text(),
            (git / "config").read_text(),
            self.git("rev-parse", "main"),
            self.git("ls-files", "--stage"),
        )

    def tree(self) -> str:
        """The tree of the run's branch."""
        return self.git("rev-parse", f"{BRANCH}^{{tree}}")

    def starts(self) -> list[str]:
        """`PACKAGE ATTEMPT EPOCH SESSION` of each agent that began; most have no session."""
        path = self.notes / "starts"
        return path.read_text().splitlines() if path.exists() else []

    def passed(self) -> set[tuple[str, ...]]:
        """Each tree that was tested and the label of the check that passed on it."""
        path = self.notes / "passed"
        return {tuple(each.split()) for each in path.read_text().splitlines()}

    def living(self) -> dict[int, str]:
        """The processes that the run has started and that live, by number."""
        return {pid: told for pid in _numbers() if (told := _command(pid, str(self.root)))}

    def holders(self, mark: str) -> list[int]:
        """Those of them whose environment has such a variable; of a shim, its command line."""
        found = []
        for pid in self.living():
            with suppress(OSError):
                folder = Path(f"/proc/{pid}")
                told = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
                if mark.encode() in told:
                    found.append(pid)
        return found


def new_folder() -> Path:
    """A folder for scenes."""
    return Path(tempfile.mkdtemp(prefix="plait-crash-"))


def _package(work: Work) -> dict[str, Any]:
    """Its check notes, outside the repository, the trees on which it passes."""
    note = f'echo "$(git rev-parse "HEAD^{{tree}}") {work.label}" >> "$NOTES/passed"'
    return {
        "id": work.id,
        "needs": list(work.needs),
        **({"write": [f"src/{work.id}/**"]} if work.scoped else {}),
        "checks": [
            f"{{ {work.check}; }} && {note}",
            *([{"ci": {"required_checks": list(work.jobs)}}] if work.jobs else []),
        ],
        "locks": list(work.locks),
        "retries": work.retries,
        "timeout": "5m",
    }


def _numbers() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def _command(pid: int, mark: str) -> str:
    """The command line of a living process of this scene; nothing for another one."""
    folder = Path(f"/proc/{pid}")
    try:
        state = (folder / "stat").read_bytes().rpartition(b")")[2].split()[0]
        works = str((folder / "cwd").readlink()).startswith(mark)
        carries = mark.encode() in (folder / "environ").read_bytes()
        told = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
    return told.strip() or "?" if state != b"Z" and (works or carries) else ""
