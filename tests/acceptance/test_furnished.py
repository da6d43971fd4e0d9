"""`[workspace]`: workspaces that work, with the installed command."""

from __future__ import annotations

import socket

from tests.acceptance.conftest import Story

PLAN = """\
version: 1
id: rooms
packages:
  - id: a
    title: A
    write: a/**
    checks: ["test \\"$(cat .env)\\" = secret && test -f kit/made && test -e $DB && echo $PORT >&2"]
  - id: b
    title: B
    write: b/**
    checks: ["test \\"$(cat cfg/local.json)\\" = {} && test -e $DB"]
"""
SETTINGS = """\
[workspace]
copy = [".env"]
link = ["node_modules"]
setup = ["echo ran >> $NOTES/setup; mkdir kit; cat lock > kit/made; echo changed >> lock"]
setup_key = ["lock"]
ports = ["PORT", "API_PORT"]
port_range = "23000-23999"

[workspace.databases]
DB = { create = "touch $NOTES/{name}", drop = "rm $NOTES/{name}; echo {name} >> $NOTES/dropped", \
url = "../../../../notes/{name}" }
"""
AGENT = (
    "test -e $DB && test -L node_modules && test -f kit/made && "
    "echo $PORT $API_PORT $(basename $DB) >> $NOTES/given; "
    "mkdir -p $PLAIT_PACKAGE; echo x > $PLAIT_PACKAGE/x; git add -A; git commit -qm mine; "
    "echo new > kit/added; ls kit >> $NOTES/kit"
)


def furnished(story: Story, settings: str) -> None:
    """A repository whose checkout holds more than its commit."""
    files = {
        "plait.yaml": PLAN,
        "lock": "1\n",
        ".gitignore": "cfg/local.json\nplait.toml\n",
        ".worktreeinclude": "local.json\n",
    }
    story.begin(files)
    (story.repo / "plait.toml").write_text(settings, encoding="utf-8")
    for path, text in {".env": "secret", "node_modules/m/i.js": "", "cfg/local.json": "{}"}.items():
        place = story.repo / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def test_a_package_works_and_is_checked_in_a_furnished_workspace(story):
    """Files, set-up by key, ports and databases are there, and none of them is committed."""
    settings = SETTINGS.replace("../../../../notes", str(story.notes))
    furnished(story, settings.replace("[workspace]", "[workspace]\nkeep = true"))
    before = story.snapshot()
    done = story.run("plait.yaml", AGENT, "--max-agents", "1")
    assert done.code == 0, done.err
    assert story.snapshot() == before
    packages = story.packages()
    assert {name: each["files_modified"] for name, each in packages.items()} == {
        "a": ["a/x"],
        "b": ["b/x"],
    }
    assert packages["a"]["attempts"][0]["setup_s"] > 0
    given = [line.split() for line in story.note("given")]
    assert len({port for line in given for port in line[:2]}) == 4
    assert len({line[2] for line in given}) == 2
    dropped = story.note("dropped")
    assert {line[2] for line in given} <= set(dropped)
    assert len(set(dropped)) == len(dropped) == 4  # each attempt's, and each landing's
    assert not list(story.notes.glob("plait_*"))
    slots = len(list((story.repo / ".plait/worktrees").glob("w*")))
    assert len(story.note("setup")) == slots  # once in each, though each is checked too
    assert set(story.note("kit")) == {"made", "added"}
    assert len(story.note("kit")) == 4  # what the first added was gone for the second
    for path in (".env", "kit/made", "node_modules"):
        assert path not in story.git("ls-tree", "-r", "--name-only", "feat/rooms").split()


def test_a_set_up_that_fails_is_told_with_its_log(story):
    """The attempt ends as SETUP_FAILED, its agent is never started, and databases are dropped."""
    furnished(story, '[workspace]\nsetup = ["echo no such thing; exit 3"]\n')
    done = story.run("plait.yaml", "touch $NOTES/started", "--package", "a")
    assert done.code == 1
    package = story.packages()["a"]
    assert {each["error_code"] for each in package["attempts"]} == {"SETUP_FAILED"}
    assert "exited 3" in package["reason"]
    assert "no such thing" in package["reason"]
    assert list((story.repo / ".plait" / "runs").rglob("setup.log"))
    assert not story.note("started")


def test_ports_that_are_taken_are_not_given(story):
    """Where every port of the range is in use, that is told; none is shared."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        furnished(story, f'[workspace]\nports = ["PORT"]\nport_range = "{port}-{port}"\n')
        story.run("plait.yaml", "true", "--package", "a")
    assert "no port from" in story.packages()["a"]["reason"]
