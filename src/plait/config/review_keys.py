"""The settings of reviews."""

from __future__ import annotations

from plait.config import values
from plait.config.table import Table, key

REVIEW = Table(
    about="Who reviews work before it lands.",
    keys={
        "agents": key(
            "review_agents",
            values.words,
            "the profiles `reviewer` and `reviewer-…`, if there are any",
            "Who reviews each package's work once its checks have passed: a name of "
            "`[agents.NAME]` or an agent, or a list of them. All are asked, but for the author "
            "of the work and agents of the same vendor, where the others are enough. Without "
            "any, work is not reviewed, and the report says so.",
            '["claude", "codex"]',
        ),
        "quorum": key(
            "review_quorum",
            values.positive,
            "1",
            "How many reviews must count. One that is not as it should be does not; its reviewer "
            "is asked a second time where too few count.",
        ),
        "rounds": key(
            "review_rounds",
            values.count,
            "3",
            "How often an attempt's work is fixed and reviewed again at most. Then, and where "
            "the number of findings that block no longer falls, a person is asked.",
        ),
        "required": key(
            "review_required",
            values.truth,
            "true",
            "What follows where too few reviews count: a person is asked, or, with "
            "`false`, the work lands with a warning.",
        ),
    },
)
