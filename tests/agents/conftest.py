"""Real agents against the scripted model, all by the installed command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import PLAIT, Outcome, Story, wait_until
from tests.agents.programs import PROGRAMS, Program, lay_out


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here are marked: `make test` leaves them out."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("agents")


class Model:
    """A scripted model that listens: its address, and what it was asked."""

    def __init__(self, url: str, log: Path) -> None:
        self.url, self._log = url, log

    def asked(self, scenario: str | None = None) -> list[dict[str, Any]]:
        """The requests that were steps of a script, of one package if that is given."""
        lines = map(json.loads, self._log.read_text("utf-8").splitlines())
        steps = [each for each in lines if each.get("scenario")]
        return [each for each in steps if scenario in {None, each["scenario"]}]


class Scene(Story):
    """A user who has the programs, and a model that answers them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        programs = lay_out(root / "programs")
        self.env["PATH"] = os.pathsep.join([programs, str(PLAIT.parent), self.env["PATH"]])
        for key in ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
            if key in os.environ:
                self.env[key] = os.environ[key]

    @contextmanager
    def model(self, scenario: str = "", programs: Sequence[Program] = ()) -> Iterator[Model]:
        """Serve a scenario (without one: the demo's), and point the programs to it."""
        log, told = self.root / "model.jsonl", list[str]()
        if scenario:
            path = self.root / "scenario.yaml"
            path.write_text(scenario, encoding="utf-8")
            told = ["--scenario", str(path)]
        command = [PLAIT, "dev", "model", "--log", log, "--bodies", *told]
        with (self.root / "model.out").open("w+b") as out:
            process = subprocess.Popen(command, env=self.env, stdout=out, stdin=subprocess.DEVNULL)
        try:
            wait_until(lambda: (self.root / "model.out").read_bytes().endswith(b"\n"))
            url = json.loads((self.root / "model.out").read_bytes())["url"]
            for each in programs or PROGRAMS.values():
                self.env |= dict(each.variables(url))
                for name, content in each.files(url).items():
                    path = Path(self.env["HOME"]) / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(json.dumps(content), encoding="utf-8")
            yield Model(url, log)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=20) == 0

    def survivors(self) -> list[str]:
        """The processes that have to do with this scene, whatever session they are in."""
        return survivors(self.root)


def survivors(root: Path) -> list[str]:
    """The command lines of processes that work in a folder, or were started with its name."""
    found, mark = [], os.fsencode(root)
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            told = (folder / "cmdline").read_bytes()
            about = [told, (folder / "environ").read_bytes()]
            about.append(os.fsencode((folder / "cwd").readlink()))
        except OSError:  # it has ended, or is somebody else's
            continue
        if any(mark in each for each in about) and b"\0dev\0model\0" not in told:
            found.append(told.replace(b"\0", b" ").decode(errors="replace")[:300])
    return found


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """A user in a new place."""
    return Scene(tmp_path)


@pytest.fixture(params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> Program:
    """Each program in turn; one that is not installed is skipped, and says so."""
    found = PROGRAMS[request.param]
    if found.missing:
        pytest.skip(found.missing)
    return found


@pytest.fixture
def installed() -> list[Program]:
    """All programs that are there; none: skip."""
    found = [each for each in PROGRAMS.values() if not each.missing]
    if not found:
        pytest.skip("no agent's program is installed: `make test-agents`")
    return found


def told_of(outcome: Outcome) -> str:
    """All that a command said, for a test's failure."""
    return f"exit {outcome.code}\n{outcome.out[-4000:]}\n{outcome.err[-2000:]}"
