"""Kept children live on when their starter dies, are adopted, and leave nothing behind."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from tests.fakes.processes import DAEMON, living_in

from plait import process
from plait.process import Exit, Kept

STARTER = """
import os, sys
from pathlib import Path
from plait import process
here = Path.cwd()
process.keep(
    ["/bin/sh", "-c", sys.argv[1]], folder=here / "kept", cwd=here, env=dict(os.environ),
    stdout=here / "out", stderr=here / "err", timeout_s=30.0, grace_s=0.5,
)
print("started", flush=True)
sys.stdin.read()
"""
FAMILY_OF_FOUR = f"{sys.executable} daemon.py & (sleep 60 & sleep 60) & wait"


@pytest.fixture
def sandbox(tmp_path):
    """A folder to work in, and one for the shim's files."""
    (tmp_path / "daemon.py").write_text(DAEMON)
    (tmp_path / "kept").mkdir()
    return tmp_path


def start(folder: Path, script: str, **options) -> Kept:
    """Keep a shell script."""
    settings = {
        "folder": folder / "kept",
        "cwd": folder,
        "env": dict(os.environ),
        "stdout": folder / "out",
        "stderr": folder / "err",
        "timeout_s": 20.0,
        "grace_s": 0.5,
    }
    return process.keep(["/bin/sh", "-c", script], **settings | options)


def run(folder: Path, script: str, **options) -> Exit:
    """Keep a shell script to its end."""
    return wait(start(folder, script, **options))


def wait(kept: Kept) -> Exit:
    """Await its end."""
    return process.run_main(kept.ended)


def end(kept: Kept, grace_s: float = 0.5) -> Exit:
    """Order its end, and await it."""
    return process.run_main(kept.end, grace_s)


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something to come true."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.01)


def shim_of(folder: Path) -> int:
    """The process id that the shim noted."""
    for line in (folder / "kept/alive.lock").read_text().splitlines():
        if line.startswith("shim "):
            return int(line.split()[1])
    raise AssertionError("it has noted nothing")


def starter(folder: Path, script: str) -> subprocess.Popen[bytes]:
    """Another process that keeps a script."""
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, script],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def kill(starting: subprocess.Popen[bytes]) -> None:
    """Kill -9, and no zombie stays."""
    starting.kill()
    starting.communicate()


def adopted(folder: Path) -> Kept:
    """What was started there."""
    kept = process.adopt(folder / "kept")
    assert kept is not None
    return kept


@pytest.mark.parametrize("code", [0, 1, 75, 255])
def test_an_exit_code_is_told(sandbox, code):
    """The exit code arrives as it is, and the lock is free."""
    kept = start(sandbox, f"exit {code}")
    ended = wait(kept)
    assert (ended.code, ended.timed_out, ended.lingering, ended.stopped) == (code, False, False, "")
    assert not kept.living


def test_it_gets_what_a_child_gets(sandbox):
    """Input, environment and folder arrive; both streams are appended to their files."""
    (sandbox / "out").write_text("before\n")
    env = {**os.environ, "TOKEN": "s3cret\nof two lines"}
    run(sandbox, 'cat; echo "$TOKEN"; pwd; echo no >&2', env=env, stdin=b"brief\n" * 100_000)
    told = (sandbox / "out").read_text()
    assert told == "before\n" + "brief\n" * 100_000 + f"s3cret\nof two lines\n{sandbox}\n"
    assert (sandbox / "err").read_text() == "no\n"


def test_the_environment_is_neither_shown_nor_stored(sandbox):
    """A secret stands in no argument vector of the shim, not in its environment, in no file."""
    kept = start(sandbox, "sleep 60", env={**os.environ, "TOKEN": "s3cret"})
    until(lambda: "agent" in (sandbox / "kept/alive.lock").read_text())
    shim = Path(f"/proc/{shim_of(sandbox)}")
    assert b"s3cret" not in (shim / "cmdline").read_bytes() + (shim / "environ").read_bytes()
    files = [each for each in sandbox.rglob("*") if each.is_file()]
    assert [each for each in files if b"s3cret" in each.read_bytes()] == []
    for name in ("alive.lock", "orders"):
        assert stat.S_IMODE((sandbox / "kept" / name).stat().st_mode) == 0o600
    end(kept)


@pytest.mark.parametrize("argv", [["plait-has-no-such-program"], ["/etc/passwd"]])
def test_what_cannot_be_started_is_told(sandbox, argv):
    """A missing or unexecutable program is an outcome, and names itself."""
    folder = sandbox / "kept"
    kept = process.keep(
        argv,
        folder=folder,
        cwd=sandbox,
        env={},
        stdout=sandbox / "out",
        stderr=sandbox / "err",
        timeout_s=5.0,
    )
    ended = wait(kept)
    assert ended.code is None
    assert argv[0] in ended.error


