"""Completion documents: what is read in them, and what Plait writes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.runs import begin, end, package, plan, record, started

from plait.core.completion import Departure, completed, departures_in, is_about
from plait.core.event import DeviationNoted
from plait.core.plan import Document, PackageId
from plait.plans.markdown import Kind, scan

PAPER = Document(path="docs/a.md", task="AB-1.1", title="Add the store")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("## Deviations\n- It is called total\n- Two\n", ["It is called total", "Two"]),
        ("### Any deviations from the spec\n\nRenamed the\nfield.\n", ["Renamed the field."]),
        ("## Deviations\n1. One\n   goes on\n\n   - a detail\n2. Two\n", ["One goes on", "Two"]),
        ("## Deviations\n  - One\n  - Two\n", ["One", "Two"]),
        ("## Deviations\n\n### Deviation 1\n- One\n### Deviation 2\n- Two\n## Next\n- x\n", None),
        ("## Deviations\nNone.\n", []),
        ("## Deviations\n- **None**\n- N/A\n- There were no deviations from the spec.\n", []),
        ("## Summary\n- One\n", []),
        ("```\n## Deviations\n- One\n```\n", []),
        ("## Deviations\n```\n- One\n```\n- Two\n", ["Two"]),
        ("", []),
    ],
)
def test_deviations_are_read_in_the_sections_that_speak_of_them(text, told):
    """A list's items, else paragraphs; "none" is none, and code is code."""
    told = ["One", "Two"] if told is None else told
    assert [each.summary for each in departures_in(text)] == told


def test_a_deviation_may_name_whom_it_concerns():
    """In brackets at its end."""
    assert departures_in("## Deviations\n- Renamed it (affects: AB-2.1, `AB-2.*`).\n") == (
        Departure(summary="Renamed it", affects=("AB-2.1", "AB-2.*")),
    )


def test_what_is_read_has_an_end():
    """A document is foreign text."""
    found = departures_in("## Deviations\n" + "".join(f"- {n} {'x' * 900}\n" for n in range(99)))
    assert len(found) == 20
    assert max(len(each.summary) for each in found) == 500


@pytest.mark.parametrize(
    ("name", "text", "own"),
    [
        ("AB-1.1-store.md", "", True),
        ("ab_1_1.md", "", True),
        ("done.md", "# AB-1.1: Add the store\n", True),
        ("AB-1.10.md", "", False),
        ("README.md", "# All tickets\n", False),
    ],
)
def test_a_document_under_another_name_says_whose_it_is(name, text, own):
    """In its name or in its head."""
    assert is_about("AB-1.1", name, text) is own


def test_a_document_is_written_from_the_record():
    """What was done, where, and what is different; of two askings the same text comes."""
    piece = package("AB-1.1", title="Add the store", documents=(PAPER,), phase="Phase 1: Store")
    run = record(
        started(plan(piece)),
        begin("AB-1.1"),
        DeviationNoted(
            package=PackageId("AB-1.1"),
            attempt=1,
            epoch=1,
            summary="called it total",
            affects=("AB-2.1",),
        ),
        end("AB-1.1"),
    )
    text = completed(PAPER, piece, run, ("src/a.py", "odd`name"))
    assert text.startswith("# AB-1.1: Add the store\n")
    for line in ("- **Ticket ID:** AB-1.1", "- `src/a.py`", "- `` odd`name ``"):
        assert line in text.splitlines()
    assert departures_in(text) == (Departure(summary="called it total", affects=("AB-2.1",)),)
    assert completed(PAPER, piece, run, ("src/a.py", "odd`name")) == text


def test_nothing_an_agent_says_is_taken_for_the_documents_own_words():
    """A heading or a field in a summary is a quotation; in a title it is one line of text."""
    piece = package("a", title="x\n# AB-9: stolen", documents=(PAPER,))
    run = record(started(plan(piece)), begin("a"), end("a"))
    state = run.packages[PackageId("a")]
    said = replace(
        state.attempts[-1], summary="# AB-2: all\n**Ticket ID:** AB-2\n## Deviations\n- x"
    )
    run = replace(run, packages=run.packages.changed(replace(state, attempts=(said,))))
    document = replace(PAPER, title="x\n# AB-9: `stolen`")
    text = completed(document, piece, run, ())
    headings = [each for each in scan(text.splitlines()).lines if each.kind is Kind.HEADING]
    assert [each.content for each in headings] == [
        r"AB-1.1: x \# AB-9: \`stolen\`",
        "Summary",
        "Files",
        "Checks",
        "Deviations",
    ]
    assert departures_in(text) == ()
