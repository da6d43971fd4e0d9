"""`generateContent` and `streamGenerateContent`."""

from __future__ import annotations

import re
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

_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_PATH = re.compile(r"/models/([^/:]+):(\w+)")


class GenerateContent:
    """`POST /v1beta/models/MODEL:generateContent`, and the same as a stream."""

    name = "gemini"

    def hear(self, body: Mapping[str, Any], path: str) -> Heard:
        """The request; model and manner stand in its path."""
        found = _PATH.search(path)
        model, manner = found.groups() if found else ("", "")
        told = body.get("generateContentRequest") or body
        system = told.get("systemInstruction") or told.get("system_instruction") or {}
        pieces = [Piece(voice=Voice.SYSTEM, text=_text(system))]
        for content in told.get("contents") or ():
            said_by = Voice.AGENT if content.get("role") == "model" else Voice.USER
            for part in parts(content.get("parts")):
                voice = Voice.TOOL if "functionResponse" in part else said_by
                pieces.append(Piece(voice=voice, text=str(part.get("text", ""))))
        form = told.get("generationConfig") or {}
        return Heard(
            model=model,
            stream=manner == "streamGenerateContent",
            pieces=tuple(pieces),
            tools=tuple(
                _tool(each)
                for group in told.get("tools") or ()
                for each in group.get("functionDeclarations") or ()
            ),
            schema=form.get("responseJsonSchema") or form.get("responseSchema"),
        )

    def tell(self, answer: Answer, heard: Heard) -> Mapping[str, Any]:
        """The answer in one piece."""
        said: list[Any] = [{"text": answer.text}] if answer.text else []
        return _content(answer, heard, said + _calls(answer), last=True)

    def stream(self, answer: Answer, heard: Heard) -> Sequence[Event]:
        """The answer, a few parts at a time."""
        steps = [[{"text": each}] for each in chunks(answer.text)]
        events: list[Event] = [("", _content(answer, heard, each)) for each in steps]
        return [*events, ("", _content(answer, heard, _calls(answer), last=True))]

    def refuse(self, refusal: Refusal) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """The error; when it is worth asking again stands in its details."""
        status = refusal.code or _STATUS.get(refusal.status, "UNKNOWN")
        error: dict[str, Any] = {"code": refusal.status, "message": refusal.message}
        error["status"] = status
        if refusal.retry_after_s is not None:
            kind = "type.googleapis.com/google.rpc.RetryInfo"
            error["details"] = [{"@type": kind, "retryDelay": f"{refusal.retry_after_s:g}s"}]
        return {"error": error}, retry_headers(refusal)

    def count(self, heard: Heard) -> Mapping[str, Any]:
        """`POST /v1beta/models/MODEL:countTokens`."""
        return {"totalTokens": heard.size}


def _text(content: Mapping[str, Any]) -> str:
    return "\n".join(str(part.get("text", "")) for part in parts(content.get("parts")))


def _tool(told: Mapping[str, Any]) -> Tool:
    schema = told.get("parametersJsonSchema") or told.get("parameters") or {}
    return Tool(
        name=told["name"],
        properties=schema.get("properties") or {},
        required=tuple(schema.get("required") or ()),
    )


def _calls(answer: Answer) -> list[dict[str, Any]]:
    return [
        {"functionCall": {"id": each.id, "name": each.name, "args": each.arguments}}
        for each in answer.calls
    ]


def _content(
    answer: Answer, heard: Heard, said: Sequence[Mapping[str, Any]], *, last: bool = False
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": list(said)}}
    if last:
        candidate["finishReason"] = "STOP"
    taken = answer.tokens_input + answer.tokens_cached
    usage = {
        "promptTokenCount": taken,
        "candidatesTokenCount": answer.tokens_output if last else 0,
        "cachedContentTokenCount": answer.tokens_cached,
        "totalTokenCount": taken + answer.tokens_output,
    }
    told = {"candidates": [candidate], "usageMetadata": usage}
    return {**told, "modelVersion": heard.model, "responseId": answer.id}
