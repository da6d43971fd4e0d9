"""Small JSON files beside a plan: what another tool noted of it (phases, approvals)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from plait.core.finding import Finding
from plait.core.plan import Span
from plait.errors import PlaitError
from plait.plans.places import holds, named
from plait.plans.refusals import ignored
from plait.plans.text import read
from plait.ports import PlanSource

MAX_BYTES = 1_000_000
MOST_SHOWN = 200  # characters of a text that is told


def record_of(source: PlanSource, path: Path, findings: list[Finding]) -> dict[str, Any] | None:
    """The object in a file; None where there is no such file, or none that can be read.

    Numbers come as they are written, so that none is too long to read.

    Args:
        source: The plan it belongs to; a file outside of its repository is not read.
        path: The file.
        findings: Takes `SIDECAR_IGNORED`.
    """
    if not holds(source, path):
        return None
    name = named(source, path)
    span = Span(file=name)
    try:
        if path.stat().st_size <= MAX_BYTES:
            record = json.loads(read(path, name).text, parse_int=str, parse_float=str)
            if isinstance(record, dict):
                return record
            why = "it holds no object"
        else:
            why = f"it has more than {MAX_BYTES // 1_000_000} MB"
    except json.JSONDecodeError as error:
        why, span = f"it is no JSON: {error.msg}", Span(file=name, line=error.lineno)
    except (OSError, ValueError, RecursionError) as error:
        why = f"it cannot be read: {type(error).__name__}"
    except PlaitError as error:
        why = error.message
    findings.append(ignored(f"what it says of the plan is lost: {why}", span))
    return None


def text_in(record: dict[str, Any], *keys: str) -> str:
    """The first of these fields that holds text, on one line and fit to be shown, else nothing."""
    found = (value for key in keys if isinstance(value := record.get(key), str) and value)
    line = " ".join(next(found, "")[: 2 * MOST_SHOWN].split())[:MOST_SHOWN]
    return "".join(letter if letter.isprintable() else "?" for letter in line)
