"""Reads the lines that the recorder prints within mini-swe-agent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from plait.agents.json_lines import JsonLines, Table, count, number, table, tables, text, words
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

_KINDS = {
    "Submitted": FinishKind.OK,
    "TimeExceeded": FinishKind.CANCELLED,
    "AuthenticationError": FinishKind.AUTH,
    "PermissionDeniedError": FinishKind.AUTH,
    "RateLimitError": FinishKind.RATE_LIMIT,
}


class MiniEvents(JsonLines):
    """One run. What is no line of the recorder's is what the program prints for people."""

    def read(self, line: bytes) -> Iterable[Entry]:
        """The entries of one line; of the program's own words, none."""
        return super().read(line) if line.lstrip()[:1] == b"{" else ()

    def entries(self, event: Table) -> Iterator[Entry]:
        """What one line says."""
        match text(event, "type"):
            case "start":
                yield Started(version=text(event, "version"))
            case "retry":
                message = text(event, "message")
                yield Retried(kind=kind_of_words(message), message=message)
            case "message":
                yield from _message(event)
            case _:
                pass


def _message(event: Table) -> Iterator[Entry]:
    said = words(event.get("content"))
    match text(event, "role"):
        case "assistant":
            yield Turn()
            if said:
                yield Said(text=said)
            for action in tables(event, "actions"):
                call, given = text(action, "tool_call_id"), {"command": text(action, "command")}
                yield ToolCalled(call=call, tool="bash", input=given)
            used = table(event, "usage")
            yield Used(
                tokens_input=count(used, "prompt_tokens"),
                tokens_output=count(used, "completion_tokens"),
                cost_usd=number(event, "cost") or None,  # 0: of no known price
            )
        case "tool" | "user":
            if call := text(event, "call"):
                code = event.get("returncode")
                yield ToolEnded(call=call, output=said, failed=code is not None and code != 0)
        case "exit":
            yield _finished(event, said)
        case _:
            pass


def _finished(event: Table, said: str) -> Finished:
    status = text(event, "status")
    if status == "LimitsExceeded":
        budget = number(event, "budget") or 0.0
        spent = budget > 0 and (number(event, "spent") or 0.0) >= budget
        kind = FinishKind.BUDGET_CAP if spent else FinishKind.TURN_CAP
        return Finished(kind=kind, message=said)
    kind = _KINDS.get(status) or kind_of_words(said)
    message = text(event, "submission").strip() if kind is FinishKind.OK else said or status
    after = wait_of_words(said) if kind is FinishKind.RATE_LIMIT else None
    return Finished(kind=kind, message=message, retry_after_s=after)
