"""A file of settings: its tables and keys, checked against the table of all of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from plait.config.announce_keys import board_of
from plait.config.keys import FURTHER, TABLES, Key
from plait.config.places import Path as Keys, places
from plait.config.qa_keys import kind_of
from plait.config.values import SecretPerhapsError, WrongValueError
from plait.core.board import Board
from plait.core.event import QaKind
from plait.core.profile import COMMON, AgentLimits, AgentProfile
from plait.core.qa import Scenario
from plait.core.roster import Seat
from plait.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_RULE, _PROFILE, _LIMITS, _SERVER, _ALL, _SCENARIO, _BOARD = (
    table.keys for table in FURTHER.values()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a file sets, by field, and where."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class _File:
    """A file while it is read."""

    name: str
    folder: Path
    places: Mapping[Keys, tuple[int, int]]
    values: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)

    def where(self, keys: Keys) -> str:
        """The place of a key, or of the nearest table that holds it."""
        while keys and keys not in self.places:
            keys = keys[:-1]
        return ":".join(map(str, (self.name, *self.places.get(keys, ()))))

    def table(self, value: Any, at: Keys) -> Mapping[str, Any]:
        if not isinstance(value, dict):
            raise bad(f"{told(at)} must be a table, not {value!r}", self.where(at))
        return value

    def fields(self, value: Any, known: Mapping[str, Key], at: Keys) -> dict[str, Any]:
        """What a table of known keys says, by field."""
        found = {}
        for name, each in self.table(value, at).items():
            key = chosen(name, known, f"key in [{told(at)}]", self.where((*at, name)))
            found[key.into] = self.parsed(key, each, (*at, name))
        return found

    def parsed(self, key: Key, value: Any, at: Keys) -> Any:
        try:
            return key.parse(value)
        except WrongValueError as wrong:
            not_so = "" if isinstance(wrong, SecretPerhapsError) else f", not {value!r}"
            raise bad(f"{told(at)} must be {wrong}{not_so}", self.where(at)) from None


def read(path: Path, name: str, profiles: Mapping[str, AgentProfile]) -> Read:
    """What a file sets. Profiles come on top of those that an earlier file has.

    Args:
        path: The file.
        name: What it is called in messages.
        profiles: The agents' profiles so far.

    Raises:
        UsageError: `BAD_CONFIG`, with file, line and column.
    """
    import tomllib

    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+), column (\d+)", str(error))
        where = f"{name}:{place[1]}:{place[2]}" if place else name
        raise bad(f"it is not TOML: {str(error).partition(' (at ')[0]}", where) from None
    file = _File(name=name, folder=path.parent, places=places(text.replace("\r\n", "\n")))
    known = {**TABLES, "agents": None, "announce": None}
    for section, table in document.items():
        chosen(section, known, "section", file.where((section,)))
        if section == "agents":
            named = _profiles(file, table)
            file.values["profiles"] = {**profiles, **named}
            continue
        if section == "announce":
            file.values["boards"] = _boards(file, table)
            file.origins["boards"] = file.where(("announce", 0))
            continue
        found = file.fields(table, TABLES[section].keys, (section,))
        file.values.update(found)
        for key in table:
            into = TABLES[section].keys[key].into
            file.origins[into] = file.where((section, key))
    if "seats" in file.values:
        file.values["seats"] = _seats(file, file.values["seats"])
    if "qa_scenarios" in file.values:
        file.values["qa_scenarios"] = _scenarios(file, file.values["qa_scenarios"])
    if "agent_limits" in file.values:
        common = file.fields(file.values["agent_limits"], _ALL, ("agent", "limits"))
        file.values["agent_limits"] = replace(COMMON, **common)
    if "workspace_root" in file.values:  # relative to the file that names it
        file.values["workspace_root"] = path.parent / file.values["workspace_root"]
    return Read(values=file.values, origins=file.origins)


def chosen(name: str, known: Mapping[str, Any], what: str, where: str) -> Any:
    """What is known by a name.

    Raises:
        UsageError: `BAD_CONFIG`, with a guess at what was meant.
    """
    if name in known:
        return known[name]
    close = get_close_matches(name, known, n=1)
    guess = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
    raise bad(f"there is no {what} {name!r}", where, guess)


def told(at: Keys) -> str:
    """A key as people write it: `run.agents[0].kind`."""
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in at)
    return text.removeprefix(".")


def bad(message: str, where: str = "", hint: str = "") -> UsageError:
    """What is wrong with a setting."""
    return UsageError(
        message, code="BAD_CONFIG", where=where, hint=hint or "see docs/reference/configuration.md"
    )


def _seats(file: _File, rules: Any) -> tuple[Seat, ...]:
    at: Keys = ("run", "agents")
    if not isinstance(rules, list):
        hint = '[{ agent = "claude", kind = "integrate" }]; for all packages: run.agent'
        raise bad(f"run.agents must be a list of tables, not {rules!r}", file.where(at), hint)
    seats: list[Seat] = []
    for index, rule in enumerate(rules):
        found = file.fields(rule, _RULE, (*at, index))
        if "agents" not in found:
            raise bad(f"{told((*at, index))} names no agent", file.where((*at, index)))
        names = found.pop("agents")
        seats += [Seat(provider=each, **found) for each in names]
    return tuple(seats)


def _scenarios(file: _File, tables: Any) -> tuple[Scenario, ...]:
    at: Keys = ("qa", "scenarios")
    if not isinstance(tables, list):
        hint = '[{ name = "adds", command = "bin/tool add 1 2", text = ["3"] }]'
        raise bad(f"qa.scenarios must be a list of tables, not {tables!r}", file.where(at), hint)
    scenarios: list[Scenario] = []
    for index, table in enumerate(tables):
        place = (*at, index)
        found = file.fields(table, _SCENARIO, place)
        if "name" not in found:
            raise bad(f"{told(place)} has no name", file.where(place))
        try:
            kind = QaKind(kind_of(found))
        except WrongValueError as wrong:
            raise bad(f"{told(place)} must be {wrong}", file.where(place)) from None
        scenarios.append(Scenario(**{**found, "kind": kind}))
    return tuple(scenarios)


def _boards(file: _File, tables: Any) -> tuple[Board, ...]:
    if not isinstance(tables, list):
        hint = "[[announce]] begins each board; see docs/howto/announce.md"
        raise bad("announce must be a list of tables", file.where(("announce",)), hint)
    boards: dict[str, Board] = {}
    for index, table in enumerate(tables):
        place = ("announce", index)
        try:
            board = board_of(file.fields(table, _BOARD, place))
        except WrongValueError as wrong:
            raise bad(f"{told(place)} must be {wrong}", file.where(place)) from None
        if board.name in boards:
            hint = "give one of them another name"
            raise bad(f"two boards are called {board.name!r}", file.where(place), hint)
        boards[board.name] = board
    return tuple(boards.values())


def _profiles(file: _File, value: Any) -> dict[str, AgentProfile]:
    found = {}
    for name, table in file.table(value, ("agents",)).items():
        at: Keys = ("agents", name)
        if not _NAME.fullmatch(name):
            hint = "letters, digits, `.`, `-` and `_`: as --agent takes it"
            raise bad(f"{name!r} is no name of an agent", file.where(at), hint)
        found[name] = _profile(file, name, table, at)
        file.origins[f"agents.{name}"] = file.where((*at, "use"))
    return found


def _profile(file: _File, name: str, table: Any, at: Keys) -> AgentProfile:
    found = {"use": name, **file.fields(table, _PROFILE, at)}
    if "limits" in found:
        limits = file.fields(found["limits"], _LIMITS, (*at, "limits"))
        found["limits"] = AgentLimits(**limits)
    if "/" in found.get("program", ""):  # relative to the file that names it
        found["program"] = str(file.folder / Path(found["program"]).expanduser())
    if "mcp" in found:
        servers = file.table(found["mcp"], (*at, "mcp"))
        found["mcp"] = {
            each: _server(file, server, (*at, "mcp", each)) for each, server in servers.items()
        }
    return AgentProfile(name=name, **found)


def _server(file: _File, table: Any, at: Keys) -> dict[str, Any]:
    found = file.fields(table, _SERVER, at)
    if ("command" in found) == ("url" in found):
        raise bad(f"{told(at)} must have either a command or a url", file.where(at))
    if "url" in found and len(found) > 1:
        raise bad(f"{told(at)} has a url: args and env are a command's", file.where(at))
    return {key: list(each) if key == "args" else each for key, each in found.items()}
