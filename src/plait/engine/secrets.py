"""What must not be written down of an attempt: the keys that its agent is handed."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar
from urllib.parse import quote

from plait.process import Redaction

T = TypeVar("T")

# Names of variables that hold keys, whoever set them.
_NAMES = re.compile(
    r"(^|_)(\w*API_?KEY|ACCESS_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PAT"
    r"|CREDENTIALS?)(_|$)",
    re.IGNORECASE,
)
_LEAST = 6  # characters; a shorter value stands in too many other texts
_LEAST_BY_NAME = 8
_LONG = 16
_DIGIT = re.compile(r"\d")


def secret_texts(env: Mapping[str, str], named: Collection[str]) -> tuple[str, ...]:
    """The texts to strike out, in each form in which an agent may write them.

    Args:
        env: All variables that an agent is handed.
        named: Those that its adapter calls secret; others are known by their names.
    """
    found: set[str] = set()
    for name, value in env.items():
        declared = name in named
        if declared or _NAMES.search(name):
            for text in _parts(value):
                if _is_key(text, declared=declared):
                    found.update(_forms(text))
    return tuple(sorted(found))


def without_secrets(value: T, texts: Collection[str]) -> T:
    """The same value, secrets struck out of all texts in it, keys of well-known forms too."""
    redaction = Redaction([text.encode("utf-8", "surrogateescape") for text in texts])
    cleaned: T = _cleaned(value, redaction)
    return cleaned


def _cleaned(value: Any, redaction: Redaction) -> Any:
    if isinstance(value, str) and type(value) is str:
        raw = value.encode("utf-8", "surrogatepass")
        clean = redaction.clean(raw)
        redaction.block = False
        return value if clean == raw else clean.decode("utf-8", "replace")
    if is_dataclass(value) and not isinstance(value, type):
        told = {each.name: getattr(value, each.name) for each in fields(value) if each.init}
        return replace(value, **{name: _cleaned(each, redaction) for name, each in told.items()})
    if isinstance(value, Mapping):
        return {_cleaned(key, redaction): _cleaned(each, redaction) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_cleaned(each, redaction) for each in value)
    return value


def _parts(value: str) -> Iterator[str]:
    """A value; of one with several lines, such as a private key, also each long line."""
    yield value
    lines = value.split("\n")
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _LONG)


def _is_key(text: str, *, declared: bool) -> bool:
    if declared:
        return len(text) >= _LEAST
    if len(text) < _LEAST_BY_NAME or text.startswith(("/", "~", "./")):  # a file's name
        return False
    return len(text) >= _LONG or _DIGIT.search(text) is not None


def _forms(text: str) -> Iterator[str]:
    """As it is, in a JSON text, in an address, in base64."""
    yield text
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield json.dumps(text)[1:-1]
    raw = text.encode("utf-8", "surrogateescape")
    yield quote(raw, safe="")
    if len(raw) >= _LONG:
        yield b64encode(raw).decode("ascii").rstrip("=")
