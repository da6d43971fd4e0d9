"""What proxy and bridge share: bytes carried both ways, and a child awaited.

They start with an isolated Python of their own, and an agent waits for them, so this imports
nothing of Plait and little of Python: the module `socket` costs more than Python's own start, and
is imported when the first connection is there.
"""

from __future__ import annotations

import _socket
import _thread
import os

try:
    import _signal as signal  # type: ignore[import-not-found]  # signal itself brings enum
except ImportError:  # another Python
    import signal

PIECE = 1 << 16
TYPE_CHECKING = False  # the typing module costs a start too much
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


def serve(listener: _socket.socket, answer: Callable[[socket.socket], None]) -> None:
    """Answer each connection in a thread of its own, in the background; takes the listener."""

    def accept() -> None:
        import select

        select.select([listener.fileno()], [], [])
        import socket

        with socket.socket(fileno=listener.detach()) as served:
            while True:
                try:
                    connection, _ = served.accept()
                except OSError:
                    return
                try:
                    _thread.start_new_thread(_answered, (answer, connection))
                except RuntimeError:  # no more threads are to be had: this one is refused
                    connection.close()

    _thread.start_new_thread(accept, ())


def _answered(answer: Callable[[socket.socket], None], connection: socket.socket) -> None:
    with connection:
        try:
            answer(connection)
        except OSError:  # either side is gone
            pass


def carry(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until both sides have said all."""
    import select

    ways = {one: other, other: one}
    while ways:
        ready, _, _ = select.select(list(ways), [], [])
        for source in ready:
            data = source.recv(PIECE)
            if data:
                ways[source].sendall(data)
                continue
            target = ways.pop(source)
            try:
                target.shutdown(_socket.SHUT_WR)
            except OSError:
                return


def outlive_orders() -> None:
    """Let orders to end pass: this process ends with what it serves."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def become(argv: list[str]) -> None:
    """Become a program, with signals as a program expects them."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(argv[0], argv)
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
    os._exit(127)


def environment(port: int) -> None:
    """Tell programs of a proxy on a port of the loopback, in all the ways they look for one."""
    place = f"http://127.0.0.1:{port}"
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"):
        os.environ[name] = os.environ[name.lower()] = place
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1,::1"
    os.environ["NODE_USE_ENV_PROXY"] = "1"


def listening() -> _socket.socket:
    """A socket on a port of the loopback that nobody uses."""
    return listening_on(0)


def listening_on(port: int) -> _socket.socket:
    """A socket on this port of the loopback."""
    listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(64)
    return listener
