"""From an order to an agent's first instruction, under a shim and without one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Literal

from bench.ground import Ground
from bench.table import Row
from plait import process

TARGET_S = 0.05
WARM_UPS = 5
Way = Literal["direct", "shim"]


def measure(ground: Ground, *, repetitions: int) -> list[Row]:
    """Start an agent that only tells that it began; print both ways and a shim's memory."""
    folder = ground.folder / "dispatch"
    folder.mkdir()
    direct = sorted(process.run_main(_times, folder, "direct", repetitions))
    shim = sorted(process.run_main(_times, folder, "shim", repetitions))
    print(f"dispatch, from the order to the agent's first instruction, {repetitions} starts")
    for name, times in (("direct", direct), ("under a shim", shim)):
        print(f"  {name:14}  p50 {_at(times, 50):6.1f} ms   p99 {_at(times, 99):6.1f} ms")
    print(f"  memory of a shim: {process.run_main(_memory, folder)}\n")
    told = f"dispatch under a shim, p50 to {TARGET_S * 1_000:.0f} ms"
    return [Row(what=told, ratio=_at(shim, 50) / 1_000 / TARGET_S, target=1.0)]


async def _times(folder: Path, way: Way, repetitions: int) -> list[float]:
    bell = folder / f"bell-{way}"
    os.mkfifo(bell)
    listening = os.open(bell, os.O_RDWR)
    times = []
    for number in range(-WARM_UPS, repetitions):
        place = folder / f"{way}{number}"
        place.mkdir()
        began = time.perf_counter()
        await _ring(place, bell, way, listening)
        if number >= 0:
            times.append(float((place / "rung").read_text()) - began)
    os.close(listening)
    return times


async def _ring(place: Path, bell: Path, way: Way, listening: int) -> None:
    """Start the agent; note when it rang; wait until it is gone."""
    import anyio

    argv = ("/bin/sh", "-c", f"echo > {bell}")
    out = place / "out"
    env = dict(os.environ)

    async def note() -> None:
        await anyio.wait_readable(listening)
        (place / "rung").write_text(str(time.perf_counter()))
        os.read(listening, 1)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(note)
        if way == "shim":
            kept = process.keep(
                argv, folder=place, cwd=place, env=env, stdout=out, stderr=out, timeout_s=60
            )
            await kept.ended()
        else:
            await process.run(argv, cwd=place, env=env, stdout=out, stderr=out, timeout_s=60)


async def _memory(folder: Path) -> str:
    import anyio

    place = folder / "memory"
    place.mkdir()
    out = place / "out"
    kept = process.keep(
        ("/bin/sleep", "60"),
        folder=place,
        cwd=place,
        env={},
        stdout=out,
        stderr=out,
        timeout_s=60,
    )
    await anyio.sleep(1)
    assert kept.shim is not None
    told = _sizes(kept.shim.pid)
    await kept.end(1.0)
    return told


def _sizes(pid: int) -> str:
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    if not rollup.exists():
        return "not told by this system"
    sizes = dict(line.split(":", 1) for line in rollup.read_text().splitlines()[1:])
    return f"RSS {_megabytes(sizes['Rss'])}, its share (PSS) {_megabytes(sizes['Pss'])}"


def _megabytes(size: str) -> str:
    return f"{int(size.split(maxsplit=1)[0]) / 1024:.1f} MB"


def _at(times: list[float], percent: int) -> float:
    """A percentile of sorted times, in milliseconds."""
    return times[min(len(times) - 1, len(times) * percent // 100)] * 1_000
