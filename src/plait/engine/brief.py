"""Package and context → the text an agent reads.

What comes from the plan, the repository and other agents is quoted: it stands in fences that it
cannot end, with the place that it comes from.

Templates know two things: `{{name}}` is a value, and `{{#name}}…{{/name}}` stands only if the
value is not empty. An unknown name is an error, in the shipped templates and in a repository's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from plait.core.event import Verdict
from plait.core.excerpt import (
    Chosen,
    Excerpt,
    Source,
    choose,
    excerpts,
    links,
    nothing_of,
    tokens_of,
)
from plait.core.plan import Check, CheckKind, Confidence, PackageId, WorkPackage
from plait.core.remembered import Recalled
from plait.core.run import Attempt, Run
from plait.core.schedule import Compiled
from plait.errors import UsageError

_SECTION = re.compile(r"\{\{#(\w+)\}\}\n?(.*?)\{\{/\1\}\}\n?", re.DOTALL)
_VALUE = re.compile(r"\{\{(\w+)\}\}")
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_FOR_MEMORIES = 6  # the part of a brief that memories may take: a sixth
MOST_WORDS = 2000  # characters of what an agent said of its work
TOKENS = 12_000  # of a brief, where nothing else is set


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a brief may quote beside the plan.

    Args:
        deviations: What other packages did differently.
        sources: The plan's documents and contracts.
        outputs: What the packages that it needs left as results, as JSON.
        servers: Names of the MCP servers that the agent is told of.
        requests: Whether it may ask the coordinator while it works.
        memories: What is remembered of earlier work, the most fitting first.
        tokens: About how long the brief may be; documents and memories are cut to that.
    """

    deviations: Sequence[str] = ()
    sources: Sequence[Source] = ()
    outputs: Mapping[PackageId, str] = field(default_factory=dict)
    servers: Sequence[str] = ()
    requests: bool = False
    memories: Sequence[Recalled] = ()
    tokens: int = TOKENS


NOTHING = Material()
_NO_MORE: Mapping[str, str] = {}


def template(name: str, overrides: Path) -> str:
    """The prompt template of that name: the repository's own, else the one that ships."""
    own = overrides / f"{name}.md"
    if own.is_file():
        return own.read_text(encoding="utf-8")
    return files("plait.prompts").joinpath(f"{name}.md").read_text(encoding="utf-8")


