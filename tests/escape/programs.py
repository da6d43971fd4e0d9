"""Agents' real programs that try ways out, told to by the scripted model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.agents.programs import PROGRAMS, lay_out
from tests.escape.cases import Case
from tests.escape.scene import PLAIT

TOOL = "write outside the scope"  # the way out that an agent's own tool for writing tries as well


def programs() -> tuple[str, ...]:
    """Those that are installed."""
    return tuple(name for name, each in PROGRAMS.items() if not each.missing)


@contextmanager
def model(
    root: Path, main: Path, cases: Sequence[Case], names: Sequence[str]
) -> Iterator[Mapping[str, str]]:
    """A model that has each program try all ways out; what programs are started with to ask it."""
    scenario = root / "scenario.json"
    scenario.write_text(json.dumps({each: _script(each, main, cases) for each in names}))
    process = subprocess.Popen(
        [PLAIT, "dev", "model", "--scenario", scenario, "--log", root / "asked.jsonl"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        path = [lay_out(root / "programs"), str(PLAIT.parent), os.environ["PATH"]]
        variables = {"PATH": os.pathsep.join(path)}
        for each in names:
            variables |= PROGRAMS[each].variables(url)
        yield variables
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        if process.stdout is not None:
            process.stdout.close()


def _script(package: str, main: Path, cases: Sequence[Case]) -> list[Any]:
    """Its steps: its own tool first, then the shell for each."""
    steps: list[Any] = []
    if any(each.name == TOOL for each in cases):
        slug = next(each.slug for each in cases if each.name == TOOL)
        paths = (f"other/{slug}.new.py", str(main / "late-tool"))
        steps += [{"write": {"path": path, "text": "x\n"}} for path in paths]
    steps += [{"shell": f"sh attacks/{package}/{each.slug}.sh"} for each in cases]
    return [*steps, {"finish": "Done."}]
