"""Resources: what can be read at any time, each the answer of a verb that asks for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import mcp_types as types
from pydantic import ValidationError

from plait.engine.coordinator.verb import Verb

# Address → the verb that answers.
_VERBS: Mapping[str, str] = {
    "locks://current": "check_locks",
    "work://pending": "list_work",
    "profiles://current": "get_profile",
    "handoffs://recent": "read_handoff",
    "memories://recent": "recall",
    "audit://recent": "query_audit",
    "features://active": "list_features",
    "agents://present": "discover_agents",
}


def resources(verbs: Mapping[str, Verb[Any, Any]]) -> dict[str, Verb[Any, Any]]:
    """The verb behind each address: of those that are offered, and can be asked for nothing."""
    found = {at: verbs[name] for at, name in _VERBS.items() if name in verbs}
    return {at: verb for at, verb in found.items() if _asks_nothing(verb)}


def listed(address: str, verb: Verb[Any, Any]) -> types.Resource:
    """A resource as clients list it."""
    return types.Resource(
        name=address.replace("://", "-"),
        uri=address,
        description=verb.summary,
        mime_type="application/json",
    )


def _asks_nothing(verb: Verb[Any, Any]) -> bool:
    try:
        verb.asks.model_validate_json(b"{}")
    except ValidationError:
        return False
    return True
