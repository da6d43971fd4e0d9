"""From the landing of what a package needed to its agent's first instruction, in a real run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.ground import Ground, plait
from bench.plans import PLAIT_YAML, WRITES_ITS_FILE, single_files
from bench.table import Row

TARGET_S = 0.05
WARM_UP = 10  # packages at the beginning that do not count
WIDE = 4


def measure(ground: Ground, *, packages: int) -> list[Row]:
    """One chain of packages, so that nothing else is at work, and several chains side by side."""
    print(f"dispatch in a run of {packages} packages, from the landing to the first instruction,")
    print("worktree apart")
    chain = _times(ground, packages, wide=1)
    _tell("one chain", chain)
    _tell(f"{WIDE} side by side", _times(ground, packages, wide=WIDE))
    print()
    told = f"dispatch in a run, p50 to {TARGET_S * 1_000:.0f} ms"
    return [Row(what=told, ratio=_at(chain, 50) / TARGET_S, target=1.0)]


def _times(ground: Ground, packages: int, *, wide: int) -> list[float]:
    repository, notes = ground.folder / "handover", ground.folder / "notes"
    for folder in (repository, notes):
        folder.mkdir()
    needs = {number: (number - wide,) for number in range(wide, packages)}
    (repository / PLAIT_YAML).write_bytes(single_files(packages, needs))
    ground.run(["git", "init", "-q"], cwd=repository)
    ground.run(["git", "add", "-A"], cwd=repository)
    ground.run(["git", "commit", "-q", "-m", "a plan"], cwd=repository)
    agent = f"date +%s.%N > {notes}/$PLAIT_PACKAGE; {WRITES_ITS_FILE}"
    told = ("--agent", f"command:{agent}", "--yes", "--allow-unchecked", "-q")
    ground.run(plait("run", PLAIT_YAML, *told), cwd=repository)
    times = _from_landings(_events(repository), notes, needs)
    for folder in (repository, notes):
        shutil.rmtree(folder)
    return sorted(times[WARM_UP:])


def _events(repository: Path) -> Sequence[Mapping[str, Any]]:
    """All events of the run; the store's own times are finer than those of `--json`."""
    query = "SELECT at, type, package, data FROM event ORDER BY seq"
    import sqlite3

    store = sqlite3.connect(repository / ".plait/plait.db")
    rows = store.execute(query).fetchall()
    store.close()
    names = ("at", "type", "package")
    return [{**dict(zip(names, row, strict=False)), "data": json.loads(row[3])} for row in rows]


def _from_landings(
    events: Sequence[Mapping[str, Any]], notes: Path, needs: Mapping[int, Sequence[int]]
) -> list[float]:
    landed = {each["package"]: each["at"] for each in events if each["type"] == "landed"}
    setup = {
        each["package"]: each["data"]["setup_s"]
        for each in events
        if each["type"] == "attempt_started"
    }
    times = []
    for number, needed in needs.items():
        package = f"p{number:05d}"
        free_at = max(landed[f"p{each:05d}"] for each in needed)
        began = float((notes / package).read_text())
        times.append(began - free_at - setup[package])
    return times


def _tell(name: str, times: list[float]) -> None:
    p50, p99 = (_at(times, percent) * 1_000 for percent in (50, 99))
    print(f"  {name:16}  p50 {p50:6.1f} ms   p99 {p99:6.1f} ms")


def _at(times: list[float], percent: int) -> float:
    """A percentile of sorted times."""
    return times[min(len(times) - 1, len(times) * percent // 100)]
