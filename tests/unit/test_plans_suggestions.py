"""What who names no plan, several, or a folder of them is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from plait import plans
from plait.errors import UsageError
from plait.plans.markdown import without_fences

KIRO = "- [ ] 1. Write it\n  - _Requirements: 1.1_\n"
FILES = {
    ".beads/issues.jsonl": '{"id": "x-1", "title": "A", "status": "open"}\n',
    ".beads/backup/issues.jsonl": '{"id": "x-1", "title": "A", "status": "open"}\n',
    ".claude/epics/report/001.md": "---\nname: A\n---\n",
    ".claude/epics/report/epic.md": "---\nname: report\n---\n",
    ".kiro/specs/login/tasks.md": KIRO,
    ".taskmaster/tasks/tasks.json": '{"tasks": []}\n',
    "droidz/specs/2026-01-01-billing/tasks.md": "- [ ] 1. Write it\n",
    "kitty-specs/012-cache/tasks.md": "## WP01: Cache\n",
    "kitty-specs/012-cache/tasks/WP01-cache.md": "---\nwork_package_id: WP01\n---\n",
    "openspec/changes/login/tasks.md": "## 1. One\n- [ ] 1.1 Write it\n",
    "plans/a.plait.yaml": "version: 1\npackages: {}\n",
    "plans/b.plait.yaml": "version: 1\npackages: {}\n",
    "specs/001-login/tasks.md": "- [ ] T001 Write it\n",
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with plans of many formats."""
    for name, text in FILES.items():
        path = tmp_path / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "repo/src").mkdir()
    return tmp_path / "repo"


def refused(plan: str, start: Path, root: Path | None) -> UsageError:
    with pytest.raises(UsageError) as error:
        plans.load(plan, start=start, root=root, format_name=None)
    return error.value


def test_a_name_of_several(repo: Path) -> None:
    """Plans of one name are listed as they can be named, wherever one stands."""
    for start in (repo, repo / "src"):
        error = refused("login", start, repo)
        assert error.code == "PLAN_AMBIGUOUS"
        assert error.where == "login"
        assert error.message == (
            "'login' names several plans: .kiro/specs/login/tasks.md (kiro), "
            "openspec/changes/login/tasks.md (openspec), specs/001-login/tasks.md (spec-kit)"
        )


@pytest.mark.parametrize(
    ("plan", "start", "format_name"),
    [
        (".kiro/specs/login", ".", "kiro"),
        ("./.kiro/specs/login/", ".", "kiro"),
        ("../openspec/changes/login", "src", "openspec"),
        (".", "specs/001-login", "spec-kit"),
        ("login", ".kiro/specs", "kiro"),
        ("tasks.md", "openspec/changes/login", "openspec"),
    ],
)
def test_one_of_several(repo: Path, plan: str, start: str, format_name: str) -> None:
    """A path says which of them, relative to where one stands."""
    loaded = plans.load(plan, start=repo / start, root=repo, format_name=None)
    assert loaded.plan is not None
    assert loaded.plan.format == format_name


def test_the_root(repo: Path) -> None:
    """At the root all plans are told: first those of the root itself, then the others."""
    error = refused(".", repo, repo)
    assert error.code == "PLAN_AMBIGUOUS"
    assert ".beads/issues.jsonl (beads), .taskmaster/tasks/tasks.json (task-master)" in (
        error.message
    )
    assert "further plans here: .claude/epics/report/epic.md, .kiro/specs/login/tasks.md" in (
        error.hint
    )
    assert error.hint.endswith("and 3 more")


@pytest.mark.parametrize(
    ("folder", "hint"),
    [
        (".kiro", "did you mean '.kiro/specs/login/tasks.md'?"),
        (".claude/epics/", "did you mean '.claude/epics/report/epic.md'?"),
        ("kitty-specs", "did you mean 'kitty-specs/012-cache/tasks.md'?"),
        ("plans", "name one of the 2 plans below it: plans/a.plait.yaml, plans/b.plait.yaml"),
        ("src", "plans here: .beads/issues.jsonl, .claude/epics/report/epic.md"),
    ],
)
def test_a_folder_of_plans(repo: Path, folder: str, hint: str) -> None:
    """A folder that is no plan is refused with the plans below it, each once."""
    error = refused(folder, repo, repo)
    assert error.code == "NO_SUCH_PLAN"
    assert error.message == f"the folder {folder!r} is no plan"
    assert error.hint.startswith(hint)


@pytest.mark.parametrize(
    ("plan", "hint"),
    [
        ("billing", "did you mean '2026-01-01-billing'?"),
        ("cache", "did you mean '012-cache'?"),
        ("001-logn", "did you mean '001-login'?"),
        ("openspec/changes/logn", "did you mean 'openspec/changes/login'?"),
        ("elsewhere", "plans here: .beads/issues.jsonl, "),
    ],
)
def test_a_name_of_none(repo: Path, plan: str, hint: str) -> None:
    """A name without its date or number, or with a slip, is told the one that was meant."""
    assert refused(plan, repo, repo).hint.startswith(hint)


def test_a_name_from_too_far_up(repo: Path) -> None:
    """A name that is known further down is told with its path, not once more."""
    error = refused("login", repo.parent, None)
    assert error.code == "NO_SUCH_PLAN"
    assert error.hint.startswith("did you mean 'repo/")
    assert error.hint.endswith("login/tasks.md'?")


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a\n", "a\n"),
        ("a\n```\nb\n```\nc\n", "a\nc\n"),
        ("a\n  ~~~~ md\n```\nb\n~~~~~\nc", "a\nc"),
        ("a ``` b\n``` c ```\nd", "a ``` b\n``` c ```\nd"),
        ("a\n```\nb\n", "a\n```\nb\n"),
        ("a\n```yaml\nb: 1\n```\nc\n```\nd\n```\n", "a\n```yaml\nb: 1\n```\nc\n"),
        ("\n" * 10 + "```yaml\nb: 1\n```\nc", "\n" * 10 + "c"),
    ],
)
def test_a_text_without_its_fences(text: str, rest: str) -> None:
    """Examples go, YAML at the beginning and what follows an open fence stay."""
    assert without_fences(text) == rest
