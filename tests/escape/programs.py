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

from tests.agents.programs import PROGRAMS, SPEAKING, lay_out
from tests.escape.cases import Case
from tests.escape.scene import PLAIT, Scene

TOOL = "write outside the scope"  # the way out that an agent's own tool for writing tries as well
ACP = "acp-"  # before a program's name: it is driven by the Agent Client Protocol


def programs() -> tuple[str, ...]:
    """Those that are installed, and those of them that speak the protocol once more."""
    there = [name for name, each in PROGRAMS.items() if not each.missing]
    return (*there, *(f"{ACP}{name}" for name in there if name in SPEAKING))


def agent(name: str) -> str:
    """What `--agent` takes for it."""
    return f"acp:{SPEAKING[plain(name)]}" if name.startswith(ACP) else name


def plain(name: str) -> str:
    """The program that it is."""
    return name.removeprefix(ACP)


def tried_by(name: str, cases: Sequence[Case]) -> tuple[Case, ...]:
    """The ways out that it can be told to try: all, if it gives its model tools."""
    return tuple(each for each in cases if PROGRAMS[plain(name)].tools or each.name == TOOL)


@contextmanager
def model(scene: Scene) -> Iterator[Mapping[str, str]]:
    """A model that has each program try all ways out; what programs are started with to ask it."""
    root, names = scene.root, tuple(scene.packages)
    scenario = root / "scenario.json"
    scripts = {each: _script(each, scene.repo, scene.packages[each]) for each in names}
    scenario.write_text(json.dumps(scripts))
    process = subprocess.Popen(
        [PLAIT, "dev", "model", "--scenario", scenario, "--log", root / "asked.jsonl", "--bodies"],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        path = [lay_out(root / "programs"), str(PLAIT.parent), os.environ["PATH"]]
        variables = {"PATH": os.pathsep.join(path)}
        for each in names:
            program = PROGRAMS[plain(each)]
            variables |= program.variables(url)
            for name, content in program.files(url).items():
                file = scene.home / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(content))
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
    if PROGRAMS[plain(package)].tools:
        steps += [{"shell": f"sh attacks/{package}/{each.slug}.sh"} for each in cases]
    return [*steps, {"finish": "Done."}]
