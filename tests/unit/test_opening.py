"""What of a worktree a scope opens, in folders."""

from __future__ import annotations

import pytest

from plait.core.opening import Opening, closed, openings, reaches
from plait.core.plan import Confidence, Scope


def declared(*write: str, deny: tuple[str, ...] = ()) -> Scope:
    """A scope that binds."""
    return Scope(write=write, deny=deny, confidence=Confidence.DECLARED)


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (("src/**",), [("src", True)]),
        (("src/api/",), [("src/api", True)]),
        (("src/*.py",), [("src", False)]),
        (("src/api/x.py",), [("src/api", False)]),
        (("README.md",), [("", False)]),
        (("**",), [("", True)]),
        (("**/*.py",), [("", False)]),
        (("src/{a,b}/**",), [("src/a", True), ("src/b", True)]),
        (("src/**", "src/api/**", "src/api/x"), [("src", True)]),
        (("src/x", "src/api/**"), [("src", False), ("src/api", True)]),
        (("src/pre*/x",), [("src", False)]),
        (("[", "docs/**"), [("docs", True)]),
        ((), []),
    ],
)
def test_a_glob_opens_the_folder_in_which_it_begins_to_be_wild(globs, expected):
    """As a whole where the rest is `**`; what lies in one that is open is not named again."""
    found = openings(declared(*globs))
    assert found == tuple(Opening(folder=name, whole=whole) for name, whole in expected)


@pytest.mark.parametrize("confidence", [Confidence.INFERRED, Confidence.UNKNOWN])
def test_a_scope_that_does_not_bind_opens_everything(confidence):
    """What is only inferred, or unknown, holds nobody back."""
    scope = Scope(write=("src/**",), confidence=confidence)
    assert openings(scope) == (Opening(folder="", whole=True),)


def test_what_is_denied_as_such_is_closed():
    """A path, or a folder with all that is in it; other globs are left to the commit's check."""
    scope = declared("src/**", deny=("src/gen/**", "src/VERSION", "**/*.lock", "src/*/x"))
    assert closed(scope) == ("src/gen", "src/VERSION")


def test_what_no_glob_can_reach_is_told_apart():
    """A file by the scope itself; a folder if something in it may be written."""
    scope = declared("README.md", "docs/*/index.md")
    assert reaches(scope, "README.md", folder=False)
    assert not reaches(scope, "setup.py", folder=False)
    assert reaches(scope, "docs", folder=True)
    assert not reaches(scope, "src", folder=True)
    assert reaches(scope, "a[b]", folder=True)  # a name that reads like a glob: not decided here
