"""Where a conversation stands: which script it follows, and how far it has come.

Nothing is remembered between requests. The newest of the user's words that name a package begin
the script; each answer of the model's since then is a step of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from plait.demo.model.heard import Heard, Piece, Voice
from plait.demo.model.scenario import DEFAULT, Scenarios, Step

_MARKER = re.compile(r"\[\[scenario:([^\s\]]+)([^\]]*)\]\]")
_SETTING = re.compile(r"(\w+)=(\S+)")
_BRIEF = re.compile(r"package `([^`\s]+)`,? attempt (\d+)")
_CWD = re.compile(
    r"(?:\b(?:working (?:in the )?|workspace )(?:directory|directories|folder)|\bcwd)"
    r"[\s:=>*-]{1,12}(/[^\s<>`'\"]*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A step of a script. `cwd` is the folder in which the agent says it works, or empty."""

    scenario: str
    attempt: int
    turn: int
    step: Step
    rest: Sequence[Step]  # the step and all that come after it
    cwd: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marker:
    name: str
    attempt: int
    since: int  # the piece that names it
    cwd: str = ""


def find(heard: Heard, scenarios: Scenarios, prefix: str = "") -> Place | None:
    """The step that a request has come to; None if no script fits.

    Args:
        heard: The request.
        scenarios: What there is.
        prefix: What the address named: a file, or a package.
    """
    within = prefix if prefix in scenarios.files else ""
    known = scenarios.known(within)
    marker = _marker(heard.pieces, [each for each in known if each != DEFAULT])
    if prefix and not within:
        marker = replace(marker, name=prefix) if marker else _first(heard.pieces, prefix)
    elif marker is None and DEFAULT in known:
        marker = _first(heard.pieces, "")
    if marker is None:
        return None
    own = known.get(marker.name)
    attempts = own if own is not None else known.get(DEFAULT)
    if attempts is None:
        return None
    script = attempts[min(marker.attempt, len(attempts)) - 1]
    if own is None:
        script = [_filled(each, marker) for each in script]
    turn = _answers(heard.pieces[marker.since :])
    rest = script[min(turn, len(script) - 1) :]
    step = rest[0] if turn < len(script) else replace(rest[0], faults=(), delay_s=0)
    return Place(
        scenario=marker.name or DEFAULT,
        attempt=marker.attempt,
        turn=turn,
        step=step,
        rest=rest,
        cwd=marker.cwd or _cwd(heard.pieces),
    )


def _marker(pieces: Sequence[Piece], known: Sequence[str]) -> _Marker | None:
    """The newest of the user's words that name a package: by marker, as a brief, or at all."""
    said = [(n, each.text) for n, each in enumerate(pieces) if each.voice is Voice.USER]
    for number, text in reversed(said):
        if found := _MARKER.search(text):
            settings = dict(_SETTING.findall(found[2]))
            attempt = int(settings.get("attempt", "1"))
            return _Marker(
                name=found[1], attempt=max(1, attempt), since=number, cwd=settings.get("cwd", "")
            )
        if found := _BRIEF.search(text):
            return _Marker(name=found[1], attempt=max(1, int(found[2])), since=number)
    mentions = sorted(known, key=len, reverse=True)
    word = re.compile("|".join(rf"(?<![\w/.-]){re.escape(each)}(?![\w-])" for each in mentions))
    for number, text in reversed(said):
        if mentions and (found := word.search(text)):
            return _Marker(name=found[0], attempt=1, since=number)
    return None


def _first(pieces: Sequence[Piece], name: str) -> _Marker:
    """A script that is named by the address begins with the first of the user's words."""
    said = (n for n, each in enumerate(pieces) if each.voice is Voice.USER)
    return _Marker(name=name, attempt=1, since=next(said, 0))


def _answers(pieces: Sequence[Piece]) -> int:
    """How often the model has answered: what it says and calls at once counts as one."""
    voices = [each.voice for each in pieces]
    before = [Voice.USER, *voices]
    return sum(
        now is Voice.AGENT and then is not Voice.AGENT
        for then, now in zip(before, voices, strict=False)
    )


def _cwd(pieces: Sequence[Piece]) -> str:
    for piece in pieces:
        if piece.voice in {Voice.SYSTEM, Voice.USER} and (found := _CWD.search(piece.text)):
            return found[1].rstrip(".,;:)")
    return ""


def _filled(step: Step, marker: _Marker) -> Step:
    def fill(value: Any) -> Any:
        if isinstance(value, str):
            named = value.replace("{package}", marker.name)
            return named.replace("{attempt}", str(marker.attempt))
        if isinstance(value, dict):
            return {key: fill(each) for key, each in value.items()}
        if isinstance(value, list):
            return [fill(each) for each in value]
        return value

    return replace(step, given=fill(step.given), says=fill(step.says))
