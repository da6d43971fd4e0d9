"""Where a program's installation lies, so that it can run although the user's home is hidden.

Programs are often installed for one user: by a version manager, in a virtual environment, below
`~/.local`. What is shown of the home is such installations as a whole, and nothing beside them.
"""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

_BIN = frozenset({"bin", "sbin", "shims", ".bin", "Scripts"})
# Below a home: toolchains and their libraries; none of these keeps keys.
_TOOLCHAINS = (
    ".asdf", ".bun/bin", ".cargo/bin", ".cargo/git", ".cargo/registry", ".deno/bin", ".fnm",
    ".local/bin", ".local/lib", ".local/share/claude", ".local/share/fnm", ".local/share/mise",
    ".local/share/pipx", ".local/share/pnpm", ".local/share/uv", ".m2/repository", ".nix-profile",
    ".nodenv", ".nvm", ".pyenv", ".rbenv", ".rustup", ".sdkman", ".volta", "go/bin", "go/pkg",
    "miniconda3", "miniforge3",
)  # fmt: skip
_SHARED = frozenset({".local", ".cargo", ".config", ".cache", "go"})  # hold more than programs
_BESIDE_BIN = ("lib", "lib64", "libexec", "share", "include", "versions", "pyvenv.cfg")
_LONGEST_LINE = 512
_SHELL = ("/bin/sh", "-c")
_HOPS = 10


def installations(
    argv: Sequence[str],
    search_path: str,
    homes: Iterable[Path],
    hidden: Iterable[Path],
    others: Iterable[str] = (),
) -> tuple[Path, ...]:
    """The folders and files to show, all in hidden ones.

    Args:
        argv: What is started, a name or a path, and its arguments. Of a shell's text each file
            that it names is shown: a script, a list of settings.
        search_path: The `PATH` it is started with.
        homes: Homes of the user.
        hidden: Folders that would not be seen into.
        others: Programs that it starts in its turn.
    """
    behind, kept = tuple(hidden), tuple(homes)
    found = [Path(sys.prefix), Path(sys.base_prefix), *_ourselves()]
    for home in kept:
        found += (home / each for each in _TOOLCHAINS)
    for each in search_path.split(":"):
        folder = Path(each)
        if folder.is_absolute() and folder.is_dir():
            found.append(_root(folder, kept))
    for program in (argv[0], *others):
        found += _of_program(program, search_path, kept)
    for word in _words(argv):
        if word.startswith("/") and Path(word).is_file():
            found += (Path(word), *_of_program(word, search_path, kept))
    shown: dict[Path, None] = {}
    for path in found:
        real = path.resolve()
        inside = any(real != each and real.is_relative_to(each) for each in behind)
        if inside and real.exists() and real not in kept:
            shown[real] = None
    return tuple(shown)


def _words(argv: Sequence[str]) -> list[str]:
    """The words of a shell's text, which the user wrote; other arguments may be a plan's text."""
    if tuple(argv[:2]) != _SHELL:
        return []
    try:
        return shlex.split(argv[2])
    except ValueError:  # a quotation that does not end
        return argv[2].split()


def _ourselves() -> Iterator[Path]:
    """Where this package lies, and its parser: agents' hooks ask a program of it."""
    yield Path(__file__).parents[1]
    for name in ("tree_sitter", "tree_sitter_bash"):
        found = find_spec(name)
        if found is not None and found.origin is not None:
            yield Path(found.origin).parent


def _of_program(program: str, search_path: str, homes: tuple[Path, ...]) -> Iterator[Path]:
    """Its own installation, that of whatever it links to, and that of its interpreter."""
    place = shutil.which(program, path=search_path)
    if place is None:
        return
    for path in _hops(Path(place)):
        yield _installation(path, homes)
    for word in _interpreter(Path(place)):
        named = shutil.which(word, path=search_path)
        for path in _hops(Path(named)) if named else ():
            yield _installation(path, homes)


def _hops(path: Path) -> Iterator[Path]:
    """The path, and each that it is a link to."""
    for _ in range(_HOPS):
        yield path
        if not path.is_symlink():
            return
        path = (path.parent / path.readlink()).absolute()


def _installation(path: Path, homes: tuple[Path, ...]) -> Path:
    """The folder that an executable was installed with."""
    real = path.parent.resolve() / path.name
    parts = real.parts
    if "node_modules" in parts:
        return Path(*parts[: parts.index("node_modules") + 1])
    configured = real.parent.parent / "pyvenv.cfg"
    if configured.is_file():
        return real.parent.parent
    root = _root(real.parent, homes)
    return real if root in homes else root


def _root(folder: Path, homes: tuple[Path, ...]) -> Path:
    """A folder of programs with what belongs to it: `…/bin` with its libraries."""
    above = folder.parent
    if folder.name not in _BIN or above in homes or above.name in _SHARED:
        return folder
    together = above.name == "node_modules" or any((above / each).exists() for each in _BESIDE_BIN)
    return above if together else folder


def _interpreter(path: Path) -> tuple[str, ...]:
    """The words of a script's first line that may name a program."""
    try:
        with path.open("rb") as file:
            line = file.readline(_LONGEST_LINE)
    except OSError:
        return ()
    if not line.startswith(b"#!"):
        return ()
    words = line[2:].decode("utf-8", "replace").split()
    return tuple(word for word in words[:3] if not word.startswith("-"))
