"""The network of an agent that may reach certain hosts: by a proxy that knows the list.

The proxy is started first and outside, and starts the sandbox: it ends with it. Into namespaces
leads one socket with a path, at whose inner end a bridge plays the proxy on a port of the private
loopback. Landlock leaves the loopback as it is and limits the ports that can be connected to.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from plait.ports import Confinement, Invocation

_STARTED = Path(__file__).with_name("started.py")
_VIA = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_NOT_VIA = ("NO_PROXY", "no_proxy")
LOOPBACK = ("localhost", "127.0.0.1", "::1")


def bridged(invocation: Invocation, confinement: Confinement, sandbox: Sequence[str]) -> Invocation:
    """The program in a sandbox without a network, with a bridge to the proxy."""
    table, meeting = _table(confinement), str(confinement.own[1])
    inside = (*_python("bridge"), meeting, str(table), *invocation.argv)
    argv = (*_python("proxy"), str(table), meeting, "", *sandbox, *inside)
    return replace(invocation, argv=argv, files={**invocation.files, table: _lines(confinement)})


def proxied(
    invocation: Invocation,
    confinement: Confinement,
    path: Path,
    rules: Sequence[str],
    *,
    limited: bool,
) -> Invocation:
    """The program behind rules that let it connect to the proxy's port, and to no other.

    The proxy's own child puts them on itself: one Python less that an agent waits for.
    """
    table = _table(confinement)
    told = [*rules, *(["limited"] if limited else [])]
    told += [f"connect {port}" for port in own_ports(confinement.hosts or ())]
    argv = (*_python("proxy"), str(table), "", str(path), *invocation.argv)
    encoded = b"\0".join(os.fsencode(each) for each in told)
    files = {**invocation.files, table: _lines(confinement), path: encoded}
    return replace(invocation, argv=argv, files=files)


def own_ports(hosts: Sequence[str]) -> Iterator[int]:
    """The ports of this machine that are on the list."""
    for host in hosts:
        name, _, port = host.rpartition(":")
        if name.strip("[]") in LOOPBACK and port.isdigit():
            yield int(port)


def _python(script: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", str(_STARTED), script)


def _table(confinement: Confinement) -> Path:
    return confinement.notes / "hosts"


def _lines(confinement: Confinement) -> bytes:
    """What the proxy is told: hosts that are allowed, and the user's own proxy if there is one."""
    hosts = confinement.hosts or ()
    lines = [f"host {each}" for each in hosts]
    lines += [f"port {each}" for each in own_ports(hosts)]
    via = next((os.environ[each] for each in _VIA if os.environ.get(each)), "")
    if via:
        lines.append(f"via {via}")
    direct = next((os.environ[each] for each in _NOT_VIA if os.environ.get(each)), "")
    lines += [f"direct {each.strip()}" for each in direct.split(",") if each.strip()]
    return "".join(f"{each}\n" for each in lines).encode()
