"""Progress boards outside: a webhook, or a tool of an MCP server.

Each is spoken to by a program of Plait's own, `python -I -m plait.announce`, a child of the run.
Whatever the other side does (names that nobody resolves, answers without an end, a server that
neither reads nor ends) happens there, and ends with it: the run waits for no more than a line.
"""

from __future__ import annotations

from plait.announce.order import Order
from plait.announce.speaker import Speaker

__all__ = ["Order", "Speaker"]
