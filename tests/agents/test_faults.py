"""What goes wrong while a real program works, and the typed outcome of the table in the docs.

Each case runs one package by the installed command, with room for a second attempt, so that it
shows what is tried again and what is not. Afterwards nothing of the agent may be left.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import PLAIT, wait_until
from tests.agents.conftest import Model, Scene, told_of
from tests.agents.programs import PROGRAMS, Program
from tests.fakes.plans import Piece

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "agent-outcomes.md"
MADE = "src/wp-a/made.txt"
MOST_ASKED = 30  # how often a program may ask a model that refuses it, in one attempt
FAR_S = 900


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault: how the first attempt's script begins, and what is set for the agent.

    The second attempt would do its work.
    """

    script: str
    limits: str = ""
    settings: str = ""


ALL_DAY = "shell: mkdir -p src/wp-a && touch src/wp-a/begun.txt && sleep 600"
AGAIN_AND_AGAIN = (  # not quite the same: some programs end what looks like a loop
    "repeat: {times: 4, steps: [{sleep: 1}, {shell: 'true'}, {sleep: 1}, {shell: 'echo'}]}"
)
QUIET = '[agent]\nstall = "10s"\n'  # ended after twice as long
FAULTS = {
    "401": Fault("fault: {status: 401, message: invalid x-api-key}"),
    "429": Fault("fault: {status: 429, times: 13}"),
    "429, in 15 minutes": Fault(
        f"fault: {{status: 429, retry_after: {FAR_S}, times: 2}}", settings=QUIET
    ),
    "500": Fault("fault: {status: 500}"),
    "cut stream": Fault("fault: {cut: 3}"),
    "turn cap": Fault(AGAIN_AND_AGAIN, "turns = 4"),
    "budget cap": Fault(
        f"usage: {{input: 90000, output: 9000}}\n  - {AGAIN_AND_AGAIN}",
        "cost = 0.5\ntokens = 150000",
    ),
    "permission": Fault("write: {path: ../outside.txt, text: no}"),
    "hang": Fault("fault: {hang: true}", settings=QUIET),
    "crash": Fault(ALL_DAY),
    "SIGTERM": Fault(ALL_DAY),
    "cancel": Fault(ALL_DAY),
}


def script(fault: str, program: Program) -> str:
    """The scenario of a case; what has no tools waits for its model in place of its shell."""
    begins = FAULTS[fault].script
    if not program.tools:
        begins = begins.replace(ALL_DAY, "fault: {hang: true}").replace(
            AGAIN_AND_AGAIN, "say: no edits"
        )
    work = f'  - write: {{path: {MADE}, text: "made\\n"}}\n  - finish: made\n'
    return f"wp-a:\n- - {begins}\n{work}-\n{work}"


def table() -> list[tuple[str, str, str]]:
    """The rows of the page, one for each program: fault, program, what comes of it."""
    text = PAGE.read_text("utf-8").partition("| fault |")[2].partition("\n\n")[0]
    _, _, *body = [line.strip("| ").split(" | ") for line in text.splitlines()]
    return [(fault, name, cell) for fault, cell, names in body for name in names.split(", ")]


def test_the_table_is_complete() -> None:
    """The page has a cell for each fault and each program, and no other."""
    told = [(fault, name) for fault, name, _ in table()]
    assert sorted(told) == sorted((fault, name) for fault in FAULTS for name in PROGRAMS)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_has_the_outcome_that_the_table_says(
    scene: Scene, program: Program, fault: str
) -> None:
    """The typed outcome, no attempt that must not be, nothing that survives."""
    seen = observed(scene, program, fault)
    assert [seen] == [cell for fit, name, cell in table() if (fit, name) == (fault, program.name)]


def observed(scene: Scene, program: Program, fault: str) -> str:
    """What came of a fault, as a cell of the table."""
    scene.begin({"plait.toml": settings(program, FAULTS[fault])})
    piece = Piece(id="wp-a", checks=[f"test -f {MADE}"], retry_budget=1, timeout_minutes=3)
    scene.plans("add-a", piece)
    with scene.model(script(fault, program), [program]) as model, running(scene, program) as run:
        acts = {
            "crash": lambda: strike(scene, program, model, signal.SIGKILL),
            "SIGTERM": lambda: strike(scene, program, model, signal.SIGTERM),
            "cancel": lambda: cancel(scene, program, model),
            "429, in 15 minutes": lambda: interrupt(run, model),
        }
        acts.get(fault, lambda: None)()
        run.process.wait(timeout=420)
        wait_until(lambda: not scene.survivors(), timeout=10)
        refused = [each for each in model.asked() if each["attempt"] == 1 and each["fault"]]
    told = run.told()
    assert fault == "cancel" or run.told("agent_ended"), (scene.root / "run.err").read_text()
    assert len(refused) <= MOST_ASKED
    assert not list(scene.repo.glob(".plait/**/outside.txt"))
    return cell(scene, fault, told, rests=run.rests)


