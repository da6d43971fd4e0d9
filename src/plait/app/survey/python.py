"""How a Python project is checked."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from plait.app.survey.tree import CheckFor, Found, Rank, Tree

_MANIFESTS = (
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "requirements.txt",
    "tox.ini",
    "pytest.ini",
    "Pipfile",
    "noxfile.py",
)
_RUNNERS = (  # a lock file, and what runs a program in the surroundings it describes
    ("uv.lock", "uv", "uv run "),
    ("poetry.lock", "poetry", "poetry run "),
    ("pdm.lock", "pdm", "pdm run "),
    ("Pipfile.lock", "pipenv", "pipenv run "),
    ("Pipfile", "pipenv", "pipenv run "),
)
_SESSION = re.compile(r"^@(?:nox\.)?session\b[^\n]*\n(?:@[^\n]*\n)*def (\w+)", re.MULTILINE)
_KINDS = {
    "tests": CheckFor.TESTS,
    "test": CheckFor.TESTS,
    "lint": CheckFor.LINT,
    "typecheck": CheckFor.TYPES,
    "mypy": CheckFor.TYPES,
    "types": CheckFor.TYPES,
}


def python(tree: Tree) -> Iterator[Found]:
    """Test runners, linters and type checkers that the project sets up."""
    for folder in tree.folders(*_MANIFESTS):
        yield from _project(tree, folder)


def _project(tree: Tree, folder: str) -> Iterator[Found]:
    manifest = tree.at(folder, "pyproject.toml")
    document = tree.toml(manifest)
    tools: Mapping[str, Any] = document.get("tool") or {}
    said = " ".join(tree.read(tree.at(folder, name)) for name in _MANIFESTS)
    said += " ".join(tree.read(each) for each in tree.near if _is_requirements(each, folder))

    def tool(kind: CheckFor, name: str, arguments: str, source: str = "") -> Found:
        command, program = _by_runner(tree, folder, name, said)
        source = source or next(
            (
                tree.at(folder, each)
                for each in _MANIFESTS
                if name in tree.read(tree.at(folder, each))
            ),
            manifest,
        )
        return Found(
            kind=kind,
            command=f"{command}{arguments}",
            source=source,
            rank=Rank.TOOL,
            program=program,
            ecosystem="python",
            cwd=folder,
        )

    def file(*names: str) -> str:
        return tree.has(*(tree.at(folder, name) for name in names))

    if (
        "pytest" in tools
        or re.search(r"\bpytest\b", said)
        or file("conftest.py", "tests/conftest.py")
    ):
        yield tool(CheckFor.TESTS, "pytest", " -q")
    elif tree.any(folder, "_test.py") or re.search(r"(?:^|/)test_?\w*\.py\n", _lines(tree, folder)):
        yield _unittest(tree, folder)
    if "ruff" in tools or file("ruff.toml", ".ruff.toml"):
        yield tool(CheckFor.LINT, "ruff", " check .", file("ruff.toml", ".ruff.toml"))
    if "flake8" in tools or file(".flake8") or "[flake8]" in said:
        yield tool(CheckFor.LINT, "flake8", "", file(".flake8", "setup.cfg", "tox.ini"))
    if "pylint" in tools or file(".pylintrc", "pylintrc"):
        package = _package(tree, folder, document)
        yield tool(CheckFor.LINT, "pylint", f" {package}", file(".pylintrc", "pylintrc"))
    if "mypy" in tools or file("mypy.ini", ".mypy.ini") or "[mypy]" in said:
        where = "" if _names_files(tools, said) else " ."
        yield tool(CheckFor.TYPES, "mypy", where, file("mypy.ini", ".mypy.ini"))
    if "pyright" in tools or "basedpyright" in tools or file("pyrightconfig.json"):
        name = "basedpyright" if "basedpyright" in tools else "pyright"
        yield tool(CheckFor.TYPES, name, "", file("pyrightconfig.json"))
    yield from _around(tree, folder, tools, said)


def _around(tree: Tree, folder: str, tools: Mapping[str, Any], said: str) -> Iterator[Found]:
    """Tox and nox: slower, since they make surroundings of their own."""
    tox = tree.has(tree.at(folder, "tox.ini"))
    if "tox" in tools or "[testenv" in said:
        yield Found(
            kind=CheckFor.TESTS,
            command="tox -q",
            source=tox or "pyproject.toml",
            rank=Rank.AROUND,
            program="tox",
            ecosystem="python",
            cwd=folder,
        )
    nox = tree.at(folder, "noxfile.py")
    for session in _SESSION.findall(tree.read(nox)):
        if session in _KINDS:
            yield Found(
                kind=_KINDS[session],
                command=f"nox -s {session}",
                source=nox,
                rank=Rank.AROUND,
                program="nox",
                ecosystem="python",
                cwd=folder,
            )


def _by_runner(tree: Tree, folder: str, name: str, said: str) -> tuple[str, str]:
    """How a tool is called, and the program that must be there for it."""
    for lock, program, prefix in _RUNNERS:
        there = tree.has(tree.at(folder, lock), lock)
        if there and (shutil.which(program) or not shutil.which(name)):
            return f"{prefix}{name}", program
    if "[tool.hatch.envs" in said and shutil.which("hatch") and not shutil.which(name):
        return f"hatch run {name}", "hatch"
    if shutil.which(name) is None and _importable(name):
        return f"python3 -m {name}", "python3"
    return name, name


def _importable(module: str) -> bool:
    """Whether the Python on the PATH has a module."""
    program = shutil.which("python3")
    if program is None:
        return False
    look = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    done = subprocess.run([program, "-c", look], capture_output=True, check=False, timeout=20)
    return done.returncode == 0


def _unittest(tree: Tree, folder: str) -> Found:
    where = next((name for name in ("tests", "test") if tree.any(tree.at(folder, name), ".py")), "")
    start = ""
    if where:
        is_package = tree.has(tree.at(folder, f"{where}/__init__.py"))
        start = f" -s {where} -t ." if is_package else f" -s {where}"
    pattern = " -p '*_test.py'" if tree.any(folder, "_test.py") else ""
    runner = "uv run python" if tree.has(tree.at(folder, "uv.lock")) else "python3"
    return Found(
        kind=CheckFor.TESTS,
        command=f"{runner} -m unittest discover{start}{pattern}",
        source=tree.at(folder, where) if where else folder,
        rank=Rank.HABIT,
        program=runner.split(maxsplit=1)[0],
        ecosystem="python",
        cwd=folder,
    )


def _lines(tree: Tree, folder: str) -> str:
    begin = "" if folder == "." else f"{folder}/"
    return "".join(f"{each}\n" for each in tree.files if each.startswith(begin))


def _is_requirements(path: str, folder: str) -> bool:
    inside = folder == "." or path.startswith(f"{folder}/")
    return inside and bool(re.search(r"(?:^|/)requirements[^/]*\.(?:txt|in)$", path))


def _package(tree: Tree, folder: str, document: Mapping[str, Any]) -> str:
    name = str((document.get("project") or {}).get("name") or "").replace("-", "_")
    inside = [f"src/{name}", name] if re.fullmatch(r"\w+", name) else []
    places = [each for each in inside if tree.has(tree.at(folder, f"{each}/__init__.py"))]
    return (places or ["src" if tree.any(tree.at(folder, "src"), ".py") else "."])[0]


def _names_files(tools: Mapping[str, Any], said: str) -> bool:
    """Whether mypy's settings name what it looks at."""
    own = tools.get("mypy")
    told = isinstance(own, dict) and {"files", "packages", "modules"} & set(own)
    return bool(told) or bool(re.search(r"^\s*(?:files|packages)\s*=", said, re.MULTILINE))
