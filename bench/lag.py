"""How late the event loop of a run is while many agents are at work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.ground import Ground
from bench.plans import PLAIT_YAML, single_files
from bench.table import Row

AGENTS = 16
CORES = 2
BEAT_S = 0.01  # how often the loop is asked
TARGET_S = 0.1
# A task beside the run's own notes how late it wakes. With `nothing` for a command it does so
# in a loop that has nothing else to do: so late is whoever shares the machine with the agents.
_PROBE = """
import asyncio, json, os, sys, time
import anyio
cores, told, beat = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
sys.argv[1:] = sys.argv[4:]
late = []
async def beats():
    while True:
        due = time.perf_counter() + beat
        await asyncio.sleep(beat)
        late.append(time.perf_counter() - due)
def beside(run):
    def with_beats(main, *args, **options):
        async def both():
            task = asyncio.get_running_loop().create_task(beats())
            try:
                return await main(*args)
            finally:
                task.cancel()
                with open(told, "w") as file:
                    json.dump(late, file)
        return run(both, **options)
    return with_beats
anyio.run = beside(anyio.run)
if sys.argv[1:] == ["nothing"]:
    async def nothing():
        await asyncio.to_thread(sys.stdin.read)
    anyio.run(nothing)
else:
    from plait.__main__ import main
    sys.exit(main())
"""
# Says 100 lines a second, in spurts, for two seconds and more, and writes its file.
_STEPS = (
    {"print": "I look at what is there, and at what was there before.\n" * 10},
    {"sleep": 0.1},
)


def measure(ground: Ground, *, packages: int) -> list[Row]:
    """A run of independent packages, sixteen at a time."""
    repository, told = ground.folder / "lag", ground.folder / "lag-told"
    for folder in (repository, told):
        folder.mkdir()
    (repository / PLAIT_YAML).write_bytes(single_files(packages, {}))
    (repository / "script.yaml").write_text(json.dumps(_script(packages)))
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "a plan"]):
        ground.run(["git", *command], cwd=repository)
    idle = _probe(told / "idle", ["nothing"])
    with subprocess.Popen(idle, stdin=subprocess.PIPE, env=ground.environment) as beside:
        took = ground.run(_probe(told / "run", _command()), cwd=repository)
        beside.communicate(timeout=30)
    print(
        f"lag of the event loop, {packages} packages, {AGENTS} scripted agents at once on "
        f"{min(CORES, len(os.sched_getaffinity(0)))} cores, {took:.0f} s, asked every "
        f"{BEAT_S * 1_000:.0f} ms"
    )
    lags = {name: sorted(json.loads((told / name).read_text())) for name in ("idle", "run")}
    for name, words in (("idle", "a loop with nothing to do"), ("run", "the loop of the run")):
        at = {percent: _at(lags[name], percent) * 1_000 for percent in (50, 99)}
        most = lags[name][-1] * 1_000
        print(f"  {words:25}  p50 {at[50]:6.1f} ms   p99 {at[99]:6.1f} ms   most {most:6.1f} ms")
    print()
    for folder in (repository, told):
        shutil.rmtree(folder)
    what = f"loop lag at {AGENTS} agents, p99 to {TARGET_S * 1_000:.0f} ms"
    return [Row(what=what, ratio=_at(lags["run"], 99) / TARGET_S, target=1.0)]


def _command() -> list[str]:
    told = ["--agent", "scripted:script.yaml", "--max-agents", str(AGENTS)]
    return ["run", PLAIT_YAML, *told, "--yes", "--allow-unchecked", "-q"]


def _probe(told: Path, command: Sequence[str]) -> list[str]:
    return [sys.executable, "-c", _PROBE, str(CORES), str(told), str(BEAT_S), *command]


def _script(packages: int) -> Mapping[str, object]:
    scripts = {}
    for number in range(packages):
        path = f"parts/{number // 100:03d}/{number:05d}.txt"
        scripts[f"p{number:05d}"] = [*_STEPS * 20, {"write": {"path": path, "text": "done\n"}}]
    return scripts


def _at(sorted_times: Sequence[float], percent: int) -> float:
    return sorted_times[min(len(sorted_times) - 1, len(sorted_times) * percent // 100)]
