"""Real repositories made for a test, and what of them Plait must leave alone."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

ISOLATED = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
}

_OURS = (
    ".plait",
    ".git/objects",
    ".git/worktrees",
    ".git/refs/plait",
    ".git/refs/heads",  # compared by name below
    ".git/logs/refs/heads/plait",
)


def git(folder: Path, *args: str, check: bool = True) -> str:
    """Run git as the user or an agent would, and return what it printed."""
    done = subprocess.run(
        ["git", *args], cwd=folder, env=ISOLATED, check=check, capture_output=True, text=True
    )
    return done.stdout.strip()


def make_repository(folder: Path, files: Mapping[str, str] | None = None) -> Path:
    """A repository with one commit of these files, on `main`."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "ada@example.org")
    write(folder, {"README": "hello\n"} if files is None else files)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    return folder


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files, with the folders they need."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _beside_plait(root: Path) -> Iterator[Path]:
    """All that lies below a folder, but what Plait deletes there in the background."""
    for where, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != ".plait"]
        yield from (Path(where, name) for name in (*folders, *names))


def unmount_all(root: Path) -> None:
    """Unmount the worktrees that a test left mounted, as a crash would."""
    for path in (root / ".plait/worktrees").glob("*"):
        if os.path.ismount(path):
            subprocess.run(["umount", "-l", str(path)], check=True)


def fingerprint(root: Path) -> dict[str, str]:
    """Every byte of a user's checkout and of git's own files, but objects and Plait's."""
    found = {}
    for path in sorted(_beside_plait(root)):
        name = str(path.relative_to(root))
        if not name.startswith(_OURS) and path.is_file() and not path.is_symlink():
            facts = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            found[name] = f"{facts.st_mode:o} {facts.st_mtime_ns} {content}"
    form = "--format=%(refname) %(objectname)"
    found["branches"] = "\n".join(
        line
        for line in git(root, "for-each-ref", form, "refs/heads", "refs/tags").splitlines()
        if not line.startswith("refs/heads/plait/")
    )
    return found
