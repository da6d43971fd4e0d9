"""`[serve]`: who may ask the coordinator, and how often."""

from __future__ import annotations

from plait.config import values
from plait.config.table import Table, key

SERVE = Table(
    about="The coordinator for other processes: [`plait serve`](commands.md#plait-serve) and "
    "[`plait mcp`](commands.md#plait-mcp).",
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
        "trust": key(
            "serve_trust",
            values.trust,
            "2",
            "How far those are trusted who need no token: by `plait mcp`, and by `plait serve` "
            "without a token file.",
        ),
    },
)
