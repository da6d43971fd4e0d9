"""Children end with their whole family, and tell how they ended."""

import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import anyio
import pytest
from tests.fakes.processes import DAEMON, living_in

from plait import process
from plait.process import Captured, Exit
from plait.process.family import Family


@pytest.fixture
def sandbox(tmp_path):
    """A folder with a daemon program and a marker that its processes carry as an argument."""
    (tmp_path / "daemon.py").write_text(DAEMON)
    return tmp_path


def run(folder: Path, *argv: str, **options) -> Exit:
    """Run a command in the folder, with its logs there."""
    settings = {
        "cwd": folder,
        "env": dict(os.environ),
        "stdout": folder / "out",
        "stderr": folder / "err",
        "timeout_s": 20.0,
        "grace_s": 0.5,
    }
    return process.run_main(partial(process.run, argv, **settings | options))


def shell(folder: Path, script: str, **options) -> Exit:
    """Run a shell script in the folder."""
    return run(folder, "/bin/sh", "-c", script, **options)


@pytest.mark.parametrize("code", [0, 1, 75, 255])
def test_an_exit_code_is_told(sandbox, code):
    """The exit code arrives as it is."""
    ended = shell(sandbox, f"exit {code}")
    assert (ended.code, ended.timed_out, ended.lingering, ended.error) == (code, False, False, "")


def test_a_signal_is_told_as_a_negative_code(sandbox):
    """A child that a signal ended has the signal's number, negative, as its code."""
    assert shell(sandbox, "kill -SEGV $$").code == -11


def test_big_output_goes_straight_to_the_files(sandbox):
    """Many megabytes on both streams neither block nor get lost."""
    script = "head -c 20000000 /dev/zero; head -c 20000000 /dev/zero >&2"
    assert shell(sandbox, script).code == 0
    assert (sandbox / "out").stat().st_size == 20_000_000
    assert (sandbox / "err").stat().st_size == 20_000_000


def test_both_streams_may_share_one_file(sandbox):
    """Lines of both streams stand in one log in the order they were written."""
    log = sandbox / "log"
    shell(sandbox, "echo 1; echo 2 >&2; echo 3", stdout=log, stderr=log)
    assert log.read_text() == "1\n2\n3\n"


def test_bytes_are_given_on_standard_input(sandbox):
    """A long brief arrives whole, though the child reads late."""
    brief = b"line\n" * 200_000
    shell(sandbox, "sleep 0.2; cat", stdin=brief)
    assert (sandbox / "out").read_bytes() == brief


def test_a_child_that_reads_nothing_ends_all_the_same(sandbox):
    """Unread input breaks nothing."""
    assert shell(sandbox, "exit 3", stdin=b"x" * 1_000_000).code == 3


def test_a_file_is_given_on_standard_input(sandbox):
    """Standard input may be a file."""
    (sandbox / "brief").write_text("hello")
    shell(sandbox, "cat", stdin=sandbox / "brief")
    assert (sandbox / "out").read_text() == "hello"


def test_without_input_a_reader_is_at_the_end_at_once(sandbox):
    """A child never waits for the user's terminal."""
    assert shell(sandbox, "cat").code == 0


@pytest.mark.parametrize("argv", [["plait-has-no-such-program"], ["/etc/passwd"], ["a\0b"]])
def test_what_cannot_be_started_is_told(sandbox, argv):
    """A missing or unexecutable program is an outcome, and names itself."""
    ended = run(sandbox, *argv)
    assert ended.code is None
    assert argv[0] in ended.error


def test_a_missing_folder_is_told_as_such(sandbox):
    """The error names the folder, not the program."""
    ended = run(sandbox, "true", cwd=sandbox / "gone")
    assert ended.code is None
    assert "gone" in ended.error


def test_a_timeout_ends_children_and_grandchildren(sandbox):
    """After a timeout nobody of the group is left, and the exit says who ended it."""
    ended = shell(sandbox, "sleep 60 & sh -c 'sleep 60 & wait' & wait", timeout_s=0.3)
    assert ended.timed_out
    assert ended.code == -15
    assert not ended.lingering
    assert living_in(sandbox) == []


def test_a_child_that_ignores_sigterm_is_killed_after_the_grace(sandbox):
    """SIGKILL follows SIGTERM."""
    started = time.monotonic()
    ended = shell(sandbox, "trap '' TERM; while :; do sleep 1; done", timeout_s=0.2, grace_s=0.3)
    assert ended.code == -9
    assert 0.5 <= time.monotonic() - started < 5
    assert living_in(sandbox) == []


def test_a_child_has_its_grace_to_clean_up(sandbox):
    """SIGTERM comes first, and what the child does upon it is waited for."""
    script = "trap 'echo bye; exit 7' TERM; while :; do sleep 0.05; done"
    ended = shell(sandbox, script, timeout_s=0.3, grace_s=5)
    assert (ended.code, ended.timed_out) == (7, True)
    assert (sandbox / "out").read_text() == "bye\n"


