"""Rules: what a session may do here, what a command would do, and who did what."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import Field

from plait.core.audit import Entry
from plait.core.coordination import TaskState
from plait.core.guardrails.verdict import Bound, Category, Offence, Trust, Verdict, weigh
from plait.engine.coordinator.fields import Asked, Data, Line, Message, Name, Number, Path, Text
from plait.engine.coordinator.places import below
from plait.engine.coordinator.refusal import Refusal
from plait.engine.coordinator.verb import Call, Capability, Verb

MOST_ROWS = 200
Lines = Annotated[tuple[Line, ...], Field(max_length=256)]


class CheckGuardrails(Asked):
    """What somebody wants to do."""

    operation_text: Text = ""
    """What a shell would run; it is parsed as a shell does, and not run"""
    file_paths: Lines = ()
    """Files that would be written"""
    cwd: Path = "."
    """The folder that it would run in, below the repository's root"""


class Held(Message):
    """Something that not everyone may do."""

    category: str
    """`git`, `file`, `database`, `credential`, `deployment`, `publish`, `system`, `unknown`"""
    operation: str
    why: str
    trust: int
    """The level that it needs"""


class Judged(Message):
    """What is to be done with it."""

    verdict: str
    """`allow`, `ask` a person, or `deny`"""
    trust: int
    """How far the caller is trusted, by which it was judged"""
    needed: int
    """The least level at which nothing of it would be held"""
    held: tuple[Held, ...]
    """What the verdict rests on, the gravest first"""
    reason: str


def check_guardrails(call: Call, asked: CheckGuardrails) -> Judged:
    """Hear what a command would lose, overwrite, show, deploy or publish, before you run it.

    It is judged by how far you are trusted and by the owner's word on each category; whoever has
    claimed a package has its worktree to itself. Paths count as files that are written. Nothing
    is run, and nothing is held back by it: it tells.

    Raises:
        Refusal: `OUTSIDE`.
    """
    from plait.core.guardrails.judging import judge
    from plait.shell import parse

    trust, roots = _trust(call), _worktrees(call)
    own = {Bound.WORKTREE} if roots else frozenset[Bound]()
    cwd = "" if asked.cwd == "." else below(asked.cwd)
    found: list[Offence] = []
    if asked.operation_text.strip():
        grave = judge(
            asked.operation_text, parse=parse, trust=Trust.UNTRUSTED, roots=roots, cwd=cwd
        )
        found += grave.offences
    found += [offence for each in asked.file_paths if (offence := _written(each)) is not None]
    owner = {Category(name): Verdict(word) for name, word in call.desk.guardrails.items()}
    judgement = weigh(found, trust, owner, own)
    return Judged(
        verdict=judgement.verdict,
        trust=trust,
        needed=judgement.trust,
        held=tuple(
            Held(category=each.category, operation=each.operation, why=each.why, trust=each.level)
            for each in judgement.offences
        ),
        reason=judgement.reason,
    )


def _worktrees(call: Call) -> tuple[str, ...]:
    """Those of the packages that the caller has claimed."""
    if call.known is None:
        return ()
    tasks = call.rows.tasks(session=call.known.id, states=(TaskState.CLAIMED,))
    places = [each.input.get("workspace", {}).get("path") for each in tasks if each.is_offer]
    return tuple(str(each) for each in places if each)


class CheckPolicy(Asked):
    """Which operation."""

    verb: Name


class Decided(Message):
    """Whether the caller may use it."""

    verb: str
    allowed: bool
    rule: str
    """By which rule"""
    why: str


def check_policy(call: Call, asked: CheckPolicy) -> Decided:
    """Hear whether you may use an operation, by which rule and why."""
    decision = call.desk.decision(asked.verb, call)
    return Decided(verb=asked.verb, allowed=decision.allowed, rule=decision.rule, why=decision.why)


class QueryAudit(Asked):
    """Which rows of the audit."""

    agent: Line = ""
    """Only what this agent or person did"""
    kind: Line = ""
    """Only this: `approved`, `asked`, `answered`, `work_claimed`, `scope_granted`, …"""
    run: Line = ""
    """Only of this run"""
    after: Number | None = None
    """Only rows with a higher number, from the oldest on; left out: the newest rows"""
    limit: int = Field(default=20, ge=1, le=MOST_ROWS)


class AuditRow(Message):
    """Something that somebody did."""

    number: int
    at: float
    """Unix time"""
    run: str
    kind: str
    who: str
    data: Data
    hash: str
    """Of the row, and of the one before it with it"""


class Rows(Message):
    """Rows of the audit."""

    rows: tuple[AuditRow, ...]
    """By number"""
    truncated: bool
    """Whether there are more that fit"""


def query_audit(call: Call, asked: QueryAudit) -> Rows:
    """See who ordered, approved, accepted, claimed and delivered what."""
    found = call.rows.find_audit(
        run=call.within(asked.run),
        who=asked.agent,
        kind=asked.kind,
        after=asked.after,
        most=asked.limit + 1,
    )
    more = len(found) > asked.limit
    if more:
        found = found[: asked.limit] if asked.after is not None else found[1:]
    return Rows(rows=tuple(map(_row, found)), truncated=more)


def _trust(call: Call) -> int:
    known = call.caller.trust if call.known is None else call.known.trust
    return min(known, call.caller.trust)


def _written(path: str) -> Offence | None:
    """What is to be said of a file that somebody wants to write; None: nothing."""
    try:
        inside = below(path)
    except Refusal:
        why = "it is outside the repository, or git's or Plait's own"
        return Offence(Category.FILE, Trust.ADMIN, f"writing {path[:200]}", why)
    if inside == "plait.toml":
        why = "it sets what is checked and what agents may do"
        return Offence(Category.FILE, Trust.ELEVATED, "writing plait.toml", why)
    return None


def _row(entry: Entry) -> AuditRow:
    return AuditRow(
        number=entry.number,
        at=entry.at,
        run=entry.run,
        kind=entry.kind,
        who=entry.who,
        data=json.loads(entry.data),
        hash=entry.hash,
    )


VERBS = (
    Verb(
        name="check_guardrails",
        asks=CheckGuardrails,
        answers=Judged,
        do=check_guardrails,
        capability=Capability.GUARDRAILS,
        writes=False,
        needs_session=False,
    ),
    Verb(
        name="check_policy",
        asks=CheckPolicy,
        answers=Decided,
        do=check_policy,
        capability=Capability.POLICY,
        writes=False,
        needs_session=False,
    ),
    Verb(
        name="query_audit",
        asks=QueryAudit,
        answers=Rows,
        do=query_audit,
        capability=Capability.AUDIT,
        writes=False,
        needs_session=False,
    ),
)
