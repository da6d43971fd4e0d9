"""`--pr`: the run's branch, pushed and offered at each of the three kinds of forge."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.conftest import Outcome, Story
from tests.fakes.forge import READER, REPOSITORY, TOKEN, CodeHost, serving
from tests.fakes.plans import Piece

WRITE = 'mkdir -p "src/$PLAIT_PACKAGE" && echo "$PLAIT_PACKAGE" > "src/$PLAIT_PACKAGE/made.txt"'
BRANCH = "openspec/add-export"
VARIABLES = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "gitea": "FORGEJO_TOKEN"}
WRONG = "wr0ng-t0ken-entirely"
NOWHERE = "http://127.0.0.1:9"


def bare(story: Story) -> Path:
    """A remote that is a repository beside it, with what the user has on main."""
    place = story.root / "remote.git"
    story.git("init", "-q", "--bare", "-b", "main", str(place))
    story.git("remote", "add", "origin", str(place))
    story.git("push", "-q", "origin", "main")
    return place


def say(story: Story, host: CodeHost, url: str = "") -> None:
    """Write plait.toml: where the forge is."""
    told = {"kind": host.kind, "address": url or host.url, "repository": REPOSITORY}
    lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
    (story.repo / "plait.toml").write_text("\n".join(["[forge]", *lines]) + "\n")


def refs(place: Path) -> dict[str, str]:
    """What a remote holds."""
    argv = ["git", "-C", str(place), "for-each-ref", "--format=%(refname) %(objectname)"]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(line.split(" ") for line in lines)


def report(story: Story) -> Any:
    """The report as the run's folder holds it."""
    (path,) = (story.repo / ".plait" / "runs").glob("*/report.json")
    return json.loads(path.read_text())


def nowhere(story: Story, outcome: Outcome, *tokens: str) -> bool:
    """Whether no token stands in anything that was written or said."""
    files = [each for each in (story.repo / ".plait").rglob("*") if each.is_file()]
    files.append(story.repo / ".git" / "config")
    texts = [each.read_bytes().decode("utf-8", "replace") for each in files]
    return not any(each in text for each in tokens for text in (*texts, outcome.out, outcome.err))


@pytest.mark.parametrize("kind", VARIABLES)
def test_a_pull_request_is_refused_then_opened_then_updated(story: Story, kind: str) -> None:
    """What goes wrong fails no run and is told; one request is opened, and it is kept up to date.

    The branch alone is pushed, whatever else there is, and no token is written down.
    """
    with serving(CodeHost(kind)) as host:
        story.begin()
        story.plans("add-export", Piece(id="wp-one"))
        place = bare(story)
        story.git("tag", "-am", "a tag", "v1")
        story.git("branch", "other")
        say(story, host)
        host.head_of = lambda branch: refs(place).get(f"refs/heads/{branch}", "0" * 40)
        story.env[VARIABLES[kind]] = WRONG

        outcome = story.run("add-export", WRITE, "--pr")

        assert outcome.code == 4
        assert VARIABLES[kind] in outcome.out
        ended = report(story)
        assert ended["status"] == "succeeded"
        offered = ended["pull_request"]
        assert (offered["error_code"], offered["pushed"]) == ("FORGE_TOKEN_REFUSED", True)
        assert "`wp-one`" in (story.repo / offered["file"]).read_text()
        head = ended["head"]
        main = story.git("rev-parse", "main")
        assert refs(place) == {f"refs/heads/{BRANCH}": head, "refs/heads/main": main}

        for token, url, code in (
            (READER, "", "FORGE_FORBIDDEN"),
            (TOKEN, NOWHERE, "FORGE_UNREACHABLE"),
        )[: 2 if kind == "github" else 0]:  # of the others the port's own tests tell
            story.env[VARIABLES[kind]] = token
            say(story, host, url)
            outcome = story.plait("resume")  # it was asked for when the run began
            assert outcome.code == 4
            assert f"[{code}]" in outcome.out
            assert "plait resume" in outcome.out
            assert host.requests == []

        say(story, host)
        story.env[VARIABLES[kind]] = TOKEN
        outcome = story.plait("resume")
        assert outcome.code == 0, outcome.err
        (request,) = host.requests
        assert (request["branch"], request["target"]) == (BRANCH, "main")
        assert request["title"] == ended["plan"]["title"]
        assert "`wp-one`" in request["body"]

        request["title"] = "What I call it"
        request["body"] = f"Look at it.\n\n{request['body'].replace('`wp-one`', '`wp-old`')}"
        outcome = story.plait("resume", "--pr")
        assert outcome.code == 0, outcome.err
        assert host.requests == [request]
        assert request["title"] == "What I call it"
        assert request["body"].startswith("Look at it.\n")
        assert "`wp-one`" in request["body"]
        offered = report(story)["pull_request"]
        assert (offered["outcome"], offered["commit"]) == ("updated", head)
        assert offered["url"] in outcome.out
        assert nowhere(story, outcome, TOKEN, READER, WRONG)


def test_without_a_forge_the_branch_is_pushed_and_the_text_written(story: Story) -> None:
    """A remote that is no code host gets what landed; PR.md holds title and report."""
    story.begin()
    story.plans("add-export", Piece(id="wp-one"), Piece(id="wp-two", checks=["false"]))
    place = bare(story)

    outcome = story.run("add-export", WRITE, "--pr")

    assert outcome.code == 1, outcome.err
    ended = report(story)
    offered = ended["pull_request"]
    assert (offered["outcome"], offered["pushed"]) == ("written", True)
    assert offered["file"] == f".plait/runs/{ended['run']}/PR.md"
    text = (story.repo / offered["file"]).read_text()
    assert text.startswith(f"# {ended['plan']['title']} (in part)\n")
    assert "`wp-two`" in text
    assert refs(place)[f"refs/heads/{BRANCH}"] == ended["head"]
