"""Which names a request may call the service by, and which pages may ask: against rebinding.

A page of another site can have its name lead to this machine; the browser then takes the service
for that site's own. The name in `Host` gives it away, and so does `Origin`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Hosts:
    """Names of the service.

    Args:
        names: Besides the machine's own: what it is called from elsewhere.
        open_: Whether it listens for others: then any address, which is no name, fits.
    """

    def __init__(self, names: Iterable[str] = (), *, open_: bool = False) -> None:
        self._names = LOOPBACK | {each.lower() for each in names}
        self._open = open_

    def allows_host(self, host: str) -> bool:
        """Whether a request may be addressed to it, as `NAME` or `NAME:PORT`."""
        name = _name(f"//{host}")
        return name is not None and self._fits(name)

    def allows_origin(self, origin: str, host: str) -> bool:
        """Whether pages of an origin may ask: only those of the service itself do."""
        try:
            told, here = urlsplit(origin), urlsplit(f"//{host}")
            same = (told.hostname, told.port or _usual(told.scheme)) == (
                here.hostname,
                here.port or _usual(told.scheme),
            )
        except ValueError:
            return False
        return told.scheme in {"http", "https"} and same and self.allows_host(host)

    def _fits(self, name: str) -> bool:
        return name in self._names or (self._open and _is_address(name))


def _name(address: str) -> str | None:
    try:
        split = urlsplit(address)
        _ = split.port  # raises for what is no number
    except ValueError:
        return None
    if split.path or split.query or split.fragment or split.username is not None:
        return None
    return split.hostname


def _usual(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
