"""The programs that try one thing each: a terminal, a request, an API's description, a page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from plait.core.event import QaKind, QaStatus
from plait.core.qa import Scenario
from plait.qa import browser, terminal
from plait.qa.browser import chromium, try_page
from plait.qa.described import try_schema
from plait.qa.order import Order
from plait.qa.outcome import Outcome, leave
from plait.qa.request import try_request
from plait.qa.terminal import try_command

needs_browser = pytest.mark.skipif(
    find_spec("playwright") is None or chromium() is None,
    reason="Playwright (plait[qa]) or Chromium is not here",
)
needs_schemathesis = pytest.mark.skipif(
    find_spec("schemathesis") is None, reason="schemathesis (plait[qa]) is not here"
)
GOOD = b"""<!doctype html><title>Sums</title><h1>Sums</h1>
<label>A <input id="a"></label><button onclick="document.querySelector('p').textContent =
  'Twice: ' + 2 * document.querySelector('#a').value">Double</button><p></p>"""
BAD = b"""<!doctype html><title>Bad</title><h1>Bad</h1>
<script>console.error("no such sum"); fetch("/missing.json")</script>"""
SCHEMA = {
    "openapi": "3.0.3",
    "info": {"title": "Sums", "version": "1"},
    "paths": {
        "/health": {
            "get": {
                "responses": {
                    "200": {
                        "description": "fine",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["status"],
                                    "properties": {"status": {"type": "string"}},
                                }
                            }
                        },
                    }
                }
            }
        }
    },
}


class Answers(BaseHTTPRequestHandler):
    """A small server: two pages, an API, and an echo."""

    field = "status"

    def do_GET(self) -> None:
        """Answer."""
        known = {
            "/": (200, "text/html", GOOD),
            "/bad": (200, "text/html", BAD),
            "/health": (200, "application/json", json.dumps({self.field: "ok"}).encode()),
        }
        self._answer(*known.get(self.path, (404, "text/plain", b"nothing here")))

    def do_POST(self) -> None:
        """Answer with what was sent."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(201, "text/plain", body + self.headers.get("X-Name", "").encode())

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving(handler: type[Answers] = Answers) -> Iterator[str]:
    """The address of such a server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def order(folder: Path, *, guessed: bool = False, **told: Any) -> Order:
    """An item of that scenario."""
    of = {key: told.pop(key) for key in ("url", "schema", "timeout_s", "secrets") if key in told}
    scenario = Scenario(name="it", **{"kind": QaKind.CLI, **told})
    return Order(
        parent=os.getppid(),
        root=str(folder),
        folder=str(folder),
        result=str(folder / "result.json"),
        kind=scenario.kind.value,
        scenario=scenario,
        guessed=guessed,
        **{"timeout_s": 20.0, **of},
    )


ASKS = 'printf "\\033[31mName?\\033[0m "; read name; echo "Hello $name"; exit 3'


def test_a_terminal_is_driven_step_by_step(tmp_path: Path) -> None:
    """What is expected is awaited on the rendered screen, which is kept; the exit code counts."""
    steps = ({"expect": "Name?", "send": "Ada"},)
    told = try_command(order(tmp_path, command=ASKS, steps=steps, text=("Hello Ada",), exit_code=3))
    assert (told.status, told.reason) == (QaStatus.PASSED, "")
    assert "Name? Ada" in (tmp_path / "screen.txt").read_text()


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"command": ASKS, "steps": ({"expect": "Age?"},), "timeout_s": 0.5}, "in time"),
        (
            {"command": "echo hi", "steps": ({"expect": "Age?"},)},
            "it ended and never showed 'Age?'",
        ),
        ({"command": "echo hi; exit 2"}, "it exited 2, expected 0"),
        ({"command": "echo hi", "text": ("ho",)}, "it never showed 'ho'"),
        ({"command": "kill -9 $$"}, "it exited -9, expected 0"),
        ({"command": "yes | head -c 6000000"}, "it wrote more than 16 KiB"),
    ],
)
def test_what_a_command_does_otherwise_fails_it(
    tmp_path: Path, monkeypatch, told: Any, reason: str
) -> None:
    """With what was seen of it."""
    monkeypatch.setattr(terminal, "MOST_OUTPUT", 16 << 10)
    outcome = try_command(order(tmp_path, **told))
    assert outcome.status is QaStatus.FAILED
    assert reason in outcome.reason


