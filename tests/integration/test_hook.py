"""The checker that agents' hooks start, as they start it: a program, JSON in, an answer out."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.desks import task_at

from plait.agents import hook, vendor
from plait.agents.hook import targets
from plait.agents.vendor import hook_command
from plait.core.guardrails.verdict import Bound
from plait.core.profile import plain
from plait.ports import AgentTask


@dataclass(frozen=True, slots=True)
class Answer:
    """What the checker said; `refused` with its reason."""

    code: int
    refused: str
    output: str


@dataclass(frozen=True, slots=True)
class Checker:
    """Asks the checker for a task."""

    task: AgentTask

    def ask(self, tool: str, kind: str = "claude", **given: Any) -> Answer:
        """As the agent of that kind would."""
        return self.tell(json.dumps({"tool_name": tool, "tool_input": given}), kind)

    def tell(self, text: str, kind: str = "claude") -> Answer:
        """The same, with any text."""
        argv = shlex.split(hook_command(self.task, kind))
        environment = {"PATH": os.defpath, "HOME": str(self.task.home)}
        done = subprocess.run(
            argv, input=text, capture_output=True, text=True, env=environment, check=False
        )
        if done.returncode:
            return Answer(done.returncode, done.stderr, done.stdout)
        told = json.loads(done.stdout) if done.stdout.strip() else {}
        inner = told.get("hookSpecificOutput", {})
        denied = "deny" in {told.get("decision"), inner.get("permissionDecision")}
        reason = told.get("reason") or inner.get("permissionDecisionReason", "")
        return Answer(0, reason if denied else "", done.stdout)


def scoped(task: AgentTask, confidence: str = "declared") -> Checker:
    """A checker whose package may write `src/**`, but not what is generated."""
    scope = {
        "write": ["src/**"],
        "read": [],
        "deny": ["src/generated/**"],
        "confidence": confidence,
    }
    task.scope_path.write_text(json.dumps(scope))
    return Checker(task)


@pytest.fixture
def checker(tmp_path: Path) -> Checker:
    """A checker for a declared scope, in a folder whose name needs quoting."""
    root = tmp_path / "a b'c"
    root.mkdir()
    return scoped(task_at(root, plain("claude")))


@pytest.mark.parametrize("kind", ["claude", "codex", "gemini", "qwen"])
def test_each_agent_is_answered_in_its_own_format(checker: Checker, kind: str) -> None:
    """Inside the scope it goes on, outside it is refused with a reason."""
    tree = checker.task.worktree
    inside = checker.ask("Write", kind, file_path=str(tree / "src" / "a.py"))
    assert (inside.code, inside.refused) == (0, "")
    outside = checker.ask("Write", kind, file_path=str(tree / "docs" / "a.md"))
    assert "docs/a.md is outside this package's scope, which is: src/**" in outside.refused
    event = {"claude": "PreToolUse", "codex": "PreToolUse", "qwen": "PreToolUse"}.get(kind)
    assert event is None or event in outside.output


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("src/deep/er/a.py", True),
        ("./src/../src/a.py", True),
        ("src/generated/a.py", False),
        ("src/../docs/a.md", False),
        ("../elsewhere", False),
        ("/etc/passwd", False),
        ("~/.bashrc", False),
        (".git/hooks/pre-commit", False),
        (".git", False),
        (".plait/x", False),
        ("link/a.py", False),
        ("src/out", False),
    ],
)
def test_paths_are_judged_by_where_they_lead(checker: Checker, path: str, allowed: bool) -> None:
    """Links are followed, for the file that is written is the one behind them."""
    tree = checker.task.worktree
    (tree / "src").mkdir()
    (tree / "link").symlink_to("/tmp")
    (tree / "src" / "out").symlink_to("../docs/a.md")
    answer = checker.ask("Edit", file_path=path)
    assert (answer.refused == "") is allowed
    assert answer.code == 0


def test_its_own_folders_are_writable(checker: Checker) -> None:
    """The result lies there, and what the agent notes for itself."""
    for path in (checker.task.result_path, checker.task.home / "notes.md"):
        assert checker.ask("Write", file_path=str(path)).refused == ""


@pytest.mark.parametrize("confidence", ["inferred", "unknown"])
def test_a_scope_that_nobody_declared_holds_the_worktree_alone(
    tmp_path: Path, confidence: str
) -> None:
    """What else it wrote is judged on the commit, as a deviation."""
    checker = scoped(task_at(tmp_path, plain("claude")), confidence)
    assert checker.ask("Write", file_path="docs/a.md").refused == ""
    assert checker.ask("Write", file_path="/elsewhere/a.md").refused
    assert checker.ask("Write", file_path=".git/config").refused


@pytest.mark.parametrize(
    ("tool", "given", "expected"),
    [
        ("Read", {"file_path": "/etc/passwd"}, []),
        ("Bash", {"command": "echo x > y"}, []),
        ("Bash", {"command": "apply_patch <<E\n*** Begin Patch\n*** Add File: a b\n+x\n"}, ["a b"]),
        ("apply_patch", {"command": "*** Update File: a\n*** Move to: b\n"}, ["a", "b"]),
        ("apply_patch", {"command": "nothing"}, None),
        ("Write", {}, None),
        ("NotebookEdit", {"notebook_path": "n.ipynb"}, ["n.ipynb"]),
        ("mcp__files__move_file", {"source": "a", "destination": "b"}, ["a", "b"]),
        ("mcp__docs__search", {"path": "a"}, []),
        ("TodoWrite", {"todos": []}, []),
    ],
)
def test_what_a_tool_would_write_is_read_from_its_input(
    tool: str, given: dict[str, object], expected: list[str] | None
) -> None:
    """None: it writes and does not say where, so it is refused."""
    assert targets(tool, given) == expected


@pytest.mark.parametrize(
    ("kind", "tool", "given"),
    [
        ("claude", "Bash", {"command": "cd src && git push -f"}),
        ("gemini", "run_shell_command", {"command": "bash -lc 'git push -f'", "dir_path": "src"}),
        ("codex", "exec_command", {"cmd": "git push -f", "workdir": "src"}),
        ("codex", "shell", {"command": ["bash", "-lc", "git push -f"]}),
        ("codex", "write_stdin", {"chars": "git push -f\n", "session_id": 1}),
        ("qwen", "terminal", {"line": "git push -f"}),
        ("claude", "mcp__server__execute", {"command": "git push -f"}),
    ],
)
def test_a_command_that_is_not_allowed_is_refused(
    checker: Checker, kind: str, tool: str, given: dict[str, Any]
) -> None:
    """Whatever the agent calls its shell, with the reason and the way to allow it."""
    told = checker.ask(tool, kind, **given)
    assert "git push --force: it overwrites a branch of a remote" in told.refused
    assert '[guardrails] git = "allow"' in told.refused
    assert "[agents.claude] trust = 3" in told.refused


def test_innocent_commands_go_on(checker: Checker) -> None:
    """In the worktree, at its result, and with words that only look like it."""
    tree = checker.task.worktree
    for command in (
        "make test",
        f"rm -rf {shlex.quote(str(tree))}/build",
        f"echo '{{}}' > {shlex.quote(str(checker.task.result_path))}",
        "git commit -m 'no more rm -rf /'",
    ):
        assert checker.ask("Bash", command=command) == Answer(0, "", checker.ask("Read").output)
    assert checker.ask("BashOutput", bash_id="1").refused == ""
    assert checker.ask("Bash", restart=True).refused == ""


def test_what_is_outside_the_worktree_is_judged_from_where_the_agent_stands(
    checker: Checker,
) -> None:
    """A relative path leads from the folder that the agent is in, or names."""
    (checker.task.worktree / "src").mkdir()
    assert checker.ask("Bash", command="rm ../x", cwd="src").refused == ""
    assert "outside the worktree" in checker.ask("Bash", command="rm ../x").refused


def test_trust_and_the_owners_word_decide(checker: Checker) -> None:
    """As plait.toml has them."""
    task = checker.task
    trusted = replace(task, profile=replace(task.profile, trust=3))
    allowed = replace(task, guardrails={"git": "allow"})
    denied = replace(trusted, guardrails={"git": "deny"})
    command = "git reset --hard"
    assert checker.ask("Bash", command=command).refused
    assert Checker(trusted).ask("Bash", command=command).refused == ""
    assert Checker(allowed).ask("Bash", command=command).refused == ""
    assert "It is refused" in Checker(denied).ask("Bash", command=command).refused


def test_what_an_agent_has_to_itself_it_may_lose(checker: Checker) -> None:
    """Its home always; its worktree, and what its sandbox gives it, as the task says."""
    task = checker.task
    apart = Checker(replace(task, own=frozenset({Bound.WORKTREE})))
    held = Checker(replace(task, own=frozenset({Bound.WORKTREE, Bound.REPOSITORY, Bound.FILES})))
    assert checker.ask("Bash", command="echo x >> ~/.bashrc").refused == ""
    assert checker.ask("Bash", command="rm -rf src").refused
    assert apart.ask("Bash", command="rm -rf src && git clean -fdx").refused == ""
    assert apart.ask("Bash", command="git stash clear").refused
    assert held.ask("Bash", command="git stash clear; rm -rf $OUT").refused == ""
    assert held.ask("Bash", command="rm -rf ../other").refused
    assert "git push --force" in held.ask("Bash", command="git push -f").refused


def test_a_parser_that_is_missing_refuses_every_command(
    checker: Checker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guardrails fail closed; what is no command is not held up by them."""
    monkeypatch.setattr(vendor, "find_spec", lambda _name: None)
    assert checker.ask("Bash", command="ls").code == 2
    assert checker.ask("Read", file_path="x").refused == ""


