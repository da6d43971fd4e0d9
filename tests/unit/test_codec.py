"""Values to JSON and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pytest
from hypothesis import given, settings, strategies as st

from plait.core.codec import decode, encode
from plait.core.plan import (
    Check,
    CheckKind,
    Confidence,
    Edge,
    Locks,
    Marker,
    PackageId,
    Provenance,
    Scope,
    Span,
    WorkPackage,
)


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    name: PackageId
    colour: Colour = Colour.RED


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    inner: Inner
    many: tuple[Inner, ...] = ()
    maybe: Inner | None = None
    by_name: Mapping[str, Inner] = field(default_factory=dict)
    number: float = 0.0


TEXTS = st.text(max_size=4)
IDS = TEXTS.map(PackageId)
SPANS = st.builds(Span, file=TEXTS, line=st.integers(1, 9), column=st.integers(1, 9))
STRINGS = st.lists(TEXTS, max_size=2).map(tuple)
CHECKS = st.builds(
    Check,
    name=TEXTS,
    kind=st.sampled_from(CheckKind),
    command=TEXTS,
    env=st.dictionaries(TEXTS, TEXTS, max_size=2),
    artifacts=STRINGS,
)
EDGES = st.builds(
    Edge, id=IDS, provenance=st.sampled_from(Provenance), note=TEXTS, span=st.none() | SPANS
)
PACKAGES = st.builds(
    WorkPackage,
    id=IDS,
    source_id=TEXTS,
    title=TEXTS,
    needs=st.lists(EDGES, max_size=2).map(tuple),
    scope=st.builds(Scope, write=STRINGS, deny=STRINGS, confidence=st.sampled_from(Confidence)),
    locks=st.builds(Locks, files=STRINGS, keys=STRINGS),
    checks=st.lists(CHECKS, max_size=2).map(tuple),
    estimate_s=st.none() | st.floats(0, 1e6),
    markers=st.lists(st.builds(Marker, span=SPANS, offset=st.integers(0)), max_size=1).map(tuple),
    span=st.none() | SPANS,
)


@given(package=PACKAGES)
@settings(max_examples=30)
def test_a_package_survives_json(package):
    """What is encoded, written, read and decoded is the same value."""
    assert decode(WorkPackage, json.loads(json.dumps(encode(package)))) == package


def test_values_become_plain_json_values():
    """Dataclasses and mappings are objects, tuples arrays, enums their values."""
    inner = Inner(name=PackageId("a"))
    assert encode(Outer(inner=inner, many=(inner,), by_name={"k": inner})) == {
        "inner": {"name": "a", "colour": "red"},
        "many": [{"name": "a", "colour": "red"}],
        "maybe": None,
        "by_name": {"k": {"name": "a", "colour": "red"}},
        "number": 0.0,
    }


def test_what_a_newer_version_added_is_passed_over():
    """An unknown key, at any depth, is no error."""
    data = {"inner": {"name": "a", "since": 2}, "later": [1]}
    assert decode(Outer, data) == Outer(inner=Inner(name=PackageId("a")))


def test_what_an_older_version_did_not_write_takes_its_default():
    """A missing key with a default is no error."""
    assert decode(Inner, {"name": "a"}).colour is Colour.RED


def test_a_missing_field_without_a_default_is_an_error():
    """A value cannot be made of half of it."""
    with pytest.raises(TypeError, match="name"):
        decode(Inner, {"colour": "red"})


def test_an_unknown_member_of_an_enum_is_an_error():
    """A word that the enum does not have is not taken for another."""
    with pytest.raises(ValueError, match="blue"):
        decode(Inner, {"name": "a", "colour": "blue"})


def test_enums_come_back_as_enums_and_arrays_as_tuples():
    """Decoded values can be matched and hashed as the originals."""
    decoded = decode(Outer, {"inner": {"name": "a", "colour": "red"}, "many": [{"name": "b"}]})
    assert isinstance(decoded.inner.colour, Colour)
    assert decoded.many == (Inner(name=PackageId("b")),)
