"""Reads what `copilot --output-format json` prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from plait.agents.json_lines import JsonLines, Table, number, paths, table, tables, text
from plait.agents.refusals import kind_of_status, kind_of_words, wait_of_words
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
)

# Many a second, and repeated in the events that follow them.
_PASSING = re.compile(
    rb'\s*\{\s*"type"\s*:\s*"(?:session\.background_tasks_changed|assistant\.\w+_delta'
    rb'|tool\.execution_partial_result|tool\.shell_output|session\.skills_loaded)"'
)
_KINDS = {"authentication": FinishKind.AUTH, "authorization": FinishKind.AUTH}


class CopilotEvents(JsonLines):
    """One session. Its last line says how it ended, an error before it says why."""

    def __init__(self) -> None:
        self._calls: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._failure: Retried | None = None  # of the last request
        self._error: Finished | None = None

    def read(self, line: bytes) -> Iterable[Entry]:
        """The entries of one line; what passes is passed over."""
        return () if _PASSING.match(line) else super().read(line)

    def entries(self, event: Table) -> Iterator[Entry]:
        """What one event says."""
        data = table(event, "data")
        match text(event, "type"):
            case "session.start":
                yield Started(session=text(data, "sessionId"), version=text(data, "copilotVersion"))
            case "session.tools_updated":
                yield Started(model=text(data, "model"))
            case "assistant.turn_start":
                yield Turn()
            case "assistant.message":
                yield from self._message(data)
            case "assistant.reasoning":
                yield Said(text=text(data, "content"), thought=True)
            case "tool.execution_start":
                yield self._called(data)
            case "tool.execution_complete":
                yield self._ended(data)
            case "model.call_failure":
                self._failure = _failure(data)
            case "assistant.turn_retry":
                yield self._failure or Retried(kind=kind_of_words(text(data, "reason")))
            case "session.error":
                self._error = _error(data)
            case "abort":
                told = text(data, "reason") or "it was interrupted"
                self._error = Finished(kind=FinishKind.CANCELLED, message=told)
            case "result":
                yield Started(session=text(event, "sessionId"))
                yield self._result(event)
            case _:
                pass

    def _message(self, data: Table) -> Iterator[Entry]:
        self._error = self._failure = None  # it has an answer after all
        if said := text(data, "content"):
            yield Said(text=said)

    def _called(self, data: Table) -> ToolCalled:
        call, tool = text(data, "toolCallId"), text(data, "toolName")
        given = table(data, "arguments")
        named = paths(given, "path", "file_path")
        self._calls[call] = tool, named
        return ToolCalled(call=call, tool=tool, input=given, paths=named)

    def _ended(self, data: Table) -> Entry:
        call, error = text(data, "toolCallId"), table(data, "error")
        tool, named = self._calls.pop(call, ("", ()))
        if text(error, "code") == "denied":
            reason = text(error, "message")
            return ToolDenied(tool=tool, reason=reason, call=call, paths=named)
        if data.get("success") is False:
            return ToolEnded(call=call, output=text(error, "message"), failed=True)
        edited = tables(data, "fileEdits")
        output = text(table(data, "result"), "content")
        shown = output or "\n".join(text(each, "path") for each in edited)
        return ToolEnded(call=call, output=shown)

    def _result(self, event: Table) -> Finished:
        code = event.get("exitCode")
        if self._error is not None:
            return self._error
        if code == 0:
            return Finished(kind=FinishKind.OK)
        told = self._failure.message if self._failure else f"it ended with {code!r}"[:80]
        return Finished(kind=kind_of_words(told), message=told)


def _failure(data: Table) -> Retried:
    message = text(data, "errorMessage")
    kind = kind_of_status(number(data, "statusCode")) or kind_of_words(message)
    return Retried(kind=kind, message=message)


def _error(data: Table) -> Finished:
    message, told = text(data, "message"), text(data, "errorType")
    kind = kind_of_status(number(data, "statusCode"))
    kind = _KINDS.get(told) or kind or kind_of_words(f"{told}: {message}")
    after = wait_of_words(message) if kind is FinishKind.RATE_LIMIT else None
    return Finished(kind=kind, message=message or told, retry_after_s=after)
