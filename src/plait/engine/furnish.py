"""Make a workspace ready for commands: the owner's set-up, unless what it made still holds."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio

from plait.core.furnishing import setup_key
from plait.engine.context import Context, child_environment
from plait.engine.logged import run_logged
from plait.engine.tails import tail
from plait.ports import Workspace


async def set_up(
    context: Context,
    workspace: Workspace,
    commit: str,
    *,
    variables: Mapping[str, str],
    log: Path,
    timeout_s: float | None,
) -> str:
    """Run the set-up commands in a clean checkout of a commit; why that failed, or nothing.

    They are not run where an earlier set-up of the workspace, under the same key, still holds.
    """
    commands = context.lodgings.furnishing.setup
    if not commands:
        return ""
    key = ""
    patterns = context.lodgings.furnishing.setup_key
    if patterns:
        files = await anyio.to_thread.run_sync(_contents, workspace.path, patterns)
        key = setup_key(commands, files)
    if await context.workspaces.still_set_up(workspace, key):
        return ""
    log.parent.mkdir(parents=True, exist_ok=True)
    for command in commands:
        ended = await run_logged(
            command,
            cwd=workspace.path,
            env=child_environment(variables),
            log=log,
            timeout_s=timeout_s,
        )
        if ended.code == 0 and not ended.timed_out:
            continue
        await context.workspaces.note_set_up(workspace, commit, "")
        how = f"exited {ended.code}"
        if ended.timed_out:
            how = f"did not end within {timeout_s:g} s"
        told = f"set-up {ended.error or how}: {command.strip()} (log: {log})"
        return f"{told}\n\n{tail(log)}".rstrip()
    await context.workspaces.note_set_up(workspace, commit, key)
    return ""


def _contents(tree: Path, patterns: Sequence[str]) -> dict[str, bytes]:
    """The files that decide whether a set-up still holds; links are told by where they lead."""
    found = {}
    for pattern in patterns:
        for path in sorted(tree.glob(pattern)):
            mode = path.lstat().st_mode
            name = path.relative_to(tree).as_posix()
            if stat.S_ISREG(mode):
                found[name] = path.read_bytes()
            elif stat.S_ISLNK(mode):
                found[name] = str(path.readlink()).encode("utf-8", "surrogateescape")
    return found
