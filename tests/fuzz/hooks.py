"""What schemathesis is told of this service: waits are short, and some ids are of what there is."""

from __future__ import annotations

import json
import os
from importlib import import_module
from typing import Any

schemathesis: Any = import_module("schemathesis")  # which is only where it is tried
RUN, TASKS = os.environ["PLAIT_FUZZ_RUN"], json.loads(os.environ["PLAIT_FUZZ_TASKS"])
SHORT_S = 0.02


@schemathesis.hook
def map_body(_context: Any, body: Any) -> Any:
    """Wait hardly at all for work; of texts that name runs and tasks, every second names one."""
    if not isinstance(body, dict):
        return body
    wait = body.get("wait_s")
    if isinstance(wait, int | float) and not isinstance(wait, bool) and wait > SHORT_S:
        body = {**body, "wait_s": SHORT_S if wait <= 55 else wait}
    for name, known in (("task", TASKS), ("run", [RUN])):
        given = body.get(name)
        if isinstance(given, str) and given and len(given) % 2:
            body = {**body, name: known[len(given) // 2 % len(known)]}
    return body


@schemathesis.hook
def map_path_parameters(_context: Any, path_parameters: Any) -> Any:
    """Every second run is the one that there is."""
    given = (path_parameters or {}).get("run")
    if isinstance(given, str) and len(given) % 2:
        return {**path_parameters, "run": RUN}
    return path_parameters
