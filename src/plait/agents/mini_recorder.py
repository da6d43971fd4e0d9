"""Printed by mini-swe-agent's own Python: each message of its loop, as a line of JSON.

It is copied to where that Python finds it. Nothing of Plait can be imported here.
"""

import json
import logging
import os
import sys
from importlib import import_module

os.environ.pop("PYTHONPATH", None)  # no concern of the commands that it runs
_Loop = import_module("minisweagent.agents.default").DefaultAgent


def tell(**event: object) -> None:
    """Print one line, at once."""
    sys.stdout.write(json.dumps({"plait": 1, **event}) + "\n")
    sys.stdout.flush()


class Retries(logging.Handler):
    """Tells of requests that are made again."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print what is logged of it."""
        message = record.getMessage()
        if message.startswith("Retrying "):
            tell(type="retry", message=message)


class Recorded(_Loop):  # type: ignore[misc, valid-type]  # mini-swe-agent is not installed here
    """Its plain loop, which asks nobody anything."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)
        for name in ("minisweagent", "litellm_model", "model"):
            logging.getLogger(name).addHandler(Retries(level=logging.WARNING))
        tell(type="start", version=import_module("minisweagent").__version__)

    def add_messages(self, *messages: dict[str, object]) -> list[dict[str, object]]:
        """Tell of each message as it comes; of an exit, what was spent and might be."""
        for each in messages:
            extra = each.get("extra")
            extra = extra if isinstance(extra, dict) else {}
            response = extra.get("response")
            tell(
                type="message",
                role=each.get("role"),
                content=each.get("content"),
                call=each.get("tool_call_id"),
                actions=extra.get("actions"),
                returncode=extra.get("returncode"),
                cost=extra.get("cost"),
                usage=response.get("usage") if isinstance(response, dict) else None,
                status=extra.get("exit_status"),
                submission=extra.get("submission"),
                spent=self.cost,
                budget=self.config.cost_limit,
            )
        added: list[dict[str, object]] = super().add_messages(*messages)
        return added
