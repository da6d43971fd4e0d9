"""Steps → text, for programs that offer their model no tools and read edits in its answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Steps = Sequence[tuple[str, Mapping[str, Any]]]

_FENCE = re.compile(r"^`{3,}", re.MULTILINE)


def listed(steps: Steps, system: str, told: str) -> str | None:
    """What a script writes, in the form that a program asks for; None: it asks for no text.

    Args:
        steps: What is left of the script.
        system: What the program says in no one's name; it tells the form.
        told: All that the program says, with the files that it shows.
    """
    fence = max(_FENCE.findall(system), default="`" * 3)  # longer, if a file holds the usual one
    if "SEARCH/REPLACE" in system:
        return "\n\n".join(_replacements(steps, fence))
    if "file listing" in system:
        files = _whole(steps, told).items()
        return "\n\n".join(f"{path}\n{fence}\n{text.rstrip()}\n{fence}" for path, text in files)
    return None


def _replacements(steps: Steps, fence: str) -> Iterator[str]:
    for op, given in steps:
        old, new = ("", given["text"]) if op == "write" else (given.get("old", ""), "")
        if op == "edit":
            new = given["new"]
        if op in {"write", "edit"}:
            ends = [each if not each or each.endswith("\n") else f"{each}\n" for each in (old, new)]
            body = f"<<<<<<< SEARCH\n{ends[0]}=======\n{ends[1]}>>>>>>> REPLACE"
            yield f"{given['path']}\n{fence}\n{body}\n{fence}"


def _whole(steps: Steps, told: str) -> dict[str, str]:
    """The files as they are to be. What is to be edited must have been shown by the program."""
    files: dict[str, str] = {}
    for op, given in steps:
        path = given.get("path", "")
        if op == "write":
            files[path] = given["text"]
        elif op == "edit":
            text = files[path] if path in files else _shown(path, told)
            if text is not None and given["old"] in text:
                files[path] = text.replace(given["old"], given["new"])
    return files


def _shown(path: str, told: str) -> str | None:
    """A file as the program showed it last."""
    name = rf"^{re.escape(path)}\n(?P<fence>`{{3,}})[^`\n]*\n"
    found = list(re.finditer(rf"{name}(?P<text>.*?)^(?P=fence)$", told, re.MULTILINE | re.DOTALL))
    return found[-1]["text"] if found else None
