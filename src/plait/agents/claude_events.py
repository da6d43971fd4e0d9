"""What Claude Code tells of its work, `--output-format stream-json`; Qwen Code does so too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

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
    Used,
)

_PATHS = ("file_path", "notebook_path", "path")
_BY_THE_HOOK = "PreToolUse:"
SYNTHETIC = "<synthetic>"  # the model of words that the program puts in the model's mouth
_KINDS: Mapping[str, FinishKind] = {
    "rate_limit": FinishKind.RATE_LIMIT,
    "authentication_failed": FinishKind.AUTH,
    "overloaded": FinishKind.API_ERROR,
    "server_error": FinishKind.API_ERROR,
}


class ClaudeEvents(JsonLines):
    """Reads one session's events.

    Args:
        by_answer: Each message says what it used up, what it read from the cache included, and
            one answer of the model's may come in several messages: so it is with Qwen Code.
    """

    def __init__(self, *, by_answer: bool = False) -> None:
        self._by_answer = by_answer
        self._answering = False  # the last event was a message of the model's
        self._message = ""  # the last one's id: a message comes in several events
        self._calls: dict[str, ToolCalled] = {}  # that are under way
        self._errors: dict[str, str] = {}  # what calls that failed were told
        self._denied: set[str] = set()  # calls told as denied
        self._wait_s: float | None = None  # until the next try, as last told
        self._retry_at: float | None = None
        self._reads: Mapping[str, Callable[[Table], Iterable[Entry]]] = {
            "assistant": self._assistant,
            "user": self._user,
            "system": self._system,
            "result": self._result,
            "rate_limit_event": self._limit,
        }

    def entries(self, event: Table) -> Iterable[Entry]:
        """What an event says."""
        reads = self._reads.get(text(event, "type"))
        return reads(event) if reads else ()

    def _assistant(self, event: Table) -> Iterable[Entry]:
        message = table(event, "message")
        own = text(message, "id")
        known = self._answering if self._by_answer else bool(own) and own == self._message
        made_up = message.get("model") == SYNTHETIC
        self._answering, self._message = True, own
        found: list[Entry] = []
        if not (made_up or known):
            found.append(Turn())
        if (self._by_answer or not known) and not made_up and (usage := table(message, "usage")):
            read = count(usage, "input_tokens") if self._by_answer else _input(usage)
            found.append(Used(tokens_input=read, tokens_output=count(usage, "output_tokens")))
        for block in tables(message, "content"):
            match block.get("type"):
                case "text":
                    found.append(Said(text=text(block, "text")))
                case "thinking":
                    found.append(Said(text=text(block, "thinking"), thought=True))
                case "tool_use":
                    given = table(block, "input")
                    called = ToolCalled(
                        call=text(block, "id"),
                        tool=text(block, "name"),
                        input=given,
                        paths=paths(given, *_PATHS),
                    )
                    self._calls[called.call] = called
                    found.append(called)
                case _:
                    pass
        return found

    def _user(self, event: Table) -> Iterable[Entry]:
        self._answering = False
        refused = _rejected(event) if "tool_result_meta" in event else ()
        found: list[Entry] = []
        for block in tables(table(event, "message"), "content"):
            if block.get("type") != "tool_result":
                continue
            call, output = text(block, "tool_use_id"), words(block.get("content"))
            failed = block.get("is_error") is True
            called = self._calls.pop(call, None)
            if called and (call in refused or (failed and output.startswith(_BY_THE_HOOK))):
                self._denied.add(call)
                reason = output.removeprefix(f"{_BY_THE_HOOK}{called.tool} hook error: ")
                found.append(
                    ToolDenied(tool=called.tool, reason=reason, call=call, paths=called.paths)
                )
            elif called and failed:
                self._errors[call] = output
            found.append(ToolEnded(call=call, output=output, failed=failed))
        return found

    def _system(self, event: Table) -> Iterator[Entry]:
        match text(event, "subtype"):
            case "init":
                yield Started(
                    session=text(event, "session_id"),
                    model=text(event, "model"),
                    version=text(event, "claude_code_version") or text(event, "qwen_code_version"),
                )
            case "api_retry" | "retry":
                yield self._retried(event)
            case "permission_denied":
                yield from self._refused(event, text(event, "message") or text(event, "reason"))
            case _:
                pass

    def _retried(self, event: Table) -> Retried:
        said = text(event, "error")
        kind = _KINDS.get(said) or kind_of_status(number(event, "error_status"))
        delay = number(event, "retry_delay_ms")
        self._wait_s = None if delay is None else delay / 1000
        return Retried(kind=kind or kind_of_words(said), message=said, delay_s=self._wait_s)

    def _limit(self, event: Table) -> Iterator[Entry]:
        told = table(event, "rate_limit_info")
        if text(told, "status") == "rejected":
            self._retry_at = number(told, "resetsAt")
        return iter(())

    def _refused(self, denial: Table, reason: str) -> Iterator[ToolDenied]:
        call = text(denial, "tool_use_id")
        if call and call in self._denied:
            return
        self._denied.add(call)
        yield ToolDenied(
            tool=text(denial, "tool_name"),
            reason=reason,
            call=call,
            paths=paths(table(denial, "tool_input"), *_PATHS),
        )

    def _result(self, event: Table) -> Iterator[Entry]:
        for denial in tables(event, "permission_denials"):
            yield from self._refused(denial, self._errors.get(text(denial, "tool_use_id"), ""))
        if not self._by_answer:
            yield from _used(event)
        kind, message = self._kind(event), _message(event)
        limited = kind is FinishKind.RATE_LIMIT
        yield Finished(
            kind=kind,
            message=message,
            retry_after_s=(wait_of_words(message) or self._wait_s) if limited else None,
            retry_at=self._retry_at if limited else None,
        )

    def _kind(self, event: Table) -> FinishKind:
        subtype = text(event, "subtype")
        if subtype == "error_max_turns":
            return FinishKind.TURN_CAP
        if subtype == "error_max_budget_usd":
            return FinishKind.BUDGET_CAP
        if event.get("is_error") is not True and subtype == "success":
            return FinishKind.OK
        if text(event, "terminal_reason").startswith("aborted"):
            return FinishKind.CANCELLED
        status = kind_of_status(number(event, "api_error_status"))
        return status or kind_of_words(_message(event))


def _rejected(event: Table) -> Collection[str]:
    """The calls that were refused, as the event says beside its message."""
    return {
        text(each, "id")
        for each in tables(event, "tool_result_meta")
        if text(table(each, "permission_decision"), "decision") == "reject"
    }


def _message(event: Table) -> str:
    errors = event.get("errors")
    told = "; ".join(filter(_is_text, errors)) if isinstance(errors, list) else ""
    return text(event, "result") or told or text(table(event, "error"), "message")


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _used(event: Table) -> Iterator[Used]:
    """What the session has used: by model where that is told, which counts what was before."""
    models = [each for each in table(event, "modelUsage").values() if isinstance(each, dict)]
    usage = table(event, "usage")
    if not models and not usage:
        return
    cached = ("inputTokens", "cacheReadInputTokens", "cacheCreationInputTokens")
    read, wrote = _input(usage), count(usage, "output_tokens")
    if models:
        read = sum(count(each, key) for each in models for key in cached)
        wrote = sum(count(each, "outputTokens") for each in models)
    cost = number(event, "total_cost_usd")
    yield Used(tokens_input=read, tokens_output=wrote, cost_usd=cost, total=True)


def _input(usage: Table) -> int:
    """All that the model read, from its cache too."""
    cached = count(usage, "cache_read_input_tokens") + count(usage, "cache_creation_input_tokens")
    return count(usage, "input_tokens") + cached