def render(text: str, values: Mapping[str, str], *, where: str = "") -> str:
    """Fill a template.

    A name of bytes that are no UTF-8 may stand in a failure's reason: it is told with escapes.

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

    filled = _VALUE.sub(value, _SECTION.sub(section, text))
    return filled.encode("utf-8", "backslashreplace").decode("utf-8")


def brief(
    compiled: Compiled,
    run: Run,
    package: WorkPackage,
    *,
    checks: Sequence[Check],
    material: Material = NOTHING,
    overrides: Path,
    name: str = "implement",
    more: Mapping[str, str] = _NO_MORE,
) -> str:
    """The brief of the package's next attempt; of `name`, another one that knows `more` values.

    Raises:
        UsageError: `BAD_PROMPT`, as `render`.
    """
    state, parts = run.packages[package.id], excerpts(material.sources, package)
    values = {
        "title": code(package.title),
        "feature": line(compiled.plan.feature).replace("`", "'"),
        "package": package.id,
        "attempt": str(state.next_attempt),
        "attempts": str(1 + package.retry_budget),
        "description": fenced(package.description),
        "requirements": fenced("\n".join(f"- {each}" for each in package.requirements)),
        "revised": _revised(run, package),
        "feedback": _feedback(state.attempts),
        "answers": "\n\n".join(f"{fenced(each.question)}\n\n{each.text}" for each in state.answers),
        "deviations": fenced("\n".join(f"- {each}" for each in material.deviations)),
        "scope": scope_told(package),
        "documents": "\n".join(f"- {code(each.path)}" for each in package.documents),
        "checks": checks_told(checks, package.checks),
        "landed": _landed(run, package, material.outputs),
        "servers": ", ".join(code(each) for each in material.servers),
        "requests": "yes" if material.requests else "",
        "links": _links(package, parts),
        "context": _to_read(compiled.plan.context, parts, nothing_of(parts)),
        "quoted": "…" if parts else "",
        "memories": "",
        **more,
    }
    text, where = template(name, overrides), str(overrides / f"{name}.md")
    left = material.tokens - tokens_of(render(text, values, where=where))
    values["memories"] = _memories(material.memories, min(left, material.tokens // _FOR_MEMORIES))
    left -= tokens_of(values["memories"])
    chosen = choose(parts, package.kind, max(0, left))
    values["quoted"] = "\n\n".join(map(_quoted, chosen.given))
    values["context"] = _to_read(compiled.plan.context, parts, chosen)
    return render(text, values, where=where)


def fenced(text: str) -> str:
    """A text as a quotation that it cannot end; nothing, if it is blank."""
    told = _UNSEEN.sub("", text).strip("\n")
    if not told.strip():
        return ""
    longest = max((len(run) for run in re.findall("`+", told)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{told}\n{fence}"


def line(text: str) -> str:
    """A text on one line, without what would be read as more than text."""
    return " ".join(_UNSEEN.sub("", text).split())


def code(text: str) -> str:
    """A text in backquotes, as many as it takes."""
    told = line(text)
    longest = max((len(run) for run in re.findall("`+", told)), default=0)
    marks = "`" * (longest + 1)
    return f"{marks} {told} {marks}" if longest else f"`{told}`"


def _quoted(part: Excerpt) -> str:
    return f"From {code(part.file)}, {_lines(part)} ({part.sort}):\n\n{fenced(part.text)}"


def _memories(recalled: Sequence[Recalled], room: int) -> str:
    """What is remembered of earlier work, in fences: whoever told it is no owner of this run."""
    told: list[str] = []
    for memory, _score, _relevance in recalled:
        by = "Plait" if memory.source == "plait" else code(memory.agent)
        where = f", of package {code(memory.package)}" if memory.package else ""
        where += f" in run {code(memory.run)}" if memory.run else ""
        steps = [f"{number}. {each}" for number, each in enumerate(memory.steps, start=1)]
        lessons = [f"- {each}" for each in memory.lessons]
        said = (memory.summary, memory.cue, memory.details, memory.outcome, *lessons, *steps)
        text = f"Told by {by}{where}:\n\n{fenced(chr(10).join(filter(None, said)))}"
        room -= tokens_of(text)
        if room >= 0:
            told.append(text)
    return "\n\n".join(told)


def _lines(part: Excerpt) -> str:
    one = part.first >= part.last
    return f"line {part.first}" if one else f"lines {part.first} to {part.last}"


def _to_read(context: Iterable[str], parts: Sequence[Excerpt], chosen: Chosen) -> str:
    """What is not quoted, and where it stands: parts that did not fit, files that hold none."""
    read = {each.file for each in parts}
    left: dict[str, list[str]] = {each: [] for each in context if each not in read}
    for part in chosen.left_out:
        left.setdefault(part.file, []).append(_lines(part))
    return "\n".join(
        f"- {code(file)}" + (f", {', '.join(places)}" if places else "")
        for file, places in left.items()
    )


def _links(package: WorkPackage, parts: Sequence[Excerpt]) -> str:
    """Addresses of documentation: the package's own, those beside what speaks of it, others."""
    texts = [("the package", 0, package.description)]
    for is_named in (True, False):
        texts += [(each.file, each.first, each.text) for each in parts if each.is_named is is_named]
    return fenced("\n".join(f"{link}  ({place})" for link, place in links(texts)))


def revise_brief(
    run: Run,
    package: WorkPackage,
    *,
    feedback: str,
    checks: Sequence[Check],
    overrides: Path,
) -> str:
    """What an agent is told that goes on in its session: what was wrong, and what still holds.

    Raises:
        UsageError: `BAD_PROMPT`, as `render`.
    """
    values = {
        "title": code(package.title),
        "package": package.id,
        "attempt": str(run.packages[package.id].next_attempt),
        "attempts": str(1 + package.retry_budget),
        "feedback": feedback,
        "scope": scope_told(package),
        "checks": checks_told(checks, package.checks),
    }
    return render(template("revise", overrides), values, where=str(overrides / "revise.md"))


def rebase_brief(
    compiled: Compiled,
    run: Run,
    package: WorkPackage,
    *,
    before: Attempt,
    conflict: tuple[Sequence[str], str],
    diffs: tuple[str, str],
    checks: Sequence[Check],
    tokens: int,
    overrides: Path,
) -> str:
    """What an agent is told whose work conflicts with what landed: both sides, quoted.

    Args:
        compiled: The plan.
        run: The run.
        package: Whose work it is.
        before: The attempt that made it.
        conflict: The paths in which markers may stand, and git's words.
        diffs: What the package changed at the conflicting places, and what landed there.
        checks: What it has to pass.
        tokens: About how long the brief may be.
        overrides: The folder of the repository's own templates.

    Raises:
        UsageError: `BAD_PROMPT`, as `render`.
    """
    state, most = run.packages[package.id], tokens * 4 // 3
    paths, words = conflict
    others = [
        f"{code(each)}: {line(other.title)}\n\n{fenced(other.description)}".rstrip()
        for each in before.conflicts_with
        if (other := compiled.packages.get(each)) is not None
    ]
    judged = [each for each in state.attempts if each.outcome is not None and not each.interrupted]
    last = judged[-1] if judged else before
    values = {
        "title": code(package.title),
        "feature": line(compiled.plan.feature).replace("`", "'"),
        "package": package.id,
        "attempt": str(state.next_attempt),
        "attempts": str(1 + package.retry_budget),
        "before": str(before.number),
        "paths": "\n".join(f"- {code(each)}" for each in paths),
        "words": fenced(words),
        "feedback": ""
        if last is before
        else wrong(last.number, last.error_code or "", last.reason, last.violations),
        "answers": "\n\n".join(f"{fenced(each.question)}\n\n{each.text}" for each in state.answers),
        "description": fenced(package.description),
        "requirements": fenced("\n".join(f"- {each}" for each in package.requirements)),
        "mine": _cut(diffs[0], most),
        "others": "\n\n".join(others) or "Work that is not of this plan's packages.",
        "landed": _cut(diffs[1], most),
        "scope": scope_told(package),
        "checks": checks_told(checks, package.checks),
    }
    return render(template("rebase", overrides), values, where=str(overrides / "rebase.md"))


