"""Entries of a transcript as JSON, there and back."""

from __future__ import annotations

import json

import pytest

from plait.core.entries import KINDS, MOST_TEXT, entry_json, entry_of, shortened
from plait.core.transcript import (
    Account,
    Entry,
    Finished,
    FinishKind,
    Retried,
    Said,
    Started,
    ToolCalled,
    ToolDenied,
    ToolEnded,
    Turn,
    Unread,
    Used,
    account,
)

ENTRIES: list[Entry] = [
    Started(session="s", model="m", version="1"),
    Said(text="words", thought=True),
    ToolCalled(call="1", tool="Write", input={"a": [1]}, paths=("x", "y")),
    ToolEnded(call="1", output="no", failed=True),
    ToolDenied(tool="Bash", reason="no", call="2", paths=("/etc",)),
    Retried(kind=FinishKind.RATE_LIMIT, message="slow", delay_s=0.0),
    Turn(),
    Used(tokens_input=1, tokens_output=2, cost_usd=0.0, total=True),
    Finished(kind=FinishKind.OK, message="done", retry_at=1.5),
    Unread(line="?"),
]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda each: type(each).__name__)
def test_an_entry_is_the_same_after_its_way_through_json(entry):
    """Each kind is told as JSON whole, and read back as itself."""
    assert entry_of(json.loads(json.dumps(entry_json(entry)))) == entry


def test_every_kind_has_a_name():
    """The union and the names of kinds agree."""
    assert set(KINDS.values()) == {type(each) for each in ENTRIES}


@pytest.mark.parametrize(
    "data",
    [
        None,
        3,
        "text",
        [],
        {},
        {"kind": "nothing"},
        {"kind": ["text"]},
        {"kind": "text"},
        {"kind": "text", "text": 3},
        {"kind": "finished", "finish": "splendid"},
    ],
    ids=repr,
)
def test_what_is_no_entry_is_told_as_unread(data):
    """Whatever stands in a transcript, reading it gives an entry."""
    assert isinstance(entry_of(data), Unread)


def test_a_wrong_field_is_left_out():
    """A field of another type takes its default."""
    told = {"kind": "tool", "call": "1", "tool": "Bash", "paths": "x", "input": [], "more": 1}
    assert entry_of(told) == ToolCalled(call="1", tool="Bash")


def test_long_texts_are_cut():
    """Wherever it stands in an entry; short ones stay."""
    told = shortened({"kind": "tool", "input": {"content": "x" * (MOST_TEXT + 5), "path": "a"}})
    assert told["input"]["content"].endswith("x … 5 characters more")
    assert told["input"]["path"] == "a"


def test_usage_adds_up_until_a_total_says_otherwise():
    """Parts are added; a total replaces them."""
    summed = Account()
    for entry in (Used(tokens_input=3, cost_usd=1.0), Used(tokens_input=4, tokens_output=1)):
        summed = account(summed, entry)
    assert (summed.tokens_input, summed.tokens_output, summed.cost_usd) == (7, 1, 1.0)
    summed = account(summed, Used(tokens_input=9, tokens_output=2, total=True))
    assert (summed.tokens_input, summed.tokens_output, summed.cost_usd) == (9, 2, 1.0)
