"""What stands for an agent: it applies its feature's patch and makes the tests pass, as one does.

It is run in a worktree. Where the patch does not fit, what both sides wrote is kept; where the
tests are red then, the feature's further thoughts are tried, which are patches as well. What
none of them makes green is left as the first one made it: others judge it.

    python agent.py PATCHES SECONDS…   with PLAIT_PACKAGE in the environment
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

MARKS = ("<<<<<<< ", "=======", ">>>>>>> ")


def git(*argv: str) -> subprocess.CompletedProcess[str]:
    """What git did."""
    return subprocess.run(["git", *argv], capture_output=True, text=True, check=False)


def green() -> bool:
    """Whether the tests pass here."""
    argv = [sys.executable, "-m", "unittest", "discover", "-q", "-s", "tests", "-t", "."]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def applied(patch: Path) -> bool:
    """Put a patch on what is committed here; whether that could be done at all."""
    git("reset", "--quiet", "--hard")
    git("clean", "--quiet", "-fd")
    done = git("apply", "--3way", str(patch))
    unmerged = git("diff", "--name-only", "--diff-filter=U").stdout.split()
    if done.returncode and not unmerged:
        return False
    for name in unmerged:
        path = Path(name)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not line.startswith(MARKS)]
        path.write_text("".join(kept), encoding="utf-8")
    git("reset", "--quiet")
    return True


def main() -> None:
    """Work on one feature."""
    patches, feature = Path(sys.argv[1]), os.environ["PLAIT_PACKAGE"]
    time.sleep(float(sys.argv[2]))
    thoughts = [patches / f"{feature}.patch", *sorted(patches.glob(f"{feature}.[0-9].patch"))]
    for patch in thoughts:
        if applied(patch) and green():
            return
    if not any(applied(patch) for patch in thoughts):
        sys.exit(f"{feature}: nothing can be applied here")


if __name__ == "__main__":
    main()
