"""What every sandbox of the kernel keeps from a program, on the file system and the network."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from plait import sandbox
from plait.ports import Confinement, Invocation, Sandbox

PATIENCE_S = 60
GET = """
import sys, urllib.request
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
except OSError as error:
    print(type(error).__name__, error)
"""
CONNECT = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=5).close()
    print("reached")
except OSError:
    print("refused")
"""


@cache
def probed(name: str) -> tuple[Sandbox, str | None]:
    """A sandbox, and why it cannot be used here."""
    found = sandbox.find(name)
    return found, found.probe()


@dataclass(frozen=True)
class Room:
    """A worktree in a home that is hidden, in which programs are started as agents are."""

    sandbox: Sandbox
    root: Path
    confinement: Confinement

    def start(self, *argv: str, hosts: tuple[str, ...] | None = None) -> subprocess.Popen[str]:
        """A program in the sandbox."""
        confinement = replace(self.confinement, hosts=hosts)
        invocation = self.sandbox.confine(Invocation(argv=argv), confinement)
        for path, content in invocation.files.items():
            path.write_bytes(content)
        env = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        return subprocess.Popen(
            invocation.argv,
            env={**env, **invocation.env},
            cwd=self.confinement.worktree,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *argv: str, hosts: tuple[str, ...] | None = None) -> tuple[int, str]:
        """Its exit code and what it said."""
        with self.start(*argv, hosts=hosts) as process:
            said, _ = process.communicate(timeout=PATIENCE_S)
        return process.returncode, said.strip()

    def python(self, text: str, *argv: object, hosts: tuple[str, ...] | None = None) -> str:
        """What a program in Python says."""
        program = (sys.executable, "-I", "-c", text, *map(str, argv))
        return self.run(*program, hosts=hosts)[1]


