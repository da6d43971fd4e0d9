"""Why a command is refused, as an agent is told, and how its owner would allow it."""

from __future__ import annotations

from plait.core.guardrails.verdict import Judgement, Trust, Verdict


def refusal(judgement: Judgement, agent: str) -> str:
    """Why a command is refused; empty if it is allowed.

    Nobody is at the keyboard: what is to be asked is refused too.

    Args:
        judgement: The verdict.
        agent: Who wants to run it, as `--agent` names it.
    """
    if judgement.verdict is Verdict.ALLOW:
        return ""
    first = judgement.offences[0]
    go_on = (
        'Do without it. If the package cannot be done so, end, and say so with "status": "blocked".'
    )
    if judgement.verdict is Verdict.DENY:
        return f"{judgement.reason}. It is refused. {go_on}"
    level = max(first.level, Trust.LIMITED)
    return (
        f"{judgement.reason}. Nobody is there to be asked, so it is refused. {go_on} "
        f'(Whoever runs Plait may allow it in plait.toml: [guardrails] {first.category} = "allow", '
        f"or [agents.{agent}] trust = {level:d}.)"
    )
