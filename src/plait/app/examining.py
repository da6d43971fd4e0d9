"""What this machine offers, each lack with its consequence and its cure."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from plait.app.project import find_root, open_project
from plait.errors import PlaitError

if TYPE_CHECKING:
    from plait.app.agents_here import AgentHere

LOW_DISK_BYTES = 2 * 1024**3
MINIMUM_GIT = (2, 38)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing looked at: `ok`, `note` (works, but) or `lack` (a run cannot begin)."""

    what: str
    level: str
    told: str
    cure: str = ""


def examine(start: Path) -> list[Line]:
    """Look at everything a run needs."""
    looks: list[Callable[[Path], Line]] = [
        _python,
        _git,
        _streaming,
        _repository,
        _settings,
        _store,
        _disk,
        _workspaces,
    ]
    seen = [*(look(start) for look in looks), *_policy(start), *_agents(start)]
    return [*seen, *_commands(start), *_sandboxes(), _qa(), *_coordinator()]


def as_lines(lines: list[Line], *, as_json: bool) -> str:
    """For people, or as JSON."""
    if as_json:
        return json.dumps([asdict(line) for line in lines], indent=2) + "\n"
    marks = {"ok": "ok  ", "note": "note", "lack": "LACK"}
    told = []
    for line in lines:
        told.append(f"{marks[line.level]}  {line.what:<11} {line.told}")
        if line.cure:
            told.append(f"{'':17} {line.cure}")
    return "\n".join(told) + "\n"


def _python(_start: Path) -> Line:
    return Line(
        what="python",
        level="ok",
        told=f"{platform.python_version()} ({sys.executable}), SQLite {sqlite3.sqlite_version}",
    )


def _git(_start: Path) -> Line:
    program = shutil.which("git")
    if program is None:
        return Line(what="git", level="lack", told="not found", cure="install git 2.38 or newer")
    version = _output(program, "version").removeprefix("git version ")
    numbers = tuple(int(each) for each in version.split(".")[:2] if each.isdigit())
    if numbers < MINIMUM_GIT:
        return Line(
            what="git",
            level="lack",
            told=f"{version} builds no merges without a checkout",
            cure="install git 2.38 or newer",
        )
    return Line(what="git", level="ok", told=f"{version} ({program})")


def _streaming(_start: Path) -> Line:
    if shutil.which("stdbuf"):
        return Line(what="merging", level="ok", told="one long-lived merge process (stdbuf found)")
    return Line(
        what="merging",
        level="note",
        told="stdbuf not found: one process per merge, some milliseconds each",
        cure="install GNU coreutils for the faster way",
    )


def _qa() -> Line:
    """What QA tries the landed tree with; what is missing is not run."""
    from importlib.util import find_spec

    from plait.qa.browser import chromium

    names = ("pexpect", "pyte", "schemathesis", "playwright")
    lacks = [each for each in names if find_spec(each) is None]
    program = chromium()
    if not lacks and program:
        return Line(what="qa", level="ok", told=f"command lines, APIs, pages ({program})")
    missing = ", ".join([*lacks, *([] if program else ["Chromium"])])
    cures = ['pip install "plait[qa]"'] if lacks else []
    cures += [] if program else ["install Chromium"]
    return Line(
        what="qa",
        level="note",
        told=f"without {missing}: what needs it is not run",
        cure=" and ".join(cures),
    )


def _commands(start: Path) -> list[Line]:
    """The agents' commands that are in the repository; nothing if there are none of Plait's."""
    from plait.app.commands import State, install

    root = find_root(start)
    placed = [] if root is None else install(root, (), force=False, dry_run=True)
    if not placed:
        return []
    folders = ", ".join(dict.fromkeys(each.layout.folder for each in placed))
    old = [each for each in placed if each.state in {State.UPDATED, State.REMOVED}]
    if not old:
        return [Line(what="commands", level="ok", told=f"in {folders}")]
    return [
        Line(
            what="commands",
            level="note",
            told=f"{len(old)} of those in {folders} are another version's",
            cure="`plait init --only-commands` brings them up to date",
        )
    ]


def _coordinator() -> list[Line]:
    """What serves the coordinator to others; `plait run` needs none of it."""
    from plait.app.coordinating import NEEDS, lacks

    without = {
        "serve": "nobody can join over HTTP",
        "mcp": "no agent of another tool can join over MCP",
    }
    lines = []
    for extra in NEEDS:
        missing = lacks(extra)
        lines.append(
            Line(
                what="coordinator",
                level="note" if missing else "ok",
                told=f"without {', '.join(missing)}: {without[extra]}; runs need it not"
                if missing
                else f"plait {extra} works",
                cure=f'pip install "plait[{extra}]"' if missing else "",
            )
        )
    return lines


def _repository(start: Path) -> Line:
    root = find_root(start)
    if root is None:
        return Line(
            what="repository",
            level="note",
            told=f"{start.resolve()} is not in a git repository",
            cure="`check` and `show` work anyway; `run` needs a repository with one commit",
        )
    return Line(what="repository", level="ok", told=str(root))


