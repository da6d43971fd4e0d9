"""One command in each form, as it lies in a repository."""

from __future__ import annotations

import pytest
from tests.golden.conftest import Golden

from plait.app.commands.layouts import LAYOUTS, Layout
from plait.app.commands.sources import commands


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda each: each.folder)
def test_a_command_in_each_form(layout: Layout, golden: Golden) -> None:
    """The file that `plait init` writes for each program."""
    (command,) = (each for each in commands() if each.name == "spec:parallel_execute")
    name = f"command-{layout.folder.replace('/', '-').lstrip('.')}{layout.ending.replace('/', '-')}"
    golden(name, layout.render(command, version="0.1.0"))
