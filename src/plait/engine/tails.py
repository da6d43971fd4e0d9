"""The ends of logs, as people and next attempts are told them."""

from __future__ import annotations

from pathlib import Path

TAIL_BYTES = 4000


def tail(path: Path, limit: int = TAIL_BYTES) -> str:
    """The end of a log, at most `limit` bytes, in whole lines where possible."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - limit))
            data = file.read()
    except OSError:
        return ""
    text = data.decode("utf-8", "replace")
    if size > limit:
        text = "…\n" + text.partition("\n")[2]
    return text.strip("\n")
