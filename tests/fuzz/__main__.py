"""`python -m tests.fuzz [--cases N]`: schemathesis tries what the API's description promises.

Each operation is tried with requests that fit its schema and with such that do not, by a caller
with a session and by one without: no answer may be an error of the server's, or break its schema,
errors included. It ends with 1 if one does, or if fewer cases were tried than were asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import Story
from tests.fakes.plans import Piece
from tests.fakes.served import Service, serving

HERE = Path(__file__).parent
CASES, SHORT = 2000, 200
OPERATIONS = 40  # about, counting a method of a place as one


def main(argv: Sequence[str]) -> int:
    """Serve a repository that has seen a run, and try it twice."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES, help="at least so many requests")
    parser.add_argument("--short", action="store_true", help=f"{SHORT} requests, at least")
    parser.add_argument("--seed", type=int, default=7, help="for the same requests again")
    told = parser.parse_args(argv)
    cases = SHORT if told.short else told.cases
    if find_spec("schemathesis") is None:
        say("schemathesis is not here: make fuzz-api installs it")
        return 1
    with tempfile.TemporaryDirectory(prefix="plait-fuzz-") as folder:
        story = Story(Path(folder), warm=False)
        run = _ran(story)
        with serving(story.repo, env=story.env) as service:
            known = _known(service, run)
            tried = [
                _try(service, known, cases // 2, told.seed, story.root, session=session)
                for session in (True, False)
            ]
            code, err = service.stop()
    say(f"{sum(count for count, _ in tried)} cases tried, {cases} were asked for")
    if "Traceback" in err:
        say(err[err.index("Traceback") - 2000 :])
    good = all(ok for _, ok in tried) and "Traceback" not in err and code == 143
    return 0 if good and sum(count for count, _ in tried) >= cases else 1


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _ran(story: Story) -> str:
    """A repository with a run that has landed a package and failed another."""
    story.begin({"plait.toml": "[serve]\nrate = 100000\n[retry]\nbackoff = 0\n"})
    story.plans("add", Piece(id="wp-a", write=["a.txt"]), Piece(id="wp-b", checks=["false"]))
    story.run("add", "echo > a.txt")
    return str(story.report()["run"])


def _known(service: Service, run: str) -> dict[str, str]:
    """What there is: a session that lasts, the run, tasks in several states."""
    with service.client() as client:

        def ask(verb: str, **given: Any) -> Any:
            answer = client.post(f"/api/{verb}", json=given)
            assert answer.status_code == 200, answer.text
            return answer.json()

        told = ask("register_session", agent="fuzz", ttl_s=3600)
        client.headers["Plait-Session"] = told["credential"]
        names = [ask("submit_work", type="look", title=f"part {n}")["task"] for n in range(6)]
        work = ask("get_work")["work"]
        ask("complete_work", task=work["task"], token=work["token"], result={"n": 1})
        ask("acquire_lock", keys=["flag:x"], paths=["src/a.py"])
    return {
        "PLAIT_FUZZ_RUN": run,
        "PLAIT_FUZZ_TASKS": json.dumps(names),
        "PLAIT_FUZZ_SESSION": told["credential"],
    }


def _try(
    service: Service, known: dict[str, str], cases: int, seed: int, root: Path, *, session: bool
) -> tuple[int, bool]:
    """One pass: how many cases there were, and whether all was well."""
    argv: list[str] = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/openapi.json"),
        *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
        *("--continue-on-failure", "--seed", str(seed), "--workers", "1"),
        *(
            "--max-examples",
            str(max(2, cases // OPERATIONS)),
            "--request-timeout",
            "70",
            "--max-response-time",
            "60",
        ),
        *("--phases", "examples,coverage,fuzzing", "--generation-database", "none"),
    ]
    if session:  # but for what ends it
        argv += ["--header", f"Plait-Session: {known['PLAIT_FUZZ_SESSION']}"]
        argv += ["--exclude-path", "/api/end_session"]
    done = subprocess.run(
        argv,
        cwd=root,
        env={
            **os.environ,
            **known,
            "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
            "PYTHONPATH": str(HERE.parents[1]),
            "NO_COLOR": "1",
            "COLUMNS": "100",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    found = re.search(r"([\d,]+) generated", done.stdout)
    count = int(found.group(1).replace(",", "")) if found else 0
    say(f"{'with' if session else 'without'} a session: {count} cases, exit {done.returncode}")
    if done.returncode:
        say(done.stdout)
    return count, done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
