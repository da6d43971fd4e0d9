"""What came of the agents' commands, for people and for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from plait.app.commands import Placed, State
from plait.app.commands.layouts import Layout, typed

WHY = {
    State.EDITED: "somebody has edited it",
    State.FOREIGN: "it is not Plait's",
    State.NEWER: "a newer Plait wrote it",
}
CURE = "--force replaces it and keeps a copy"


def lines(placed: Sequence[Placed], *, is_dry: bool = False, is_removal: bool = False) -> list[str]:
    """A line for each folder, and one for each file that was not touched.

    Args:
        placed: What came of each file.
        is_dry: Nothing was touched; it says what would be.
        is_removal: Commands were to be removed.
    """
    told = []
    for layout, group in groupby(placed, key=lambda each: each.layout):
        rows = list(group)
        counts = Counter(each.state for each in rows)
        done = ", ".join(f"{counts[state]} {state}" for state in State if counts[state])
        told.append(f"commands in {layout.folder}: {done}{' (dry run)' if is_dry else ''}")
        if not is_removal:
            told += _calls(layout, rows)
        left = [line for each in rows for line in _left(each, is_removal=is_removal)]
        told += [f"        {line}" for line in dict.fromkeys(left)]
    return told


def rows(placed: Sequence[Placed]) -> list[dict[str, Any]]:
    """One object for each file."""
    return [
        {
            "agents": list(each.layout.agents),
            "name": each.name or None,
            "calls": {agent: typed(each.layout, agent, each.name) for agent in each.layout.agents}
            if each.name
            else {},
            "path": each.path,
            "state": each.state.value,
            "backup": each.backup or None,
        }
        for each in placed
    ]


def as_json(placed: Sequence[Placed]) -> str:
    """The same as one object."""
    return json.dumps({"commands": rows(placed)}, indent=2, ensure_ascii=False) + "\n"


def as_text(placed: Sequence[Placed], *, is_dry: bool, is_removal: bool) -> str:
    """The same for people; something in any case."""
    nothing = (
        "no commands of Plait's are here"
        if is_removal
        else "no agent is installed here that reads a project's commands"
    )
    told = lines(placed, is_dry=is_dry, is_removal=is_removal) or [nothing]
    return "\n".join(told) + "\n"


def _calls(layout: Layout, placed: Sequence[Placed]) -> list[str]:
    """What a person types, for each agent."""
    names = [each.name for each in placed if each.name]
    return [
        f"        {agent}: {', '.join(typed(layout, agent, name) for name in names)}"
        for agent in layout.agents
    ]


def _left(each: Placed, *, is_removal: bool) -> list[str]:
    if each.backup:
        return [f"what {each.path} was is kept as {each.backup}"]
    if each.state is State.BLOCKED:
        return [f"not touched: {each.at} is a link, or no ordinary file or folder"]
    if each.state not in WHY:
        return []
    return [f"kept: {each.path}: {WHY[each.state]}" + ("" if is_removal else f"; {CURE}")]
