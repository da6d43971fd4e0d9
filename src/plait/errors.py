"""What can go wrong, said for people: a stable code, what, where, what to do, an exit code.

PlaitError                 the base; everything below it is expected and never shows a traceback
├── UsageError       2     the plan or the call is wrong
│   ├── LeaseHeld          another holder's claim on a package lasts
│   ├── LockHeld           another package holds a lock key that conflicts
│   ├── RunHeld            another orchestrator's claim on the run lasts
│   └── RunTaken           a write of a run that another orchestrator has claimed since
├── DecisionNeeded   3     a person must decide first
├── EnvironmentLack  4     git, an agent, the disk or the store is missing or unusable
│   └── StoreUnreachable   the database does not answer now: the call may be made again
└── StaleEpoch       70    a write under an epoch that is no longer the package's (never by design)
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process returns; documented in the reference and never renumbered."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    DECISION = 3
    ENVIRONMENT = 4
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


class PlaitError(Exception):
    """An expected failure with a stable code, a message and what to do about it.

    Args:
        message: What went wrong, in one sentence.
        code: Stable upper-case identifier, e.g. ``NO_SUCH_PLAN``.
        hint: What the reader can do; may be empty.
        where: ``file:line:column`` or a path, where there is one.
    """

    exit_code: ExitCode = ExitCode.BUG

    def __init__(self, message: str, *, code: str, hint: str = "", where: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.hint = hint
        self.where = where


class UsageError(PlaitError):
    """The plan or the call is wrong."""

    exit_code = ExitCode.USAGE


class LeaseHeld(UsageError):  # noqa: N818 - names what is the case
    """A package cannot be claimed: another holder's lease lasts `remaining_s` seconds more."""

    def __init__(self, package: str, *, run: str, holder: str, remaining_s: float) -> None:
        super().__init__(
            f"package {package} of run {run} is claimed by {holder} for {remaining_s:.0f} s more",
            code="CLAIMED",
            hint="wait until that claim has run out, or stop who holds it",
        )
        self.package = package
        self.holder = holder
        self.remaining_s = remaining_s


class LockHeld(UsageError):  # noqa: N818 - names what is the case
    """A lock key cannot be taken: `package` of `run` holds `held`, which conflicts with `key`.

    Or a session of the coordinator's does: then `session` says which.
    """

    def __init__(
        self, key: str, *, held: str, run: str = "", package: str = "", session: str = ""
    ) -> None:
        told = key if key == held else f"{key} (as {held})"
        holder = f"session {session}" if session else f"package {package} of run {run}"
        super().__init__(
            f"the lock key {told} is held by {holder}",
            code="LOCKED",
            hint="it is free once that session has given it back, or is over"
            if session
            else "it is free once that package has ended",
        )
        self.key = key
        self.held = held
        self.run = run
        self.package = package


class RunHeld(UsageError):  # noqa: N818 - names what is the case
    """A run cannot be claimed: another orchestrator's claim lasts `remaining_s` seconds more."""

    def __init__(self, run: str, *, holder: str, remaining_s: float) -> None:
        super().__init__(
            f"run {run} is decided by {holder}, whose claim lasts {remaining_s:.0f} s more",
            code="RUN_HELD",
            hint="watch it with `plait status`; if that process is gone, try again in a minute",
        )
        self.run = run
        self.holder = holder
        self.remaining_s = remaining_s


class RunTaken(UsageError):  # noqa: N818 - names what is the case
    """A write of a run named an epoch that is no longer the run's; it was refused."""

    def __init__(self, run: str, *, held: int, current: int, holder: str = "") -> None:
        who = holder or "another orchestrator"
        super().__init__(
            f"run {run} was taken over by {who}: a write under epoch {held} was refused, "
            f"the run's epoch is {current}",
            code="RUN_TAKEN",
            hint="nothing is lost: see `plait status`, and `plait recover` for what was in work",
        )
        self.run = run
        self.held = held
        self.current = current
        self.holder = holder


class DecisionNeeded(PlaitError):  # noqa: N818 - it is no fault, it is a question
    """A person must decide before work goes on."""

    exit_code = ExitCode.DECISION


class EnvironmentLack(PlaitError):  # noqa: N818 - names what is missing
    """The machine lacks something: git, an agent, disk, the store."""

    exit_code = ExitCode.ENVIRONMENT


class StoreUnreachable(EnvironmentLack):
    """The database server does not answer; nothing is half written, and the call may be repeated.

    Args:
        message: What went wrong; no password is in it.
        where: The database, as people are told of it.
    """

    def __init__(self, message: str, *, where: str) -> None:
        super().__init__(
            message,
            code="STORE_UNREACHABLE",
            hint="see that the server runs and PLAIT_DATABASE_URL is right, then: plait resume",
            where=where,
        )


class StaleEpoch(PlaitError):  # noqa: N818 - the field's word
    """A write carried an epoch that is no longer the package's; it was refused."""

    exit_code = ExitCode.BUG

    def __init__(self, package: str, *, held: int, current: int) -> None:
        super().__init__(
            f"package {package}: a write under epoch {held} was refused, the epoch is {current}",
            code="STALE_EPOCH",
        )
        self.package = package
        self.held = held
        self.current = current
