"""What a request asks for: read strictly, of its body or its address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json
from starlette.requests import Request

from plait.engine.coordinator.desk import invalid
from plait.engine.coordinator.fields import Asked
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.engine.coordinator.verb import Verb

JSON = "application/json"


async def body_of(request: Request, asks: type[Asked]) -> Asked:
    """The request for a verb, of the body.

    Raises:
        Refusal: `NOT_JSON`, `MALFORMED`, `INVALID_REQUEST`, `TOO_LARGE`, `TOO_SLOW`.
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
    return read(body or b"{}", asks)


def read(body: bytes, asks: type[Asked]) -> Asked:
    """The request that JSON says.

    Raises:
        Refusal: `MALFORMED`, `INVALID_REQUEST`.
    """
    try:
        given = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise _malformed(f"the body is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise _malformed("the body is no JSON object")
    try:
        return asks.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error) from None


def of_query(request: Request, verb: Verb[Any, Any]) -> Asked:
    """The request for a verb that only reads, of the address: `?name=value`, lists repeated.

    Raises:
        Refusal: `INVALID_REQUEST`.
    """
    fields = verb.asks.model_json_schema()["properties"] if request.query_params else {}
    given: dict[str, Any] = {}
    for name in request.query_params:
        texts = request.query_params.getlist(name)
        kinds = _kinds(fields.get(name, {}))
        values = [_value(each, kinds) for each in texts]
        given[name] = values if "array" in kinds or len(values) > 1 else values[0]
    asks: type[Asked] = verb.asks
    try:
        return asks.model_validate_json(_dumped(given))
    except ValidationError as error:
        raise invalid(error) from None


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    """The JSON types that fit a field."""
    found = {str(schema["type"])} if "type" in schema else set()
    return found.union(*(_kinds(each) for each in schema.get("anyOf", ())))


def _value(text: str, kinds: set[str]) -> Any:
    if "string" in kinds or not kinds & {"integer", "number", "boolean"}:
        return text
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return text  # and it is told what should stand there


def _dumped(given: Mapping[str, Any]) -> bytes:
    from pydantic_core import PydanticSerializationError, to_json

    try:
        return to_json(given)
    except (PydanticSerializationError, ValueError):
        raise _malformed("the address is no UTF-8") from None


def _malformed(what: str) -> Refusal:
    return Refusal(what, code="MALFORMED", kind=Kind.INVALID, hint="send one JSON object, in UTF-8")
