"""`started.py bridge MEETING TABLE PROGRAM…`: a network in a sandbox that has none.

On a port of the private loopback it plays the proxy that listens at the socket `net` in the
folder MEETING, and on the ports of the table the machine's own, reached through that proxy. Then
it becomes the program; what serves it ends with that.
"""

from __future__ import annotations

import os
import sys

from plait.sandbox.relay import (
    become,
    carry,
    environment,
    listening,
    listening_on,
    outlive_orders,
    serve,
)

try:
    import _signal as signal  # type: ignore[import-not-found]  # signal itself brings enum
except ImportError:  # another Python
    import signal

TYPE_CHECKING = False  # the typing module costs a start too much
if TYPE_CHECKING:
    import socket


def through(client: socket.socket, port: int = 0) -> None:
    """Carry one connection to the proxy, and by it to a port of the machine if one is given."""
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as proxy:
        proxy.connect("net")
        if port:
            proxy.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\n\r\n".encode())
            told = b""
            while not told.endswith(b"\r\n\r\n"):
                byte = proxy.recv(1)
                if not byte:
                    return
                told += byte
            if b" 200 " not in told:
                return
        carry(client, proxy)


def main() -> None:
    """Serve in the background, become the program."""
    meeting, table, argv = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(table, encoding="utf-8") as file:
        ports = [int(line[5:]) for line in file if line.startswith("port ")]
    proxy = listening()
    own = [(port, listening_on(port)) for port in dict.fromkeys(ports)]
    environment(proxy.getsockname()[1])
    watched = os.pidfd_open(os.getpid())  # bubblewrap's own end is not that of all it started
    if os.fork() == 0:  # twice, so that the program has no child it does not know of
        if os.fork() != 0:
            os._exit(0)
        os.setsid()
        outlive_orders()
        os.chdir(meeting)
        for descriptor in (0, 1, 2):
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
        serve(proxy, through)
        for port, listener in own:
            serve(listener, lambda client, port=port: through(client, port))  # type: ignore[misc]
        import select

        select.select([watched], [], [])
        os._exit(0)
    os.wait()
    os.close(watched)
    for listener in (proxy, *(each for _, each in own)):
        listener.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    become(argv)
