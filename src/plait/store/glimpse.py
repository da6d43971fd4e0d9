"""Read the rows of an embedded store without what it takes to write them.

`plait status` is called often, and SQLAlchemy takes longer to import than the rest of it takes
to run. So this reads tables with the standard library, read-only; a contract test holds it
to what the store itself answers. Whatever it cannot do (another database, another revision, a
damaged file) it leaves to the store, which says what is wrong.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

from plait.core.codec import decode
from plait.core.event import RunId, RunStatus
from plait.core.features import Feature
from plait.core.messages import Progress, Question
from plait.core.plan import Digest, PackageId, Plan
from plait.core.spent import USAGE, Used, used
from plait.errors import UsageError
from plait.ports import Approval, Duration, PackageRow, Request, RunRow
from plait.store.revision import HEAD_REVISION

_RUNS = """
SELECT id, plan, digest, branch, base, head, status, created_at, updated_at
FROM run ORDER BY number DESC
"""
_PACKAGES = """
SELECT id, title, status, attempts, epoch, "commit", reason, updated_at
FROM package WHERE run = ? ORDER BY position
"""
_REQUESTS = """
SELECT number, kind, data, who, at FROM request WHERE run = ? AND answer IS NULL ORDER BY number
"""
_QUESTIONS = """
SELECT number, run, package, session, agent, text, answer, who, created_at, answered_at
FROM question WHERE run = ? AND answered_at = 0 ORDER BY number
"""
_PROGRESS = """
SELECT number, session, agent, run, package, task, percent, message, created_at
FROM progress WHERE run = ? ORDER BY number
"""
_FEATURES = """
SELECT id, title, agent, session, run, paths, keys, until, created_at FROM feature
WHERE until > ? ORDER BY id
"""
_USAGE = """
SELECT package, attempt, epoch, data FROM event
WHERE run = ? AND type IN (?, ?) AND package IS NOT NULL ORDER BY seq
"""
_APPROVED = "SELECT who, at, digest FROM approval WHERE plan = ? ORDER BY at, digest, number"
_DURATIONS = """
SELECT run.plan, landed.package, landed.at - started.at
FROM event AS landed
JOIN event AS started ON started.run = landed.run AND started.package = landed.package
  AND started.attempt = landed.attempt AND started.type = 'attempt_started'
JOIN run ON run.id = landed.run
WHERE landed.type = 'landed' ORDER BY landed.at DESC, landed.package LIMIT 10000
"""


class Glance:
    """All runs, and any run's packages, as they stood when it was opened."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            sqlite3.Error: It is no store of this revision that can be read.
        """
        self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            found = self._connection.execute("SELECT version_num FROM alembic_version").fetchall()
        except sqlite3.Error:
            self.close()
            raise
        if found != [(HEAD_REVISION,)]:
            self.close()
            raise sqlite3.DatabaseError("another revision")

    def runs(self) -> tuple[RunRow, ...]:
        """All runs, newest first."""
        return tuple(
            RunRow(
                id=RunId(row[0]),
                plan=row[1],
                digest=Digest(row[2]),
                branch=row[3],
                base=row[4],
                head=row[5],
                status=RunStatus(row[6]),
                created_at=row[7],
                updated_at=row[8],
            )
            for row in self._connection.execute(_RUNS)
        )

    def packages(self, run: RunId) -> tuple[PackageRow, ...]:
        """A run's packages in the plan's order."""
        return tuple(
            PackageRow(
                id=PackageId(row[0]),
                title=row[1],
                status=row[2],
                attempts=row[3],
                epoch=row[4],
                commit=row[5],
                reason=row[6],
                updated_at=row[7],
            )
            for row in self._connection.execute(_PACKAGES, (run,))
        )

    def plan(self, run: RunId) -> Plan:
        """The plan a run executes, as it was when the run began.

        Raises:
            UsageError: `NO_SUCH_RUN`.
        """
        found = self._connection.execute("SELECT document FROM plan WHERE run = ?", (run,))
        row = found.fetchone()
        if row is None:
            raise UsageError(f"there is no run {run}", code="NO_SUCH_RUN")
        return decode(Plan, json.loads(row[0]))

    def approved(self, plan: str) -> tuple[Approval, ...]:
        """The approvals of any digest of the plans of that id, oldest first."""
        return tuple(
            Approval(who=row[0], at=row[1], digest=Digest(row[2]), plan=plan)
            for row in self._connection.execute(_APPROVED, (plan,))
        )

    def requests(self, run: RunId) -> tuple[Request, ...]:
        """The run's requests that have no answer, oldest first."""
        return tuple(
            Request(number=row[0], kind=row[1], data=json.loads(row[2]), who=row[3], at=row[4])
            for row in self._connection.execute(_REQUESTS, (run,))
        )

    def questions(self, run: RunId) -> tuple[Question, ...]:
        """What sessions ask people about a run, and nobody has answered, the oldest first."""
        return tuple(
            Question(
                number=number,
                run=of,
                package=package,
                session=session,
                agent=agent,
                text=text,
                answer=answer,
                who=who,
                created_at=created_at,
                answered_at=answered_at,
            )
            for (
                number, of, package, session, agent, text, answer, who, created_at, answered_at,
            ) in self._connection.execute(_QUESTIONS, (run,))
        )  # fmt: skip

    def progress(self, run: RunId) -> tuple[Progress, ...]:
        """How far sessions say that work of a run is, the newest word last."""
        return tuple(
            Progress(
                number=number,
                session=session,
                agent=agent,
                run=of,
                package=package,
                task=task,
                percent=percent,
                message=message,
                created_at=created_at,
            )
            for (
                number, session, agent, of, package, task, percent, message, created_at,
            ) in self._connection.execute(_PROGRESS, (run,))
        )  # fmt: skip

    def features(self) -> tuple[Feature, ...]:
        """Features that are registered, whose time is not over, by name."""
        return tuple(
            Feature(
                id=name,
                title=title,
                agent=agent,
                session=session,
                run=run,
                paths=tuple(json.loads(paths)),
                keys=tuple(json.loads(keys)),
                until=until,
                created_at=created_at,
            )
            for (
                name, title, agent, session, run, paths, keys, until, created_at,
            ) in self._connection.execute(_FEATURES, (time.time(),))
        )  # fmt: skip

    def durations(self) -> tuple[Duration, ...]:
        """How long packages took that landed, the latest first."""
        return tuple(
            Duration(plan=row[0], package=PackageId(row[1]), seconds=row[2])
            for row in self._connection.execute(_DURATIONS)
        )

    def used(self, run: RunId) -> Mapping[PackageId, Used]:
        """What each package's agents say they used up."""
        found = self._connection.execute(_USAGE, (run, *USAGE))
        return used((row[0], row[1], row[2], json.loads(row[3])) for row in found)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
