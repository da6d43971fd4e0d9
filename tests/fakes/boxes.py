"""Numbered boxes counted by plain rules, beside the readers and without them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOX = re.compile(
    r"^(?P<indent>[ \t]*)[-*] \[(?P<mark>[ xX~-])\](?P<star>\*?) "
    r"(?P<id>\d+(?:\.\d+)*)\\?\.? (?P<rest>.*)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A numbered box; `words` says that something stands below it."""

    id: str
    done: bool
    optional: bool
    words: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Tasks without parts, those that are done, and what they wait for by the list's order."""

    tasks: int
    done: int
    edges: int


def boxes(text: str) -> list[Box]:
    """All numbered boxes of a text that has none in its fences."""
    lines = text.replace("\r\n", "\n")
    found = list(_BOX.finditer(lines))
    ends = [each.start() for each in found[1:]] + [len(lines)]
    return [
        Box(
            id=each["id"],
            done=each["mark"] in "xX",
            optional=bool(each["star"]),
            words=bool(re.match(r"\s*\n[ \t]+\S", lines[each.end() : end])),
        )
        for each, end in zip(found, ends, strict=True)
    ]


def count(found: list[Box], *, wholes_have_words: bool) -> Count:
    """Count what has no parts (`1.1` is one of `1`), in the list's order.

    A task waits for the one before it. An open one whose predecessors are ticked or optional
    also waits for those before these, back to the first that is neither; of optional ones, for
    the last of them only.
    """
    ids = [box.id for box in found]
    leaves = [
        box
        for box in found
        if (box.words and not wholes_have_words)
        or not any(other.startswith(f"{box.id}.") for other in ids)
    ]
    edges = 0
    for at, box in enumerate(leaves):
        before = leaves[:at][::-1]
        edges += bool(before)
        if box.done or not before or not (before[0].done or before[0].optional):
            continue
        optional = before[0].optional and not before[0].done
        for other in before[1:]:
            if other.done or (other.optional and optional):
                continue
            edges += 1
            optional = optional or other.optional
            if not other.optional:
                break
    return Count(tasks=len(leaves), done=sum(box.done for box in leaves), edges=edges)