@pytest.mark.parametrize(
    ("command", "status", "reason"),
    [
        ("echo usage", QaStatus.PASSED, ""),
        ("echo 'Traceback (most recent call last):'; exit 1", QaStatus.FAILED, "it crashed"),
        ("echo \"No module named 'yaml'\"; exit 1", QaStatus.NOT_RUN, "yaml is not installed"),
        ("exit 2", QaStatus.NOT_RUN, "nobody says whether it should"),
        ("no-such-program-of-ours", QaStatus.NOT_RUN, "its program is not here"),
    ],
)
def test_a_guess_fails_only_by_its_own_crash(
    tmp_path: Path, command: str, status: QaStatus, reason: str
) -> None:
    """Nobody has said what it should do."""
    outcome = try_command(order(tmp_path, guessed=True, command=command))
    assert (outcome.status, reason in outcome.reason) == (status, True)


def test_a_library_that_is_missing_is_told(tmp_path: Path, monkeypatch) -> None:
    """The item is not run, and says what to install."""
    for name in ("pexpect", "playwright", "playwright.sync_api"):
        monkeypatch.setitem(sys.modules, name, None)
    for outcome in (
        try_command(order(tmp_path, command="true")),
        try_page(order(tmp_path, kind=QaKind.WEB)),
    ):
        assert (outcome.status, "plait[qa]" in outcome.reason) == (QaStatus.NOT_RUN, True)


def test_a_request_is_judged_by_its_answer(tmp_path: Path) -> None:
    """Status and text, with what was sent and what came back."""
    post = {"kind": QaKind.API, "method": "POST", "path": "/users", "body": "Ada"}
    with serving() as url:
        headers = {"X-Name": "Lovelace"}
        made = try_request(
            order(tmp_path, url=url, status=201, headers=headers, text=("AdaLovelace",), **post)
        )
        wrong = try_request(order(tmp_path, url=url, status=200, **post))
        lacks = try_request(order(tmp_path, url=url, text=("Eve",), **post))
        absent = try_request(order(tmp_path, url=url, kind=QaKind.API, path="/nothing"))
    silent = try_request(order(tmp_path, url=url, kind=QaKind.API))
    assert made.status is QaStatus.PASSED
    assert wrong.reason == "it answered 201, expected 200"
    assert lacks.reason == "its answer lacks 'Eve'"
    assert (absent.reason, "nothing here" in absent.details) == ("it answered 404", True)
    assert (silent.status, "was not answered" in silent.reason) == (QaStatus.FAILED, True)


def test_what_is_left_holds_no_secrets(tmp_path: Path) -> None:
    """In the outcome and in the evidence."""
    asked = order(tmp_path, command="echo my-secret-99; exit 1", secrets=("my-secret-99",))
    leave(asked, try_command(asked))
    for name in ("result.json", "screen.txt"):
        text = (tmp_path / name).read_text()
        assert ("my-secret-99" in text, "[redacted]" in text) == (False, True)


