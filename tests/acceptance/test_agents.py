"""Agents as the owner sets them up."""

from __future__ import annotations

from tests.acceptance.conftest import Story
from tests.fakes.plans import Piece

SETTINGS = """\
[run]
agent = "plain"
agents = [{ agent = "painter", match = "ui-*" }]

[agents.plain]
use = "command:mkdir -p src/$PLAIT_PACKAGE && echo $WHO > src/$PLAIT_PACKAGE/who"
set_env = { WHO = "plain" }

[agents.painter]
use = "command:mkdir -p src/$PLAIT_PACKAGE && echo $WHO > src/$PLAIT_PACKAGE/who"
set_env = { WHO = "painter" }
"""


def test_profiles_work_on_the_packages_that_they_are_chosen_for(story: Story) -> None:
    """By name, with what is set for each; a profile that asks for what nobody reads is refused."""
    story.begin({"plait.toml": SETTINGS})
    story.plans("c", Piece(id="api"), Piece(id="ui-1"))
    done = story.plait("run", "c", "--yes", "--allow-unchecked")
    assert done.code == 0, done.err
    who = {name: story.git("show", f"openspec/c:src/{name}/who") for name in ("api", "ui-1")}
    assert who == {"api": "plain", "ui-1": "painter"}

    (story.repo / "plait.toml").write_text(SETTINGS + 'model = "x"\n')
    refused = story.plait("run", "c", "--yes", "--fresh")
    assert refused.code == 2
    assert "reads no model in [agents.painter]" in refused.err
    assert "plait.toml:10:1" in refused.err
