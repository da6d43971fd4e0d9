"""What a description names without writing it, and names that stand for a path told elsewhere."""

# ruff: noqa: RUF001 - lists in Chinese and Japanese have their own commas and brackets

from __future__ import annotations

import pytest

from plait.core.plan import Confidence, Scope, Span
from plait.plans.basenames import with_folders
from plait.plans.mentions import without_mentions
from plait.plans.paths import listed, written
from plait.plans.tasks import Task


@pytest.mark.parametrize(
    ("text", "globs"),
    [
        ("Create `tests/a.py` using the harness from `tests/b.py`", ["tests/a.py"]),
        ("Configure `sqlc.yaml` pointing to `db/queries/`", ["sqlc.yaml"]),
        ("Add a guard in `src/a.ts`, see [contract](./contracts/a.md)", ["src/a.ts"]),
        ("Remove the helper from `src/a.ts`", ["src/a.ts"]),
        ("Load settings from `config/a.toml` in `src/a.py`", ["src/a.py"]),
        ("Create `bin/tag.sh` (wrapper: calls `bin/bump.sh`)", ["bin/tag.sh"]),
        ("Rename keys in `src/a.py` (and `.env.example`)", ["src/a.py", ".env.example"]),
        ("Crear `src/a.ts` usando `src/b.ts`", ["src/a.ts"]),
        ("更新 `src/a.ts` 参考 `src/b.ts`", ["src/a.ts"]),
        ("`docs/b.md` を参照して `src/a.ts` を実装", ["src/a.ts"]),
    ],
)
def test_what_is_only_read(text: str, globs: list[str]) -> None:
    """A path behind a word of reading, or in a note, is not written."""
    assert list(listed(without_mentions(text))) == globs


def test_notes_alone_count() -> None:
    """Where all paths stand in brackets, they are what is meant."""
    text = "Add models (user in `src/user.py`)"
    assert listed(without_mentions(text)) == ("src/user.py",)


@pytest.mark.parametrize(
    ("line", "globs"),
    [
        ("In `src/app.py`, in `run()`: drop the flag", ("src/app.py",)),
        ("`tests/conftest.py`에 fixture 정의", ("tests/conftest.py",)),
        ("`src/a.ts` に型を追加する", ("src/a.ts",)),
        ("In the end `src/app.py` must still work", ()),
    ],
)
def test_other_sentences_that_write(line: str, globs: tuple[str, ...]) -> None:
    """A file may come first, and a verb last."""
    assert written([line]) == globs


@pytest.mark.parametrize(
    ("text", "globs"),
    [
        ("`git rm src/ui/{a,b}.tsx`", ("src/ui/a.tsx", "src/ui/b.tsx")),
        ("src/ui/{a,b", ()),
        ("`src/pages/{slug}.astro`", ("src/pages/*.astro",)),
        ("`src/ui/a.tsx` / `b.tsx`, `c.tsx`", ("src/ui/a.tsx", "src/ui/b.tsx", "src/ui/c.tsx")),
        ("`src/a.json`, `package.json`", ("src/a.json", "package.json")),
        ("Dockerfile, package.json（任意）, prisma/*", ("Dockerfile", "package.json", "prisma/*")),
        ("`.env.local`, `.prettierignore`", (".env.local", ".prettierignore")),
    ],
)
def test_words_of_a_list(text: str, globs: tuple[str, ...]) -> None:
    """Braces hold their commas and never make a glob that cannot be read; neighbours a folder."""
    assert listed(text) == globs


def task(name: str, *write: str) -> Task:
    scope = Scope(write=write, confidence=Confidence.INFERRED)
    return Task(id=name, title=name, span=Span(file="tasks.md"), scope=scope)


def test_a_last_name_stands_for_the_path_that_others_tell() -> None:
    """A bare name means the one file so called, unless such files often lie in the root."""
    tasks = with_folders(
        [
            task("1", "ci/build.yml", "web/package.json", "a/x.go", "b/x.go"),
            task("2", "build.yml", "package.json", "x.go"),
        ]
    )
    assert tasks[1].scope.write == ("ci/build.yml", "package.json", "x.go")
