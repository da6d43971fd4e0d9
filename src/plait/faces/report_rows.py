"""A report as rows and sentences: what its Markdown and its HTML have in common.

Reports are read as the JSON that the reference documents, so that a stored one can be rendered
again by a later version.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from plait.faces.delivery_story import tell_delivery
from plait.faces.report_audit import is_reviewed
from plait.faces.text import clean, count, duration, listing, shorten

Report = Mapping[str, Any]

_HEADLINES = {
    "succeeded": "succeeded",
    "partial": "succeeded in part",
    "failed": "failed",
    "blocked": "waits for a decision",
    "cancelled": "was cancelled",
    "interrupted": "was interrupted",
    "paused": "is paused",
    "running": "is not finished",
}
_STAGES = {"verify": "alone", "land": "merged"}
_WIDEST_AGENT = 40  # an agent may be a whole shell command
_SHORTEST_S = 1e-3  # a run of no length is drawn too
_TROUBLED = ("blocked", "failed", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageLine:
    """A package in the table; `took_s` from its first start to its end, `tries` its attempts."""

    id: str
    title: str
    status: str
    tries: int
    took_s: float | None
    files: int
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A package that did not land, with what helps: commands that show and restore its work."""

    id: str
    title: str
    status: str
    error_code: str
    reason: str
    violations: tuple[str, ...]
    kept_ref: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """An attempt on the timeline; `start` and `length` are parts of the whole, 0 to 1.

    `worked` is the part of the attempt that its agent took; checks took the rest.
    """

    start: float
    length: float
    worked: float
    kind: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """A package on the timeline: its attempts, and when it landed (a part of the whole)."""

    id: str
    bars: tuple[Bar, ...]
    landed: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """A check that ran for a package."""

    package: str
    name: str
    passed: bool
    outcome: str
    duration_s: float
    log: str
    stage: str


def title(report: Report) -> str:
    """What the report is about: the plan's title, else its id."""
    plan = report["plan"]
    return str(plan.get("title") or plan["id"])


def headline(report: Report) -> str:
    """The run's status as the end of a sentence that begins with the plan's title."""
    return _HEADLINES[report["status"]]


def sentence(report: Report) -> str:
    """What came of it, in one sentence."""
    numbers: dict[str, int] = {}
    for package in report["packages"]:
        numbers[package["status"]] = numbers.get(package["status"], 0) + 1
    landed = numbers.pop("landed", 0)
    total = count(len(report["packages"]), "package")
    took = report.get("makespan_s")
    head = f"{landed} of {total} landed" + (f" in {duration(took)}" if took else "")
    rest = [f"{number} {status.replace('_', ' ')}" for status, number in numbers.items()]
    return ", ".join([head, *rest]) + "." + _ended_by(report)


def bound(report: Report) -> str:
    """How far the run was from the shortest it could have been; empty where nothing is known."""
    took, least = report.get("makespan_s"), report.get("lower_bound_s")
    if not took or not least:
        return ""
    return (
        f"The run took {duration(took)}, {took / least:.2f} times the {duration(least)} "
        "that a perfect schedule of the same work would have taken."
    )


def look(report: Report) -> tuple[str, ...]:
    """Commands that show what landed; names are quoted for a shell."""
    base, head, branch = report["base"], report.get("head"), report["branch"]
    if not branch or not head or head == base:
        return ()
    return (
        f"git log --first-parent --stat {shlex.quote(f'{base[:12]}..{branch}')}",
        f"git diff {shlex.quote(f'{base[:12]}...{branch}')}",
        f"git switch {shlex.quote(branch)}",
    )


def package_lines(report: Report) -> tuple[PackageLine, ...]:
    """The packages, in the report's order."""
    return tuple(
        PackageLine(
            id=package["id"],
            title=package["title"],
            status=package["status"],
            tries=len(package["attempts"]),
            took_s=_took(package),
            files=len(package["files_modified"]),
            remark=_remark(package),
        )
        for package in report["packages"]
    )


def troubles(report: Report) -> tuple[Trouble, ...]:
    """What did not land and needs a look; skipped packages stand in the table alone."""
    found = [each for each in report["packages"] if each["status"] in _TROUBLED]
    return tuple(_trouble(report, package) for package in found)


