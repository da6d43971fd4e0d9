"""The Sink port: a webhook, and a tool of MCP over both its transports, behave alike."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest
from tests.fakes.boards import SECRET, Receiver, always, calls, listening, receiving, server_command

from plait.announce import Order, Speaker
from plait.announce.board import opened
from plait.core.announcement import Call, Outcome, Reply, SinkKind

HOWS = ("webhook", "stdio", pytest.param("http", marks=pytest.mark.long))


class Room:
    """A sink of one kind, and what its other side got."""

    def __init__(self, how: str, folder: Path, stack: ExitStack) -> None:
        self.how, self.log = how, folder / "calls"
        self._folder, self._stack = folder, stack

    def sink(self, mood: str = "", timeout_s: float = 30.0) -> Speaker:
        """One whose other side is in a mood: `refuse`, `hang`, or none."""
        mcp = {"name": "board", "kind": SinkKind.MCP, "timeout_s": timeout_s}
        moods = (mood,) if mood else ()
        if self.how == "stdio":
            return self._speaker(**mcp, command=server_command(self.log, *moods))
        if self.how == "http":
            return self._speaker(**mcp, url=self._stack.enter_context(listening(self.log, *moods)))
        answer = {"": 204, "refuse": 422, "hang": -1}[mood]
        self.receiver = self._stack.enter_context(receiving(always(answer)))
        return self._speaker(
            name="board",
            kind=SinkKind.WEBHOOK,
            url=self.receiver.url,
            secret=SECRET,
            timeout_s=timeout_s,
        )

    def gone(self) -> Speaker:
        """One whose other side is not there."""
        if self.how == "stdio":
            return self._speaker(name="b", kind=SinkKind.MCP, command=("no-such-program-here",))
        kind = SinkKind.WEBHOOK if self.how == "webhook" else SinkKind.MCP
        return self._speaker(name="b", kind=kind, url="http://127.0.0.1:9/s3cret-path")

    def got(self) -> list[Any]:
        """The tickets that came."""
        if self.how == "webhook":
            return [each["ticket"] for each in self.receiver.accepted]
        return [each["ticket"] for each in calls(self.log)]

    def _speaker(self, **fields: Any) -> Speaker:
        return Speaker(Order(**fields), environ=dict(os.environ), cwd=self._folder)


@pytest.fixture(params=HOWS)
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    with ExitStack() as stack:
        yield Room(request.param, tmp_path, stack)


def call(name: str = "T-1") -> Call:
    """A ticket to be told."""
    body = {"featureFolder": "f", "ticket": {"id": name, "name": "naïve ☃ \u2028 ' \" {}"}}
    return Call(key=name, body=body, marks={})


def told(sink: Speaker, *names: str) -> list[Reply]:
    """What a sink says to calls, one after the other; it is closed then."""

    async def main() -> list[Reply]:
        try:
            return [await sink.tell(call(each)) for each in names]
        finally:
            await sink.close()

    return anyio.run(main)


def test_what_is_told_arrives_as_it_is_in_order(room: Room) -> None:
    """Each call is accepted, and comes with every character it had."""
    replies = told(room.sink(), "T-1", "T-2", "T-3")
    assert [each.outcome for each in replies] == [Outcome.ACCEPTED] * 3
    assert room.got() == [call(each).body["ticket"] for each in ("T-1", "T-2", "T-3")]


def test_what_is_refused_is_told_so_and_the_next_is_asked_all_the_same(room: Room) -> None:
    """A refusal is about one call."""
    replies = told(room.sink("refuse"), "T-1", "T-2")
    assert [each.outcome for each in replies] == [Outcome.REFUSED] * 2
    assert all(each.reason for each in replies)


@pytest.mark.long
def test_what_never_answers_has_failed_in_its_time(room: Room) -> None:
    """A call lasts as long as the settings say, and nothing is left of it."""
    (reply,) = told(room.sink("hang", timeout_s=0.3 if room.how == "webhook" else 2.0), "T-1")
    assert reply.outcome is Outcome.FAILED
    assert reply.reason


def test_what_is_not_there_has_failed_without_a_secret_told(room: Room) -> None:
    """The reason names no address: it may be as secret as a password."""
    (reply,) = told(room.gone(), "T-1")
    assert reply.outcome is Outcome.FAILED
    assert reply.reason
    assert "s3cret" not in reply.reason


def mcp(folder: Path, *argv: str, **fields: Any) -> Speaker:
    """A sink whose server is that command."""
    given = {"name": "b", "kind": SinkKind.MCP, "command": argv, "timeout_s": 20, **fields}
    order = Order(**given)
    return Speaker(order, environ=dict(os.environ), cwd=folder)


@pytest.mark.long
def test_a_tool_that_takes_a_list_gets_a_list_of_one(tmp_path: Path) -> None:
    """What the tool says of itself decides: `ticket`, or `tickets`."""
    log = tmp_path / "calls"
    told(mcp(tmp_path, *server_command(log, "list")), "T-1")
    assert [[each["id"] for each in told["tickets"]] for told in calls(log)] == [["T-1"]]


@pytest.mark.long
def test_a_server_without_the_tool_is_unfit(tmp_path: Path) -> None:
    """It is told which tool is not there, and which are."""
    (reply,) = told(mcp(tmp_path, *server_command(tmp_path / "calls", "bare")), "T-1")
    assert reply.outcome is Outcome.UNFIT
    assert "no tool purple_status (it has: another_tool)" in reply.reason


@pytest.mark.long
@pytest.mark.parametrize(
    "code",
    [
        "print('garbage'); print('{}'); print('[1')",
        "import sys; sys.stdout.write('x' * 9_000_000); sys.stdout.flush(); input()",
        "import sys; sys.exit(3)",
    ],
    ids=["garbage", "endless", "gone"],
)
def test_a_server_that_talks_nonsense_fails(tmp_path: Path, code: str) -> None:
    """Neither what is no JSON-RPC nor a line without an end harms; what is gone is told so."""
    (reply,) = told(mcp(tmp_path, sys.executable, "-c", code), "T-1")
    assert reply.outcome is Outcome.FAILED


def test_of_a_webhooks_answer_only_the_status_counts(tmp_path: Path) -> None:
    """What may get better is tried again; what will not is not; no redirect is followed.

    A long answer is not read; who sent what is told by the signature over the very bytes.
    """
    answers: dict[int | str | bytes, Outcome] = {
        200: Outcome.ACCEPTED,
        b"x" * 3_000_000: Outcome.ACCEPTED,
        400: Outcome.REFUSED,
        401: Outcome.FAILED,
        429: Outcome.FAILED,
        500: Outcome.FAILED,
        "http://192.0.2.1/elsewhere": Outcome.FAILED,
    }
    row: list[int | str | bytes] = [*answers]
    with receiving(Receiver(answers=lambda number: row[number - 1])) as receiver:
        order = Order(name="b", kind=SinkKind.WEBHOOK, url=receiver.url, secret=SECRET)
        names = [f"T-{number}" for number in range(len(row))]
        replies = told(Speaker(order, environ=dict(os.environ), cwd=tmp_path), *names)
    assert [each.outcome for each in replies] == list(answers.values())
    assert [headers["Idempotency-Key"] for headers, _ in receiver.requests] == names
    assert receiver.signed()
    assert "a redirect to 192.0.2.1, which is not followed" in replies[-1].reason


@pytest.mark.long
def test_a_server_over_http_that_sends_elsewhere_or_too_much_fails(tmp_path: Path) -> None:
    """A token goes to no other host, and an answer is read up to a size."""
    with receiving(Receiver()) as elsewhere:
        other = elsewhere.url.replace("127.0.0.1", "localhost")
        large = "the answer is too large"
        for answer, why in ((other, "redirect"), (b'"' + b"x" * 30_000_000, large)):
            with receiving(always(answer)) as receiver:
                fields = {"command": (), "url": receiver.url, "token": SECRET}
                (reply,) = told(mcp(tmp_path, **fields), "T-1")
            assert reply.outcome is Outcome.FAILED
            assert why in reply.reason.lower()
            assert receiver.requests
            assert SECRET not in reply.reason
        assert not elsewhere.requests


def test_without_the_client_of_mcp_it_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An extra that is not there is no error of the run's."""

    async def main() -> Reply:
        order = Order(name="b", kind=SinkKind.MCP, command=("no-such-program-here",))
        async with opened(order, ".") as speak:
            return await speak({})

    monkeypatch.setitem(sys.modules, "mcp.client.client", None)
    reply = anyio.run(main)
    assert reply.outcome is Outcome.UNFIT
    assert 'pip install "plait[mcp]"' in reply.reason
