"""Sinks: progress boards outside that are told how a run goes."""

from __future__ import annotations

from typing import Protocol

from plait.core.announcement import Call, Reply, SinkKind


class Sink(Protocol):
    """One board. Nothing that it does or fails to do may reach the run but as a `Reply`."""

    @property
    def name(self) -> str:
        """As its owner calls it: neither its address nor its command, which may be secret."""
        return ""

    @property
    def kind(self) -> SinkKind:
        """What it is spoken to with."""
        return SinkKind.WEBHOOK

    async def tell(self, call: Call) -> Reply:
        """Tell it one thing; returns within the sink's own limit, whatever the other side does."""

    async def close(self) -> None:
        """End what was begun for it: connections, and processes with all that they started."""