@pytest.fixture(params=sandbox.KERNEL)
def room(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    """A room under each sandbox; one that cannot be used here is skipped, and says why."""
    held, lack = probed(request.param)
    if lack is not None:
        pytest.skip(lack)
    root = tmp_path.resolve()
    monkeypatch.setenv("HOME", str(root / "home"))
    worktree, mine = root / "home/w1", root / "home/runs/1"
    for folder in ("home/w1/src", "home/w2", "home/runs/1/home", "home/runs/1/out"):
        (root / folder).mkdir(parents=True)
    (mine / "tmp").mkdir()
    (root / "home/key").write_text("secret")
    (worktree / "README").write_text("r\n")
    confinement = Confinement(
        worktree=worktree,
        write=(worktree / "src",),
        own=(mine / "home", mine / "out"),
        scratch=mine / "tmp",
        notes=mine,
        hidden=(root / "home",),
    )
    return Room(held, root, confinement)


class Answering(BaseHTTPRequestHandler):
    """Says hello."""

    def do_GET(self) -> None:
        """Answer, whatever is asked."""
        body = f"hello {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(host: str) -> Iterator[int]:
    """A server at an address of the loopback: its port."""
    with ThreadingHTTPServer((host, 0), Answering) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def server() -> Iterator[int]:
    """A server where this machine's own usually are: its port."""
    with serving("127.0.0.1") as port:
        yield port


def test_files_are_held_as_the_confinement_says(room: Room) -> None:
    """What is opened is written for real; the rest of the worktree is read; the home is not."""
    shell = (
        "echo new > src/a && echo in; echo x > README || echo kept; cat README; "
        'cat "$1/home/key" || echo hidden; echo x > "$1/home/w2/x"; '
        'echo t > "${TMPDIR:-/tmp}/t" && echo temporary; exit 7'
    )
    code, said = room.run("/bin/sh", "-c", shell, "sh", str(room.root))
    assert code == 7
    words = [line for line in said.splitlines() if ": " not in line]
    assert words == ["in", "kept", "r", "hidden", "temporary"], said
    assert (room.confinement.worktree / "src/a").read_text() == "new\n"
    assert (room.confinement.worktree / "README").read_text() == "r\n"
    assert list((room.root / "home/w2").iterdir()) == []


def test_an_order_to_end_reaches_the_program(room: Room) -> None:
    """The program has its say on SIGTERM, with and without a list of hosts."""
    shell = 'trap "echo bye > src/bye; exit 0" TERM; echo up; while :; do sleep 0.05; done'
    for hosts in (None, ()):
        bye = room.confinement.worktree / "src/bye"
        process = room.start("/bin/sh", "-c", shell, hosts=hosts)
        assert process.stdout
        with process:
            assert process.stdout.readline() == "up\n"
            for pid in family(process.pid):
                os.kill(pid, signal.SIGTERM)
            process.communicate(timeout=PATIENCE_S)
        assert bye.read_text() == "bye\n"
        bye.unlink()


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    children = Path(f"/proc/{pid}/task/{pid}/children")
    for each in children.read_text().split() if children.exists() else ():
        found += family(int(each))
    return found


def test_without_a_list_any_host_is_reached(room: Room, server: int) -> None:
    """No list, no limit: the loopback too."""
    assert room.python(GET, f"http://127.0.0.1:{server}/x") == "hello /x"


def test_a_host_on_the_list_is_reached_through_the_proxy(room: Room) -> None:
    """By a program that heeds the proxy's variables; the path is asked for as it was."""
    with serving("127.0.0.2") as port:
        url = f"http://127.0.0.2:{port}/a/b?c"
        assert room.python(GET, url, hosts=("127.0.0.2",)) == "hello /a/b?c"
        assert "403" in room.python(GET, url, hosts=("127.0.0.2:1",))


def test_a_port_of_this_machine_that_is_listed_is_reached_as_such(room: Room, server: int) -> None:
    """A database, say: by programs that know of no proxy."""
    said = room.python(CONNECT, "127.0.0.1", server, hosts=(f"localhost:{server}",))
    assert said == "reached"
    said = room.python(GET, f"http://127.0.0.1:{server}/", hosts=(f"localhost:{server}",))
    assert said == "hello /"


def test_a_host_that_is_not_listed_is_refused_and_told(room: Room, server: int) -> None:
    """The proxy says which it was, to the program and to Plait's log; other ports are shut."""
    proxied = GET.replace("import sys", "import os, sys; os.environ.pop('no_proxy'); import sys")
    proxied = proxied.replace("os.environ.pop", "os.environ.pop('NO_PROXY'); os.environ.pop")
    said = room.python(proxied, f"http://127.0.0.1:{server}/", hosts=("example.org",))
    assert "HTTPError HTTP Error 403" in said
    assert f"plait: 127.0.0.1:{server} is not on the list of hosts" in said
    assert room.python(CONNECT, "127.0.0.1", server, hosts=("example.org",)) == "refused"


def test_in_namespaces_there_is_no_other_way_out(room: Room, server: int) -> None:
    """No interface but a loopback of its own, no socket of the machine's, by name or by path."""
    if room.sandbox.name != "bwrap":
        pytest.skip("it limits TCP alone, and says so")
    path = room.root / "socket"
    with (
        socket.socket(socket.AF_UNIX) as named,
        socket.socket(socket.AF_UNIX) as abstract,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        back = Path.cwd()
        os.chdir(room.root)
        named.bind("socket")
        os.chdir(back)
        abstract.bind(f"\0plait-test-{os.getpid()}")
        datagrams.bind(("127.0.0.1", 0))
        named.listen()
        abstract.listen()
        tries = f"""
import os, socket
def tried(family, kind, place):
    with socket.socket(family, kind) as one:
        one.settimeout(3)
        try:
            one.connect(place)
            one.send(b"x")
            return one.recv(1)
        except OSError as error:
            return type(error).__name__
os.path.exists({str(path.parent)!r}) and os.chdir({str(path.parent)!r})
print(tried(socket.AF_UNIX, socket.SOCK_STREAM, "socket"))
print(tried(socket.AF_UNIX, socket.SOCK_STREAM, "\\0plait-test-{os.getpid()}"))
print(tried(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", {datagrams.getsockname()[1]})))
print(tried(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", {server})))
print(tried(socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53)))
print(sorted(name for _, name in socket.if_nameindex()))
"""
        said = room.python(tries, hosts=()).splitlines()
        assert said == [
            "FileNotFoundError", "ConnectionRefusedError", "ConnectionRefusedError",
            "ConnectionRefusedError", "OSError", "['lo']",
        ]  # fmt: skip
        datagrams.setblocking(False)
        with pytest.raises(BlockingIOError):
            datagrams.recv(1)
