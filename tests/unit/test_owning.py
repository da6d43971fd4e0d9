"""What an agent has to itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from plait.core.guardrails.verdict import Bound
from plait.engine.lodging import Lodgings
from plait.engine.owning import own
from plait.ports import Sandbox
from plait.sandbox.bubblewrap import Bubblewrap
from plait.sandbox.landlock import Landlock
from plait.sandbox.none import NoSandbox


class OldLandlock(Landlock):
    """That of a kernel whose rules do not hold signals."""

    @property
    def abi(self) -> int:
        """The version before."""
        return 5


@pytest.mark.parametrize(
    ("sandbox", "further"),
    [
        (NoSandbox(), set()),
        (OldLandlock(), {Bound.REPOSITORY, Bound.FILES}),
        (Bubblewrap(), {Bound.REPOSITORY, Bound.FILES, Bound.PROCESSES}),
    ],
)
def test_a_sandbox_gives_an_agent_more_to_itself(sandbox: Sandbox, further: set[Bound]) -> None:
    """The worktree it has in any case; no databases where none are given."""
    context = SimpleNamespace(sandboxes={"x": sandbox}, lodgings=Lodgings())
    assert own(context, "x") == {Bound.WORKTREE, *further}


def test_databases_are_its_own_where_they_are_given() -> None:
    """By `[workspace] databases`."""
    lodgings = SimpleNamespace(furnishing=SimpleNamespace(databases=("one",)))
    context = SimpleNamespace(sandboxes={"x": NoSandbox()}, lodgings=lodgings)
    assert own(context, "x") == {Bound.WORKTREE, Bound.DATABASES}
