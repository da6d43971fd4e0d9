"""A server of MCP, written with the official package: LOG [how …] [--port=N].

`refuse`: its tool fails. `hang`: its tool never answers. `list`: it takes `tickets`. `bare`: it
has another tool. `stubborn`: it starts a daemon, and goes on when its input ends.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import anyio
from mcp.server.mcpserver import MCPServer


def main() -> None:
    """Serve until the end."""
    log, *how = sys.argv[1:]
    path = Path(log)
    server = MCPServer("board")

    def write(told: dict[str, Any]) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({k: v for k, v in told.items() if v is not None}) + "\n")

    async def note(told: dict[str, Any]) -> str:
        write(told)
        if "refuse" in how:
            raise ValueError("the board is closed")
        if "hang" in how:
            await anyio.sleep_forever()
        return "noted"

    if "list" in how:

        @server.tool()
        async def purple_status(
            featureFolder: str,  # noqa: N803 - the tool's own words
            tickets: list[dict[str, Any]] | None = None,
            phase: str | None = None,
        ) -> str:
            """Take note of tickets."""
            return await note({"featureFolder": featureFolder, "tickets": tickets, "phase": phase})

    else:

        async def one(  # noqa: PLR0917 - the tool's own
            featureFolder: str,  # noqa: N803
            ticket: dict[str, Any] | None = None,
            phase: str | None = None,
            totalTickets: int | None = None,  # noqa: N803
            buildComplete: bool | None = None,  # noqa: N803
            qaActive: bool | None = None,  # noqa: N803
        ) -> str:
            """Take note of a ticket, or of the run."""
            return await note(
                {
                    "featureFolder": featureFolder,
                    "ticket": ticket,
                    "phase": phase,
                    "totalTickets": totalTickets,
                    "buildComplete": buildComplete,
                    "qaActive": qaActive,
                }
            )

        server.tool(name="another_tool" if "bare" in how else "purple_status")(one)
    if "stubborn" in how:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        daemon = subprocess.Popen(["sleep", "3600"], start_new_session=True)
        path.with_suffix(".pids").write_text(f"{os.getpid()} {daemon.pid}")
    port = next((each.removeprefix("--port=") for each in how if each.startswith("--port=")), "")
    if port:
        server.run("streamable-http", port=int(port))
    else:
        server.run("stdio")
    while "stubborn" in how:
        time.sleep(1)


main()
