"""What a report quotes of the audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from plait.core.audit import ORIGIN, Fact, chained
from plait.core.plan import Digest
from plait.core.quoted import MOST, quoted

DIGEST = Digest("sha256:1234567890abcdef")


def rows(*facts: tuple[str, str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What is quoted of these facts."""
    made = [Fact(kind=kind, who=who, run="r", data=data) for kind, who, data in facts]
    return quoted(chained(made, number=0, previous=ORIGIN, at=5.0), DIGEST)


@pytest.mark.parametrize(
    ("kind", "data", "text"),
    [
        ("approved", {"digest": DIGEST, "plan": "p"}, "approved sha256:1234567890ab"),
        (
            "asked",
            {"kind": "answer", "data": {"question": "wp-a", "text": "yes"}},
            'ordered: answer wp-a "yes"',
        ),
        ("asked", {"kind": "pause", "data": {"at_once": True}}, "ordered: pause at once"),
        ("asked", {"kind": "pause", "data": {"at_once": False}}, "ordered: pause"),
        ("asked", {"kind": "limits", "data": {"max_agents": 3}}, "ordered: limits max_agents 3"),
        (
            "asked",
            {"kind": "widen", "data": {"package": "a", "paths": ["docs/x"], "epoch": 1}},
            "asked to write docs/x for a",
        ),
        (
            "answered",
            {"request": 4, "answer": '{"told": "it passes"}'},
            "to order 4: it passes",
        ),
        ("answered", {"request": 4, "answer": "no JSON"}, "to order 4: no JSON"),
        ("claimed", {"epoch": 2}, "decides the run, under epoch 2"),
        (
            "work_accepted",
            {"package": "a", "reason": "it is\nfine"},
            "accepted the work of a as it is: it is fine",
        ),
        ("scope_granted", {"package": "a", "paths": ["x", "y"]}, "was granted x, y for a"),
        ("question_replied", {"question": "q-1", "answer": "left"}, "answered q-1: left"),
        ("work_claimed", {"task": "t-1", "package": "a"}, "work claimed a t-1"),
        ("something_new", {}, "something new"),
    ],
)
def test_each_row_is_told_in_words(kind, data, text):
    """With who did it, when, and the row's hash."""
    (row,) = rows((kind, "ann", data))
    assert (row["who"], row["at"], row["kind"], row["text"]) == ("ann", 5.0, kind, text)
    assert len(row["hash"]) == 64


def test_what_is_of_others_or_says_nothing_is_left_out():
    """Approvals of other plans, sessions that come and go; of many rows the newest stay."""
    assert rows(("approved", "ann", {"digest": "sha256:2"}), ("session_ended", "bob", {})) == []
    many = rows(*(("claimed", "ann", {"epoch": n}) for n in range(MOST + 5)))
    assert [many[0]["number"], len(many)] == [6, MOST]