def advice(trouble: Trouble) -> str:
    """What the trouble's commands are for."""
    if trouble.kept_ref:
        return "Nothing is lost. What the agent wrote, its changes, and a branch with them:"
    return "What the agent wrote:" if trouble.commands else ""


def strands(report: Report) -> tuple[Strand, ...]:
    """The timeline: a strand for each package that was worked on."""
    first, last = _span(report)
    length = max(last - first, _SHORTEST_S)
    return tuple(
        Strand(
            id=package["id"],
            bars=tuple(_bars(package["attempts"], first, last)),
            landed=(_at(package["landed_at"]) - first) / length
            if package.get("landed_at")
            else None,
        )
        for package in report["packages"]
        if package["attempts"]
    )


def whole(report: Report) -> float:
    """How many seconds the timeline shows."""
    first, last = _span(report)
    return last - first


def check_lines(report: Report) -> tuple[CheckLine, ...]:
    """The checks a reader looks for, by package: its own, the repository's, and what failed.

    Those of packages that landed before and passed again on the merged tree are left out; the
    report as JSON has them all.
    """
    return tuple(
        CheckLine(
            package=package["id"],
            name=check["name"],
            passed=check["passed"],
            outcome=_outcome(check),
            duration_s=check["duration_s"],
            log=check["log"],
            stage=_STAGES.get(check.get("stage", ""), ""),
        )
        for package in report["packages"]
        for check in package["checks"]
        if not (check["passed"] and check.get("owner"))
    )


FLAKY = "it did not always say the same of one tree"


def warnings(report: Report) -> tuple[str, ...]:
    """The warnings as sentences."""
    told = [each if isinstance(each, str) else _warning(each) for each in report["warnings"]]
    flaky = dict.fromkeys(each["name"] for each in report.get("flakes", ()))
    return (*told, *(f'check "{name}" is flaky: {FLAKY}' for name in flaky))


def deviations(report: Report) -> tuple[str, ...]:
    """What agents did differently, and what they wrote beyond a scope that was only inferred."""
    noted = tuple(
        f"{each['package']}: {each['summary']}"
        + (f" (affects {listing(each['affects'])})" if each["affects"] else "")
        for each in report.get("deviations", ())
    )
    return noted + tuple(
        f"{package['id']} wrote {path}, which the scope inferred from the plan does not name"
        for package in report["packages"]
        if package["status"] == "landed"
        for attempt in package["attempts"][-1:]
        for path in attempt.get("deviations") or ()
    )


def facts(report: Report) -> tuple[tuple[str, str], ...]:
    """The run in names and values."""
    totals, limits = report["totals"], report.get("limits") or {}
    tokens = totals.get("tokens") or {}
    pairs = [
        ("run", report["run"]),
        ("plan", f"{report['plan']['id']} ({report['plan'].get('format', 'unknown format')})"),
        ("digest", report["plan"].get("digest", "")),
        ("branch", f"{report['branch']} at {(report.get('head') or '')[:12]}"),
        ("base", report["base"][:12]),
        ("pull request", delivery(report)),
        ("sandbox", report.get("sandbox") or "none"),
        ("worktrees", report.get("workspaces") or "pool"),
        ("review", "" if is_reviewed(report) else "not reviewed"),
        ("started", report.get("started_at") or ""),
        ("finished", report.get("finished_at") or ""),
        ("checks run", str(totals["tests_run"])),
        ("made ready in", duration(totals["setup_s"]) if "setup_s" in totals else ""),
        ("agents worked", duration(totals["agent_s"])),
        ("of that in vain", duration(totals["wasted_agent_s"])),
        ("cost", _money(totals.get("cost_usd"))),
        ("budget", _money(limits.get("budget_usd"))),
        ("time allowed", duration(limits["timeout_s"]) if limits.get("timeout_s") else ""),
        ("tokens", ", ".join(f"{number:,} {kind}" for kind, number in tokens.items() if number)),
    ]
    baseline = report.get("baseline")
    if baseline:
        pairs.append(
            ("committed first", f"{baseline['commit'][:12]}: {listing(baseline['files'])}")
        )
    return tuple((name, value) for name, value in pairs if value)


def delivery(report: Report) -> str:
    """What became of the run's branch after its end; empty if nothing was asked."""
    told = report.get("pull_request")
    return tell_delivery(told) if told else ""