def test_a_missing_folder_is_told_as_such(sandbox):
    """The error names the folder, not the program."""
    ended = run(sandbox, "true", cwd=sandbox / "gone")
    assert ended.code is None
    assert "gone" in ended.error


def test_signals_are_as_a_shell_would_have_them(sandbox):
    """A broken pipe ends what writes to it: the shim's own settings are not handed down."""
    assert run(sandbox, "yes | head -n 1 > /dev/null; kill -PIPE $$").code == -signal.SIGPIPE


def test_a_timeout_ends_the_whole_family(sandbox):
    """Children, grandchildren and a daemon; and the exit says who ended it."""
    ended = run(sandbox, FAMILY_OF_FOUR, timeout_s=0.7)
    assert (ended.timed_out, ended.code, ended.lingering) == (True, -15, False)
    assert living_in(sandbox) == []


def test_who_ignores_sigterm_is_killed_after_the_grace(sandbox):
    """SIGKILL follows SIGTERM, also for grandchildren that ignore it."""
    script = "trap '' TERM; sh -c 'while :; do sleep 1; done' & while :; do sleep 1; done"
    began = time.monotonic()
    ended = run(sandbox, script, timeout_s=0.2, grace_s=0.4)
    assert (ended.code, ended.timed_out) == (-9, True)
    assert 0.6 <= time.monotonic() - began < 5
    assert living_in(sandbox) == []


def test_an_agent_has_its_grace_to_clean_up(sandbox):
    """SIGTERM comes first, once, and what is done upon it is waited for."""
    script = "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done"
    kept = start(sandbox, script)
    until(lambda: (sandbox / "out").read_text() == "up\n")
    ended = end(kept, 5)
    assert (ended.code, ended.stopped) == (7, "order")
    assert (sandbox / "out").read_text() == "up\nbye\n"


@pytest.mark.parametrize(
    "how",
    [
        ["inherits"],
        ["closes"],
        ["scrubs"],
        pytest.param(
            ["closes", "scrubs"],
            marks=pytest.mark.skipif(
                not Path("/proc/self/task").exists(), reason="orphans are adopted on Linux"
            ),
        ),
    ],
)
def test_a_daemon_that_left_the_group_is_found_and_ended(sandbox, how):
    """A double fork with setsid does not escape, with neither mark nor pipe."""
    ended = run(sandbox, f"{sys.executable} daemon.py {' '.join(how)}")
    assert (ended.code, ended.lingering) == (0, False)
    assert living_in(sandbox) == []


def test_an_order_ends_it_at_once_even_in_its_grace(sandbox):
    """`end 0` cuts short the grace that an earlier order gave."""
    kept = start(sandbox, "trap '' TERM; echo up; while :; do sleep 1; done")
    until(lambda: (sandbox / "out").exists() and bool((sandbox / "out").read_text()))

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(kept.end, 60.0)
            await anyio.sleep(0.3)
            await kept.end(0.0)

    began = time.monotonic()
    process.run_main(main)
    assert time.monotonic() - began < 5
    assert living_in(sandbox) == []


def test_an_order_that_means_nothing_is_passed_over(sandbox):
    """Garbage in the pipe neither ends nor hangs it."""
    kept = start(sandbox, "sleep 0.7; exit 4")
    until(lambda: "agent" in (sandbox / "kept/alive.lock").read_text())
    (sandbox / "kept/orders").write_bytes(b"\xff\0 nonsense\nendless 5\n")
    assert wait(kept).code == 4


def test_a_child_outlives_its_starter_and_is_adopted(sandbox):
    """Kill -9 of the starter: another process awaits the same child, which was started once."""
    starting = starter(sandbox, "echo begun >> starts; sleep 1; echo done; exit 3")
    until((sandbox / "starts").exists)
    kill(starting)
    kept = adopted(sandbox)
    assert kept.living
    assert wait(kept).code == 3
    assert (sandbox / "starts").read_text() == "begun\n"
    assert (sandbox / "out").read_text() == "done\n"


def test_what_ended_while_nobody_looked_is_read_later(sandbox):
    """The exit is there for whoever comes."""
    starting = starter(sandbox, "exit 5")
    until((sandbox / "kept/exit.json").exists)
    kill(starting)
    kept = adopted(sandbox)
    until(lambda: not kept.living)
    assert wait(kept).code == 5


def test_an_adopted_child_is_ended_with_its_family(sandbox):
    """Orders reach the shim of a starter that is gone."""
    starting = starter(sandbox, f"echo up; {FAMILY_OF_FOUR}")
    until(lambda: len(living_in(sandbox)) >= 5)
    kill(starting)
    ended = end(adopted(sandbox))
    assert (ended.code, ended.stopped) == (-15, "order")
    assert living_in(sandbox) == []


