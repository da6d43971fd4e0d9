"""The scripted model as a server on HTTP."""

from __future__ import annotations

import gzip
import json
import re
import select
import socket
import threading
import time
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from plait.demo.model.anthropic import Messages
from plait.demo.model.chat import ChatCompletions
from plait.demo.model.gemini import GenerateContent
from plait.demo.model.heard import Dialect, Event, Heard, Refusal
from plait.demo.model.responses import Responses
from plait.demo.model.scenario import Scenarios
from plait.demo.model.script import Reply, Script
from plait.errors import EnvironmentLack

MOST_BYTES = 64 << 20  # of a request
MODELS = ("scripted-model", "scripted-small")
_SECRET = re.compile(r"authorization|api-?key|token|cookie", re.IGNORECASE)
_PREFIX = re.compile(r"^/s/([^/]+)(/.*)?$")
_GENERATE = re.compile(r":(generateContent|streamGenerateContent)$")
_CHAT, _RESPONSES, _MESSAGES, _GEMINI = (
    ChatCompletions(), Responses(), Messages(), GenerateContent()
)  # fmt: skip
_SLICE_S = 0.2  # how often one that waits looks whether it is still waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a path asks for."""

    dialect: Dialect
    counts: bool = False  # tokens are asked for, not an answer


def route(path: str) -> Route | None:
    """Which service a path belongs to; with and without `/v1` and the like before it."""
    if path.endswith("/messages"):
        return Route(dialect=_MESSAGES)
    if path.endswith("/messages/count_tokens"):
        return Route(dialect=_MESSAGES, counts=True)
    if path.endswith("/chat/completions"):
        return Route(dialect=_CHAT)
    if path.endswith("/responses"):
        return Route(dialect=_RESPONSES)
    if path.endswith("/responses/input_tokens"):
        return Route(dialect=_RESPONSES, counts=True)
    if _GENERATE.search(path):
        return Route(dialect=_GEMINI)
    if path.endswith(":countTokens"):
        return Route(dialect=_GEMINI, counts=True)
    return None


class ModelServer(ThreadingHTTPServer):
    """Serves scenarios until it is shut down.

    Args:
        scenarios: What is played.
        host: The address to listen on.
        port: 0: any that is free; `url` tells which.
        log: Where each request is told, a JSON object a line, without keys.
        bodies: Whether the log holds the requests' bodies too.

    Raises:
        EnvironmentLack: `ADDRESS_TAKEN`, nothing can listen there.
    """

    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(
        self,
        scenarios: Scenarios,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        log: Path | None = None,
        bodies: bool = False,
    ) -> None:
        self.script = Script(scenarios)
        self.bodies = bodies
        self.ending = threading.Event()
        self._writing = threading.Lock()
        self._log = log.open("a", encoding="utf-8") if log else None
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), Exchange)
        except OSError as error:
            raise EnvironmentLack(
                f"nothing can listen on {host}:{port}: {error.strerror}",
                code="ADDRESS_TAKEN",
                hint="--port 0 takes any port that is free",
            ) from None

    @property
    def url(self) -> str:
        """Where it is found."""
        host, port = self.server_address[:2]
        name = host.decode() if isinstance(host, bytes) else str(host)
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def shutdown(self) -> None:
        """End, those that hang included."""
        self.ending.set()
        super().shutdown()

    def server_close(self) -> None:
        """Let go of the port and the log."""
        super().server_close()
        if self._log:
            self._log.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """One that went away in mid-answer is nothing to speak of."""
        import sys

        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def tell(self, **told: Any) -> None:
        """Write a line to the log."""
        if self._log is None:
            return
        line = json.dumps({"at": round(time.time(), 3), **told}, ensure_ascii=False)
        with self._writing:
            if not self._log.closed:
                self._log.write(line + "\n")
                self._log.flush()


