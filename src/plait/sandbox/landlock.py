"""`landlock`: rules of the kernel on what a process and all it starts may open.

It needs no program and no namespaces, so it works in most containers. The rules are worked out
here and written to a file; `landlocked.py` puts them on itself and becomes the agent.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from plait.ports import Confinement, Invocation, Sandbox
from plait.sandbox.homes import homes, variables
from plait.sandbox.network import proxied
from plait.sandbox.programs import installations
from plait.sandbox.view import PASSING, Access, Place, view

LAUNCHER = Path(__file__).with_name("started.py")
PROBE_S = 20.0
_CREATE_RULESET = 444
_VERSION = 1
_OLDEST = 3  # before it a file could be cut short that may not be written
_TCP, _SCOPES = 4, 6
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "fd")


class Landlock(Sandbox):
    """What no rule opens cannot be read or written. What is there can be told all the same."""

    @property
    def name(self) -> str:
        """`landlock`."""
        return "landlock"

    @cached_property
    def abi(self) -> int:
        """The version that the kernel offers; 0: none."""
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            found = libc.syscall(
                _CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION)
            )
        except (OSError, AttributeError):
            return 0
        return max(0, int(found))

    @property
    def alone(self) -> bool:
        """By the kernel's version."""
        return self.abi >= _SCOPES

    @property
    def lacks(self) -> tuple[str, ...]:
        """What is beyond its rules, or the kernel's version of them."""
        told = [
            "does not hide that a file exists, nor its size",
            "has no /tmp of its own (programs must heed TMPDIR)",
            "opens a whole folder where a scope names a file in it",
            "limits no UDP, and no sockets with a path",
        ]
        if self.abi < _TCP:
            told.append("limits no TCP either (Landlock ABI 4 would: Linux 6.7)")
        if self.abi < _SCOPES:
            told.append("lets an agent signal other processes (Landlock ABI 6: Linux 6.12)")
        return tuple(told)

    def probe(self) -> str | None:
        """Start something under rules that tries to read and write where it may not."""
        if self.abi < _OLDEST:
            had = f"it has ABI {self.abi}" if self.abi else "it has none"
            return f"the kernel's Landlock is too old or switched off ({had}; ABI 3 is needed)"
        with tempfile.TemporaryDirectory(prefix="plait-probe-") as folder:
            inside, outside = Path(folder, "inside").resolve(), Path(folder, "outside").resolve()
            for each in (inside, outside):
                each.mkdir()
                (each / "file").write_text("x")
            rules = [f"read {each}" for each in ("/bin", "/usr", "/lib", "/lib64", "/etc", "/proc")]
            rules = [each for each in rules if Path(each[5:]).exists()]
            rules += [f"read {path.resolve()}" for path in _python()]
            rules += ["write /dev/null", f"write {inside}"]
            path = Path(folder, "rules")
            path.write_bytes(_encoded(rules))
            shell = (
                f'echo > "{inside}/yes" && ! (echo > "{outside}/no") 2>/dev/null'
                f' && ! cat "{outside}/file" 2>/dev/null'
            )
            argv = (*_launcher(path), "/bin/sh", "-c", shell)
            try:
                done = subprocess.run(
                    argv,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=PROBE_S,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                return f"its launcher cannot be started: {error}"
            held = (inside / "yes").exists() and not (outside / "no").exists()
        if done.returncode == 0 and held:
            return None
        words = done.stderr.decode(errors="replace").strip().splitlines()
        return words[-1] if words else "it did not hold what it was to hold"

    def confine(self, invocation: Invocation, confinement: Confinement) -> Invocation:
        """The program behind a launcher that puts the rules on itself."""
        env = variables(invocation, confinement, confinement.scratch)
        search = invocation.env.get("PATH") or os.environ.get("PATH", os.defpath)
        behind = (*confinement.hidden, *(each.resolve() for each in PASSING))
        shown = (
            *installations(invocation.argv, search, homes(), behind, invocation.programs),
            *(each.resolve() for each in _python()),
        )
        rules = list(_rules(view(confinement, shown)))
        path = confinement.notes / "landlock.rules"
        files = dict(invocation.files)
        if confinement.git is not None:  # in place: Plait itself never reads that file
            files[confinement.worktree / ".git"] = f"gitdir: {confinement.git}\n".encode()
        started = replace(invocation, env={**invocation.env, **env}, files=files)
        if confinement.hosts is not None:
            limited = self.abi >= _TCP
            return proxied(started, confinement, path, rules, limited=limited)
        argv = (*_launcher(path), *started.argv)
        files = {**started.files, path: _encoded(rules)}
        return replace(started, argv=argv, files=files)


def _rules(places: tuple[Place, ...]) -> Iterator[str]:
    """One for each place; the root is given by what in it is not hidden, and does not hide.

    A rule holds for all that lies below its path, so nothing can be shut in what is opened.
    """
    hidden = [each.path for each in places if each.access is Access.HIDDEN]
    for path in _around(Path("/"), hidden):
        yield f"read {path}"
    for name in _DEVICES:
        if Path("/dev", name).exists():
            yield f"write /dev/{name}"
    for place in places:
        match place.access:
            case Access.READ | Access.SHUT:
                inner = [each for each in hidden if each.is_relative_to(place.path)]
                for path in _around(place.path, inner):
                    yield f"read {path}"
            case Access.WRITE:
                yield f"write {place.path}"
            case Access.HIDDEN:
                pass


def _around(path: Path, hidden: list[Path]) -> Iterator[Path]:
    """The path itself, or what is in it beside the hidden ones."""
    if path in hidden:
        return
    inner = [each for each in hidden if each.is_relative_to(path)]
    if not inner:
        yield path
        return
    try:
        with os.scandir(path) as found:
            entries = [Path(each.path) for each in found if not each.is_symlink()]
    except OSError:
        return
    for entry in sorted(entries):
        yield from _around(entry, inner)


def _encoded(rules: list[str]) -> bytes:
    return b"\0".join(os.fsencode(each) for each in rules)


def _launcher(rules: Path) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", str(LAUNCHER), "landlocked", str(rules))


def _python() -> tuple[Path, ...]:
    """What the launcher itself needs: it reads its rules first, so no more than the program."""
    return (Path(sys.base_prefix), Path(sys.prefix), Path(sys.executable))
