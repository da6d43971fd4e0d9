"""An API against its own description: schemathesis makes the requests and judges the answers."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from plait.qa.order import Order
from plait.qa.outcome import Outcome, failed, missing, not_run, passed, write

EXAMPLES = 20  # of each operation and phase
OUTPUT = "schemathesis.txt"
_CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_FOUND = 1  # its exit code for failures; anything else but 0 says that it could not run
_SPARE_S = 5.0


def try_schema(order: Order) -> Outcome:
    """Try each operation of the description, the same way each time."""
    if find_spec("schemathesis") is None:
        return missing("schemathesis is")
    served = order.schema.startswith("/")
    place = order.url.rstrip("/") + order.schema if served else str(Path(order.root, order.schema))
    target = f"{order.url} as {order.schema} says"
    budget = max(1, int(order.timeout_s - _SPARE_S))
    argv = [
        *(sys.executable, "-I", "-m", "schemathesis.cli", "run", place, "--url", order.url),
        *("--checks", ",".join(_CHECKS), "--phases", "examples,coverage,fuzzing"),
        *("--mode", "positive"),  # what the description allows: the rest it says nothing of
        *("--max-examples", str(EXAMPLES), "--seed", "1", "--generation-database", "none"),
        *("--request-timeout", "10", "--warnings", "off", "--no-color"),
    ]
    try:
        done = subprocess.run(
            argv,
            cwd=order.evidence,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=budget,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode("utf-8", "replace")
        seen = (write(order, OUTPUT, text),)
        reason = f"it was not done within {budget} s: give it more in `[qa] timeout`"
        return not_run(reason, details=text[-2000:], target=target, evidence=seen)
    text = done.stdout.decode("utf-8", "replace")
    seen = (write(order, OUTPUT, text),)
    if done.returncode == 0:
        return passed(target=target, evidence=seen)
    if done.returncode == _FOUND and "FAILURES" in text:
        found = text[text.index("FAILURES") :]
        reason = "answers are not as the API's description says"
        return failed(reason, details=found[:8000], target=target, evidence=seen)
    reason = f"schemathesis could not try it (exit {done.returncode})"
    return not_run(reason, details=text[-2000:], target=target, evidence=seen)
