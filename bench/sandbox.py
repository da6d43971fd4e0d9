"""What a sandbox adds to an agent's start, against the same program started as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from bench.ground import Ground
from bench.table import Row
from plait import sandbox
from plait.ports import Confinement, Invocation, Sandbox

TARGET_MS = 60.0
PROGRAM = ("/bin/true",)


def measure(ground: Ground, *, repetitions: int) -> list[Row]:
    """Interleave a bare start and one in each sandbox that works here."""
    folder = ground.folder / "sandbox"
    confinement = lay_out(folder)
    usable = [each for each in map(sandbox.find, sandbox.KERNEL) if each.probe() is None]
    ways: list[tuple[str, Sandbox | None, tuple[str, ...] | None]] = [("bare", None, None)]
    for each in usable:
        ways += [(each.name, each, None), (f"{each.name}, hosts listed", each, ())]
    times: dict[str, list[float]] = {name: [] for name, _, _ in ways}
    for number in range(repetitions + 1):  # the first writes the bytecode and is not counted
        for name, held, hosts in ways:
            took = start(held, confinement, hosts)
            if number:
                times[name].append(took)
    shutil.rmtree(folder)
    bare = median(times["bare"])
    print(f"a sandbox's start, medians of {repetitions}, beyond that of the program alone")
    for name, taken in times.items():
        print(f"  {name:24} {(median(taken) - bare) * 1_000:7.1f} ms")
    if not usable:
        print("  (no sandbox of the kernel's works here)")
    print()
    return [
        Row(
            what=f"start under {name}, to {TARGET_MS:g} ms",
            ratio=(median(times[name]) - bare) * 1_000 / TARGET_MS,
            target=1.0,
        )
        for name, held, _ in ways
        if held is not None
    ]


def lay_out(folder: Path) -> Confinement:
    """A worktree of a hundred folders, one of them opened, in a home that is hidden."""
    worktree, mine = folder / "home/w1", folder / "home/runs/1"
    for number in range(100):
        (worktree / f"src/p{number}").mkdir(parents=True)
    for each in ("home", "out", "tmp"):
        (mine / each).mkdir(parents=True)
    return Confinement(
        worktree=worktree.resolve(),
        write=((worktree / "src/p1").resolve(),),
        own=((mine / "home").resolve(), (mine / "out").resolve()),
        scratch=(mine / "tmp").resolve(),
        notes=mine.resolve(),
        hidden=((folder / "home").resolve(), Path.home().resolve()),
    )


def start(held: Sandbox | None, confinement: Confinement, hosts: tuple[str, ...] | None) -> float:
    """Seconds until a program that does nothing has ended; what is worked out before counts."""
    began = time.perf_counter()
    invocation = Invocation(argv=PROGRAM)
    if held is not None:
        invocation = held.confine(invocation, replace(confinement, hosts=hosts))
        for path, content in invocation.files.items():
            path.write_bytes(content)
    subprocess.run(
        invocation.argv,
        env={**os.environ, **invocation.env},
        cwd=confinement.worktree,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began
