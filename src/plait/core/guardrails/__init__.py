"""Guardrails: what a shell's text would do, and whether whoever wants to run it may.

A seat belt, not the wall: what an agent can reach is held by its sandbox, and what lands by the
judgement of the commit. It reads a text as the shell does, and knows what well-known programs
lose, overwrite, show, deploy or publish; what a program of the repository's own does it cannot
know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plait.core.guardrails import (
    credentials,
    databases,
    deployment,
    files,
    git,
    publishing,
    system,
)
from plait.core.guardrails.script import Parse
from plait.core.guardrails.verdict import Category, Judgement, Offence, Trust, Verdict, weigh
from plait.core.guardrails.walk import Rule, Walk

__all__ = ["Category", "Judgement", "Offence", "Trust", "Verdict", "judge"]

RULES: tuple[Rule, ...] = (
    git.offences,
    files.offences,
    databases.offences,
    credentials.offences,
    deployment.offences,
    publishing.offences,
    system.offences,
)


def judge(
    text: str,
    *,
    parse: Parse,
    trust: Trust | int = Trust.STANDARD,
    owner: Mapping[Category, Verdict] | None = None,
    roots: Sequence[str] = (),
    cwd: str = "",
) -> Judgement:
    """What a shell's text would do, and the verdict on it.

    Args:
        text: The text.
        parse: Reads a text into the plain tree.
        trust: The level of whoever wants to run it.
        owner: The owner's word on categories, before the levels.
        roots: Absolute paths: the worktree's, and folders that are the agent's own.
        cwd: The folder it would run in, relative to the worktree or absolute.
    """
    walk = Walk(parse, RULES, tuple(roots))
    walk.through(text, cwd)
    return weigh(walk.found, trust, owner)
