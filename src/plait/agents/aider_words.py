"""Reads what aider prints for people: its model's answers, errors of the service, what it used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from plait.agents.json_lines import LONGEST, unread
from plait.agents.refusals import kind_of_words, wait_of_words
from plait.core.transcript import (
    Entry,
    Finished,
    FinishKind,
    Retried,
    Said,
    Started,
    ToolCalled,
    ToolEnded,
    Turn,
    Used,
)
from plait.ports import Reader

MOST_WORDS = 100_000  # characters of one answer that are kept
_VERSION = re.compile(r"Aider v([\d.]+\S*)")
_MODEL = re.compile(r"(?:Main model|Model): (\S+)")
_TOKENS = re.compile(
    r"Tokens: ([\d.,]+[kM]?) sent,(?: [^$]*?,)? ?([\d.,]+[kM]?) received\."
    r"(?: Cost: \$([\d.,]+) message)?"
)
_ERROR = re.compile(r"litellm\.(\w+)(?:: |$)")
_AGAIN = re.compile(r"Retrying in ([\d.]+) seconds")
_APPLIED = re.compile(r"(?:Applied edit to|Did not apply edit to) (.+?)(?: \(--dry-run\))?$")
_CUT = re.compile(r"has hit a token limit!")
_GIVEN_UP = re.compile(r"Only \d+ reflections allowed, stopping")
_HEADER = re.compile(
    r"(?:Git repo|Repo-map|Multiline mode|Restored previous): |Added .+ to the chat"
)
_KINDS = {
    "AuthenticationError": FinishKind.AUTH,
    "PermissionDeniedError": FinishKind.AUTH,
    "RateLimitError": FinishKind.RATE_LIMIT,
}
_MULTIPLES = {"k": 1_000, "M": 1_000_000}


class AiderWords(Reader):
    """One run. An answer is complete with the line that says how many tokens it took."""

    def __init__(self) -> None:
        self._began = self._failed = False
        self._kind, self._message = FinishKind.API_ERROR, ""
        self._words: list[str] = []
        self._length = self._edits = 0

    def read(self, line: bytes) -> Iterable[Entry]:
        """The entries of one line. Raises nothing for bad output."""
        if len(line) > LONGEST:
            return (unread(line),)
        return self._entries(line.decode("utf-8", "replace"))

    def _entries(self, line: str) -> Iterator[Entry]:
        if found := _ERROR.match(line):
            yield self._refused(found[1], line)
        elif found := _AGAIN.match(line):
            self._failed = False
            yield Retried(kind=self._kind, message=self._message, delay_s=_number(found[1]))
        elif found := _TOKENS.match(line):
            yield from self._answered(found)
        elif _CUT.search(line):
            yield Finished(kind=FinishKind.API_ERROR, message=line.strip())
        elif _GIVEN_UP.match(line):
            yield Finished(kind=FinishKind.TURN_CAP, message=line.strip())
        elif found := _APPLIED.match(line):
            yield from self._edited(found[1], failed=not line.startswith("Applied"))
        elif not self._began:
            yield from self._begin(line)
        elif not self._failed and not _HEADER.match(line) and self._length < MOST_WORDS:
            self._words.append(line)
            self._length += len(line) + 1

    def _begin(self, line: str) -> Iterator[Entry]:
        if found := _VERSION.match(line):
            yield Started(version=found[1])
        elif found := _MODEL.match(line):
            self._began = True
            yield Started(model=found[1])

    def _refused(self, name: str, line: str) -> Finished:
        self._failed, self._words, self._length = True, [], 0
        self._kind, self._message = _KINDS.get(name) or kind_of_words(line), line
        after = wait_of_words(line) if self._kind is FinishKind.RATE_LIMIT else None
        return Finished(kind=self._kind, message=line, retry_after_s=after)

    def _answered(self, found: re.Match[str]) -> Iterator[Entry]:
        words, self._words, self._length = "\n".join(self._words).strip(), [], 0
        self._began, self._failed = True, False
        yield Turn()
        if words:
            yield Said(text=words)
        cost = None if found[3] is None else _number(found[3])
        yield Used(
            tokens_input=int(_number(found[1])),
            tokens_output=int(_number(found[2])),
            cost_usd=cost,
        )
        yield Finished(kind=FinishKind.OK)

    def _edited(self, path: str, *, failed: bool) -> Iterator[Entry]:
        self._edits += 1
        call = f"edit-{self._edits}"
        yield ToolCalled(call=call, tool="edit", input={"path": path}, paths=(path,))
        yield ToolEnded(call=call, failed=failed)


def _number(told: str) -> float:
    """`1,234`, `2.3k`; 0 for what is none."""
    digits = told[:20].rstrip("kM").replace(",", "").strip(".")
    try:
        return float(digits) * _MULTIPLES.get(told[-1:], 1)
    except ValueError:
        return 0.0
