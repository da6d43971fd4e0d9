"""`plait init`: what the machine and the repository offer, written down as settings."""

from __future__ import annotations

import glob
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plait.app.agents_here import AgentHere, agents_here
from plait.app.commands import AGENTS, Placed, checked, install, telling, uninstall
from plait.app.project import find_root
from plait.app.survey import CheckFor, Found, Survey, is_there, survey
from plait.config.writing import Setting, quoted, written
from plait.core.codec import encode
from plait.errors import UsageError
from plait.faces.text import clean

NAME = "plait.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What `plait init` found and wrote; `commands` are those of the agents' own programs."""

    path: Path
    text: str
    agents: Sequence[AgentHere]
    survey: Survey
    backup: Path | None = None
    is_written: bool = False
    commands: Sequence[Placed] = ()


def initialise(
    start: Path, *, force: bool, dry_run: bool, commands: Sequence[str] | None = None
) -> Initialised:
    """Find agents and checks, write the file of settings and the agents' commands.

    Args:
        start: A folder in the repository.
        force: Replace what is there; what it was is kept beside it.
        dry_run: Write nothing.
        commands: Whose commands to write; None: those of the agents that are found; empty: none.

    Raises:
        UsageError: `NOT_A_REPOSITORY`, `NO_COMMANDS`; `CONFIG_EXISTS`, if there are settings, and
            no commands to see to either.
    """
    root = _root(start)
    path = root / NAME
    exists = path.exists() or path.is_symlink()
    agents = agents_here()
    wanted = _takers(agents) if commands is None else checked(commands)
    placed: Sequence[Placed] = ()
    if commands is None or commands:
        placed = install(root, wanted, force=force, dry_run=dry_run)
    stays = exists and not force
    if stays and not (dry_run or placed):
        raise UsageError(
            f"there is a {NAME} already",
            code="CONFIG_EXISTS",
            where=str(path),
            hint="--dry-run prints what would be written; --force replaces it and keeps a copy",
        )
    found = survey(root)
    text = written(known(agents, found))
    if dry_run or stays:
        return Initialised(path=path, text=text, agents=agents, survey=found, commands=placed)
    backup = _set_aside(path) if exists else None
    new = path.with_name(f"{NAME}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)
    return Initialised(
        path=path,
        text=text,
        agents=agents,
        survey=found,
        backup=backup,
        is_written=True,
        commands=placed,
    )


def see_to_commands(
    start: Path, *, force: bool, dry_run: bool, commands: Sequence[str] | None = None
) -> Sequence[Placed]:
    """Write the agents' commands and nothing else; as `initialise` takes it."""
    root = _root(start)
    wanted = _takers(agents_here()) if commands is None else checked(commands)
    return install(root, wanted, force=force, dry_run=dry_run)


def take_back(start: Path, *, dry_run: bool) -> Sequence[Placed]:
    """Remove the agents' commands that Plait wrote and nobody has edited."""
    return uninstall(_root(start), dry_run=dry_run)


def _root(start: Path) -> Path:
    root = find_root(start)
    if root is None:
        raise UsageError(
            f"{start.resolve()} is not in a git repository",
            code="NOT_A_REPOSITORY",
            hint="`git init` makes one; --repo DIR names another",
        )
    return root


def _takers(agents: Sequence[AgentHere]) -> list[str]:
    """The agents that are here and whose programs read a project's commands."""
    return [each.name for each in agents if each.program and each.name in AGENTS]


def known(agents: Sequence[AgentHere], found: Survey) -> Mapping[tuple[str, str], Setting]:
    """The settings that follow from what was found."""
    here = [each for each in agents if each.program]
    settings = {
        ("run", "agent"): Setting(
            value=quoted(here[0].name) if here else "",
            told=[f"Installed here: {', '.join(each.told for each in here) or 'no agent'}."],
        )
    }
    tests = [each for each in found.taken if each.kind is CheckFor.TESTS]
    settings["checks", "package"] = Setting(value=_checks(tests), told=_told(tests))
    settings["checks", "land"] = Setting(
        value=_checks(found.taken), told=[*_told(found.taken), *_others(found)]
    )
    ready = [each for each in found.setup if each.is_there]
    keys = [glob.escape(name) for each in ready for name in each.key]
    told = [f"Found by: {', '.join(clean(each.source) for each in ready)}."] if ready else []
    told += [
        f"Not taken: `{clean(each.whole)}`: {each.program} is not installed here."
        for each in found.setup
        if not each.is_there
    ]
    settings["workspace", "setup"] = Setting(value=_list(each.whole for each in ready), told=told)
    settings["workspace", "setup_key"] = Setting(value=_list(dict.fromkeys(keys)))
    return settings


def as_text(done: Initialised) -> str:
    """What was found, what was written, what to do next."""
    here = [each for each in done.agents if each.program]
    missing = [each.name for each in done.agents if not each.program]
    lines = [f"agents  {each.told}" for each in here] or ["agents  none is installed"]
    if missing:
        lines.append(f"        not installed: {', '.join(missing)}")
    lines += [
        f"{each.kind:<7} {clean(each.command)}{_where(each)}   (by {clean(each.source)})"
        for each in done.survey.taken
    ] or ["checks  none found: set [checks] land, or nothing tests what lands"]
    lines += [
        f"not taken: {clean(each.command)}{_where(each)}: {why}"
        for each, why in done.survey.others
        if not is_there(each, done.path.parent)
    ]
    lines += [
        f"setup   {clean(each.whole)}   (by {clean(each.source)})"
        if each.is_there
        else f"not taken: {clean(each.whole)}: {each.program} is not installed here"
        for each in done.survey.setup
    ]
    lines += telling.lines(done.commands)
    without = [each.name for each in here if each.name not in AGENTS]
    if done.commands and without:
        lines.append(f"        {', '.join(without)}: no commands, for want of a place in a project")
    if done.backup is not None:
        lines.append(f"what {NAME} was is kept as {done.backup.name}")
    first = here[0].name if here else '"command:SHELL"'
    choice = "" if here else f" --agent {first}"
    lines += [
        f"wrote {done.path}"
        if done.is_written
        else f"{NAME} stays as it is; --force replaces it and keeps a copy",
        "",
        "Next:",
        f"  look through {NAME}, and commit it" + (" and the commands" if done.commands else ""),
        *([f"  plait doctor --probe {first}   what of {first} works here"] if here else []),
        "  plait check PLAN             what is wrong with a plan",
        f"  plait run PLAN{choice}" + ("               run it" if here else "   run it"),
    ]
    return "\n".join(lines) + "\n"


def as_json(done: Initialised) -> str:
    """The same for programs."""
    report: dict[str, Any] = {
        "path": str(done.path),
        "written": done.is_written,
        "backup": None if done.backup is None else str(done.backup),
        "agents": [
            {"name": each.name, "program": each.program or None, "version": each.version}
            for each in done.agents
        ],
        "checks": [_check_json(each) for each in done.survey.taken],
        "setup": [
            {"command": each.whole, "key": each.key, "source": each.source, "taken": each.is_there}
            for each in done.survey.setup
        ],
        "others": [{**_check_json(each), "why": why} for each, why in done.survey.others],
        "ci": [{"command": command, "source": path} for command, path in done.survey.ci],
        "commands": telling.rows(done.commands),
        "text": done.text,
    }
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _check_json(found: Found) -> dict[str, Any]:
    data = encode(found)
    return {name: data[name] for name in ("kind", "command", "cwd", "env", "source")}


def _set_aside(path: Path) -> Path:
    """Rename the file to a name that is free."""
    number = 0
    backup = path.with_name(f"{NAME}.bak")
    while backup.exists() or backup.is_symlink():
        number += 1
        backup = path.with_name(f"{NAME}.bak{number}")
    path.rename(backup)
    return backup


def _checks(taken: Sequence[Found]) -> str:
    if not taken:
        return ""
    rows = "".join(f"  {_check(each)},\n" for each in taken)
    return f"[\n{rows}]"


def _list(texts: Iterable[str]) -> str:
    told = [quoted(each) for each in texts]
    return f"[{', '.join(told)}]" if told else ""


def _check(found: Found) -> str:
    if found.cwd == "." and not found.env:
        return quoted(found.command)
    fields = {"name": quoted(found.name), "command": quoted(found.command)}
    if found.cwd != ".":
        fields["cwd"] = quoted(found.cwd)
    if found.env:
        pairs = ", ".join(f"{key} = {quoted(value)}" for key, value in found.env.items())
        fields["env"] = f"{{ {pairs} }}"
    return "{ " + ", ".join(f"{key} = {value}" for key, value in fields.items()) + " }"


def _told(taken: Sequence[Found]) -> list[str]:
    sources = dict.fromkeys(clean(each.source) for each in taken)
    return [f"Found by: {', '.join(sources)}."] if sources else ["Nothing was found."]


def _others(found: Survey) -> list[str]:
    """What was found and not taken, a line each."""
    told = [
        f"Not taken: `{clean(each.command)}`{_where(each)} by {clean(each.source)}: {why}."
        for each, why in found.others
    ]
    return told + [f"CI runs `{clean(command)}` ({clean(path)})." for command, path in found.ci]


def _where(found: Found) -> str:
    return "" if found.cwd == "." else f" in {clean(found.cwd)}"