def _cut(diff: str, most: int) -> str:
    """A diff as a quotation, at most so many characters of it."""
    if len(diff) <= most:
        return fenced(diff) or "Nothing that a diff can show."
    told = fenced(diff[:most])
    return f"{told}\n\n(Cut off here, after {most:,} of {len(diff):,} characters.)"


def _revised(run: Run, package: WorkPackage) -> str:
    """What to know of a package that is done again under another version of the plan."""
    if not run.revisions or package.id not in run.revisions[-1].again:
        return ""
    told = (
        "It was done and landed under an earlier version of the plan; that work is in your "
        "worktree. The plan says something else of it now: bring the work in line with it."
    )
    contracts = ", ".join(code(each) for each in run.revisions[-1].contracts)
    return f"{told} Contracts that changed: {contracts}." if contracts else told


def _feedback(attempts: Sequence[Attempt]) -> str:
    judged = [each for each in attempts if each.outcome is not None and not each.interrupted]
    failed = judged if judged and judged[-1].outcome is not Verdict.PASS else []
    if not failed:
        return ""
    last = failed[-1]
    told = wrong(last.number, last.error_code or "", last.reason, last.violations)
    if last.kept_ref:
        told += "\n\nYour worktree starts clean; the rejected work is kept: "
        told += f"`git show {last.kept_ref}`."
    return told


def wrong(attempt: int, error_code: str, reason: str, violations: Sequence[str]) -> str:
    """Why an attempt was not accepted."""
    told = [f"Attempt {attempt}: {error_code}.", "", fenced(reason)]
    if violations:
        told += ["", "Paths outside the scope:", *(f"- {code(path)}" for path in violations)]
    return "\n".join(told)


def scope_told(package: WorkPackage) -> str:
    """Where a package may write, in words."""
    scope = package.reach
    if scope.confidence is Confidence.UNKNOWN:
        return "The plan names no paths. Keep to what the package needs."
    if not scope.write:
        return "Nowhere: this package only reads."
    more = " (beyond the plan, on request)"
    lines = [f"- {code(glob)}{more * (glob in package.granted)}" for glob in scope.write]
    if scope.deny:
        lines += ["", "But not:", *(f"- {code(glob)}" for glob in scope.deny)]
    if scope.confidence is Confidence.INFERRED:
        lines += ["", "(Inferred from the plan's text.)"]
    return "\n".join(lines)


def checks_told(checks: Sequence[Check], declared: Sequence[Check]) -> str:
    """What decides about a package, in words."""
    lines = [
        f"- {line(check.name)}: {code(check.command)}"
        + (f" (in {code(check.cwd)})" if check.cwd != "." else "")
        for check in checks
    ]
    lines += [
        f"- {line(check.name)} (by a person or CI, not by Plait): "
        f"{line(check.instructions) or check.kind}"
        for check in declared
        if check.kind is not CheckKind.COMMAND
    ]
    return "\n".join(lines) or "- No checks are declared for this package."


def _landed(run: Run, package: WorkPackage, outputs: Mapping[PackageId, str]) -> str:
    """What the packages that it needs have done: files, their agents' words, their results."""
    told = []
    for edge in package.needs:
        state = run.packages.get(edge.id)
        if state is None or not state.commit:
            continue
        names = ", ".join(code(path) for path in state.files[:12])
        more = f" and {len(state.files) - 12} more" if len(state.files) > 12 else ""  # noqa: PLR2004
        said = state.attempts[-1].summary.strip() if state.attempts else ""
        said = "\n".join(filter(None, (said[:MOST_WORDS], outputs.get(edge.id, ""))))
        told.append(f"- {code(edge.id)}: {names or 'no files'}{more}")
        if said:
            told += ["", fenced(said), ""]
    return "\n".join(told).strip()
