"""Whether the agents' programs are as new as their adapters need, told when a run begins.

To ask a program takes up to some seconds, so what it said is kept for a day in the state folder,
for as long as its file is the same one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from plait.app.project import Project
from plait.core.event import Warned
from plait.core.profile import AgentProfile
from plait.ports import Agent

if TYPE_CHECKING:
    from plait.agents.vendor import VendorAgent

FILE = "versions.json"
KEPT_S = 24 * 3600.0  # a program may be a wrapper, whose file tells nothing of what it starts


async def outdated(project: Project, agents: Mapping[str, Agent]) -> tuple[Warned, ...]:
    """One warning for each agent whose program is older than its adapter knows.

    Args:
        project: Where what programs said is kept.
        agents: By what `--agent` called them.
    """
    if not any(getattr(agent, "oldest", "") for agent in agents.values()):
        return ()

    import anyio

    from plait.agents.vendor import VendorAgent

    profiles = project.settings.profiles
    asked = [
        (profiles.get(provider), agent)
        for provider, agent in agents.items()
        if isinstance(agent, VendorAgent) and agent.oldest
    ]
    told = await anyio.to_thread.run_sync(_versions, project.state / FILE, asked)
    lacks = (agent.outdated(version) for (_, agent), version in zip(asked, told, strict=True))
    return tuple(
        Warned(code="AGENT_OUTDATED", message=f"{lack}: update it")
        for lack in dict.fromkeys(lacks)
        if lack is not None
    )


def _versions(path: Path, asked: list[tuple[AgentProfile | None, VendorAgent]]) -> list[str]:
    """What each program says its version is; empty where it does not say."""
    now = time.time()
    known = {key: each for key, each in _read(path).items() if _fresh(each, now)}
    keys = [_key(agent.found(profile)) for profile, agent in asked]
    new = {key: who for key, who in zip(keys, asked, strict=True) if key and key not in known}
    if new:
        with ThreadPoolExecutor(max_workers=4) as pool:  # each starts a program, and waits for it
            said = pool.map(lambda who: who[1].version(who[0]), new.values())
            known |= {key: [version, now] for key, version in zip(new, said, strict=True)}
        _write(path, known)
    return [str(known[key][0]) if key else "" for key in keys]


def _key(program: str | None) -> str:
    """A program's file: its place, and what changes whenever another one takes it."""
    try:
        file = Path(program).resolve() if program else None
        facts = file.stat() if file else None
    except OSError:
        return ""
    return f"{file} {facts.st_ino} {facts.st_size} {facts.st_ctime_ns}" if facts else ""


def _fresh(kept: object, now: float) -> bool:
    match kept:
        case [str(), float() | int() as at]:
            return 0 <= now - at < KEPT_S
        case _:
            return False


def _read(path: Path) -> dict[str, list[object]]:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _write(path: Path, known: Mapping[str, list[object]]) -> None:
    """As a whole or not at all; what cannot be written is asked for again."""
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_text(json.dumps(known), encoding="utf-8")
        new.replace(path)
    except OSError:
        new.unlink(missing_ok=True)
