"""The checker that agents ask before they use a tool: may this path be written?

Agents with hooks start it anew for each tool, as `python -I -S hook.py FORMAT RULES SCOPE
WORKTREE [OWN…]`, so that it costs little more than an empty Python where nothing is written. It
reads the agent's JSON on standard input, answers in its format, and says last of all that it came
to its end: without that word, whoever started it refuses the call. What it cannot understand it
refuses. A shell's command is judged by the guardrails, as RULES (JSON) say; where it writes is
held by the sandbox, and by the check of the commit.
"""

import json
import os
import re
import signal
import sys

# Tools that write the files they name, as all agents call them, in lower case.
WRITES = frozenset(
    {
        "write", "edit", "multiedit", "notebookedit", "write_file", "replace", "notebook_edit",
        "create", "str_replace", "insert", "file_editor", "str_replace_editor", "edit_file",
    }
)  # fmt: skip
PATCHES = frozenset({"apply_patch", "patch"})
SHELLS = frozenset(
    {
        "bash", "shell", "run_shell_command", "exec_command", "terminal", "local_shell",
        "shell_command", "execute_command", "run_command", "run_in_terminal", "execute_bash",
    }
)  # fmt: skip
_INPUTS = frozenset({"write_stdin", "write_bash", "send_input"})  # more for a shell that is at work
_COMMANDS = ("command", "cmd", "commands", "script")
_FOLDERS = ("cwd", "workdir", "dir_path", "directory", "working_directory")
_ASIDE = frozenset({"description", "explanation", "justification", *_FOLDERS})
# Others that may: what a server of tools offers is not known beforehand.
_MAY_WRITE = re.compile(
    "write|edit|create|delete|remove|move|rename|patch|replace|insert", re.IGNORECASE
)
_PATHS = (
    "file_path", "notebook_path", "path", "filePath", "file", "absolute_path", "target_file",
    "new_path", "source", "destination",
)  # fmt: skip
_PATCHED = re.compile(r"^\*\*\* (?:(?:Add|Update|Delete) File|Move to): *(.+?) *$", re.MULTILINE)
NOBODY = frozenset({"askuserquestion", "ask_user", "ask_user_question"})
APART = frozenset({"enterworktree", "enter_worktree"})
INTERNAL = frozenset({".git", ".plait"})
LONGEST_S = 30  # agents wait for longer; some let a call pass whose check they gave up
CHECKED = "checked"


def targets(tool: str, given: dict[str, object]) -> list[str] | None:
    """The paths that the tool would write; None if it writes, and does not say where."""
    name = tool.lower()
    texts = [value for value in given.values() if isinstance(value, str)]
    patched = [path for text in texts for path in _PATCHED.findall(text)]
    if name in SHELLS:
        return patched
    if name in PATCHES:
        return patched or None
    named = [value for key in _PATHS if isinstance(value := given.get(key), str) and value]
    if name in WRITES:
        return [*named, *patched] or None
    return named if _MAY_WRITE.search(name) else []


def commands(tool: str, given: dict[str, object]) -> list[str]:
    """The shell's texts that the tool would run."""
    name = tool.lower()
    if name in WRITES | PATCHES:
        return []
    keys: tuple[str, ...] = _COMMANDS
    if name in _INPUTS or (name in SHELLS and not any(given.get(key) for key in keys)):
        keys = tuple(key for key in given if key not in _ASIDE)
    found: list[str] = []
    for key in keys:
        value = given.get(key)
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list) and all(isinstance(each, str) for each in value):
            found.append(" ".join("'" + each.replace("'", "'\\''") + "'" for each in value))
    return [each for each in found if each.strip()]


def unguarded(
    texts: list[str], given: dict[str, object], cwd: str, places: list[str], rules: str
) -> str:
    """Why one of these texts may not be run; empty if all may.

    Args:
        texts: Texts of a shell.
        given: What the tool is given: it may name a folder.
        cwd: The folder that the agent is in.
        places: The worktree, and the folders that are the agent's own.
        rules: JSON: `agent` (its name), `trust`, `owner` (the word on categories), `own` (what
            it has to itself) and `paths` (where the parser lies).
    """
    told = json.loads(rules)
    _find_plait()
    sys.path.extend(each for each in told["paths"] if each not in sys.path)
    from plait.core.guardrails.judging import judge
    from plait.core.guardrails.told import refusal as said
    from plait.core.guardrails.verdict import Bound, Category, Verdict
    from plait.shell import parse

    root, *own = map(os.path.realpath, places)
    named = next((each for key in _FOLDERS if isinstance(each := given.get(key), str)), "")
    where = os.path.realpath(os.path.join(cwd, named))
    if where == root or where.startswith(root + os.sep):
        where = os.path.relpath(where, root).removeprefix(".")
    owner = {Category(each): Verdict(word) for each, word in told["owner"].items()}
    bounds = frozenset(map(Bound, told["own"]))
    for text in texts:
        judgement = judge(
            text, parse=parse, trust=told["trust"], owner=owner, roots=(root, *own), cwd=where,
            own=bounds,
        )  # fmt: skip
        if judgement.verdict is not Verdict.ALLOW:
            return said(judgement, told["agent"])
    return ""


