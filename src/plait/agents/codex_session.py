"""What Codex writes of its session while it works, in a file of its home.

The file is the agent's own, so it is untrusted: whatever is in it, reading it gives counts or None.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from plait.ports import Usage

LAST = 256 * 1024  # bytes at the end of the file, in which the newest count stands
_MARK = b'"token_count"'


def usage_of_session(folder: Path) -> Usage | None:
    """What the newest session below that folder has used until now; None: it does not say."""
    try:
        newest = max(folder.glob("*/*/*/rollout-*.jsonl"), default=None)
        if newest is None:
            return None
        descriptor = os.open(newest, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            file.seek(max(0, os.fstat(descriptor).st_size - LAST))
            lines = file.read(LAST).splitlines()
    except OSError:
        return None
    last = next((each for each in reversed(lines) if _MARK in each), b"")
    return _counts(last) if last else None


def _counts(line: bytes) -> Usage | None:
    try:
        told: Any = json.loads(line)["payload"]["info"]["total_token_usage"]
        counts = [told["input_tokens"], told["output_tokens"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not all(isinstance(each, int) and each >= 0 for each in counts):
        return None
    return Usage(tokens_input=counts[0], tokens_output=counts[1])
