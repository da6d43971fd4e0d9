"""No two orchestrators' git at once, not even where the first one was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.fakes.repositories import make_repository

from plait.errors import EnvironmentLack
from plait.git import alone
from plait.process import run_main

KILLED = """
import os, pathlib, sys
from plait import git
from plait.process import run_main

async def main():
    async with git.alone(pathlib.Path(sys.argv[1])) as lock:
        repository = await git.discover(pathlib.Path.cwd(), held=(lock,))
        await repository.git.given(GIT_PAGER="cat").run("slow")

run_main(main)
"""


async def take(state: Path, patience_s: float) -> None:
    """Have the lock for a moment."""
    async with alone(state, patience_s=patience_s):
        pass


def test_a_killed_orchestrators_git_is_waited_for(tmp_path):
    """Its lock lasts as long as the git that it started: refused at first, taken at its end."""
    root = make_repository(tmp_path / "repo", {"a": "a\n"})
    programs = tmp_path / "programs"
    programs.mkdir()
    slow = programs / "git-slow"
    slow.write_text(
        f"#!/bin/sh\ncd {tmp_path} && echo $$ > pid.new && mv pid.new pid && exec sleep 60\n"
    )
    slow.chmod(0o755)
    env = {**os.environ, "HOME": str(tmp_path), "PATH": f"{programs}:{os.environ['PATH']}"}
    with subprocess.Popen([sys.executable, "-c", KILLED, tmp_path], cwd=root, env=env) as process:
        while not (tmp_path / "pid").exists():
            assert process.poll() is None
        process.kill()
    git = int((tmp_path / "pid").read_text())
    with pytest.raises(EnvironmentLack) as refused:
        run_main(take, tmp_path, 0.0)
    assert refused.value.code == "GIT_AT_WORK"
    os.kill(git, signal.SIGTERM)
    run_main(take, tmp_path, 30.0)
