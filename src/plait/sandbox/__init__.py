"""Sandboxes, strongest first; probed at start, and named in the run's header and report."""

from __future__ import annotations

from plait.ports import Confinement, Invocation, Sandbox


class NoSandbox(Sandbox):
    """Nothing is kept from the agent; its commit is checked all the same."""

    @property
    def name(self) -> str:
        """`none`."""
        return "none"

    def probe(self) -> str | None:
        """There is nothing that could be lacking."""
        return None

    def confine(self, invocation: Invocation, confinement: Confinement) -> Invocation:  # noqa: ARG002
        """The same invocation."""
        return invocation
