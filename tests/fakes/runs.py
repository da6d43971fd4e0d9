"""Plans and runs in short, for tests of decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from plait.core.event import (
    AttemptEnded,
    AttemptStarted,
    Event,
    Landed,
    Recorded,
    RunId,
    RunStarted,
    Verdict,
)
from plait.core.plan import (
    Confidence,
    Digest,
    Edge,
    Locks,
    PackageId,
    Plan,
    Scope,
    WorkPackage,
)
from plait.core.run import Run, fold

RUN = RunId("20260101-000000-test")


def package(
    name: str,
    *needs: str,
    write: Sequence[str] | None = None,
    keys: Sequence[str] = (),
    **fields: object,
) -> WorkPackage:
    """A package that may write a folder of its own unless told otherwise."""
    scope = Scope(
        write=tuple([f"{name}/**"] if write is None else write), confidence=Confidence.DECLARED
    )
    values: dict[str, object] = {
        "id": PackageId(name),
        "source_id": name,
        "title": f"Build {name}",
        "needs": tuple(Edge(id=PackageId(each)) for each in needs),
        "scope": scope,
        "locks": Locks(keys=tuple(keys)),
        **fields,
    }
    return WorkPackage(**values)


def plan(*packages: WorkPackage) -> Plan:
    """A plan of these packages."""
    return Plan(
        id="p",
        title="A plan",
        format="openspec-packages",
        feature="p",
        branch="openspec/p",
        digest=Digest("sha256:0"),
        files=(),
        packages=packages,
    )


def started(plan: Plan, *, done: Iterable[str] = (), max_agents: int = 6) -> Run:
    """A run of the whole plan that has just begun."""
    ids = tuple(each.id for each in plan.packages)
    return record(
        Run(id=RUN, plan=plan),
        RunStarted(
            plan=plan.id,
            format=plan.format,
            digest=plan.digest,
            base="0" * 40,
            branch=plan.branch,
            packages=ids,
            done_before=tuple(PackageId(each) for each in done),
            max_agents=max_agents,
        ),
    )


def record(run: Run, *events: Event) -> Run:
    """The run after these events, one second apart."""
    first = run.seq + 1
    return fold(
        run,
        [
            Recorded(seq=first + index, at=float(first + index), run=run.id, event=event)
            for index, event in enumerate(events)
        ],
    )


def begin(name: str = "a", attempt: int = 1, epoch: int = 1) -> AttemptStarted:
    """An attempt on a package."""
    return AttemptStarted(
        package=PackageId(name),
        attempt=attempt,
        epoch=epoch,
        agent="scripted",
        worktree="w",
        base="0",
        directory="d",
        setup_s=0.5,
    )


def end(name: str = "a", verdict: Verdict = Verdict.PASS, **fields: Any) -> AttemptEnded:
    """The judgement of the attempt."""
    return AttemptEnded(
        **{
            "package": PackageId(name),
            "attempt": 1,
            "epoch": 1,
            "verdict": verdict,
            "commit": "c1" if verdict is Verdict.PASS else None,
            **fields,
        }
    )


def landed(name: str = "a", **fields: Any) -> Landed:
    """The landing of a package."""
    values = {"attempt": 1, "epoch": 1, "commit": f"m-{name}", "tree": "t", "files": ("x",)}
    return Landed(**{"package": PackageId(name), **values, **fields})
