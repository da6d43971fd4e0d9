"""Did you mean: the known word that a misspelt one is closest to."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 128


def nearest(word: str, known: Iterable[str]) -> str:
    """The closest of the known words, or an empty string where none is close."""
    if len(word) > _LONGEST:
        return ""
    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.6)), "")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the closest known word, or an empty string."""
    found = nearest(word, known)
    return f"did you mean {found!r}?" if found else ""
