"""Package and context → the text an agent reads.

Templates know two things: `{{name}}` is a value, and `{{#name}}…{{/name}}` stands only if the
value is not empty. An unknown name is an error, in the shipped templates and in a repository's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from plait.core.event import Verdict
from plait.core.plan import Check, CheckKind, Confidence, WorkPackage
from plait.core.run import Attempt, Run
from plait.core.schedule import Compiled
from plait.errors import UsageError

_SECTION = re.compile(r"\{\{#(\w+)\}\}\n?(.*?)\{\{/\1\}\}\n?", re.DOTALL)
_VALUE = re.compile(r"\{\{(\w+)\}\}")


def template(name: str, overrides: Path) -> str:
    """The prompt template of that name: the repository's own, else the one that ships."""
    own = overrides / f"{name}.md"
    if own.is_file():
        return own.read_text(encoding="utf-8")
    return files("plait.prompts").joinpath(f"{name}.md").read_text(encoding="utf-8")


def render(text: str, values: Mapping[str, str], *, where: str = "") -> str:
    """Fill a template.

    Raises:
        UsageError: `BAD_PROMPT`, the template names a value that does not exist.
    """

    def value(match: re.Match[str]) -> str:
        try:
            return values[match[1]]
        except KeyError:
            raise UsageError(
                f"the prompt names {{{{{match[1]}}}}}, which does not exist",
                code="BAD_PROMPT",
                where=where,
                hint=f"known values: {', '.join(sorted(values))}",
            ) from None

    def section(match: re.Match[str]) -> str:
        return match[2] if value(match) else ""

    return _VALUE.sub(value, _SECTION.sub(section, text))


def brief(
    compiled: Compiled,
    run: Run,
    package: WorkPackage,
    *,
    checks: Sequence[Check],
    deviations: Sequence[str] = (),
    overrides: Path,
) -> str:
    """The brief of the package's next attempt."""
    state = run.packages[package.id]
    values = {
        "title": package.title,
        "feature": compiled.plan.feature,
        "package": package.id,
        "attempt": str(state.next_attempt),
        "attempts": str(1 + package.retry_budget),
        "description": package.description.strip(),
        "requirements": "\n".join(f"- {each}" for each in package.requirements),
        "revised": _revised(run, package),
        "feedback": _feedback(state.attempts),
        "answers": "\n\n".join(f"> {each.question}\n\n{each.text}" for each in state.answers),
        "deviations": "\n".join(f"- {each}" for each in deviations),
        "scope": _scope(package),
        "checks": _checks(checks, package.checks),
        "context": "\n".join(f"- `{each}`" for each in compiled.plan.context),
        "landed": _landed(run, package),
    }
    return render(template("implement", overrides), values, where=str(overrides / "implement.md"))


def _revised(run: Run, package: WorkPackage) -> str:
    """What to know of a package that is done again under another version of the plan."""
    if not run.revisions or package.id not in run.revisions[-1].again:
        return ""
    told = (
        "It was done and landed under an earlier version of the plan; that work is in your "
        "worktree. The plan says something else of it now: bring the work in line with it."
    )
    contracts = ", ".join(f"`{each}`" for each in run.revisions[-1].contracts)
    return f"{told} Contracts that changed: {contracts}." if contracts else told


def _feedback(attempts: Sequence[Attempt]) -> str:
    judged = [each for each in attempts if each.outcome is not None and not each.interrupted]
    failed = judged if judged and judged[-1].outcome is not Verdict.PASS else []
    if not failed:
        return ""
    last = failed[-1]
    told = [f"Attempt {last.number}: {last.error_code}.", "", last.reason.strip()]
    if last.violations:
        told += ["", "Paths outside the scope:", *(f"- `{path}`" for path in last.violations)]
    if last.kept_ref:
        told += [
            "",
            f"Your worktree starts clean; the rejected work is kept: `git show {last.kept_ref}`.",
        ]
    return "\n".join(told)


def _scope(package: WorkPackage) -> str:
    scope = package.scope
    if scope.confidence is Confidence.UNKNOWN:
        return "The plan names no paths. Keep to what the package needs."
    if not scope.write:
        return "Nowhere: this package only reads."
    lines = [f"- `{glob}`" for glob in scope.write]
    if scope.deny:
        lines += ["", "But not:", *(f"- `{glob}`" for glob in scope.deny)]
    if scope.confidence is Confidence.INFERRED:
        lines += ["", "(Inferred from the plan's text.)"]
    return "\n".join(lines)


def _checks(checks: Sequence[Check], declared: Sequence[Check]) -> str:
    lines = [
        f"- {check.name}: `{check.command.strip()}`"
        + (f" (in `{check.cwd}`)" if check.cwd != "." else "")
        for check in checks
    ]
    lines += [
        f"- {check.name} (by a person or CI, not by Plait): {check.instructions or check.kind}"
        for check in declared
        if check.kind is not CheckKind.COMMAND
    ]
    return "\n".join(lines) or "- No checks are declared for this package."


def _landed(run: Run, package: WorkPackage) -> str:
    lines = []
    for edge in package.needs:
        state = run.packages.get(edge.id)
        if state is not None and state.commit:
            names = ", ".join(f"`{path}`" for path in state.files[:12])
            more = f" and {len(state.files) - 12} more" if len(state.files) > 12 else ""  # noqa: PLR2004
            lines.append(f"- `{edge.id}`: {names or 'no files'}{more}")
    return "\n".join(lines)
