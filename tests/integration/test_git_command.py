"""git runs in a clean environment and fails in typed ways; repositories are found."""

import os
from pathlib import Path

import pytest
from tests.fakes.repositories import git, make_repository, write

from plait.errors import EnvironmentLack, ExitCode, PlaitError, UsageError
from plait.git import command, contained, discover, identity
from plait.git.command import Git, GitFailed
from plait.process import run_main


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home without anybody's git configuration."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return folder


@pytest.fixture
def root(tmp_path):
    """A repository with one commit."""
    return make_repository(tmp_path / "repo")


def program(folder: Path, name: str, script: str) -> Path:
    """An executable shell script."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_what_the_caller_exports_does_not_reach_git(root, tmp_path, monkeypatch):
    """GIT_DIR and the like in the user's shell lead nowhere else."""
    other = make_repository(tmp_path / "other", {"elsewhere": "x"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert run_main(Git(cwd=root).run, "ls-files") == b"README\n"


def test_a_planted_fsmonitor_does_not_run(root, tmp_path):
    """A configuration that names a program is overridden."""
    spy = program(tmp_path / "bin", "spy", f"touch {tmp_path}/planted")
    git(root, "config", "core.fsmonitor", str(spy))
    assert git(root, "status", "--short") == ""
    assert (tmp_path / "planted").exists(), "the trap does not work"
    (tmp_path / "planted").unlink()
    run_main(Git(cwd=root).run, "status", "--short")
    assert not (tmp_path / "planted").exists()


def test_a_failure_names_the_command_and_the_last_words(root):
    """GIT_FAILED carries what was run, its exit code and what git said."""
    with pytest.raises(GitFailed) as caught:
        run_main(Git(cwd=root).run, "rev-parse", "--verify", "nothing")
    assert caught.value.code == "GIT_FAILED"
    assert caught.value.argv == ("git", "rev-parse", "--verify", "nothing")
    assert "Needed a single revision" in caught.value.message


def test_a_full_disk_is_a_lack_of_the_environment(root, tmp_path, monkeypatch):
    """Git's complaint about space becomes DISK_FULL, exit code 4."""
    script = "echo 'fatal: write error: No space left on device' >&2; exit 128"
    program(tmp_path / "bin", "git", script)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(EnvironmentLack) as caught:
        run_main(Git(cwd=root).run, "status")
    assert (caught.value.code, caught.value.exit_code) == ("DISK_FULL", ExitCode.ENVIRONMENT)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_write_that_finds_no_space_is_recognised_in_gits_own_words(root):
    """The real message of a real git that cannot write is taken for what it is."""
    argv = ["/bin/sh", "-c", "LC_ALL=C.UTF-8 git log >/dev/full"]
    done = run_main(_captured, argv, root)
    assert command._NO_SPACE.search(done)


async def _captured(argv: list[str], folder: Path) -> str:
    from plait.process import capture

    return (await capture(argv, cwd=folder, env=os.environ)).err.decode()


def test_without_git_the_lack_is_named(root, tmp_path, monkeypatch):
    """No git in the PATH is GIT_MISSING."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentLack) as caught:
        run_main(Git(cwd=root).run, "status")
    assert caught.value.code == "GIT_MISSING"


def test_an_old_git_is_refused(root, tmp_path, monkeypatch):
    """A git without merges that need no checkout is GIT_TOO_OLD."""
    program(tmp_path / "bin", "git", "echo git version 2.37.1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(EnvironmentLack) as caught:
        run_main(discover, root)
    assert caught.value.code == "GIT_TOO_OLD"


def test_a_missing_folder_is_not_a_missing_git(tmp_path):
    """The failure tells of the folder."""
    with pytest.raises(GitFailed, match="gone"):
        run_main(Git(cwd=tmp_path / "gone").run, "status")


def test_a_repository_is_found_from_below(root):
    """Any folder of the checkout leads to its top, its head, branch and identity."""
    write(root, {"a/b/c": ""})
    found = run_main(discover, root / "a/b")
    assert found.root == root
    assert found.common == root / ".git"
    assert found.head == git(root, "rev-parse", "HEAD")
    assert (found.branch, found.object_format) == ("main", "sha1")
    assert found.identity == ("Ada", "ada@example.org")


def test_a_linked_worktree_is_a_checkout_like_any(root, tmp_path):
    """The user may work in a linked worktree; the common folder is the main one's."""
    git(root, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    found = run_main(discover, tmp_path / "linked")
    assert (found.root, found.common) == (tmp_path / "linked", root / ".git")
    assert found.branch is None


def test_a_worktree_of_a_bare_repository_is_one_too(root, tmp_path):
    """A bare repository with linked checkouts can be worked in."""
    git(root, "clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    git(tmp_path / "bare.git", "worktree", "add", "-q", str(tmp_path / "linked"), "main")
    assert run_main(discover, tmp_path / "linked").common == tmp_path / "bare.git"


def test_where_no_repository_is_the_call_is_wrong(tmp_path):
    """NOT_A_REPOSITORY, exit code 2."""
    with pytest.raises(UsageError) as caught:
        run_main(discover, tmp_path)
    assert caught.value.code == "NOT_A_REPOSITORY"


def test_a_bare_repository_is_refused(tmp_path):
    """BARE_REPOSITORY, with what to do."""
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    with pytest.raises(UsageError) as caught:
        run_main(discover, tmp_path / "bare.git")
    assert caught.value.code == "BARE_REPOSITORY"


def test_a_repository_without_a_commit_is_refused(tmp_path):
    """NO_COMMITS, exit code 2."""
    git(tmp_path, "init", "-q", "empty")
    with pytest.raises(UsageError) as caught:
        run_main(discover, tmp_path / "empty")
    assert caught.value.code == "NO_COMMITS"


def test_without_an_identity_plait_signs(root):
    """Commits carry a name even where git knows none."""
    git(root, "config", "--unset", "user.name")
    assert run_main(discover, root).identity == ("Plait", "plait@localhost")
    assert run_main(identity, root) is None


def test_the_identity_is_the_users(root):
    """It is told as git writes it."""
    assert run_main(identity, root) == "Ada <ada@example.org>"


def test_a_name_is_resolved_to_a_commit(root):
    """Branches, tags and ids are resolved; anything else is NO_SUCH_REF."""
    repository = run_main(discover, root)
    git(root, "tag", "-a", "-m", "x", "v1")
    assert run_main(repository.resolve, "v1") == repository.head
    for wrong in ("nothing", "--all", "HEAD:README"):
        with pytest.raises(UsageError) as caught:
            run_main(repository.resolve, wrong)
        assert caught.value.code == "NO_SUCH_REF"


def test_a_branch_that_stands_in_a_checkout_is_found(root, tmp_path):
    """Main and linked worktrees alike are searched."""
    repository = run_main(discover, root)
    git(root, "worktree", "add", "-q", "-b", "side", str(tmp_path / "li\nnked"))
    assert run_main(repository.branch_checked_out, "main") == root
    assert run_main(repository.branch_checked_out, "side") == tmp_path / "li\nnked"
    assert run_main(repository.branch_checked_out, "other") is None


def test_only_plaits_own_refs_are_written_and_deleted(root):
    """refs/plait/ and refs/heads/plait/ are; anything else is refused."""
    repository = run_main(discover, root)
    own = ("refs/plait/keep/x", "refs/heads/plait/run/pkg")
    for ref in own:
        run_main(repository.publish, ref, repository.head)
    assert run_main(repository.refs, "refs/plait/") == {own[0]: repository.head}
    run_main(repository.delete_refs, own)
    assert run_main(repository.refs, "refs/plait/") == {}
    with pytest.raises(PlaitError) as caught:
        run_main(repository.publish, "refs/heads/main", repository.head)
    assert caught.value.code == "NOT_OUR_REF"
    with pytest.raises(PlaitError) as caught:
        run_main(repository.delete_refs, ["refs/heads/main"])
    assert caught.value.code == "NOT_OUR_REF"
    assert git(root, "rev-parse", "main") == repository.head


def test_what_a_history_contains(root):
    """Commits of the history are contained; those beside it, unknown ones and trees are not."""
    first = git(root, "rev-parse", "HEAD")
    git(root, "checkout", "-q", "-b", "beside")
    write(root, {"beside.txt": "x"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "beside")
    beside = git(root, "rev-parse", "HEAD")
    tree = git(root, "rev-parse", "HEAD^{tree}")
    git(root, "checkout", "-q", "main")
    asked = [first, beside, "0" * 40, tree, "no id at all"]

    assert run_main(contained, root, asked, "HEAD") == {first}
    assert run_main(contained, root, asked, "beside") == {first, beside}
    assert run_main(contained, root, asked, "nowhere") == frozenset()
    assert run_main(contained, root, [], "HEAD") == frozenset()
