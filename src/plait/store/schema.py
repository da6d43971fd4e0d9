"""The tables of the state of record: run, plan, package (with its lease), event, steps, locks.

One schema for SQLite and PostgreSQL. It has no sequences and no server-side defaults, so that
rows copied to another database are all there is to copy. Times are Unix seconds; documents
(plans, options, events' data) are JSON text that only Plait reads.

A change here needs a migration beside it, and `HEAD_REVISION` names the newest; a test compares
what the migrations make with what stands here.
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.event import listen

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# `seq` is the last event's: adding to it locks the run's row and hands out the next numbers
# without a gap.
run = Table(
    "run",
    metadata,
    Column("id", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("plan", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("branch", String, nullable=False),
    Column("base", String, nullable=False),
    Column("head", String, nullable=False),
    Column("status", String, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("options", Text, nullable=False),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("number"),
)

# Apart from the run, whose row is written anew with every event: a plan may be megabytes long.
plan = Table(
    "plan",
    metadata,
    Column("run", String, ForeignKey(run.c.id), nullable=False),
    Column("document", Text, nullable=False),
    PrimaryKeyConstraint("run"),
)

package = Table(
    "package",
    metadata,
    Column("run", String, ForeignKey(run.c.id), nullable=False),
    Column("id", String, nullable=False),
    Column("position", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("status", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("holder", String),
    Column("lease_until", Double),
    Column("attempts", Integer, nullable=False),
    Column("commit", String),
    Column("reason", Text, nullable=False),
    Column("error_code", String),
    Column("updated_at", Double, nullable=False),
    PrimaryKeyConstraint("run", "id"),
    UniqueConstraint("run", "position"),
    CheckConstraint("(holder IS NULL) = (lease_until IS NULL)", name="lease_is_whole"),
)

event = Table(
    "event",
    metadata,
    Column("run", String, ForeignKey(run.c.id), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("type", String, nullable=False),
    Column("package", String),
    Column("attempt", Integer),
    Column("epoch", Integer),
    Column("data", Text, nullable=False),
    PrimaryKeyConstraint("run", "seq"),
    ForeignKeyConstraint(["run", "package"], [package.c.run, package.c.id]),
)

approval = Table(
    "approval",
    metadata,
    Column("digest", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("who", Text, nullable=False),
    Column("plan", String, nullable=False),
    Column("at", Double, nullable=False),
    PrimaryKeyConstraint("digest", "number"),
)

# The keys that packages hold. A token is never given out twice and only rises: who gets a key
# later has a higher one.
lock_key = Table(
    "lock_key",
    metadata,
    Column("token", BigInteger, autoincrement=False, nullable=False),
    Column("key", Text, nullable=False),
    Column("run", String, nullable=False),
    Column("package", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    PrimaryKeyConstraint("token"),
    ForeignKeyConstraint(["run", "package"], [package.c.run, package.c.id]),
)

# Numbers that must outlive the rows they were given to. A row is copied like any other.
counter = Table(
    "counter",
    metadata,
    Column("name", String, nullable=False),
    Column("value", BigInteger, nullable=False),
    PrimaryKeyConstraint("name"),
)
LOCK_TOKEN = "lock_token"  # noqa: S105 - the counter's name

# Who decides a run and moves its branch. Its epoch rises with each claim, as a package's does, and
# every later write of the run names it.
trunk = Table(
    "trunk",
    metadata,
    Column("run", String, ForeignKey(run.c.id), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("holder", String),
    Column("lease_until", Double),
    PrimaryKeyConstraint("run"),
    CheckConstraint("(holder IS NULL) = (lease_until IS NULL)", name="lease_is_whole"),
)

# What a step of an attempt came to (JSON), by the step's name: an attempt that is taken up again
# goes on after the last one, also under a version of Plait that has other steps in between.
step = Table(
    "step",
    metadata,
    Column("run", String, nullable=False),
    Column("package", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("at", Double, nullable=False),
    PrimaryKeyConstraint("run", "package", "epoch", "name"),
    ForeignKeyConstraint(["run", "package"], [package.c.run, package.c.id]),
)

# What a person asked of a run (`data` is JSON), and the answer of whoever decides it.
request = Table(
    "request",
    metadata,
    Column("run", String, ForeignKey(run.c.id), nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("data", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("answer", Text),
    PrimaryKeyConstraint("run", "number"),
)

# Who ordered, approved, accepted, took over and delivered what: `core.audit`. Rows are only added;
# `counter` has how many, so that those that are taken off the end are missed.
audit = Table(
    "audit",
    metadata,
    Column("number", BigInteger, autoincrement=False, nullable=False),
    Column("at", Double, nullable=False),
    Column("run", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("who", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    PrimaryKeyConstraint("number"),
)
AUDIT_COUNT = "audit"  # the counter's name
_KEPT = "rows of the audit are kept as they are"
for _dialect, _statement in (
    *(
        (
            "sqlite",
            f"CREATE TRIGGER audit_is_not_{done} BEFORE {what} ON audit"
            f" BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END",
        )
        for what, done in (("UPDATE", "changed"), ("DELETE", "deleted"))
    ),
    (
        "postgresql",
        "CREATE OR REPLACE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN RAISE EXCEPTION '{_KEPT}'; END $$",
    ),
    (
        "postgresql",
        "CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()",
    ),
):
    _kept = DDL(_statement)  # type: ignore[no-untyped-call]
    listen(audit, "after_create", _kept.execute_if(dialect=_dialect))

# An agent that has joined, from any tool: `core.coordination`. `secret` is a hash.
session = Table(
    "session",
    metadata,
    Column("id", String, nullable=False),
    Column("agent", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("secret", String(64), nullable=False),
    Column("state", String, nullable=False, index=True),
    Column("run", String, nullable=False),
    Column("trust", Integer, nullable=False),
    Column("capabilities", Text, nullable=False),
    Column("doing", Text, nullable=False),
    Column("delegated_from", String, nullable=False),
    Column("paths", Text, nullable=False),
    Column("ttl_s", Double, nullable=False),
    Column("until", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    PrimaryKeyConstraint("id"),
)

# Work that sessions claim. `number` is of submission; `token` rises with each claim.
task = Table(
    "task",
    metadata,
    Column("id", String, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("type", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("input", Text, nullable=False),
    Column("run", String, nullable=False),
    Column("package", String, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("place", Text, nullable=False),
    Column("needs", Text, nullable=False),
    Column("capabilities", Text, nullable=False),
    Column("trust", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("session", String, nullable=False, index=True),
    Column("token", Integer, nullable=False),
    Column("until", Double, nullable=False),
    Column("claims", Integer, nullable=False),
    Column("most_claims", Integer, nullable=False),
    Column("result", Text),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("number"),
    Index("ix_task_state_priority_number", "state", "priority", "number"),
    Index("ix_task_run_state", "run", "state"),
)
TASK_NUMBER = "task_number"  # the counter's name

task_need = Table(
    "task_need",
    metadata,
    Column("task", String, ForeignKey(task.c.id), nullable=False),
    Column(
        "needs",
        String,
        ForeignKey(task.c.id, name="fk_task_need_needs"),
        nullable=False,
        index=True,
    ),
    PrimaryKeyConstraint("task", "needs"),
)

# Keys that sessions hold, beside those that packages hold: tokens are numbered together.
session_lock = Table(
    "session_lock",
    metadata,
    Column("token", BigInteger, autoincrement=False, nullable=False),
    Column("key", Text, nullable=False),
    Column("session", String, ForeignKey(session.c.id), nullable=False, index=True),
    Column("agent", Text, nullable=False),
    Column("until", Double, nullable=False),
    Column("run", String, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("token"),
)

# Who waits for work, and until when.
demand = Table(
    "demand",
    metadata,
    Column("session", String, ForeignKey(session.c.id), nullable=False),
    Column("run", String, nullable=False),
    Column("types", Text, nullable=False),
    Column("capabilities", Text, nullable=False),
    Column("trust", Integer, nullable=False),
    Column("until", Double, nullable=False),
    PrimaryKeyConstraint("session"),
)

# Alembic's own table, written here too: stamping a fresh database needs no import of alembic.
version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
