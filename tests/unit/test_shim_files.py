"""What the shim is told and what it leaves, as bytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from plait.process import Exit, Kept, adopt
from plait.process.supervision import ALIVE, EXIT, Order, _quoted

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
NAME = st.text(st.characters(exclude_characters="\0=", exclude_categories=["Cs"]), min_size=1)


@given(
    argv=st.lists(TEXT, min_size=1),
    cwd=TEXT,
    env=st.dictionaries(NAME, TEXT),
    timeout_s=st.none() | st.floats(0, 1e9),
    grace_s=st.floats(0, 1e6),
)
def test_an_order_arrives_as_it_was_given(argv, cwd, env, timeout_s, grace_s):
    """Whatever stands in arguments and environment, empty texts and line breaks included."""
    told = Order(argv=argv, cwd=cwd, env=env, lock=7, stdin=9, timeout_s=timeout_s, grace_s=grace_s)
    read = Order.decode(told.encode())
    for name in Order.__slots__:
        assert getattr(read, name) == getattr(told, name)


@pytest.mark.parametrize("field", [{"argv": ["a\0b"]}, {"cwd": "/\0"}, {"env": {"A": "\0"}}])
def test_a_nul_is_refused_before_anything_starts(field):
    """What no process can be given is an error of whoever gives it."""
    fields = {"argv": ["a"], "cwd": "/", "env": {}, **field}
    with pytest.raises(ValueError, match="null"):
        Order(lock=1, stdin=2, timeout_s=None, grace_s=1.0, **fields).encode()


@given(st.text())
def test_any_text_is_written_as_json(text):
    """The shim writes JSON without the json package; any reader gets the text back."""
    assert json.loads(_quoted(text)) == text


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"code": 0}', b'{"code": "x"}', b"\xff", b"[" * 100_000],
)
def test_an_exit_that_cannot_be_read_is_none(tmp_path: Path, content):
    """Half a file, or another's, is no exit."""
    (tmp_path / EXIT).write_bytes(content)
    assert Kept(folder=tmp_path).exit is None


def test_an_exit_is_read_as_it_was_written(tmp_path: Path):
    """All of its fields come back."""
    told = Exit(
        code=None, duration_s=1.5, timed_out=True, lingering=True, stopped="order", error="é"
    )
    fields = {name: getattr(told, name) for name in Exit.__slots__}
    (tmp_path / EXIT).write_text(json.dumps(fields))
    assert Kept(folder=tmp_path).exit == told


def test_a_folder_without_a_lock_had_no_child(tmp_path: Path):
    """Nothing is adopted where nothing was started; a lock that is free tells of an end."""
    assert adopt(tmp_path) is None
    (tmp_path / ALIVE).write_text("")
    kept = adopt(tmp_path)
    assert kept is not None
    assert not kept.living
