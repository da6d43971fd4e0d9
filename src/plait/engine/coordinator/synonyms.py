"""Names that other coordinators have for the same arguments: understood, and told nowhere else.

Skills that were written for one of them say `submit_work(task_type=…, depends_on=…)` and
`get_task(task_id=…)`. A name that the verb itself has counts before its synonym.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Meaning = Callable[[Any], Mapping[str, Any]]
_SHORT = 200  # characters of a title made from a description


def _named(field: str) -> Meaning:
    return lambda value: {field: value}


def _minutes(field: str) -> Meaning:
    def seconds(value: Any) -> Mapping[str, Any]:
        known = isinstance(value, int | float) and not isinstance(value, bool)
        return {field: value * 60 if known else value}

    return seconds


def _listed(field: str) -> Meaning:
    return lambda value: {field: [value]}


def _titled(value: Any) -> Mapping[str, Any]:
    """A description's first line is the title; all of it goes to whoever does the work."""
    if not isinstance(value, str):
        return {"title": value}
    first = value.strip().partition("\n")[0].strip()
    return {"title": first[:_SHORT], "input": {"description": value}}


def _ended(value: Any) -> Mapping[str, Any]:
    return {"status": {True: "completed", False: "failed"}.get(value, value)}


SYNONYMS: Mapping[str, Mapping[str, Meaning]] = {
    "register_session": {"agent_name": _named("agent"), "current_task": _named("doing")},
    "submit_work": {
        "task_type": _named("type"),
        "input_data": _named("input"),
        "description": _titled,
        "depends_on": _named("needs"),
    },
    "get_work": {"task_types": _named("types")},
    "complete_work": {
        "task_id": _named("task"),
        "success": _ended,
        "error_message": _named("summary"),
    },
    "get_task": {"task_id": _named("task")},
    "cancel_work": {"task_id": _named("task")},
    "acquire_lock": {"file_path": _listed("paths"), "ttl_minutes": _minutes("ttl_s")},
    "release_lock": {"file_path": _listed("paths")},
    "check_locks": {"file_path": _listed("paths"), "file_paths": _named("paths")},
    "cleanup_dead_agents": {"stale_threshold_minutes": _minutes("silent_s")},
    "remember": {"event_type": _named("event")},
    "query_audit": {"agent_id": _named("agent"), "operation": _named("kind")},
}


def understood(verb: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """A request with the verb's own names for what it calls otherwise."""
    known = SYNONYMS.get(verb, {})
    if not known.keys() & given.keys():
        return given
    told = {name: value for name, value in given.items() if name not in known}
    for name, meaning in known.items():
        if name in given:
            for field, value in meaning(given[name]).items():
                if field not in told:
                    told[field] = value
                elif isinstance(told[field], dict) and isinstance(value, dict):
                    told[field] = {**value, **told[field]}
    return told
