"""What packages are furnished with: names, keys, values of plait.toml."""

from __future__ import annotations

import re

import pytest

from plait.config.workspace_keys import databases, ports_between
from plait.core.furnishing import Database, database_name, setup_key
from plait.git.sparse import cone_patterns


def test_names_of_databases_are_plain_and_unique() -> None:
    """Letters, digits and underscores, 63 at most; no two packages, epochs or runs share one."""
    whose = ["api:1", "api:2", "a-p-i:1", "A:1", f"{'x' * 90}:1", f"{'x' * 90}:2", "größe/é:1"]
    found = [database_name("DB", run=run, who=who) for run in ("r1", "r2") for who in whose]
    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name) for name in found)


def test_a_key_changes_with_commands_and_files() -> None:
    """And with nothing else."""
    keys = {
        setup_key(("a",), {"f": b"1"}),
        setup_key(("a",), {"f": b"2"}),
        setup_key(("a",), {"g": b"1"}),
        setup_key(("a",), {}),
        setup_key(("a", "b"), {"f": b"1"}),
        setup_key(("ab",), {"f": b"1"}),
    }
    assert len(keys) == 6
    assert setup_key(("a",), {"f": b"1", "g": b""}) == setup_key(("a",), {"g": b"", "f": b"1"})


def test_a_database_is_told_by_its_name() -> None:
    """The name stands where `{name}` does."""
    (found,) = databases({"DB": {"create": "c {name}", "drop": "d {name}", "url": "u/{name}"}})
    assert found == Database(variable="DB", create="c {name}", drop="d {name}", url="u/{name}")
    assert (found.creates("x"), found.drops("x"), found.url_of("x")) == ("c x", "d x", "u/x")


@pytest.mark.parametrize(
    "told",
    [
        [],
        {"1X": {}},
        {"GIT_DIR": {"create": "{name}", "drop": "{name}", "url": "{name}"}},
        {"DB": {"create": "{name}", "drop": "{name}"}},
        {"DB": {"create": "{name}", "drop": "{name}", "url": "fixed"}},
        {"DB": {"create": "{name}", "drop": "{name}", "url": 1}},
    ],
)
def test_what_is_no_database_is_refused(told: object) -> None:
    """Each needs a variable, and all three texts with the name in them."""
    with pytest.raises(ValueError, match=r"table|variables"):
        databases(told)


@pytest.mark.parametrize("told", ["80-90", "3000", "5000-4000", "60000-70000", 3000, ""])
def test_what_is_no_range_of_ports_is_refused(told: object) -> None:
    """From 1024 to 65535, the first not above the last."""
    with pytest.raises(ValueError, match="range of ports"):
        ports_between(told)


def test_the_patterns_of_cones() -> None:
    """Folders whole, of those above them the files; a name is no pattern."""
    assert cone_patterns(["b/c", "a/", "x[1]"]).splitlines() == [
        "/*",
        "!/*/",
        "/a/",
        "/b/",
        "!/b/*/",
        "/b/c/",
        "/x\\[1\\]/",
    ]
