"""What the owner of a run ordered, and what came of it. `who` names a person, or is empty."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.plan import PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPaused:
    """Nothing more starts. What is under way is finished first, unless `at_once`."""

    who: str
    at_once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunUnpaused:
    """A pause was lifted before the run had come to rest."""

    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCancelled:
    """The run is to end: nothing more starts, and what is under way is ended and kept."""

    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsChanged:
    """What the run may use from now on; None leaves a limit as it is."""

    who: str
    max_agents: int | None = None
    budget_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRequeued:
    """A package waits to be started again, whatever it was before.

    `fresh`: its attempts until now no longer count against its retry budget.
    """

    package: PackageId
    reason: str
    who: str = ""
    fresh: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswered:
    """A person answered what a package asked; its next brief holds both."""

    package: PackageId
    question: str
    answer: str
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRefused:
    """A person judged that a gate does not pass."""

    package: PackageId
    reason: str
    who: str = ""
