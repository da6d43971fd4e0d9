"""Repositories made on the spot: realistic sizes, by `git fast-import`."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Mapping
from pathlib import Path
from string import ascii_lowercase

from bench.ground import Ground

FOLDERS = ("src", "src", "src", "tests", "docs")
FILES_A_FOLDER = 20
COMMITS = 20
CHANGED_A_COMMIT = 20
LINE_BYTES = 54
SEED = 20_250_101


def make_repository(
    ground: Ground, name: str, *, files: int, beside: Mapping[str, bytes] | None = None
) -> Path:
    """A repository with `files` files (median 2.6 KB, mean about 6 KB) and a short history.

    `beside` are further files of its first commit: the plan.
    """
    folder = ground.folder / name
    ground.run(["git", "init", "-q", folder], cwd=ground.folder)
    stream = subprocess.Popen(
        ["git", "fast-import", "--quiet"],
        cwd=folder,
        env=ground.environment,
        stdin=subprocess.PIPE,
    )
    assert stream.stdin is not None
    with stream.stdin as pipe:
        for piece in _commits(files, dict(beside or {})):
            pipe.write(piece)
    if stream.wait() != 0:
        raise SystemExit("git fast-import failed")
    ground.run(["git", "repack", "-adq"], cwd=folder)
    ground.run(["git", "reset", "-q", "--hard", "main"], cwd=folder)
    return folder


def clone(ground: Ground, repository: Path, name: str) -> Path:
    """A fresh copy for one trial: objects shared by hard links, a checkout of its own."""
    folder = ground.folder / name
    ground.run(["git", "clone", "-q", "--local", repository, folder], cwd=ground.folder)
    return folder


def _commits(files: int, beside: dict[str, bytes]) -> list[bytes]:
    chance = random.Random(SEED + files)
    lines = _lines(chance)
    paths = [_path(number, files) for number in range(files)]
    sizes = [min(400_000, max(40, int(chance.lognormvariate(7.85, 1.35)))) for _ in paths]
    first = {path: _text(chance, lines, size) for path, size in zip(paths, sizes, strict=True)}
    pieces = [_commit(1, {**first, **beside})]
    for mark in range(2, COMMITS + 1):
        changed = chance.sample(range(files), min(CHANGED_A_COMMIT, files))
        pieces.append(_commit(mark, {paths[i]: _text(chance, lines, sizes[i]) for i in changed}))
    return pieces


def _path(number: int, files: int) -> str:
    modules = max(4, files // 100)
    module, index = number % modules, number // modules
    kind = FOLDERS[index % len(FOLDERS)]
    suffix = "md" if kind == "docs" else "py"
    return f"packages/p{module:04d}/{kind}/m{index // FILES_A_FOLDER}/f{number:06d}.{suffix}"


def _lines(chance: random.Random) -> list[str]:
    """Lines of words and indentation, to compose texts of."""
    words = ["".join(chance.choices(ascii_lowercase, k=2 + i % 9)) for i in range(997)]
    return [
        "    " * chance.randint(0, 3) + " ".join(chance.choices(words, k=chance.randint(2, 12)))
        for _ in range(5_000)
    ]


def _text(chance: random.Random, lines: list[str], size: int) -> bytes:
    return ("\n".join(chance.choices(lines, k=1 + size // LINE_BYTES)) + "\n").encode()


def _commit(mark: int, files: dict[str, bytes]) -> bytes:
    """One commit as fast-import reads it; each but the first continues the one before."""
    message = f"change {mark}"
    head = (
        f"commit refs/heads/main\nmark :{mark}\n"
        f"committer Bench <bench@localhost> {1_700_000_000 + mark} +0000\n"
        f"data {len(message)}\n{message}\n"
    ).encode()
    parent = f"from :{mark - 1}\n".encode() if mark > 1 else b""
    changes = (
        f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
        for path, content in files.items()
    )
    return head + parent + b"".join(changes)