def kept_lines(report: Report, most: int = 3) -> tuple[str, ...]:
    """What is left of the run beside its branch, a line for each kind that there is."""
    kept = report.get("kept") or {}
    names = (("branches", "branches"), ("refs", "hidden refs"), ("worktrees", "worktrees"))
    return tuple(f"{told}: {listing(kept[key], most)}" for key, told in names if kept.get(key))


def limit(report: Report) -> str:
    """What the run came to the end of, in words; empty if of nothing."""
    reached = (report.get("limits") or {}).get("reached")
    return str(reached["reason"]) if reached else ""


def _ended_by(report: Report) -> str:
    reason = limit(report)
    return f" It went no further: {reason}." if reason else ""


def _money(usd: float | None) -> str:
    return "" if usd is None else f"{usd:.2f} USD"


def _span(report: Report) -> tuple[float, float]:
    """The first and the last moment of the timeline."""
    attempts = [attempt for package in report["packages"] for attempt in package["attempts"]]
    told = [report.get("started_at")]
    told += [attempt.get(key) for attempt in attempts for key in ("started_at", "finished_at")]
    told += [package.get("landed_at") for package in report["packages"]]
    moments = [_at(moment) for moment in told if moment]
    return (min(moments), max(moments)) if moments else (0.0, 0.0)


def _warning(warning: Mapping[str, Any]) -> str:
    about = f"{warning['package']}: " if warning.get("package") else ""
    return f"{about}{warning['message']} [{warning['code']}]"


def _remark(package: Mapping[str, Any]) -> str:
    """What there is to say of a package: what it asks, else why it ended as it did."""
    return package.get("question") or package.get("reason") or ""


def _took(package: Mapping[str, Any]) -> float | None:
    attempts: Sequence[Mapping[str, Any]] = package["attempts"]
    if not attempts:
        return None
    end = package.get("landed_at") or attempts[-1].get("finished_at")
    return _at(end) - _at(attempts[0]["started_at"]) if end else None


def _trouble(report: Report, package: Mapping[str, Any]) -> Trouble:
    last: Mapping[str, Any] = package["attempts"][-1] if package["attempts"] else {}
    kept = last.get("kept_ref") or ""
    commands = []
    if last:
        commands.append(f"plait logs {shlex.quote(report['run'])} {shlex.quote(package['id'])}")
    if kept:
        commands.append(f"git log --patch -1 {shlex.quote(kept)}")
        commands.append(f"git branch {shlex.quote('kept/' + package['id'])} {shlex.quote(kept)}")
    code = last.get("error_code") or ""
    return Trouble(
        id=package["id"],
        title=package["title"],
        status=package["status"],
        error_code="" if code.lower() == package["status"] else code,
        reason=_remark(package),
        violations=tuple(last.get("violations") or ()),
        kept_ref=kept,
        commands=tuple(commands),
    )


def _bars(attempts: Sequence[Mapping[str, Any]], first: float, last: float) -> Iterator[Bar]:
    """The attempts of a package; one that was cut off lasts until the next, or to the end."""
    length = max(last - first, _SHORTEST_S)
    nexts = [attempt["started_at"] for attempt in attempts[1:]]
    for attempt, following in zip_longest(attempts, nexts):
        start = _at(attempt["started_at"])
        told = attempt.get("finished_at") or following
        end = _at(told) if told else last
        outcome = attempt.get("outcome") or "unfinished"
        who = shorten(clean(attempt["agent"]), _WIDEST_AGENT)
        yield Bar(
            start=(start - first) / length,
            length=(end - start) / length,
            worked=_worked(attempt, end - start),
            kind=outcome,
            label=f"attempt {attempt['number']} by {who} in {attempt['worktree']}: "
            f"{outcome} after {duration(end - start)}",
        )


def _worked(attempt: Mapping[str, Any], took: float) -> float:
    if not attempt.get("finished_at") or took <= 0:
        return 1.0
    return float(min(max(attempt.get("agent_s") or took, 0.0) / took, 1.0))


def _outcome(check: Mapping[str, Any]) -> str:
    if check.get("who") or check.get("kind"):
        return f"{'passed' if check['passed'] else 'failed'}, says {check.get('who') or 'somebody'}"
    if check["passed"]:
        return "passed"
    return "did not finish" if check.get("exit_code") is None else f"exited {check['exit_code']}"


def _at(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
