"""Reads the lines that Plait's own client of the Agent Client Protocol prints."""

from __future__ import annotations

from collections.abc import Iterator

from plait.agents.json_lines import JsonLines, Table, count, number, table, text
from plait.agents.refusals import wait_of_words
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


class AcpLines(JsonLines):
    """One session."""

    def entries(self, event: Table) -> Iterator[Entry]:
        """What one line says."""
        call, tool = text(event, "call"), text(event, "tool")
        match text(event, "type"):
            case "started":
                session, version = text(event, "session"), text(event, "version")
                yield Started(session=session, version=version, model=text(event, "model"))
            case "turn":
                yield Turn()
            case "said":
                yield Said(text=text(event, "text"), thought=event.get("thought") is True)
            case "called":
                given = table(event, "input")
                yield ToolCalled(call=call, tool=tool, input=given, paths=_paths(event))
            case "ended":
                failed = event.get("failed") is True
                yield ToolEnded(call=call, output=text(event, "output"), failed=failed)
            case "denied":
                reason = text(event, "reason")
                yield ToolDenied(call=call, tool=tool, reason=reason, paths=_paths(event))
            case "used":
                yield Used(
                    tokens_input=count(event, "input"),
                    tokens_output=count(event, "output"),
                    cost_usd=number(event, "cost_usd"),
                )
            case "finished":
                yield _finished(event)
            case _:
                pass


def _finished(event: Table) -> Finished:
    told, message = text(event, "kind"), text(event, "message")
    kind = FinishKind(told) if told in set(FinishKind) else FinishKind.API_ERROR
    after = wait_of_words(message) if kind is FinishKind.RATE_LIMIT else None
    return Finished(kind=kind, message=message, retry_after_s=after)


def _paths(event: Table) -> tuple[str, ...]:
    found = event.get("paths")
    return tuple(each for each in found if isinstance(each, str)) if isinstance(found, list) else ()
