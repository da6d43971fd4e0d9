"""What `plait logs` makes of a transcript."""

from __future__ import annotations

from plait.core.transcript import ToolCalled, ToolDenied, ToolEnded
from plait.faces.transcript_text import Telling

TREE = "/home/ada/repo/.plait/worktrees/w1"


def test_paths_in_the_worktree_are_told_without_it() -> None:
    """It is the same in all lines, and long; what lies elsewhere is told in full."""
    telling = Telling(worktree=TREE)
    entries = (
        ToolCalled(call="1", tool="Write", input={}, paths=(f"{TREE}/src/a.py",)),
        ToolEnded(call="1", output=f"wrote {TREE}/src/a.py"),
        ToolCalled(call="2", tool="Bash", input={"command": f"cat {TREE}/x /etc/passwd"}),
        ToolEnded(call="2", output=f"{TREE}/x: no such file", failed=True),
        ToolDenied(tool="Write", reason="outside the scope", paths=("/home/ada/repo/b.py",)),
    )
    assert [line for each in entries for line in telling.lines(each)] == [
        "> Write src/a.py",
        "  = 1 line: wrote src/a.py",
        "> Bash cat x /etc/passwd",
        "  ! Bash failed",
        "    x: no such file",
        "x Write /home/ada/repo/b.py was denied: outside the scope",
    ]
    (told,) = Telling().lines(entries[0])
    assert told == f"> Write {TREE}/src/a.py"
