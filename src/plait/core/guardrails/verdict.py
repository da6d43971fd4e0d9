"""What a command may do: categories, the trust that each operation needs, the verdict.

An operation needs a level of trust. An agent that has it may; one that is a single level short
is to ask; one further below is denied. What can harm nobody else, for the agent works on things
of its own, needs no more than the standard one. An owner's word on a whole category comes first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import IntEnum, StrEnum
from typing import NamedTuple


class Category(StrEnum):
    """What an operation endangers."""

    GIT = "git"
    FILE = "file"
    DATABASE = "database"
    CREDENTIAL = "credential"
    DEPLOYMENT = "deployment"
    PUBLISH = "publish"
    SYSTEM = "system"
    UNKNOWN = "unknown"  # what it would do cannot be told before it runs


class Trust(IntEnum):
    """How far an agent is trusted."""

    UNTRUSTED = 0
    LIMITED = 1
    STANDARD = 2
    ELEVATED = 3
    ADMIN = 4


class Verdict(StrEnum):
    """What is to be done with a command."""

    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


class Bound(StrEnum):
    """What an agent has to itself: an operation that reaches no further harms nobody else."""

    WORKTREE = "worktree"  # made for its work alone: what is committed is safe from it
    REPOSITORY = "repository"  # its refs, its stash and its settings are no one else's
    HOME = "home"  # `~` is a folder of its own
    FILES = "files"  # wherever a command would write: elsewhere nothing can be
    PROCESSES = "processes"  # it can signal no others
    DATABASES = "databases"  # those that its environment names were made for it


class Offence(NamedTuple):
    """An operation that not everyone may do: which, why, and the trust it needs.

    `within` names what has to be the agent's own, so that the standard trust is enough; None:
    nothing makes it harmless.
    """

    category: Category
    level: Trust
    operation: str
    why: str
    within: Bound | None = None

    def needs(self, own: Collection[Bound]) -> Trust:
        """The trust that it needs of an agent that has these to itself."""
        return min(self.level, Trust.STANDARD) if self.within in own else self.level


class Judgement(NamedTuple):
    """The verdict on a command, with the offences that it rests on, the gravest first.

    `trust` is the least level at which nothing of it would be asked or denied by default.
    """

    verdict: Verdict
    trust: Trust
    offences: tuple[Offence, ...]

    @property
    def reason(self) -> str:
        """Why, in a sentence or several; empty if it is allowed."""
        return "; ".join(f"{each.operation}: {each.why}" for each in self.offences[:3])


_ORDER = (Verdict.DENY, Verdict.ASK, Verdict.ALLOW)


def weigh(
    found: Iterable[Offence],
    trust: Trust | int = Trust.STANDARD,
    owner: Mapping[Category, Verdict] | None = None,
    own: Collection[Bound] = (),
) -> Judgement:
    """The verdict on what was found.

    Args:
        found: Its operations.
        trust: The level of whoever wants to run it.
        owner: The owner's word on categories.
        own: What whoever wants to run it has to itself.
    """
    told = owner or {}
    every = tuple(dict.fromkeys(each._replace(level=each.needs(own)) for each in found))
    held = [(verdict_on(each, trust, told), each) for each in every]
    held.sort(key=lambda pair: (_ORDER.index(pair[0]), -pair[1].level))
    verdict = held[0][0] if held else Verdict.ALLOW
    needed = max((each.level for each in every), default=Trust.UNTRUSTED)
    kept = tuple(each for mine, each in held if mine is not Verdict.ALLOW)
    return Judgement(verdict, needed, kept)


def verdict_on(offence: Offence, trust: Trust | int, owner: Mapping[Category, Verdict]) -> Verdict:
    """What is to be done with one operation."""
    if offence.category in owner:
        return owner[offence.category]
    if trust >= offence.level:
        return Verdict.ALLOW
    short = offence.level - trust
    return Verdict.ASK if short == 1 or offence.category is Category.UNKNOWN else Verdict.DENY
