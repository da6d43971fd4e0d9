"""Lock keys of `work-packages.yaml`: the accepted spellings, and the one that was meant."""

from __future__ import annotations

import re

from plait.plans.nearest import nearest

_ACCEPTED = {
    "api": (r"api:[A-Z]+ /.*", "api:METHOD /path"),
    "db": (r"db:(?:migration-slot|schema:[a-z_][a-z0-9_]*)", "db:schema:table_name"),
    "event": (r"event:[a-z][a-z0-9.]*", "event:orders.created"),
    "flag": (r"flag:[a-z][a-z0-9/.*]*", "flag:billing/new.invoice"),
    "env": (r"env:[a-z][a-z0-9_-]*", "env:database_url"),
    "contract": (r"contract:.+", "contract:name"),
    "feature": (r"feature:[A-Za-z0-9._:-]+:[a-z]+", "feature:change-id:word"),
}


def accepted(key: str) -> bool:
    """Whether a lock key is spelt as the format wants it."""
    rule = _ACCEPTED.get(key.partition(":")[0])
    return rule is not None and re.fullmatch(rule[0], key) is not None


def cure(key: str, feature: str) -> str:
    """What to write instead of a key that is not accepted.

    Args:
        key: The key as it stands.
        feature: The plan's id, which a `feature:` key names.
    """
    namespace, _, rest = key.partition(":")
    known = namespace.lower() if namespace.lower() in _ACCEPTED else nearest(namespace, _ACCEPTED)
    if not known:
        return f"a key begins with one of {', '.join(f'{name}:' for name in _ACCEPTED)}"
    meant = _canonical(known, rest.strip(), feature)
    return f"write {meant!r}" if accepted(meant) else f"write it like {_ACCEPTED[known][1]!r}"


def _canonical(namespace: str, rest: str, feature: str) -> str:
    lower = rest.lower()
    if namespace == "api":
        method, _, path = rest.replace(":", " ", 1).partition(" ")
        return f"api:{method.upper()} {path.strip()}"
    if namespace == "db":
        table = re.sub(r"[^a-z0-9]+", "_", _snake(rest.removeprefix("schema:"))).strip("_")
        return "db:migration-slot" if table == "migration_slot" else f"db:schema:{table}"
    if namespace == "event":
        return f"event:{re.sub(r'[^a-z0-9]+', '.', lower).strip('.')}"
    if namespace == "flag":
        return f"flag:{re.sub(r'[^a-z0-9/.*]+', '.', lower)}"
    if namespace == "env":
        return f"env:{re.sub(r'[^a-z0-9_-]+', '_', lower)}"
    if namespace == "feature":
        owner, _, word = rest.rpartition(":")
        return f"feature:{owner or feature}:{re.sub(r'[^a-z]+', '', word.lower())}"
    return f"{namespace}:{rest}"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
