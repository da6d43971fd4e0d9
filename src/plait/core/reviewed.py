"""Reviewed: the reviews of an attempt, folded from their events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from plait.core.consensus import Conclusion, Consensus, agree
from plait.core.event.kinds import AgentStatus
from plait.core.event.review import (
    FindingReported,
    FixEnded,
    FixStarted,
    ReviewConcluded,
    ReviewEnded,
    ReviewStarted,
)
from plait.core.evolve import replace
from plait.core.finding import Finding as Doubt
from plait.core.integrity import holding
from plait.core.review import (
    PLAIT,
    Criticality,
    Disposition,
    Finding,
    FindingType,
    ReviewOutcome,
)

ReviewEvent = (
    ReviewStarted | FindingReported | ReviewEnded | ReviewConcluded | FixStarted | FixEnded
)
WEIGHED = frozenset({ReviewOutcome.COUNTED, ReviewOutcome.UNFOUNDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an agent beside the attempt's own used up; None: it does not say."""

    duration_s: float = 0.0
    cost_usd: float | None = None
    tokens_input: int | None = None
    tokens_output: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One reviewer's answer; `outcome` is None while it is awaited, or was never given."""

    reviewer: str
    agent: str
    directory: str
    sandbox: str = "none"
    outcome: ReviewOutcome | None = None
    reason: str = ""
    summary: str = ""
    findings: tuple[Finding, ...] = ()
    accepts: Mapping[str, str] = field(default_factory=dict)
    used: Usage = field(default_factory=Usage)

    @property
    def weighs(self) -> bool:
        """Whether what it found is taken into account."""
        return self.outcome in WEIGHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Everything that was asked about one commit. `flagged` is what Plait itself found."""

    number: int
    commit: str
    reviews: tuple[Review, ...] = ()
    flagged: tuple[Finding, ...] = ()
    conclusion: Conclusion | None = None
    reason: str = ""
    counted: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()
    things: int = 0

    @property
    def last(self) -> Mapping[str, Review]:
        """Each reviewer's last answer, by reviewer."""
        return {each.reviewer: each for each in self.reviews if each.outcome is not None}

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, by Plait and in the reviews that are taken into account."""
        told = [each.findings for each in self.last.values() if each.weighs]
        plaits = [
            replace(each, disposition=Disposition.ACCEPT) if each.id in self.lifted else each
            for each in self.flagged
        ]
        return (*plaits, *(finding for findings in told for finding in findings))

    @property
    def lifted(self) -> tuple[str, ...]:
        """What Plait found and enough reviewers accept, by id; nothing before it is concluded."""
        if self.conclusion is None:
            return ()
        return tuple(each.id for each in self.flagged if each.id not in self.blocking)

    def lifts(self, name: str, *, author: str) -> Mapping[str, str]:
        """Who accepts one of Plait's findings, and why, if they are enough; never its author."""
        if name not in self.lifted:
            return {}
        return {
            reviewer: each.accepts[name]
            for reviewer, each in self.last.items()
            if each.outcome is ReviewOutcome.COUNTED and name in each.accepts
            if reviewer != author
        }

    @property
    def absent(self) -> tuple[Finding, ...]:
        """Findings about files that do not exist, in the order of the reviews."""
        return tuple(one for each in self.reviews for one in each.findings if one.absent)

    @property
    def consensus(self) -> tuple[Consensus, ...]:
        """What the reviewers and Plait say together, thing by thing."""
        return agree(self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A narrow package within an attempt; `status` is None while its agent works."""

    number: int
    name: str
    agent: str
    commit: str
    directory: str
    scope: tuple[str, ...]
    findings: tuple[str, ...]
    status: AgentStatus | None = None
    exit_code: int | None = None
    summary: str = ""
    used: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """The rounds of an attempt, and the fixes between them."""

    rounds: tuple[Round, ...] = ()
    fixes: tuple[Fix, ...] = ()

    @property
    def used(self) -> tuple[Usage, ...]:
        """What reviewers and fixes used up."""
        reviews = [review.used for each in self.rounds for review in each.reviews]
        return (*reviews, *(each.used for each in self.fixes))

    @property
    def cost_usd(self) -> float:
        """What they cost, as far as they say."""
        return sum(each.cost_usd or 0.0 for each in self.used)

    @property
    def last(self) -> Round | None:
        """The last round, about what the attempt came to; None if nobody was asked."""
        return self.rounds[-1] if self.rounds else None

    def of(self, commit: str) -> Round | None:
        """The round about a commit, if there was one."""
        return next((each for each in reversed(self.rounds) if each.commit == commit), None)


def flags(doubts: tuple[Doubt, ...]) -> tuple[Finding, ...]:
    """What Plait found in a commit and holds it, as findings that reviewers may accept by id."""
    return tuple(
        Finding(
            id=f"p{number}",
            reviewer=PLAIT,
            type=FindingType.CORRECTNESS,
            criticality=Criticality.HIGH,
            disposition=Disposition.FIX,
            description=each.message,
            code=each.code,
            file=each.span.file if each.span else "",
            first=each.span.line if each.span else 0,
            last=each.span.line if each.span else 0,
            resolution=each.hint,
        )
        for number, each in enumerate(holding(doubts), start=1)
    )


def told(before: Reviewed, event: ReviewEvent, doubts: tuple[Doubt, ...] = ()) -> Reviewed:
    """After one more event. `doubts` are what Plait has found in the commit that it is about."""
    match event:
        case ReviewStarted():
            review = Review(
                reviewer=event.reviewer,
                agent=event.agent,
                directory=event.directory,
                sandbox=event.sandbox,
            )
            each = _round(before, event.round, event.commit, doubts)
            return _with(before, replace(each, reviews=(*each.reviews, review)))
        case FindingReported():
            return _with(before, _found(_round(before, event.round, event.commit), event))
        case ReviewEnded():
            each = _round(before, event.round, event.commit)
            return _with(before, _ended(each, event))
        case ReviewConcluded():
            each = _round(before, event.round, event.commit)
            over = replace(
                each,
                conclusion=event.conclusion,
                reason=event.reason,
                counted=event.reviewers,
                blocking=event.blocking,
                things=event.things,
            )
            return _with(before, over)
        case FixStarted():
            fix = Fix(
                number=event.number,
                name=event.name,
                agent=event.agent,
                commit=event.commit,
                directory=event.directory,
                scope=event.scope,
                findings=event.findings,
            )
            return replace(before, fixes=(*before.fixes, fix))
        case FixEnded():
            done = replace(
                before.fixes[-1],
                status=event.status,
                exit_code=event.exit_code,
                summary=event.summary,
                used=_used(event),
            )
            return replace(before, fixes=(*before.fixes[:-1], done))


def _round(before: Reviewed, number: int, commit: str, doubts: tuple[Doubt, ...] = ()) -> Round:
    known = next((each for each in before.rounds if each.number == number), None)
    return known or Round(number=number, commit=commit, flagged=flags(doubts))


def _with(before: Reviewed, changed: Round) -> Reviewed:
    others = tuple(each for each in before.rounds if each.number != changed.number)
    return replace(before, rounds=(*others, changed))


def _found(each: Round, event: FindingReported) -> Round:
    finding = Finding(
        reviewer=event.reviewer,
        type=event.kind,
        criticality=event.criticality,
        disposition=event.disposition,
        description=event.description,
        id=event.id,
        file=event.file,
        first=event.first,
        last=event.last,
        axis=event.axis,
        severity=event.severity,
        resolution=event.resolution,
        absent=event.absent,
    )
    place = _open(each, event.reviewer)
    if place is None:
        return each
    review = each.reviews[place]
    return _at(each, place, replace(review, findings=(*review.findings, finding)))


def _ended(each: Round, event: ReviewEnded) -> Round:
    place = _open(each, event.reviewer)
    if place is None:
        return each
    done = replace(
        each.reviews[place],
        outcome=event.outcome,
        reason=event.reason,
        summary=event.summary,
        accepts=dict(zip(event.accepts, event.reasons, strict=False)),
        used=_used(event),
    )
    return _at(each, place, done)


def _open(each: Round, reviewer: str) -> int | None:
    """The place of a reviewer's answer that is awaited."""
    places: Sequence[int] = range(len(each.reviews))
    return next((n for n in reversed(places) if each.reviews[n].reviewer == reviewer), None)


def _at(each: Round, place: int, review: Review) -> Round:
    return replace(each, reviews=(*each.reviews[:place], review, *each.reviews[place + 1 :]))


def _used(event: ReviewEnded | FixEnded) -> Usage:
    return Usage(
        duration_s=event.duration_s,
        cost_usd=event.cost_usd,
        tokens_input=event.tokens_input,
        tokens_output=event.tokens_output,
    )
