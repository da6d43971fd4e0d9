"""Whom to speak to, and how; it goes to the child by its standard input, secrets with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from plait.core.announcement import Outcome, Reply, SinkKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A sink: either a `url` or (of MCP only) the `command` of a server.

    The `secret` signs what is posted, the `token` is sent along; neither they nor the address,
    which may be as secret, are ever shown. A call takes `timeout_s` seconds at most.
    """

    name: str
    kind: SinkKind
    url: str = field(default="", repr=False)
    command: tuple[str, ...] = ()
    tool: str = "purple_status"
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    timeout_s: float = 10.0

    def hidden(self, text: str) -> str:
        """A text without what must not be shown."""
        parts = urlsplit(self.url)
        address = (self.url, f"{parts.path}?{parts.query}", parts.path, parts.query)
        for each in (*address, self.secret, self.token):
            if len(each) > 1:
                text = text.replace(each, "***")
        return text


def is_last(order: Order, reply: Reply) -> bool:
    """Whether the child ends with this reply: a server that failed is begun anew."""
    failed = reply.outcome is Outcome.FAILED and order.kind is SinkKind.MCP
    return failed or reply.outcome is Outcome.UNFIT
