"""The verdict on a shell's text: every rule asked of every command in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

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
from plait.core.guardrails.verdict import Bound, Category, Judgement, Trust, Verdict, weigh
from plait.core.guardrails.walk import Rule, Walk

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
    own: Collection[Bound] = (),
) -> Judgement:
    """What a shell's text would do, and the verdict on it.

    Args:
        text: The text.
        parse: Reads a text into the plain tree.
        trust: The level of whoever wants to run it.
        owner: The owner's word on categories, before the levels.
        roots: Absolute paths: the worktree's, and folders that are the agent's own.
        cwd: The folder it would run in, relative to the worktree or absolute.
        own: What whoever wants to run it has to itself; nothing, where that is not known.
    """
    walk = Walk(parse, RULES, tuple(roots))
    walk.through(text, cwd)
    return weigh(walk.found, trust, owner, own)
