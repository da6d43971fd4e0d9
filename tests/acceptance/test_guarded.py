"""Guardrails, secrets and the audit in whole runs."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing

from tests.acceptance.conftest import Story
from tests.fakes.plans import Piece

# Speaks as `claude -p` does: tries a command by its hook, tells what it was told, does its work.
TRIES = f"""#!{sys.executable}
import json, os, pathlib, subprocess, sys
if "--version" in sys.argv:
    sys.exit(print("2.1.400 (Claude Code)"))
def tell(kind, **event):
    print(json.dumps({{"type": kind, **event}}), flush=True)
settings = json.loads(pathlib.Path(sys.argv[sys.argv.index("--settings") + 1]).read_text())
hook = settings["hooks"]["PreToolUse"][0]["hooks"][0]["command"]
given = {{"command": "make test; bash -lc 'git push -f origin main'"}}
def ask(given):
    call = {{"tool_name": "Bash", "tool_input": given, "cwd": str(pathlib.Path.cwd())}}
    told = subprocess.check_output(["/bin/sh", "-c", hook], input=json.dumps(call), text=True)
    return json.loads(told)["hookSpecificOutput"]
told = ask(given)
ordinary = ask({{"command": "git reset --hard && git clean -fd && rm -rf src/old && make test"}})
call = {{"type": "tool_use", "id": "c1", "name": "Bash", "input": given}}
tell("assistant", message={{"id": "m", "content": [call], "usage": {{}}}})
if told["permissionDecision"] == "deny":
    why = "PreToolUse:Bash hook error: " + told["permissionDecisionReason"]
    result = {{"type": "tool_result", "tool_use_id": "c1", "content": why, "is_error": True}}
    tell("user", message={{"content": [result]}})
place = pathlib.Path("src", os.environ["PLAIT_PACKAGE"], "made.txt")
place.parent.mkdir(parents=True, exist_ok=True)
place.write_text(told["permissionDecision"] + " " + ordinary["permissionDecision"])
tell("result", subtype="success", result="Done.")
"""
SECRET = "-----BEGIN " + "PRIVATE KEY-----"


def test_a_command_that_is_not_allowed_is_denied_unless_its_agent_is_trusted(story: Story) -> None:
    """An event `denied` that says how to allow it; the work itself goes on and lands.

    What loses the agent's own worktree alone is ordinary work, whatever its trust.
    """
    story.begin()
    program = story.root / "programs" / "claude"
    program.parent.mkdir()
    program.write_text(TRIES)
    program.chmod(0o755)
    story.plans("p", Piece(id="wp-a"), Piece(id="wp-b"))
    use = f'use = "claude"\nprogram = "{program}"\n'
    agents = f"[agents.plain]\n{use}[agents.trusted]\n{use}trust = 3\n"
    (story.repo / "plait.toml").write_text(agents)
    named = ("--agent", "plain", "--agent", "wp-b=trusted")
    done = story.plait("run", "p", *named, "--yes", "--json")
    assert done.code == 0, done.out + done.err
    assert story.git("show", "openspec/p:src/wp-a/made.txt") == "deny allow"
    assert story.git("show", "openspec/p:src/wp-b/made.txt") == "allow allow"
    (denied,) = (each for each in done.out.splitlines() if '"denied"' in each)
    assert all(word in denied for word in ("wp-a", "git push --force", "[guardrails]"))


def test_a_secret_holds_the_package_and_who_accepts_it_is_audited(story: Story) -> None:
    """The finding names the place and not the secret; a row that is changed breaks the chain."""
    story.begin()
    story.plans("p", Piece(id="wp-a"))
    agent = f'mkdir -p src/wp-a; printf "one\\n{SECRET}\\n" > src/wp-a/key.pem'
    first = story.run("p", agent)
    assert first.code == 3, first.err
    assert "src/wp-a/key.pem:2" in first.out
    assert SECRET not in first.out
    report = story.report()
    assert [each["code"] for each in report["packages"][0]["integrity"]] == ["SECRET_ADDED"]

    assert story.plait("answer", report["run"], "wp-a", "yes: it is a test's own").code == 0
    assert story.plait("resume").code == 0
    rows = [each.split()[2:5] for each in story.plait("audit", "list").out.splitlines()]
    kinds = {word for row in rows for word in row}
    assert {"approved", "claimed", "asked", "answered", "work_accepted"} <= kinds
    whole = story.plait("audit", "verify", "--json")
    assert (whole.code, whole.report()["valid"]) == (0, True)

    with closing(sqlite3.connect(story.repo / ".plait" / "plait.db")) as database:
        database.execute("DROP TRIGGER audit_is_not_changed")
        database.execute("UPDATE audit SET who = 'eve' WHERE kind = 'work_accepted'")
        database.commit()
    broken = story.plait("audit", "verify")
    assert broken.code == 1
    assert "was changed" in broken.out
    assert "the audit is broken" in broken.out
