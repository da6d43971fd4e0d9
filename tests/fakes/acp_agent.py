"""An agent that speaks the Agent Client Protocol by a script: `acp_agent.py STEPS LOG`.

STEPS is a list of turns, each a list of steps; a turn that all steps of are done ends. What it is
told in answer, and with which prompts, is written to LOG, a line each.
"""

import json
import sys
from pathlib import Path
from typing import Any

turns, log = json.loads(sys.argv[1]), Path(sys.argv[2]).open("a", encoding="utf-8")  # noqa: SIM115
SESSION = {"sessionId": "s-1"}
numbers = iter(range(1000, 2000))


def send(**message: object) -> None:
    """One message to the client."""
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def note(**told: object) -> None:
    """One line of the log."""
    log.write(json.dumps(told) + "\n")
    log.flush()


def hear() -> dict[str, Any]:
    """The client's next message; it ends where there is none."""
    line = sys.stdin.readline()
    if not line:
        note(ended=True)
        raise SystemExit(0)
    message: dict[str, Any] = json.loads(line)
    return message


def ask(method: str, **params: object) -> None:
    """A request to the client, and its answer, which is noted."""
    number = next(numbers)
    send(id=number, method=method, params={**SESSION, **params})
    while (heard := hear()).get("id") != number or "method" in heard:
        pass
    note(method=method, result=heard.get("result"), error=heard.get("error"))


def turn(steps: list[dict[str, Any]], number: int) -> None:
    """Play the steps of a turn, and end it unless one of them did."""
    for step in steps:
        ((kind, given),) = step.items()
        match kind:
            case "ask":
                options = [{"optionId": k, "kind": k, "name": k} for k in OPTIONS]
                ask("session/request_permission", toolCall=given, options=options)
            case "write":
                ask("fs/write_text_file", path=given[0], content=given[1])
            case "read":
                ask("fs/read_text_file", path=given)
            case "tell":
                send(method="session/update", params={**SESSION, "update": given})
            case "exit":
                raise SystemExit(given)
            case "fail":
                return send(id=number, error=given)
            case "wait":  # for the cancel
                while (heard := hear()).get("method") != "session/cancel":
                    pass
                note(cancelled=heard["params"])
                return send(id=number, result={"stopReason": "cancelled"})
            case _:
                raise SystemExit(f"no such step: {kind}")
    send(id=number, result={"stopReason": "end_turn", "usage": USED})
    return None


OPTIONS = ("allow_always", "allow_once", "reject_once")
USED = {"inputTokens": 10, "outputTokens": 2, "totalTokens": 12}
while True:
    message = hear()
    match message.get("method"):
        case "initialize":
            send(id=message["id"], result={"protocolVersion": 1, "agentCapabilities": {}})
        case "session/new":
            note(new=message["params"])
            send(id=message["id"], result=SESSION)
        case "session/prompt":
            note(prompt=message["params"]["prompt"][0]["text"])
            turn(turns.pop(0) if turns else [], message["id"])
        case _:
            pass
