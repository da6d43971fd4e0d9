"""Every statement of the store, built once: what is built once is compiled once.

None is written for one database alone. A parameter is named after what it means; where SQLAlchemy
keeps a column's name for itself, it begins with `of_` or `new_`.
"""

from __future__ import annotations

from sqlalchemy import (
    Integer,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from plait.core import spent
from plait.store.bulk import Among
from plait.store.database_clock import moment
from plait.store.schema import (
    AUDIT_COUNT,
    LOCK_TOKEN,
    approval,
    audit,
    counter,
    event,
    lock_key,
    package,
    plan,
    request,
    run,
    step,
    trunk,
)

_RUN_ROW = (
    run.c.id,
    run.c.plan,
    run.c.digest,
    run.c.branch,
    run.c.base,
    run.c.head,
    run.c.status,
    run.c.created_at,
    run.c.updated_at,
)

RUN = select(*_RUN_ROW).where(run.c.id == bindparam("run"))
RUNS = select(*_RUN_ROW).order_by(run.c.number.desc())
OPTIONS = select(run.c.options).where(run.c.id == bindparam("run"))
ADD_PLAN = insert(plan)
ADD_TRUNK = insert(trunk)
PLAN = select(plan.c.document).where(plan.c.run == bindparam("run"))
ADD_RUN = insert(run).values(
    number=select(func.coalesce(func.max(run.c.number), 0) + 1).scalar_subquery()
)

# A claim waits for the writes under way; they wait for it. Before any other row is locked.
TRUNK = (
    select(trunk.c.epoch, trunk.c.holder, trunk.c.lease_until - moment())
    .where(trunk.c.run == bindparam("run"))
    .with_for_update()
)
CLAIM_TRUNK = (
    update(trunk)
    .where(
        trunk.c.run == bindparam("of_run"),
        or_(
            trunk.c.holder.is_(None),
            trunk.c.holder == bindparam("new_holder"),
            trunk.c.holder == bindparam("over", type_=trunk.c.holder.type),
            trunk.c.lease_until <= moment(),
        ),
    )
    .values(
        epoch=trunk.c.epoch + 1,
        holder=bindparam("new_holder"),
        lease_until=moment() + bindparam("ttl", type_=trunk.c.lease_until.type),
    )
    .returning(trunk.c.epoch)
)
INHERIT = (
    update(package)
    .where(package.c.run == bindparam("of_run"), package.c.holder.is_not(None))
    .values(holder=bindparam("new_holder"))
)
RENEW_TRUNK = (
    update(trunk)
    .where(trunk.c.run == bindparam("of_run"), trunk.c.holder.is_not(None))
    .values(lease_until=moment() + bindparam("ttl", type_=trunk.c.lease_until.type))
    .returning(trunk.c.holder)
)
RELEASE_TRUNK = (
    update(trunk).where(trunk.c.run == bindparam("of_run")).values(holder=None, lease_until=None)
)
HELD_TRUNKS = (
    select(trunk.c.run, trunk.c.epoch, trunk.c.holder, trunk.c.lease_until - moment())
    .where(trunk.c.lease_until > moment())
    .order_by(trunk.c.run)
)

LOCK_RUN = select(run.c.seq).where(run.c.id == bindparam("run")).with_for_update()

# Hands out the next `count` numbers for events and locks the run's row until the commit. The
# time of a run never goes back, whoever sets the clock: events have one order.
ADVANCE_RUN = (
    update(run)
    .where(run.c.id == bindparam("of_run"))
    .values(
        seq=run.c.seq + bindparam("count"),
        updated_at=case(
            (run.c.updated_at > bindparam("now"), run.c.updated_at), else_=bindparam("now")
        ),
        status=func.coalesce(bindparam("new_status", type_=run.c.status.type), run.c.status),
        head=func.coalesce(bindparam("new_head", type_=run.c.head.type), run.c.head),
    )
    .returning(run.c.seq, run.c.updated_at)
)

PACKAGES = (
    select(
        package.c.id,
        package.c.title,
        package.c.status,
        package.c.attempts,
        package.c.epoch,
        package.c.commit,
        package.c.reason,
        package.c.updated_at,
    )
    .where(package.c.run == bindparam("run"))
    .order_by(package.c.position)
)
ADD_PACKAGE = insert(package)

# A run's plan in place of the one before. Positions are unique, so all are moved out of the way
# (below zero) before each gets its new one.
REPLACE_PLAN = (
    update(plan).where(plan.c.run == bindparam("of_run")).values(document=bindparam("new_document"))
)
REPLACE_DIGEST = (
    update(run).where(run.c.id == bindparam("of_run")).values(digest=bindparam("new_digest"))
)
ORDER = select(package.c.id).where(package.c.run == bindparam("run")).order_by(package.c.position)
SET_ASIDE = (
    update(package)
    .where(package.c.run == bindparam("of_run"))
    .values(position=-1 - package.c.position)
)
PLACE = (
    update(package)
    .where(package.c.run == bindparam("of_run"), package.c.id == bindparam("of_package"))
    .values(position=bindparam("new_position"), title=bindparam("new_title"))
)
MOVE = (
    update(package)
    .where(package.c.run == bindparam("of_run"), package.c.id == bindparam("of_package"))
    .values(position=bindparam("new_position"))
)

CLAIM = (
    update(package)
    .where(
        package.c.run == bindparam("of_run"),
        package.c.id == bindparam("of_package"),
        or_(
            package.c.holder.is_(None),
            package.c.holder == bindparam("new_holder"),
            package.c.lease_until <= moment(),
        ),
    )
    .values(
        epoch=package.c.epoch + 1,
        holder=bindparam("new_holder"),
        lease_until=moment() + bindparam("ttl", type_=package.c.lease_until.type),
        updated_at=bindparam("now"),
    )
    .returning(package.c.epoch, package.c.lease_until)
)
LEASE = (
    select(package.c.holder, package.c.lease_until - moment())
    .where(package.c.run == bindparam("run"), package.c.id == bindparam("package"))
    .with_for_update()
)
RENEW = (
    update(package)
    .where(
        package.c.run == bindparam("of_run"),
        package.c.id == bindparam("of_package"),
        package.c.holder.is_not(None),
    )
    .values(lease_until=moment() + bindparam("ttl", type_=package.c.lease_until.type))
    .returning(package.c.holder, package.c.lease_until)
)
RENEW_SEVERAL = (
    update(package)
    .where(
        package.c.run == bindparam("of_run"),
        package.c.id.in_(bindparam("packages", expanding=True)),
        package.c.holder.is_not(None),
    )
    .values(lease_until=moment() + bindparam("ttl", type_=package.c.lease_until.type))
    .returning(package.c.id, package.c.epoch, package.c.holder, package.c.lease_until)
)
RELEASE = (
    update(package)
    .where(package.c.run == bindparam("of_run"), package.c.id == bindparam("of_package"))
    .values(holder=None, lease_until=None)
)
EXPIRED = (
    select(package.c.id, package.c.epoch, package.c.holder, package.c.lease_until)
    .where(package.c.run == bindparam("run"), package.c.lease_until <= moment())
    .order_by(package.c.position)
)

NEXT_TOKENS = (
    update(counter)
    .where(counter.c.name == LOCK_TOKEN)
    .values(value=counter.c.value + bindparam("count"))
    .returning(counter.c.value)
)
LOCK = insert(lock_key)
LOCKED = select(
    lock_key.c.token, lock_key.c.key, lock_key.c.run, lock_key.c.package, lock_key.c.epoch
).order_by(lock_key.c.token)
UNLOCK = delete(lock_key).where(
    lock_key.c.run == bindparam("of_run"), lock_key.c.package == bindparam("of_package")
)

UNLOCK_EPOCH = delete(lock_key).where(
    lock_key.c.run == bindparam("of_run"),
    lock_key.c.package == bindparam("of_package"),
    lock_key.c.epoch == bindparam("of_epoch"),
)

# The rows stay locked until the commit, so that no claim comes between this and the write.
# (SQLite leaves the lock out: there the transaction holds the whole database.)
EPOCHS = (
    select(package.c.id, package.c.epoch)
    .where(package.c.run == bindparam("run"), Among(package.c.id, "packages"))
    .with_for_update()
)
WRITE_PACKAGE = (
    update(package)
    .where(
        package.c.run == bindparam("of_run"),
        package.c.id == bindparam("of_package"),
        package.c.epoch == bindparam("of_epoch"),
    )
    .values(
        status=bindparam("new_status"),
        attempts=bindparam("new_attempts"),
        commit=bindparam("new_commit"),
        reason=bindparam("new_reason"),
        error_code=bindparam("new_error_code"),
        updated_at=bindparam("now"),
    )
)

ADD_EVENT = insert(event)
EVENTS = (
    select(event.c.seq, event.c.at, event.c.type, event.c.data)
    .where(event.c.run == bindparam("run"), event.c.seq > bindparam("after"))
    .order_by(event.c.seq)
)
USAGE = (
    select(event.c.package, event.c.attempt, event.c.epoch, event.c.data)
    .where(event.c.run == bindparam("run"), event.c.package.is_not(None))
    .where(event.c.type.in_(spent.USAGE))
    .order_by(event.c.seq)
)
SOME_EVENTS = EVENTS.limit(bindparam("most", type_=Integer))
EVENTS_ABOUT = EVENTS.where(or_(event.c.package.is_(None), event.c.package == bindparam("about")))

# SQLAlchemy knows this only as two dialects' own statements, which are spelled the same.
WRITE_STEP = text(
    "INSERT INTO step (run, package, epoch, name, outcome, at) "
    "VALUES (:run, :package, :epoch, :name, :outcome, :at) "
    "ON CONFLICT (run, package, epoch, name) "
    "DO UPDATE SET outcome = excluded.outcome, at = excluded.at"
)
STEPS = (
    select(step.c.package, step.c.name, step.c.outcome)
    .join(package, (package.c.run == step.c.run) & (package.c.id == step.c.package))
    .where(step.c.run == bindparam("run"), step.c.epoch == package.c.epoch)
    .order_by(package.c.position, step.c.at, step.c.name)
)

ASK = (
    insert(request)
    .values(
        run=bindparam("of_run"),
        number=select(func.coalesce(func.max(request.c.number), 0) + 1)
        .where(request.c.run == bindparam("of_run"))
        .scalar_subquery(),
    )
    .returning(request.c.number)
)
_REQUEST_ROW = (
    request.c.number,
    request.c.kind,
    request.c.data,
    request.c.who,
    request.c.at,
    request.c.answer,
)
REQUEST = select(*_REQUEST_ROW).where(
    request.c.run == bindparam("run"), request.c.number == bindparam("number")
)
OPEN_REQUESTS = (
    select(*_REQUEST_ROW)
    .where(request.c.run == bindparam("run"), request.c.answer.is_(None))
    .order_by(request.c.number)
)
ANSWER = (
    update(request)
    .where(
        request.c.run == bindparam("of_run"),
        request.c.number == bindparam("of_number"),
        request.c.answer.is_(None),
    )
    .values(answer=bindparam("told"))
)

APPROVE = insert(approval).values(
    number=select(func.coalesce(func.max(approval.c.number), 0) + 1)
    .where(approval.c.digest == bindparam("of_digest"))
    .scalar_subquery(),
    digest=bindparam("of_digest"),
)
APPROVED = (
    select(approval.c.who, approval.c.at, approval.c.digest)
    .where(approval.c.plan == bindparam("plan"))
    .order_by(approval.c.at, approval.c.digest, approval.c.number)
)
_STARTED = event.alias("started")
DURATIONS = (
    select(run.c.plan, event.c.package, event.c.at - _STARTED.c.at)
    .join(
        _STARTED,
        (_STARTED.c.run == event.c.run)
        & (_STARTED.c.package == event.c.package)
        & (_STARTED.c.attempt == event.c.attempt)
        & (_STARTED.c.type == "attempt_started"),
    )
    .join(run, run.c.id == event.c.run)
    .where(event.c.type == "landed")
    .order_by(event.c.at.desc(), event.c.package)
    .limit(10_000)
)
LATEST_RUNS = 50  # as many as tell how often a candidate fails
LANDINGS = (
    select(event.c.type, func.count())
    .where(
        event.c.run.in_(select(run.c.id).order_by(run.c.number.desc()).limit(LATEST_RUNS)),
        or_(
            event.c.type == "landed",
            and_(event.c.type == "landing_refused", event.c.data.like('%"LANDING_FAILED"%')),
        ),
    )
    .group_by(event.c.type)
)
APPROVALS = (
    select(approval.c.who, approval.c.at, approval.c.plan)
    .where(approval.c.digest == bindparam("digest"))
    .order_by(approval.c.number)
)

# The audit: a chain, of which the last row is read under a lock of its own.
LAST_AUDIT = select(audit.c.number, audit.c.hash).order_by(audit.c.number.desc()).limit(1)
ADD_AUDIT = insert(audit)
COUNT_AUDIT = (
    update(counter)
    .where(counter.c.name == AUDIT_COUNT)
    .values(value=counter.c.value + bindparam("more"))
)
AUDITED = select(counter.c.value).where(counter.c.name == AUDIT_COUNT)
AUDIT = (
    select(audit)
    .where(audit.c.number > bindparam("after"))
    .order_by(audit.c.number)
    .limit(bindparam("most"))
)
