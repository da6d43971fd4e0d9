"""`[memory]`: what runs remember for later ones."""

from __future__ import annotations

from plait.config import values
from plait.config.table import Table, key

MEMORY = Table(
    about="What runs [remember](../explanation/memory.md) for later ones.",
    keys={
        "briefs": key(
            "memory_briefs",
            values.count,
            "3",
            "How many memories a brief quotes at most: those that fit the package best. 0: none.",
        ),
        "record": key(
            "memory_record",
            values.truth,
            "true",
            "Whether runs remember by themselves what failed for good, and what helped where an "
            "attempt had failed.",
        ),
    },
)
