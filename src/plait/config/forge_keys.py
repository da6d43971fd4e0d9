"""The settings of pull requests."""

from __future__ import annotations

from plait.config import values
from plait.config.table import Table, key

FORGE = Table(
    about="Where `--pr` opens pull requests.",
    keys={
        "kind": key(
            "forge_kind",
            values.one_of("auto", "github", "gitlab", "gitea", "none"),
            '`"auto"`',
            'Which forge the remote is at. `"auto"` knows `github.com`, `*.ghe.com`, `gitlab.*`, '
            "`gitea.*`, `forgejo.*` and `codeberg.org` by their names; a host of your own is "
            'told here (`"gitea"` is Forgejo too). `"none"`: there is none, and `PR.md` is '
            "written.",
        ),
        "remote": key(
            "forge_remote",
            values.word,
            '`"origin"`',
            "The remote that the branch is pushed to. Where there is none of that name, and only "
            "one at all, it is that one.",
        ),
        "address": key(
            "forge_address",
            values.web,
            "the remote's host",
            "The forge's address on the web, where the remote's does not tell it: another port, "
            "a folder below the host, a name that only ssh knows. The token is sent there.",
            '"https://git.example.org"',
        ),
        "repository": key(
            "forge_repository",
            values.word,
            "the remote's path",
            "The repository's path at the forge.",
            '"team/project"',
        ),
        "ci": key(
            "forge_ci",
            values.one_of("auto", "ask"),
            '`"auto"`',
            'What [checks of kind `ci`](checks.md#checks-of-a-code-host) do. `"auto"`: the '
            "commit is pushed to a branch of its own and its checks are awaited, where the forge "
            'is known; else a person is asked. `"ask"`: always a person.',
        ),
        "poll": key(
            "forge_poll_s",
            values.duration,
            "10",
            "How long to wait before the forge is asked again about a commit's checks: at first, "
            "and longer each time, up to a minute.",
            '"30s"',
        ),
        "target": key(
            "forge_target",
            values.word,
            "the branch that the run began on, else the remote's default branch",
            "The branch that pull requests are to be merged into.",
            '"main"',
        ),
    },
)
