"""Plays one attempt's steps: JSON on standard input, the worktree as current folder.

Started as `python -I -S player.py`, so that it costs little more than an empty Python; it
imports nothing of Plait and, for most steps, nothing but os.
"""

import os
import sys


def read(text: str) -> list[dict[str, object]]:
    """The steps. The json package costs as much as Python's own start; its core does not."""
    try:
        from _json import make_scanner

        scan = make_scanner(Plain)  # type: ignore[arg-type]  # it takes any object like this
        steps: list[dict[str, object]] = scan(text, 0)[0]
    except (ImportError, AttributeError):  # another Python, or another core
        from json import loads

        steps = loads(text)
    return steps


class Plain:
    """What the core of json wants to know: nothing is out of the ordinary."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int, parse_constant = float, int, float


def place(name: str) -> str:
    """A path inside the worktree, its folder made; refuses to leave it by name."""
    if os.path.isabs(name) or ".." in name.split("/"):
        sys.exit(f"the script's path {name!r} leaves the worktree")
    folder = os.path.dirname(name)
    if folder:
        os.makedirs(folder, exist_ok=True)
    return name


def write(path: str, text: str, mode: str = "w") -> None:
    """Write or append a file."""
    with open(place(path), mode, encoding="utf-8") as file:
        file.write(text)


def edit(path: str, old: str, new: str) -> None:
    """Replace text that must be there."""
    with open(place(path), encoding="utf-8") as file:
        text = file.read()
    if old not in text:
        sys.exit(f"{path} does not hold the text to replace")
    write(path, text.replace(old, new))


def run(*argv: str) -> None:
    """Run a command; its failure is the agent's."""
    import subprocess

    code = subprocess.call(argv)
    if code:
        sys.exit(code if code > 0 else 128 - code)


def commit(message: str) -> None:
    """Commit everything, as an agent that commits would."""
    identity = ("-c", "user.name=Scripted", "-c", "user.email=scripted@localhost")
    run("git", "add", "-A")
    run("git", *identity, "commit", "-q", "-m", message)


def result(value: object) -> None:
    """Write the result file."""
    import json

    with open(os.environ["PLAIT_RESULT"], "w", encoding="utf-8") as file:
        json.dump(value, file)


def pause(seconds: float) -> None:
    """Take time, as work does."""
    import time

    time.sleep(seconds)


PLAYS = {
    "write": lambda step: write(step["path"], step["text"]),
    "append": lambda step: write(step["path"], step["text"], "a"),
    "edit": lambda step: edit(step["path"], step["old"], step["new"]),
    "read": lambda step: open(place(step["path"]), "rb").close(),
    "delete": lambda step: os.remove(place(step["path"])),
    "rename": lambda step: os.rename(place(step["from"]), place(step["to"])),
    "chmod": lambda step: os.chmod(place(step["path"]), int(step["mode"], 8)),
    "symlink": lambda step: os.symlink(step["target"], place(step["path"])),
    "shell": lambda step: run("/bin/sh", "-c", step),
    "sleep": pause,
    "commit": commit,
    "print": lambda step: print(step, flush=True),
    "result": result,
    "exit": sys.exit,
}


def main() -> None:
    """Play the steps in order."""
    for step in read(sys.stdin.read()):
        ((name, value),) = step.items()
        PLAYS[name](value)


if __name__ == "__main__":
    main()
