"""The application: a place for each verb, the places where runs are read, and those for probes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.fields import Message
from plait.engine.coordinator.verb import Verb
from plait.errors import PlaitError
from plait.service.callers import Callers
from plait.service.handshake import capabilities
from plait.service.http import problem
from plait.service.http.asking import body_of, of_query
from plait.service.http.feed import Feeds
from plait.service.http.openapi import document
from plait.service.http.reading import RunPlaces
from plait.service.runs import Runs

GONE = 499  # of a client that did not wait: nobody reads it
Lifespan = Callable[[], AbstractAsyncContextManager[Any]]


@dataclass(slots=True, kw_only=True)
class Application:
    """What is served.

    Args:
        desk: Carries verbs out.
        runs: What is told of runs.
        version: Plait's.
        callers: Who may ask.
        mcp: The other face, at `/mcp`, and what it does as long as it is served; None: none.
    """

    desk: Desk
    runs: Runs
    version: str
    callers: Callers
    mcp: tuple[ASGIApp, Lifespan] | None = None
    feeds: Feeds = field(init=False)

    def __post_init__(self) -> None:
        """Have one feed of events for all."""
        self.feeds = Feeds(runs=self.runs)

    def starlette(self) -> Starlette:
        """The application as ASGI."""
        places = RunPlaces(desk=self.desk, runs=self.runs, feeds=self.feeds, callers=self.callers)
        routes: list[BaseRoute] = [
            Route("/health", self._health, methods=["GET"]),
            Route("/openapi.json", self._openapi, methods=["GET"]),
            Route("/api/capabilities", self._capabilities, methods=["GET"]),
            *places.routes(),
            *(self._route(each) for each in self.desk.verbs.values()),
        ]
        if self.mcp is not None:
            routes.append(Route("/mcp", _Asgi(self.mcp[0]), methods=None))
        return Starlette(
            routes=routes,
            lifespan=self._lifespan,
            exception_handlers={
                PlaitError: problem.on_expected,
                HTTPException: problem.on_status,
                Exception: problem.on_bug,
            },
        )

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if self.mcp is not None:
                await stack.enter_async_context(self.mcp[1]())
            group = await stack.enter_async_context(anyio.create_task_group())
            group.start_soon(self.feeds.watch)
            yield
            self.feeds.close()
            group.cancel_scope.cancel()

    def _route(self, verb: Verb[Any, Any]) -> Route:
        async def endpoint(request: Request) -> Response:
            caller = self.callers(request.headers)
            is_post = request.method == "POST"
            given = await body_of(request) if is_post else of_query(request, verb)
            doing = self.desk.carry_out(caller, verb.name, given)
            answer = await (doing if verb.settled is None else _while_there(request, doing))
            if answer is None:
                return Response(status_code=GONE)
            return Response(answer.model_dump_json(), media_type="application/json")

        methods = ["POST"] if verb.writes else ["POST", "GET"]
        return Route(f"/api/{verb.name}", endpoint, methods=methods, name=verb.name)

    async def _health(self, _request: Request) -> Response:
        return JSONResponse({"status": "ok", "version": self.version})

    async def _openapi(self, request: Request) -> Response:
        self.callers(request.headers)
        told = document(
            self.desk.verbs, version=self.version, tokens=self.callers.tokens is not None
        )
        return JSONResponse(told)

    async def _capabilities(self, request: Request) -> Response:
        self.callers(request.headers)
        return JSONResponse(capabilities(self.desk.verbs, version=self.version))


async def _while_there(request: Request, doing: Awaitable[Message]) -> Message | None:
    """Wait for an answer as long as the client does: nothing is claimed for one that has gone."""
    told: list[Message] = []

    async def gone(scope: anyio.CancelScope) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    failed: list[PlaitError] = []
    async with anyio.create_task_group() as group:
        group.start_soon(gone, group.cancel_scope)
        try:
            told.append(await doing)
        except PlaitError as error:  # outside, it would be one of a group
            failed.append(error)
        group.cancel_scope.cancel()
    if failed:
        raise failed[0]
    return told[0] if told else None


@dataclass(slots=True)
class _Asgi:
    """An ASGI application as an endpoint: a route's functions are taken for something else."""

    app: ASGIApp

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)
