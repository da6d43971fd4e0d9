"""Files that git could not merge: an answer holds both sides' changes, or there is none."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, strategies as st

from plait.core.remerge import MARKER, settled, versions
from plait.engine.reading import read


def merged(tmp_path, path: str, base: str | None, ours: str, theirs: str) -> str | None:
    """What is made of three versions, with git's own markers."""
    given_ = versions(path, None if base is None else base.encode(), ours.encode(), theirs.encode())
    if given_ is None:
        return None
    for name, text in (("o", given_.ours), ("b", given_.base or ""), ("t", given_.theirs)):
        (tmp_path / name).write_text(text)
    argv = ["git", "merge-file", "-p", "--diff3", f"--marker-size={MARKER}", "o", "b", "t"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False)
    made = settled(given_, done.stdout.decode(), read)
    return None if made is None else made.decode()


LOCKED = '[[package]]\nname = "{0}"\n'


@pytest.mark.parametrize(
    ("path", "base", "ours", "theirs", "both"),
    [
        ("a.py", "\n", "import a\n\n", "import b\n\n", "import a\nimport b\n\n"),
        ("a.ts", "\n", "import {a} from 'x'\n\n", "import {b} from 'y'\n\n",
         "import {a} from 'x'\nimport {b} from 'y'\n\n"),
        ("a.rs", "\n", "use a::B;\n\n", "use c::D;\n\n", "use a::B;\nuse c::D;\n\n"),
        (".gitignore", "x\n", "x\nb\n", "x\na\n", "x\na\nb\n"),
        ("a.json", '{"k": 1}', '{"k": 1, "a": 1}', '{"k": 2}', '{"k": 2, "a": 1}'),
        ("a.json", '{"k": ["x"]}', '{"k": ["x", "a"]}', '{"k": ["x", "b"]}',
         '{"k": ["x", "a", "b"]}'),
        ("Cargo.lock", LOCKED.format("a"), LOCKED.format("a") + LOCKED.format("b"),
         LOCKED.format("a") + LOCKED.format("c"), "".join(map(LOCKED.format, "abc"))),
        ("a.txt", "1\r\n2\r\n3\r\n", "1\n2\n3\n", "1\r\n2\r\nx\r\n", "1\n2\nx\n"),
    ],
)  # fmt: skip
def test_both_sides_are_held(tmp_path, path, base, ours, theirs, both):  # noqa: PLR0917
    """Whichever side is which, nothing of either is left out."""
    assert merged(tmp_path, path, base, ours, theirs) == both


@pytest.mark.parametrize(
    ("path", "base", "ours", "theirs"),
    [
        ("a.txt", "1\n", "2\n", "3\n"),
        ("a.py", "\n", "from a import f\n\n", "from b import f\n\n"),
        ("a.py", "\n", "import a\nf()\n\n", "import b\n\n"),
        ("a.js", "\n", "import f from 'a'\n\n", "import f from 'b'\n\n"),
        (".gitignore", "x\n", "x\n!b\n", "x\na\n"),
        ("a.json", '{"k": 1}', '{"k": 2}', '{"k": 3}'),
        ("a.json", '{"k": 1}', '{"k": true}', '{"k": 2}'),
        ("a.json", "{'k': 1}", '{"k": 2}', '{"j": 3}'),
        ("a.json", '{"k": 1}', '{"k": 1, "k": 2}', '{"k": 3}'),
        ("a.json", '{"k":1}', '{"k":1,\n "a": 2}', '{"k":3}'),
        ("a.yaml", "a:\n", "a:\n  b: 1\n", "a:\n  b: 2\n"),
        ("a.yaml", "a:\n", "a:\n  !!python/object:os.system b\n", "a:\n  c: 2\n"),
        ("a.toml", "[a]\n", "[a]\nb = 1\n", "[a]\nb = 1.0\n"),
        ("poetry.lock", 'hash = "1"\n', 'hash = "2"\n', 'hash = "3"\n'),
        ("a.py", None, "x = 1\n", "x = 2\n"),
        ("a.txt", "1\n2\n", "1\r\n2\n", "1\n3\n"),
        ("a.bin", "\0", "\0a", "\0b"),
    ],
)
def test_what_is_not_sure_has_no_answer(tmp_path, path, base, ours, theirs):
    """Neither side is taken for the other, either way round."""
    assert merged(tmp_path, path, base, ours, theirs) is None
    assert merged(tmp_path, path, base, theirs, ours) is None


_FLAT = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 3), max_size=5)


@given(_FLAT, _FLAT, _FLAT)
def test_a_merged_mapping_has_every_change_of_either_side(tmp_path_factory, base, ours, theirs):
    """Each key that one side changed is as that side has it."""
    import json

    texts = [json.dumps(each) for each in (base, ours, theirs)]
    made = merged(tmp_path_factory.getbasetemp(), "a.json", *texts)
    clash = {
        key
        for key in {*base, *ours, *theirs}
        if ours.get(key) != base.get(key)
        and theirs.get(key) != base.get(key)
        and ours.get(key) != theirs.get(key)
    }
    assert (made is None) == bool(clash)
    if made is not None:
        found = json.loads(made)
        for key in {*base, *ours, *theirs}:
            side = ours if ours.get(key) != base.get(key) else theirs
            assert found.get(key) == side.get(key)
