"""Sessions: agents join, are heard of, are found by others, and leave."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import replace
from hashlib import sha256

from pydantic import Field

from plait.core.audit import Fact
from plait.core.coordination import Session, SessionState, TaskState
from plait.core.event import RunId
from plait.engine.coordinator.claims import let_go
from plait.engine.coordinator.fields import Asked, Line, Message, Name, Names, Ttl
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Call, Capability, Verb
from plait.ports.coordination import CoordinationRows

DEFAULT_TTL_S = 120.0
RENEWED_WITHIN = 0.75  # of its time: before, a sign of life is not worth a write
ANYBODY = "anonymous"


class RegisterSession(Asked):
    """Who joins."""

    agent: Name | None = None
    """What to call it; with a token, the token's name counts"""
    kind: Line = ""
    """Which program it is: claude, codex, …"""
    capabilities: Names = ()
    """What it can do, in words that tasks may ask for"""
    doing: Line = ""
    """What it is at"""
    delegated_from: Line = ""
    """The session that it works for"""
    run: Line = ""
    """The only run that it is to have to do with; empty: any"""
    ttl_s: Ttl = DEFAULT_TTL_S
    """Seconds for which it may be silent before its locks are free and its work goes to others"""
    resume: Line = ""
    """The credential of a session to take up again, after a restart"""


class Registered(Message):
    """A session."""

    session: str
    """Its public name"""
    credential: str
    """What it proves itself with: it is told once; keep it"""
    agent: str
    trust: int
    run: str
    ttl_s: float
    until: float
    """Unix time until which it counts as alive without being heard of"""


def register_session(call: Call, asked: RegisterSession) -> Registered:
    """Join: get a session, by which work, locks and messages are known as yours."""
    if asked.resume:
        known = authenticated(call.rows, asked.resume, agent=call.caller.agent)
        session = replace(known, until=call.rows.now + known.ttl_s)
        call.rows.write_session(session)
        return _registered(session, asked.resume)
    run = call.within(asked.run)
    if run and not call.rows.has_run(RunId(run)):
        raise Refusal(f"there is no run {run}", code="NO_SUCH_RUN", kind=Kind.MISSING)
    name, secret = f"s-{secrets.token_hex(6)}", secrets.token_urlsafe(24)
    session = Session(
        id=name,
        agent=call.caller.agent or asked.agent or ANYBODY,
        kind=asked.kind,
        secret=_hash(secret),
        run=run,
        trust=call.caller.trust,
        capabilities=asked.capabilities,
        doing=asked.doing,
        delegated_from=asked.delegated_from,
        ttl_s=asked.ttl_s,
        until=call.rows.now + asked.ttl_s,
        created_at=call.rows.now,
    )
    call.rows.write_session(session)
    call.rows.record(
        [Fact(kind="session_registered", who=session.agent, run=run, data=_of(session))]
    )
    return _registered(session, f"{name}.{secret}")


class Heartbeat(Asked):
    """That a session lives."""

    doing: Line | None = None
    """What it is at now; left out: as before"""


class Claim(Message):
    """A task that a session has claimed."""

    task: str
    token: int
    state: str
    """`claimed`, or why it is no longer: `cancelled`, `lost`, …"""
    reason: str
    until: float


class Alive(Message):
    """What a session holds."""

    session: str
    until: float
    claims: tuple[Claim, ...]
    """Also those that were taken from it since: stop work on these"""
    locks: int
    answers: dict[str, str]
    """What people answered lately to questions of yours, by the question's name"""


def heartbeat(call: Call, told: Heartbeat) -> Alive:
    """Say that you live: your session, your claims and your locks last on. Do it often enough."""
    session, rows = call.session, call.rows
    until = rows.now + session.ttl_s
    doing = session.doing if told.doing is None else told.doing
    rows.write_session(replace(session, until=until, doing=doing))
    held = rows.locks(session=session.id)
    rows.renew_locks([each.token for each in held if each.until < until], until)
    claims: list[Claim] = []
    for task in rows.tasks(session=session.id, states=(TaskState.CLAIMED,)):
        rows.write_task(replace(task, until=max(task.until, until)))
        claims.append(
            Claim(task=task.id, token=task.token, state=task.state, reason="", until=until)
        )
    taken = rows.tasks(session=session.id, states=(TaskState.CANCELLED, TaskState.LOST), most=20)
    claims += [
        Claim(task=each.id, token=each.token, state=each.state, reason=each.reason, until=0)
        for each in taken
    ]
    asked = [each for each in rows.questions_of(session.id)[:20] if not each.is_open]
    return Alive(
        session=session.id,
        until=until,
        claims=tuple(claims),
        locks=len(held),
        answers={each.id: each.answer for each in asked},
    )


class DiscoverAgents(Asked):
    """Whom to look for."""

    capability: Line = ""
    """Only those that can do this"""
    run: Line = ""
    """Only those that have to do with this run"""


class Agent(Message):
    """Another session, as everybody may see it."""

    session: str
    agent: str
    kind: str
    capabilities: tuple[str, ...]
    doing: str
    delegated_from: str
    run: str
    trust: int
    silent_in_s: float
    """Seconds until it counts as lost, if it is not heard of"""
    tasks: tuple[str, ...]
    """What it has claimed"""
    paths: tuple[str, ...]
    """What it has announced that it will write"""


class Agents(Message):
    """Who is there."""

    agents: tuple[Agent, ...]


