"""What a repository itself calls its checks: Makefile, justfile, Taskfile; and what CI runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from plait.app.survey.tree import CheckFor, Found, Rank, Tree

_NAMES = (
    (CheckFor.TESTS, ("test", "tests", "unit", "unit-test", "unit-tests", "test-unit", "check")),
    (CheckFor.LINT, ("lint", "linter", "lint-check")),
    (CheckFor.TYPES, ("typecheck", "type-check", "types", "typing", "mypy", "check-types")),
)
_TARGETS = re.compile(r"^([A-Za-z0-9][\w.\- ]*?) *::?(?!=)", re.MULTILINE)
_RECIPES = re.compile(r"^@?([A-Za-z_][\w-]*)(?: +[+*$]?\w+=[^:\n]*)* *:(?!=)", re.MULTILINE)
_CHECKS = re.compile(
    r"\b(?:test|tests|pytest|unittest|lint|clippy|ruff|mypy|pyright|tsc|eslint|vet|check|rspec|"
    r"rubocop|phpunit|phpstan|verify|typecheck)\b"
)
_FETCHES = re.compile(r"\b(?:install|checkout|apt-get|curl|wget|upload|cache|echo|pip)\b")
_MOST_HINTS = 12


def recipes(tree: Tree) -> Iterator[Found]:
    """Targets by the names that people give to tests, lint and types."""
    for program, files, names in _runners(tree):
        for kind, known in _NAMES:
            name = next((each for each in known if each in names), None)
            if name:
                yield Found(
                    kind=kind,
                    command=f"{program} {name}",
                    source=files,
                    rank=Rank.RECIPE,
                    program=program,
                )


def around(tree: Tree) -> Iterator[Found]:
    """pre-commit, which runs others' linters."""
    source = tree.has(".pre-commit-config.yaml", ".pre-commit-config.yml")
    if source:
        yield Found(
            kind=CheckFor.LINT,
            command="pre-commit run --all-files",
            source=source,
            rank=Rank.AROUND,
            program="pre-commit",
        )


def ci_commands(tree: Tree) -> tuple[tuple[str, str], ...]:
    """What CI runs that looks like a check, each with its file: for people to choose from."""
    found: dict[str, str] = {}
    for path in sorted(tree.files):
        if re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", path):
            jobs = tree.yaml(path).get("jobs")
            steps = [
                step.get("run")
                for job in (jobs.values() if isinstance(jobs, dict) else ())
                for step in (job.get("steps") or () if isinstance(job, dict) else ())
                if isinstance(step, dict)
            ]
        elif path in {".gitlab-ci.yml", ".circleci/config.yml", "azure-pipelines.yml"}:
            steps = list(_scripts(tree.yaml(path)))
        else:
            continue
        for text in steps:
            for line in str(text or "").splitlines():
                command = line.strip()
                if _CHECKS.search(command) and not _FETCHES.search(command) and "${{" not in line:
                    found.setdefault(command[:120], path)
    return tuple(found.items())[:_MOST_HINTS]


def _scripts(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text or list under a key `script`, `run` or `command`."""
    if depth > 8 or not isinstance(value, dict | list):  # noqa: PLR2004 - deeper than any such file
        return
    for key, each in value.items() if isinstance(value, dict) else ((None, x) for x in value):
        if key in {"script", "run", "command"}:
            yield from (
                str(line)
                for line in (each if isinstance(each, list) else [each])
                if not isinstance(line, dict)
            )
        yield from _scripts(each, depth + 1)


def _runners(tree: Tree) -> Iterator[tuple[str, str, set[str]]]:
    make = tree.has("GNUmakefile", "makefile", "Makefile")
    if make:
        text = tree.read(make)
        names = {name for row in _TARGETS.findall(text) for name in row.split()}
        yield "make", make, names
    just = tree.has("justfile", "Justfile", ".justfile")
    if just:
        yield "just", just, set(_RECIPES.findall(tree.read(just)))
    task = tree.has("Taskfile.yml", "Taskfile.yaml", "taskfile.yml")
    if task:
        tasks = tree.yaml(task).get("tasks")
        yield "task", task, set(map(str, tasks)) if isinstance(tasks, dict) else set()
