"""Errors as `application/problem+json` (RFC 9457), with Plait's codes."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import Field, JsonValue
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from plait.engine.coordinator.fields import Message
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.errors import EnvironmentLack, PlaitError, UsageError

MEDIA = "application/problem+json"
STATUS: Mapping[Kind, int] = {
    Kind.INVALID: 422,
    Kind.UNKNOWN_CALLER: 401,
    Kind.FORBIDDEN: 403,
    Kind.MISSING: 404,
    Kind.CONFLICT: 409,
    Kind.LIMIT: 429,
}
_BY_CODE = {
    "MALFORMED": 400,
    "TOO_LARGE": 413,
    "NO_RUN": 404,
    "NO_SUCH_RUN": 404,
    "TOO_SLOW": 408,
    "NOT_JSON": 415,
}
_CODES = {404: "NO_SUCH_PLACE", 405: "METHOD_NOT_ALLOWED", 400: "MALFORMED"}
_HINTS = {404: "see /openapi.json for what there is"}


class Wrong(Message):
    """One thing that is wrong with a request."""

    where: str
    """The field, its parts joined by dots; empty: the request as a whole"""
    what: str


class Problem(Message):
    """Why a request was not carried out. Nothing of it was done."""

    type: str = "about:blank"
    title: str
    """Of the status"""
    status: int
    code: str
    """Plait's: stable, in capitals"""
    detail: str
    hint: str = ""
    """What the caller can do"""
    errors: tuple[Wrong, ...] = ()
    data: dict[str, JsonValue] = Field(default_factory=dict)
    """What a program may want to know of it"""


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    hint: str = "",
    data: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """An error as an answer."""
    more = dict(data or {})
    told = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        hint=hint,
        errors=tuple(Wrong(**each) for each in more.pop("errors", ())),
        data=more,
    )
    return JSONResponse(
        told.model_dump(mode="json"), status, media_type=MEDIA, headers=dict(headers or {})
    )


def of_error(error: PlaitError) -> JSONResponse:
    """The answer to a request that failed as was to be expected."""
    data = error.data if isinstance(error, Refusal) else {}
    status = status_of(error)
    return problem(
        status,
        error.code,
        error.message,
        hint=error.hint,
        data=data,
        headers=_headers(status, data),
    )


def status_of(error: PlaitError) -> int:
    """The status that tells what kind of error it is."""
    if error.code in _BY_CODE:
        return _BY_CODE[error.code]
    if isinstance(error, Refusal):
        return STATUS[error.kind]
    if isinstance(error, EnvironmentLack):
        return 503
    return 422 if isinstance(error, UsageError) else 500


def _headers(status: int, data: Mapping[str, Any]) -> Mapping[str, str]:
    if status == HTTPStatus.UNAUTHORIZED:
        return {"www-authenticate": 'Bearer realm="plait"'}
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        return {"retry-after": str(max(1, round(float(data.get("retry_after_s", 1)))))}
    if status in {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT}:
        return {"connection": "close"}  # what is left of the request is not read
    return {}


async def on_expected(_request: Request, error: Exception) -> JSONResponse:
    """The answer to an expected failure."""
    if not isinstance(error, PlaitError):
        raise error
    return of_error(error)


async def on_status(_request: Request, error: Exception) -> JSONResponse:
    """The answer where no place, or no such method at a place, is found."""
    if not isinstance(error, HTTPException):
        raise error
    status = error.status_code
    return problem(
        status,
        _CODES.get(status, HTTPStatus(status).name),
        {404: "there is nothing here", 405: "this method is not for this place"}.get(
            status, error.detail
        ),
        hint=_HINTS.get(status, ""),
        headers=error.headers,
    )


async def on_bug(_request: Request, _error: Exception) -> JSONResponse:
    """The answer where Plait itself failed: nothing of how is told; the log has it."""
    return problem(
        500, "BUG", "a bug in Plait: its log has more", hint="please report it with that log"
    )