def test_questions_are_answered_by_nobody(checker: Checker) -> None:
    """The agent is told what to do in place of asking."""
    assert '"blocked"' in checker.ask("AskUserQuestion", questions=[]).refused


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tool_name": 3}', "x" * 10])
def test_what_it_cannot_understand_it_refuses(checker: Checker, text: str) -> None:
    """With the exit code that all agents take for a refusal."""
    assert checker.tell(text).code == 2


def test_a_scope_that_cannot_be_read_refuses_what_writes(checker: Checker) -> None:
    """It fails closed."""
    checker.task.scope_path.unlink()
    assert checker.ask("Write", file_path="src/a.py").code == 2
    checker.task.scope_path.write_text('{"write": 3}')
    assert checker.ask("Write", file_path="src/a.py").code == 2


@pytest.mark.parametrize(
    "text",
    [
        "raise SystemExit(1)",
        "import os; os.kill(os.getpid(), 9)",
        "print('{\"hookSpecificOutput\": ')",
        "print('{}')",
        None,
    ],
    ids=["crashed", "killed", "cut short", "without its last word", "missing"],
)
def test_a_checker_that_cannot_run_is_a_refusal(
    checker: Checker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    """Whatever becomes of it, the agent is given the one exit code that all take for a refusal."""
    place = tmp_path / "checker.py"
    if text is not None:
        place.write_text(text)
    monkeypatch.setattr(vendor, "HOOK", place)
    answer = checker.ask("Write", file_path="src/a.py")
    assert answer.code == 2
    assert "refused" in answer.refused
    assert answer.output == ""


def test_a_checker_that_takes_too_long_is_a_refusal(
    checker: Checker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends itself before the agent loses patience."""
    place = tmp_path / "checker.py"
    place.write_text(Path(hook.__file__).read_text().replace("_S = 30", "_S = 1"))
    monkeypatch.setattr(vendor, "HOOK", place)
    os.mkfifo(checker.task.scope_path.with_name("never"))
    checker.task.scope_path.unlink()
    checker.task.scope_path.symlink_to("never")
    assert checker.ask("Write", file_path="src/a.py").code == 2
