"""An MCP server with one tool, which makes a file: where it stands, the tool was called.

A program of its own, over standard input and output: `python marker.py FILE`. It tells of itself
in whatever version of the protocol it is asked.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TOOL = "mark"
_NO_SUCH_METHOD = -32601
_SHAPE = {"type": "object", "properties": {}}
_TOOLS = [{"name": TOOL, "description": "Leave a mark.", "inputSchema": _SHAPE}]


def answer(asked: dict[str, Any], file: Path) -> dict[str, Any] | None:
    """What is said to a message; None to one that wants no answer."""
    told = {"jsonrpc": "2.0", "id": asked.get("id")}
    params = asked.get("params") or {}
    match asked.get("method"):
        case _ if "id" not in asked:
            return None
        case "initialize":
            version = params.get("protocolVersion", "2025-06-18")
            who = {"name": "marker", "version": "1"}
            about = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": who}
            return {**told, "result": about}
        case "ping":
            return {**told, "result": {}}
        case "tools/list":
            return {**told, "result": {"tools": _TOOLS}}
        case "tools/call" if params.get("name") == TOOL:
            file.touch()
            return {**told, "result": {"content": [{"type": "text", "text": "marked"}]}}
        case method:
            error = {"code": _NO_SUCH_METHOD, "message": f"there is no {method}"}
            return {**told, "error": error}


def main() -> None:
    """Answer until nothing more is asked."""
    file = Path(sys.argv[1])
    for line in sys.stdin:
        told = answer(json.loads(line), file) if line.strip() else None
        if told is not None:
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
