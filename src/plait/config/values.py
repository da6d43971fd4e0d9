"""What a value of a setting may be: from what TOML gives to what Plait works with.

Each function takes a value and gives its meaning, or raises `WrongValueError`, whose text ends
the sentence "it must be …".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from typing import Any

from plait.core.integrity import Concern, Policies, Policy, policies_of
from plait.core.lock_keys import NAMESPACES
from plait.core.plan import Check

_NAMESPACE = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_WEB = re.compile(r"https?://[^\s/@?#]+(/[^\s@?#]*)?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
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


class WrongValueError(ValueError):
    """A value does not fit its key; the text says what would."""


class SecretPerhapsError(WrongValueError):
    """Likewise; the value may be a secret in the wrong place, and is not repeated."""


def text(value: Any) -> str:
    """A text, empty or not."""
    if not isinstance(value, str):
        raise WrongValueError("a text in quotes")
    return value


def word(value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise WrongValueError("a text in quotes that is not empty")
    return value


def texts(value: Any) -> tuple[str, ...]:
    """A list of texts."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise WrongValueError('a list of texts, like ["one", "two"]')
    return tuple(value)


def words(value: Any) -> tuple[str, ...]:
    """A text or a list of them, none empty."""
    row = [value] if isinstance(value, str) else value
    if not isinstance(row, list) or not row:
        raise WrongValueError('a text, or a list like ["one", "two"]')
    return tuple(word(each) for each in row)


def variables(value: Any) -> tuple[str, ...]:
    """Names of variables of the environment."""
    names = texts(value)
    for name in names:
        if not _VARIABLE.fullmatch(name):
            raise WrongValueError(f"names of variables; {name!r} is none")
    return names


def assignments(value: Any) -> Mapping[str, str]:
    """Variables of the environment with their values."""
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise WrongValueError('a table of texts, like { KEY = "value" }')
    variables(list(value))
    return value


def truth(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise WrongValueError("true or false")
    return value


def trust(value: Any) -> int:
    """A level of trust."""
    if isinstance(value, bool) or not isinstance(value, int) or value not in range(5):
        raise WrongValueError("a level of trust: 0, 1, 2, 3 or 4")
    return value


def positive(value: Any) -> int:
    """A whole number from 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise WrongValueError("a whole number from 1")
    return value


def count(value: Any) -> int:
    """A whole number from 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise WrongValueError("a whole number from 0")
    return value


def web(value: Any) -> str:
    """An address of the web."""
    if isinstance(value, str) and _WEB.fullmatch(value):
        return value
    raise WrongValueError("an address like https://git.example.org, without a password")


def one_of(*choices: str) -> Callable[[Any], str]:
    """One of these texts."""

    def parse(value: Any) -> str:
        if value not in choices:
            raise WrongValueError("one of " + ", ".join(f'"{each}"' for each in choices))
        return str(value)

    return parse


def checks(value: Any) -> tuple[Check, ...]:
    """Commands, or tables that say more."""
    if not isinstance(value, list):
        raise WrongValueError("a list of commands")
    return tuple(_check(each) for each in value)


def _check(value: Any) -> Check:
    if isinstance(value, str) and value.strip():
        return Check(name=value[:60], command=value)
    if not isinstance(value, dict) or not isinstance(value.get("command"), str):
        raise WrongValueError('commands in quotes, or tables like { name = "…", command = "…" }')
    unknown = [key for key in value if key not in _CHECK_KEYS]
    if unknown:
        raise WrongValueError(f"checks without {unknown[0]!r} (keys: {', '.join(_CHECK_KEYS)})")
    code = value.get("expect_exit_code", 0)
    if isinstance(code, bool) or not isinstance(code, int):
        raise WrongValueError("a check whose expect_exit_code is a whole number")
    env = value.get("env", {})
    if not isinstance(env, dict) or not all(isinstance(each, str) for each in env.values()):
        raise WrongValueError("a check whose env is a table of texts")
    return Check(
        name=text(value.get("name", value["command"][:60])),
        command=value["command"],
        cwd=text(value.get("cwd", ".")),
        env=env,
        expect_exit_code=code,
    )


def policies(value: Any) -> Policies:
    """One word for all classes of findings about work, or one for each."""
    said = value if isinstance(value, dict) else dict.fromkeys(Concern, value)
    try:
        return policies_of(said)
    except (ValueError, TypeError):
        words = ", ".join(f'"{each}"' for each in Policy)
        names = ", ".join(Concern)
        raise WrongValueError(f"one of {words}, or a table of such for {names}") from None


def namespaces(value: Any) -> tuple[str, ...]:
    """New namespaces of lock keys."""
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise WrongValueError('a list of names, like ["queue"]')
    for name in value:
        if not _NAMESPACE.fullmatch(name):
            raise WrongValueError(f"names in lower case without a colon; {name!r} is none")
        if name in NAMESPACES:
            raise WrongValueError(f"new names; {name!r} is one of Plait's own")
    return tuple(dict.fromkeys(value))


def size(value: Any) -> int:
    """Bytes: a whole number of them, or a text with a unit."""
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found:
        return round(float(found[1]) * _UNITS[found[2]])
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise WrongValueError('a size like "1 GiB", or 0')


def limit_size(value: Any) -> int:
    """Bytes, at least one."""
    if value != 0 and (found := size(value)):
        return found
    raise WrongValueError('a size like "1 GiB"')


def seconds_of(told: str) -> float:
    """How long a text such as `90s`, `15m` or `1h30m` says; a number alone means seconds.

    Raises:
        ValueError: It says no such thing.
    """
    found = _DURATION.fullmatch(told.strip())
    if found is None or not any(found.groups()):
        raise ValueError(told)
    hours, minutes, seconds = (float(each or 0) for each in found.groups())
    return 3600 * hours + 60 * minutes + seconds


def duration(value: Any) -> float:
    """Seconds; 0 turns something off."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < inf:
        return float(value)
    if isinstance(value, str) and _DURATION.fullmatch(value.strip()) and value.strip():
        return seconds_of(value)
    raise WrongValueError('a duration like "15m" or "1h30m", or 0')


def limit_s(value: Any) -> float:
    """Seconds, more than none."""
    seconds = duration(value)
    if not seconds:
        raise WrongValueError('a duration like "90m" or "2h"')
    return seconds


def money(value: Any) -> float:
    """USD, more than none."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < inf:
        return float(value)
    raise WrongValueError("a sum of USD above 0, like 2.50")


def place(value: Any) -> Path:
    """A path as it stands there; `~` is the user's home."""
    return Path(text(value)).expanduser()
