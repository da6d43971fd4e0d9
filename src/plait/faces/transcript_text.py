"""A transcript for people: what an agent says and does, a few words an entry.

    > Bash pytest -q tests/api
      = 12 lines: 3 passed in 0.2s
    x Write /etc/passwd was denied: outside the scope

All of it is an agent's text and is cleaned of what could steer a terminal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plait.core.transcript import (
    Account,
    Entry,
    Finished,
    Retried,
    Said,
    Started,
    ToolCalled,
    ToolDenied,
    ToolEnded,
    Turn,
    Unread,
    Used,
    account,
)
from plait.faces.spent_story import used
from plait.faces.text import clean, count, duration, shorten

WIDEST = 160  # of a line that stands for something longer
_MOST_FAILED = 3  # lines shown of what failed
_COMMANDS = ("command", "cmd", "script", "commands", "argv")
_SUBJECTS = ("pattern", "query", "url", "description", "prompt")


@dataclass(slots=True)
class Telling:
    """Tells one transcript, entry by entry; paths in the worktree are told without it."""

    worktree: str = ""
    account: Account = field(default_factory=Account)
    _tools: dict[str, str] = field(default_factory=dict)
    _told: str = ""  # what was last said to be used up

    def lines(self, entry: Entry) -> list[str]:
        """What to print of an entry; nothing of those that are summed up."""
        self.account = account(self.account, entry)
        match entry:
            case Started():
                return [_started(entry)]
            case Said():
                return _said(entry)
            case ToolCalled():
                self._tools[entry.call] = entry.tool
                return [self._cut(f"> {entry.tool} {_subject(entry)}".rstrip())]
            case ToolEnded():
                return self._ended(entry)
            case ToolDenied():
                return [self._cut(_denied(entry))]
            case Retried():
                when = "" if entry.delay_s is None else f" in {duration(entry.delay_s)}"
                why = f": {entry.message}" if entry.message else ""
                return [_cut(f"~ asks its model again{when} ({entry.kind}){why}")]
            case Turn():
                return self._used()
            case Used():
                return []
            case Finished():
                return self._finished(entry)
            case Unread(line=line):
                return [_cut(f"? {line}")]

    def _ended(self, ended: ToolEnded) -> list[str]:
        """What came of a tool, folded; of a failure a little more."""
        tool = self._tools.pop(ended.call, "")
        found = [line for line in ended.output.splitlines() if line.strip()]
        if ended.failed:
            head = f"  ! {tool or 'the tool'} failed"
            return [_cut(head), *(self._cut(f"    {line}") for line in found[:_MOST_FAILED])]
        if not found:
            return ["  = done"]
        return [self._cut(f"  = {count(len(found), 'line')}: {found[-1]}")]

    def _cut(self, text: str) -> str:
        return _cut(text.replace(f"{self.worktree}/", "") if self.worktree else text)

    def _used(self) -> list[str]:
        """What is used up until now, before the next turn, if that is news."""
        told = self._sum()
        if not told or told == self._told:
            return []
        self._told = told
        return [f"  ({told})"]

    def _finished(self, finished: Finished) -> list[str]:
        told = self.account
        sums = [count(told.turns, "turn")] if told.turns else []
        sums += [count(told.tool_calls, "tool call")] if told.tool_calls else []
        sums += [count(len(told.denials), "denial")] if told.denials else []
        sums += [self._sum()] if self._sum() else []
        head = f"* finished: {finished.kind}"
        words = [] if finished.message == told.last_words else finished.message.splitlines()
        tail = [_cut(f"  ({', '.join(sums)})")] if sums else []
        return [head, *(clean(line) for line in words if line.strip()), *tail]

    def _sum(self) -> str:
        told = self.account
        if not told.tokens_input and not told.tokens_output and told.cost_usd is None:
            return ""
        return used(told.cost_usd, told.tokens_input, told.tokens_output)


def _started(entry: Started) -> str:
    parts = [entry.model, entry.version, entry.session and f"session {entry.session}"]
    return _cut("* " + ", ".join(("started", *filter(None, parts))))


def _said(entry: Said) -> list[str]:
    lines = [clean(line) for line in entry.text.splitlines() if line.strip()]
    if not entry.thought or not lines:
        return lines
    more = f" … {count(len(lines) - 1, 'line')} more" if len(lines) > 1 else ""
    return [shorten(f"(thinks) {lines[0]}", WIDEST) + more]


def _subject(entry: ToolCalled) -> str:
    """What a tool is used on, in short: a command, paths, or the first text there is."""
    for key in _COMMANDS:
        told = _words(entry.input.get(key))
        if told:
            return told
    if entry.paths:
        return " ".join(entry.paths)
    texts = [_words(entry.input.get(key)) for key in _SUBJECTS]
    return next(filter(None, (*texts, *map(_words, entry.input.values()))), "")


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and all(isinstance(each, str) for each in value):
        return " ".join(value)
    return "" if value is None or isinstance(value, Mapping | Sequence) else str(value)


def _denied(entry: ToolDenied) -> str:
    what = " ".join((entry.tool, *entry.paths))
    return f"x {what} was denied" + (f": {entry.reason}" if entry.reason else "")


def _cut(text: str) -> str:
    indent = text[: len(text) - len(text.lstrip(" "))]
    return indent + shorten(clean(text), WIDEST - len(indent))
