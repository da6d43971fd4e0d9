"""The Store port in memory, for tests of what stands above it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from plait.core import lock_keys
from plait.core.audit import ORIGIN, PLAIT, Entry, Fact, Kind, audited, chained
from plait.core.codec import encode
from plait.core.event import (
    AgentEnded,
    AttemptStarted,
    Landed,
    LandingRefused,
    Recorded,
    RunId,
    RunStatus,
    UsageReported,
    Warned,
    subject,
)
from plait.core.features import Feature
from plait.core.lease import Epoch, Lease, TrunkLease
from plait.core.messages import Progress, Question
from plait.core.plan import Digest, PackageId, Plan, WorkPackage
from plait.core.run import PackageStatus
from plait.core.spent import Used, used
from plait.core.step import Done
from plait.errors import LeaseHeld, LockHeld, RunHeld, RunTaken, StaleEpoch, UsageError
from plait.ports import (
    Advance,
    Approval,
    Clock,
    Duration,
    HeldKey,
    HeldRun,
    Landings,
    PackageRow,
    Request,
    RunRow,
)


@dataclass(slots=True, kw_only=True)
class _Kept:
    row: RunRow
    plan: Plan
    options: Mapping[str, Any]
    packages: dict[PackageId, PackageRow]
    leases: dict[PackageId, Lease] = field(default_factory=dict)
    events: list[Recorded] = field(default_factory=list)
    steps: dict[tuple[PackageId, int], dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    epoch: int = 0
    holder: str | None = None
    until: float = 0.0


class MemoryStore:
    """The same semantics as the store in SQL; nothing outlives the object."""

    shared = False

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._runs: dict[RunId, _Kept] = {}
        self._approvals: list[Approval] = []
        self._keys: tuple[HeldKey, ...] = ()
        self._tokens = 0
        self._audit: list[Entry] = []

    def _audited(self, *facts: Fact) -> None:
        last = self._audit[-1] if self._audit else None
        number, previous = (last.number, last.hash) if last else (0, ORIGIN)
        self._audit += chained(facts, number=number, previous=previous, at=self._clock.now())

    def audit(self, *, after: int = 0, most: int = 1000) -> tuple[Entry, ...]:
        return tuple(self._audit[after : after + most])

    def audit_of(self, run: RunId, *, most: int = 1000) -> tuple[Entry, ...]:
        found = [each for each in self._audit if each.run == run or each.kind == Kind.APPROVED]
        return tuple(found[-most:])

    def audited(self) -> int:
        return len(self._audit)

    def create_run(
        self, run: RunId, plan: Plan, *, branch: str, base: str, options: Mapping[str, Any]
    ) -> None:
        if run in self._runs:
            raise UsageError(f"there is a run {run} already", code="RUN_EXISTS")
        now = self._clock.now()
        row = RunRow(
            id=run,
            plan=plan.id,
            digest=plan.digest,
            branch=branch,
            base=base,
            head=base,
            status=RunStatus.RUNNING,
            created_at=now,
            updated_at=now,
        )
        packages = {package.id: _row(package, now) for package in plan.packages}
        self._runs[run] = _Kept(row=row, plan=plan, options=encode(options), packages=packages)

    def run(self, run: RunId) -> RunRow:
        return self._kept(run).row

    def runs(self) -> tuple[RunRow, ...]:
        return tuple(kept.row for kept in reversed(self._runs.values()))

    def plan(self, run: RunId) -> Plan:
        return self._kept(run).plan

    def options(self, run: RunId) -> Mapping[str, Any]:
        return dict(self._kept(run).options)

    def packages(self, run: RunId) -> tuple[PackageRow, ...]:
        return tuple(self._kept(run).packages.values())

    def claim_run(
        self, run: RunId, *, holder: str, ttl_s: float, over: str | None = None
    ) -> TrunkLease:
        kept, now = self._kept(run), self._clock.now()
        if kept.holder not in {None, holder, over} and kept.until > now:
            raise RunHeld(run, holder=kept.holder or "", remaining_s=kept.until - now)
        kept.epoch, kept.holder, kept.until = kept.epoch + 1, holder, now + ttl_s
        kept.leases = {name: replace(each, holder=holder) for name, each in kept.leases.items()}
        epoch = Epoch(kept.epoch)
        self._audited(Fact(kind=Kind.CLAIMED, who=holder, run=run, data={"epoch": epoch}))
        return TrunkLease(run=run, branch=kept.row.branch, epoch=epoch, holder=holder)

    def renew_run(
        self, run: RunId, *, epoch: int, ttl_s: float, packages: Mapping[PackageId, int]
    ) -> tuple[Lease, ...]:
        kept, until = self._decided(run, epoch), self._clock.now() + ttl_s
        if kept.holder is None:
            raise UsageError(f"run {run} is not claimed", code="NOT_CLAIMED", hint="claim")
        kept.until = until
        for package, held in packages.items():
            if _package(kept, package).epoch == held and package in kept.leases:
                kept.leases[package] = replace(kept.leases[package], until=until)
        return tuple(
            kept.leases[package]
            for package, held in packages.items()
            if package in kept.leases and kept.packages[package].epoch == held
        )

    def require_run(self, run: RunId, *, epoch: int, packages: Mapping[PackageId, int]) -> None:
        self._decided(run, epoch)
        for package, held in packages.items():
            self._require(run, package, held)

    def release_run(self, run: RunId, *, epoch: int) -> None:
        self._decided(run, epoch).holder = None

    def held_runs(self) -> tuple[HeldRun, ...]:
        now = self._clock.now()
        return tuple(
            HeldRun(
                run=run,
                epoch=Epoch(kept.epoch),
                holder=kept.holder,
                remaining_s=kept.until - now,
            )
            for run, kept in sorted(self._runs.items())
            if kept.holder is not None and kept.until > now
        )

    def note(self, run: RunId, warned: Warned) -> None:
        kept = self._kept(run)
        seq = len(kept.events) + 1
        at = max(self._clock.now(), kept.row.updated_at)
        kept.events.append(Recorded(seq=seq, at=at, run=run, event=warned))

    def claim(
        self,
        run: RunId,
        package: PackageId,
        *,
        holder: str,
        ttl_s: float,
        keys: Iterable[str] = (),
        run_epoch: int = 0,
    ) -> Lease:
        kept = self._decided(run, run_epoch)
        row = _package(kept, package)
        held, now = kept.leases.get(package), self._clock.now()
        if held is not None and held.holder != holder and held.until > now:
            remaining = held.until - now
            raise LeaseHeld(package, run=run, holder=held.holder, remaining_s=remaining)
        epoch = Epoch(row.epoch + 1)
        if wanted := tuple(keys):
            self._take(run, package, epoch, wanted)
        lease = Lease(package=package, epoch=epoch, holder=holder, until=now + ttl_s)
        kept.leases[package] = lease
        kept.packages[package] = replace(row, epoch=lease.epoch, updated_at=now)
        return lease

    def renew(
        self, run: RunId, package: PackageId, epoch: int, *, ttl_s: float, run_epoch: int = 0
    ) -> Lease:
        self._decided(run, run_epoch)
        kept = self._require(run, package, epoch)
        if package not in kept.leases:
            raise UsageError(f"package {package} is not claimed", code="NOT_CLAIMED", hint="claim")
        lease = replace(kept.leases[package], until=self._clock.now() + ttl_s)
        kept.leases[package] = lease
        return lease

    def release(self, run: RunId, package: PackageId, epoch: int, *, run_epoch: int = 0) -> None:
        self._decided(run, run_epoch)
        self._require(run, package, epoch).leases.pop(package, None)
        self._keys = self._keys_of_others(run, package)

    def expired(self, run: RunId) -> tuple[Lease, ...]:
        kept, now = self._kept(run), self._clock.now()
        claims = [kept.leases[each] for each in kept.packages if each in kept.leases]
        return tuple(lease for lease in claims if lease.until <= now)

    def acquire(
        self,
        run: RunId,
        package: PackageId,
        epoch: int,
        keys: Iterable[str],
        *,
        run_epoch: int = 0,
    ) -> tuple[HeldKey, ...]:
        self._decided(run, run_epoch)
        self._require(run, package, epoch)
        return self._take(run, package, epoch, keys)

    def _take(
        self, run: RunId, package: PackageId, epoch: int, keys: Iterable[str]
    ) -> tuple[HeldKey, ...]:
        wanted = sorted({lock_keys.normalise(key) for key in keys})
        others = self._keys_of_others(run, package)
        for key in wanted:
            for other in others:
                if lock_keys.conflict(key, other.key):
                    raise LockHeld(key, held=other.key, run=other.run, package=other.package)
        taken = tuple(
            HeldKey(key=key, run=run, package=package, epoch=Epoch(epoch), token=token)
            for token, key in enumerate(wanted, start=self._tokens + 1)
        )
        self._tokens += len(taken)
        self._keys = (*others, *taken)
        return taken

    def free_keys(self, held: HeldKey, *, over: str | None = None) -> bool:
        if any(each.run == held.run and each.holder != over for each in self.held_runs()):
            return False
        owner = (held.run, held.package, held.epoch)
        self._keys = tuple(k for k in self._keys if (k.run, k.package, k.epoch) != owner)
        return True

    def held_keys(self) -> tuple[HeldKey, ...]:
        return self._keys

    def advance(
        self, run: RunId, advances: Sequence[Advance], *, run_epoch: int = 0
    ) -> tuple[Recorded, ...]:
        kept = self._decided(run, run_epoch)
        now = max(self._clock.now(), kept.row.updated_at)
        for advance in advances:
            if advance.plan is not None:
                _replan(kept, advance.plan, now)
            _guard(kept, advance)
        recorded: list[Recorded] = []
        for advance in advances:
            for event in advance.events:
                seq = len(kept.events) + 1
                recorded.append(Recorded(seq=seq, at=now, run=run, event=event))
                kept.events.append(recorded[-1])
                fact = audited(run, event)
                self._audited(*([] if fact is None else [fact]))
            for state in advance.packages:
                kept.packages[state.id] = replace(
                    kept.packages[state.id],
                    status=state.status,
                    attempts=state.attempts_made,
                    commit=state.commit,
                    reason=state.reason,
                    updated_at=now,
                )
            for step in advance.steps:
                kept.steps.setdefault((step.package, step.epoch), {})[step.name] = step.outcome
            for number, told in advance.answers:
                if kept.requests[number - 1].answer is None:
                    kept.requests[number - 1] = replace(kept.requests[number - 1], answer=told)
                    data = {"request": number, "answer": told}
                    self._audited(Fact(kind=Kind.ANSWERED, who=PLAIT, run=run, data=data))
            for package in advance.released:
                kept.leases.pop(package, None)
                self._keys = self._keys_of_others(run, package)
            kept.row = replace(
                kept.row,
                status=kept.row.status if advance.status is None else advance.status,
                head=kept.row.head if advance.head is None else advance.head,
            )
        kept.row = replace(kept.row, updated_at=now)
        return tuple(recorded)

    def events(
        self, run: RunId, *, after: int = 0, package: PackageId | None = None
    ) -> tuple[Recorded, ...]:
        wanted = {None, package}
        return tuple(
            recorded
            for recorded in self._kept(run).events
            if recorded.seq > after and (package is None or subject(recorded.event)[0] in wanted)
        )

    def some_events(self, run: RunId, *, after: int, most: int) -> tuple[Recorded, ...]:
        return self.events(run, after=after)[:most]

    def used(self, run: RunId) -> Mapping[PackageId, Used]:
        told = [each.event for each in self._kept(run).events]
        said = [each for each in told if isinstance(each, AgentEnded | UsageReported)]
        return used((each.package, each.attempt, each.epoch, encode(each)) for each in said)

    def steps(self, run: RunId) -> Mapping[PackageId, Done]:
        kept = self._kept(run)
        latest = ((row.id, kept.steps.get((row.id, row.epoch))) for row in kept.packages.values())
        return {package: dict(done) for package, done in latest if done}

    def ask(self, run: RunId, kind: str, data: Mapping[str, Any], *, who: str) -> int:
        kept, number = self._kept(run), len(self._kept(run).requests) + 1
        now = self._clock.now()
        kept.requests.append(Request(number=number, kind=kind, data=dict(data), who=who, at=now))
        said = {"request": number, "kind": kind, "data": dict(data)}
        self._audited(Fact(kind=Kind.ASKED, who=who, run=run, data=said))
        return number

    def requests(self, run: RunId) -> tuple[Request, ...]:
        return tuple(each for each in self._kept(run).requests if each.answer is None)

    def request(self, run: RunId, number: int) -> Request:
        known = self._kept(run).requests
        if not 1 <= number <= len(known):
            raise UsageError(f"run {run} has no request {number}", code="NO_SUCH_REQUEST")
        return known[number - 1]

    def approve(self, digest: Digest, *, who: str, plan: str) -> Approval:
        approval = Approval(who=who, at=self._clock.now(), digest=digest, plan=plan)
        self._approvals.append(approval)
        given = {"digest": digest, "plan": plan}
        self._audited(Fact(kind=Kind.APPROVED, who=who, data=given))
        return approval

    def approvals(self, digest: Digest) -> tuple[Approval, ...]:
        return tuple(approval for approval in self._approvals if approval.digest == digest)

    def approved(self, plan: str) -> tuple[Approval, ...]:
        return tuple(approval for approval in self._approvals if approval.plan == plan)

    def landings(self) -> Landings:
        told = [recorded.event for kept in self._runs.values() for recorded in kept.events]
        red = [
            each
            for each in told
            if isinstance(each, LandingRefused) and each.error_code == "LANDING_FAILED"
        ]
        return Landings(landed=sum(isinstance(each, Landed) for each in told), red=len(red))

    def questions(self, run: RunId) -> tuple[Question, ...]:
        return ()  # nobody joins it

    def progress(self, run: RunId) -> tuple[Progress, ...]:
        return ()

    def features(self) -> tuple[Feature, ...]:
        return ()

    def durations(self) -> tuple[Duration, ...]:
        found = [
            (landed.at, kept.row.plan, landed.event.package, landed.at - started.at)
            for kept in self._runs.values()
            for landed in kept.events
            if isinstance(landed.event, Landed)
            for started in kept.events
            if isinstance(started.event, AttemptStarted)
            and started.event.package == landed.event.package
            and started.event.attempt == landed.event.attempt
        ]
        found.sort(key=lambda row: (-row[0], row[2]))
        return tuple(Duration(plan=row[1], package=row[2], seconds=row[3]) for row in found)

    def close(self) -> None:
        """There is nothing to let go of."""

    def _keys_of_others(self, run: RunId, package: PackageId) -> tuple[HeldKey, ...]:
        return tuple(each for each in self._keys if (each.run, each.package) != (run, package))

    def _require(self, run: RunId, package: PackageId, epoch: int) -> _Kept:
        kept = self._kept(run)
        current = _package(kept, package).epoch
        if epoch != current:
            raise StaleEpoch(package, held=epoch, current=current)
        return kept

    def _decided(self, run: RunId, epoch: int) -> _Kept:
        kept = self._kept(run)
        if kept.epoch != epoch:
            raise RunTaken(run, held=epoch, current=kept.epoch, holder=kept.holder or "")
        return kept

    def _kept(self, run: RunId) -> _Kept:
        if run not in self._runs:
            raise UsageError(f"there is no run {run}", code="NO_SUCH_RUN")
        return self._runs[run]


def _package(kept: _Kept, package: PackageId) -> PackageRow:
    if package not in kept.packages:
        raise UsageError(f"there is no package {package}", code="NO_SUCH_PACKAGE")
    return kept.packages[package]


def _replan(kept: _Kept, plan: Plan, now: float) -> None:
    before = kept.packages
    kept.plan = plan
    kept.row = replace(kept.row, digest=plan.digest)
    kept.packages = {
        package.id: replace(before[package.id], title=package.title)
        if package.id in before
        else _row(package, now)
        for package in plan.packages
    }
    for row in before.values():
        kept.packages.setdefault(row.id, row)


def _row(package: WorkPackage, now: float) -> PackageRow:
    return PackageRow(
        id=package.id,
        title=package.title,
        status=PackageStatus.PENDING,
        attempts=0,
        epoch=0,
        commit=None,
        reason="",
        updated_at=now,
    )


def _guard(kept: _Kept, advance: Advance) -> None:
    for state in advance.packages:
        current = _package(kept, state.id).epoch
        if state.epoch != current:
            raise StaleEpoch(state.id, held=state.epoch, current=current)
    for step in advance.steps:
        current = _package(kept, step.package).epoch
        if step.epoch != current:
            raise StaleEpoch(step.package, held=step.epoch, current=current)
    for event in advance.events:
        package, _, epoch = subject(event)
        if package is None:
            continue
        current = _package(kept, package).epoch
        if epoch is not None and epoch != current:
            raise StaleEpoch(package, held=epoch, current=current)
