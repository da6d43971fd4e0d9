"""A small program that asks its model and speaks as `claude -p` does, for tests of what drives it.

`FAKE` says which of its parts are broken: `deaf` (it asks no hook), `mute` (no final word),
`alone` (it knows no MCP server), `new` (each session is another), `shy` (it asks no model).
`FAKE_VERSION` is what it says its version is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

BROKEN = os.environ.get("FAKE", "").split()
VERSION = os.environ.get("FAKE_VERSION", "2.1.400")
TEXT = {"type": "string"}
TOOLS: list[dict[str, Any]] = [
    {"name": name, "input_schema": {"type": "object", "properties": dict.fromkeys(keys, TEXT)}}
    for name, keys in (("Write", ("file_path", "content")), ("Bash", ("command",)))
]


def tell(kind: str, **event: object) -> None:
    """An event on standard output."""
    sys.stdout.write(json.dumps({"type": kind, **event}) + "\n")
    sys.stdout.flush()


def ask(messages: list[Any]) -> Any:
    """The model's next answer."""
    body = json.dumps({"model": "m", "messages": messages, "tools": TOOLS}).encode()
    url = f"{os.environ['ANTHROPIC_BASE_URL']}/v1/messages"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def refused(settings: Any, tool: str, given: Any) -> str:
    """Why the hook does not let a call pass."""
    command = settings["hooks"]["PreToolUse"][0]["hooks"][0]["command"]
    told = json.dumps({"tool_name": tool, "tool_input": given, "cwd": str(Path.cwd())})
    done = subprocess.run(
        ["/bin/sh", "-c", command], input=told, capture_output=True, text=True, check=False
    )
    decision = json.loads(done.stdout)["hookSpecificOutput"]
    denied = decision["permissionDecision"] != "allow"
    return str(decision["permissionDecisionReason"]) if denied else ""


def use(tool: str, given: Any, servers: Any) -> str:
    """Do what a call says."""
    if tool == "Write":
        Path(given["file_path"]).write_text(given["content"])
    elif tool == "Bash":
        subprocess.run(["/bin/sh", "-c", given["command"]], check=True)
    else:
        _, name, method = tool.split("__")
        server = servers["mcpServers"][name]
        asked = [
            {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}},
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": method}},
        ]
        lines = "".join(json.dumps(each) + "\n" for each in asked)
        argv = [server["command"], *server["args"]]
        subprocess.run(argv, input=lines, capture_output=True, text=True, check=True)
    return "done"


def result(call: Any, output: str, *, failed: bool) -> dict[str, Any]:
    """What came of a call, as the model is told."""
    told = {"tool_use_id": call["id"], "content": output, "is_error": failed}
    return {"type": "tool_result", **told}


def work(messages: list[Any], settings: Any, servers: Any) -> str:
    """Do what the model says until it calls nothing more; its last words."""
    while True:
        said = ask(messages)
        tell("assistant", message=said)
        messages.append({"role": "assistant", "content": said["content"]})
        calls = [each for each in said["content"] if each["type"] == "tool_use"]
        if not calls:
            return str(said["content"][0]["text"])
        results = []
        for call in calls:
            tool, given = call["name"], call["input"]
            if all(each["name"] != tool for each in TOOLS):
                results.append(result(call, f"there is no {tool}", failed=True))
                continue
            why = "" if "deaf" in BROKEN else refused(settings, tool, given)
            told = f"PreToolUse:{tool} hook error: {why}" if why else use(tool, given, servers)
            results.append(result(call, told, failed=bool(why)))
        messages.append({"role": "user", "content": results})
        tell("user", message=messages[-1])


def main() -> None:
    """One prompt, or a further one of a session."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("--settings", "--mcp-config", "--resume"):
        parser.add_argument(name)
    named, _ = parser.parse_known_args()
    settings, servers = (
        json.loads(Path(p).read_text()) for p in (named.settings, named.mcp_config)
    )
    if "alone" not in BROKEN:
        shape = {"type": "object"}
        names = [f"mcp__{each}__mark" for each in servers["mcpServers"]]
        TOOLS.extend({"name": each, "input_schema": shape} for each in names)
    memory = Path.home() / "session.json"
    messages: list[Any] = json.loads(memory.read_text()) if named.resume else []
    session = "s2" if named.resume and "new" in BROKEN else "s1"
    tell("system", subtype="init", session_id=session, model="m", claude_code_version=VERSION)
    messages.append({"role": "user", "content": sys.stdin.read()})
    if "shy" in BROKEN:
        sys.exit("I have no model")
    words = work(messages, settings, servers)
    memory.write_text(json.dumps(messages))
    if "mute" not in BROKEN:
        usage = {"input_tokens": 10, "output_tokens": 5}
        tell("result", subtype="success", is_error=False, result=words, usage=usage)


if __name__ == "__main__":
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"{VERSION} (A program)\n")
    else:
        main()
