"""Words that are paths, and words that only look it."""

from __future__ import annotations

import pytest

from plait.core.scope import matches
from plait.plans.paths import globs_of, listed, titled, written


@pytest.mark.parametrize(
    ("word", "globs"),
    [
        ("src/a.py", ("src/a.py",)),
        ("./src/a.py", ("src/a.py",)),
        ("src/a.py:12", ("src/a.py",)),
        ("package.json", ("package.json",)),
        ("Makefile", ("Makefile",)),
        (".gitignore", (".gitignore",)),
        (".github/workflows/ci.yml", (".github/workflows/ci.yml",)),
        ("internal/ai/", ("internal/ai/**",)),
        ("src/app/(shop)/page.tsx", ("src/app/(shop)/page.tsx",)),
        ("src/app/[id]/page.tsx", ("src/app/[[]id]/page.tsx",)),
        ("src/detection/strategies/*.ts", ("src/detection/strategies/*.ts",)),
        ("src/{a,b}.ts", ("src/a.ts", "src/b.ts")),
        ("/src/a.py", ("src/a.py",)),
        ("migrations/[timestamp]_users.sql", ("migrations/*_users.sql",)),
        ("migrations/YYYYMMDDHHMMSS_users.sql", ("migrations/*_users.sql",)),
        ("src/__tests__/FAB.test.tsx", ("src/__tests__/FAB.test.tsx",)),
        ("Launcher/Launcher.csproj", ("Launcher/Launcher.csproj",)),
    ],
)
def test_paths(word: str, globs: tuple[str, ...]) -> None:
    """A path becomes the glob of what it means."""
    assert globs_of(word) == globs


@pytest.mark.parametrize(
    "word",
    [
        *["/etc/passwd", "../secrets.py", "a/../b.py", "a//b.py", "~/x.py", ".git/config"],
        *["https://example.com/a.py", "github.com/gorilla/websocket", "@types/react", "--version"],
        *["npm run build", "useProjects()", "api/useThing()", "AIOptions", "React.memo", "Node.js"],
        *["process.env", ".length", "application/json", "C:\\x.py", "", ".", "/", "*"],
    ],
)
def test_no_paths(word: str) -> None:
    """Calls, commands, addresses, packages and ways out of the repository are no paths."""
    assert globs_of(word) == ()


def test_lists() -> None:
    """A list takes what is in backticks, or without any the words that are surely paths."""
    assert listed("`src/a.py`, `docs/` (update)") == ("src/a.py", "docs/**")
    assert listed("src/a.py (update), docs/b.md and/or nothing") == ("src/a.py", "docs/b.md")
    assert listed("Update existing component files") == ()


def test_prose_counts_where_it_writes() -> None:
    """Backticks behind a verb of writing are written; what is reviewed or followed is not."""
    lines = [
        "Create `internal/ai` directory structure",
        "Write unit tests in `internal/ai/x_test.go`",
        "Review output saved to: `code_review/CR-A.md`",
        "Follow the pattern of `src/old.py`",
        "Create `qualhook config` subcommand",
        "创建 `src/types.ts`",
        "`src/storage.ts` を参照",
    ]
    assert written(lines) == ("internal/ai/**", "internal/ai/x_test.go", "src/types.ts")


def test_brackets_in_a_path_are_letters() -> None:
    """`app/[id]/page.tsx` is a folder's name in some frameworks; the glob matches just that."""
    (glob,) = globs_of("src/app/[id]/page.tsx")
    assert matches(glob, "src/app/[id]/page.tsx")
    assert not matches(glob, "src/app/i/page.tsx")


@pytest.mark.parametrize(
    ("title", "globs"),
    [
        ("`src/a.py`: add a parser, see `src/b.py`", ("src/a.py",)),
        ("`src/a.py`, `src/b.py` and `docs/` cleaned up", ("src/a.py", "src/b.py", "docs/**")),
        ("In `src/a.py`, start it after `server.listen`", ("src/a.py",)),
        ("**1.2** `src/a.py` with entries", ("src/a.py",)),
        ("Create src/billing/service.ts", ("src/billing/service.ts",)),
        ("Add the parser following `src/old.py`", ()),
        ("Create `src/a.py` based on `src/b.py`", ("src/a.py",)),
        ("Implement support for text and/or numbers", ()),
        ("新增 `src/a.py`", ("src/a.py",)),
        ("Criar `src/a.py`", ("src/a.py",)),
    ],
)
def test_titles(title: str, globs: tuple[str, ...]) -> None:
    """A task's own line says what it writes: what it begins with, or what follows its verb."""
    assert titled(title) == globs


@pytest.mark.parametrize("title", ["`tests/a.py` passes", "`src/a.py` stays as it is", "`pytest`"])
def test_titles_that_only_judge(title: str) -> None:
    """A path that passes, or stays, is not written."""
    assert titled(title) == ()
