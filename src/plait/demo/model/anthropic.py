"""The Messages API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from plait.demo.model.heard import (
    Answer,
    Event,
    Heard,
    Piece,
    Refusal,
    Tool,
    Voice,
    chunks,
    parts,
    retry_headers,
)

_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_VOICES = {"text": None, "tool_result": Voice.TOOL, "tool_use": Voice.AGENT}


class Messages:
    """`POST /v1/messages`."""

    name = "anthropic"

    def hear(self, body: Mapping[str, Any], path: str) -> Heard:  # noqa: ARG002 - a dialect's
        """The request."""
        pieces = [
            Piece(voice=Voice.SYSTEM, text=str(part.get("text", "")))
            for part in parts(body.get("system"))
        ]
        for message in body["messages"]:
            said_by = Voice(_role(message["role"]))
            for part in parts(message["content"]):
                voice = _VOICES.get(part.get("type", "")) or said_by
                pieces.append(Piece(voice=voice, text=str(part.get("text", ""))))
        form = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
        return Heard(
            model=body["model"],
            stream=bool(body.get("stream")),
            pieces=tuple(pieces),
            tools=tuple(_tool(each) for each in body.get("tools") or () if "input_schema" in each),
            schema=form.get("schema"),
        )

    def tell(self, answer: Answer, heard: Heard) -> Mapping[str, Any]:
        """The message."""
        said: list[Any] = [{"type": "text", "text": answer.text}] if answer.text else []
        called = [
            {"type": "tool_use", "id": each.id, "name": each.name, "input": each.arguments}
            for each in answer.calls
        ]
        usage = {**_input(answer), "output_tokens": answer.tokens_output}
        reason = "tool_use" if called else "end_turn"
        return {**_message(answer, heard), "content": said + called, "usage": usage} | {
            "stop_reason": reason
        }

    def stream(self, answer: Answer, heard: Heard) -> Sequence[Event]:
        """The events of a message."""
        began = {**_message(answer, heard), "usage": {**_input(answer), "output_tokens": 1}}
        events: list[Event] = [_event("message_start", message=began)]
        blocks: list[tuple[dict[str, Any], str, str, str]] = []
        if answer.text:
            blocks.append(({"type": "text", "text": ""}, "text_delta", "text", answer.text))
        for call in answer.calls:
            block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
            blocks.append((block, "input_json_delta", "partial_json", call.written))
        for index, (block, kind, key, text) in enumerate(blocks):
            events.append(_event("content_block_start", index=index, content_block=block))
            events += [
                _event("content_block_delta", index=index, delta={"type": kind, key: each})
                for each in chunks(text)
            ]
            events.append(_event("content_block_stop", index=index))
        reason = "tool_use" if answer.calls else "end_turn"
        ended = {"stop_reason": reason, "stop_sequence": None}
        used = {"output_tokens": answer.tokens_output}
        return [*events, _event("message_delta", delta=ended, usage=used), _event("message_stop")]

    def refuse(self, refusal: Refusal) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """The error, and when the limit ends."""
        kind = refusal.code or _ERRORS.get(refusal.status, "api_error")
        headers = retry_headers(refusal)
        if refusal.reset_at is not None:
            at = datetime.fromtimestamp(refusal.reset_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            headers["anthropic-ratelimit-requests-reset"] = at
            headers["anthropic-ratelimit-unified-reset"] = str(round(refusal.reset_at))
        return {"type": "error", "error": {"type": kind, "message": refusal.message}}, headers

    def count(self, heard: Heard) -> Mapping[str, Any]:
        """`POST /v1/messages/count_tokens`."""
        return {"input_tokens": heard.size}


def _role(role: str) -> str:
    return {"assistant": "agent"}.get(role, role)


def _tool(told: Mapping[str, Any]) -> Tool:
    schema = told["input_schema"]
    return Tool(
        name=told["name"],
        properties=schema.get("properties") or {},
        required=tuple(schema.get("required") or ()),
    )


def _message(answer: Answer, heard: Heard) -> dict[str, Any]:
    return {
        "id": f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": heard.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _input(answer: Answer) -> dict[str, int]:
    return {
        "input_tokens": answer.tokens_input,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": answer.tokens_cached,
    }


def _event(kind: str, **told: Any) -> Event:
    return kind, {"type": kind, **told}