class Exchange(BaseHTTPRequestHandler):
    """One request and its answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ModelServer

    def do_HEAD(self) -> None:
        """Whether somebody is there."""
        self._send(200, {})

    def do_GET(self) -> None:
        """Which models there are; of anything else: that somebody is there."""
        _, path = self._place()
        name = re.search(r"/models/([^/]+)$", path)
        if name:
            self._send(200, _model(unquote(name[1])))
        elif path.endswith("/models"):
            told = [_model(each) for each in MODELS]
            self._send(200, {"object": "list", "data": told, "models": told, "has_more": False})
        elif path in {"/", "", "/health", "/api/hello"}:
            self._send(200, {"ok": True})
        else:
            self._send(404, {"error": {"message": f"there is nothing at {path}"}})
        self.server.tell(method="GET", path=path, headers=self._shown())

    def do_POST(self) -> None:
        """An answer, or how many tokens there are."""
        prefix, path = self._place()
        found, raw = route(path), self._body()
        told = {"method": "POST", "path": path, "prefix": prefix, "headers": self._shown()}
        if found is None or raw is None:
            status = 404 if raw is not None else 413
            self._send(status, {"error": {"message": f"nothing is answered at {path}"}})
            self.server.tell(**told, status=status)
            return
        try:
            body = json.loads(raw)
            heard = found.dialect.hear(body, path)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            refusal = Refusal(status=400, message=f"the request cannot be read: {error!r}")
            self._refuse(found.dialect, refusal, {})
            self.server.tell(**told, status=400, error=repr(error))
            return
        if found.counts:
            self._send(200, found.dialect.count(heard))
            self.server.tell(**told, status=200, api=found.dialect.name)
            return
        reply = self.server.script.reply(heard, prefix)
        if self.server.bodies:
            told["body"] = body
        self.server.tell(**told, api=found.dialect.name, **_said(heard, reply))
        self._reply(found.dialect, heard, reply)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error: what is asked stands in the log."""

    def _place(self) -> tuple[str, str]:
        path = urlsplit(self.path).path
        match = _PREFIX.match(path)
        return (unquote(match[1]), match[2] or "/") if match else ("", path)

    def _body(self) -> bytes | None:
        """What is sent; None if it is too much, or no one can tell how much it is."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            self.close_connection = True
            return None
        raw = self.rfile.read(int(length))
        if self.headers.get("Content-Encoding", "") != "gzip":
            return raw
        try:
            return gzip.decompress(raw)
        except (OSError, EOFError, zlib.error):
            return b""

    def _shown(self) -> dict[str, str]:
        """The headers; what could be a key is not."""
        return {
            key.lower(): "[redacted]" if _SECRET.search(key) else value
            for key, value in self.headers.items()
        }

    def _reply(self, dialect: Dialect, heard: Heard, reply: Reply) -> None:
        if reply.hang:
            self._wait(None)
            self.close_connection = True
        elif not self._wait(reply.delay_s):
            self.close_connection = True
        elif reply.refusal is not None:
            self._refuse(dialect, reply.refusal, reply.headers)
        elif reply.answer is not None and heard.stream:
            self._stream(dialect.stream(reply.answer, heard), reply)
        elif reply.answer is not None and reply.cut is None:
            self._send(200, dialect.tell(reply.answer, heard), reply.headers)
        elif reply.answer is not None:
            self._cut_short(dialect.tell(reply.answer, heard))

    def _refuse(self, dialect: Dialect, refusal: Refusal, more: Mapping[str, str]) -> None:
        body, headers = dialect.refuse(refusal)
        self._send(refusal.status, body, {**headers, **more})

    def _send(
        self, status: int, told: Mapping[str, Any], more: Mapping[str, str] | None = None
    ) -> None:
        data = json.dumps(told, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for key, value in (more or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _stream(self, events: Sequence[Event], reply: Reply) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Transfer-Encoding", "chunked")
        for key, value in reply.headers.items():
            self.send_header(key, value)
        self.end_headers()
        for name, data in events[: reply.cut]:
            text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
            head = f"event: {name}\n" if name else ""
            raw = f"{head}data: {text}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(raw), raw))
        if reply.cut is None:
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._break_off()

    def _cut_short(self, told: Mapping[str, Any]) -> None:
        """An answer in one piece, of which half comes."""
        data = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self._break_off()

    def _break_off(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def _wait(self, seconds: float | None) -> bool:
        """Wait, for ever if it must be; False if the server ends or nobody waits any more."""
        end = None if seconds is None else time.monotonic() + seconds
        while not self.server.ending.is_set():
            left = _SLICE_S if end is None else min(_SLICE_S, end - time.monotonic())
            if left <= 0:
                return True
            ready, _, _ = select.select([self.connection], [], [], left)
            if ready:  # it has gone, or sends what nobody asked for
                return False
        return False


def _model(name: str) -> dict[str, Any]:
    """A model as all services would tell of it at once."""
    return {
        "id": name,
        "object": "model",
        "type": "model",
        "created": 1_767_225_600,
        "created_at": "2026-01-01T00:00:00Z",
        "owned_by": "plait",
        "display_name": name,
        "name": f"models/{name}",
        "inputTokenLimit": 200_000,
        "outputTokenLimit": 32_000,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }


def _said(heard: Heard, reply: Reply) -> dict[str, Any]:
    """What the log tells of an answer."""
    told: dict[str, Any] = {
        "model": heard.model,
        "stream": heard.stream,
        "tools": [each.name for each in heard.tools],
        "scenario": reply.place.scenario if reply.place else None,
    }
    if reply.place:
        told |= {"attempt": reply.place.attempt, "turn": reply.place.turn, "cwd": reply.place.cwd}
    if reply.answer:
        told["says"] = reply.answer.text
        told["calls"] = [
            {"name": each.name, "arguments": each.arguments} for each in reply.answer.calls
        ]
    fault = "hang" if reply.hang else "cut" if reply.cut is not None else None
    told["status"] = reply.refusal.status if reply.refusal else 200
    return {**told, "fault": "status" if reply.refusal else fault}
