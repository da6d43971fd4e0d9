"""The version of a program that npm installed, from its package: Node need not be started."""

from __future__ import annotations

import json
import re
from pathlib import Path

_MODULES = "node_modules"
_FILE = "package.json"
_PLATFORM = re.compile(r"-(?:linux|darwin|win32)-\w+$")  # of a package for one system


def packaged_version(program: str) -> str:
    """What its package says it is; empty if it lies in no package of npm's."""
    path = Path(program).resolve()
    parts = path.parts
    if _MODULES not in parts:
        return ""
    last = len(parts) - 1 - parts[::-1].index(_MODULES)
    # `node_modules/NAME/…`, or `node_modules/@OWNER/NAME/…`
    length = 3 if parts[last + 1 : last + 2] and parts[last + 1].startswith("@") else 2
    if len(parts) <= last + length:  # a file of its own, such as a shell's in `.bin`
        return ""
    try:
        told = json.loads(Path(*parts[: last + length], _FILE).read_bytes())
    except (OSError, ValueError):
        return ""
    version = told.get("version") if isinstance(told, dict) else None
    return _PLATFORM.sub("", version) if isinstance(version, str) else ""
