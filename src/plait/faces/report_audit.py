"""Contracts, reviews, QA, cost and decisions of a report as rows and sentences.

What reviewers and testers tell is read leniently: a report of another version may tell it in
another shape, and what is not understood is left to the JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plait.faces.text import count, duration, listing

Report = Mapping[str, Any]
_DEEPEST = 6
_MOST_FINDINGS = 500
_NAMES = ("name", "title", "id", "kind", "type", "scenario", "plan")
_STATES = ("status", "verdict", "outcome", "result")
_TELLS = ("summary", "message", "error", "description", "reason", "details")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLine:
    """A reviewer's finding: about what, how grave, what is to come of it."""

    package: str
    grade: str
    kind: str
    disposition: str
    place: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLine:
    """What QA tried, what came of it, and what there is to say."""

    name: str
    outcome: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLine:
    """What an agent did, and what it says that it cost."""

    agent: str
    attempts: int
    landed: int
    took: str
    tokens: str
    cost: str


def contracts(report: Report) -> tuple[str, ...]:
    """Whether the interface definitions held, and who changed them or asked for it."""
    told: Mapping[str, Any] = report.get("contracts") or {}
    files = list(dict.fromkeys(filter(None, (told.get("primary"), *(told.get("files") or ())))))
    if not files:
        return ()
    head = f"{count(len(files), 'contract')} at revision {told.get('revision', 1)}: "
    lines = [head + listing(files, 6)]
    by_path: dict[str, list[str]] = {}
    for each in told.get("changes") or ():
        by_path.setdefault(each["path"], []).append(each["package"])
    lines += [f"{path} was changed by {listing(who, 5)}" for path, who in by_path.items()]
    if told.get("escalations"):
        lines.append(f"another contract was asked for: {listing(told['escalations'], 5)}")
    if told.get("kept"):
        lines.append("nothing that landed changes them")
    return tuple(lines)


def is_reviewed(report: Report) -> bool:
    """Whether anybody but checks looked at the work."""
    return bool(report.get("reviews")) or any(each.get("review") for each in report["packages"])


def review_facts(report: Report) -> tuple[str, ...]:
    """What the reviews came to, in names and values."""
    reviews = report.get("reviews") or {}
    facts = list(_facts(reviews if isinstance(reviews, Mapping) else {}))
    for package in report["packages"]:
        review = package.get("review")
        if isinstance(review, Mapping):
            told = ", ".join(_facts(review))
            facts += [f"{package['id']}: {told}"] if told else []
    return tuple(facts)


def review_lines(report: Report) -> tuple[ReviewLine, ...]:
    """All findings of reviewers, each once."""
    found: dict[ReviewLine, None] = {}
    places = [("", report.get("reviews") or {})]
    places += [(each["id"], each.get("review") or {}) for each in report["packages"]]
    for package, told in places:
        for finding, owner in _findings(told, package):
            found[_review_line(finding, owner)] = None
            if len(found) >= _MOST_FINDINGS:
                return tuple(found)
    return tuple(found)


def trial_lines(report: Report) -> tuple[TrialLine, ...]:
    """What QA tried, attempt by attempt."""
    qa = report.get("qa")
    entries = qa if isinstance(qa, Sequence) else [qa]
    found: list[TrialLine] = []
    for each in entries:
        if isinstance(each, Mapping):
            found += [_trial_line(each), *_items(each.get("items"))]
    return tuple(found)


def agent_lines(report: Report) -> tuple[AgentLine, ...]:
    """What each agent did and cost."""
    return tuple(
        AgentLine(
            agent=each["agent"],
            attempts=each["attempts"],
            landed=each["landed"],
            took=duration(each["agent_s"]),
            tokens=", ".join(f"{n:,} {kind}" for kind, n in (each.get("tokens") or {}).items()),
            cost="" if each.get("cost_usd") is None else f"{each['cost_usd']:.2f} USD",
        )
        for each in report.get("agents", ())
    )


def decisions(report: Report) -> tuple[str, ...]:
    """Who approved and who decided what, in sentences."""
    approved = tuple(
        f"{each['who']} approved {each['digest'][:19]} at {each['at']}"
        for each in report["approvals"]
    )
    return approved + tuple(
        f"{each.get('who') or 'somebody'} answered {each.get('package') or 'the run'}: "
        f"{each['question']} — {each['answer']}"
        for each in report.get("decisions", ())
    )


def audited(report: Report) -> tuple[str, ...]:
    """Who approved, ordered, accepted and claimed what, as the audit has it, in sentences."""
    return tuple(
        f"{each['at'][:19].replace('T', ' ')} {each['who'] or 'somebody'} {each['text']}"
        for each in report.get("audit", ())
    )


