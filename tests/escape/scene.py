"""A user with a repository, a key at home, and agents that want out."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.escape.cases import Case

PLAIT = Path(sys.executable).with_name("plait")
KEY = "a-key-that-nobody-is-to-see"
LONGEST_S = 400
MERGED = "shared.txt"  # what two packages edit at once: one its first line, one its last
WARM = """\
version: 1
id: warm
packages:
  - {id: a, title: A, scope: {write: ["wa/**"]}, checks: [{command: "true"}]}
  - {id: b, title: B, scope: {write: ["wb/**"]}, checks: [{command: "true"}]}
"""
_PACKAGE = """\
  - id: {name}
    title: {name}
    checks: [{{command: "{check}"}}]
    retries: 0
    timeout: 5m
"""
_SCOPE = """\
    scope: {{write: ["src/{name}/**"]}}
"""
_PARTNER = "-partner"
_PROLOGUE = """\
MAIN={main}; SECRET={secret}; USER_HOME={home}; MARK={mark}
IN=src/{package}; OTHER=other/{case}.py; mkdir -p "$IN"
DID() {{ echo "DID-{case}."; }}
exec 2>&1
echo "TRIED-{case}."
"""


@dataclass(frozen=True)
class Scene:
    """Attempts at ways out, in a new place, under one sandbox.

    Args:
        root: The place.
        tier: The sandbox, as `--sandbox` takes it.
        packages: The ways out that each package's agent tries, one after the other.
        agents: Who tries them, by package, where it is not a command.
        variables: What else they are started with.
        after: Other runs come before and after it.
    """

    root: Path
    tier: str
    packages: Mapping[str, tuple[Case, ...]]
    agents: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    after: bool = True

    @property
    def repo(self) -> Path:
        """The user's checkout, in the home as is usual."""
        return self.home / "work/repo"

    @property
    def home(self) -> Path:
        """The user's home."""
        return self.root / "home"

    @property
    def environment(self) -> dict[str, str]:
        """What Plait, and the agents with it, are started with."""
        mine = {"HOME": str(self.home), "ESCAPE": str(self.root), "CI": "1"}
        return {"PATH": os.environ["PATH"], **mine, **self.variables}

    def begin(self) -> None:
        """Lay it out; two worktrees of an earlier run are there."""
        for folder in (self.repo, self.home / ".ssh", self.root / "marks"):
            folder.mkdir(parents=True, exist_ok=True)
        (self.home / ".ssh/id_ed25519").write_text(KEY)
        (self.home / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.org\n")
        files = {"README.md": "r\n", "src/a.py": "1\n", "warm.plait.yaml": WARM}
        plan = "version: 1\nid: demo\npackages:\n"
        for package, cases in self.packages.items():
            plan += _PACKAGE.format(name=package, check=cases[0].check)
            partner = cases[0].partner
            if partner:
                plan += _PACKAGE.format(name=f"{package}{_PARTNER}", check=cases[0].check)
                files[f"attacks/{package}{_PARTNER}.sh"] = partner
                files[MERGED] = "".join(f"{number}\n" for number in range(9))
            else:
                plan += _SCOPE.format(name=package)
            for case in cases:
                files[f"other/{case.slug}.py"] = "1\n"
                files[f"attacks/{package}/{case.slug}.sh"] = self._prologue(package, case)
            lines = (f"sh attacks/{package}/{each.slug}.sh\n" for each in cases)
            files[f"attacks/{package}.sh"] = "".join(lines)
        files["demo.plait.yaml"] = plan
        for name, text in files.items():
            path = self.repo / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-qm", "first")
        if self.after:
            done = self._warm("1")
            if done.returncode:
                raise AssertionError(done.stderr)

    def _prologue(self, package: str, case: Case) -> str:
        paths = {
            "main": self.repo,
            "secret": self.home / ".ssh/id_ed25519",
            "home": self.home,
            "mark": self.root / "marks" / case.slug,
        }
        quoted = {name: shlex.quote(str(path)) for name, path in paths.items()}
        return _PROLOGUE.format(**quoted, package=package, case=case.slug) + case.script + "\n"

    def _warm(self, word: str, *options: str) -> subprocess.CompletedProcess[str]:
        """A run that has nothing to do with it."""
        agent = f"command:mkdir -p w$PLAIT_PACKAGE && echo {word} > w$PLAIT_PACKAGE/x{word}"
        return self.plait("run", "warm.plait.yaml", "--agent", agent, "--yes", "-q", *options)

    def attack(self) -> None:
        """Have the agents try; then do whatever comes next in the repository."""
        agents = [f"--agent={name}={agent}" for name, agent in self.agents.items()]
        if not agents:
            agents = ["--agent=command:sh attacks/$PLAIT_PACKAGE.sh; exit 0"]
        self.plait("run", "demo.plait.yaml", *agents, "--sandbox", self.tier, "--yes", "-q")
        if self.after:
            self._warm("2", "--fresh", "--branch", "feat/after")
            self.plait("clean")

    def git(self, *argv: str) -> str:
        """What git answers, in the user's checkout, running nothing of its configuration."""
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *argv],
            cwd=self.repo,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    def plait(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """The installed command."""
        done = subprocess.run(
            [PLAIT, *argv],
            cwd=self.repo,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
        with (self.root / "told").open("a") as file:
            file.write(
                f"$ plait {shlex.join(argv)}\n{done.stdout}{done.stderr}[{done.returncode}]\n"
            )
        return done

    # -- what came of it -----------------------------------------------------------------------

    def did(self, package: str, case: Case) -> bool:
        """Whether the agent says that it got out."""
        return f"DID-{case.slug}." in self._said(package)

    def tried(self, package: str, case: Case) -> bool:
        """Whether the agent's shell began with it at all, or its tool, if it has nothing else."""
        said = self._said(package)
        return f"TRIED-{case.slug}." in said or f"other/{case.slug}.new." in said

    def tried_any(self, package: str) -> bool:
        """Whether it began with anything."""
        return any(self.tried(package, case) for case in self.packages[package])

    def words(self, package: str) -> str:
        """How the attempt ended, in the report's words."""
        found = [each for each in self.report["packages"] if each["id"] == package]
        return json.dumps(found[0].get("error") or found[0]["status"]) if found else "no report"

    def key_was_told(self, package: str) -> bool:
        """Whether the user's key is in what the agent said."""
        return KEY in self._said(package)

    def _said(self, package: str) -> str:
        """What the agent printed, and what its program told its model: some print nothing."""
        logs = self.repo.glob(f".plait/runs/*/{package}/*/std*.log")
        printed = [path.read_text(errors="replace") for path in logs]
        return "\n".join([*printed, *self._asked.get(package, ())])

    @cached_property
    def _asked(self) -> dict[str, list[str]]:
        """The requests to the model, by package, where programs try."""
        log = self.root / "asked.jsonl"
        found: dict[str, list[str]] = {}
        for line in log.read_text(errors="replace").splitlines() if log.exists() else ():
            found.setdefault(json.loads(line).get("scenario") or "", []).append(line)
        return {package: lines[-1:] for package, lines in found.items()}  # with all before

    @cached_property
    def report(self) -> Any:
        """The report of the run, by its plan."""
        for path in self.repo.glob(".plait/runs/*/report.json"):
            report = json.loads(path.read_text())
            if report["plan"]["id"] == "demo":
                return report
        return {"sandbox": "nothing: there is no report", "head": None, "packages": []}

    def violated(self, package: str, case: Case) -> bool:
        """Whether the check of the commit told of it."""
        told = json.dumps([each for each in self.report["packages"] if each["id"] == package])
        return f"/{case.slug}." in told

    @cached_property
    def landed(self) -> frozenset[str]:
        """The paths that the runs' branches hold beyond their base, and that are out of scope."""
        found = set[str]()
        heads = [
            (self.report["head"], "src/"),
            ("feat/after" if self.after else None, ("wa/", "wb/")),
        ]
        for head, scope in heads:
            names = self.git("diff", "--name-only", "main", head).split() if head else []
            found |= {path for path in names if not path.startswith(scope)}
        if any(case.partner for cases in self.packages.values() for case in cases):
            found -= {MERGED, ".gitattributes"}  # of packages that have no scope
        return frozenset(found)

    @cached_property
    def merged(self) -> bool:
        """Whether what two packages did to one file landed, all of it."""
        lines = self.git("show", f"{self.report['head']}:{MERGED}").split()
        return lines[:1] == ["first"] and lines[-1:] == ["last"]

    def landed_of(self, case: Case) -> frozenset[str]:
        """Those of them that this way out is about, or that no other is."""
        others = {each.slug for cases in self.packages.values() for each in cases} - {case.slug}
        return frozenset(p for p in self.landed if not any(f"/{each}." in p for each in others))

    def marked(self, case: Case) -> bool:
        """Whether somebody ran what was planted."""
        return (self.root / "marks" / case.slug).exists()

    def differs(self, path: str) -> bool:
        """Whether a file of the checkout, or of its repository, is not what it was."""
        whole = self.repo / path
        if path.startswith(".git/hooks"):
            return whole.exists()
        if path == ".git/config":
            return "hooksPath" in whole.read_text()
        if not self.git("ls-files", path):
            return whole.exists()
        return self.git("diff", "HEAD", "--name-only", path) != ""

    @cached_property
    def refs(self) -> str:
        """The names of all refs."""
        return self.git("for-each-ref", "--format=%(refname)")

    @cached_property
    def lives(self) -> bool:
        """Whether something of the agents still does: by its folder, its words, its variables."""
        mark = os.fsencode(self.root)
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                words = (folder / "cmdline").read_bytes()
                told = (
                    words,
                    (folder / "environ").read_bytes(),
                    bytes((folder / "cwd").readlink()),
                )
            except OSError:  # it has ended, or is somebody else's
                continue
            if any(mark in each for each in told) and b"\0dev\0model\0" not in words:
                return True
        return False
