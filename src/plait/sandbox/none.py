"""No sandbox: an agent can do whatever the user can."""

from __future__ import annotations

from plait.ports import Confinement, Invocation, Sandbox


class NoSandbox(Sandbox):
    """Nothing is kept from the agent; its commit is checked all the same."""

    @property
    def name(self) -> str:
        """`none`."""
        return "none"

    @property
    def holds(self) -> bool:
        """It holds nothing."""
        return False

    @property
    def lacks(self) -> tuple[str, ...]:
        """Everything; what reaches the branch is checked all the same."""
        return ("keeps nothing from an agent: only what it commits is checked",)

    def probe(self) -> str | None:
        """There is nothing that could be lacking."""
        return None

    def confine(self, invocation: Invocation, confinement: Confinement) -> Invocation:  # noqa: ARG002
        """The same invocation."""
        return invocation