def grants(report: Report) -> tuple[str, ...]:
    """What packages were granted beyond the plan's scopes, in sentences."""
    return tuple(
        f"{each['package']} was granted {listing(each['paths'], 6)}, as {each['who']} asked"
        for each in report.get("grants", ())
    )


def _facts(told: Mapping[str, Any]) -> Iterator[str]:
    """The plain values of an object, and those of objects of plain values in it."""
    for key, value in told.items():
        name = str(key).replace("_", " ")
        if isinstance(value, Mapping):
            inner = {k: v for k, v in value.items() if _is_plain(v)}
            if inner and len(inner) == len(value):
                pairs = (f"{_said(v)} {str(k).replace('_', ' ')}" for k, v in inner.items())
                yield f"{name}: {', '.join(pairs)}"
        elif _is_plain(value):
            yield f"{name}: {_said(value)}"
        elif isinstance(value, Sequence) and value and all(map(_is_plain, value)):
            yield f"{name}: {listing([_said(each) for each in value], 8)}"


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float) and value != ""


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _findings(
    told: object, package: str, depth: int = 0
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Objects that have a description and say how grave it is, wherever they stand."""
    if depth > _DEEPEST:
        return
    if isinstance(told, Mapping):
        owner = str(told.get("package") or told.get("package_id") or package)
        if told.get("description") and (told.get("criticality") or told.get("disposition")):
            yield told, owner
            return
        for value in told.values():
            yield from _findings(value, owner, depth + 1)
    elif isinstance(told, Sequence) and not isinstance(told, str):
        for each in told:
            yield from _findings(each, package, depth + 1)


def _review_line(finding: Mapping[str, Any], package: str) -> ReviewLine:
    path = finding.get("file_path") or finding.get("file") or finding.get("path") or ""
    lines = finding.get("line_range") or finding.get("lines") or finding.get("line") or ""
    if isinstance(lines, Mapping):
        lines = [each for each in (lines.get("start"), lines.get("end")) if each is not None]
    if isinstance(lines, Sequence) and not isinstance(lines, str):
        lines = "-".join(dict.fromkeys(map(str, lines)))
    status = str(finding.get("status") or finding.get("resolution") or "")
    disposition = str(finding.get("disposition") or "")
    by = [str(each) for each in finding.get("accepted_by") or ()]
    accepted = f"accepted by {listing(by, 5)}" if by else ""
    return ReviewLine(
        package=package,
        grade=str(finding.get("criticality") or ""),
        kind=str(finding.get("type") or "").replace("_", " "),
        disposition=", ".join(filter(None, (disposition, status, accepted))),
        place=f"{path}:{lines}" if path and lines else str(path),
        told=str(finding["description"]),
    )


def _trial_line(told: Mapping[str, Any]) -> TrialLine:
    names = [str(told[key]) for key in _NAMES if _is_plain(told.get(key))]
    attempt = told.get("attempt")
    names += [f"attempt {attempt}"] if attempt else []
    outcome = next((str(told[key]) for key in _STATES if _is_plain(told.get(key))), "")
    passed = told.get("passed")
    if not outcome and isinstance(passed, bool):
        outcome = "passed" if passed else "failed"
    elif not outcome and isinstance(passed, int):
        outcome = f"{passed} passed, {told.get('failed', 0)} failed"
    says = next((str(told[key]) for key in _TELLS if _is_plain(told.get(key))), "")
    failures = told.get("failures")
    if isinstance(failures, Sequence) and not isinstance(failures, str) and failures:
        shown = [_failure(each) for each in failures]
        says = "; ".join(filter(None, (says, listing(shown, 5))))
    return TrialLine(name=", ".join(names) or "QA", outcome=outcome.replace("_", " "), told=says)


def _items(told: object) -> Iterator[TrialLine]:
    """The items of a try; what passed is not told why."""
    for each in told if isinstance(told, list) else ():
        if isinstance(each, Mapping):
            name = ": ".join(str(each[key]) for key in ("kind", "name") if _is_plain(each.get(key)))
            outcome = str(each.get("status") or "").replace("_", " ")
            reason = str(each.get("reason") or "").partition("\n")[0]
            yield TrialLine(name=name, outcome=outcome, told=reason)


def _failure(told: object) -> str:
    if not isinstance(told, Mapping):
        return str(told)
    return next((str(told[key]) for key in (*_NAMES, *_TELLS) if _is_plain(told.get(key))), "")
