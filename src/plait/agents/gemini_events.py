"""What Gemini CLI tells of its work, `--output-format stream-json`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from plait.agents.json_lines import JsonLines, Table, count, paths, table, text
from plait.agents.refusals import kind_of_words, wait_of_words
from plait.core.transcript import (
    Entry,
    Finished,
    FinishKind,
    Retried,
    Said,
    Started,
    ToolCalled,
    ToolDenied,
    ToolEnded,
    Turn,
    Used,
)

_PATHS = ("file_path", "absolute_path", "path", "dir_path")
_DENIED = re.compile(r"policy|hook|permission|denied|not_in_workspace", re.IGNORECASE)
_CAP = re.compile(r"max(?:imum)?.{0,10}(?:session.{0,3})?turns|MAX_TURNS", re.IGNORECASE)
_RETRIES = re.compile(r"\bretry", re.IGNORECASE)


class GeminiEvents(JsonLines):
    """Reads one session's events. Words come in pieces, and are put together again."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._asked = True  # the model has something to answer
        self._calls: dict[str, ToolCalled] = {}

    def entries(self, event: Table) -> Iterable[Entry]:
        """What an event says."""
        kind = text(event, "type")
        if kind == "message":
            return self._message(event)
        reads: Callable[[Table], Iterable[Entry]] | None = {
            "init": self._init,
            "tool_use": self._tool_use,
            "tool_result": self._tool_result,
            "error": self._error,
            "result": self._result,
        }.get(kind)
        return [*self._said(), *reads(event)] if reads else ()

    def _init(self, event: Table) -> Iterator[Entry]:
        yield Started(session=text(event, "session_id"), model=text(event, "model"))

    def _message(self, event: Table) -> Iterator[Entry]:
        if text(event, "role") != "assistant":
            return
        yield from self._answered()
        self._pieces.append(text(event, "content"))
        if event.get("delta") is not True:
            yield from self._said()

    def _said(self) -> Iterator[Said]:
        if self._pieces:
            yield Said(text="".join(self._pieces))
            self._pieces.clear()

    def _answered(self) -> Iterator[Turn]:
        if self._asked:
            self._asked = False
            yield Turn()

    def _tool_use(self, event: Table) -> Iterator[Entry]:
        yield from self._answered()
        given = table(event, "parameters")
        called = ToolCalled(
            call=text(event, "tool_id"),
            tool=text(event, "tool_name"),
            input=given,
            paths=paths(given, *_PATHS),
        )
        self._calls[called.call] = called
        yield called

    def _tool_result(self, event: Table) -> Iterator[Entry]:
        self._asked = True
        call, error = text(event, "tool_id"), table(event, "error")
        called = self._calls.pop(call, None)
        output = text(event, "output") or text(error, "message")
        failed = text(event, "status") == "error"
        if called and failed and _DENIED.search(text(error, "type")):
            reason = text(error, "message") or output
            yield ToolDenied(tool=called.tool, reason=reason, call=call, paths=called.paths)
        yield ToolEnded(call=call, output=output, failed=failed)

    def _error(self, event: Table) -> Iterator[Entry]:
        message = text(event, "message")
        if _RETRIES.search(message):
            yield Retried(kind=kind_of_words(message), message=message)

    def _result(self, event: Table) -> Iterator[Entry]:
        stats = table(event, "stats")
        if stats:
            read, wrote = count(stats, "input_tokens"), count(stats, "output_tokens")
            yield Used(tokens_input=read, tokens_output=wrote)
        if text(event, "status") == "success":
            yield Finished(kind=FinishKind.OK)
            return
        error = table(event, "error")
        message = text(error, "message")
        kind = kind_of_words(message)
        if _CAP.search(f"{text(error, 'type')} {message}"):
            kind = FinishKind.TURN_CAP
        wait_s = wait_of_words(message) if kind is FinishKind.RATE_LIMIT else None
        yield Finished(kind=kind, message=message, retry_after_s=wait_s)
