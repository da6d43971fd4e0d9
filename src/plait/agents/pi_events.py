"""Reads what `pi -p --mode json` prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from plait.agents.json_lines import (
    JsonLines,
    Table,
    count,
    number,
    paths,
    table,
    tables,
    text,
    words,
)
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

# Each repeats the whole message, or the whole output, as it is until then: not worth decoding.
_UPDATE = re.compile(rb'\s*\{\s*"type"\s*:\s*"(?:message|tool_execution)_update"')
_REFUSED = "plait: "  # how our extension begins


class PiEvents(JsonLines):
    """One session. Its exit code is 0 whatever happened: the last message's reason counts."""

    def __init__(self) -> None:
        self._calls: dict[str, tuple[str, tuple[str, ...]]] = {}

    def read(self, line: bytes) -> Iterable[Entry]:
        """The entries of one line; updates are passed over."""
        return () if _UPDATE.match(line) else super().read(line)

    def entries(self, event: Table) -> Iterator[Entry]:
        """What one event says."""
        match text(event, "type"):
            case "session":
                yield Started(session=text(event, "id"))
            case "turn_start":
                yield Turn()
            case "message_end":
                yield from _message(table(event, "message"))
            case "tool_execution_start":
                yield self._called(event)
            case "tool_execution_end":
                yield self._ended(event)
            case "auto_retry_start":
                message, delay = text(event, "errorMessage"), number(event, "delayMs")
                wait = None if delay is None else delay / 1000
                yield Retried(kind=kind_of_words(message), message=message, delay_s=wait)
            case "auto_retry_end":
                if event.get("success") is False:
                    yield _failed(text(event, "finalError"))
            case "agent_end":
                yield _finished(tables(event, "messages"))
            case _:
                pass

    def _called(self, event: Table) -> ToolCalled:
        call, tool, given = text(event, "toolCallId"), text(event, "toolName"), table(event, "args")
        named = paths(given, "path", "file_path")
        self._calls[call] = tool, named
        return ToolCalled(call=call, tool=tool, input=given, paths=named)

    def _ended(self, event: Table) -> Entry:
        call = text(event, "toolCallId")
        tool, named = self._calls.pop(call, (text(event, "toolName"), ()))
        output, failed = words(table(event, "result").get("content")), event.get("isError") is True
        if failed and output.startswith(_REFUSED):
            reason = output.removeprefix(_REFUSED)
            return ToolDenied(tool=tool, reason=reason, call=call, paths=named)
        return ToolEnded(call=call, output=output, failed=failed)


def _message(message: Table) -> Iterator[Entry]:
    if text(message, "role") != "assistant":
        return
    for block in tables(message, "content"):
        match text(block, "type"):
            case "text":
                yield Said(text=text(block, "text"))
            case "thinking":
                yield Said(text=text(block, "thinking"), thought=True)
            case _:
                pass
    used = table(message, "usage")
    read = count(used, "input") + count(used, "cacheRead") + count(used, "cacheWrite")
    cost = number(table(used, "cost"), "total") or None  # 0: of no known price
    if read or count(used, "output") or cost:
        yield Used(tokens_input=read, tokens_output=count(used, "output"), cost_usd=cost)


def _finished(messages: Iterable[Table]) -> Finished:
    said = [each for each in messages if text(each, "role") == "assistant"]
    last: Table = said[-1] if said else {}
    match text(last, "stopReason"):
        case "stop" | "toolUse":
            return Finished(kind=FinishKind.OK)
        case "aborted":
            return Finished(kind=FinishKind.CANCELLED, message=text(last, "errorMessage"))
        case "length":
            told = "the model's answer was longer than it may be"
            return Finished(kind=FinishKind.API_ERROR, message=told)
        case _:
            return _failed(text(last, "errorMessage") or "it ended without an answer")


def _failed(message: str) -> Finished:
    kind = kind_of_words(message)
    after = wait_of_words(message) if kind is FinishKind.RATE_LIMIT else None
    return Finished(kind=kind, message=message, retry_after_s=after)
