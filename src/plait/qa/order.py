"""What a driver is told, and how it notices that nobody waits for it any more."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plait.core.codec import decode
from plait.core.qa import Scenario

LOOK_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One item, or (`serve`) the service.

    Args:
        parent: The process id of whoever waits for it.
        kind: Of an item: `cli`, `api` or `web`.
        scenario: What is done, and what must come of it.
        root: The worktree.
        folder: Where evidence goes.
        result: The file for the outcome.
        timeout_s: How long it may take.
        url: The base address of what is served.
        schema: Where an API is described, if that is what is tried.
        guessed: Nobody has named the item.
        serve: A command for the shell that serves.
        secrets: Texts that must not be written down.
    """

    parent: int
    root: str
    folder: str
    kind: str = ""
    scenario: Scenario | None = None
    result: str = ""
    timeout_s: float = 60.0
    url: str = ""
    schema: str = ""
    guessed: bool = False
    serve: str = ""
    secrets: tuple[str, ...] = ()

    @property
    def what(self) -> Scenario:
        """The scenario of an item."""
        assert self.scenario is not None  # noqa: S101 - every item has one
        return self.scenario

    @property
    def evidence(self) -> Path:
        """Where evidence goes."""
        return Path(self.folder)


def read_order(raw: bytes) -> Order:
    """The order that the engine wrote."""
    data: Any = json.loads(raw)
    return decode(Order, data)


def watch_parent(parent: int) -> None:
    """From now on end the whole process group once the parent is gone, however it went."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK_S)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()
