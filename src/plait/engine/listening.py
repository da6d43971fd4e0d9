"""What an agent says while it works: its log followed, read, summed up, written down.

The agent's output goes to a file, and the file is read as it grows: the agent never waits for
Plait, and nothing is lost if Plait is killed. Whoever takes the attempt up reads the log from
its beginning again, so that the account is whole; what the transcript holds already is not
written a second time.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import anyio
from anyio import lowlevel
from pydantic_core import to_json

from plait.core.entries import entry_json, shortened
from plait.core.event import Denied, Warned
from plait.core.evolve import replace
from plait.core.package import PackageState
from plait.core.report import instant
from plait.core.transcript import Account, Entry, Tally, ToolDenied, Unread
from plait.engine.claimed import Claimed
from plait.engine.context import Context
from plait.ports import Reader, Usage

N = TypeVar("N", int, float)
STDOUT, TRANSCRIPT = "stdout.log", "transcript.jsonl"
SLICE: Final = 1 << 16  # bytes that are taken in before others have their turn
MOST_LINE = 4 << 20  # bytes; a longer one is not read
MOST_ENTRY = 64_000  # bytes of an entry as JSON, above which its texts are cut
TOLD_DENIALS = 20  # that become events, one by one
MOST_EVENT_TEXT = 500
_SHOWN_OF_A_LINE = 2000
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


@dataclass(slots=True, kw_only=True)
class Listening:
    """Listens to one agent.

    `before` is what its session had used up when it was taken up again; the account goes on
    from there.
    """

    context: Context
    claimed: Claimed
    reader: Reader
    before: Account = field(default_factory=Account)
    _tally: Tally = field(init=False)
    _log: int | None = None
    _transcript: int | None = None
    _known: int = 0  # entries that the transcript held when this began
    _parts: list[bytes] = field(default_factory=list)  # of a line whose end is still to come
    _size: int = 0
    _denials: list[ToolDenied] = field(default_factory=list)
    _told: int = 0  # denials that are events already
    _denied: int = 0
    _failed: str = ""
    _news: anyio.Event = field(default_factory=anyio.Event)  # there is something to tell
    _error: Exception | None = None

    def __post_init__(self) -> None:
        """Nothing has been said."""
        self._tally = Tally(self.before)

    @property
    def account(self) -> Account:
        """All that it said until now, summed up."""
        return self._tally.account

    def open(self, folder: Path) -> None:
        """Open the log and the transcript; what cannot be opened is told, and does without."""
        try:  # before the log: who finds the one looks for the other
            self._transcript = _open(folder / TRANSCRIPT, os.O_RDWR | os.O_CREAT | os.O_APPEND)
            self._known = _whole_lines(self._transcript)
        except OSError as error:
            self._failed = f"{TRANSCRIPT} cannot be opened: {error.strerror}"
        try:
            self._log = _open(folder / STDOUT, os.O_RDONLY | os.O_CREAT)
        except OSError as error:
            self._failed = f"{STDOUT} cannot be opened: {error.strerror}"

    @property
    def own(self) -> Account:
        """The account of the attempt alone, without what its session had used up before."""
        told, before = self.account, self.before
        if before == Account():
            return told
        cost = told.cost_usd
        if cost is not None:
            cost = _beyond(cost, before.cost_usd or 0.0)
        return replace(
            told,
            tokens_input=_beyond(told.tokens_input, before.tokens_input),
            tokens_output=_beyond(told.tokens_output, before.tokens_output),
            cost_usd=cost,
        )

    @property
    def usage(self) -> Usage | None:
        """What the attempt has used up until now; None: it has not said anything of it."""
        told = self.own
        again = self.before != Account()  # then nothing more than before is no news
        no_cost = not told.cost_usd if again else told.cost_usd is None
        if not told.tokens_input and not told.tokens_output and no_cost:
            return None
        return Usage(
            cost_usd=told.cost_usd,
            tokens_input=told.tokens_input,
            tokens_output=told.tokens_output,
        )

    async def as_it_speaks(self) -> None:
        """Listen until this is cancelled."""
        ears = self.context.ears
        ears.add(self)
        try:
            while True:
                await self._news.wait()
                if self._error is not None:
                    raise self._error
                await self._tell()  # before anything more is taken in
                self._news = anyio.Event()
        finally:
            ears.remove(self)

    def take(self) -> bool:
        """Take in some of what is there now; whether there is more."""
        if self._news.is_set():
            return False
        try:
            chunk = self._read()
            if chunk:
                self._take_in(self._lines(chunk))
        except Exception as error:  # noqa: BLE001 - raised where this agent is awaited
            self._error = error
        if self._error is not None or self._failed or self._denials:
            self._news.set()
            return False
        return len(chunk) == SLICE

    async def to_the_end(self) -> Account:
        """Take in all that is left, and tell what it came to; nothing is heard afterwards."""
        await self.hear()
        if self._parts:
            self._take_in([b"".join(self._parts)])
            self._parts, self._size = [], 0
        await self._tell()
        self.close()
        return self.account

    async def hear(self) -> None:
        """Take in what is there now; others have their turn in between."""
        while chunk := self._read():
            self._take_in(self._lines(chunk))
            await self._tell()
            await lowlevel.checkpoint()

    def close(self) -> None:
        """Close its files."""
        for descriptor in (self._log, self._transcript):
            if descriptor is not None:
                os.close(descriptor)
        self._log = self._transcript = None

    def _read(self) -> bytes:
        return b"" if self._log is None else os.read(self._log, SLICE)

    def _lines(self, chunk: bytes) -> list[bytes]:
        """The lines that are whole by now. Of one that is too long only the beginning is kept."""
        first, found, rest = chunk.partition(b"\n")
        if self._size < MOST_LINE:
            self._parts.append(first)
        self._size += len(first)
        if not found:
            return []
        *lines, rest = rest.split(b"\n")
        lines.insert(0, b"".join(self._parts))
        self._parts, self._size = [rest] if rest else [], len(rest)
        return lines

    def _take_in(self, lines: Sequence[bytes]) -> None:
        entries: list[Entry] = []
        read = self.reader.read
        for line in lines:
            if not line:
                continue
            if len(line) > MOST_LINE:
                entries.append(_unread(line))
                continue
            try:
                entries += read(line)
            except Exception as error:  # noqa: BLE001 - a plug-in may fail in any way
                self._failed = self._failed or f"{type(error).__name__}: {error}"
                entries.append(_unread(line))
        if not entries:
            return
        denials = self._tally.denials
        self._tally.add(entries)
        if self._tally.denials is not denials:
            for entry in entries:
                if isinstance(entry, ToolDenied):
                    self._note(entry)
        new = entries[self._known :] if self._known else entries
        self._known = max(0, self._known - len(entries))
        if new and self._transcript is not None:
            self._write(new)

    def _write(self, entries: Iterable[Entry]) -> None:
        """Append to the transcript. Where that fails, it ends here: the raw stream stays."""
        assert self._transcript is not None  # noqa: S101 - whoever calls has looked
        head = f'{{"at":"{instant(self.context.clock.now())}",'.encode()
        between = b"\n" + head  # of two objects, each without its first brace
        raw = memoryview(head + between.join([_encoded(each)[1:] for each in entries]) + b"\n")
        try:
            while raw:
                raw = raw[os.write(self._transcript, raw) :]
        except OSError as error:
            self._failed = self._failed or f"{TRANSCRIPT} cannot be written: {error.strerror}"
            os.close(self._transcript)
            self._transcript = None

    def _note(self, denial: ToolDenied) -> None:
        """The first of an attempt's denials are told one by one."""
        self._denied += 1
        if self._told < self._denied <= TOLD_DENIALS:
            self._denials.append(denial)

    async def _tell(self) -> None:
        """What was prevented, and what hinders this, as events."""
        if self._failed:
            told, self._failed = self._failed, ""
            if not any(each.code == "TRANSCRIPT" for each in self.context.journal.run.warnings):
                package = self.claimed.package.id
                told = f"what {self.claimed.agent.name} says is not all read: {told}"
                await self.context.journal.record(
                    Warned(code="TRANSCRIPT", message=told, package=package)
                )
        if self._denials:
            events = [self._event(each) for each in self._denials]
            self._denials.clear()
            await self.context.journal.record(*events)

    def _event(self, denial: ToolDenied) -> Denied:
        return Denied(
            package=self.claimed.package.id,
            attempt=self.claimed.attempt,
            epoch=self.claimed.epoch,
            by="agent",
            tool=_short(denial.tool),
            reason=_short(denial.reason),
            paths=tuple(map(_short, denial.paths[:TOLD_DENIALS])),
        )


