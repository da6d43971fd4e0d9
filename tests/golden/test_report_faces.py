"""A run's report as Markdown and HTML: the same words for the same run."""

from __future__ import annotations

from tests.fakes.reports import report_of
from tests.fakes.stories import ended_story, search_story
from tests.golden.conftest import Golden

from plait.faces.report_html import render_html
from plait.faces.report_text import render_md


def test_markdown(golden: Golden) -> None:
    """The report of an ended run, for a terminal or a pull request."""
    golden("report.md", render_md(report_of(ended_story().run)))


def test_html(golden: Golden) -> None:
    """The report of an ended run, for a browser."""
    golden("report.html", render_html(report_of(ended_story().run)))


def test_an_unfinished_run(golden: Golden) -> None:
    """A run that still lasts has a report too."""
    golden("report-unfinished.md", render_md(report_of(search_story().run)))
