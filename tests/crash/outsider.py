"""A worker from elsewhere: it lives on whatever is killed, and claims, works and completes."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from plait.engine.coordinator.desk import Desk
from plait.engine.coordinator.refusal import Refusal
from plait.engine.coordinator.verb import Caller
from plait.errors import PlaitError
from plait.store import open_store

LOOK_S = 0.03


class _WallClock:
    def now(self) -> float:
        """Unix time."""
        return time.time()


class Outsider:
    """One such worker, in a thread of the suite, with a connection of its own to the store.

    It does what the script says in the workspace that it is handed, as an agent would.
    """

    def __init__(self, database: Path, script: Path, env: dict[str, str]) -> None:
        """Begin to look for work as soon as there is a store."""
        self.database, self.script, self.env = database, script, env
        self.over = threading.Event()
        threading.Thread(target=self._live, daemon=True).start()

    def _live(self) -> None:
        while not self.over.wait(LOOK_S):
            if not self.script.exists():
                return
            if self.database.exists():
                with suppress(PlaitError):  # it is being made
                    self._join()

    def _join(self) -> None:
        store = open_store(self.database, clock=_WallClock())
        try:
            self.desk = Desk(store=store)
            told = self._do(Caller(), "register_session", agent="outsider", ttl_s=600.0)
            caller = Caller(credential=told.credential)
            while not self.over.wait(LOOK_S) and self.script.exists():
                work = self._do(caller, "get_work").work
                if work is not None:
                    self._works(caller, work)
        finally:
            store.close()

    def _works(self, caller: Caller, work: Any) -> None:
        given = work.input
        env = {
            **self.env,
            "PLAIT_PACKAGE": work.package,
            "PLAIT_ATTEMPT": str(given["attempt"]),
            "PLAIT_EPOCH": str(given["epoch"]),
        }
        place = Path(given["workspace"]["path"])
        code = 1
        with suppress(OSError):  # its worktree was taken away: the attempt is over
            code = subprocess.run(
                ["sh", os.fspath(self.script)], cwd=place, env=env, check=False
            ).returncode
        status = {0: "completed", 75: "blocked"}.get(code, "failed")
        with suppress(Refusal):  # it came too late
            self._do(caller, "complete_work", task=work.task, token=work.token, status=status)

    def _do(self, caller: Caller, name: str, **given: Any) -> Any:
        verb, asked = self.desk.read(name, given)
        return self.desk.do(caller, verb, asked)
