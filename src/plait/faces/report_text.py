"""A run's report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plait.faces import integrity_rows, problem_rows, report_audit, report_rows, whole_rows
from plait.faces.report_rows import Report
from plait.faces.text import clean, duration

MOST_OF_A_BODY = 60_000  # what code hosts take is a little more
_SPECIAL = re.compile(r"([\\`*_\[\]|~#!])")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A section; one that `folds` stands in a pull request as a line that opens."""

    name: str
    blocks: tuple[str, ...]
    folds: bool = False

    @property
    def text(self) -> str:
        return "\n\n".join((f"## {self.name}", *self.blocks))

    @property
    def folded(self) -> str:
        """Such a line, and what it opens."""
        if not self.folds:
            return self.text
        head = f"<details>\n<summary>{self.name}</summary>"
        return "\n\n".join((head, *self.blocks, "</details>"))


def render_md(report: Report) -> str:
    """The report, from the JSON that the reference documents."""
    return "\n\n".join((*_head(report), *(part.text for part in _parts(report)))) + "\n"


def render_body(report: Report, most: int = MOST_OF_A_BODY) -> str:
    """The report as the text of a pull request: long parts fold, and it has at most so many signs.

    What does not fit is left out, the longest part that folds first, and named at the end. If
    that is not enough, the rest is cut.
    """
    parts = list(_parts(report))
    left: list[str] = []
    while True:
        told = f"Left out here for its length: {', '.join(left)}." if left else ""
        blocks = [*_head(report), *(part.folded for part in parts), told]
        text = "\n\n".join(block for block in blocks if block) + "\n"
        if len(text) <= most:
            return text
        longest = max(parts, key=lambda part: (part.folds, len(part.text)), default=None)
        if longest is None:
            return text[:most]
        parts.remove(longest)
        left.append(longest.name.lower())


def _head(report: Report) -> tuple[str, str]:
    title = f"# {_plain(report_rows.title(report))} {report_rows.headline(report)}"
    return title, _plain(report_rows.sentence(report))


def _parts(report: Report) -> Iterator[_Part]:
    """All sections that have something to say."""
    audit = report_audit
    sections: tuple[tuple[str, bool, tuple[str, ...]], ...] = (
        ("What landed", False, (_commands(report_rows.look(report)),)),
        ("Packages", False, (_packages(report),)),
        ("What did not land", False, tuple(_troubles(report))),
        ("The whole", False, (_list(whole_rows.sentences(report)),)),
        ("Contracts", False, (_list((*audit.contracts(report), *whole_rows.behind(report))),)),
        ("Review", False, (_list(audit.review_facts(report)), _findings(report))),
        ("Integrity", False, (_list(integrity_rows.doubts(report)),)),
        ("QA", False, (_trials(report),)),
        ("Escalations", False, (_list(problem_rows.problems(report)),)),
        ("Checks", True, (_checks(report),)),
        ("Timeline", True, (_timeline(report),)),
        ("Warnings", False, (_list(report_rows.warnings(report)),)),
        (
            "Beyond the plan",
            False,
            (_list((*audit.grants(report), *report_rows.deviations(report))),),
        ),
        ("Revisions", False, (_list(problem_rows.revisions(report)),)),
        ("Decisions", False, (_list(audit.decisions(report)),)),
        ("Audit", True, (_list(audit.audited(report)),)),
        ("Agents", False, (_agents(report),)),
        ("Kept", True, (_list(report_rows.kept_lines(report, 50)),)),
        ("Run", True, (_facts(report), _plain(report_rows.bound(report)))),
    )
    for name, folds, blocks in sections:
        said = tuple(block for block in blocks if block)
        if said:
            yield _Part(name=name, blocks=said, folds=folds)


def _findings(report: Report) -> str:
    return _table(
        ("package", "finding", "grade", "to do", "place"),
        [
            (
                _code(line.package) if line.package else "",
                _plain(": ".join(filter(None, (line.kind, line.told)))),
                _plain(line.grade),
                _plain(line.disposition),
                _code(line.place) if line.place else "",
            )
            for line in report_audit.review_lines(report)
        ],
    )


def _trials(report: Report) -> str:
    return _table(
        ("what was tried", "outcome", "remark"),
        [
            (_plain(line.name), _plain(line.outcome), _plain(line.told))
            for line in report_audit.trial_lines(report)
        ],
    )


def _agents(report: Report) -> str:
    return _table(
        ("agent", "attempts", "landed", "worked", "cost", "tokens"),
        [
            (
                _code(each.agent),
                str(each.attempts),
                str(each.landed),
                each.took,
                each.cost,
                _plain(each.tokens),
            )
            for each in report_audit.agent_lines(report)
        ],
    )


def _plain(text: str) -> str:
    """Foreign text in which nothing is mark-up."""
    escaped = _SPECIAL.sub(r"\\\1", clean(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(text: str) -> str:
    """Foreign text as code; its own backticks end nothing."""
    text = clean(text)
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    inner = f" {text} " if "`" in text else text
    return f"{fence}{inner}{fence}".replace("|", "\\|")


def _list(items: Sequence[str]) -> str:
    return "\n".join(f"- {_plain(item)}" for item in items)


def _commands(commands: Sequence[str]) -> str:
    return "\n".join(f"    {clean(command)}" for command in commands)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _packages(report: Report) -> str:
    return _table(
        ("package", "status", "attempts", "took", "files", "title and remark"),
        [
            (
                _code(line.id),
                line.status.replace("_", " "),
                str(line.tries),
                "" if line.took_s is None else duration(line.took_s),
                str(line.files),
                " — ".join(_plain(part) for part in (line.title, line.remark) if part),
            )
            for line in report_rows.package_lines(report)
        ],
    )


def _troubles(report: Report) -> list[str]:
    blocks: list[str] = []
    for trouble in report_rows.troubles(report):
        code = f" {_code(trouble.error_code)}" if trouble.error_code else ""
        blocks += [
            f"### {_code(trouble.id)} {trouble.status}{code}",
            _plain(trouble.reason),
            "\n".join(f"- outside its scope: {_code(path)}" for path in trouble.violations),
            report_rows.advice(trouble),
            _commands(trouble.commands),
        ]
    return [block for block in blocks if block]


def _checks(report: Report) -> str:
    return _table(
        ("package", "check", "tree", "outcome", "took", "log"),
        [
            (
                _code(line.package),
                _plain(line.name),
                line.stage,
                line.outcome if line.passed else f"**{line.outcome}**",
                duration(line.duration_s),
                _code(line.log) if line.log else "",
            )
            for line in report_rows.check_lines(report)
        ],
    )


def _timeline(report: Report) -> str:
    rows = []
    for strand in report_rows.strands(report):
        for bar in strand.bars:
            start, end = round(bar.start * 40), round((bar.start + bar.length) * 40)
            picture = " " * start + "=" * max(end - start, 1)
            rows.append(f"    {clean(strand.id)[:20]:<20} |{picture:<41}| {clean(bar.label)}")
    return "\n".join(rows)


def _facts(report: Report) -> str:
    return _table(("", ""), [(name, _plain(value)) for name, value in report_rows.facts(report)])
