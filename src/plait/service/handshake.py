"""What a client can count on, by the three classes of the handshake, and what follows without."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from plait.engine.coordinator.verb import Capability, Verb


class Class(StrEnum):
    """How much depends on a capability."""

    REQUIRED = "required"  # without it there is no coordinated work
    SAFETY = "safety"  # without it a worker must be more careful by itself
    ENRICHING = "enriching"  # without it work is done all the same


_CLASSES: Mapping[Capability, Class] = {
    Capability.DISCOVER: Class.REQUIRED,
    Capability.QUEUE_WORK: Class.REQUIRED,
    Capability.LOCK: Class.REQUIRED,
    Capability.GUARDRAILS: Class.SAFETY,
}
_WITHOUT: Mapping[Capability, str] = {
    Capability.DISCOVER: "no sessions: run the plan by `plait run` alone",
    Capability.QUEUE_WORK: "nothing can be claimed here: run the plan by `plait run` alone",
    Capability.LOCK: "others cannot be kept off what you write: work on one package at a time",
    Capability.GUARDRAILS: "nobody judges commands before they are run: refrain from what destroys",
    Capability.POLICY: "what you may do shows only when it is refused",
    Capability.HANDOFF: "what was found out is not passed on: put it into the summary of your work",
    Capability.MEMORY: "nothing is recalled from earlier runs",
    Capability.AUDIT: "what happened is told by `plait audit list` alone",
    Capability.PORTS: "choose free ports yourself",
    Capability.FEATURES: "plans that would write the same files show only as they run",
}


def class_of(capability: Capability) -> Class:
    """How much depends on it."""
    return _CLASSES.get(capability, Class.ENRICHING)


def capabilities(verbs: Mapping[str, Verb[Any, Any]], *, version: str) -> dict[str, Any]:
    """What is offered, as JSON: each capability with its class, its verbs, or what follows.

    Args:
        verbs: The verbs that are offered.
        version: Plait's.
    """
    told: dict[str, Any] = {each.value: {} for each in Class}
    for capability in Capability:
        names = [each.name for each in verbs.values() if each.capability is capability]
        told[class_of(capability)][capability.value] = {
            "available": bool(names),
            "verbs": names,
            "without": "" if names else _WITHOUT[capability],
        }
    missing = [name for name, each in told[Class.REQUIRED].items() if not each["available"]]
    return {
        "name": "plait",
        "version": version,
        "coordinated": not missing,
        **told,
        "verbs": list(verbs),
    }


def in_words(verbs: Mapping[str, Verb[Any, Any]]) -> str:
    """The same in a few lines, for an agent that reads."""
    told = capabilities(verbs, version="")
    lines = []
    for each in Class:
        parts = [
            name if known["available"] else f"{name} (absent: {known['without']})"
            for name, known in told[each].items()
        ]
        lines.append(f"{each.value}: {', '.join(parts)}.")
    return "\n".join(lines)
