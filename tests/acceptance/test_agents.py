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


def test_init_writes_settings_that_a_run_uses(story: Story) -> None:
    """What is found is set; the file loads, is never overwritten, and its checks are run."""
    story.begin({"Makefile": "test:\n\techo $$PLAIT_STAGE >> $(NOTES)/checks\n"})
    printed = story.plait("init", "--dry-run")
    assert not (story.repo / "plait.toml").exists()
    done = story.plait("init", "--json")
    assert (done.code, printed.out) == (0, done.report()["text"])
    assert [each["command"] for each in done.report()["checks"]] == ["make test"]

    again = story.plait("init")
    assert again.code == 2
    assert "--force" in again.err
    (story.repo / "plait.toml").write_text("mine")
    assert story.plait("init", "--force").code == 0
    assert (story.repo / "plait.toml.bak").read_text() == "mine"
    assert (story.repo / "plait.toml").read_text() == printed.out

    (story.repo / "c.plait.yaml").write_text("version: 1\npackages: {api: {write: src/**}}\n")
    done = story.run("c.plait.yaml", "mkdir -p src/api && touch src/api/x")
    assert done.code == 0, done.err
    assert story.note("checks") == ["baseline", "verify", "land"]
