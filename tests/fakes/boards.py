"""Progress boards for tests: a webhook's receiver on loopback, and a server of MCP."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SECRET = "s3cret-of-the-b0ard"
TOKEN = "t0ken-of-the-b0ard"
SERVER = Path(__file__).with_name("board_server.py")


@dataclass
class Receiver:
    """What a webhook's receiver got; `answers` says how each request is answered, by its number.

    An answer is a status; -1: never (until the receiver closes); a text: a redirect to it; bytes:
    200 with this body.
    """

    answers: Callable[[int], int | str | bytes] = lambda _number: 204
    url: str = ""
    requests: list[tuple[Mapping[str, str], bytes]] = field(default_factory=list)
    accepted: list[dict[str, Any]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, headers: Mapping[str, str], body: bytes) -> int | str | bytes:
        """Take a request in."""
        with self._lock:
            self.requests.append((headers, body))
            answer = self.answers(len(self.requests))
            if isinstance(answer, bytes) or (isinstance(answer, int) and 200 <= answer < 300):
                self.accepted.append(json.loads(body))
            return answer

    def tickets(self) -> dict[str, Any]:
        """Each ticket as it was told last."""
        return {each["id"]: each for told in self.accepted for each in told["tickets"]}

    def states(self) -> dict[str, str]:
        """Each ticket's state as it was told last."""
        return {name: each["state"] for name, each in self.tickets().items()}

    def signed(self) -> bool:
        """Whether each request carries the right signature."""
        return all(
            hmac.compare_digest(
                headers.get("X-Plait-Signature-256", ""),
                "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
            )
            for headers, body in self.requests
        )


def always(answer: int | str | bytes) -> Receiver:
    """A receiver that answers each request so."""
    return Receiver(answers=lambda _number: answer)


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """The receiver, listening at its `url`."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = receiver.take(dict(self.headers.items()), body)
            if answer == -1:
                receiver.closing.wait(60)
                return
            if isinstance(answer, bytes):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                try:
                    self.wfile.write(answer)
                except OSError:
                    return  # nobody reads as much
                return
            self.send_response(307 if isinstance(answer, str) else answer)
            if isinstance(answer, str):
                self.send_header("Location", answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_told: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook-path"
    try:
        yield receiver
    finally:
        receiver.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def server_command(log: Path, *how: str) -> tuple[str, ...]:
    """The command of a real MCP server over stdio, which writes its calls to a file."""
    return (sys.executable, str(SERVER), str(log), *how)


def calls(log: Path) -> list[dict[str, Any]]:
    """What a server's tool was called with."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [json.loads(line) for line in lines]


@contextmanager
def listening(log: Path, *how: str) -> Iterator[str]:
    """A real MCP server over streamable HTTP; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv: Sequence[str] = (*server_command(log, *how), f"--port={port}")
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(600):
                with socket.socket() as tried:
                    if tried.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            server.kill()