def cell(scene: Scene, fault: str, told: list[dict[str, Any]], *, rests: bool) -> str:
    """Final word and code of the first attempt, whether there was another, what came of it."""
    ended = [each["data"] for each in told if each["type"] == "agent_ended"]
    package = scene.packages()["wp-a"]
    words = [ended[0].get("finish") if ended else "", package["attempts"][0].get("error_code")]
    shown = [f"`{each}`" for each in words if each]
    if fault == "permission" and any(each["type"] == "denied" for each in told):
        shown.append("denied")
    if rests:
        return ", ".join([*shown, "rests until then"])
    return ", ".join([*shown, "again" if len(ended) > 1 else "once", package["status"]])


def settings(program: Program, what: Fault) -> str:
    """`plait.toml` of a case: no pauses between attempts."""
    limits = f"[agents.{program.name}.limits]\n{what.limits}\n" if what.limits else ""
    return f'[retry]\nbackoff = "0s"\n{what.settings}{limits}'


@dataclass(frozen=True, slots=True)
class Run:
    """`plait run --json` at work: its process, and the file of what it prints."""

    process: subprocess.Popen[bytes]
    out: Path

    def told(self, kind: str = "") -> list[dict[str, Any]]:
        """The events so far, those of one type if that is given."""
        lines = self.out.read_text("utf-8").splitlines()
        events = [json.loads(line) for line in lines if line.startswith('{"seq"')]
        return [each for each in events if kind in {"", each["type"]}]

    @property
    def rests(self) -> bool:
        """Whether the agent rests for as long as its model's service says."""
        untils = [each["data"]["until"] for each in self.told("provider_parked")]
        return any(FAR_S - 200 < until - time.time() < FAR_S + 60 for until in untils)


@contextmanager
def running(scene: Scene, program: Program) -> Iterator[Run]:
    """A run at work; ended at the end, if it has not done so by itself."""
    path = scene.root / "run.out"
    command = [PLAIT, "run", "add-a", "--agent", program.name, "--yes", "--json"]
    with path.open("wb") as out, (scene.root / "run.err").open("wb") as err:
        process = subprocess.Popen(
            command, cwd=scene.repo, env=scene.env, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
    try:
        yield Run(process, path)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def at_work(scene: Scene, program: Program, model: Model) -> bool:
    """Whether the agent's shell has begun what takes long; of one without: its model has."""
    if not program.tools:
        return bool(model.asked())
    shells = any("sleep 600" in each for each in scene.survivors())
    return shells and bool(list(scene.repo.glob(".plait/worktrees/*/src/wp-a/begun.txt")))


def strike(scene: Scene, program: Program, model: Model, number: signal.Signals) -> None:
    """Signal the agent's own process while its shell works."""
    wait_until(lambda: at_work(scene, program, model), timeout=90)
    struck = outermost(scene)
    assert struck
    for pid in struck:
        os.kill(pid, number)


def outermost(scene: Scene) -> list[int]:
    """The agents' own processes: what their shim, or the sandbox, has started."""
    found: dict[int, int] = {}
    starters = set[int]()
    for folder in Path("/proc").iterdir():
        try:
            told = (folder / "cmdline").read_bytes()
            about = (folder / "environ").read_bytes(), os.fsencode((folder / "cwd").readlink())
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            starts = b"shim.py" in told or (folder / "exe").readlink().name.startswith("bwrap")
        except (OSError, ValueError):  # it has ended, or is somebody else's
            continue
        if any(os.fsencode(scene.root) in each for each in (told, *about)):
            starters |= {int(folder.name)} if starts else set()
            found[int(folder.name)] = parent
    return [pid for pid, parent in found.items() if parent in starters and pid not in starters]


def cancel(scene: Scene, program: Program, model: Model) -> None:
    """`plait cancel` of the package while its agent's shell works."""
    wait_until(lambda: at_work(scene, program, model), timeout=90)
    outcome = scene.plait("cancel", "wp-a")
    assert outcome.code == 0, told_of(outcome)


def interrupt(run: Run, model: Model) -> None:
    """Stop the run if its agent rests until its limit ends, which is long."""
    wait_until(lambda: run.process.poll() is not None or run.rests, timeout=200)
    if not run.rests:
        return
    asked = len(model.asked())
    with pytest.raises(subprocess.TimeoutExpired):  # nobody is started before that time
        run.process.wait(timeout=3)
    assert len(model.asked()) == asked
    run.process.send_signal(signal.SIGTERM)
