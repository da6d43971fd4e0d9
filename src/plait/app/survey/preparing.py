"""What makes a clean checkout ready for the checks that are taken: packages to be installed."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plait.app.survey.javascript import LOCKS, manager_of
from plait.app.survey.tree import Found, Rank, Tree

_BY_THE_LOCK = {
    "npm": "npm ci",
    "pnpm": "pnpm install --frozen-lockfile",
    "yarn": "yarn install --frozen-lockfile",
    "bun": "bun install --frozen-lockfile",
}
_WITHOUT = {"npm": "npm install --no-package-lock"}
# What a check is started by, its lock file, and what installs into the checkout by that.
_PYTHON = (
    ("uv run ", "uv.lock", "uv sync --locked"),
    ("poetry run ", "poetry.lock", "POETRY_VIRTUALENVS_IN_PROJECT=true poetry install -n"),
    ("pdm run ", "pdm.lock", "pdm install --frozen-lockfile"),
    ("pipenv run ", "Pipfile.lock", "PIPENV_VENV_IN_PROJECT=1 pipenv sync --dev"),
)
_OTHERS = (
    ("php", "composer.json", "composer.lock", "composer", "composer install -n"),
    ("elixir", "mix.exs", "mix.lock", "mix", "mix deps.get"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparing:
    """A command that makes a worktree ready: it needs `program`, and holds while `key` does."""

    command: str
    key: tuple[str, ...]
    source: str
    program: str
    cwd: str = "."

    @property
    def whole(self) -> str:
        """As it is run in the root."""
        return self.command if self.cwd == "." else f"cd {shlex.quote(self.cwd)} && {self.command}"

    @property
    def is_there(self) -> bool:
        """Whether its program can be started here."""
        return shutil.which(self.program) is not None


def preparing(tree: Tree, taken: Sequence[Found]) -> Iterator[Preparing]:
    """What the checks that are taken need; a recipe of the repository's own may need any of it."""
    recipes = any(each.rank is Rank.RECIPE for each in taken)
    for folder in tree.folders("package.json"):
        if recipes or _is_used(taken, "javascript", folder):
            yield from _javascript(tree, folder)
    for folder in dict.fromkeys(each.cwd for each in taken if each.ecosystem == "python"):
        yield from _python(tree, folder, [each for each in taken if each.cwd == folder])
    for ecosystem, manifest, lock, program, command in _OTHERS:
        for folder in tree.folders(manifest):
            if _is_used(taken, ecosystem, folder):
                source = tree.has(tree.at(folder, lock)) or tree.at(folder, manifest)
                yield Preparing(
                    command=command, key=(source,), source=source, program=program, cwd=folder
                )


def _is_used(taken: Sequence[Found], ecosystem: str, folder: str) -> bool:
    return any(each.ecosystem == ecosystem and each.cwd == folder for each in taken)


def _javascript(tree: Tree, folder: str) -> Iterator[Preparing]:
    source = tree.at(folder, "package.json")
    manifest, manager = tree.json(source), manager_of(tree, folder)
    if not any(manifest.get(each) for each in ("dependencies", "devDependencies", "workspaces")):
        return
    locks = [tree.at(folder, name) for name, whose in LOCKS if whose == manager]
    lock = tree.has(*locks)
    command = _BY_THE_LOCK[manager] if lock else _WITHOUT.get(manager, f"{manager} install")
    newer = tree.has(tree.at(folder, ".yarnrc.yml"))
    if manager == "yarn" and lock and newer:
        command = "yarn install --immutable"
    yield Preparing(
        command=command,
        key=tuple(filter(None, (source, lock))),
        source=lock or source,
        program=manager,
        cwd=folder,
    )


def _python(tree: Tree, folder: str, checks: Sequence[Found]) -> Iterator[Preparing]:
    for prefix, name, command in _PYTHON:
        lock = tree.has(tree.at(folder, name))
        if lock and any(each.command.startswith(prefix) for each in checks):
            manifest = tree.has(tree.at(folder, "pyproject.toml"), tree.at(folder, "Pipfile"))
            program = prefix.split(maxsplit=1)[0]
            yield Preparing(
                command=command,
                key=tuple(filter(None, (manifest, lock))),
                source=lock,
                program=program,
                cwd=folder,
            )
