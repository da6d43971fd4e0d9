"""Reads what `opencode run --format json` prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from plait.agents.json_lines import JsonLines, Table, count, number, paths, table, text
from plait.agents.refusals import instant, kind_of_status, kind_of_words, wait_of_words
from plait.core.transcript import (
    Entry,
    Finished,
    FinishKind,
    Said,
    Started,
    ToolCalled,
    ToolDenied,
    ToolEnded,
    Turn,
    Used,
)

_BY_RULE = "prevents you from using this specific tool call"
_UNASKED = "rejected permission to use this specific tool call"
_SECONDS = re.compile(r"\d+(?:\.\d+)?")
_INTERRUPTED = frozenset({"MessageAbortedError", "AbortError"})


class OpencodeEvents(JsonLines):
    """One run. A tool is told when it has ended; usage with each step."""

    def __init__(self) -> None:
        self._begun = False

    def entries(self, event: Table) -> Iterator[Entry]:
        """What one event says."""
        part = table(event, "part")
        session = text(event, "sessionID")
        if session and not self._begun:
            self._begun = True
            yield Started(session=session)
        match text(event, "type"):
            case "step_start":
                yield Turn()
            case "text":
                yield Said(text=text(part, "text"))
            case "reasoning":
                yield Said(text=text(part, "text"), thought=True)
            case "tool_use":
                yield from _tool(part)
            case "step_finish":
                yield from _step(part)
            case "error":
                yield _failed(table(event, "error"))
            case _:
                pass


def _tool(part: Table) -> Iterator[Entry]:
    call, tool, state = text(part, "callID"), text(part, "tool"), table(part, "state")
    given = table(state, "input")
    named = paths(given, "filePath", "path")
    yield ToolCalled(call=call, tool=tool, input=given, paths=named)
    if text(state, "status") != "error":
        yield ToolEnded(call=call, output=text(state, "output"))
        return
    why = text(state, "error")
    if _BY_RULE in why:
        yield ToolDenied(tool=tool, reason=why.partition(" Here are")[0], call=call, paths=named)
    elif _UNASKED in why:  # it would have asked, and ends for want of an answer
        yield ToolDenied(tool=tool, reason=why, call=call, paths=named)
        yield Finished(kind=FinishKind.DENIED, message=why)
    else:
        yield ToolEnded(call=call, output=why, failed=True)


def _step(part: Table) -> Iterable[Entry]:
    tokens = table(part, "tokens")
    cache = table(tokens, "cache")
    read = count(tokens, "input") + count(cache, "read") + count(cache, "write")
    written = count(tokens, "output") + count(tokens, "reasoning")
    yield Used(tokens_input=read, tokens_output=written, cost_usd=number(part, "cost") or None)
    match text(part, "reason"):
        case "stop":
            yield Finished(kind=FinishKind.OK)
        case "tool-calls" | "tool_calls":
            return
        case "length":
            told = "the model's answer was longer than it may be"
            yield Finished(kind=FinishKind.API_ERROR, message=told)
        case other:
            told = f"the model's answer broke off ({other or 'unknown'})"
            yield Finished(kind=FinishKind.API_ERROR, message=told)


def _failed(error: Table) -> Finished:
    name, data = text(error, "name"), table(error, "data")
    message = text(data, "message") or text(error, "message") or name
    if name in _INTERRUPTED:
        return Finished(kind=FinishKind.CANCELLED, message=message)
    kind = kind_of_status(number(data, "statusCode")) or kind_of_words(message)
    if name == "ProviderAuthError":
        kind = FinishKind.AUTH
    after, at = _wait(table(data, "responseHeaders"))
    if kind is not FinishKind.RATE_LIMIT:
        return Finished(kind=kind, message=message)
    after = wait_of_words(message) if after is None else after
    return Finished(kind=kind, message=message, retry_after_s=after, retry_at=at)


def _wait(headers: Table) -> tuple[float | None, float | None]:
    """Seconds, and a Unix time, that the service's answer names."""
    millis, seconds = text(headers, "retry-after-ms"), text(headers, "retry-after")
    if _SECONDS.fullmatch(millis[:12]):
        return float(millis[:12]) / 1000, None
    if _SECONDS.fullmatch(seconds[:12]):
        return float(seconds[:12]), None
    return None, instant(text(headers, "anthropic-ratelimit-requests-reset"))
