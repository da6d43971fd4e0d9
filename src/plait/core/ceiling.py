"""What one attempt may use up, whatever its agent's own program does about it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from plait.core.profile import AgentLimits
from plait.core.retry import COST_LIMIT, MEMORY_LIMIT, OUTPUT_LIMIT, TOKEN_LIMIT, TURN_LIMIT

_MIB = 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumed:
    """What an attempt has used up until now. `memory` and `output` are bytes."""

    turns: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    memory: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """A limit that an attempt has gone over."""

    code: str
    reason: str


def limits_of(own: AgentLimits, common: AgentLimits) -> AgentLimits:
    """An agent's own limits, and the common ones where it has none."""
    named = {each.name: getattr(own, each.name) for each in fields(own)}
    return replace(common, **{name: value for name, value in named.items() if value is not None})


def over(limits: AgentLimits, consumed: Consumed) -> Over | None:
    """The limit that an attempt has gone over, if any."""
    told = (
        (TURN_LIMIT, "turns", limits.turns, consumed.turns, 1),
        (TOKEN_LIMIT, "tokens", limits.tokens, consumed.tokens, 1),
        (MEMORY_LIMIT, "MiB of memory", limits.memory, consumed.memory, _MIB),
        (OUTPUT_LIMIT, "MiB of output", limits.output, consumed.output, _MIB),
    )
    for code, what, most, used, unit in told:
        if most is not None and used > most:
            was = f"{used / unit:,.0f} {what}"
            return Over(code=code, reason=f"it took {was}, and may take {most / unit:,.0f}")
    if limits.cost_usd is not None and consumed.cost_usd > limits.cost_usd:
        reason = f"it has cost {consumed.cost_usd:.2f} USD, and may cost {limits.cost_usd:.2f} USD"
        return Over(code=COST_LIMIT, reason=reason)
    return None
