"""Values to rows and back."""

from __future__ import annotations

import json
import re
from typing import Any

from sqlalchemy import Row

from plait.core.event import (
    TYPE_NAMES,
    Recorded,
    RunId,
    RunStatus,
    from_data,
    subject,
    to_text,
)
from plait.core.plan import Plan
from plait.core.run import PackageState, PackageStatus
from plait.errors import EnvironmentLack
from plait.ports import HeldKey, PackageRow, RunRow

# Half surrogate pairs have no UTF-8, and PostgreSQL takes no NUL. Agents' words may hold both.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def run(row: Row[*tuple[Any, ...]]) -> RunRow:
    """A run as a list shows it."""
    id_, plan, digest, branch, base, head, status, created_at, updated_at = row
    return RunRow(
        id=id_,
        plan=plan,
        digest=digest,
        branch=branch,
        base=base,
        head=head,
        status=RunStatus(status),
        created_at=created_at,
        updated_at=updated_at,
    )


def package(row: Row[*tuple[Any, ...]]) -> PackageRow:
    """A package as `status` shows it."""
    id_, title, status, attempts, epoch, commit, reason, updated_at = row
    return PackageRow(
        id=id_,
        title=title,
        status=status,
        attempts=attempts,
        epoch=epoch,
        commit=commit,
        reason=reason,
        updated_at=updated_at,
    )


def new_packages(run: RunId, plan: Plan, now: float) -> list[dict[str, Any]]:
    """The rows of a plan's packages as a run begins: pending, never claimed."""
    return [
        {
            "run": run,
            "id": package.id,
            "position": position,
            "title": storable(package.title),
            "status": PackageStatus.PENDING.value,
            "epoch": 0,
            "attempts": 0,
            "reason": "",
            "updated_at": now,
        }
        for position, package in enumerate(plan.packages)
    ]


def new_state(run: RunId, state: PackageState, now: float) -> dict[str, Any]:
    """What a package's new state writes into its row; the epoch only says which row is meant."""
    return {
        "of_run": run,
        "of_package": state.id,
        "of_epoch": state.epoch,
        "new_status": state.status.value,
        "new_attempts": state.attempts_made,
        "new_commit": state.commit,
        "new_reason": storable(state.reason),
        "new_error_code": state.error_code,
        "now": now,
    }


def new_key(held: HeldKey) -> dict[str, Any]:
    """The row of a lock key."""
    return {
        "token": held.token,
        "key": held.key,
        "run": held.run,
        "package": held.package,
        "epoch": held.epoch,
    }


def new_event(recorded: Recorded) -> dict[str, Any]:
    """The row of an event. Its JSON is pure ASCII, so any text whatever comes back as it was."""
    package, attempt, epoch = subject(recorded.event)
    return {
        "run": recorded.run,
        "seq": recorded.seq,
        "at": recorded.at,
        "type": TYPE_NAMES[type(recorded.event)],
        "package": package,
        "attempt": attempt,
        "epoch": epoch,
        "data": to_text(recorded.event),
    }


def recorded(run: RunId, row: Row[*tuple[Any, ...]], *, place: str) -> Recorded:
    """The event of a row.

    Raises:
        EnvironmentLack: `STORE_TOO_NEW` for a type, or a value, that this version does not know.
    """
    seq, at, kind, data = row
    try:
        event = from_data(kind, json.loads(data))
    except (KeyError, ValueError, TypeError) as error:
        raise EnvironmentLack(
            f"event {seq} of run {run}, a {kind}, is unknown to this version: {place}",
            code="STORE_TOO_NEW",
            hint="use the version of Plait that wrote it, or a newer one",
            where=place,
        ) from error
    return Recorded(seq=seq, at=at, run=run, event=event)


def storable(text: str) -> str:
    """The text without what one of the databases would not take."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)
