"""The check of every policy: the library's tests, and a line for each run that no policy can touch.

It writes down, outside the repository, the tree of what really lies in the folder, and what came
of the tests. A few tests are flaky: on every third tree they fail, the first time. On a package
alone each does so once at most: what is tried here is how landing goes on, not how many attempts
a package has.

    python check.py LOG PACE_S   with PLAIT_STAGE in the environment
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLAKY = ("cache", "clock")
EVERY = 3


def written() -> str:
    """The tree of the files in this folder, whatever the folder says that it is."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "GIT_INDEX_FILE": str(Path(folder, "index"))}
        for argv in (("read-tree", "HEAD"), ("add", "--all")):
            subprocess.run(["git", *argv], env=env, check=True)
        done = subprocess.run(
            ["git", "write-tree"], env=env, capture_output=True, text=True, check=True
        )
    return done.stdout.strip()


def busy(tree: str) -> list[str]:
    """The flaky tests that fail on the first run of a tree."""
    numbers = {name: hashlib.sha256(f"{name} {tree}".encode()).digest()[0] for name in FLAKY}
    return [name for name, number in numbers.items() if number % EVERY == 0]


def suite(**more: str) -> int:
    """The exit code of the tests of this folder."""
    argv = [sys.executable, "-B", "-m", "unittest", "discover", "-q", "-s", "tests", "-t", "."]
    return subprocess.run(argv, env={**os.environ, **more}, check=False).returncode


def main() -> None:
    """Test the folder, once."""
    log, began = Path(sys.argv[1]), time.time()
    tree = written()
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    stage, known = os.environ["PLAIT_STAGE"], [json.loads(line) for line in lines]
    names = [] if any(each["tree"] == tree for each in known) else busy(tree)
    if stage == "verify":
        before = {name for each in known if each["stage"] == stage for name in each["busy"]}
        names = [name for name in names if name not in before]

    def note(verdict: str) -> None:
        told = {"stage": stage, "tree": tree, "verdict": verdict, "busy": names}
        line = json.dumps({**told, "began": began, "at": time.time()})
        with log.open("a", encoding="utf-8") as notes:
            notes.write(f"{line}\n")

    note("began")
    time.sleep(float(sys.argv[2]))  # as long as the slow tests of a larger library would take
    code = suite(YARDSTICK_BUSY=" ".join(names))
    note("failed" if code else "passed")
    sys.exit(code)


if __name__ == "__main__":
    main()
