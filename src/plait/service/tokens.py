"""Who a token stands for: entries of an owner's file, looked through in constant time."""

from __future__ import annotations

import hmac
import re
import secrets
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from plait.core.policy import VERBS
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Caller
from plait.errors import UsageError

SHORTEST = 16  # characters of a token that is written out
_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEYS = {"token", "sha256", "trust", "run", "verbs"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One entry: the name of an agent, and the SHA-256 of what it proves itself with, in hex."""

    name: str
    digest: str
    trust: int = 2
    run: str = ""
    granted: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tokens:
    """The entries of a file."""

    entries: tuple[Token, ...]

    def caller(self, token: str, *, credential: str = "") -> Caller:
        """Whom a token stands for.

        Raises:
            Refusal: `NO_TOKEN`, `BAD_TOKEN`.
        """
        if not token:
            raise Refusal(
                "this needs a token",
                code="NO_TOKEN",
                kind=Kind.UNKNOWN_CALLER,
                hint="send Authorization: Bearer TOKEN; `plait serve token NAME` makes one",
            )
        given = _digest(token)
        found = None
        for each in self.entries:  # all of them, whichever fits
            if hmac.compare_digest(each.digest, given):
                found = each
        if found is None:
            raise Refusal(
                "this token is not known here", code="BAD_TOKEN", kind=Kind.UNKNOWN_CALLER
            )
        return Caller(
            agent=found.name,
            trust=found.trust,
            run=found.run,
            credential=credential,
            granted=found.granted,
        )


def parse(text: str, *, where: str) -> Tokens:
    """The entries of a token file: a table of TOML for each agent.

    Raises:
        UsageError: `BAD_TOKENS`; no token is repeated.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _bad(f"it is no TOML: {error}", where) from None
    entries = tuple(_entry(name, table, where) for name, table in tables.items())
    if not entries:
        raise _bad("it has no entry", where)
    if len({each.digest for each in entries}) < len(entries):
        raise _bad("two agents have the same token", where)
    return Tokens(entries)


def new_entry(name: str, *, trust: int, run: str, granted: tuple[str, ...]) -> tuple[str, str]:
    """A new token, and the entry that knows only its SHA-256, as TOML.

    Raises:
        UsageError: `BAD_TOKENS`, the name or a verb is none.
    """
    token = secrets.token_urlsafe(32)
    fields: dict[str, Any] = {"sha256": _digest(token), "trust": trust}
    fields |= {"run": run} if run else {}
    fields |= {"verbs": list(granted)} if granted else {}
    _entry(name, fields, "")
    lines = [f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in fields.items())]
    return token, "\n".join(lines) + "\n"


def _entry(name: str, table: object, where: str) -> Token:
    if not _NAME.fullmatch(name):
        raise _bad(f"{name[:80]!r} is no name of letters, digits, - and _", where)
    if not isinstance(table, dict):
        raise _bad(f"{name} is no table", where)
    wrong = next(_wrong(table), "")
    if wrong:
        raise _bad(f"[{name}]: {wrong}", where)
    digest = table.get("sha256") or _digest(table["token"])
    return Token(
        name=name,
        digest=digest,
        trust=table.get("trust", 2),
        run=table.get("run", ""),
        granted=frozenset(table.get("verbs", ())),
    )


def _wrong(table: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with an entry."""
    if unknown := sorted(set(table) - _KEYS):
        yield f"it has no key {unknown[0]!r}"
    if ("token" in table) == ("sha256" in table):
        yield "it has either token or sha256"
    token, digest = table.get("token", "x" * SHORTEST), table.get("sha256", "0" * 64)
    if not isinstance(token, str) or len(token) < SHORTEST:
        yield f"a token has at least {SHORTEST} characters"
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        yield "sha256 is 64 digits of hex, in small letters"
    if type(table.get("trust", 2)) is not int or not 0 <= table.get("trust", 2) <= 4:  # noqa: PLR2004
        yield "trust is a number from 0 to 4"
    if not isinstance(table.get("run", ""), str):
        yield "run is a text"
    verbs = table.get("verbs", [])
    if not isinstance(verbs, list) or not all(isinstance(each, str) for each in verbs):
        yield "verbs is a list of texts"
    elif foreign := sorted(set(verbs) - set(VERBS)):
        yield f"there is no operation {foreign[0][:80]!r}"


def _toml(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, int):
        return str(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _bad(what: str, where: str) -> UsageError:
    return UsageError(
        f"the token file cannot be used: {what}",
        code="BAD_TOKENS",
        where=where,
        hint="`plait serve token NAME --token-file FILE` adds an entry as it should be",
    )