def test_what_a_normal_exit_leaves_behind_is_ended(sandbox):
    """A server left in the background dies with the child that started it."""
    ended = shell(sandbox, "sleep 60 & exit 0")
    assert (ended.code, ended.lingering) == (0, False)
    assert living_in(sandbox) == []


@pytest.mark.skipif(sys.platform != "linux", reason="daemons are found by /proc")
@pytest.mark.parametrize("how", ["inherits", "closes", "scrubs"])
def test_a_daemon_that_left_the_group_is_found_and_ended(sandbox, how):
    """A double fork with setsid does not escape, be it without the pipe or without the mark."""
    ended = run(sandbox, sys.executable, "daemon.py", how)
    assert (ended.code, ended.lingering) == (0, False)
    assert living_in(sandbox) == []


def test_cancelling_ends_the_family_before_it_returns(sandbox):
    """A cancelled scope leaves no process, daemons included."""

    async def main() -> None:
        with anyio.move_on_after(0.5) as scope:
            await process.run(
                ["/bin/sh", "-c", f"{sys.executable} daemon.py & sleep 60 & wait"],
                cwd=sandbox,
                env=os.environ,
                stdout=sandbox / "out",
                stderr=sandbox / "err",
                timeout_s=None,
                grace_s=0.5,
            )
        assert scope.cancelled_caught

    process.run_main(main)
    assert living_in(sandbox) == []


def test_families_that_run_at_once_do_not_end_one_another(sandbox):
    """One child's end leaves its sibling's background work alone."""

    async def child(script: str) -> Exit:
        return await process.run(
            ["/bin/sh", "-c", script],
            cwd=sandbox,
            env=os.environ,
            stdout=sandbox / "out",
            stderr=sandbox / "err",
            timeout_s=10,
        )

    async def main() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(child, "(sleep 0.6; echo done > survived) & wait")
            for _ in range(5):
                group.start_soon(child, "sleep 9 & exit 0")

    process.run_main(main)
    assert (sandbox / "survived").exists()


def test_no_descriptor_and_no_zombie_is_left(sandbox):
    """Twenty children later this process holds what it held before."""
    shell(sandbox, "true")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        shell(sandbox, "true")
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def capture(folder: Path, script: str, **options) -> Captured:
    """Capture a shell script's output."""
    argv = ["/bin/sh", "-c", script]
    return process.run_main(
        partial(process.capture, argv, cwd=folder, env=dict(os.environ), **options)
    )


def test_capture_returns_all_output(sandbox):
    """Both streams and the code come back, whatever their size."""
    got = capture(sandbox, "cat; head -c 1000000 /dev/zero >&2; exit 4", stdin=b"i" * 1_000_000)
    assert (got.code, got.out, len(got.err)) == (4, b"i" * 1_000_000, 1_000_000)


def test_capture_times_out_and_leaves_nothing(sandbox):
    """A capture that takes too long raises TimeoutError once the group is gone."""
    with pytest.raises(TimeoutError):
        capture(sandbox, "sleep 60 & sleep 60", timeout_s=0.2)
    assert living_in(sandbox) == []


def test_capture_names_the_missing_program(sandbox):
    """What cannot be started raises, with the name."""
    with pytest.raises(FileNotFoundError, match="plait-has-no-such-program"):
        process.run_main(
            partial(process.capture, ["plait-has-no-such-program"], cwd=sandbox, env={})
        )


def test_a_dialogue_answers_and_ends_with_its_input(sandbox):
    """Requests are answered one by one; closing it leaves no process."""

    async def main() -> None:
        dialogue = process.Dialogue(["cat"], cwd=sandbox, env=os.environ)
        for request in (b"one\n", b"two\n"):
            dialogue.send(request)
            assert await dialogue.receive() == request
        await dialogue.close()

    process.run_main(main)
    assert living_in(sandbox) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells who holds a pipe")
def test_a_child_that_was_only_just_forked_belongs_to_no_family(sandbox):
    """It still has the reading end of its parent's pipe open, in a session of its own."""
    reading, writing = os.pipe()
    pipe = f"pipe:[{os.fstat(reading).st_ino}]"
    ends = {"reads": reading, "writes": writing}
    children = {
        name: subprocess.Popen(["sleep", "60"], pass_fds=(end,), start_new_session=True)
        for name, end in ends.items()
    }
    try:
        members = Family(0, mark=b"nothing has this", pipe=pipe, pinned=False).members()
        assert set(members) == {children["writes"].pid}
    finally:
        for child in children.values():
            child.kill()
            child.wait()
        os.close(reading)
        os.close(writing)
