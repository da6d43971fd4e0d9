"""What Codex tells of its work, `codex exec --json`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from plait.agents.json_lines import JsonLines, Table, count, table, tables, text, words
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

_RETRIES = re.compile(r"^(?:Reconnecting|Retrying)\b", re.IGNORECASE)
_DENIED = re.compile(r"blocked by (?:\w+ )?hook|rejected by|sandbox denied", re.IGNORECASE)
_GIVEN = ("command", "changes", "query")
_NO_TOOLS = frozenset({"agent_message", "reasoning", "error", "todo_list"})


class CodexEvents(JsonLines):
    """Reads one session's events.

    A model's answer is not told as such: a turn begins where something comes first, or after the
    end of a tool.
    """

    def __init__(self) -> None:
        self._asked = True  # the model has something to answer
        self._begun: set[str] = set()

    def entries(self, event: Table) -> Iterable[Entry]:
        """What an event says."""
        reads: Callable[[Table], Iterable[Entry]] | None = {
            "thread.started": self._started,
            "turn.started": self._turn,
            "item.started": self._item_started,
            "item.completed": self._item_completed,
            "error": self._error,
            "turn.completed": self._completed,
            "turn.failed": self._failed,
        }.get(text(event, "type"))
        return reads(event) if reads else ()

    def _started(self, event: Table) -> Iterator[Entry]:
        yield Started(session=text(event, "thread_id"))

    def _turn(self, _event: Table) -> Iterator[Entry]:
        self._asked = True
        return iter(())

    def _answered(self) -> Iterator[Turn]:
        if self._asked:
            self._asked = False
            yield Turn()

    def _item_started(self, event: Table) -> Iterator[Entry]:
        item = table(event, "item")
        if text(item, "type") not in _NO_TOOLS:
            yield from self._answered()
            yield self._called(item)

    def _item_completed(self, event: Table) -> Iterator[Entry]:
        item = table(event, "item")
        match text(item, "type"):
            case "agent_message":
                yield from self._answered()
                yield Said(text=text(item, "text"))
            case "reasoning":
                yield from self._answered()
                yield Said(text=text(item, "text"), thought=True)
            case "error":
                message = text(item, "message")
                if _DENIED.search(message):
                    yield ToolDenied(tool="", reason=message, call=text(item, "id"))
            case "todo_list":
                pass
            case _:
                yield from self._answered()
                if text(item, "id") not in self._begun:
                    yield self._called(item)
                yield from self._ended(item)

    def _called(self, item: Table) -> ToolCalled:
        self._begun.add(text(item, "id"))
        kind = text(item, "type")
        given: dict[str, Any] = {key: item[key] for key in _GIVEN if key in item}
        if kind == "mcp_tool_call":
            kind, given = (
                f"mcp__{text(item, 'server')}__{text(item, 'tool')}",
                {**table(item, "arguments")},
            )
        return ToolCalled(call=text(item, "id"), tool=kind, input=given, paths=_paths(item))

    def _ended(self, item: Table) -> Iterator[Entry]:
        self._asked = True
        status = text(item, "status")
        output = text(item, "aggregated_output") or words(table(item, "result").get("content"))
        output = output or text(table(item, "error"), "message")
        if status == "declined" or (status == "failed" and _DENIED.search(output)):
            tool, call = text(item, "type"), text(item, "id")
            yield ToolDenied(tool=tool, reason=output, call=call, paths=_paths(item))
        failed = status in {"failed", "declined"} or count(item, "exit_code") != 0
        yield ToolEnded(call=text(item, "id"), output=output, failed=failed)

    def _error(self, event: Table) -> Iterator[Entry]:
        message = text(event, "message")
        if _RETRIES.search(message):
            self._asked = True
            yield Retried(
                kind=kind_of_words(message), message=message, delay_s=wait_of_words(message)
            )

    def _completed(self, event: Table) -> Iterator[Entry]:
        usage = table(event, "usage")
        if usage:
            yield Used(
                tokens_input=count(usage, "input_tokens"),
                tokens_output=count(usage, "output_tokens"),
                total=True,
            )
        yield Finished(kind=FinishKind.OK)

    def _failed(self, event: Table) -> Iterator[Entry]:
        message = text(table(event, "error"), "message")
        kind = kind_of_words(message)
        wait_s = wait_of_words(message) if kind is FinishKind.RATE_LIMIT else None
        yield Finished(kind=kind, message=message, retry_after_s=wait_s)


def _paths(item: Table) -> tuple[str, ...]:
    return tuple(found for each in tables(item, "changes") if (found := text(each, "path")))
