"""Many clients that want the same work: nothing is done twice, nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Story
from tests.fakes.plans import Piece
from tests.fakes.served import repository, serving

CLIENTS = 16
FAST = "[serve]\nrate = 100000\n"
# A process of its own: takes work until there is none, and prints what it took.
CLAIMER = """
import http.client, json, sys, time
port, name, kind, patience = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
headers = {"content-type": "application/json"}
def ask(verb, **given):
    line.request("POST", "/api/" + verb, json.dumps(given), headers)
    answer = line.getresponse()
    told = json.loads(answer.read())
    assert answer.status == 200, told
    return told
headers["plait-session"] = ask("register_session", agent=name)["credential"]
until = time.monotonic() + patience
while time.monotonic() < until:
    work = ask("get_work", types=[kind], wait_s=min(1.0, patience))["work"]
    if work is None:
        continue
    until = time.monotonic() + patience
    if kind == "package":
        root = work["input"]["workspace"]["path"]
        with open(root + "/" + work["package"] + ".txt", "w") as file:
            file.write(name + "\\n")
    done = ask("complete_work", task=work["task"], token=work["token"], result={"n": 1})
    assert done["state"] == "completed", done
    print(json.dumps([work["task"], work["token"], work["package"]]), flush=True)
ask("end_session")
"""


@contextmanager
def claimers(port: int, kind: str, patience: float) -> Iterator[list[subprocess.Popen[str]]]:
    """Sixteen clients, each a process with a connection of its own."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", CLAIMER, str(port), f"a-{n}", kind, str(patience)],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for n in range(CLIENTS)
        ]


def claimed(processes: list[subprocess.Popen[str]]) -> list[list[Any]]:
    """What all of them took."""
    with ThreadPoolExecutor(len(processes)) as pool:
        told = list(pool.map(lambda each: each.communicate(timeout=240), processes))
    for process, (_, err) in zip(processes, told, strict=True):
        assert process.returncode == 0, err
    return [json.loads(line) for out, _ in told for line in out.splitlines()]


@pytest.mark.long
def test_sixteen_clients_share_a_thousand_tasks(tmp_path: Path) -> None:
    """Each is claimed once and completed once; all of them are."""
    repo = repository(tmp_path / "repo")
    (repo / "plait.toml").write_text(FAST)
    with serving(repo) as service, service.client() as client:
        told = client.post("/api/register_session", json={}).json()
        client.headers["plait-session"] = told["credential"]
        given = {"type": "look", "title": "look"}
        names = [client.post("/api/submit_work", json=given).json()["task"] for _ in range(1000)]
        with claimers(service.port, "look", 2) as processes:
            taken = claimed(processes)
        states = Counter(
            (each["state"], each["claims"])
            for each in (client.get(f"/api/get_task?task={name}").json() for name in names)
        )
    assert sorted(task for task, _, _ in taken) == sorted(names)
    assert {token for _, token, _ in taken} == {1}
    assert states == {("completed", 1): 1000}


def shared_run(story: Story, packages: int) -> Counter[str]:
    """A run whose packages are all done by sixteen clients: how many each of them did."""
    story.begin({"plait.toml": FAST})
    names = [f"wp-{number:04}" for number in range(packages)]
    story.plans("add", *(Piece(id=name, write=[f"{name}.txt"]) for name in names))
    with (
        serving(story.repo, env=story.env) as service,
        claimers(service.port, "package", 20) as processes,
    ):
        run = story.starts("run", "add", "--yes", "--agent", "external", "--json")
        out, err = run.communicate(timeout=2400)
        assert run.returncode == 0, err.decode()[-2000:]
        taken = claimed(processes)
    assert sorted(package for _, _, package in taken) == names
    landed = Counter(
        each["package"]
        for each in map(json.loads, out.decode().splitlines())
        if each["type"] == "landed"
    )
    assert landed == Counter(names)
    branch = story.report()["branch"]
    files = story.git("ls-tree", "--name-only", branch).split()
    assert {f"{name}.txt" for name in names} <= set(files)
    assert {each["status"] for each in story.packages().values()} == {"landed"}
    assert all(len(each["attempts"]) == 1 for each in story.packages().values())
    return Counter(story.git("show", f"{branch}:{name}.txt") for name in names)


@pytest.mark.long
def test_sixteen_clients_do_a_run_of_many_packages(story: Story) -> None:
    """Each package lands once, as one of them wrote it; `make crowd` has a thousand of them."""
    made = shared_run(story, 64)
    assert len(made) > 1