def listening(context: Context, claimed: Claimed) -> Listening | None:
    """What will listen to an attempt's agent, if the agent's output can be read.

    Its files are opened before the agent is started, or as an earlier orchestrator left them.
    """
    task = claimed.task
    reader = claimed.agent.reader(task)
    if reader is None:
        return None
    adopted = claimed.kept is not None
    told = context.journal.run.packages[task.package].attempts[-1].denied if adopted else 0
    before = Account()
    if task.session and claimed.agent.can.total_usage:
        state = context.journal.run.packages[task.package]
        before = used_before(state, task.attempt, task.epoch)
    listens = Listening(
        context=context,
        claimed=claimed,
        reader=reader,
        before=before,
        _told=told,
    )
    listens.open(task.directory)
    return listens


def _open(path: Path, flags: int) -> int:
    """Open a regular file that is nothing but itself: the folder is the agent's to write in.

    Raises:
        OSError: It is something else, or cannot be opened.
    """
    flags |= os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    told = os.fstat(descriptor)
    if stat.S_ISREG(told.st_mode) and told.st_nlink == 1:
        return descriptor
    os.close(descriptor)
    raise OSError(errno.EINVAL, "it is no file of its own")


def _whole_lines(descriptor: int) -> int:
    """How many whole lines a file holds; what a crash left after them is cut off."""
    count, end, at = 0, 0, 0
    while chunk := os.pread(descriptor, 1 << 20, at):
        if b"\n" in chunk:
            count += chunk.count(b"\n")
            end = at + chunk.rindex(b"\n") + 1
        at += len(chunk)
    os.ftruncate(descriptor, end)
    return count


