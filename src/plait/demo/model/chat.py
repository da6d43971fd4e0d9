"""The Chat Completions API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

_VOICES = {
    "system": Voice.SYSTEM,
    "developer": Voice.SYSTEM,
    "user": Voice.USER,
    "assistant": Voice.AGENT,
    "tool": Voice.TOOL,
    "function": Voice.TOOL,
}
ERRORS = {
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}
BEGAN = 1_767_225_600  # when everything here is said to have been made: the answers stay the same


class ChatCompletions:
    """`POST /v1/chat/completions`."""

    name = "chat"

    def hear(self, body: Mapping[str, Any], path: str) -> Heard:  # noqa: ARG002 - a dialect's
        """The request."""
        pieces = [
            Piece(
                voice=_VOICES[message["role"]],
                text="\n".join(str(part.get("text", "")) for part in parts(message.get("content"))),
            )
            for message in body["messages"]
        ]
        form = body.get("response_format") or {}
        return Heard(
            model=body["model"],
            stream=bool(body.get("stream")),
            pieces=tuple(pieces),
            tools=tuple(
                function_tool(each["function"])
                for each in body.get("tools") or ()
                if "function" in each
            ),
            schema=(form.get("json_schema") or {}).get("schema"),
        )

    def tell(self, answer: Answer, heard: Heard) -> Mapping[str, Any]:
        """The completion."""
        message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
        if answer.calls:
            message["tool_calls"] = _calls(answer)
        choice = {"index": 0, "message": message, "finish_reason": _reason(answer)}
        head = _head(answer, heard, "chat.completion")
        return {**head, "choices": [choice], "usage": _usage(answer)}

    def stream(self, answer: Answer, heard: Heard) -> Sequence[Event]:
        """The chunks, with one for the usage at the end."""
        head = _head(answer, heard, "chat.completion.chunk")

        def chunk(delta: Mapping[str, Any], reason: str | None = None) -> Event:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            return "", {**head, "choices": [choice]}

        events = [chunk({"role": "assistant", "content": ""})]
        events += [chunk({"content": each}) for each in chunks(answer.text)]
        for index, call in enumerate(_calls(answer)):
            first, *rest = chunks(call["function"]["arguments"]) or [""]
            function = {**call["function"], "arguments": first}
            events.append(chunk({"tool_calls": [{"index": index, **call, "function": function}]}))
            events += [
                chunk({"tool_calls": [{"index": index, "function": {"arguments": each}}]})
                for each in rest
            ]
        events.append(chunk({}, _reason(answer)))
        return [*events, ("", {**head, "choices": [], "usage": _usage(answer)}), ("", "[DONE]")]

    def refuse(self, refusal: Refusal) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """The error."""
        return refuse(refusal)

    def count(self, heard: Heard) -> Mapping[str, Any]:
        """Nobody asks; the number is the same."""
        return {"input_tokens": heard.size}


def refuse(refusal: Refusal) -> tuple[Mapping[str, Any], Mapping[str, str]]:
    """An error, as both of this service's APIs tell it."""
    kind, code = ERRORS.get(refusal.status, ("server_error", "server_error"))
    headers = retry_headers(refusal)
    if refusal.reset_at is not None:
        headers["x-ratelimit-reset-requests"] = str(round(refusal.reset_at))
    code = refusal.code or code
    error = {"message": refusal.message, "type": kind, "param": None, "code": code}
    return {"error": error}, headers


def function_tool(told: Mapping[str, Any], namespace: str = "") -> Tool:
    """A tool whose arguments are JSON."""
    schema = told.get("parameters") or {}
    return Tool(
        name=told["name"],
        properties=schema.get("properties") or {},
        required=tuple(schema.get("required") or ()),
        namespace=namespace,
    )


def _head(answer: Answer, heard: Heard, kind: str) -> dict[str, Any]:
    told = {"id": f"chatcmpl-{answer.id}", "object": kind, "created": BEGAN}
    return {**told, "model": heard.model}


def _calls(answer: Answer) -> list[dict[str, Any]]:
    return [
        {
            "id": each.id,
            "type": "function",
            "function": {"name": each.name, "arguments": each.written},
        }
        for each in answer.calls
    ]


def _reason(answer: Answer) -> str:
    return "tool_calls" if answer.calls else "stop"


def _usage(answer: Answer) -> dict[str, Any]:
    taken = answer.tokens_input + answer.tokens_cached
    return {
        "prompt_tokens": taken,
        "completion_tokens": answer.tokens_output,
        "total_tokens": taken + answer.tokens_output,
        "prompt_tokens_details": {"cached_tokens": answer.tokens_cached},
    }
