"""What it costs to take in the logs of many agents, against tailing and decoding alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, cast

import anyio

from bench.ground import Ground
from bench.table import Row
from plait import process
from plait.agents.claude_events import ClaudeEvents
from plait.app.project import SystemClock
from plait.engine.claimed import Claimed
from plait.engine.context import Context
from plait.engine.ears import LISTEN_S, Ears
from plait.engine.listening import SLICE, STDOUT, TRANSCRIPT, Listening

AGENTS = 100
A_SECOND = 100  # lines of each
TARGET = 2.0
_SPEAKS = """
import os, sys, time
agents, rate, seconds = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
lines = sys.stdin.buffer.read().splitlines(keepends=True)
files = [os.open(f"{sys.argv[1]}/{each}/stdout.log", os.O_WRONLY | os.O_APPEND)
         for each in range(agents)]
ticks = 10  # a second; each agent speaks in every one of them, at a moment of its own
began = time.monotonic()
for tick in range(int(seconds * ticks)):
    for each, file in enumerate(files):
        wait = began + (tick + each / agents) / ticks - time.monotonic()
        if wait > 0.002:
            time.sleep(wait)
        at = (each + tick * rate // ticks) % len(lines)
        os.write(file, b"".join((lines * 2)[at:at + rate // ticks]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What it took to take lines in, in seconds of the processor."""

    lines: int
    cpu_s: float

    @property
    def each_us(self) -> float:
        """Microseconds for one line."""
        return self.cpu_s / max(1, self.lines) * 1e6


def measure(ground: Ground, *, rounds: int, seconds: float) -> list[Row]:
    """Both by turns, on agents that speak while they are heard."""
    speech = [json.dumps(each).encode() + b"\n" for each in _speech()]
    size = sum(map(len, speech)) / len(speech)
    print(
        f"logs of {AGENTS} agents, {A_SECOND} lines a second each, {size:.0f} bytes a line, "
        f"looked at every {LISTEN_S:g} s, {rounds} times {seconds:g} s"
    )
    plain, heard = [], []
    for number in range(rounds):
        for ways, way in ((plain, _tail), (heard, _listen)):
            folder = ground.folder / f"logs-{number}"
            for each in range(AGENTS):
                (folder / str(each)).mkdir(parents=True)
                (folder / str(each) / STDOUT).touch()
            with _speaking(folder, speech, seconds) as over:
                ways.append(process.run_main(way, folder, over))
            expected = int(seconds * 10) * (A_SECOND // 10) * AGENTS
            if ways[-1].lines != expected:
                raise SystemExit(f"{ways[-1].lines} lines were taken in of {expected}")
            shutil.rmtree(folder)
    for name, found in (("tailing, json.loads", plain), ("Plait: a transcript of it", heard)):
        each = median(taken.each_us for taken in found)
        share = each * AGENTS * A_SECOND / 1e6
        print(f"  {name:26} {each:6.1f} us a line, {share:6.1%} of a core")
    ratio = median(ours.each_us / bare.each_us for ours, bare in zip(heard, plain, strict=True))
    print()
    return [
        Row(what=f"logs of {AGENTS} agents to tailing and decoding", ratio=ratio, target=TARGET)
    ]


@contextmanager
def _speaking(
    folder: Path, speech: Sequence[bytes], seconds: float
) -> Iterator[Callable[[], bool]]:
    """A process that speaks for all agents; yields what says that it is over."""
    speaker = subprocess.Popen(
        [sys.executable, "-c", _SPEAKS, folder, str(AGENTS), str(A_SECOND), str(seconds)],
        stdin=subprocess.PIPE,
    )
    try:
        assert speaker.stdin is not None
        speaker.stdin.write(b"".join(speech))
        speaker.stdin.close()
        yield lambda: speaker.poll() is not None
    finally:
        speaker.kill()
        speaker.wait()


async def _tail(folder: Path, over: Callable[[], bool]) -> Taken:
    """Read what is new of each file, cut it into lines, decode each; no more."""
    files = [os.open(folder / str(each) / STDOUT, os.O_RDONLY) for each in range(AGENTS)]
    rests = [b""] * AGENTS
    count, last = 0, False
    began = time.process_time()
    while not last:
        last = over()
        for each, file in enumerate(files):
            while chunk := os.read(file, SLICE):
                *lines, rests[each] = (rests[each] + chunk).split(b"\n")
                for line in lines:
                    json.loads(line)
                count += len(lines)
        await anyio.sleep(LISTEN_S)
    took = time.process_time() - began
    for file in files:
        os.close(file)
    return Taken(lines=count, cpu_s=took)


async def _listen(folder: Path, over: Callable[[], bool]) -> Taken:
    """As a run does it, each agent heard by itself; checked by what stands in the transcripts."""
    context = cast(Context, SimpleNamespace(clock=SystemClock(), ears=Ears()))
    nobody = cast(Claimed, None)
    heard = [
        Listening(context=context, claimed=nobody, reader=ClaudeEvents()) for _ in range(AGENTS)
    ]
    for each, listening in enumerate(heard):
        listening.open(folder / str(each))
    began = time.process_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(context.ears.hear)
        for listening in heard:
            tasks.start_soon(listening.as_it_speaks)
        while not over():  # noqa: ASYNC110 - a process of another's
            await anyio.sleep(LISTEN_S)
        tasks.cancel_scope.cancel()
    for listening in heard:
        await listening.to_the_end()
    took = time.process_time() - began
    spoken = sum(_lines(folder / str(each) / STDOUT) for each in range(AGENTS))
    told = sum(_lines(folder / str(each) / TRANSCRIPT) for each in range(AGENTS))
    unread = sum(listening.account.unread for listening in heard)
    if unread or told < spoken:
        raise SystemExit(f"of {spoken} lines {unread} were not understood, {told} entries told")
    return Taken(lines=spoken, cpu_s=took)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _speech() -> Iterator[dict[str, Any]]:
    """What an agent says in a few turns, in the form of Claude Code: words, calls, results."""
    for turn in range(10):
        own = f"msg_{turn:024}"
        call = f"toolu_{turn:024}"
        usage = {"input_tokens": 12, "cache_read_input_tokens": 18_000, "output_tokens": 210}
        words = "The module reads the list first, so the order of the entries is kept as it is."
        given = {
            "file_path": f"/srv/project/src/orders/table_{turn}.py",
            "old_string": "    return [each for each in rows if each.open]",
            "new_string": "    return [each for each in rows if each.open and not each.held]",
        }
        for block in (
            {"type": "text", "text": words},
            {"type": "tool_use", "id": call, "name": "Edit", "input": given},
        ):
            message = {"id": own, "type": "message", "role": "assistant", "model": "a-model"}
            yield {
                "type": "assistant",
                "message": {**message, "content": [block], "usage": usage},
                "session_id": "0b7c7a52-5d9e-4d5f-9f62-1b7d7c3a9e10",
            }
        result = {"type": "tool_result", "tool_use_id": call, "content": f"{words}\n{words}"}
        yield {
            "type": "user",
            "message": {"role": "user", "content": [result]},
            "session_id": "0b7c7a52-5d9e-4d5f-9f62-1b7d7c3a9e10",
        }
