"""A run's report as one HTML file: no script, nothing fetched, every foreign word escaped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from string import Template

from plait.faces import (
    integrity_rows,
    problem_rows,
    report_audit,
    report_graph,
    report_rows,
    whole_rows,
)
from plait.faces.report_rows import Report
from plait.faces.report_timeline import timeline
from plait.faces.text import clean, duration


def render_html(report: Report) -> str:
    """The report, from the JSON that the reference documents."""
    template = files("plait.faces").joinpath("web/report.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        title=_text(report_rows.title(report)),
        status=_text(report["status"]),
        headline=_text(report_rows.headline(report)),
        sentence=_text(report_rows.sentence(report)),
        bound=_text(report_rows.bound(report)),
        sections="\n".join(
            (
                _section("What landed", _commands(report_rows.look(report))),
                _section("What did not land", *_troubles(report)),
                _section("Graph", _graph(report)),
                _section("Packages", _packages(report)),
                _section("Timeline", timeline(report)),
                _section("Warnings", _list(report_rows.warnings(report))),
                _section("The whole", _list(whole_rows.sentences(report))),
                _section("Contracts", _list(_contracts(report))),
                _section("Review", _list(report_audit.review_facts(report)), _findings(report)),
                _section("Integrity", _list(integrity_rows.doubts(report))),
                _section("QA", _trials(report)),
                _section("Escalations", _list(problem_rows.problems(report))),
                _section("Revisions", _list(problem_rows.revisions(report))),
                _section(
                    "Beyond the plan",
                    _list((*report_audit.grants(report), *report_rows.deviations(report))),
                ),
                _section("Decisions", _list(report_audit.decisions(report))),
                _section("Audit", _list(report_audit.audited(report))),
                _section("Agents", _agents(report)),
                _section("Kept", _list(report_rows.kept_lines(report, 50))),
                _section("Run", _facts(report)),
                _section("Checks", _checks(report)),
            )
        ).strip(),
    )


def _contracts(report: Report) -> tuple[str, ...]:
    return (*report_audit.contracts(report), *whole_rows.behind(report))


def _section(name: str, *blocks: str) -> str:
    inner = "\n".join(block for block in blocks if block)
    return f"<section>\n<h2>{name}</h2>\n{inner}\n</section>" if inner else ""


def _text(text: str) -> str:
    return escape(clean(text))


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>" if text else ""


def _badge(status: str) -> str:
    words = _text(status.replace("_", " "))
    return f'<span class="badge {_text(status)}">{report_graph.mark(status)}{words}</span>'


def _commands(commands: Sequence[str]) -> str:
    return f"<pre>{chr(10).join(map(_text, commands))}</pre>" if commands else ""


def _list(items: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{_text(item)}</li>' for item in items)}</ul>" if items else ""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], numeric: Sequence[int]) -> str:
    """A table of cells that are HTML already; `numeric` are the columns set to the right."""
    body = "\n".join(f"<tr>{_cells('td', row, numeric)}</tr>" for row in rows)
    if not body:
        return ""
    head = _cells("th", header, numeric)
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table></div>"
    )


def _cells(tag: str, cells: Sequence[str], numeric: Sequence[int]) -> str:
    return "".join(
        f'<{tag} class="number">{cell}</{tag}>' if column in numeric else f"<{tag}>{cell}</{tag}>"
        for column, cell in enumerate(cells)
    )


def _packages(report: Report) -> str:
    rows = [
        (
            f"{_code(line.id)}<div>{_text(line.title)}</div>",
            _badge(line.status),
            str(line.tries or ""),
            "" if line.took_s is None else duration(line.took_s),
            str(line.files or ""),
            _text(line.remark),
        )
        for line in report_rows.package_lines(report)
    ]
    header = ("package", "status", "attempts", "took", "files", "remark")
    return _table(header, rows, numeric=(2, 3, 4))


def _troubles(report: Report) -> list[str]:
    return [
        f"<article><h3>{_code(trouble.id)} {_text(trouble.title)} {_badge(trouble.status)}</h3>"
        f"<p>{_text(trouble.reason)} {_code(trouble.error_code)}</p>"
        f"{_outside(trouble.violations)}"
        f"<p>{_text(report_rows.advice(trouble))}</p>{_commands(trouble.commands)}</article>"
        for trouble in report_rows.troubles(report)
    ]


def _outside(paths: Sequence[str]) -> str:
    items = "".join(f"<li>{_code(path)}</li>" for path in paths)
    return f"<p>Outside its scope:</p><ul>{items}</ul>" if items else ""


def _graph(report: Report) -> str:
    took = {line.id: line.took_s for line in report_rows.package_lines(report)}
    drawn = report_graph.graph(report, took)
    if not drawn:
        return ""
    states = Counter(str(each["status"]) for each in report["packages"])
    legend = "".join(f"<span>{_badge(status)} {number}</span>" for status, number in states.items())
    return f'<div class="legend">{legend}</div>\n{drawn}'


def _findings(report: Report) -> str:
    return _table(
        ("package", "finding", "grade", "to do", "place"),
        [
            (
                _code(line.package),
                _text(": ".join(filter(None, (line.kind, line.told)))),
                _text(line.grade),
                _text(line.disposition),
                _code(line.place),
            )
            for line in report_audit.review_lines(report)
        ],
        numeric=(),
    )


def _trials(report: Report) -> str:
    return _table(
        ("what was tried", "outcome", "remark"),
        [
            (_text(line.name), _text(line.outcome), _text(line.told))
            for line in report_audit.trial_lines(report)
        ],
        numeric=(),
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
                _text(each.tokens),
            )
            for each in report_audit.agent_lines(report)
        ],
        numeric=(1, 2, 3, 4),
    )


def _checks(report: Report) -> str:
    lines = report_rows.check_lines(report)
    table = _table(
        ("package", "check", "tree", "outcome", "took", "log"),
        [
            (
                _code(line.package),
                _text(line.name),
                _text(line.stage),
                _text(line.outcome) if line.passed else f"<strong>{_text(line.outcome)}</strong>",
                duration(line.duration_s),
                _code(line.log),
            )
            for line in lines
        ],
        numeric=(4,),
    )
    if not table:
        return ""
    red = sum(1 for line in lines if not line.passed)
    told = f"{len(lines)} ran" + (f", {red} of them red" if red else ", all green")
    return f"<details open><summary>{told}</summary>\n{table}\n</details>"


def _facts(report: Report) -> str:
    pairs = "".join(
        f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>"
        for name, value in report_rows.facts(report)
    )
    return f"<dl>{pairs}</dl>"
