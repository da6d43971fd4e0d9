"""The whole: what the integration gate found of the run's branch, folded from events."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core import event as events
from plait.core.event import Verdict
from plait.core.evolve import replace
from plait.core.package import Acceptance, CheckOutcome

WholeEvent = events.IntegrationJudged | events.IntegrationAccepted | events.IntegrationReopened


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What is known of the branch as a whole.

    `checks` are those of the gate, in the order they ran; `judged` is its last word, told `at`
    (Unix time). `words` are a person's who wants it mended.
    """

    judged: events.IntegrationJudged | None = None
    at: float = 0.0
    checks: tuple[CheckOutcome, ...] = ()
    accepted: Acceptance | None = None
    words: str = ""

    def covers(self, head: str) -> bool:
        """Whether that commit was judged."""
        return self.judged is not None and self.judged.commit == head

    def holds(self, head: str) -> bool:
        """Whether that commit passed the gate, or was accepted all the same."""
        judged = self.judged
        if judged is None or judged.commit != head:
            return False
        return judged.verdict is Verdict.PASS or self.accepted is not None

    @property
    def asks(self) -> bool:
        """Whether a person must decide."""
        judged = self.judged
        waits = judged is not None and judged.verdict is Verdict.BLOCKED
        return waits and self.accepted is None and not self.words


def checked(whole: Whole, outcome: CheckOutcome) -> Whole:
    """One more check of the gate ran."""
    return replace(whole, checks=(*whole.checks, outcome))


def told(whole: Whole, event: WholeEvent, at: float) -> Whole:
    """After one more event about it."""
    match event:
        case events.IntegrationJudged():
            return replace(whole, judged=event, at=at, accepted=None, words="")
        case events.IntegrationAccepted(who=who, reason=reason):
            return replace(whole, accepted=Acceptance(who=who, reason=reason, at=at))
        case events.IntegrationReopened(mend=True, reason=reason):
            return replace(whole, words=reason or "mend it")
        case events.IntegrationReopened():
            return Whole(checks=tuple(each for each in whole.checks if each.passed))
