"""One frozen Settings: defaults < user TOML < repository TOML < environment < flags.

Each value knows its origin. The files are `$XDG_CONFIG_HOME/plait/config.toml` and `plait.toml`
in the repository's root; the variables are `PLAIT_<FIELD>` in capitals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import Any

from plait.core.lock_keys import NAMESPACES
from plait.core.plan import Check
from plait.errors import UsageError

_NAMESPACE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([KMGT]i?B|B)")
_DURATION = re.compile(
    r"(?:(\d{1,9}(?:\.\d{1,6})?)h)? ?(?:(\d{1,9}(?:\.\d{1,6})?)m)? ?(?:(\d{1,9}(?:\.\d{1,6})?)s?)?"
)
_UNITS: Mapping[str, int] = {"B": 1} | {
    f"{letter}{infix}B": base**power
    for power, letter in enumerate("KMGT", start=1)
    for infix, base in (("", 1000), ("i", 1024))
}
_CHECK_KEYS = ("name", "command", "cwd", "env", "expect_exit_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a person has set; see docs/reference/configuration.md."""

    agent: str = ""
    max_agents: int = 6
    continue_on_error: bool = True
    stop_on: str = ""
    budget_usd: float | None = None
    timeout_s: float | None = None
    package_checks: tuple[Check, ...] = ()
    land_checks: tuple[Check, ...] = ()
    workspace_root: Path | None = None
    min_free: int | None = None
    stall_s: float = 900.0
    backoff_s: float = 1.0
    max_backoff_s: float = 60.0
    package_budget_usd: float | None = None
    room_wait_s: float = 15.0
    landing_runners: int = 1
    landing_together: str = "auto"
    strict_results: bool = False
    gate_policy: str = "checks"
    unknown_scope: str = "declared"
    batch: str = "auto"
    optional_tasks: str = "skip"
    lock_namespaces: tuple[str, ...] = ()
    database_url: str | None = None
    origins: Mapping[str, str] = field(default_factory=dict)

    def origin(self, name: str) -> str:
        """Where a value comes from: a place in a file, a variable, a flag, or `default`."""
        return self.origins.get(name, "default")


class _WrongValueError(ValueError):
    """A value does not fit its key; the text says what would."""


def load(root: Path, *, environ: Mapping[str, str], flags: Mapping[str, object]) -> Settings:
    """The settings of a repository.

    Args:
        root: The repository's root.
        environ: The environment.
        flags: Fields given on the command line.

    Raises:
        UsageError: `BAD_CONFIG`, with file and line where there is one.
    """
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")) / ".config")
    settings = Settings()
    for path, name in (
        (Path(home).expanduser() / "plait" / "config.toml", None),
        (root / "plait.toml", "plait.toml"),
    ):
        if path.is_file():
            settings = _from_file(settings, path, name or str(path))
    settings = _from_environment(settings, environ)
    origins = {**settings.origins, **{key: f"--{key.replace('_', '-')}" for key in flags}}
    return replace(settings, **flags, origins=origins)  # type: ignore[arg-type]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _WrongValueError("a text in quotes")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _WrongValueError("true or false")
    return value


