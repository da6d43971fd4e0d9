"""Nothing out of scope lands, however it was written."""

from __future__ import annotations

import pytest
from tests.acceptance.conftest import Story
from tests.fakes.plans import Piece

GOOD = 'mkdir -p "src/$PLAIT_PACKAGE" && echo ok > "src/$PLAIT_PACKAGE/made.txt"'

FILES = {
    "docs/guide.md": "a guide\nwith enough lines\nfor git to see\na rename\n",
    "docs/tool.sh": "#!/bin/sh\n",
    "outside/other.txt": "other\n",
    ".gitignore": "*.log\ncache/\n",
}

WAYS = {
    "plainly": ("echo x > docs/new.md", ["docs/new.md"]),
    "by changing a file": ("echo x >> docs/guide.md", ["docs/guide.md"]),
    "by renaming into the scope": (
        "git mv docs/guide.md src/wp-bad/guide.md",
        ["docs/guide.md"],
    ),
    "by changing a mode": ("chmod +x docs/tool.sh", ["docs/tool.sh"]),
    "by deleting": ("rm outside/other.txt", ["outside/other.txt"]),
    "through a symlink": (
        "ln -s ../../outside src/wp-bad/link && echo x > src/wp-bad/link/other.txt",
        ["outside/other.txt"],
    ),
    "by replacing a file with a symlink": (
        "rm docs/guide.md && ln -s /etc/hostname docs/guide.md",
        ["docs/guide.md"],
    ),
    "by force-adding an ignored file": (
        "echo x > debug.log && git add -f debug.log",
        ["debug.log"],
    ),
    "by a non-ASCII name": ("echo x > 'docs/ünïcode 名.md'", ["docs/ünïcode 名.md"]),
    "by a commit of its own": (
        "echo x > docs/new.md && git add -A && git -c user.name=A -c user.email=a@b commit -qm own",
        ["docs/new.md"],
    ),
    "by a commit that it takes back": (
        "echo x > docs/new.md && git add -A && git -c user.name=A -c user.email=a@b commit -qm own "
        "&& git rm -q docs/new.md && git -c user.name=A -c user.email=a@b commit -qm back",
        ["docs/new.md"],
    ),
    "by an embedded repository": (
        "git init -q src/wp-bad/inner && cd src/wp-bad/inner && git -c user.name=A "
        "-c user.email=a@b commit -q --allow-empty -m x",
        ["src/wp-bad/inner"],
    ),
    "on a branch of its own": (
        "git checkout -q -b own && echo x > docs/new.md",
        ["docs/new.md"],
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_write_outside_the_scope_never_lands(story: Story, way: str) -> None:
    """The package fails with the paths, its work is kept, its dependents are skipped."""
    script, paths = WAYS[way]
    story.begin(FILES)
    story.plans(
        "bad",
        Piece(id="wp-bad", checks=["true"]),
        Piece(id="wp-after", needs=["wp-bad"]),
        Piece(id="wp-free"),
    )
    outcome = story.run("bad", f'{GOOD}; if test "$PLAIT_PACKAGE" = wp-bad; then {script}; fi')

    assert outcome.code == 1, outcome.err
    packages = story.packages()
    attempt = packages["wp-bad"]["attempts"][-1]
    assert packages["wp-bad"]["status"] == "failed"
    assert attempt["error_code"] == "SCOPE_VIOLATION"
    assert attempt["violations"] == paths
    assert story.git("cat-file", "-t", attempt["kept_ref"]) == "commit"
    assert "src/wp-bad/made.txt" in story.git("ls-tree", "-r", "--name-only", attempt["kept_ref"])
    assert packages["wp-after"]["status"] == "skipped"
    assert "wp-bad" in packages["wp-after"]["reason"]
    assert packages["wp-free"]["status"] == "landed"
    landed = story.git("diff", "--name-only", "main", "openspec/bad").split()
    assert landed == ["src/wp-free/made.txt"]


def test_what_the_repository_ignores_is_no_violation_and_never_lands(story: Story) -> None:
    """Caches and build outputs beside the work change nothing."""
    story.begin(FILES)
    story.plans("good", Piece(id="wp-a"))
    agent = f"{GOOD}; mkdir -p cache && echo x > cache/c && echo y > build.log"
    assert story.run("good", agent).code == 0
    assert story.git("diff", "--name-only", "main", "openspec/good").split() == [
        "src/wp-a/made.txt"
    ]


def test_deny_is_stronger_than_write_allow(story: Story) -> None:
    """A path that both match is refused."""
    story.begin(FILES)
    story.plans("deny", Piece(id="wp-a", write=["src/**"], deny=["src/secret/**"]))
    outcome = story.run("deny", "mkdir -p src/secret && echo x > src/secret/key")
    assert outcome.code == 1
    assert story.packages()["wp-a"]["attempts"][-1]["violations"] == ["src/secret/key"]


def test_a_planted_git_configuration_runs_nothing(story: Story) -> None:
    """A rewritten .git file or commondir of the worktree executes no command of the agent's."""
    story.begin(FILES)
    story.plans("attack", Piece(id="wp-a", retry_budget=0))
    evil = (
        'mkdir -p evil && cp -r "$(git rev-parse --git-common-dir)"/. evil/ && '
        'git config -f evil/config core.fsmonitor "touch $NOTES/owned" && '
        'echo "$PWD/evil" > "$(git rev-parse --git-dir)/commondir"; '
    )
    story.run("attack", evil + GOOD)
    assert not (story.notes / "owned").exists()
    assert story.git("fsck", "--strict") == ""
