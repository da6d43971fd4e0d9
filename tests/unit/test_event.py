"""What is stored of an event, and read again."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from enum import Enum
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings, strategies as st

from plait.core.event import (
    EVENTS,
    TYPE_NAMES,
    Event,
    GatePassed,
    Recorded,
    RunId,
    RunInterrupted,
    Warned,
    from_data,
    subject,
    to_data,
    to_json,
)
from plait.core.plan import PackageId


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type."""
    hint = getattr(hint, "__supertype__", hint)
    if type(None) in get_args(hint):
        (known,) = (each for each in get_args(hint) if each is not type(None))
        return st.none() | values(known)
    if get_args(hint):
        return st.lists(values(get_args(hint)[0]), max_size=2).map(tuple)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(max_size=4),
        bool: st.booleans(),
        int: st.integers(-9, 2**40),
        float: st.floats(allow_nan=False, allow_infinity=False),
    }
    return plain[hint]


def events(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Events of a kind, every field drawn."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{each.name: values(hints[each.name]) for each in fields(kind)})


@pytest.mark.parametrize("name", EVENTS)
@given(data=st.data())
@settings(max_examples=15)
def test_every_event_survives_json(name, data):
    """What is stored of an event of any type gives the same event again."""
    event = data.draw(events(EVENTS[name]))
    stored = json.loads(json.dumps(to_data(event)))
    assert from_data(TYPE_NAMES[type(event)], stored) == event


@pytest.mark.parametrize("name", EVENTS)
def test_every_field_is_flat(name):
    """Fields are text, numbers, enums and tuples of text, so that any later version reads them."""
    for hint in get_type_hints(EVENTS[name]).values():
        values(hint)  # knows these and no others


def test_names_are_the_types_in_snake_case():
    """The stored name of a type is stable and unique."""
    assert EVENTS["run_started"].__name__ == "RunStarted"
    assert {TYPE_NAMES[kind] for kind in get_args(Event)} == set(EVENTS)
    assert len(EVENTS) == len(get_args(Event))


@pytest.mark.parametrize("name", EVENTS)
def test_what_a_newer_version_added_is_passed_over(name):
    """A field that this version does not know is ignored."""
    kind = EVENTS[name]
    required = [each.name for each in fields(kind) if each.default is MISSING]
    hints = get_type_hints(kind)
    plain: dict[Any, Any] = {str: "", int: 0, float: 0.0, bool: False}
    stored = {
        each: next(iter(hint)) if isinstance(hint, type) and issubclass(hint, Enum)
        else plain.get(getattr(hint, "__supertype__", hint), () if "tuple" in str(hint) else None)
        for each, hint in hints.items()
        if each in required
    }  # fmt: skip
    assert from_data(name, {**stored, "of_tomorrow": 1}) == from_data(name, stored)


def test_an_unknown_type_is_an_error():
    """An event that this version does not know is not taken for another."""
    with pytest.raises(KeyError):
        from_data("teleported", {})


def test_what_an_event_is_about_stands_beside_its_data():
    """Package, attempt and epoch are lifted out of `data` where there are any."""
    recorded = Recorded(
        seq=3,
        at=1.5,
        run=RunId("r"),
        event=GatePassed(package=PackageId("a"), reason="passed by checks"),
    )
    assert to_json(recorded) == {
        "seq": 3,
        "at": 1.5,
        "run": "r",
        "package": "a",
        "type": "gate_passed",
        "data": {"reason": "passed by checks"},
    }
    assert subject(recorded.event) == ("a", None, None)


@pytest.mark.parametrize("event", [RunInterrupted(signal="SIGINT"), Warned(code="C", message="m")])
def test_an_event_about_no_package_names_none(event):
    """Keys without a value are left out of the line."""
    line = to_json(Recorded(seq=1, at=0.0, run=RunId("r"), event=event))
    assert "package" not in line
    assert "package" not in line["data"]
    assert subject(event) == (None, None, None)
