"""What is no longer wanted: moved aside at once, deleted in the background."""

from __future__ import annotations

import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path

TRASH = ".trash-"  # what is moved aside, until there is time to delete it


def move_aside(path: Path) -> Path:
    """Rename a folder within its parent, in no time whatever its size."""
    trash = path.with_name(f"{TRASH}{path.name.lstrip('.')}-{os.urandom(4).hex()}")
    with suppress(FileNotFoundError):
        path.rename(trash)
    return trash


def discard(path: Path) -> None:
    """Delete a file or a whole folder; a link itself, never what it points at."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, onerror=_force)
    else:
        path.unlink(missing_ok=True)


def discard_in_background(*trash: Path) -> threading.Thread | None:
    """Delete what was moved aside; what is left when the program ends goes next time."""

    def delete() -> None:
        for path in trash:
            with suppress(OSError):
                discard(path)

    if not trash:
        return None
    deleting = threading.Thread(target=delete, daemon=True)
    deleting.start()
    return deleting


def _force(_function: object, path: str, _error: object) -> None:
    """Delete what its folder's mode protects: an agent may have made things read-only."""
    with suppress(FileNotFoundError):
        Path(path).parent.chmod(0o700)
        if Path(path).is_dir() and not Path(path).is_symlink():
            Path(path).chmod(0o700)
            shutil.rmtree(path)
        else:
            Path(path).unlink()
