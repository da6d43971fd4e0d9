"""The Responses API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from plait.demo.model.chat import BEGAN, function_tool, refuse
from plait.demo.model.heard import (
    Answer,
    Call,
    Event,
    Heard,
    Piece,
    Refusal,
    Tool,
    Voice,
    chunks,
    parts,
)

_ROLES = {"assistant": Voice.AGENT, "user": Voice.USER}


class Responses:
    """`POST /v1/responses`."""

    name = "responses"

    def hear(self, body: Mapping[str, Any], path: str) -> Heard:  # noqa: ARG002 - a dialect's
        """The request."""
        given = body["input"]
        items: list[Any] = [{"role": "user", "content": given}] if isinstance(given, str) else given
        pieces = [Piece(voice=Voice.SYSTEM, text=body.get("instructions") or "")]
        pieces += [_piece(each) for each in items]
        form = (body.get("text") or {}).get("format") or {}
        return Heard(
            model=body["model"],
            stream=bool(body.get("stream")),
            pieces=tuple(pieces),
            tools=(
                *_tools(body.get("tools") or ()),
                *(tool for each in items for tool in _tools(each.get("tools") or ())),
            ),
            schema=form.get("schema"),
        )

    def tell(self, answer: Answer, heard: Heard) -> Mapping[str, Any]:
        """The response."""
        return _response(answer, heard, "completed", _items(answer))

    def stream(self, answer: Answer, heard: Heard) -> Sequence[Event]:
        """The events of a response."""
        items, number, events = _items(answer), 0, list[Event]()

        def add(kind: str, **told: Any) -> None:
            nonlocal number
            events.append((kind, {"type": kind, "sequence_number": number, **told}))
            number += 1

        began = _response(answer, heard, "in_progress", [])
        add("response.created", response=began)
        add("response.in_progress", response=began)
        for index, item in enumerate(items):
            place = {"output_index": index, "item_id": item["id"]}
            add("response.output_item.added", output_index=index, item=_begun(item))
            if item["type"] == "message":
                part = {"type": "output_text", "text": "", "annotations": []}
                add("response.content_part.added", **place, content_index=0, part=part)
                for each in chunks(answer.text):
                    add("response.output_text.delta", **place, content_index=0, delta=each)
                add("response.output_text.done", **place, content_index=0, text=answer.text)
                done = item["content"][0]
                add("response.content_part.done", **place, content_index=0, part=done)
            elif item["type"] == "function_call":
                for each in chunks(item["arguments"]):
                    add("response.function_call_arguments.delta", **place, delta=each)
                told = item["arguments"]
                add("response.function_call_arguments.done", **place, arguments=told)
            else:
                for each in chunks(item["input"]):
                    add("response.custom_tool_call_input.delta", **place, delta=each)
                add("response.custom_tool_call_input.done", **place, input=item["input"])
            add("response.output_item.done", output_index=index, item=item)
        add("response.completed", response=_response(answer, heard, "completed", items))
        return events

    def refuse(self, refusal: Refusal) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        """The error."""
        return refuse(refusal)

    def count(self, heard: Heard) -> Mapping[str, Any]:
        """`POST /v1/responses/input_tokens`."""
        return {"object": "response.input_tokens", "input_tokens": heard.size}


def _piece(item: Mapping[str, Any]) -> Piece:
    kind = item.get("type", "message")
    if kind == "message":
        text = "\n".join(str(part.get("text", "")) for part in parts(item.get("content")))
        return Piece(voice=_ROLES.get(item["role"], Voice.SYSTEM), text=text)
    if kind.endswith("_output"):
        return Piece(voice=Voice.TOOL)
    said = kind.endswith("_call") or kind == "reasoning"
    return Piece(voice=Voice.AGENT if said else Voice.SYSTEM)


def _tools(told: Iterable[Mapping[str, Any]], namespace: str = "") -> Iterator[Tool]:
    for each in told:
        match each.get("type"):
            case "function":
                yield function_tool(each, namespace)
            case "custom":
                told_of = str(each.get("description", ""))
                yield Tool(
                    name=each["name"], freeform=True, namespace=namespace, description=told_of
                )
            case "namespace":
                yield from _tools(each.get("tools") or (), each["name"])
            case _:  # what the service does itself, such as a search
                pass


def _items(answer: Answer) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if answer.text:
        content = {"type": "output_text", "text": answer.text, "annotations": []}
        said = {"type": "message", "id": f"msg_{answer.id}", "role": "assistant"}
        items.append({**said, "status": "completed", "content": [content]})
    return items + [_call(each) for each in answer.calls]


def _call(call: Call) -> dict[str, Any]:
    named = {"id": f"fc_{call.id}", "call_id": call.id, "name": call.name, "status": "completed"}
    if call.namespace:
        named["namespace"] = call.namespace
    if isinstance(call.arguments, str):
        return {"type": "custom_tool_call", **named, "input": call.arguments}
    return {"type": "function_call", **named, "arguments": call.written}


def _begun(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item that has only begun: what is to come in pieces is empty."""
    nothing: dict[str, Any] = {"content": [], "arguments": "", "input": ""}
    empty = {key: nothing[key] for key in nothing if key in item}
    return {**item, **empty, "status": "in_progress"}


def _response(
    answer: Answer, heard: Heard, status: str, items: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    taken = answer.tokens_input + answer.tokens_cached
    usage = {
        "input_tokens": taken,
        "input_tokens_details": {"cached_tokens": answer.tokens_cached},
        "output_tokens": answer.tokens_output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": taken + answer.tokens_output,
    }
    return {
        "id": f"resp_{answer.id}",
        "object": "response",
        "created_at": BEGAN,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "model": heard.model,
        "output": list(items),
        "parallel_tool_calls": False,
        "usage": usage if status == "completed" else None,
    }
