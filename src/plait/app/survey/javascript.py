"""How a JavaScript or TypeScript project is checked: its scripts, by the manager it locks with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from plait.app.survey.tree import CheckFor, Found, Rank, Tree

LOCKS = (
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
)
_SCRIPTS = (
    (CheckFor.TESTS, ("test:ci", "test", "tests", "test:unit", "unit")),
    (CheckFor.LINT, ("lint:ci", "lint", "eslint", "biome")),
    (CheckFor.TYPES, ("typecheck", "type-check", "check-types", "check:types", "types", "tsc")),
)
_NO_TESTS = re.compile(r"no test specified")
_WATCHES = re.compile(
    r"--watch(?!All=false|=false)|\bvitest (?:dev|watch)\b|\bng test\b(?!.*watch)"
)


def javascript(tree: Tree) -> Iterator[Found]:
    """The scripts of package.json, or the tools beside it."""
    for folder in tree.folders("package.json"):
        yield from _project(tree, folder)
    for folder in tree.folders("deno.json", "deno.jsonc"):
        source = tree.has(tree.at(folder, "deno.json"), tree.at(folder, "deno.jsonc"))
        for kind, command in ((CheckFor.TESTS, "deno test"), (CheckFor.LINT, "deno lint")):
            yield Found(
                kind=kind,
                command=command,
                source=source,
                rank=Rank.TOOL,
                program="deno",
                ecosystem="deno",
                cwd=folder,
            )


def manager_of(tree: Tree, folder: str) -> str:
    """npm, pnpm, yarn or bun: by the lock file, else by what the manifest says."""
    for place in dict.fromkeys((folder, ".")):
        for lock, manager in LOCKS:
            if tree.has(tree.at(place, lock)):
                return manager
    told = str(tree.json(tree.at(folder, "package.json")).get("packageManager") or "")
    name = told.partition("@")[0]
    return name if name in {"npm", "pnpm", "yarn", "bun"} else "npm"


def _project(tree: Tree, folder: str) -> Iterator[Found]:
    source = tree.at(folder, "package.json")
    manifest = tree.json(source)
    scripts = manifest.get("scripts")
    scripts = scripts if isinstance(scripts, dict) else {}
    manager = manager_of(tree, folder)

    def found(kind: CheckFor, command: str, rank: Rank, env: Mapping[str, str]) -> Found:
        return Found(
            kind=kind,
            command=command,
            source=source,
            rank=rank,
            env=env,
            program=command.split(maxsplit=1)[0],
            ecosystem="javascript",
            cwd=folder,
        )

    for kind, names in _SCRIPTS:
        for name in names:
            text = scripts.get(name)
            if isinstance(text, str) and text.strip() and not _NO_TESTS.search(text):
                if _WATCHES.search(text):
                    continue  # it would never end
                call = f"{manager} test" if name == "test" and manager != "bun" else ""
                # A runner that watches files does not, where CI is set.
                env = {"CI": "true"} if kind is CheckFor.TESTS else {}
                yield found(kind, call or f"{manager} run {name}", Rank.SCRIPT, env)
                break
    used = _used(manifest)
    run = {"npm": "npx --no-install", "pnpm": "pnpm exec", "yarn": "yarn run", "bun": "bunx"}
    if "vitest" in used:
        yield found(CheckFor.TESTS, f"{run[manager]} vitest run", Rank.TOOL, {})
    if "jest" in used:
        yield found(CheckFor.TESTS, f"{run[manager]} jest", Rank.TOOL, {"CI": "true"})
    if manager == "bun" and tree.any(folder, ".test.ts", ".test.js", ".test.tsx"):
        yield found(CheckFor.TESTS, "bun test", Rank.HABIT, {})
    if any(tree.has(tree.at(folder, name)) for name in ("biome.json", "biome.jsonc")):
        yield found(CheckFor.LINT, f"{run[manager]} biome ci", Rank.TOOL, {})
    if "eslint" in used:
        yield found(CheckFor.LINT, f"{run[manager]} eslint .", Rank.TOOL, {})
    if "typescript" in used and tree.has(tree.at(folder, "tsconfig.json")):
        yield found(CheckFor.TYPES, f"{run[manager]} tsc --noEmit", Rank.TOOL, {})


def _used(manifest: Mapping[str, Any]) -> set[str]:
    tables = (manifest.get("dependencies"), manifest.get("devDependencies"))
    return {name for table in tables if isinstance(table, dict) for name in table}
