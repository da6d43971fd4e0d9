"""Locks of sessions: keys and paths, all or none, each with a token that fences.

They meet the lock keys of packages and, where they name paths, the scopes of packages at work.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from plait.core import lock_keys
from plait.core.audit import Fact
from plait.core.coordination import HeldLock
from plait.core.locked import FILE, key_of, paths_met
from plait.core.plan import Confidence
from plait.engine.coordinator.fields import Asked, Line, Message, Names, Paths, Ttl
from plait.engine.coordinator.places import below
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Call, Capability, Verb


class AcquireLock(Asked):
    """What to lock: all of it, or nothing is."""

    keys: Names = ()
    """Keys such as `api:GET /v1/users`, `db:schema:users`, `flag:billing/*`"""
    paths: Paths = ()
    """Files, folders and globs below the repository's root"""
    ttl_s: Ttl | None = None
    """Seconds that it lasts; left out: as long as the session, which heartbeats renew"""
    reason: Line = ""


class Lock(Message):
    """A lock that is held."""

    key: str
    """As it was understood; of paths with `file:` before it"""
    token: int
    """Rises with each lock that is given: pass it on to what must refuse older holders"""
    until: float
    session: str
    agent: str
    run: str
    reason: str


class Locked(Message):
    """What the session holds now of what it asked for."""

    locks: tuple[Lock, ...]


class Holder(Message):
    """Who stands in the way."""

    key: str
    """What was asked for"""
    held: str
    """What is held, and conflicts with it"""
    session: str
    agent: str
    run: str
    package: str
    reason: str
    free_in_s: float | None
    """Seconds until it runs out if it is not renewed; none: when the package has ended"""


def acquire_lock(call: Call, asked: AcquireLock) -> Locked:
    """Lock keys and paths so that nobody else, session or package, works on them: all or none.

    What you hold already is renewed. A lock ends by itself when its time is over.

    Raises:
        Refusal: `LOCKED`, `NOTHING_ASKED`, `OUTSIDE`.
    """
    rows, session = call.rows, call.session
    call.desk.reap(rows)
    wanted = wanted_keys(asked.keys, asked.paths)
    mine = {each.key: each for each in rows.locks(session=session.id)}
    standing = in_the_way(call, [key for key in wanted if key not in mine], session.id)
    if standing:
        raise _refused(standing)
    until = rows.now + (session.ttl_s if asked.ttl_s is None else asked.ttl_s)
    again = [mine[key] for key in wanted if key in mine]
    rows.renew_locks([each.token for each in again], until)
    new = [key for key in wanted if key not in mine]
    made = [
        HeldLock(
            token=token,
            key=key,
            session=session.id,
            agent=session.agent,
            until=until,
            run=session.run,
            reason=asked.reason,
        )
        for token, key in zip(rows.next_tokens(len(new)) if new else (), new, strict=True)
    ]
    rows.add_locks(made)
    return Locked(
        locks=tuple(
            sorted((_told(each, until) for each in (*again, *made)), key=lambda lock: lock.token)
        )
    )


class ReleaseLock(Asked):
    """What to give back; nothing named: all that the session holds."""

    keys: Names = ()
    paths: Paths = ()


class Released(Message):
    """What was given back."""

    keys: tuple[str, ...]


def release_lock(call: Call, asked: ReleaseLock) -> Released:
    """Give back locks of yours; without any named, all of them. Again does no harm."""
    held = call.rows.locks(session=call.session.id)
    wanted = set(wanted_keys(asked.keys, asked.paths)) if asked.keys or asked.paths else None
    gone = [each for each in held if wanted is None or each.key in wanted]
    call.rows.drop_locks([each.token for each in gone])
    return Released(keys=tuple(each.key for each in gone))


class CheckLocks(Asked):
    """What to look at; nothing named: all there is."""

    keys: Names = ()
    paths: Paths = ()


class Checked(Message):
    """Whether it is free, and who holds what."""

    free: bool
    """Whether a session that holds nothing could lock all of it now"""
    held: tuple[Holder, ...]


def check_locks(call: Call, asked: CheckLocks) -> Checked:
    """See whether keys and paths are free, and who holds what is not."""
    rows = call.rows
    if not asked.keys and not asked.paths:
        found = [_by_session(each.key, each, rows.now) for each in rows.locks()]
        found += [
            _by_package(each.key, each.key, each.run, each.package) for each in rows.package_keys()
        ]
        return Checked(free=not found, held=tuple(found))
    found = in_the_way(call, wanted_keys(asked.keys, asked.paths))
    return Checked(free=not found, held=tuple(found))


class ForceRelease(Asked):
    """Whose locks to take away."""

    keys: Names = ()
    paths: Paths = ()
    reason: Line
    """Why; it stands in the audit"""


