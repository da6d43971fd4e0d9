"""Boards in the settings: what fits together, what each is called, what of them may be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from plait import config
from plait.announce import Order
from plait.app.announcing import lack_of
from plait.config import Settings
from plait.core.announcement import SinkKind
from plait.core.board import Board, is_private
from plait.errors import UsageError


def load(folder: Path, text: str) -> Settings:
    """The settings of a repository with this file."""
    (folder / "plait.toml").write_text(text)
    return config.load(folder, environ={"HOME": str(folder / "home")}, flags={})


def test_boards_are_read_in_their_order(tmp_path: Path) -> None:
    """A url is a webhook unless it says otherwise, a command a server of MCP."""
    text = """
        [[announce]]
        url = "https://board.example.org/hook?key=1"
        secret_env = "SECRET"
        [[announce]]
        command = ["/opt/bin/server", "--stdio"]
        env = ["KEY"]
        tool = "status"
        timeout = "3s"
        [[announce]]
        kind = "mcp"
        url = "$ADDRESS"
        token_env = "TOKEN"
        name = "ours"
    """
    assert load(tmp_path, text).boards == (
        Board(
            name="board.example.org",
            kind=SinkKind.WEBHOOK,
            url="https://board.example.org/hook?key=1",
            secret_env="SECRET",
        ),
        Board(
            name="server",
            kind=SinkKind.MCP,
            command=("/opt/bin/server", "--stdio"),
            env=("KEY",),
            tool="status",
            timeout_s=3.0,
            interval_s=0.0,
        ),
        Board(name="ours", kind=SinkKind.MCP, url="$ADDRESS", token_env="TOKEN", interval_s=0.0),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[announce]", "must be a list of tables"),
        ("[[announce]]", "either a url or a command"),
        ('[[announce]]\nurl = "https://a.b"\ncommand = ["c"]', "either a url or a command"),
        ('[[announce]]\ncommand = "sh -c x"', "a list of the program"),
        ("[[announce]]\ncommand = []", "a list"),
        ('[[announce]]\nurl = "ftp://a.b"', "an address like"),
        ('[[announce]]\nurl = "https://u:p@a.b/"', "without a password"),
        ('[[announce]]\nurl = "$A B"', "an address like"),
        ('[[announce]]\nurl = "https://a.b"\nsecret_env = "s3cr3t!"', "the name of a variable"),
        ('[[announce]]\nurl = "https://a.b"\nsecret = "s"', "there is no key"),
        ('[[announce]]\nurl = "https://a.b"\ntool = "t"', "a webhook without tool"),
        ('[[announce]]\nkind = "webhook"\ncommand = ["c"]', "a webhook without command"),
        ('[[announce]]\ncommand = ["c"]\nsecret_env = "S"', "MCP signs nothing"),
        ('[[announce]]\ncommand = ["c"]\ntoken_env = "S"', "a board with a url"),
        ('[[announce]]\nkind = "mcp"\nurl = "https://a.b"\nenv = ["S"]', "a board with a command"),
        ('[[announce]]\nurl = "http://a.b"\ntoken_env = "S"', "an https address"),
        ('[[announce]]\nurl = "http://a.b"\ntimeout = 0', "a duration"),
        ('[[announce]]\nurl = "http://a.b/1"\n[[announce]]\nurl = "http://a.b/2"', "two boards"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    """Each mistake is told where it stands, before anything is started."""
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)
    assert caught.value.code == "BAD_CONFIG"
    assert told in caught.value.message + caught.value.hint
    assert caught.value.where.startswith("plait.toml:")
    assert "s3cr3t" not in caught.value.message
    assert "u:p" not in caught.value.message


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("https://a.b/x", True),
        ("http://127.0.0.1:80/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:9/x", True),
        ("http://a.b/x", False),
        ("http://127.0.0.1.evil.example/x", False),
        ("http://localhost.evil.example/x", False),
    ],
)
def test_a_token_goes_where_nobody_reads_it(url: str, private: bool) -> None:
    """Encrypted, or to this machine; a name that only looks like it is another host."""
    assert is_private(url) is private


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({}, "$ADDRESS is not set"),
        ({"ADDRESS": "https://a.b", "TOKEN": " "}, "$TOKEN is not set"),
        ({"ADDRESS": "file:///etc", "TOKEN": "t"}, "$ADDRESS holds no address of the web"),
        ({"ADDRESS": "http://a.b", "TOKEN": "t"}, "$TOKEN is sent to https addresses only"),
        ({"ADDRESS": "https://a.b", "TOKEN": "t"}, ""),
    ],
)
def test_what_the_environment_lacks_is_told_by_its_name(environ: dict[str, str], told: str) -> None:
    """Never by what a variable holds."""
    board = Board(name="b", kind=SinkKind.WEBHOOK, url="$ADDRESS", token_env="TOKEN")
    assert lack_of(board, environ) == told


def test_nothing_secret_is_shown() -> None:
    """Neither in what went wrong nor where an order itself is printed."""
    url = "https://board.example.org/h00k?key=k3y"
    order = Order(name="b", kind=SinkKind.WEBHOOK, url=url, secret="s3cret", token="t0ken")
    assert not {"h00k", "k3y", "s3cret", "t0ken"} & set(repr(order).split("'"))
    shown = order.hidden(f"no way to {url} with s3cret and t0ken, at /h00k?key=k3y")
    for each in ("h00k", "k3y", "s3cret", "t0ken"):
        assert each not in shown
