"""What `plait init` takes for a repository's checks."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from plait.app.survey import survey

PYTEST = "[tool.pytest.ini_options]\n"


def package(**scripts: str) -> str:
    """A package.json with these scripts."""
    return json.dumps({"scripts": {name.replace("_", ":"): text for name, text in scripts.items()}})


NEEDS = json.dumps({"scripts": {"test": "jest"}, "dependencies": {"x": "1"}})


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every program is installed, but for `uvx` and `cargo-clippy`."""
    real = shutil.which

    def which(name: str, *more: object, **named: object) -> str | None:
        return None if name == "cargo-clippy" else real(name) or f"/usr/bin/{name}"

    monkeypatch.setattr(shutil, "which", which)


def taken(root: Path, files: dict[str, str]) -> list[str]:
    """The commands that are taken, each with its folder where that is not the root."""
    subprocess.run(["git", "init", "-q", root], check=True)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    found = survey(root).taken
    return [each.command if each.cwd == "." else f"{each.cwd}: {each.command}" for each in found]


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(
    ("files", "commands"),
    [
        ({"pyproject.toml": PYTEST + "[tool.ruff]\n[tool.mypy]\nfiles = ['src']\n"},
         ["pytest -q", "ruff check .", "mypy"]),
        ({"pyproject.toml": PYTEST + "[tool.mypy]\n", "uv.lock": ""},
         ["uv run pytest -q", "uv run mypy ."]),
        ({"pyproject.toml": "[project]\nname = 'x'\n", "poetry.lock": "", "tests/conftest.py": ""},
         ["poetry run pytest -q"]),
        ({"setup.py": "", "tests/test_a.py": ""}, ["python3 -m unittest discover -s tests"]),
        ({"tox.ini": "[testenv]\ncommands = stestr\n"}, ["tox -q"]),
        ({"noxfile.py": "@nox.session\ndef tests(session): ...\n@nox.session(py=['3'])\n"
          "def lint(session): ...\n"}, ["nox -s tests", "nox -s lint"]),
        ({"package.json": package(test="jest", lint="eslint .", typecheck="tsc")},
         ["npm test", "npm run lint", "npm run typecheck"]),
        ({"package.json": package(test="vitest --watch", test_unit="vitest run"),
          "pnpm-lock.yaml": ""}, ["pnpm run test:unit"]),
        ({"package.json": package(test='echo "Error: no test specified" && exit 1'),
          "yarn.lock": ""}, []),
        ({"package.json": package(test="bun test"), "bun.lock": ""}, ["bun run test"]),
        ({"Cargo.toml": "[workspace]\n", ".github/workflows/ci.yml": "- run: cargo clippy"},
         ["cargo test --workspace"]),
        ({"go.mod": "module x\n"}, ["go test ./...", "go vet ./..."]),
        ({"go.mod": "", ".golangci.yml": ""}, ["go test ./...", "golangci-lint run"]),
        ({"Makefile": ".PHONY: test\nX := 1\ntest unit: build\n\techo\nlint:\n",
          "pyproject.toml": PYTEST, "package.json": package(lint="eslint .")},
         ["make test", "make lint"]),
        ({"justfile": "set shell := ['sh']\ntest *args='':\n  x\n", "Cargo.toml": ""},
         ["just test"]),
        ({"Taskfile.yml": "tasks:\n  test: {cmd: x}\n"}, ["task test"]),
        ({"pom.xml": "", "mvnw": ""}, ["./mvnw -q -B test"]),
        ({"build.gradle.kts": ""}, ["gradle --console=plain test"]),
        ({"Gemfile": "gem 'rspec'", ".rubocop.yml": ""},
         ["bundle exec rspec", "bundle exec rubocop"]),
        ({"composer.json": package(test="phpunit")}, ["composer run-script test"]),
        ({"src/App.sln": "", "src/a/App.csproj": ""}, ["src: dotnet test"]),
        ({"mix.exs": "{:credo, 1}"}, ["mix test", "mix credo"]),
        ({"backend/pyproject.toml": PYTEST, "frontend/package.json": package(test="jest")},
         ["backend: pytest -q", "frontend: npm test"]),
        ({".pre-commit-config.yaml": "repos: []"}, ["pre-commit run --all-files"]),
        ({".pre-commit-config.yaml": "", "pyproject.toml": "[tool.ruff]\n"}, ["ruff check ."]),
        ({"README.md": "make test", "package.json": "[" * 100_000, "pyproject.toml": "= ="}, []),
    ],
)  # fmt: skip
def test_each_ecosystem_is_checked_by_its_own_means(
    tmp_path: Path, files: dict[str, str], commands: list[str]
) -> None:
    """The repository's own word first, then its scripts, then the tools that are set up."""
    found = taken(tmp_path, files)
    assert sorted(found) == sorted(commands)


def test_what_cannot_be_started_is_told_and_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that no machine here can run would fail every package."""
    real = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: real(name) if name == "git" else None)
    files = {
        "go.mod": "",
        ".github/workflows/ci.yml": 'jobs: {a: {steps: [{run: "go vet ./...\\nmake check-all"}]}}',
    }
    assert taken(tmp_path, files) == []
    found = survey(tmp_path)
    assert [why for _, why in found.others] == ["go is not installed here"] * 2
    assert found.ci == [("make check-all", ".github/workflows/ci.yml")]


@pytest.mark.usefixtures("everything")
@pytest.mark.parametrize(
    ("files", "commands"),
    [
        ({"package.json": NEEDS, "package-lock.json": "{}"},
         {"npm ci": ("package.json", "package-lock.json")}),
        ({"package.json": NEEDS, "pnpm-lock.yaml": ""},
         {"pnpm install --frozen-lockfile": ("package.json", "pnpm-lock.yaml")}),
        ({"package.json": NEEDS, "yarn.lock": "", ".yarnrc.yml": ""},
         {"yarn install --immutable": ("package.json", "yarn.lock")}),
        ({"package.json": NEEDS}, {"npm install --no-package-lock": ("package.json",)}),
        ({"package.json": package(test="node --test")}, {}),
        ({"web app/package.json": NEEDS, "web app/bun.lock": ""},
         {"cd 'web app' && bun install --frozen-lockfile":
          ("web app/package.json", "web app/bun.lock")}),
        ({"package.json": json.dumps({"devDependencies": {"x": "1"}}), "Makefile": "test:\n"},
         {"npm install --no-package-lock": ("package.json",)}),
        ({"pyproject.toml": PYTEST, "uv.lock": ""},
         {"uv sync --locked": ("pyproject.toml", "uv.lock")}),
        ({"pyproject.toml": PYTEST, "poetry.lock": ""},
         {"POETRY_VIRTUALENVS_IN_PROJECT=true poetry install -n":
          ("pyproject.toml", "poetry.lock")}),
        ({"pyproject.toml": PYTEST}, {}),
        ({"mix.exs": "{:credo, 1}", "mix.lock": ""}, {"mix deps.get": ("mix.lock",)}),
        ({"Cargo.toml": "", "go.mod": ""}, {}),
    ],
)  # fmt: skip
def test_what_the_checks_need_is_installed_into_each_worktree(
    tmp_path: Path, files: dict[str, str], commands: dict[str, tuple[str, ...]]
) -> None:
    """By the lock file, which says how long it holds; nothing where the checks need nothing."""
    taken(tmp_path, files)
    assert {each.whole: each.key for each in survey(tmp_path).setup} == commands