def _settings(start: Path) -> Line:
    try:
        settings = open_project(start).settings
    except PlaitError as error:
        level = "note" if error.code == "NOT_A_REPOSITORY" else "lack"
        return Line(what="settings", level=level, told=error.message, cure=error.hint)
    agent = settings.agent or "none (give --agent)"
    return Line(
        what="settings",
        level="ok",
        told=f"agent {agent}, at most {settings.max_agents} at once",
    )


def _policy(start: Path) -> list[Line]:
    """The rules of one's own for sessions, where there are any: are they sound?"""
    from plait.app.policing import policy_of

    try:
        project = open_project(start)
    except PlaitError:
        return []
    rules = project.settings.policy_rules
    if not rules:
        return []
    try:
        policy_of(project.root, project.settings)
    except PlaitError as error:
        return [Line(what="policy", level="lack", told=error.message, cure=error.hint)]
    return [Line(what="policy", level="ok", told=f"{rules}: its rules are sound")]


def _store(start: Path) -> Line:
    try:
        project = open_project(start)
    except PlaitError:
        return Line(what="store", level="note", told="none: no repository")
    if not Path(project.database).exists() and project.settings.database_url is None:
        return Line(what="store", level="ok", told="none yet; the first run makes .plait/plait.db")
    from plait.app.project import open_store

    try:
        with open_store(project) as store:
            kind = "PostgreSQL" if "postgres" in project.database.split(":")[0] else "SQLite"
            return Line(what="store", level="ok", told=f"{kind}, {len(store.runs())} runs recorded")
    except PlaitError as error:
        return Line(what="store", level="lack", told=error.message, cure=error.hint)


def _disk(start: Path) -> Line:
    usage = shutil.disk_usage(start.resolve())
    told = f"{usage.free / 1024**3:.1f} GiB free"
    if usage.free < LOW_DISK_BYTES:
        return Line(
            what="disk",
            level="note",
            told=told,
            cure="each agent at work needs a checkout's worth; `plait clean` removes old ones",
        )
    return Line(what="disk", level="ok", told=told)


def _workspaces(start: Path) -> Line:
    """Which ways there are to make worktrees."""
    from plait import git

    root = find_root(start)
    place = root / ".git" if root is not None else Path(tempfile.gettempdir())
    if root is not None and (root / ".plait").is_dir():
        place = root / ".plait"
    lack = git.overlay_lack(place if place.is_dir() else Path(tempfile.gettempdir()))
    if lack is None:
        return Line(what="workspaces", level="ok", told="pool, fresh, overlay")
    return Line(what="workspaces", level="ok", told=f"pool, fresh; no overlay: {lack}")


def _agents(start: Path) -> list[Line]:
    """Each agent whose program is here, with its version; the user's profiles; what is missing."""
    from plait import agents
    from plait.app.agents_here import agents_here

    every = agents_here()
    lines = [_agent(each) for each in every if each.program]
    lines += _profiles(start)
    others = sorted({*agents.names()} - {each.name for each in every})
    missing = ", ".join(each.name for each in every if not each.program)
    told = f"always there: {', '.join(others)}"
    if missing:
        told += f"; not installed: {missing}"
    return [*lines, Line(what="agents", level="ok", told=told)]


def _agent(here: AgentHere) -> Line:
    if here.outdated:
        cure = f"update it: {here.oldest} is the oldest version that is known to work"
        return Line(what="agents", level="note", told=here.told, cure=cure)
    if not here.has_key:
        told = f"{here.told}; no key in the environment: it goes by its own login, if it has one"
        return Line(what="agents", level="ok", told=told, cure=here.log_in)
    return Line(what="agents", level="ok", told=here.told)


def _profiles(start: Path) -> list[Line]:
    """The profiles that cannot be used, and why."""
    from plait.app.choosing import agent_of, lack_of

    try:
        settings = open_project(start).settings
    except PlaitError:  # another line tells
        return []
    lines = []
    for name, profile in settings.profiles.items():
        try:
            lack, cure = lack_of(agent_of(name, settings), profile), ""
        except PlaitError as error:
            lack, cure = error.message, error.hint
        if lack:
            told = f"the profile {name} cannot be used: {lack}"
            lines.append(Line(what="agents", level="note", told=told, cure=cure))
    return lines


def _sandboxes() -> list[Line]:
    """Each sandbox, tried; what it lacks; which of them `auto` takes."""
    from plait import sandbox
    from plait.app.confining import CURES

    lines: list[Line] = []
    taken = False
    for name in sandbox.NAMES:
        tier = sandbox.find(name)
        lack = tier.probe()
        if lack is not None:
            told = f"{name} cannot be used: {lack}"
            lines.append(Line(what="sandbox", level="note", told=told, cure=CURES[name]))
            continue
        auto = "" if taken else "; `auto` takes it"
        taken = True
        told = f"{name} works{auto}" if tier.holds else f"{name} is always there{auto}"
        lacks = f"it {'; it '.join(tier.lacks)}" if tier.lacks else ""
        level = "ok" if tier.holds or not auto else "note"
        lines.append(Line(what="sandbox", level=level, told=told, cure=lacks))
    return lines


def _output(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=os.environ)
    return done.stdout.strip()
