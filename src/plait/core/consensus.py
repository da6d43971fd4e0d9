"""Consensus: what several reviewers say of one piece of work, taken together, and what follows.

Two findings are about the same thing if they agree in place, type and words well enough. What
two reviewers found is confirmed if they want the same done about it, else they disagree; what
one of them found is unconfirmed, and weighs all the same: a reviewer who saw nothing there has
not said that nothing is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from plait.core.review import PLAIT, SERIOUS, Criticality, Disposition, Finding

THRESHOLD = 0.6  # of a match: below it two findings are about different things
_NEAR = 3  # lines by which reviewers may miss one another
_SAME_WORDS, _SOME_WORDS, _FEW_WORDS = 0.5, 0.3, 0.15  # of all words of both
_WORD = re.compile(r"[^\W_]{3,}")
_GRAVITY = {each: weight for weight, each in enumerate(Disposition)}
_STAKE = {each: weight for weight, each in enumerate(Criticality)}


class Agreement(StrEnum):
    """What the reviewers say of one thing."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    DISAGREEMENT = "disagreement"


class Conclusion(StrEnum):
    """What follows from a review."""

    PASSED = "passed"
    FIX = "fix"  # a narrow package puts it right, then it is reviewed again
    REGENERATE = "regenerate"  # another attempt
    ASK = "ask"  # a person decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Consensus:
    """One thing that was found, the gravest finding of it first."""

    findings: tuple[Finding, ...]
    agreement: Agreement

    @property
    def criticality(self) -> Criticality:
        """How much is at stake, by who thinks most of it."""
        return max((each.criticality for each in self.findings), key=_STAKE.__getitem__)

    @property
    def blocks(self) -> bool:
        """Whether the work does not land as it is."""
        return any(each.blocks for each in self.findings)

    @property
    def disposition(self) -> Disposition:
        """What is to be done: what the gravest finding asks for; a person, on serious dissent."""
        if not self.blocks:
            return Disposition.ACCEPT
        if self.agreement is Agreement.DISAGREEMENT and self.criticality in SERIOUS:
            return Disposition.ESCALATE
        asked = (each.disposition for each in self.findings if each.blocks)
        return max(asked, key=_GRAVITY.__getitem__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """What follows, and why, in words; `blocking` is what stands in the way."""

    conclusion: Conclusion
    reason: str = ""
    blocking: tuple[Consensus, ...] = ()


def likeness(one: Finding, other: Finding) -> float:
    """How surely two findings are about the same thing, from 0 to 1."""
    if one.axis and other.axis and one.axis != other.axis:
        return 0.0
    if one.file != other.file and one.file and other.file:
        return 0.0
    shared = _shared_words(one, other)
    if one.file == other.file and one.first and other.first:
        if not _meet(one, other):
            return 0.0
        if one.type is other.type:
            return 0.95
        return 0.8 if shared >= _FEW_WORDS else 0.4
    same_place = 0.1 if one.file == other.file and one.file else 0.0
    same_type = 0.1 if one.type is other.type else 0.0
    words = 0.7 if shared >= _SAME_WORDS else 0.45 if shared >= _SOME_WORDS else 0.2
    return words + same_place + same_type


def in_words(thing: Consensus, *, most: int = 8000) -> str:
    """One thing that was found, where, who wants what done about it, and how.

    Args:
        thing: What was found.
        most: Signs, at most, of what is wrong, and of how it may be put right.
    """
    first = next((each for each in thing.findings if each.blocks), thing.findings[0])
    place = f"{first.place}: " if first.place else ""
    told = f"{place}{first.description[:most]} ({first.type}, {thing.criticality}"
    wants = ", ".join(f"{each.reviewer}: {each.disposition}" for each in thing.findings)
    told += f"; {thing.agreement}; {wants}) [{first.id}]"
    how = first.resolution[:most]
    return told + (f"\n  It could be put right so: {how}" if how else "")


def agree(findings: Iterable[Finding]) -> tuple[Consensus, ...]:
    """What was found, thing by thing, the gravest first; who reports first makes no difference."""
    groups: list[list[Finding]] = []
    for each in sorted((each for each in findings if not each.absent), key=_order):
        best, score = None, THRESHOLD
        for group in groups:
            like = likeness(group[0], each)
            if like >= score and all(other.reviewer != each.reviewer for other in group):
                best, score = group, like
                if like > 0.9:  # noqa: PLR2004 - nothing is surer
                    break
        if best is None:
            groups.append([each])
        else:
            best.append(each)
    return tuple(Consensus(findings=tuple(each), agreement=_agreement(each)) for each in groups)


def not_accepted(
    flagged: Sequence[Finding], accepts: Sequence[Mapping[str, str]], quorum: int
) -> tuple[Finding, ...]:
    """Plait's own findings that stand: those that fewer than a quorum accept by their id.

    Args:
        flagged: What Plait found.
        accepts: What each reviewer accepts whose review counts and who is not the author.
        quorum: How many of them it takes, 1 at least.
    """
    return tuple(
        each for each in flagged if sum(each.id in said for said in accepts) < max(1, quorum)
    )


def concluded(
    found: Sequence[Consensus], *, fixes: int, rounds: int, before: int | None
) -> Concluded:
    """What follows from what was found.

    Args:
        found: What the reviewers say, and what of Plait's own findings stands.
        fixes: How many fixes there were in this attempt.
        rounds: How many there may be.
        before: How much stood in the way before the last fix; None if there was none.
    """
    blocking = tuple(each for each in found if each.blocks)
    if not blocking:
        return Concluded(conclusion=Conclusion.PASSED)

    def then(conclusion: Conclusion, reason: str) -> Concluded:
        return Concluded(conclusion=conclusion, reason=reason, blocking=blocking)

    wanted = {each.disposition for each in blocking}
    if Disposition.ESCALATE in wanted:
        dissent = any(
            each.agreement is Agreement.DISAGREEMENT and each.disposition is Disposition.ESCALATE
            for each in blocking
        )
        return then(
            Conclusion.ASK,
            "the reviewers disagree on something serious"
            if dissent
            else "a reviewer wants a person to decide",
        )
    if before is not None and len(blocking) >= before:
        told = f"the last fix left {len(blocking)} of {before} findings that block"
        return then(Conclusion.ASK, f"{told}: their number no longer falls")
    if Disposition.REGENERATE in wanted:
        return then(Conclusion.REGENERATE, "a reviewer wants the work to be done anew")
    if fixes >= rounds:
        told = f"{len(blocking)} findings still block" if len(blocking) > 1 else "one still blocks"
        tried = f"{fixes} fix" if fixes == 1 else f"{fixes} fixes"
        return then(Conclusion.ASK, f"{told} after {tried}, the most there may be")
    return then(Conclusion.FIX, "a reviewer wants it put right")


def _agreement(group: Sequence[Finding]) -> Agreement:
    if len(group) == 1:
        return Agreement.UNCONFIRMED
    # Plait only says that something stands in the way, not what is to be done about it.
    plait = any(each.reviewer == PLAIT for each in group)
    wishes = {each.disposition for each in group if each.reviewer != PLAIT}
    dissent = len(wishes) > 1 or (plait and Disposition.ACCEPT in wishes)
    return Agreement.DISAGREEMENT if dissent else Agreement.CONFIRMED


def _order(each: Finding) -> tuple[object, ...]:
    grave = (-_GRAVITY[each.disposition], -_STAKE[each.criticality])
    place = (each.file, each.first, each.last, each.type)
    rest = (each.axis, each.severity, each.resolution, each.code, each.id)
    return (*grave, *place, each.description, each.reviewer, *rest)


def _meet(one: Finding, other: Finding) -> bool:
    return one.first <= other.last + _NEAR and other.first <= one.last + _NEAR


def _shared_words(one: Finding, other: Finding) -> float:
    ours, theirs = _words(one), _words(other)
    return len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0


def _words(each: Finding) -> frozenset[str]:
    return frozenset(_WORD.findall(each.description.lower()))
