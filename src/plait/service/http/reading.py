"""The places where runs are read: lists, states, events, reports."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.refusal import Kind, Refusal
from plait.service.callers import Callers
from plait.service.http.feed import AT_ONCE, Feeds
from plait.service.runs import Runs, bound_to

STREAM = "text/event-stream"
LINES = "application/x-ndjson"
REPORTS = {"json": "application/json", "md": "text/markdown", "html": "text/html"}
_HTML_CSP = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'; sandbox allow-scripts"
)
_LARGEST = 2**53
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlaces:
    """Where runs are read. What a caller is bound to bounds what it sees."""

    desk: Desk
    runs: Runs
    feeds: Feeds
    callers: Callers

    def routes(self) -> list[Route]:
        """The places."""
        return [
            Route("/api/runs", self._all, methods=["GET"]),
            Route("/api/runs/{run}", self._status, methods=["GET"]),
            Route("/api/runs/{run}/events", self._events, methods=["GET"]),
            Route("/api/runs/{run}/report", self._report, methods=["GET"]),
        ]

    async def _all(self, request: Request) -> Response:
        _only(request, set())
        bound = await to_thread.run_sync(bound_to, self.desk, self.callers(request.headers))
        rows = await to_thread.run_sync(self.runs.all)
        return JSONResponse({"runs": [each for each in rows if not bound or each["run"] == bound]})

    async def _status(self, request: Request) -> Response:
        _only(request, set())
        run = await self._run(request)
        return JSONResponse(await to_thread.run_sync(self.runs.status, run))

    async def _events(self, request: Request) -> Response:
        _only(request, {"after"})
        after = _after(request)
        run = await self._run(request)
        read = partial(self.runs.events, run, most=AT_ONCE)
        first = await to_thread.run_sync(partial(read, after=after))  # and whether it is there
        if STREAM in request.headers.get("accept", ""):
            headers = {"x-accel-buffering": "no"}
            if request.method == "HEAD":
                return Response(media_type=STREAM, headers=headers)
            return StreamingResponse(
                self.feeds.listen(run, after), media_type=STREAM, headers=headers
            )

        async def lines() -> AsyncIterator[bytes]:
            some = first
            while some:
                yield b"".join(data + b"\n" for _, data in some)
                some = await to_thread.run_sync(partial(read, after=some[-1][0]))

        return StreamingResponse(lines(), media_type=LINES)

    async def _report(self, request: Request) -> Response:
        _only(request, {"format"})
        form = request.query_params.get("format", "json")
        if form not in REPORTS:
            raise _wrong("format", f"it is one of {', '.join(REPORTS)}")
        run = await self._run(request)
        text = await to_thread.run_sync(self.runs.report, run, form)
        headers = {"content-security-policy": _HTML_CSP} if form == "html" else {}
        return Response(text, media_type=REPORTS[form], headers=headers)

    async def _run(self, request: Request) -> str:
        """The run that is asked for, if the caller may see it."""
        caller, run = self.callers(request.headers), str(request.path_params["run"])
        if len(run) > LONGEST_NAME or not run.isprintable():
            raise Refusal("there is no such run", code="NO_SUCH_RUN", kind=Kind.MISSING)
        return await to_thread.run_sync(bound_to, self.desk, caller, run)


def _after(request: Request) -> int:
    """The number behind which events are wanted: where a stream broke off, or as asked."""
    given: list[int] = []
    for name, text in (
        ("Last-Event-ID", request.headers.get("last-event-id")),
        ("after", request.query_params.get("after")),
    ):
        if text:
            digits = text.lstrip("0") or "0" if text.isascii() and text.isdecimal() else ""
            if not digits or len(digits) > len(str(_LARGEST)) or int(digits) >= _LARGEST:
                raise _wrong(name, "it is the number of an event")
            given.append(int(digits))
    return given[0] if given else 0


def _only(request: Request, names: set[str]) -> None:
    unknown = sorted(set(request.query_params) - names)
    if unknown:
        raise _wrong(unknown[0][:80], "there is no such parameter")


def _wrong(where: str, what: str) -> Refusal:
    return Refusal(
        f"{where}: {what}",
        code="INVALID_REQUEST",
        kind=Kind.INVALID,
        data={"errors": [{"where": where, "what": what}]},
    )
