"""An expected failure for people (what, where, what to do) and for scripts."""

from __future__ import annotations

import json

from plait.errors import PlaitError
from plait.faces.text import clean

_RED, _DIM, _PLAIN = "\x1b[1;31m", "\x1b[2m", "\x1b[0m"


def as_text(error: PlaitError, *, colour: bool = False) -> str:
    """`error[CODE]: message`, then the place and the hint on lines of their own, where known."""
    red, dim, plain = (_RED, _DIM, _PLAIN) if colour else ("", "", "")
    lines = [f"{red}error[{error.code}]{plain}: {_lines(error.message, '')}"]
    if error.where:
        lines.append(f"{dim}  -->{plain} {clean(error.where)}")
    if error.hint:
        lines.append(f"{dim}  hint:{plain} {_lines(error.hint, ' ' * 8)}")
    return "\n".join(lines)


def as_json(error: PlaitError) -> str:
    """The one object that a command with `--json` prints when it fails."""
    told = {
        "error": {
            "code": error.code,
            "message": error.message,
            "where": error.where,
            "hint": error.hint,
            "exit_code": int(error.exit_code),
        }
    }
    return json.dumps(told, ensure_ascii=False)


def _lines(text: str, indent: str) -> str:
    """The text with its own line breaks kept, each line cleaned."""
    return f"\n{indent}".join(clean(line) for line in text.splitlines())
