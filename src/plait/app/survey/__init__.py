"""What a repository says of how it is checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from plait.app.survey.ecosystems import ecosystems
from plait.app.survey.javascript import javascript
from plait.app.survey.preparing import Preparing, preparing
from plait.app.survey.python import python
from plait.app.survey.recipes import around, ci_commands, recipes
from plait.app.survey.tree import CheckFor, Found, chosen, is_there, tree_of

__all__ = ["CheckFor", "Found", "Preparing", "Survey", "is_there", "survey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The commands that are taken as checks, others with the reason, and what CI runs.

    `setup` is what makes a clean checkout ready for those checks.
    """

    taken: Sequence[Found]
    others: Sequence[tuple[Found, str]]
    ci: Sequence[tuple[str, str]]
    setup: Sequence[Preparing] = ()


def survey(root: Path) -> Survey:
    """Look at the files that git knows of; nothing is run but a look for tools."""
    tree = tree_of(root)
    rows: dict[tuple[CheckFor, str, str], Found] = {}
    for look in (recipes, javascript, python, ecosystems, around):
        for found in look(tree):
            rows.setdefault((found.kind, found.command, found.cwd), found)
    taken = chosen(tuple(rows.values()), root)
    others = [(each, _why_not(each, taken, root)) for each in rows.values() if each not in taken]
    commands = {each.command for each in rows.values()}
    ci = [(command, path) for command, path in ci_commands(tree) if command not in commands]
    return Survey(taken=taken, others=others, ci=ci, setup=tuple(preparing(tree, taken)))


def _why_not(found: Found, taken: Sequence[Found], root: Path) -> str:
    if not is_there(found, root):
        return f"{found.program} is not installed here"
    instead = next((each for each in taken if each.kind is found.kind), found)
    return f"`{instead.command}` looks after {found.kind}"