def used_before(state: PackageState, attempt: int, epoch: int) -> Account:
    """What the session of an attempt had used up before it."""
    before = [each for each in state.under(epoch) if each.number < attempt]
    costs = [each.cost_usd for each in before if each.cost_usd is not None]
    return Account(
        tokens_input=sum(each.tokens_input or 0 for each in before),
        tokens_output=sum(each.tokens_output or 0 for each in before),
        cost_usd=sum(costs) if costs else None,
    )


def _beyond(total: N, before: N) -> N:
    """What a total has beyond what was before; a smaller one did not count that at all."""
    return total - before if total >= before else total


def _encoded(entry: Entry) -> bytes:
    told = entry_json(entry)
    try:
        raw = to_json(told, fallback=str)
        return raw if len(raw) <= MOST_ENTRY else to_json(shortened(told), fallback=str)
    except ValueError:  # half a surrogate pair: JSON's own escape stands for it
        return _ENCODE(shortened(told)).encode("utf-8", "backslashreplace")


def _unread(line: bytes) -> Unread:
    return Unread(line=line[:_SHOWN_OF_A_LINE].decode("utf-8", "replace"))


def _short(text: str) -> str:
    """A text of an agent's that may stand in an event."""
    return text[:MOST_EVENT_TEXT].encode("utf-8", "replace").decode().replace("\0", "")
