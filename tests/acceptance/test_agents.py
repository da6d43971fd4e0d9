"""Agents as the owner sets them up."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.acceptance.conftest import Story
from tests.fakes import claude_program
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


CHOICES = """\
[run]
agent = "plain"
agents = [
  { agent = ["limited", "second"], kind = "integrate" },
  { agent = "mover", archetype = "migrat*" },
  { agent = "trusted", trust = 3 },
]

[agents.limited]
use = '''command:echo '{"status": "rate_limited", "retry_after_s": 600}' > $PLAIT_RESULT; exit 1'''
"""
WORKER = """
[agents.{name}]
use = "command:mkdir -p $PLAIT_PACKAGE && touch $PLAIT_PACKAGE/{name}"
"""
CHOSEN = """\
version: 1
packages:
  one: {write: one/**, archetype: migration}
  two: {write: two/**, trust: 4}
  low: {write: low/**, trust: 2}
  all: {write: all/**, kind: integrate, needs: [one, two, low]}
"""


def test_a_plan_s_words_choose_who_works_and_another_takes_over_from_one_that_rests(
    story: Story,
) -> None:
    """Archetype, least trust and kind; the report and the story name the profile that worked."""
    workers = [WORKER.format(name=name) for name in ("plain", "mover", "trusted", "second")]
    story.begin({"plait.toml": CHOICES + "".join(workers), "c.plait.yaml": CHOSEN})
    done = story.plait("run", "c.plait.yaml", "--yes", "--allow-unchecked")
    assert done.code == 0, done.err
    files = story.git("ls-tree", "-r", "--name-only", "feat/c").splitlines()
    assert {"one/mover", "two/trusted", "low/plain", "all/second"} <= set(files)
    who = [each["agent"] for each in story.packages()["all"]["attempts"]]
    assert who == ["limited", "second"]
    assert "one  started (attempt 1 of 2, mover)" in done.out + done.err


def test_init_writes_settings_that_a_run_uses(story: Story) -> None:
    """What is found is set; the file loads, is never overwritten, and its checks are run."""
    needs = '{"dependencies": {"x": "1"}}'
    npm = story.root / "programs" / "npm"
    npm.parent.mkdir()
    npm.write_text('#!/bin/sh\necho "$@" >> $NOTES/npm\n')
    npm.chmod(0o755)
    story.env["PATH"] = f"{npm.parent}:{story.env['PATH']}"
    recipe = "test:\n\techo $$PLAIT_STAGE >> $(NOTES)/checks\n"
    story.begin({"Makefile": recipe, "package.json": needs, "package-lock.json": "{}"})
    printed = story.plait("init", "--dry-run")
    assert not (story.repo / "plait.toml").exists()
    done = story.plait("init", "--json")
    assert (done.code, printed.out) == (0, done.report()["text"])
    assert [each["command"] for each in done.report()["checks"]] == ["make test"]
    assert [each["command"] for each in done.report()["setup"]] == ["npm ci"]

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
    assert set(story.note("npm")) == {"ci"}


def test_doctor_tries_an_agent_s_program_against_a_scripted_model(story: Story) -> None:
    """What works and what does not, of a sound program and of a broken one; keys stay away."""
    story.begin()
    program = story.root / "programs" / "claude"
    program.parent.mkdir()
    source = Path(claude_program.__file__).read_text(encoding="utf-8")
    program.write_text(f"#!{sys.executable}\n{source}", encoding="utf-8")
    program.chmod(0o755)
    profile = f'use = "claude"\nprogram = "{program}"\n'
    (story.repo / "plait.toml").write_text(
        f"[agents.sound]\n{profile}[agents.ill]\n{profile}"
        'set_env = { FAKE = "deaf mute alone new" }\n'
    )
    story.env["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:9"  # nobody listens: it must not be asked
    sound = story.plait("doctor", "--probe", "sound")
    assert sound.code == 0, sound.out
    assert sound.out.splitlines()[-1] == "works"
    ill = story.plait("doctor", "--probe", "ill", "--probe", "command:true", "--json")
    assert ill.code == 4
    (told, own) = ill.report()
    states = {each["what"]: each["state"] for each in told["findings"]}
    assert states.pop("sandbox") in {"pass", "skip"}  # where there is none
    assert states == {
        "program": "pass", "version": "pass", "start": "pass", "write": "pass", "shell": "pass",
        "finish": "fail", "usage": "pass", "mcp": "fail", "resume": "fail", "scope": "fail",
        "cancel": "pass",
    }  # fmt: skip
    assert (told["works"], own["works"]) == (False, True)
    assert story.git("status", "--porcelain") == "?? plait.toml"


def test_doctor_lists_agents_with_their_versions(story: Story) -> None:
    """One that is too old is told with the version that is needed, as is a profile that cannot."""
    story.begin({"plait.toml": '[agents.gone]\nuse = "claude"\nprogram = "not-there"\n'})
    program = story.root / "programs" / "claude"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 2.0.9 '(Claude Code)'\n")
    program.chmod(0o755)
    story.env["PATH"] = f"{program.parent}:{story.env['PATH']}"
    told = [each for each in story.plait("doctor", "--json").report() if each["what"] == "agents"]
    lines = {each["told"]: (each["level"], each["cure"]) for each in told}
    level, cure = lines[f"claude 2.0.9 ({program})"]
    assert (level, "2.1.300" in cure) == ("note", True)
    assert "the profile gone cannot be used: gone: there is no program not-there" in lines
    assert "always there: acp, command, external, scripted" in told[-1]["told"]


def test_a_run_tells_that_an_agent_s_program_is_too_old(story: Story) -> None:
    """When it begins and in its report; the program is asked once, not for each run."""
    story.begin()
    program = story.root / "programs" / "claude"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\ntest "$1" = --version && { echo x >> "$NOTES/asked"; echo 2.0.9; exit; }\n'
        "mkdir -p src/wp-a; echo made > src/wp-a/made.txt\n"
        f"echo '{json.dumps({'type': 'result', 'subtype': 'success', 'result': 'Done.'})}'\n"
    )
    program.chmod(0o755)
    story.env["PATH"] = f"{program.parent}:{story.env['PATH']}"
    story.plans("add-a", Piece(id="wp-a"))
    told = "claude 2.0.9 is older than 2.1.300, which this adapter is made for: update it"
    done = story.plait("run", "add-a", "--agent", "claude", "--yes")
    assert done.code == 0, done.out + done.err
    assert told in done.out + done.err
    assert told in story.plait("report").out
    again = story.plait("run", "add-a", "--agent", "claude", "--yes", "--fresh", "--json")
    assert '"AGENT_OUTDATED"' in again.out
    assert story.note("asked") == ["x"]
