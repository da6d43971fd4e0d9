"""`[guardrails]`: what agents may run in a shell, by what it endangers."""

from __future__ import annotations

from plait.config import values
from plait.config.table import Key, Table, key
from plait.core.guardrails.verdict import Category, Verdict

_ABOUT = {
    Category.GIT: "history, branches and what is not committed",
    Category.FILE: "files: recursive deletion, and whatever lies outside the worktree",
    Category.DATABASE: "data of databases",
    Category.CREDENTIAL: "secrets, shown, copied or sent",
    Category.DEPLOYMENT: "what runs elsewhere",
    Category.PUBLISH: "what is offered to everyone, as packages are",
    Category.SYSTEM: "the machine, its services and others' processes; code from the network",
    Category.UNKNOWN: "commands of which the text does not tell what they run",
}


def _key(category: Category) -> Key:
    return key(
        f"guard_{category.value}",
        values.one_of(*(each.value for each in Verdict)),
        "by trust",
        f"What endangers {_ABOUT[category]}."
        if category is not Category.UNKNOWN
        else f"{_ABOUT[category].capitalize()}.",
        '"allow"',
    )


POLICY = Table(
    about="Which of the coordinator's verbs a session may use. See "
    "[rules of your own](../howto/write-policies.md).",
    keys={
        "rules": key(
            "policy_rules",
            values.word,
            "the built-in ones",
            "A file of rules in Cedar, relative to the repository's root, in place of the "
            "built-in ones. It needs `plait[policy]`.",
            '"policy.cedar"',
        )
    },
)
GUARDRAILS = Table(
    about='What agents may run in a shell: `"allow"`, `"ask"` or `"deny"` for all of a category; '
    "without a key an agent's `trust` decides. Nobody is at the keyboard, so `ask` refuses too, "
    "and says how to allow it. See [guardrails](guardrails.md).",
    keys={each.value: _key(each) for each in Category},
)
