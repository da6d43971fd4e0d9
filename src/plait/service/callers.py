"""Who asks, as both faces know it: by token and credential, never by what a request says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Caller
from plait.service.rate import Rate
from plait.service.tokens import Tokens

SESSION = "plait-session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """Those who may ask.

    Args:
        tokens: Those that are known; None: none are used.
        trust: How far callers are trusted where none are used.
        rate: How often one that has a token may ask.
    """

    tokens: Tokens | None
    trust: int
    rate: Rate

    def __call__(self, headers: Mapping[str, str]) -> Caller:
        """Who sends a request; it is counted.

        Args:
            headers: Of the request, in small letters.

        Raises:
            Refusal: `NO_TOKEN`, `BAD_TOKEN`, `TOO_OFTEN`.
        """
        credential = headers.get(SESSION, "")
        if self.tokens is None:
            return Caller(trust=self.trust, credential=credential)
        scheme, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else ""
        caller = self.tokens.caller(token, credential=credential)
        wait = self.rate.wait_s(caller.agent)
        if wait:
            raise too_often(wait)
        return caller


def too_often(wait_s: float) -> Refusal:
    """The refusal of a caller that asks too often."""
    return Refusal(
        "too many requests",
        code="TOO_OFTEN",
        kind=Kind.LIMIT,
        hint="wait as long as Retry-After says; `[serve] rate` is the limit",
        data={"retry_after_s": wait_s},
    )
