"""An agent from elsewhere, on the official client of MCP: works until there is nothing more to do.

Called as `worker.py NAME pipe|http TARGET STOP PLAIT`: TARGET is the repository, or the address of
`/mcp`; it ends once the file STOP is there. For each package it prints a line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import anyio
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.client.stdio import stdio_client

WORK_S = 0.5  # in which whoever waits gets the next one


async def use(client: Client, verb: str, **given: Any) -> Any:
    """What a tool answers."""
    answer = await client.call_tool(verb, given)
    told = answer.structured_content
    if answer.is_error or told is None:
        raise SystemExit(f"{verb}: {answer.content}")
    return told


def written(work: Any, name: str) -> None:
    """Do what a package asks for, in the workspace."""
    envelope = work["input"]
    if work["package"] not in envelope["brief"]:
        raise SystemExit(f"the brief does not speak of {work['package']}")
    path = Path(envelope["workspace"]["path"]) / "src" / work["package"] / "made.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{name}\n")


async def main(name: str, way: str, target: str, stop: str, plait: str) -> None:
    """Join, and work."""
    place: Any = target
    if way == "pipe":
        argv = ["mcp", "--repo", target, "--agent", name]
        place = stdio_client(StdioServerParameters(command=plait, args=argv, env=dict(os.environ)))
    async with Client(place, mode="legacy") as client:
        if way != "pipe":
            await use(client, "register_session", agent=name, ttl_s=30)
        while not await anyio.Path(stop).exists():
            work = (await use(client, "get_work", types=["package"], wait_s=0.5))["work"]
            if work is None:
                continue
            await anyio.sleep(WORK_S)
            written(work, name)
            alive = await use(client, "heartbeat", doing=f"working on {work['package']}")
            held = [each["task"] for each in alive["claims"] if each["state"] == "claimed"]
            done = await use(
                client,
                "complete_work",
                task=work["task"],
                token=work["token"],
                summary="wrote it",
                result={"status": "completed"},
            )
            told = {"package": work["package"], "held": held == [work["task"]], **done}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
        await use(client, "end_session")


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