def _positive(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _WrongValueError("a whole number from 1")
    return value


def _one_of(*choices: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in choices:
            raise _WrongValueError("one of " + ", ".join(f'"{each}"' for each in choices))
        return str(value)

    return parse


def _checks(value: Any) -> tuple[Check, ...]:
    if not isinstance(value, list):
        raise _WrongValueError("a list of commands")
    return tuple(_check(each) for each in value)


def _check(value: Any) -> Check:
    if isinstance(value, str) and value.strip():
        return Check(name=value[:60], command=value)
    if not isinstance(value, dict) or not isinstance(value.get("command"), str):
        raise _WrongValueError('commands in quotes, or tables like { name = "…", command = "…" }')
    unknown = [key for key in value if key not in _CHECK_KEYS]
    if unknown:
        raise _WrongValueError(f"checks without {unknown[0]!r} (keys: {', '.join(_CHECK_KEYS)})")
    code = value.get("expect_exit_code", 0)
    if isinstance(code, bool) or not isinstance(code, int):
        raise _WrongValueError("a check whose expect_exit_code is a whole number")
    env = value.get("env", {})
    if not isinstance(env, dict) or not all(isinstance(each, str) for each in env.values()):
        raise _WrongValueError("a check whose env is a table of texts")
    return Check(
        name=_text(value.get("name", value["command"][:60])),
        command=value["command"],
        cwd=_text(value.get("cwd", ".")),
        env=env,
        expect_exit_code=code,
    )


def _namespaces(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _WrongValueError('a list of names, like ["queue"]')
    for name in value:
        if not _NAMESPACE.fullmatch(name):
            raise _WrongValueError(f"names in lower case without a colon; {name!r} is none")
        if name in NAMESPACES:
            raise _WrongValueError(f"new names; {name!r} is one of Plait's own")
    return tuple(dict.fromkeys(value))


def _size(value: Any) -> int:
    """Bytes: a whole number of them, or a text with a unit."""
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found:
        return round(float(found[1]) * _UNITS[found[2]])
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise _WrongValueError('a size like "1 GiB", or 0')


def seconds_of(text: str) -> float:
    """How long a text such as `90s`, `15m` or `1h30m` says; a number alone means seconds.

    Raises:
        ValueError: It says no such thing.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise ValueError(text)
    hours, minutes, seconds = (float(each or 0) for each in found.groups())
    return 3600 * hours + 60 * minutes + seconds


def _seconds(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf:
        return float(value)
    if isinstance(value, str) and _DURATION.fullmatch(value.strip()) and value.strip():
        return seconds_of(value)
    raise _WrongValueError('a duration like "15m" or "1h30m", or 0')


def _limit_s(value: Any) -> float:
    seconds = _seconds(value)
    if not seconds:
        raise _WrongValueError('a duration like "90m" or "2h"')
    return seconds


def _money(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < inf:
        return float(value)
    raise _WrongValueError("a sum of USD above 0, like 2.50")


def _place(value: Any) -> Path:
    return Path(_text(value)).expanduser()


_KEYS: Mapping[str, Mapping[str, tuple[str, Callable[[Any], Any]]]] = {
    "run": {
        "agent": ("agent", _text),
        "max_agents": ("max_agents", _positive),
        "continue_on_error": ("continue_on_error", _truth),
        "stop_on": ("stop_on", _one_of("", "critical")),
        "budget": ("budget_usd", _money),
        "timeout": ("timeout_s", _limit_s),
    },
    "agent": {"stall": ("stall_s", _seconds)},
    "retry": {
        "backoff": ("backoff_s", _seconds),
        "max_backoff": ("max_backoff_s", _seconds),
    },
    "budget": {"package": ("package_budget_usd", _money)},
    "checks": {"package": ("package_checks", _checks), "land": ("land_checks", _checks)},
    "locks": {"namespaces": ("lock_namespaces", _namespaces)},
    "workspace": {
        "root": ("workspace_root", _place),
        "min_free": ("min_free", _size),
        "room_wait": ("room_wait_s", _seconds),
    },
    "landing": {
        "runners": ("landing_runners", _positive),
        "together": ("landing_together", _one_of("auto", "always", "never")),
    },
    "result": {"strict": ("strict_results", _truth)},
    "gates": {"policy": ("gate_policy", _one_of("checks", "ask"))},
    "plan": {
        "unknown_scope": ("unknown_scope", _one_of("declared", "serial", "shared", "refuse")),
        "batch": ("batch", _one_of("auto", "task", "group")),
        "optional": ("optional_tasks", _one_of("skip", "run")),
    },
}
_VARIABLES: Mapping[str, Callable[[str], Any]] = {
    "agent": str,
    "max_agents": lambda text: _positive(int(text) if text.isdigit() else text),
    "workspace_root": _place,
    "database_url": str,
}


def _from_file(settings: Settings, path: Path, name: str) -> Settings:
    import tomllib

    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+), column (\d+)", str(error))
        where = f"{name}:{place[1]}:{place[2]}" if place else name
        told = str(error).partition(" (at ")[0]
        raise _bad(f"it is not TOML: {told}", where) from None
    values: dict[str, Any] = {}
    origins = dict(settings.origins)
    for section, table in document.items():
        keys = _known(section, _KEYS, "section", _where(text, name, section))
        if not isinstance(table, dict):
            raise _bad(f"[{section}] must be a table", _where(text, name, section))
        for key, value in table.items():
            where = _where(text, name, section, key)
            into, parse = _known(key, keys, f"key in [{section}]", where)
            try:
                values[into] = parse(value)
            except _WrongValueError as wrong:
                raise _bad(f"{section}.{key} must be {wrong}, not {value!r}", where) from None
            origins[into] = where
    if "workspace_root" in values:  # relative to the file that names it
        values["workspace_root"] = path.parent / values["workspace_root"]
    return replace(settings, **values, origins=origins)


def _from_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    values: dict[str, Any] = {}
    origins = dict(settings.origins)
    for name, parse in _VARIABLES.items():
        variable = f"PLAIT_{name.upper()}"
        text = environ.get(variable, "")
        if not text:
            continue
        try:
            values[name] = parse(text)
        except _WrongValueError as wrong:
            raise _bad(f"{variable} must be {wrong}, not {text!r}", "") from None
        origins[name] = variable
    return replace(settings, **values, origins=origins)


def _known(name: str, known: Mapping[str, Any], what: str, where: str) -> Any:
    if name in known:
        return known[name]
    close = get_close_matches(name, known, n=1)
    guess = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
    raise _bad(f"there is no {what} {name!r}", where, guess)


def _where(text: str, name: str, section: str, key: str | None = None) -> str:
    """The line of a section's head, or of a key in it, as far as a plain search tells."""
    inside = False
    head = 0
    for number, line in enumerate(text.splitlines(), start=1):
        heading = re.match(r"\s*\[+\s*([\w.\"'-]+)", line)
        if heading:
            inside = heading[1].strip("\"'").split(".")[0] == section
            head = head or (number if inside else 0)
        found = key is not None and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[=.]", line)
        if inside and found:
            column = len(line) - len(line.lstrip()) + 1
            return f"{name}:{number}:{column}"
    return f"{name}:{head}:1" if head else name


def _bad(message: str, where: str, hint: str = "") -> UsageError:
    return UsageError(
        message, code="BAD_CONFIG", where=where, hint=hint or "see docs/reference/configuration.md"
    )
