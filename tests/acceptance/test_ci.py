"""Checks of kind `ci`: a commit is pushed, and a code host's word on it awaited."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from tests.acceptance.conftest import Story, wait_until
from tests.acceptance.test_integrity import IN_CI, steps
from tests.acceptance.test_pull_requests import VARIABLES, bare, refs, say
from tests.fakes.forge import TOKEN, CodeHost, serving
from tests.fakes.plans import Piece

WRITES = """
echo "$PLAIT_PACKAGE $PLAIT_ATTEMPT" >> "$NOTES/starts"
mkdir -p "src/$PLAIT_PACKAGE"; echo "$PLAIT_ATTEMPT" > "src/$PLAIT_PACKAGE/made.txt"
F=.github/workflows; test "$PLAIT_PACKAGE" != wp-flow || { mkdir -p $F; echo x > $F/a.yml; }
cp "$PLAIT_BRIEF" "$NOTES/brief-$PLAIT_PACKAGE-$PLAIT_ATTEMPT"
"""
NIGHTLY: dict[str, Any] = {
    **IN_CI,
    "name": "nightly",
    "ci": {"provider": "other", "required_checks": ["nightly"]},
}


def made(place: Path, commit: str, package: str) -> str:
    """What a commit that was pushed holds of a package; empty for nothing."""
    argv = ["git", "-C", str(place), "show", f"{commit}:src/{package}/made.txt"]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()


def ready(story: Story, host: CodeHost, *pieces: Piece) -> Path:
    """A repository with a remote, a forge and a plan."""
    story.begin()
    say(story, host)
    with (story.repo / "plait.toml").open("a") as settings:
        settings.write('poll = "0.1s"\n')
    story.plans("p", *pieces)
    return bare(story)


def asking(story: Story) -> list[dict[str, Any]]:
    """The questions that nobody has answered."""
    return [each for each in story.report()["escalations"] if not each["settled"]]


def test_a_code_hosts_word_is_awaited(story: Story) -> None:
    """No access asks; a red job sends back with its address; no such job asks; green lands.

    What would change the jobs themselves is not even pushed.
    """
    with serving(CodeHost("github")) as host:
        place = ready(
            story,
            host,
            Piece(id="wp-green", extra=steps(IN_CI)),
            Piece(id="wp-red", extra=steps(IN_CI), retry_budget=1),
            Piece(id="wp-none", extra=steps(NIGHTLY)),
            Piece(id="wp-flow", write=["src/wp-flow/**", ".github/**"], extra=steps(IN_CI)),
        )

        def runs(commit: str) -> None:
            red = made(place, commit, "wp-red") == "2"  # the retry's
            waits = bool(made(place, commit, "wp-green")) and len(host.calls("GET")) < 9
            host.job("unit", "failed" if red else "pending" if waits else "passed")

        host.runs = runs
        first = story.run("p", WRITES)
        assert first.code == 3, first.out
        told = [each["details"] for each in asking(story) if each["package"] != "wp-flow"]
        assert len(told) == 3
        assert all("FORGE_TOKEN_MISSING" in each for each in told)
        assert list(refs(place)) == ["refs/heads/main"]
        story.env[VARIABLES["github"]] = TOKEN
        assert story.plait("retry").code == 0
        second = story.plait("resume")
        assert second.code == 3, second.out
        report = story.report()
        packages = {each["id"]: each for each in report["packages"]}
        assert packages["wp-green"]["status"] == packages["wp-red"]["status"] == "landed"
        (green,) = [each for each in packages["wp-green"]["checks"] if each.get("kind") == "ci"]
        assert (green["passed"], green["who"]) == (True, host.url.partition("//")[2])
        assert green["url"].startswith(host.url)
        assert packages["wp-green"]["tier"] == {"required": "A", "reached": "A"}
        again = (story.notes / "brief-wp-red-3").read_text()
        assert f"{host.url}/team/project/" in again
        assert "does not pass" in again
        asked = {each["package"]: each["details"] for each in asking(story)}
        assert sorted(asked) == ["wp-flow", "wp-none"]
        assert "runs no checks of the commit: nightly" in asked["wp-none"]
        assert "(.github/workflows/a.yml): nobody has looked at it [CI_CHANGED]" in asked["wp-flow"]
        left = [each for each in refs(place) if each != "refs/heads/main"]
        assert sorted(each.rpartition("-ci-")[0].rpartition("/")[2] for each in left) == [
            "wp-none",
            "wp-red",
        ]


def test_whoever_takes_it_up_after_a_crash_goes_on_waiting(story: Story) -> None:
    """Killed while a job runs: the same commit at the same branch, no agent works again."""
    with serving(CodeHost("gitlab")) as host:
        place = ready(story, host, Piece(id="wp-a", extra=steps(IN_CI)))
        story.env[VARIABLES["gitlab"]] = TOKEN
        host.job("unit", "pending")
        run = story.starts("run", "p", "--agent", f"command:{WRITES}", "--yes")
        wait_until(lambda: bool(host.calls("GET")))
        run.kill()
        run.communicate(timeout=30)
        before = refs(place)
        assert len(before) == 2
        host.job("unit", "passed")
        done = story.plait("resume")
        assert done.code == 0, done.out
        assert story.note("starts") == ["wp-a 1"]
        assert refs(place) == {"refs/heads/main": before["refs/heads/main"]}
        assert story.packages()["wp-a"]["status"] == "landed"
