"""`[serve]` and `[policy]`: who may ask the coordinator, and for what."""

from __future__ import annotations

from plait.config import values
from plait.config.table import Table, key

SERVE = Table(
    about="The coordinator over HTTP: [`plait serve`](commands.md#plait-serve).",
    keys={
        "hosts": key(
            "serve_hosts",
            values.texts,
            "none",
            "Names that `plait serve` may be called by, besides the machine's own: requests that "
            "name another in `Host` are refused, which keeps pages of other sites out.",
            '["build.example.org"]',
        ),
        "rate": key(
            "serve_rate",
            values.positive,
            "1000",
            "Requests a second that one caller may make on average, and twice as many at once.",
        ),
    },
)
POLICY = Table(
    about="What sessions may do, by their trust: see [policy](policy.md).",
    keys={
        "engine": key(
            "policy_engine",
            values.one_of("builtin", "cedar"),
            '`"builtin"`',
            'Who decides. `"builtin"`: Plait\'s rules. `"cedar"`: the rules of `files`, in '
            'Cedar\'s language, or the same as the built-in ones (`pip install "plait[policy]"`).',
        ),
        "files": key(
            "policy_files",
            values.texts,
            "none",
            "Files with rules for Cedar, relative to the repository's root. With any, the "
            "built-in rules do not hold.",
            '["policy.cedar"]',
        ),
        "trust": key(
            "policy_trust",
            values.trust,
            "2",
            "How far callers are trusted who need no token: on this machine, by `plait mcp` or "
            "`plait serve`.",
        ),
    },
)
