"""Foreign text in Markdown that Plait writes: nothing in it is mark-up."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~])")


def plain(text: str) -> str:
    """Foreign text on one line, in which nothing is mark-up."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def code(text: str) -> str:
    """Foreign text on one line as code; its own backticks end nothing."""
    text = " ".join(text.split())
    runs = [len(each) for each in re.findall("`+", text)]
    fence = "`" * (max(runs, default=0) + 1)
    return f"{fence} {text} {fence}" if runs else f"{fence}{text}{fence}"


def quoted(text: str) -> str:
    """Foreign text of several lines as a quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.strip().splitlines())