def discover_agents(call: Call, asked: DiscoverAgents) -> Agents:
    """See who has joined, what they can do and what they are at."""
    rows, run = call.rows, call.within(asked.run)
    at: dict[str, list[str]] = {}
    for task in rows.tasks(states=(TaskState.CLAIMED,)):
        at.setdefault(task.session, []).append(task.id)
    found = [
        Agent(
            session=each.id,
            agent=each.agent,
            kind=each.kind,
            capabilities=each.capabilities,
            doing=each.doing,
            delegated_from=each.delegated_from,
            run=each.run,
            trust=each.trust,
            silent_in_s=max(0.0, each.until - rows.now),
            tasks=tuple(at.get(each.id, ())),
            paths=each.paths,
        )
        for each in rows.sessions()
        if each.until > rows.now
        and (not asked.capability or asked.capability in each.capabilities)
        and (not run or each.run in {"", run})
    ]
    return Agents(agents=tuple(found))


class EndSession(Asked):
    """That a session leaves."""


class Left(Message):
    """What a session gave back as it left."""

    session: str
    locks: int
    tasks: tuple[str, ...]


def end_session(call: Call, _asked: EndSession) -> Left:
    """Leave: your locks are free at once, and what you have claimed goes to others."""
    left = let_go(call.rows, call.session, SessionState.ENDED, reason="its session was ended")
    return Left(session=call.session.id, locks=left.locks, tasks=left.tasks)


class CleanUp(Asked):
    """Whom to take for dead."""

    silent_s: float = Field(default=0.0, ge=0, le=86_400)
    """Seconds beyond their time; those silent for longer are ended"""


class CleanedUp(Message):
    """Sessions that were ended."""

    sessions: tuple[str, ...]


def cleanup_dead_agents(call: Call, asked: CleanUp) -> CleanedUp:
    """End sessions that are silent for too long; it also happens by itself."""
    ended = [each for each in call.rows.silent() if each.until + asked.silent_s <= call.rows.now]
    for each in ended:
        let_go(call.rows, each, SessionState.LOST, reason="its session was not heard of")
    return CleanedUp(sessions=tuple(each.id for each in ended))


class GetProfile(Asked):
    """Nothing to say."""


class Profile(Message):
    """Who the caller is, and what it may do."""

    agent: str
    session: str
    trust: int
    run: str
    allowed: tuple[str, ...]
    """Verbs that the policy allows it"""
    denied: tuple[str, ...]
    granted: tuple[str, ...]


def get_profile(call: Call, _asked: GetProfile) -> Profile:
    """See who you are here, how far you are trusted, and what you may do."""
    may = {name: call.desk.decision(name, call).allowed for name in call.desk.verbs}
    known = call.known
    return Profile(
        agent=known.agent if known else call.caller.agent or ANYBODY,
        session=known.id if known else "",
        trust=known.trust if known else call.caller.trust,
        run=call.within(""),
        allowed=tuple(sorted(name for name, allowed in may.items() if allowed)),
        denied=tuple(sorted(name for name, allowed in may.items() if not allowed)),
        granted=tuple(sorted(call.caller.granted)),
    )


def authenticated(rows: CoordinationRows, credential: str, *, agent: str) -> Session:
    """The living session that a credential belongs to.

    Raises:
        Refusal: `BAD_SESSION`, `SESSION_OVER`.
    """
    name, _, secret = credential.partition(".")
    known = rows.session(name)
    # Compared also where there is none, so that nobody learns from the time it takes.
    fits = hmac.compare_digest(_hash(secret), known.secret if known else "0" * 64)
    if known is None or not fits or (agent and agent != known.agent):
        raise Refusal(
            "this is no credential of a session of the caller's",
            code="BAD_SESSION",
            kind=Kind.UNKNOWN_CALLER,
            hint="call register_session for a new one",
        )
    if known.state is not SessionState.LIVE or known.until <= rows.now:
        why = "was ended" if known.state is SessionState.ENDED else "was not heard of in time"
        raise Refusal(
            f"session {known.id} is over: it {why}",
            code="SESSION_OVER",
            kind=Kind.CONFLICT,
            hint="call register_session for a new one; what it held has gone to others",
        )
    return known


def _registered(session: Session, credential: str) -> Registered:
    return Registered(
        session=session.id,
        credential=credential,
        agent=session.agent,
        trust=session.trust,
        run=session.run,
        ttl_s=session.ttl_s,
        until=session.until,
    )


def _of(session: Session) -> dict[str, object]:
    return {"session": session.id, "kind": session.kind, "trust": session.trust}


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


VERBS = (
    Verb(
        name="register_session",
        asks=RegisterSession,
        answers=Registered,
        do=register_session,
        capability=Capability.DISCOVER,
        needs_session=False,
    ),
    Verb(
        name="heartbeat",
        asks=Heartbeat,
        answers=Alive,
        do=heartbeat,
        capability=Capability.DISCOVER,
    ),
    Verb(
        name="discover_agents",
        asks=DiscoverAgents,
        answers=Agents,
        do=discover_agents,
        capability=Capability.DISCOVER,
        writes=False,
        needs_session=False,
    ),
    Verb(
        name="end_session",
        asks=EndSession,
        answers=Left,
        do=end_session,
        capability=Capability.DISCOVER,
    ),
    Verb(
        name="cleanup_dead_agents",
        asks=CleanUp,
        answers=CleanedUp,
        do=cleanup_dead_agents,
        capability=Capability.DISCOVER,
        needs_session=False,
    ),
    Verb(
        name="get_profile",
        asks=GetProfile,
        answers=Profile,
        do=get_profile,
        capability=Capability.POLICY,
        writes=False,
        needs_session=False,
    ),
)