def force_release_lock(call: Call, asked: ForceRelease) -> Released:
    """Take locks away from whatever session holds them; for people and their deputies."""
    wanted = set(wanted_keys(asked.keys, asked.paths))
    gone = [each for each in call.rows.locks() if each.key in wanted]
    call.rows.drop_locks([each.token for each in gone])
    if gone:
        who = call.known.agent if call.known else call.caller.agent
        data = {"keys": [each.key for each in gone], "reason": asked.reason}
        call.rows.record([Fact(kind="lock_taken_away", who=who, data=data)])
    return Released(keys=tuple(each.key for each in gone))


def wanted_keys(keys: Sequence[str], paths: Sequence[str]) -> tuple[str, ...]:
    """The keys in their one spelling, in order, each once.

    Raises:
        Refusal: `NOTHING_ASKED`, `OUTSIDE`.
    """
    if not keys and not paths:
        raise Refusal("no keys and no paths are named", code="NOTHING_ASKED", kind=Kind.INVALID)
    plain = (lock_keys.normalise(each) for each in keys)
    files = [each.partition(":")[2] for each in plain if each.startswith(FILE)]
    named = [each for each in map(lock_keys.normalise, keys) if not each.startswith(FILE)]
    named += [key_of(below(each)) for each in (*paths, *files)]
    return tuple(sorted(dict.fromkeys(named)))


def in_the_way(call: Call, wanted: Sequence[str], session: str = "") -> list[Holder]:
    """Who else than this session holds what conflicts with these."""
    rows = call.rows
    if not wanted:
        return []
    found = [
        _by_session(key, each, rows.now)
        for key in wanted
        for each in rows.meeting(key, session=session)
    ]
    plain = [each for each in wanted if not each.startswith(FILE)]
    if plain:
        found += [
            _by_package(key, each.key, each.run, each.package)
            for each in rows.package_keys()
            for key in plain
            if lock_keys.conflict(key, each.key)
        ]
    files = [each for each in wanted if each.startswith(FILE)]
    return [*found, *_at_work(call, files)]


def _at_work(call: Call, files: Sequence[str]) -> Iterable[Holder]:
    """Packages at work whose scope holds such paths."""
    if not files:
        return
    for run, name in call.rows.packages_at_work():
        package = next(each for each in call.rows.plan(run).packages if each.id == name)
        if package.scope.confidence is Confidence.UNKNOWN:
            continue  # it may write anywhere, and would shut out everybody
        for key in files:
            glob = paths_met(key, package.reach)
            if glob is not None:
                yield _by_package(key, f"{FILE}{glob}", run, name)


def _by_session(key: str, held: HeldLock, now: float) -> Holder:
    return Holder(
        key=key,
        held=held.key,
        session=held.session,
        agent=held.agent,
        run=held.run,
        package="",
        reason=held.reason,
        free_in_s=max(0.0, held.until - now),
    )


def _by_package(key: str, held: str, run: str, package: str) -> Holder:
    return Holder(
        key=key,
        held=held,
        session="",
        agent="",
        run=run,
        package=package,
        reason="it is at work on this",
        free_in_s=None,
    )


def _refused(standing: Sequence[Holder]) -> Refusal:
    first = standing[0]
    who = f"package {first.package} of run {first.run}"
    if first.session:
        who = f"{first.agent} ({first.session})"
    told = first.key if first.key == first.held else f"{first.key} (as {first.held})"
    more = f", and {len(standing) - 1} more is in the way" if len(standing) > 1 else ""
    return Refusal(
        f"{told} is held by {who}{more}",
        code="LOCKED",
        kind=Kind.CONFLICT,
        hint="nothing was locked: try again once it is free, or work on something else",
        data={"held": [each.model_dump(mode="json") for each in standing[:20]]},
    )


def _told(lock: HeldLock, until: float) -> Lock:
    return Lock(
        key=lock.key,
        token=lock.token,
        until=until,
        session=lock.session,
        agent=lock.agent,
        run=lock.run,
        reason=lock.reason,
    )


VERBS = (
    Verb(
        name="acquire_lock",
        asks=AcquireLock,
        answers=Locked,
        do=acquire_lock,
        capability=Capability.LOCK,
    ),
    Verb(
        name="release_lock",
        asks=ReleaseLock,
        answers=Released,
        do=release_lock,
        capability=Capability.LOCK,
    ),
    Verb(
        name="check_locks",
        asks=CheckLocks,
        answers=Checked,
        do=check_locks,
        capability=Capability.LOCK,
        writes=False,
        needs_session=False,
    ),
    Verb(
        name="force_release_lock",
        asks=ForceRelease,
        answers=Released,
        do=force_release_lock,
        capability=Capability.LOCK,
        needs_session=False,
    ),
)
