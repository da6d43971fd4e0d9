"""A run's report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plait.faces import problem_rows, report_rows
from plait.faces.report_rows import Report
from plait.faces.text import clean, duration

_SPECIAL = re.compile(r"([\\`*_\[\]|~#!])")


def render_md(report: Report) -> str:
    """The report, from the JSON that the reference documents."""
    blocks = [
        f"# {_plain(report_rows.title(report))} {report_rows.headline(report)}",
        _plain(report_rows.sentence(report)),
        *_section("What landed", _commands(report_rows.look(report))),
        *_section("Packages", _packages(report)),
        *_section("What did not land", *_troubles(report)),
        *_section("Escalations", _list(problem_rows.problems(report))),
        *_section("Checks", _checks(report)),
        *_section("Timeline", _timeline(report)),
        *_section("Warnings", _list(report_rows.warnings(report))),
        *_section("Beyond the plan", _list(report_rows.deviations(report))),
        *_section("Revisions", _list(problem_rows.revisions(report))),
        *_section("Approvals", _list(report_rows.approvals(report))),
        *_section("Run", _facts(report), _plain(report_rows.bound(report))),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _section(name: str, *blocks: str) -> tuple[str, ...]:
    """A heading and what stands under it; nothing where nothing does."""
    return (f"## {name}", *blocks) if any(blocks) else ()


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
