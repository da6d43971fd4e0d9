"""What agents used up, and what that led to, in words."""

from __future__ import annotations

from plait.core.event import AgentNudged, LimitReached, ProviderParked, UsageReported
from plait.faces.text import clean, duration, rfc3339, shorten

SpentEvent = UsageReported | AgentNudged | ProviderParked | LimitReached

_WIDEST_AGENT = 40  # an agent may be a whole shell command


def tell_spent(event: SpentEvent, *, verbose: bool) -> str | None:
    """One line of the story, or none."""
    match event:
        case UsageReported():
            told = used(event.cost_usd, event.tokens_input, event.tokens_output)
            return f"has used {told}" if verbose and told else None
        case AgentNudged(quiet_s=quiet_s):
            quiet = duration(quiet_s)
            return f"quiet for {quiet}: nudged; ended if it stays so for as long again"
        case ProviderParked(provider=provider, until=until, reason=reason):
            who = shorten(clean(provider), _WIDEST_AGENT)
            why = clean(reason.partition("\n")[0])
            return f"{who} rests until {rfc3339(until)}: {why}"
        case LimitReached(reason=reason):
            return f"a limit is reached: {clean(reason)}"


def used(cost_usd: float | None, tokens_input: int | None, tokens_output: int | None) -> str:
    """`0.12 USD, 5,200 tokens in, 860 out`, as far as it is known."""
    parts = [] if cost_usd is None else [money(cost_usd)]
    if tokens_input is not None:
        parts.append(f"{tokens_input:,} tokens in")
    if tokens_output is not None:
        out = f"{tokens_output:,}"
        parts.append(f"{out} out" if tokens_input is not None else f"{out} tokens out")
    return ", ".join(parts)


def money(usd: float) -> str:
    """USD to the cent, and finer below one."""
    return f"{usd:.2f} USD" if usd >= 0.01 or not usd else f"{usd:.4f} USD"  # noqa: PLR2004 - a cent
