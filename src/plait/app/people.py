"""Who sits at the keyboard, as git knows them."""

from __future__ import annotations

import getpass
from pathlib import Path


def who(root: Path) -> str:
    """`Name <email>` from git's configuration, else the login name."""
    from plait import git, process

    identity = process.run_main(git.identity, root)
    return identity or getpass.getuser()
