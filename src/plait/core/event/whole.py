"""How the run's branch was judged as a whole, once everything had landed."""

from __future__ import annotations

from dataclasses import dataclass

from plait.core.event.kinds import Verdict
from plait.core.plan import PackageId


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationJudged:
    """The integration gate: the full suite, the contracts and the change's folder, on one tree.

    `pass`: the run has succeeded. `revise`: the package `fix` was opened for what is wrong, and
    the whole is judged again behind it. `blocked`: a person is asked `question`. `checks` are
    the names of those that ran now, `known` counts those that had passed on this very tree
    before. `validated` says who looked at the change's folder. `stale` are packages that were
    built on another text of a contract than the branch holds now: of the one at the same place
    in `stale_contracts`.
    """

    verdict: Verdict
    commit: str
    tree: str
    checks: tuple[str, ...] = ()
    known: int = 0
    contracts: int = 0
    validated: str = ""
    problems: tuple[str, ...] = ()
    stale: tuple[PackageId, ...] = ()
    stale_contracts: tuple[str, ...] = ()
    reason: str = ""
    question: str = ""
    fix: PackageId | None = None
    log: str = ""
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationAccepted:
    """A person accepted the whole as it is, at `commit`, though the gate did not pass."""

    commit: str
    reason: str
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrationReopened:
    """The whole is to be judged again; `mend`: after a package has put right what is wrong."""

    reason: str
    who: str = ""
    mend: bool = False
