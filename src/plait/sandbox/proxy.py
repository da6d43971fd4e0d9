"""`started.py proxy TABLE MEETING RULES PROGRAM…`: a proxy, and the program it is for.

It answers `CONNECT host:port` and plain HTTP for the hosts of the table, and ends with the
program, with its exit code. MEETING is a folder in which to listen on the socket `net`; if it is
empty, a port of the loopback is listened on, and the program told of it in its environment. RULES
are what Landlock is to hold the program to, beside that port; empty: it holds itself.

What only an answer needs is imported by the first one: the program waits for none of it.
"""

from __future__ import annotations

import _socket
import os
import sys

from plait.sandbox.relay import (
    become,
    carry,
    environment,
    listening,
    outlive_orders,
    serve,
)

TYPE_CHECKING = False  # the typing module costs a start too much
if TYPE_CHECKING:
    import socket

LONGEST = 1 << 16
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PATIENCE_S = 30.0


class Table:
    """What the table says: who may be reached, and how."""

    def __init__(self, path: str) -> None:
        """Read it."""
        with open(path, encoding="utf-8") as file:
            pairs = [line.rstrip("\n").partition(" ") for line in file]
        self.hosts = [value.lower() for word, _, value in pairs if word == "host"]
        self.direct = [value.lower() for word, _, value in pairs if word == "direct"]
        self.via = next((value for word, _, value in pairs if word == "via"), "")

    def allows(self, host: str, port: int) -> bool:
        """Whether a host on the list is meant."""
        return any(_means(each, host, port) for each in self.hosts)

    def goes_direct(self, host: str) -> bool:
        """Whether the user's own proxy is left out."""
        near = host in ("localhost", "::1") or host.startswith("127.")
        return near or any(
            each == "*" or host == each.lstrip(".") or host.endswith("." + each.lstrip("."))
            for each in self.direct
        )

    def upstream(self) -> tuple[str, int, str]:
        """The user's own proxy: host, port, a header that it asks for."""
        place = self.via.partition("://")[2] or self.via
        account, _, address = place.rstrip("/").rpartition("@")
        host, _, port = address.rpartition(":")
        header = ""
        if account:
            import base64

            coded = base64.b64encode(account.encode()).decode()
            header = f"Proxy-Authorization: Basic {coded}\r\n"
        return host, int(port), header


def _means(entry: str, host: str, port: int) -> bool:
    name, _, wanted = entry.rpartition(":")
    if not wanted.isdigit() or (name.count(":") > 0 and not name.endswith("]")):
        name, wanted = entry, ""
    if wanted and int(wanted) != port:
        return False
    name = name.strip("[]")
    if name in LOOPBACK:
        return host in LOOPBACK
    if name.startswith("*."):
        return host.endswith(name[1:])
    return host == name


def answer(table: Table, client: socket.socket) -> None:
    """One connection of the program's."""
    client.settimeout(PATIENCE_S)
    head, rest = _head(client)
    words = head.partition(b"\r\n")[0].decode("latin-1").split(" ")
    if len(words) != 3:
        return _refuse(client, "400 Bad Request", "that is no request to a proxy")
    method, target, version = words
    tunnel = method == "CONNECT"
    place = target if tunnel else target.partition("://")[2].partition("/")[0]
    host, port = _address(place.rpartition("@")[2], 443 if tunnel else 80)
    if not host or (not tunnel and not target.startswith("http://")):
        return _refuse(client, "400 Bad Request", f"{target} is no address")
    if not table.allows(host, port):
        told = f"{host}:{port} is not on the list of hosts ([sandbox] hosts)"
        sys.stderr.write(f"plait: {told}\n")
        sys.stderr.flush()
        return _refuse(client, "403 Forbidden", told)
    try:
        server = _reached(table, host, port, head if not tunnel else b"", target)
    except (OSError, ValueError) as error:
        return _refuse(client, "502 Bad Gateway", f"{host}:{port}: {error}")
    with server:
        if tunnel:
            client.sendall(f"{version} 200 Connected\r\n\r\n".encode())
        if rest:
            server.sendall(rest)
        client.settimeout(None)
        carry(client, server)
    return None


def _reached(table: Table, host: str, port: int, head: bytes, target: str) -> socket.socket:
    """A connection to the host, or through the user's proxy; `head` is sent if it is given."""
    import socket

    direct = not table.via or table.goes_direct(host)
    if direct:
        server = socket.create_connection((host, port), PATIENCE_S)
        if head:  # as the server itself is asked
            path = "/" + target.partition("://")[2].partition("/")[2]
            server.sendall(head.replace(target.encode("latin-1"), path.encode("latin-1"), 1))
    else:
        name, number, header = table.upstream()
        server = socket.create_connection((name, number), PATIENCE_S)
        if head:
            first, _, more = head.partition(b"\r\n")
            server.sendall(first + b"\r\n" + header.encode() + more)
        else:
            place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            asked = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{header}\r\n"
            server.sendall(asked.encode())
            told = _head(server)[0].split(b" ", 2)
            if len(told) < 2 or told[1] != b"200":
                raise ValueError("the proxy in between refused")
    server.settimeout(None)
    return server


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    """All up to the empty line, and what was read beyond it."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(4096)
        if not piece or len(data) > LONGEST:
            raise OSError("it ended too early")
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def _address(place: str, usual: int) -> tuple[str, int]:
    if place.startswith("["):
        host, _, port = place[1:].partition("]")
        port = port.removeprefix(":")
    else:
        host, _, port = place.partition(":")
    number = int(port) if port.isdigit() else usual
    return host.lower().rstrip("."), number


def _refuse(client: socket.socket, status: str, told: str) -> None:
    body = f"{told}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    client.sendall(head.encode() + body)


def main() -> None:
    """Listen, start the program, end with it."""
    table, meeting, rules, argv = Table(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:]
    port = 0
    if meeting:
        listener = _listening_in(meeting)
    else:
        listener = listening()
        port = listener.getsockname()[1]
        environment(port)
    outlive_orders()
    child = os.fork()
    if child == 0:
        listener.close()
        if rules:
            from plait.sandbox.landlocked import hold

            hold(rules, port)
        become(argv)
    serve(listener, lambda client: answer(table, client))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(code if code >= 0 else 128 - code)


def _listening_in(folder: str) -> _socket.socket:
    back = os.getcwd()
    os.chdir(folder)  # the path of a socket is short
    if os.path.lexists("net"):
        os.unlink("net")
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    listener.bind("net")
    listener.listen(64)
    os.chdir(back)
    return listener
