"""What a run's own agents ask of the coordinator: by files, so that any agent in any sandbox can.

An agent writes `NAME.json` into a folder of its attempt; the answer appears beside it as
`NAME.answer.json`. The verbs are those of the coordinator, done by the same desk, for a session
that the attempt is given when it first asks and that ends with it.

The folder is the agent's: nothing in it is followed, and nothing of it is believed to be whole.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup

from plait.core.roster import called
from plait.engine.claimed import Claimed
from plait.errors import PlaitError

if TYPE_CHECKING:
    from plait.engine.coordinator.desk import Desk
    from plait.engine.coordinator.verb import Caller

LOOK_S = 0.25
HEARTBEAT_S, TTL_S = 20.0, 90.0
MOST_BYTES = 64_000
MOST_AT_ONCE = 4  # that are being answered, of one agent
SETTLED_S = 1.0  # what is no JSON after so long is not being written any more
REQUEST, ANSWER = ".json", ".answer.json"
KEY = "session.key"  # in the attempt's folder: whoever takes the attempt up goes on with it
# An attempt has its work; and its session begins and ends with it.
NOT_THEIRS = frozenset({"register_session", "end_session", "get_work", "complete_work"})


@dataclass(slots=True, kw_only=True)
class Mailbox:
    """The requests of one attempt's agent. `desk` is made when it first asks."""

    claimed: Claimed
    desk: Callable[[], Desk]
    _made: Desk | None = None
    _caller: Caller | None = None
    _seen: set[str] = field(default_factory=set)
    _heard_at: float = 0.0
    _open: int = 0

    async def serve(self) -> None:
        """Answer requests until this is cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                for name, given in await to_thread.run_sync(self._requests):
                    self._open += 1
                    tasks.start_soon(self._answered, name, given, name=f"request {name}")
                await self._live(tasks)
                await anyio.sleep(LOOK_S)

    async def close(self) -> None:
        """End the session, if there is one: its locks are free."""
        if self._caller is not None:
            await self._quietly(self._caller, "end_session")

    async def _live(self, tasks: TaskGroup) -> None:
        now = anyio.current_time()
        if self._caller is not None and now - self._heard_at > HEARTBEAT_S:
            self._heard_at = now
            tasks.start_soon(self._quietly, self._caller, "heartbeat")

    async def _quietly(self, caller: Caller, verb: str) -> None:
        try:
            await self._the_desk().carry_out(caller, verb, {})
        except PlaitError:
            self._caller = None  # it is over: the next request gets another one

    async def _answered(self, name: str, given: Any) -> None:
        try:
            answer = await self._answer(given)
            await to_thread.run_sync(_write, folder_of(self.claimed), name, answer)
        finally:
            self._open -= 1

    async def _answer(self, given: Any) -> Mapping[str, Any]:
        from plait.engine.coordinator.refusal import Refusal

        try:
            if not isinstance(given, dict) or not isinstance(given.get("verb"), str):
                return _refused("INVALID_REQUEST", 'it is no object with a "verb"')
            verb = given.pop("verb")
            if verb in NOT_THEIRS:
                return _refused("DENIED", f"{verb} is not for the agent of an attempt")
            known = self._the_desk().verbs.get(verb)
            if known is not None and "epoch" in known.asks.model_fields:
                given |= self._itself  # an attempt speaks for itself alone
            done = await self._the_desk().carry_out(await self._joined(), verb, given)
            return {"ok": True, "answer": done.model_dump(mode="json")}
        except Refusal as refusal:
            told = _refused(refusal.code, refusal.message, refusal.hint)
            return {**told, "data": refusal.data}
        except PlaitError as error:
            return _refused(error.code, error.message, error.hint)

    async def _joined(self) -> Caller:
        """The attempt's session, begun now if there is none."""
        if self._caller is None:
            self._caller = await self._join()
            self._heard_at = anyio.current_time()
        return self._caller

    async def _join(self) -> Caller:
        from plait.engine.coordinator.verb import Caller

        claimed, key = self.claimed, self.claimed.task.directory / KEY
        trust = claimed.task.profile.trust
        who = Caller(
            agent=f"{called(claimed.agent.name, claimed.provider)} at {claimed.package.id}",
            trust=2 if trust is None else trust,
            run=claimed.task.run,
        )
        resume = key.read_text() if key.is_file() else ""
        asked = {
            "kind": claimed.agent.name,
            "doing": claimed.package.title[:1000],
            "run": claimed.task.run,
            "ttl_s": TTL_S,
        }
        try:
            told = await self._the_desk().carry_out(
                who, "register_session", {**asked, "resume": resume}
            )
        except PlaitError:  # the one that it had is over
            told = await self._the_desk().carry_out(who, "register_session", asked)
        credential: str = told.model_dump()["credential"]
        descriptor = os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(credential)
        return Caller(agent=who.agent, trust=who.trust, run=who.run, credential=credential)

    @property
    def _itself(self) -> Mapping[str, Any]:
        task = self.claimed.task
        return {"run": task.run, "package": task.package, "epoch": task.epoch}

    def _the_desk(self) -> Desk:
        if self._made is None:
            self._made = self.desk()
        return self._made

    def _requests(self) -> list[tuple[str, Any]]:
        """Requests that have no answer, and were not seen before."""
        try:
            folder = os.open(folder_of(self.claimed), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            return []
        try:
            names = {each for each in os.listdir(folder) if each.endswith(REQUEST)}  # noqa: PTH208
            asked = sorted(
                name
                for name in names - self._seen
                if not name.endswith(ANSWER) and _answer_of(name) not in names
            )
            found = []
            for name in asked[: MOST_AT_ONCE - self._open]:
                whole, given = _read(folder, name)
                if whole:
                    self._seen.add(name)
                    found.append((name, given))
            return found
        finally:
            os.close(folder)


def folder_of(claimed: Claimed) -> Path:
    """Where the agent of an attempt may write requests."""
    return claimed.task.result_path.with_name("requests")


def has_mail(claimed: Claimed) -> bool:
    """Whether an attempt's agent may ask: not one that only helps with another's attempt."""
    return not (claimed.aside or claimed.package.own or claimed.agent.can.outside)


def _refused(code: str, message: str, hint: str = "") -> dict[str, Any]:
    return {"ok": False, "code": code, "message": message, "hint": hint}


def _answer_of(name: str) -> str:
    return f"{name.removesuffix(REQUEST)}{ANSWER}"


def _read(folder: int, name: str) -> tuple[bool, Any]:
    """Whether a request is there as a whole, and what it holds; None: it is no JSON."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        return error.errno != errno.ENOENT, None
    with os.fdopen(descriptor, "rb") as file:
        told = os.fstat(descriptor)
        if not stat.S_ISREG(told.st_mode) or told.st_size > MOST_BYTES:
            return True, None
        text = file.read(MOST_BYTES + 1)
        try:
            return True, json.loads(text)
        except (ValueError, RecursionError):
            return time.time() - told.st_mtime > SETTLED_S, None


def _write(place: Path, name: str, answer: Mapping[str, Any]) -> None:
    """Put the answer beside the request, at once as a whole; what is in the way is left."""
    try:
        folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return  # the agent has taken the folder away: nobody waits for an answer
    new, flags = f".{name}.new", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    try:
        descriptor = os.open(new, flags, 0o644, dir_fd=folder)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            json.dump(answer, file, indent=2, ensure_ascii=False)
        os.replace(new, _answer_of(name), src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        return  # the same
    finally:
        os.close(folder)
