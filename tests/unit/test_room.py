"""While the disk is low nothing starts: told once, waited for a while, then said clearly."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import pytest
from tests.fakes import runs
from tests.fakes.clock import ManualClock
from tests.fakes.disk import SetDisk
from tests.fakes.store import MemoryStore

from plait.core.action import Skip, Start
from plait.core.event import Warned
from plait.core.plan import PackageId
from plait.engine.journal import Journal
from plait.engine.memory import Memory
from plait.engine.room import Room
from plait.errors import EnvironmentLack, ExitCode
from plait.process import run_main

START = Start(package=PackageId("a"))
SKIP = Skip(package=PackageId("b"), reason="it needs c")


def told(journal: Journal) -> list[str]:
    """What was warned of."""
    return [warned.code for warned in journal.run.warnings]


def with_journal(use: Callable[[Journal], Awaitable[None]]) -> None:
    """Use a journal of a run that began."""
    clock = ManualClock(1000.0)
    store = MemoryStore(clock=clock)
    plan = runs.plan(runs.package("a"), runs.package("b"))
    run = runs.started(plan)
    store.create_run(run.id, plan, branch="b", base="0", options={})
    run_main(use, Journal(store, run, clock=clock))


def test_starts_wait_and_the_rest_is_done() -> None:
    """With little free: no start, one warning however often it is asked; then all again."""

    async def use(journal: Journal) -> None:
        disk = SetDisk(free=99)
        room = Room(disk=disk)
        for _ in range(3):
            left = await room.admit(journal, [START, SKIP], busy=True, starting=0)
            assert list(left) == [SKIP]
        assert told(journal) == ["DISK_LOW"]
        warned = journal.run.warnings[0]
        assert isinstance(warned, Warned)
        disk.free = 100
        left = await room.admit(journal, [START, SKIP], busy=True, starting=0)
        assert list(left) == [START, SKIP]
        assert disk.asked == 1

    with_journal(use)


def test_with_nothing_under_way_the_wait_has_an_end() -> None:
    """DISK_LOW, exit code 4, with the place; but not while something goes on."""

    async def use(journal: Journal) -> None:
        room = Room(disk=SetDisk(free=0), wait_s=0.05)
        await room.admit(journal, [START], busy=True, starting=0)
        await anyio.sleep(0.06)
        await room.admit(journal, [START], busy=True, starting=0)
        await room.admit(journal, [START], busy=False, starting=0)  # the wait begins
        await anyio.sleep(0.06)
        with pytest.raises(EnvironmentLack) as caught:
            await room.admit(journal, [START], busy=False, starting=0)
        error = caught.value
        assert (error.code, error.where, error.exit_code) == (
            "DISK_LOW",
            "/disk",
            ExitCode.ENVIRONMENT,
        )
        assert "plait clean" in error.hint
        assert "plait resume" in error.hint

    with_journal(use)


def test_while_starts_wait_the_disk_is_looked_at_again() -> None:
    """Nothing is recorded when somebody frees space: the wait for a change is short then."""

    async def use(journal: Journal) -> None:
        room = Room(disk=SetDisk(free=0))
        await room.admit(journal, [START], busy=True, starting=0)
        await journal.changed()  # the warning
        with anyio.fail_after(5):
            await room.changed(journal)

    with_journal(use)


def test_a_limit_of_nothing_lifts_it() -> None:
    """`min_free = 0`, and no disk to look at: everything is let through, nothing is measured."""

    async def use(journal: Journal) -> None:
        disk = SetDisk(free=0)
        for room in (Room(disk=disk, min_free=0), Room()):
            assert await room.admit(journal, [START], busy=False, starting=0) == [START]
        assert disk.asked == 0
        assert told(journal) == []

    with_journal(use)


def test_starts_wait_for_memory_and_their_packages_say_so() -> None:
    """One starts on an idle run; beside it the next waits until it has ended; told once."""
    other = Start(package=PackageId("b"))
    hired: dict[PackageId, str] = {PackageId("a"): "x", PackageId("b"): "x"}

    async def use(journal: Journal) -> None:
        memory = Memory(free=lambda: 100, told={"x": 80})
        left = await memory.admit(
            journal, [START, other], busy=False, starting=(), hired=hired.__getitem__
        )
        assert list(left) == [START]
        assert memory.is_tight
        memory.begins(PackageId("a"), "x")
        memory.takes(PackageId("a"), 10)
        for _ in range(2):
            left = await memory.admit(
                journal,
                [other],
                busy=True,
                starting=[PackageId("a")],
                hired=hired.__getitem__,
            )
            assert list(left) == []
        state = journal.run.packages[PackageId("b")]
        assert state.reason.startswith("waits for memory")
        assert journal.run.seq == 1
        assert memory.ends(PackageId("a")) == 10
        left = await memory.admit(journal, [other], busy=True, starting=(), hired=hired.__getitem__)
        assert list(left) == [other]
        assert not memory.is_tight

    with_journal(use)


def test_agents_of_which_nothing_is_known_do_not_wait() -> None:
    """Nor does anybody where the system does not tell how much is free."""

    async def use(journal: Journal) -> None:
        for memory in (Memory(free=lambda: 0), Memory(free=lambda: None, told={"x": 80})):
            left = await memory.admit(journal, [START], busy=True, starting=(), hired=lambda _: "x")
            assert list(left) == [START]

    with_journal(use)