def refusal(
    tool: str, given: dict[str, object], cwd: str, places: list[str], rules: str = ""
) -> str:
    """Why the call is refused; empty if it may go on.

    Args:
        tool: As the agent calls it.
        given: What it is given.
        cwd: The folder that the agent is in.
        places: The file of the scope, the worktree, the folders that are the agent's own.
        rules: The guardrails', as `unguarded` takes them.
    """
    if tool.lower() in NOBODY:
        return (
            "Nobody is there to answer. Decide by the brief; if you cannot, end, and say so "
            'with "status": "blocked" and "question" in the result file.'
        )
    if tool.lower() in APART:
        return "Work in the worktree you were started in: nothing outside it is looked at."
    named = targets(tool, given)
    if named is None:
        return f"{tool} does not say which file it writes."
    scope_path, worktree, *own = places
    texts = commands(tool, given)
    if texts:
        told = unguarded(texts, given, cwd, [worktree, *own], rules)
        if told:
            return told
    if not named:
        return ""
    with open(scope_path, encoding="utf-8") as file:
        scope = json.load(file)
    spellings = [each for path in named for each in dict.fromkeys((path, os.path.expanduser(path)))]
    for each in spellings:
        told = _outside(os.path.realpath(os.path.join(cwd, each)), worktree, own, scope)
        if told:
            return told
    return ""


def _outside(path: str, worktree: str, own: list[str], scope: dict[str, object]) -> str:
    root = os.path.realpath(worktree)
    if not path.startswith(root + os.sep):
        if any(path.startswith(os.path.realpath(each) + os.sep) for each in own):
            return ""  # its own folders: its notes, its result
        return f"{path} is outside the worktree {worktree}; write within your package's scope."
    inner = os.path.relpath(path, root).replace(os.sep, "/")
    if inner.split("/", 1)[0] in INTERNAL:
        return f"{inner} is git's or Plait's own; no package may write it."
    if scope["confidence"] != "declared":
        return ""
    _find_plait()
    from plait.core.plan import Scope
    from plait.core.scope import allows

    if allows(Scope(write=tuple(scope["write"]), deny=tuple(scope["deny"])), inner):  # type: ignore[arg-type]
        return ""
    may = ", ".join(map(str, list(scope["write"])[:8])) or "nothing"  # type: ignore[call-overload]
    return (
        f"{inner} is outside this package's scope, which is: {may}. A change there is refused. If "
        'the package cannot be done within it, end, and say so with "status": "blocked".'
    )


def _find_plait() -> None:
    """Make Plait's package known by its folder; a sandbox may hide what lies beside that."""
    if "plait" in sys.modules:
        return
    from importlib.util import module_from_spec, spec_from_file_location

    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    place = os.path.join(root, "__init__.py")
    spec = spec_from_file_location("plait", place, submodule_search_locations=[root])
    if spec is None or spec.loader is None:
        raise ImportError(place)
    sys.modules["plait"] = module = module_from_spec(spec)
    spec.loader.exec_module(module)


def answer(kind: str, reason: str) -> str:
    """What the agent is told, in its own format."""
    if kind == "gemini":
        told = {"decision": "deny", "reason": reason} if reason else {"decision": "allow"}
        return json.dumps(told)
    if kind == "codex" and not reason:
        return ""  # it knows no `allow`: silence is one
    decision = {
        "hookEventName": "PreToolUse",
        "permissionDecision": "deny" if reason else "allow",
        "permissionDecisionReason": reason or "within the package's scope",
    }
    return json.dumps({"hookSpecificOutput": decision})


def main(arguments: list[str]) -> int:
    """Check one call; 2, which all agents take for a refusal, where that fails."""
    signal.alarm(LONGEST_S)
    try:
        kind, rules, *places = arguments
        asked = json.load(sys.stdin)
        given = asked.get("tool_input")
        tool, cwd = asked["tool_name"], asked.get("cwd") or places[1]
        reason = refusal(tool, given if isinstance(given, dict) else {}, cwd, places, rules)
        print(answer(kind, reason), CHECKED, sep="\n", flush=True)
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing is written for it
        print(f"the check of the scope failed, so the call is refused: {error!r}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
