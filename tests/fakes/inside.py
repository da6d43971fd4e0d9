"""The coordinator over HTTP in this process, on a store whose time goes on as it is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from tests.fakes.clock import ManualClock

from plait.engine.coordinator.desk import Desk
from plait.service.callers import Callers
from plait.service.http.application import Application
from plait.service.http.hosts import Hosts
from plait.service.http.server import Protocol, listen
from plait.service.http.shield import Shield
from plait.service.rate import Rate
from plait.store import open_store


@dataclass(frozen=True, slots=True)
class Inside:
    """A service: its address, its clock, its store."""

    url: str
    clock: ManualClock
    desk: Desk

    def client(self, credential: str = "") -> httpx.Client:
        """A client with a connection of its own."""
        headers = {"Plait-Session": credential} if credential else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)


@contextmanager
def inside(place: str | Path) -> Iterator[Inside]:
    """Serve a store on a free port, by the product's own application."""
    clock = ManualClock()
    store = open_store(place, clock=clock, lease_clock=clock)
    desk = Desk(store=store)
    rate = Rate(per_second=1e6, burst=1e6)
    runs: Any = None  # nothing here asks for runs
    app = Application(
        desk=desk, runs=runs, version="0", callers=Callers(tokens=None, trust=3, rate=rate)
    )
    shield = Shield(app=app.starlette(), hosts=Hosts({"127.0.0.1"}, open_=False), rate=rate)
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(
            shield, http=Protocol, ws="none", lifespan="on", log_config=None, access_log=False
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        port = listening.getsockname()[1]
        yield Inside(url=f"http://127.0.0.1:{port}", clock=clock, desk=desk)
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        listening.close()
        store.close()