@pytest.mark.parametrize("seed", range(8))
def test_a_starter_killed_at_any_moment_starts_once_or_never(sandbox, seed):
    """Whenever the kill comes: one start at most, and a free lock means that none follows."""
    starting = starter(sandbox, "echo begun >> starts; sleep 0.3")
    until((sandbox / "kept/alive.lock").exists)
    time.sleep(random.Random(seed).uniform(0, 0.02))
    kill(starting)
    kept = adopted(sandbox)
    ended = wait(kept)
    begun = (sandbox / "starts").read_text() if (sandbox / "starts").exists() else ""
    assert begun == ("begun\n" if ended.code == 0 else "")
    time.sleep(0.1)
    assert living_in(sandbox) == []


def test_where_one_lives_no_second_is_started(sandbox):
    """The lock refuses it, and the first one lives on."""
    kept = start(sandbox, "echo begun >> starts; sleep 60")
    until((sandbox / "starts").exists)
    with pytest.raises(BlockingIOError):
        start(sandbox, "echo begun >> starts")
    assert kept.living
    end(kept)
    assert (sandbox / "starts").read_text() == "begun\n"


@pytest.mark.parametrize("adopts", [False, True])
def test_a_killed_shim_is_told_and_its_family_ended(sandbox, adopts):
    """Kill -9 of the shim: nobody knows how the child ends, so it is ended, daemons too."""
    kept = start(sandbox, f"{sys.executable} daemon.py scrubs & {FAMILY_OF_FOUR}")
    until(lambda: len(living_in(sandbox)) >= 5)
    os.kill(shim_of(sandbox), signal.SIGKILL)
    ended = wait(adopted(sandbox) if adopts else kept)
    assert (ended.code, ended.stopped, ended.lingering) == (None, "lost", False)
    assert living_in(sandbox) == []
    if adopts:
        wait(kept)  # it is this process' child: no zombie stays


def test_sigterm_to_the_shim_ends_the_family_and_is_told(sandbox):
    """As when a machine is shut down: an exit is written, and it counts as cut short."""
    kept = start(sandbox, FAMILY_OF_FOUR)
    until(lambda: len(living_in(sandbox)) >= 4)
    os.kill(shim_of(sandbox), signal.SIGTERM)
    assert wait(kept).stopped == "signal"
    assert living_in(sandbox) == []


def test_a_stopped_shim_does_not_hold_up_an_end(sandbox):
    """SIGSTOP: it does not obey, so it is killed, and its family is ended without it."""
    kept = start(sandbox, FAMILY_OF_FOUR)
    until(lambda: len(living_in(sandbox)) >= 4)
    os.kill(shim_of(sandbox), signal.SIGSTOP)
    assert end(kept, 0.2).stopped == "lost"
    assert living_in(sandbox) == []


def test_a_stopped_shim_is_woken(sandbox):
    """Without ticks for long enough it is continued, and tells the end it slept through."""
    kept = start(sandbox, "sleep 0.3; exit 6")
    until(lambda: "agent" in (sandbox / "kept/alive.lock").read_text())
    os.kill(shim_of(sandbox), signal.SIGSTOP)
    kept.stalled_s = 0.5
    assert wait(kept).code == 6


def test_it_ticks(sandbox):
    """The lock file's time moves while the child lives, whatever the child does."""
    kept = start(sandbox, "sleep 60")
    until(lambda: "agent" in (sandbox / "kept/alive.lock").read_text())
    first = (sandbox / "kept/alive.lock").stat().st_mtime
    until(lambda: (sandbox / "kept/alive.lock").stat().st_mtime > first + 0.5)
    end(kept)


def test_a_lease_that_nobody_renews_ends_it(sandbox):
    """Renewed it lives on; then its time runs out, and it is told why."""
    kept = start(sandbox, FAMILY_OF_FOUR, lease_s=0.5)
    kept.renew(2.0)
    began = time.monotonic()
    ended = wait(kept)
    assert (ended.stopped, living_in(sandbox)) == ("lease", [])
    assert 1.5 < time.monotonic() - began < 10


def test_it_has_a_session_of_its_own(sandbox):
    """A signal to the starter's group or terminal reaches neither the shim nor the child."""
    kept = start(sandbox, "echo $$; sleep 60")
    until(lambda: (sandbox / "out").exists() and bool((sandbox / "out").read_text()))
    agent = int((sandbox / "out").read_text())
    assert len({os.getsid(0), os.getsid(shim_of(sandbox)), os.getsid(agent)}) == 3
    end(kept)


