"""What reviewers, and those who put right what they found, are told.

All of it comes from the plan, the repository and other agents, so all of it is quoted.
"""

from __future__ import annotations

from collections.abc import Iterable

from plait.core.consensus import Consensus, in_words
from plait.core.event import Stage
from plait.core.plan import WorkPackage
from plait.core.queue import package_checks
from plait.core.review import Finding
from plait.core.reviewed import Reviewed, Round
from plait.engine.brief import (
    brief,
    checks_told,
    code,
    fenced,
    line,
    render,
    scope_told,
    template,
)
from plait.engine.claimed import Claimed, material
from plait.engine.context import Context
from plait.ports import AgentTask, Work

_BYTES_A_TOKEN = 4
MOST_FILES = 200  # whose changes are quoted
MOST_THINGS, LONGEST = 50, 2000  # things that were found, and signs of what is said of each


async def review_brief(context: Context, desk: Claimed, work: Work, each: Round) -> str:
    """The brief of a reviewer: the package as its author was told it, and what came of it.

    Raises:
        UsageError: `BAD_PROMPT`.
    """
    state = context.journal.run.packages[desk.package.id]
    package = context.compiled.packages[desk.package.id]
    quoted, left = await _diff(context, work)
    checks = [
        f"- {line(one.name)}: {'passed' if one.passed else 'did not pass'}"
        for one in state.checks
        if one.stage is Stage.VERIFY and one.commit == work.commit
    ]
    again = [one for one in each.reviews if one.reviewer == desk.provider and one.reason]
    more = {
        "attempt": str(desk.attempt),
        "commit": work.commit,
        "base": work.base,
        "diff": quoted,
        "left_out": "\n".join(f"- {code(path)}" for path in left),
        "passed": "\n".join(checks) or "- No checks were run.",
        "flagged": fenced("\n".join(map(_flag, each.flagged))),
        "before": _before(state.attempts[-1].reviewed, each),
        "again": fenced(again[-1].reason) if again else "",
    }
    return brief(
        context.compiled,
        context.journal.run,
        package,
        checks=package_checks(context.compiled, package.id, context.default_checks),
        material=material(context, package, desk.workspace, desk.provider),
        overrides=context.prompts,
        name="review",
        more=more,
    )


def fix_brief(context: Context, package: WorkPackage, each: Round, task: AgentTask) -> str:
    """The brief of a fix. `package` has the fix's scope.

    Raises:
        UsageError: `BAD_PROMPT`.
    """
    checks = package_checks(context.compiled, package.id, context.default_checks)
    values = {
        "title": code(package.title),
        "package": task.package,
        "of": package.id,
        "description": fenced(package.description),
        "findings": fenced(_listed(each.consensus, each.blocking)),
        "scope": scope_told(package),
        "checks": checks_told(checks, package.checks),
    }
    return render(template("fix", context.prompts), values, where=str(context.prompts / "fix.md"))


def listed(each: Round) -> str:
    """What was found that blocks, in words, the gravest first."""
    return _listed(each.consensus, each.blocking)


def _listed(found: Iterable[Consensus], blocking: Iterable[str]) -> str:
    ids = set(blocking)
    things = [one for one in found if any(each.id in ids for each in one.findings)]
    told = [f"- {in_words(each, most=LONGEST)}" for each in things[:MOST_THINGS]]
    left = len(things) - MOST_THINGS
    return "\n".join([*told, f"- and {left} more"] if left > 0 else told)


def _flag(finding: Finding) -> str:
    place = f"{finding.place}: " if finding.place else ""
    named = f" [{finding.code}]" if finding.code else ""
    return f"{finding.id}: {place}{finding.description}{named}"


def _before(reviewed: Reviewed, each: Round) -> str:
    """What stood in the way in the round before this one, whose work has been fixed since."""
    earlier = [one for one in reviewed.rounds if one.number < each.number]
    return fenced(listed(earlier[-1])) if earlier else ""


async def _diff(context: Context, work: Work) -> tuple[str, list[str]]:
    """The change, file by file, as far as there is room; and the files that there is none for."""
    room = _BYTES_A_TOKEN * context.brief_tokens
    quoted: list[str] = []
    left: list[str] = []
    for number, change in enumerate(work.changes):
        if number >= MOST_FILES or room <= 0:
            left.append(change.path)
            continue
        told = await context.trunk.diff(work.base, work.commit, (change.path,))
        if len(told) > room:
            left.append(change.path)
            continue
        room -= len(told)
        quoted.append(told)
    return fenced("".join(quoted)), left
