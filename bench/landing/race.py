"""What the policies that are not Plait's have in common: agents, candidates, tests, landings.

Agents work side by side, each in a worktree of its own, and again after a refusal, on the branch
as it is then and as often as Plait lets them. Whoever is green alone is a candidate. What
becomes of candidates is the policy.
"""

from __future__ import annotations

import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.landing.features import Feature
from bench.landing.yard import BRANCH, MAX_AGENTS, RETRIES, Yard

Policy = Callable[["Race"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A feature's work, green alone."""

    name: str
    commit: str


@dataclass(slots=True)
class Race:
    """One policy's landing of a stack."""

    yard: Yard
    _candidates: list[Candidate] = field(default_factory=list)
    _attempts: Counter[str] = field(default_factory=Counter)
    _landed: set[str] = field(default_factory=set)
    _building: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _folders: Iterator[int] = field(default_factory=count)
    _git: threading.Lock = field(default_factory=threading.Lock)
    _agents: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(MAX_AGENTS), init=False
    )

    def run(self, policy: Policy) -> None:
        """Land what can be landed."""
        self.yard.git("branch", BRANCH)
        with self._agents:
            self._start_ready()
            policy(self)

    # -- what a policy asks ------------------------------------------------------------------------

    @property
    def head(self) -> str:
        """The branch's commit."""
        return self.yard.git("rev-parse", BRANCH)

    def wait(self) -> list[Candidate]:
        """All that waits, the oldest first; nothing once nothing comes any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._candidates or not self._building)
            taken, self._candidates = self._candidates, []
            return taken

    def put_back(self, candidates: Sequence[Candidate]) -> None:
        """They wait on, before those that come now."""
        with self._changed:
            self._candidates[:0] = candidates

    def merge(self, onto: str, candidate: Candidate) -> str:
        """The merge's commit; empty if they conflict."""
        tree = self.yard.git("merge-tree", "--write-tree", onto, candidate.commit, expect=False)
        if not tree:
            return ""
        return self.commit(tree, onto, [candidate])

    def commit(self, tree: str, onto: str, candidates: Sequence[Candidate]) -> str:
        """A tree as one commit that merges candidates."""
        parents = [f"-p{each}" for each in (onto, *(each.commit for each in candidates))]
        return self.yard.git("commit-tree", tree, *parents, "-m", "merge")

    def passes(self, commit: str, stage: str = "land") -> bool:
        """Whether the check passes on a commit, in a folder of its own."""
        with self._checkout(commit) as folder:
            return self._checked(folder, stage)

    def publish(self, commit: str, candidates: Sequence[Candidate]) -> None:
        """Move the branch."""
        self.yard.git("update-ref", f"refs/heads/{BRANCH}", commit)
        with self._changed:
            self._landed |= {each.name for each in candidates}
        self._start_ready()

    def send_back(self, candidate: Candidate) -> None:
        """Its agent works again, if it may."""
        self._begin(next(each for each in self.yard.features if each.name == candidate.name))

    # -- agents ------------------------------------------------------------------------------------

    def _start_ready(self) -> None:
        for each in self.yard.features:
            if not self._attempts[each.name] and self._landed.issuperset(each.needs):
                self._begin(each)

    def _begin(self, feature: Feature) -> None:
        with self._changed:
            if self._attempts[feature.name] > RETRIES:
                return
            self._attempts[feature.name] += 1
            self._building += 1
        self._agents.submit(self._build, feature)

    def _build(self, feature: Feature) -> None:
        commit = ""
        try:
            commit = self._work(feature)
        finally:
            with self._changed:
                self._building -= 1
                if commit:
                    self._candidates.append(Candidate(name=feature.name, commit=commit))
                self._changed.notify_all()
        if not commit:
            self._begin(feature)

    def _work(self, feature: Feature) -> str:
        """What an agent made, if it passes alone; else nothing."""
        with self._checkout(self.head) as folder:
            env = {**self.yard.environment, "PLAIT_PACKAGE": feature.name}
            argv = ["/bin/sh", "-c", self.yard.agent(feature.seconds)]
            done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, check=False)
            if done.returncode:
                return ""
            self.yard.git("add", "--all", cwd=folder)
            self.yard.git("commit", "--quiet", "-m", feature.title, cwd=folder, expect=False)
            made = self.yard.git("rev-parse", "HEAD", cwd=folder)
            passes = self._checked(folder, "verify") or self._checked(folder, "verify")
            return made if passes else ""

    def _checked(self, folder: Path, stage: str) -> bool:
        env = {**self.yard.environment, "PLAIT_STAGE": stage}
        argv = ["/bin/sh", "-c", self.yard.check]
        done = subprocess.run(argv, cwd=folder, env=env, capture_output=True, check=False)
        return done.returncode == 0

    @contextmanager
    def _checkout(self, commit: str) -> Iterator[Path]:
        folder = self.yard.repo.with_name(f"w{next(self._folders)}")
        with self._git:  # git's own list of worktrees is not made for two at once
            self.yard.git("worktree", "add", "--quiet", "--detach", folder, commit)
        try:
            yield folder
        finally:
            with self._git:
                self.yard.git("worktree", "remove", "--force", folder)
