"""The OpenAPI document, made from the descriptions of the verbs and of the places of runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from plait.engine.coordinator.verb import Verb
from plait.service.http import shown
from plait.service.http.problem import MEDIA, Problem
from plait.service.http.reading import LINES, REPORTS, STREAM

Schema = dict[str, Any]
_REF = "#/components/schemas/{model}"
_EXAMPLES: Mapping[int, tuple[str, str, str]] = {
    400: ("MALFORMED", "the body is no JSON: expected value at line 1 column 1", ""),
    401: ("NO_TOKEN", "this needs a token", "send Authorization: Bearer TOKEN"),
    403: ("DENIED", "cancel_work is not allowed: it needs trust 3, and it has 2", ""),
    404: ("NO_SUCH_RUN", "there is no run 20260101-000000-0000", ""),
    405: ("METHOD_NOT_ALLOWED", "this method is not for this place", ""),
    408: ("TOO_SLOW", "the body did not come within 20 s", ""),
    409: ("LOCKED", "file:src/app.py is held by ada (s-1)", "nothing was locked"),
    413: ("TOO_LARGE", "a request has at most 1000000 bytes", ""),
    415: ("NOT_JSON", "the body is to be application/json", ""),
    422: ("INVALID_REQUEST", "title: Field required", "see the operation's schema"),
    429: ("TOO_OFTEN", "too many requests", "wait as long as Retry-After says"),
    500: ("BUG", "a bug in Plait: its log has more", ""),
    503: ("STORE_UNREACHABLE", "the database does not answer", ""),
}
_READING = (400, 401, 403, 404, 405, 408, 409, 413, 422, 429, 500, 503)
_ASKING = (400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 500, 503)
_PROBING = (400, 401, 403, 405, 408, 413, 429, 500, 503)


def document(verbs: Mapping[str, Verb[Any, Any]], *, version: str, tokens: bool) -> Schema:
    """The document, of OpenAPI 3.1.

    Args:
        verbs: The verbs that are offered.
        version: Plait's.
        tokens: Whether a token is needed.
    """
    refs, schemas = _schemas(verbs.values())
    paths: dict[str, Schema] = dict(_places(refs))
    for verb in verbs.values():
        paths[f"/api/{verb.name}"] = _of_verb(verb, refs)
    token = [{"token": list[str]()}] if tokens else []
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Plait's coordinator",
            "version": version,
            "description": "Agents of any tool discover runs, claim work, take locks and report.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        **({"security": token} if token else {}),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {_name(status): _problem(status) for status in _EXAMPLES},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Plait-Session",
                    "description": "The credential that register_session answers with",
                },
            },
        },
    }


_Refs = Mapping[tuple[type[Any], JsonSchemaMode], Schema]


def _schemas(verbs: Iterable[Verb[Any, Any]]) -> tuple[_Refs, Schema]:
    wanted: list[tuple[type[Any], JsonSchemaMode]] = [
        (model, "serialization") for model in (Problem, *shown.MODELS)
    ]
    for verb in verbs:
        wanted += [(verb.asks, "validation"), (verb.answers, "serialization")]
    refs, told = models_json_schema(wanted, ref_template=_REF)
    return refs, told["$defs"]


def _of_verb(verb: Verb[Any, Any], refs: _Refs) -> Schema:
    asks, answers = refs[verb.asks, "validation"], refs[verb.answers, "serialization"]
    told: Schema = {
        "summary": verb.summary,
        "description": verb.description,
        "tags": [verb.capability.value],
        "responses": {"200": _json("The answer", answers), **_problems(_ASKING)},
    }
    if verb.needs_session:
        told["security"] = [{"session": []}, {"token": [], "session": []}]
    schema = verb.asks.model_json_schema()
    body = {
        "required": bool(schema.get("required")),
        "content": {"application/json": {"schema": asks}},
    }
    place: Schema = {"post": {"operationId": verb.name, **told, "requestBody": body}}
    if not verb.writes:
        parameters = _parameters(verb)
        place["get"] = {"operationId": f"{verb.name}_get", **told, "parameters": parameters}
    return place


def _parameters(verb: Verb[Any, Any]) -> list[Schema]:
    """The fields of a request as parts of the address."""
    schema = verb.asks.model_json_schema(ref_template=_REF)
    needed = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in needed,
            "description": each.get("description", ""),
            "schema": _without_null(each),
        }
        for name, each in schema.get("properties", {}).items()
    ]


def _without_null(schema: Schema) -> Schema:
    """What can stand in an address: there is no null; it is left out instead."""
    kinds = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if len(kinds) == 1:
        return dict(kinds[0])
    return {key: value for key, value in schema.items() if key not in {"title", "default"}}


def _places(refs: _Refs) -> Iterable[tuple[str, Schema]]:
    def told(model: type[Any]) -> Schema:
        return refs[model, "serialization"]

    run = {
        "name": "run",
        "in": "path",
        "required": True,
        "description": "The run's id",
        "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    }
    yield "/health", {"get": {**_get("health", "Whether it serves", told(shown.Health), _PROBING)}}
    yield "/openapi.json", {"get": _get("openapi", "This document", {"type": "object"}, _PROBING)}
    yield (
        "/api/capabilities",
        {"get": _get("capabilities", "What it offers", told(shown.Handshake), _PROBING)},
    )
    yield "/api/runs", {"get": _get("runs", "All runs", told(shown.AllRuns), _READING)}
    one = _get("run", "Where a run stands", told(shown.RunStatus), _READING)
    yield "/api/runs/{run}", {"parameters": [run], "get": one}
    yield "/api/runs/{run}/events", {"parameters": [run], "get": _events(told(shown.OneEvent))}
    yield "/api/runs/{run}/report", {"parameters": [run], "get": _report(told(shown.Report))}


def _events(event: Schema) -> Schema:
    behind = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
    return {
        "operationId": "events",
        "tags": ["runs"],
        "summary": "A run's events: those there are as JSON lines, or a stream that goes on",
        "description": f"With `Accept: {STREAM}` the answer goes on as events happen; `id` is an "
        "event's `seq`, and a client that was cut off goes on behind `Last-Event-ID`.",
        "parameters": [
            {
                "name": "after",
                "in": "query",
                "description": "Only events behind this `seq`",
                "schema": behind,
            },
            {"name": "Last-Event-ID", "in": "header", "schema": behind},
        ],
        "responses": {
            "200": {
                "description": "Events, in order",
                "content": {
                    LINES: {"schema": {"type": "string"}, "x-each-line": event},
                    STREAM: {"schema": {"type": "string"}, "x-each-data": event},
                },
            },
            **_problems(_READING),
        },
    }


def _report(report: Schema) -> Schema:
    content: Schema = {media: {"schema": {"type": "string"}} for media in REPORTS.values()}
    content["application/json"] = {"schema": report}
    form = {
        "name": "format",
        "in": "query",
        "schema": {"type": "string", "enum": list(REPORTS), "default": "json"},
    }
    return {
        "operationId": "report",
        "tags": ["runs"],
        "summary": "A run's report, finished or not",
        "parameters": [form],
        "responses": {
            "200": {"description": "The report", "content": content},
            **_problems(_READING),
        },
    }


def _get(name: str, summary: str, schema: Schema, statuses: Iterable[int]) -> Schema:
    told: Schema = {
        "operationId": name,
        "tags": ["runs" if name.startswith("run") else "service"],
        "summary": summary,
        "responses": {"200": _json(summary, schema), **_problems(statuses)},
    }
    return {**told, "security": []} if name == "health" else told


def _json(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _name(status: int) -> str:
    return HTTPStatus(status).name.title().replace("_", "")


def _problems(statuses: Iterable[int]) -> Schema:
    return {str(each): {"$ref": f"#/components/responses/{_name(each)}"} for each in statuses}


def _problem(status: int) -> Schema:
    code, detail, hint = _EXAMPLES[status]
    example = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "hint": hint,
        "errors": [],
        "data": {},
    }
    told: Schema = {
        "description": HTTPStatus(status).phrase,
        "content": {
            MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
        },
    }
    if status in {429, 503}:
        seconds = {"description": "Seconds to wait", "schema": {"type": "integer"}}
        told["headers"] = {"Retry-After": seconds}
    return told
