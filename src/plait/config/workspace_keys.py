"""The settings of workspaces: what they hold beside a commit, and what packages are given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from plait.config import values
from plait.config.table import Key, key
from plait.config.values import WrongValueError
from plait.core.furnishing import PLACE, Database

LOWEST_PORT, HIGHEST_PORT = 1024, 65535
_OURS = ("PLAIT_", "GIT_")  # what variables of the owner's may not begin with
_OF_A_DATABASE = ("create", "drop", "url")


def commands(value: Any) -> tuple[str, ...]:
    """A list of commands."""
    found = values.texts(value) if isinstance(value, list) else ()
    if not isinstance(value, list) or not all(each.strip() for each in found):
        raise WrongValueError('a list of commands, like ["npm ci"]')
    return found


def globs(value: Any) -> tuple[str, ...]:
    """A list of globs that stay below the root."""
    found = values.texts(value)
    for each in found:
        parts = each.split("/")
        if parts[0] == "" or ".." in parts or set(parts) <= {"."} or "\0" in each:
            raise WrongValueError(f"a list of globs below the repository's root; {each!r} is none")
    return tuple(dict.fromkeys(found))


def variables(value: Any) -> tuple[str, ...]:
    """A list of names of variables."""
    names = values.variables(value)
    for name in names:
        _require_foreign(name)
    return tuple(dict.fromkeys(names))


def ports_between(value: Any) -> tuple[int, int]:
    """A range of ports: `"20000-29999"`."""
    found = re.fullmatch(r"(\d{1,5}) ?- ?(\d{1,5})", value) if isinstance(value, str) else None
    first, last = (int(found[1]), int(found[2])) if found else (0, 0)
    if not LOWEST_PORT <= first <= last <= HIGHEST_PORT:
        raise WrongValueError(f'a range of ports from {LOWEST_PORT}, like "20000-29999"')
    return first, last


def databases(value: Any) -> tuple[Database, ...]:
    """A table of databases by their variables."""
    if not isinstance(value, dict):
        raise WrongValueError('a table like NAME = { create = "…", drop = "…", url = "…{name}…" }')
    return tuple(_database(name, told) for name, told in value.items())


def _database(name: str, told: Any) -> Database:
    values.variables([name])
    _require_foreign(name)
    if not isinstance(told, dict) or sorted(told) != sorted(_OF_A_DATABASE):
        keys = ", ".join(_OF_A_DATABASE)
        raise WrongValueError(f"a table in which {name} has {keys}, and no more")
    if not all(isinstance(each, str) and PLACE in each for each in told.values()):
        raise WrongValueError(f"a table in which each text of {name} names the database: {PLACE}")
    return Database(variable=name, create=told["create"], drop=told["drop"], url=told["url"])


def _require_foreign(name: str) -> None:
    if name.startswith(_OURS):
        raise WrongValueError(f"names of variables that are not Plait's or git's; {name!r} is")


FURNISHING: Mapping[str, Key] = {
    "backend": key(
        "workspace_backend",
        values.one_of("auto", "pool", "overlay", "fresh"),
        '`"pool"`',
        'How worktrees come about. `"pool"`: made once, then made clean for the next package. '
        '`"overlay"`: mounted over a checkout that all share; a pool where that does not work. '
        '`"fresh"`: made anew each time. `"auto"`: overlays where they work and no `setup_key` '
        "is set, else a pool.",
    ),
    "copy": key(
        "workspace_copy",
        globs,
        "none",
        "Globs of files and folders of your checkout that are copied into each "
        "worktree. So is what the file `.worktreeinclude` in the root lists, in the "
        "syntax of `.gitignore`, and git ignores.",
        '[".env"]',
    ),
    "link": key(
        "workspace_link",
        globs,
        "none",
        "Globs of files and folders of your checkout that a link in each worktree "
        "leads to. What an agent writes there it writes in your checkout.",
        '["node_modules"]',
    ),
    "setup": key(
        "workspace_setup",
        commands,
        "none",
        "Commands that make a worktree ready before the agent and before checks, in "
        "order. If one fails, the attempt has failed (`SETUP_FAILED`).",
        '["npm ci"]',
    ),
    "setup_key": key(
        "workspace_setup_key",
        globs,
        "none",
        "Globs of files: while these and the commands stay the same, and nobody "
        "changed what the commands made, they are not run again in the same worktree. "
        "Without it they run each time.",
        '["package-lock.json"]',
    ),
    "ports": key(
        "workspace_ports",
        variables,
        "none",
        "Variables, each with a free port that no other package has.",
        '["PORT"]',
    ),
    "port_range": key(
        "workspace_port_range",
        ports_between,
        '`"20000-29999"`',
        "From where these ports are taken.",
    ),
    "databases": key(
        "workspace_databases",
        databases,
        "none",
        "Databases that each package is given: a table of variables, each with "
        "`create`, `drop` and `url`, in which `{name}` stands for the database's "
        "name.",
        '{ DB_URL = { create = "createdb {name}", drop = "dropdb {name}", '
        'url = "postgresql:///{name}" } }',
    ),
    "sparse": key(
        "workspace_sparse",
        globs,
        "none",
        "Folders: a worktree then holds these, and of the folders above them the files.",
        '["packages/api"]',
    ),
    "submodules": key(
        "workspace_submodules",
        values.truth,
        "true",
        "Whether submodules are filled, from what your repository has of them.",
    ),
}