def test_a_driver_whose_parent_is_gone_ends_with_all_it_started(tmp_path: Path) -> None:
    """The service, too: nobody waits for it."""
    serve = 'echo $$ > pid; echo "key my-secret-99"; sleep 300 & wait'
    told = {"parent": 1, "root": str(tmp_path), "folder": str(tmp_path), "serve": serve}
    done = subprocess.run(
        [sys.executable, "-I", "-m", "plait.qa"],
        input=json.dumps({**told, "secrets": ["my-secret-99"]}).encode(),
        start_new_session=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -9


def test_what_is_served_is_logged_within_bounds_and_without_secrets(tmp_path: Path) -> None:
    """It may write as much as it likes, and is never held up; the exit code is its own."""
    serve = 'echo "key my-secret-99"; yes | head -c 6000000; exit 5'
    told = {"parent": os.getpid(), "root": str(tmp_path), "folder": str(tmp_path), "serve": serve}
    done = subprocess.run(
        [sys.executable, "-I", "-m", "plait.qa"],
        input=json.dumps({**told, "secrets": ["my-secret-99"]}).encode(),
        start_new_session=True,
        timeout=60,
        check=False,
    )
    log = (tmp_path / "serve.log").read_bytes()
    assert (done.returncode, log.startswith(b"key [redacted]\n")) == (5, True)
    assert len(log) < (4 << 20) + 100
    assert log.endswith(b"(what it wrote further is left out)\n")


@needs_browser
@pytest.mark.qa
def test_a_page_is_shown_used_and_kept(tmp_path: Path) -> None:
    """A picture, the accessibility tree and the console are left."""
    steps = ({"fill": "#a", "with": "21"}, {"click": "button"}, {"expect": "Twice: 42"})
    with serving() as url:
        told = try_page(order(tmp_path, url=url, kind=QaKind.WEB, steps=steps, text=("Sums",)))
    assert (told.status, told.reason) == (QaStatus.PASSED, "")
    assert told.evidence == ("screenshot.png", "accessibility.txt", "console.txt")
    assert (tmp_path / "screenshot.png").read_bytes().startswith(b"\x89PNG")
    assert 'button "Double"' in (tmp_path / "accessibility.txt").read_text()


@needs_browser
@pytest.mark.qa
def test_errors_in_a_page_fail_it(tmp_path: Path) -> None:
    """What the console says, and what is not there; a page that is missing; a text."""
    with serving() as url:
        bad = try_page(order(tmp_path, url=url, kind=QaKind.WEB, path="/bad"))
        missing = try_page(order(tmp_path, url=url, kind=QaKind.WEB, path="/nothing"))
        lacks = try_page(
            order(tmp_path, url=url, kind=QaKind.WEB, text=("Products",), timeout_s=1.0)
        )
    assert (bad.status, "no such sum" in bad.reason) == (QaStatus.FAILED, True)
    assert "404 for" in bad.details
    assert missing.reason == "it answered 404"
    assert (lacks.status, "Timeout" in lacks.reason) == (QaStatus.FAILED, True)


@needs_browser
def test_without_a_browser_a_page_is_not_run(tmp_path: Path, monkeypatch) -> None:
    """It is told, and never passes."""
    monkeypatch.setattr(browser, "PROGRAMS", ("no-such-browser-of-ours",))
    told = try_page(order(tmp_path, kind=QaKind.WEB))
    assert (told.status, "no Chromium" in told.reason) == (QaStatus.NOT_RUN, True)


@needs_schemathesis
@pytest.mark.qa
def test_an_api_is_held_to_its_description(tmp_path: Path) -> None:
    """A field that is called otherwise fails it; so does nothing else."""

    class Wrong(Answers):
        field = "state"

    (tmp_path / "openapi.json").write_text(json.dumps(SCHEMA))
    found: list[Outcome] = []
    for handler in (Answers, Wrong):
        with serving(handler) as url:
            asked = order(
                tmp_path, url=url, kind=QaKind.API, schema="openapi.json", timeout_s=100.0
            )
            found.append(try_schema(asked))
    good, bad = found
    assert (good.status, good.reason) == (QaStatus.PASSED, "")
    assert (bad.status, bad.severity) == (QaStatus.FAILED, "high")
    assert '"status" is a required property' in bad.details


@needs_schemathesis
@pytest.mark.qa
def test_a_description_that_cannot_be_read_is_not_run(tmp_path: Path) -> None:
    """What schemathesis says of it is kept."""
    (tmp_path / "openapi.json").write_text("{")
    told = try_schema(
        order(tmp_path, url="http://127.0.0.1:9", kind=QaKind.API, schema="openapi.json")
    )
    assert (told.status, "could not try it" in told.reason) == (QaStatus.NOT_RUN, True)
