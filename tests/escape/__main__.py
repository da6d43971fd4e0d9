"""`make escape`: each way out of a scope, under each sandbox that this machine offers.

    python -m tests.escape [--short] [--tier NAME]… [--case TEXT] [--agent NAME]… [--keep]

Commands try each way; agents' real programs, where `make test-agents` has installed them, try
them by their own tools and shells, told by the scripted model. A table says what came of each:
`held` (the agent itself could not), `refused` (its
own program did not even let it try), `caught` (it could, and nothing of it landed), `open` (it
could, outside of what lands: only without a sandbox), `-` (not tried: without a sandbox a program
has only what does not disturb others), and `ESCAPED`, which fails the suite. So does a sandbox
that `plait doctor` offers and that was left out, and a report that names another one.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tests.escape.cases import CASES, Case
from tests.escape.judging import ESCAPED, REFUSED, Verdict, judge
from tests.escape.programs import agent, model, programs, tried_by
from tests.escape.scene import PLAIT, Scene

JOBS = 2
# Not in the system's folder for temporary files, which is hidden from agents anyway.
PLACES = Path(__file__).parents[2] / ".escape"
COMMAND = "command"


def offered() -> list[str]:
    """The sandboxes that `plait doctor` says work here."""
    done = subprocess.run(
        [PLAIT, "doctor", "--json"], capture_output=True, text=True, timeout=120, check=False
    )
    lines = [each for each in json.loads(done.stdout) if each["what"] == "sandbox"]
    return [each["told"].split()[0] for each in lines if "cannot be used" not in each["told"]]


Column = tuple[str, str]  # a sandbox, and who tries
Verdicts = dict[tuple[Case, Column], Verdict]


def places(tier: str, cases: Sequence[Case], *, short: bool) -> Iterator[tuple[Case, ...]]:
    """Which ways out are tried in one run: all of them where something holds them."""
    single = [each for each in cases if each.apart or (each.alone and tier == "none")]
    yield tuple(each for each in cases if each not in single)
    if not short:
        yield from ((each,) for each in single)


@contextmanager
def place(*, keep: bool) -> Iterator[Path]:
    """A new folder, removed afterwards unless it is kept, and then named."""
    PLACES.mkdir(exist_ok=True)
    folder = tempfile.mkdtemp(dir=PLACES)
    try:
        yield Path(folder).resolve()
    finally:
        if keep:
            print(folder)  # noqa: T201
        else:
            shutil.rmtree(folder, ignore_errors=True)


def try_commands(tier: str, cases: tuple[Case, ...], *, keep: bool, short: bool) -> Verdicts:
    """Have commands try some ways out, a package each, in one run."""
    with place(keep=keep) as root:
        scene = Scene(root, tier, {each.slug: (each,) for each in cases}, after=not short)
        scene.begin()
        scene.attack()
        return {(each, (tier, COMMAND)): judge(scene, each.slug, each) for each in cases}


def try_programs(tier: str, cases: tuple[Case, ...], names: list[str], *, keep: bool) -> Verdicts:
    """Have agents' programs try them, a package for each program, in one run."""
    cases = tuple(each for each in cases if not each.apart and (tier != "none" or not each.alone))
    with place(keep=keep) as root:
        tried = {each: tried_by(each, cases) for each in names}
        tried = {each: some for each, some in tried.items() if some}
        scene = Scene(root, tier, tried, {each: agent(each) for each in tried})
        with model(scene) as variables:
            scene = replace(scene, variables=variables)
            scene.begin()
            scene.attack()
        return {
            (case, (tier, name)): judge(scene, name, case)
            for name, some in tried.items()
            for case in some
        }


def told(cases: Sequence[Case], columns: Sequence[Column], verdicts: Verdicts) -> list[str]:
    """Print the table; say what is wrong. A command that did not begin proves nothing."""
    wrong: list[str] = []
    for number in (0, 1):
        print(f"{'':36}" + "".join(f"{column[number]:>15}" for column in columns))  # noqa: T201
    for case in cases:
        row = [verdicts.get((case, column), Verdict("-")) for column in columns]
        print(f"{case.name:36}" + "".join(f"{each.what:>15}" for each in row))  # noqa: T201
        wrong += [
            f"{case.name}, {name} under {tier}: {each.why or each.what}"
            for (tier, name), each in zip(columns, row, strict=True)
            if each.what == ESCAPED or (each.what == REFUSED and name == COMMAND)
        ]
    return wrong


def main() -> int:
    """Try them all, print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.escape")
    parser.add_argument("--short", action="store_true", help="one run for each sandbox")
    parser.add_argument("--tier", action="append", help="only this sandbox")
    parser.add_argument("--case", default="", help="only cases whose name holds this")
    parser.add_argument("--agent", action="append", help="only this agent (or: command)")
    parser.add_argument("--keep", action="store_true", help="leave the places where it was tried")
    given = parser.parse_args()
    there = offered()
    tiers = [each for each in there if not given.tier or each in given.tier]
    cases = [each for each in CASES if given.case in each.name and (each.short or not given.short)]
    names = [] if given.short and not given.agent else [*programs()]
    wanted = given.agent or [COMMAND, *names]
    names = [each for each in names if each in wanted]
    began = time.monotonic()
    with ThreadPoolExecutor(JOBS) as pool:
        running: list[Future[Verdicts]] = []
        for tier in tiers:
            if names:
                running.append(
                    pool.submit(try_programs, tier, tuple(cases), names, keep=given.keep)
                )
            if COMMAND in wanted:
                running += [
                    pool.submit(try_commands, tier, some, keep=given.keep, short=given.short)
                    for some in places(tier, cases, short=given.short)
                    if some
                ]
        verdicts: Verdicts = {}
        for each in running:
            verdicts |= each.result()
    columns = list(dict.fromkeys(column for _, column in verdicts))
    columns.sort(key=lambda each: (there.index(each[0]), wanted.index(each[1])))
    wrong = told(cases, columns, verdicts)
    tried = {tier for tier, _ in columns}
    wrong += [f"{each} is offered, and was left out" for each in there if each not in tried]
    absent = sorted({*wanted} - {COMMAND, *names})
    wrong += [f"{each} is not installed" for each in absent]
    if not given.short and not names and not given.agent:
        print("\nno agent's program is installed (make test-agents): commands alone tried")  # noqa: T201
    print("\n".join(["", *wrong]))  # noqa: T201
    took = time.monotonic() - began
    print(f"{len(verdicts)} attempts, under {', '.join(tiers)}: {len(wrong)} wrong, {took:.0f} s")  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