def test_no_descriptor_and_no_zombie_is_left(sandbox):
    """Ten children later this process holds what it held before."""
    run(sandbox, "true")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        run(sandbox, "true")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_the_child_inherits_no_descriptor_of_the_shim(sandbox):
    """The lock above all: it would stay held by what the child leaves behind."""
    run(sandbox, "ls -l /proc/self/fd")
    told = (sandbox / "out").read_text()
    assert "alive.lock" not in told
    assert "orders" not in told


def test_who_was_stopped_goes_on_when_nudged(sandbox):
    """SIGCONT reaches the child and what it started, though it left the child's group."""
    script = "setsid sh -c 'kill -STOP $$; echo far > far'; kill -STOP $$; echo near > near"

    async def nudged() -> Exit:
        kept = start(sandbox, script)
        async with anyio.create_task_group() as tasks:

            async def nudge() -> None:
                while not (sandbox / "near").exists():
                    kept.nudge()
                    await anyio.sleep(0.05)

            tasks.start_soon(nudge)
            ended = await kept.ended()
            tasks.cancel_scope.cancel()
        return ended

    ended = process.run_main(nudged)
    assert (ended.code, ended.stopped) == (0, "")
    assert (sandbox / "far").exists()


def test_what_it_writes_is_kept_without_secrets(sandbox):
    """Values that were named and keys of well-known forms, on both streams, half a line too."""
    key = "sk-" + "a1B2c3D4" * 6
    script = f"echo a hidden-1 b; printf 'half {key}'; echo 'Bearer abcdef0123456789' >&2"
    run(sandbox, script, secrets=["hidden-1"])
    assert (sandbox / "out").read_text() == "a [redacted] b\nhalf [redacted]"
    assert (sandbox / "err").read_text() == "Bearer [redacted]\n"


def test_a_daemon_that_keeps_the_output_does_not_hold_up_the_end(sandbox):
    """It is ended with the family; what it and the agent wrote until then is there."""
    ended = run(sandbox, "(trap '' TERM; echo early; sleep 60; echo late) & echo main; sleep 0.2")
    assert ended.code == 0
    assert sorted((sandbox / "out").read_text().split()) == ["early", "main"]


def test_no_line_is_lost_however_much_there_is(sandbox):
    """More than a pipe holds, at once, and all in its order."""
    run(sandbox, "seq 200000")
    assert (sandbox / "out").read_text() == "".join(f"{n}\n" for n in range(1, 200_001))


def test_lines_are_there_while_it_works_and_half_a_line_is_a_sign_of_life(sandbox):
    """Whoever follows the log sees whole lines at once; of the rest, that the log was touched."""
    kept = start(sandbox, "echo one; while test ! -e go; do sleep 0.02; done; printf two; sleep 30")
    until(lambda: (sandbox / "out").read_text() == "one\n")
    os.utime(sandbox / "out", (0, 0))
    (sandbox / "go").touch()
    until(lambda: (sandbox / "out").stat().st_mtime > 0)
    assert (sandbox / "out").read_text() == "one\n"
    end(kept)
    assert (sandbox / "out").read_text() == "one\ntwo"


def test_its_starter_may_be_killed_and_no_line_is_lost(sandbox):
    """The shim passes on what it writes; nobody else is needed."""
    starting = starter(sandbox, "while test ! -e go; do sleep 0.02; done; seq 5000")
    assert starting.stdout is not None
    starting.stdout.readline()
    kill(starting)
    (sandbox / "go").touch()
    assert wait(adopted(sandbox)).code == 0
    assert (sandbox / "out").read_text().splitlines()[-1] == "5000"


def test_a_log_that_cannot_be_written_does_not_stop_it(sandbox):
    """On a full disk output is lost, and the agent goes on."""
    ended = run(sandbox, "seq 100000; exit 5", stdout=Path("/dev/full"))
    assert ended.code == 5


SHELL = f"{sys.executable} -c \"import os; os.setsid(); os.execvp('sh', ['sh', '-c', '%s'])\" &"


@pytest.mark.parametrize("last", ["kill -9 $$", "exit 0", "exec sleep 60"])
def test_a_shell_in_a_session_of_its_own_does_not_outlive_its_agent(sandbox, last):
    """As agents start their commands: whether the agent is killed, ends, or is ended in time."""
    shell = SHELL % "trap : TERM HUP; echo up > up; sleep 60; sleep 60"
    wrapped = f'sh -c "{shell.replace(chr(34), chr(92) + chr(34))} wait" &'  # a wrapper between
    script = f"{wrapped} while ! test -s up; do sleep 0.02; done; {last}"
    run(sandbox, script, timeout_s=3.0)
    assert living_in(sandbox) == []
