"""`[sandbox]`: what holds agents, and what is opened for them."""

from __future__ import annotations

import re
from typing import Any

from plait.config import values
from plait.config.table import Table, key

_HOST = re.compile(
    r"(\*\.)?[A-Za-z0-9_.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?"
)


def _texts(value: Any) -> tuple[str, ...]:
    good = isinstance(value, list) and all(isinstance(each, str) and each for each in value)
    if not good or any("\0" in each or "\n" in each for each in value):
        raise values.WrongValueError("a list of texts in quotes")
    return tuple(dict.fromkeys(value))


def _hosts(value: Any) -> tuple[str, ...]:
    for host in _texts(value):
        if not _HOST.fullmatch(host):
            raise values.WrongValueError(
                f'hosts like "example.org", "*.example.org" or "localhost:5432"; {host!r} is none'
            )
    return _texts(value)


SANDBOX = Table(
    about="What holds agents; see [sandboxes](../explanation/sandboxes.md). What is set when a "
    "run begins holds for all of it.",
    keys={
        "tier": key(
            "sandbox_tier",
            values.one_of("auto", "bwrap", "landlock", "none"),
            "none",
            'What holds the agents, as `--sandbox` takes it: `"auto"`, `"bwrap"`, `"landlock"`, '
            '`"none"`.',
            '"auto"',
        ),
        "write": key(
            "sandbox_write",
            _texts,
            "`[]`",
            "Paths that every agent may write beside its scope: from the root, from the home "
            "(`~/.cache/thing`), or in the worktree (`target`, made if it is missing). What they "
            "hold in the worktree is judged by the scope all the same, unless the repository "
            "ignores it.",
        ),
        "read": key(
            "sandbox_read",
            _texts,
            "`[]`",
            "Paths in the home that agents may read. Installations of programs need not be named.",
        ),
        "hosts": key(
            "sandbox_hosts",
            _hosts,
            "none",
            'The hosts that agents may reach, as `"example.org"`, `"*.example.org"` or '
            '`"localhost:5432"`; what an agent\'s own program needs is added. `[]`: no others than '
            "these. Without this key every host can be reached.",
            '["example.org"]',
        ),
    },
)
