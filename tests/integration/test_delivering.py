"""A run's branch on its way to a remote and a forge, with real git."""

from __future__ import annotations

import base64
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.fakes import runs
from tests.fakes.clock import ManualClock
from tests.fakes.forge import REPOSITORY, TOKEN, CodeHost, serving
from tests.fakes.repositories import git, make_repository
from tests.fakes.store import MemoryStore

from plait.app.delivering import deliver, target_of
from plait.app.project import Project
from plait.config import Settings
from plait.core.event import DeliveryEnded, RunEnded, RunStatus
from plait.core.run import Run
from plait.errors import EnvironmentLack
from plait.git import discover, remote
from plait.process import run_main

BRANCH = "openspec/p"


@dataclass(slots=True)
class Scene:
    """A repository with a run's branch, a bare remote, and a forge."""

    root: Path
    place: Path
    host: CodeHost
    run: Run
    settings: Settings
    target: str = "main"

    def delivered(self) -> DeliveryEnded:
        """What comes of it."""
        project = Project(root=self.root, state=self.root / ".plait", settings=self.settings)
        store = MemoryStore(clock=ManualClock(1000.0))

        async def main() -> DeliveryEnded:
            repository = await discover(self.root)
            return await deliver(project, store, repository, self.run, target=self.target)

        return run_main(main)

    def there(self, branch: str = BRANCH) -> str:
        """Where a branch of the remote stands."""
        return git(self.place, "rev-parse", "-q", "--verify", f"refs/heads/{branch}", check=False)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    root, place = make_repository(tmp_path / "repo"), tmp_path / "remote.git"
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(place))
    git(root, "remote", "add", "origin", str(place))
    git(root, "push", "-q", "origin", "main")
    head = git(root, "commit-tree", "-p", "HEAD", "-m", "landed", "HEAD^{tree}")
    git(root, "update-ref", f"refs/heads/{BRANCH}", head)
    began = runs.started(runs.plan(runs.package("a")))
    run = runs.record(
        began,
        runs.begin(),
        runs.end(),
        runs.landed(commit=head),
        RunEnded(status=RunStatus.SUCCEEDED),
    )
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    for name in ("GH_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with serving(CodeHost("github", head_of=lambda _branch: head)) as host:
        settings = Settings(
            forge_kind="github", forge_address=host.url, forge_repository=REPOSITORY
        )
        yield Scene(root, place, host, run, settings)


@pytest.mark.parametrize("state", ["merged", "closed"])
def test_what_a_person_decided_about_this_commit_stays(scene, state):
    """Nothing is pushed and nothing opened: not even a branch that was deleted comes back."""
    scene.host.add(branch=BRANCH, state=state)
    assert scene.delivered().outcome.value == state
    assert len(scene.host.requests) == 1
    assert scene.there() == ""


def test_a_request_that_was_settled_at_another_commit_is_followed_by_a_new_one(scene):
    """The branch has something new to offer."""
    scene.host.add(branch=BRANCH, state="merged", commit="f" * 40)
    ended = scene.delivered()
    assert (ended.outcome.value, ended.number) == ("opened", 2)


def test_a_request_that_appears_meanwhile_is_updated(scene):
    """Where opening is refused, since somebody was quicker, there is still one request."""
    scene.host.add(branch=BRANCH, body="Theirs.")
    scene.host.hides = 1
    ended = scene.delivered()
    assert (ended.outcome.value, ended.number) == ("updated", 1)
    assert scene.host.requests[0]["body"].startswith("Theirs.")
    assert len(scene.host.requests) == 1


def test_the_same_again_asks_for_no_change(scene):
    """A second delivery of the same run finds all as it should be, also after CR LF."""
    assert scene.delivered().outcome.value == "opened"
    request = scene.host.requests[0]
    request["body"] = request["body"].replace("\n", "\r\n")
    assert scene.delivered().outcome.value == "unchanged"
    assert scene.host.calls("PATCH") == []


def test_nothing_is_forced_and_no_hook_and_no_other_ref_goes_along(scene):
    """A remote set up as a mirror, tags that follow, a pre-push hook: none of it counts."""
    hook = scene.root / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch hook-ran\nexit 1\n")
    hook.chmod(0o755)
    git(scene.root, "config", "remote.origin.mirror", "true")
    git(scene.root, "config", "push.followTags", "true")
    git(scene.root, "tag", "-am", "a tag", "v1", BRANCH)
    git(scene.root, "branch", "other")

    assert scene.delivered().outcome.value == "opened"

    refs = git(scene.place, "for-each-ref", "--format=%(refname)").split()
    assert refs == ["refs/heads/main", f"refs/heads/{BRANCH}"]
    assert not list(scene.root.rglob("hook-ran"))


def test_a_branch_that_holds_something_else_is_left_alone(scene):
    """The push is refused, told, and no request is opened."""
    theirs = git(scene.root, "commit-tree", "-m", "theirs", "HEAD^{tree}")
    git(scene.root, "push", "-q", "origin", f"{theirs}:refs/heads/{BRANCH}")
    ended = scene.delivered()
    assert (ended.error_code, ended.pushed) == ("PUSH_REFUSED", False)
    assert "--fresh" in ended.hint
    assert scene.there() == theirs
    assert scene.host.requests == []
    assert (scene.root / ended.file).exists()


def test_a_remote_that_forbids_the_push_has_its_say(scene):
    """What a hook of the remote refuses is told as such."""
    hook = scene.place / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    ended = scene.delivered()
    assert ended.error_code == "PUSH_REFUSED"
    assert "hook declined" in ended.reason


def test_the_target_is_where_the_run_began_if_the_remote_has_it(scene):
    """Else it is the remote's own default; what is set comes first."""
    git(scene.root, "push", "-q", "origin", "main:refs/heads/develop")
    scene.target = "develop"
    assert scene.delivered().target == "develop"
    scene.host.requests.clear()
    scene.target = "only-here"
    assert scene.delivered().target == "main"


def test_without_a_branch_to_merge_into_nothing_is_opened(scene):
    """A remote that is empty: the run's branch gets there, and the hint says what to do."""
    git(scene.place, "update-ref", "-d", "refs/heads/main")
    scene.target = "only-here"
    ended = scene.delivered()
    assert ended.error_code == "NO_TARGET_BRANCH"
    assert "[forge] target" in ended.hint
    assert scene.host.requests == []


def test_the_name_of_the_base_tells_the_target(scene):
    """The checkout's branch, a branch's name, a remote's; of a commit nothing is known."""
    git(scene.root, "fetch", "-q", "origin")

    async def main():
        repository = await discover(scene.root)
        return [
            await target_of(repository, base)
            for base in ("HEAD", BRANCH, "origin/main", repository.head)
        ]

    assert run_main(main) == ["main", BRANCH, "main", ""]


def test_without_a_token_the_branch_is_pushed_all_the_same(scene, monkeypatch):
    """The hint names the variables, and the command to sign in with."""
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.setenv("PATH", f"{scene.root}:/usr/bin:/bin")
    ended = scene.delivered()
    assert (ended.error_code, ended.pushed) == ("FORGE_TOKEN_MISSING", True)
    assert "GITHUB_TOKEN" in ended.hint
    assert "gh auth login" in ended.hint
    assert scene.there() == scene.run.head


def test_the_forges_own_command_gives_its_token(scene, monkeypatch, tmp_path):
    """`gh` is asked for the host's token where no variable has one."""
    monkeypatch.delenv("GITHUB_TOKEN")
    programs = tmp_path / "bin"
    programs.mkdir()
    gh = programs / "gh"
    host = scene.host.url.removeprefix("http://")
    gh.write_text(f'#!/bin/sh\ntest "$*" = "auth token --hostname {host}" && echo {TOKEN}\n')
    gh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    assert scene.delivered().outcome.value == "opened"


def test_a_forge_that_nobody_knows_is_told_how_to_name_it(scene):
    """The branch is pushed by its address, and the hint has the setting."""
    url = scene.host.url
    scene.settings = Settings(forge_address=url, forge_repository=REPOSITORY)
    ended = scene.delivered()
    assert (ended.outcome.value, ended.pushed) == ("written", True)
    assert "[forge] kind" in ended.hint
    assert scene.host.asked == []


def test_a_remote_that_is_not_there_keeps_its_password_to_itself(scene):
    """What git says of an address is told without the name and password in it."""
    git(scene.root, "remote", "set-url", "origin", "https://me:pa55word@127.0.0.1:9/o/r.git")
    ended = scene.delivered()
    assert (ended.error_code, ended.pushed) == ("PUSH_FAILED", False)
    told = (scene.root / ended.file).read_text() + repr(ended)
    assert "pa55word" not in told


@pytest.fixture
def door() -> Iterator[tuple[str, list[str]]]:
    """A git host on the web that lets in whoever signs in, and has nothing; who signed in."""
    seen: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

        def do_GET(self) -> None:
            told = self.headers.get("Authorization", "")
            if told:
                seen.append(base64.b64decode(told.removeprefix("Basic ")).decode())
            self.send_response(404 if told else 401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", seen
        server.shutdown()
        thread.join()


def test_a_token_serves_git_where_it_cannot_sign_in_and_stands_in_no_argument(
    scene, door, tmp_path, monkeypatch
):
    """Git is handed it in its environment, after its owner's ways have failed, and keeps nothing.

    A helper of the user's that stores what served is not told of it.
    """
    url, seen = door
    log, real = tmp_path / "log", shutil.which("git")
    programs = tmp_path / "bin"
    programs.mkdir()
    spy = programs / "git"
    spy.write_text(f'#!/bin/sh\necho "$*" >> {log}\nexec {real} "$@"\n')
    spy.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text("[credential]\n\thelper = store\n")
    git(scene.root, "remote", "set-url", "origin", f"{url}/team/project.git")

    async def main():
        repository = await discover(scene.root)
        key = remote.Key(web=url, user="x-access-token", token=TOKEN)
        await remote.push(repository, "origin", BRANCH, scene.run.head, key=key)

    with pytest.raises(EnvironmentLack) as caught:
        run_main(main)

    assert seen == [f"x-access-token:{TOKEN}"]
    assert caught.value.code == "PUSH_FAILED"
    assert "push --porcelain" in log.read_text()
    assert TOKEN not in log.read_text() + caught.value.message
    assert not (tmp_path / ".git-credentials").exists()
