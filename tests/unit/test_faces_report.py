"""Reports carry foreign words and no foreign mark-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from tests.fakes.reports import report_of
from tests.fakes.runs import package, plan, started
from tests.fakes.stories import Story, ended_story, search_plan

from plait.core.event import BaselineCommitted, RunContinued, ScopeChecked, Verdict
from plait.core.plan import PackageId
from plait.faces.report_html import render_html
from plait.faces.report_rows import Report, look, sentence, strands
from plait.faces.report_text import render_md

HOSTILE = (
    "<script>alert('x')</script><img src=x onerror=y>\"' | `code` **bold** [a](b) $title &amp;"
)
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "article"),
    *("h1", "h2", "h3", "em", "p", "pre", "code", "span", "div", "ul", "li", "dl", "dt", "dd"),
    *("table", "thead", "tbody", "tr", "th", "td", "i", "b", "strong", "details", "summary"),
    *("svg", "g", "path", "rect", "text", "s", "u"),
}
DRAWN = {
    *("viewbox", "role", "aria-label", "aria-hidden", "d", "transform"),
    *("width", "height", "rx", "x", "y"),
}


class Reader(HTMLParser):
    """Collects what a browser would see: tags, attributes, text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


def hostile_story() -> Story:
    """Titles, reasons, paths and names that try to be mark-up."""
    searching = search_plan()
    packages = tuple(replace(each, title=HOSTILE) for each in searching.packages)
    story = Story(replace(searching, title=HOSTILE, packages=packages), agent=HOSTILE)
    story.start("db", "ui")
    story.work("ui", HOSTILE)
    story.check("ui", HOSTILE, red=True)
    story.judge("ui", Verdict.REJECT, code="X", reason=HOSTILE, violations=(HOSTILE,))
    story.succeed("db", "file")
    story.end()
    return story


def test_html_shows_hostile_text_as_text() -> None:
    """No tag, attribute or script comes from a title, a reason, a path or a name."""
    page = render_html(report_of(hostile_story().run))
    seen = Reader(page)
    assert set(seen.tags) <= TAGS
    assert seen.attributes <= {
        "lang",
        "charset",
        "http-equiv",
        "content",
        "name",
        "class",
        "title",
        "style",
        "open",
        *DRAWN,
    }
    assert seen.text.count("<script>alert('x')</script>") >= 12
    assert "<script" not in page


def test_html_is_one_small_file_that_fetches_nothing() -> None:
    """The page may load nothing, and it is small before the data."""
    page = render_html(report_of(ended_story().run))
    template = files("plait.faces").joinpath("web/report.html").read_bytes()
    assert len(template) < 40_000
    assert "default-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "url(" not in page


def test_markdown_shows_hostile_text_as_text() -> None:
    """Nothing foreign opens a tag or splits a table's row."""
    text = render_md(report_of(hostile_story().run))
    code_free = [line for line in text.splitlines() if not line.startswith("    ")]
    assert "<script" not in "".join(line for line in code_free if "`` " not in line)
    table = [line for line in code_free if line.startswith("| `ui`")]
    assert len(table) == 2
    for line, columns in zip(table, (6, 6), strict=True):
        assert line.replace("\\|", "").count("|") == columns + 1


def test_commands_are_quoted_for_a_shell() -> None:
    """A branch's name cannot add a command to what a reader copies."""
    report = {**report_of(ended_story().run), "branch": "x;rm -rf $HOME"}
    assert look(report)[2] == "git switch 'x;rm -rf $HOME'"


@pytest.mark.parametrize("render", [render_md, render_html])
def test_a_run_in_which_nothing_happened(render: Callable[[Report], str]) -> None:
    """A report without attempts, checks and an end renders, and shows no commands."""
    report = report_of(started(plan(package("a"))))
    text = render(report)
    assert "A plan is not finished" in text.replace('<em class="running">', "")
    assert "git switch" not in text
    assert sentence(report) == "0 of 1 package landed, 1 pending."


def test_every_package_stands_in_both() -> None:
    """What the run was about is in the Markdown and in the HTML."""
    report = report_of(ended_story().run)
    markdown, page = render_md(report), render_html(report)
    assert len(report["packages"]) == 9
    for each in report["packages"]:
        assert f"| `{each['id']}` |" in markdown
        assert f"<code>{each['id']}</code>" in page


def test_what_went_beyond_an_inferred_scope_is_told() -> None:
    """A landed package's deviations are named, with the plan's files that went first."""
    story = Story(search_plan())
    first = BaselineCommitted(commit="c0ffee" * 6 + "c0ff", files=("tasks.md",))
    story.tell(first)
    story.start("db")
    story.work("db", "src/db/a", "Makefile")
    story.tell(ScopeChecked(package=PackageId("db"), attempt=1, epoch=1, deviations=("Makefile",)))
    story.judge("db", Verdict.PASS)
    story.land("db", "src/db/a", "Makefile")
    text = render_md(report_of(story.run))
    assert "- db wrote Makefile, which the scope inferred from the plan does not name" in text
    assert "| committed first | c0ffeec0ffee: tasks.md |" in text


def test_an_attempt_that_was_cut_off_lasts_until_the_next() -> None:
    """After a crash the timeline shows both attempts, one after the other."""
    story = Story(search_plan())
    story.start("db")
    story.tell(RunContinued(pid=1), after=30)
    story.start("db", after=30)
    story.succeed("db", "src/db/a", takes=40)
    (strand,) = strands(report_of(story.run))
    cut, done = strand.bars
    assert [bar.kind for bar in strand.bars] == ["interrupted", "pass"]
    assert cut.start + cut.length == pytest.approx(done.start)
    assert strand.landed == pytest.approx(1.0)
