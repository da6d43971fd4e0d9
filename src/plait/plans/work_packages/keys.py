"""Lock keys of `work-packages.yaml`: the accepted spellings, and the one that was meant."""

from __future__ import annotations

import re
from collections.abc import Collection

from plait.core.lock_keys import namespace_of, spelling
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


def accepted(key: str, declared: Collection[str] = ()) -> bool:
    """Whether a lock key is spelt as the format wants it.

    Args:
        key: The key as it stands.
        declared: Namespaces that the project has besides the format's.
    """
    namespace, colon, rest = key.partition(":")
    if namespace in declared and namespace not in _ACCEPTED:
        return bool(colon) and bool(rest.strip())
    rule = _ACCEPTED.get(namespace)
    return rule is not None and re.fullmatch(rule[0], key) is not None


def cure(key: str, feature: str, declared: Collection[str] = ()) -> str:
    """What to write instead of a key that is not accepted.

    Args:
        key: The key as it stands.
        feature: The plan's id, which a `feature:` key names.
        declared: Namespaces that the project has besides the format's.
    """
    names = dict.fromkeys((*_ACCEPTED, *declared))
    namespace = namespace_of(key)
    known = namespace if namespace in names else nearest(namespace, names)
    if not known:
        return f"a key begins with one of {', '.join(f'{name}:' for name in names)}"
    meant = _canonical(known, key.partition(":")[2].strip(), feature)
    for written in (spelling(meant), meant):
        if accepted(written, declared):
            return f"write {written!r}"
    return f"write it like {_ACCEPTED.get(known, ('', f'{known}:name'))[1]!r}"


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
