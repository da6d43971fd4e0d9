"""What a request asks for, of its body or its address: values of JSON, which the desk reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json
from starlette.requests import Request

from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Verb

JSON = "application/json"


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a request's body; an empty one is that of none.

    Raises:
        Refusal: `NOT_JSON`, `MALFORMED`, `TOO_LARGE`, `TOO_SLOW`.
    """
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != JSON:
        raise Refusal(
            f"the body is to be {JSON}",
            code="NOT_JSON",
            kind=Kind.INVALID,
            hint=f"send it with Content-Type: {JSON}",
        )
    try:
        given = from_json(body or b"{}", allow_inf_nan=False)
    except ValueError as error:
        raise _malformed(f"the body is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise _malformed("the body is no JSON object")
    return given


def of_query(request: Request, verb: Verb[Any, Any]) -> dict[str, Any]:
    """What an address says, for a verb that only reads: `?name=value`, lists repeated."""
    fields = verb.asks.model_json_schema()["properties"] if request.query_params else {}
    given: dict[str, Any] = {}
    for name in request.query_params:
        texts = request.query_params.getlist(name)
        kinds = _kinds(fields.get(name, {}))
        values = [_value(each, kinds) for each in texts]
        given[name] = values if "array" in kinds or len(values) > 1 else values[0]
    return given


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    """The JSON types that fit a field."""
    found = {str(schema["type"])} if "type" in schema else set()
    return found.union(*(_kinds(each) for each in schema.get("anyOf", ())))


def _value(text: str, kinds: set[str]) -> Any:
    if "string" in kinds or not kinds & {"integer", "number", "boolean"}:
        return text
    try:
        value = from_json(text, allow_inf_nan=False)
    except ValueError:
        return text  # and it is told what should stand there
    return text if value is None else value  # what is not given is left out, never `null`


def _malformed(what: str) -> Refusal:
    return Refusal(what, code="MALFORMED", kind=Kind.INVALID, hint="send one JSON object, in UTF-8")
