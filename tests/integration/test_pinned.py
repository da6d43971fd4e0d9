"""Programs planted in git's settings while agents work: none of Plait's calls runs one."""

import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.fakes.repositories import git, make_repository, write

from plait.errors import PlaitError
from plait.git import GitTrunk, Repository, WorktreePool, altered, discover, opened
from plait.git.trash import discard
from plait.ports import Merged
from plait.process import run_main

LINES = "".join(f"{number}\n" for number in range(9))
FILES = {
    "src/a.py": "a = 1\n",
    "shared.txt": LINES,
    ".gitattributes": "*.up filter=up\n",
    ".gitignore": ".plait/\n",
}


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository whose user has a filter of his own, in a home of his own."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (home / ".gitconfig").write_text("[user]\nname = Ada\nemail = ada@example.org\n")
    root = make_repository(tmp_path / "repo", FILES)
    git(root, "config", "filter.up.clean", "tr a-z A-Z")
    git(root, "config", "filter.up.smudge", "tr A-Z a-z")
    (root / ".plait").mkdir()
    return root


@pytest.fixture
def program(tmp_path):
    """What is planted; it leaves `tmp_path/ran`."""
    path = tmp_path / "program"
    path.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    path.chmod(0o755)
    return path


def in_run(root: Path, use: Callable[[Repository], Awaitable[None]]) -> None:
    """Do something as a run would."""

    async def main() -> None:
        async with opened(root, root / ".plait") as repository:
            await use(repository)

    run_main(main)


async def in_worktree(repository: Repository, files: dict[str, str]) -> str:
    """The commit of what an agent writes, checked out and changed once more."""
    state = repository.root / ".plait"
    async with WorktreePool(repository, state / "worktrees", state=state) as pool:
        workspace = await pool.open(repository.head)
        write(workspace.path, files)
        work = await pool.commit(workspace, onto=repository.head, message="x\n")
        await pool.checkout(workspace, repository.head)
        await pool.checkout(workspace, work.commit)
        for name, text in files.items():
            assert (workspace.path / name).read_text() == text
        await pool.close(workspace)
        return work.commit


def plant_filter(root: Path, program: Path) -> None:
    """A filter for all files, in the repository's own files."""
    with (root / ".git/config").open("a") as file:
        for name in ("clean", "smudge", "process"):
            file.write(f'[filter "{name}"]\n\t{name} = {program}\n')
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/attributes").write_text(
        "*.py filter=clean\n*.txt filter=smudge\n* filter=clean\n*.new filter=process\n"
    )


def plant_in_include(root: Path, program: Path) -> None:
    """The same filter, in a file that the settings include."""
    (root.parent / "more").write_text(f'[filter "up"]\n\tclean = {program}\n\tsmudge = {program}\n')
    git(root, "config", "include.path", str(root.parent / "more"))


def plant_in_home(root: Path, program: Path) -> None:
    """A filter in the user's settings, and attributes for all his repositories."""
    with (root.parent / "home/.gitconfig").open("a") as file:
        file.write(f'[filter "evil"]\n\tclean = {program}\n\tsmudge = {program}\n')
    (root.parent / "home/.config/git").mkdir(parents=True)
    (root.parent / "home/.config/git/attributes").write_text("* filter=evil\n")


PLANTED = [plant_filter, plant_in_include, plant_in_home]
KEYS = {
    plant_filter: {"filter.clean.clean", "filter.process.process", "info/attributes"},
    plant_in_include: {"filter.up.clean", "filter.up.smudge", "include.path"},
    plant_in_home: {"filter.evil.clean", "attributes"},
}
WRITTEN = {"src/b.py": "b\n", "x.up": "words\n", "c.new": "c\n"}


@pytest.mark.parametrize("plant", PLANTED)
def test_planted_is_told_once_and_never_run(root, program, plant):
    """It is planted while a run goes on: this run does not heed it, nor does a later one."""

    async def attack(repository: Repository) -> None:
        assert await altered(repository) == ()
        plant(root, program)
        commit = await in_worktree(repository, WRITTEN)
        assert git(root, "cat-file", "-p", f"{commit}:x.up") == "WORDS"  # the user's own holds
        told = await altered(repository)
        assert {each.split(" in ")[0] for each in told} >= KEYS[plant]
        assert await altered(repository) == ()

    async def later(repository: Repository) -> None:
        commit = await in_worktree(repository, WRITTEN)
        assert git(root, "cat-file", "-p", f"{commit}:x.up") == "WORDS"
        assert {each.split(" in ")[0] for each in await altered(repository)} >= {
            each for each in KEYS[plant] if each != "include.path"
        }

    in_run(root, attack)
    in_run(root, later)
    assert not (root.parent / "ran").exists()


@pytest.mark.parametrize("plant", PLANTED)
def test_it_would_run_if_nobody_had_looked_before(root, program, plant):
    """What is planted does run where Plait has nothing to compare with: the attacks are real."""
    plant(root, program)

    async def main() -> None:
        repository = await discover(root)
        state = root / ".plait"
        async with WorktreePool(repository, state / "worktrees", state=state) as pool:
            workspace = await pool.open(repository.head)
            write(workspace.path, WRITTEN)
            await pool.keep(workspace, "refs/plait/keep/x")

    with suppress(PlaitError):  # the program is none that could go on
        run_main(main)
    assert (root.parent / "ran").exists()


def test_what_the_user_says_is_his_is_heeded_in_the_next_run(root):
    """He deletes the note that is named; what he alters while no run goes on needs none."""
    git(root, "config", "filter.late.clean", "tr x y")

    async def first(repository: Repository) -> None:
        write(root, {".git/info/attributes": "*.late filter=late\n"})
        git(root, "config", "filter.late.clean", "tr x z")
        told = await altered(repository)
        assert any("filter.late.clean in" in each and "changed" in each for each in told)
        assert str(root / ".plait/git/distrusted.json") in told[0]

    async def look(repository: Repository) -> None:
        git(root, "config", "user.signingkey", "x")  # runs nothing
        assert await altered(repository) == ()
        commit = await in_worktree(repository, {"f.late": "x\n"}) if landed else ""
        assert not commit or git(root, "cat-file", "-p", f"{commit}:f.late") == "z"

    landed = False
    in_run(root, first)
    (root / ".plait/git/distrusted.json").unlink()
    git(root, "config", "filter.late.smudge", "tr z x")
    landed = True
    in_run(root, look)


def test_a_killed_run_is_taken_up_with_the_settings_it_began_with(root, program):
    """What was planted after it died counts as planted while it ran: its agents live on."""
    text = (
        "import os, pathlib\n"
        "from plait.git import opened\n"
        "from plait.process import run_main\n"
        "async def main():\n"
        "    root = pathlib.Path.cwd()\n"
        "    async with opened(root, root / '.plait'):\n"
        "        os._exit(9)\n"
        "run_main(main)\n"
    )
    assert subprocess.run([sys.executable, "-c", text], cwd=root, check=False).returncode == 9
    plant_filter(root, program)

    async def resume(repository: Repository) -> None:
        await in_worktree(repository, WRITTEN)
        assert await altered(repository)

    in_run(root, resume)
    assert not (root.parent / "ran").exists()


@pytest.mark.parametrize("streams", [True, False])
def test_a_planted_merge_driver_has_no_say(root, program, streams):
    """A file that both sides changed is merged by git's own driver."""
    git(root, "switch", "-qc", "one")
    write(root, {"shared.txt": LINES.replace("0\n", "first\n")})
    git(root, "commit", "-qam", "one")
    git(root, "switch", "-q", "-c", "two", "main")
    write(root, {"shared.txt": LINES.replace("8\n", "last\n")})
    git(root, "commit", "-qam", "two")
    one, two = git(root, "rev-parse", "one"), git(root, "rev-parse", "two")

    async def merge(repository: Repository) -> None:
        with (root / ".git/config").open("a") as file:
            file.write(f'[merge]\n\tdefault = evil\n[merge "evil"]\n\tdriver = {program}\n')
        for path in (".git/info/attributes", ".git/.gitattributes", ".gitattributes"):
            write(root, {path: "* merge=evil\n"})
        async with GitTrunk(repository) as trunk:
            trunk._streams = trunk._streams and streams
            merged = await trunk.merge(one, two)
            assert isinstance(merged, Merged)
            lines = git(root, "cat-file", "-p", f"{merged.tree}:shared.txt").split()
        assert (lines[0], lines[-1]) == ("first", "last")

    in_run(root, merge)
    assert not (root.parent / "ran").exists()


def test_a_planted_remote_is_not_asked_for_what_is_missing(root, program):
    """A partial clone that was none: git would run the remote's helper for a missing object."""

    async def miss(repository: Repository) -> None:
        with (root / ".git/config").open("a") as file:
            file.write(
                "[core]\n\trepositoryFormatVersion = 1\n[extensions]\n\tpartialClone = evil\n"
                f'[remote "evil"]\n\turl = ext::{program}\n\tpromisor = true\n'
                '[protocol "ext"]\n\tallow = always\n'
            )
        assert (await repository.git.ask("cat-file", "-e", "1" * 40, ok=(1, 128))).code
        assert {each.split(" in ")[0] for each in await altered(repository)} >= {
            "extensions.partialclone",
            "protocol.ext.allow",
        }

    in_run(root, miss)
    assert not (root.parent / "ran").exists()


def test_what_lies_in_plaits_own_folder_is_put_right_before_each_call(root, program):
    """An agent finds the settings that Plait goes by, and edits them."""

    async def edit(repository: Repository) -> None:
        own = root / ".plait/git"
        plant_filter(root, program)
        (own / "common/config").write_bytes((root / ".git/config").read_bytes())
        (own / "settings").write_bytes((root / ".git/config").read_bytes())
        (own / "common/info/attributes").unlink()
        (own / "common/info/attributes").symlink_to(root / ".git/info/attributes")
        (own / "common/.gitattributes").write_text("* filter=clean\n")
        (own / "common/refs").unlink()
        (own / "common/refs").mkdir()
        await in_worktree(repository, WRITTEN)

    in_run(root, edit)
    assert not (root.parent / "ran").exists()


def test_hooks_are_told_though_no_call_of_plaits_runs_them(root, program):
    """The user's own git would; in the next run it is no news."""

    async def plant(repository: Repository) -> None:
        (root / ".git/hooks").mkdir(exist_ok=True)
        (root / ".git/hooks/pre-commit").write_bytes(program.read_bytes())
        git(root, "config", "core.hooksPath", str(root.parent))
        told = await altered(repository)
        assert {each.split(" in ")[0] for each in told} == {"hooks/pre-commit", "core.hookspath"}

    async def later(repository: Repository) -> None:
        assert await altered(repository) == ()

    in_run(root, plant)
    in_run(root, later)


def test_settings_survive_being_written_anew(root):
    """Values with quotes, newlines and no value; names with dots and quotes; relative includes."""
    git(root, "config", 'odd."sub.Section\\.x', 'a "b"\\ \t# ; c\nd ')
    with (root / ".git/config").open("a") as file:
        file.write("[odd]\n\tbare\n\tempty =\n")
    before = git(root, "config", "--list", "-z")

    async def same(repository: Repository) -> None:
        listed = (await repository.git.run("config", "--local", "--list", "-z")).decode()
        for entry in filter(None, before.split("\0")):
            if entry.startswith("odd"):
                assert entry in listed.split("\0")

    in_run(root, same)


def test_the_main_checkouts_branch_is_known(root):
    """Though git is given another folder: what is checked out where is as before."""
    git(root, "worktree", "add", "-q", "-b", "side", str(root.parent / "side"))

    async def ask(repository: Repository) -> None:
        assert await repository.branch_checked_out("main") == root
        assert await repository.branch_checked_out("side") == root.parent / "side"
        git(root, "switch", "-q", "-c", "other")
        assert await repository.branch_checked_out("main") is None
        assert await repository.branch_checked_out("other") == root

    in_run(root, ask)


def test_no_log_and_no_packed_refs_are_missed(root):
    """What git would make in the folder that worktrees share, it makes there."""
    discard(root / ".git/logs")

    async def publish(repository: Repository) -> None:
        await repository.publish("refs/heads/plait/x", repository.head)
        await repository.git.run("pack-refs", "--all")

    in_run(root, publish)
    assert (root / ".git/packed-refs").is_file()
    assert (root / ".git/logs/refs/heads/plait/x").is_file()
    assert not (root / ".git/packed-refs").is_symlink()


def test_large_files_are_in_the_users_store(root):
    """Whatever folder git says is its own; a place that the user has set is his still."""

    async def ask(repository: Repository) -> None:
        stores.append(await repository.git.line("config", "lfs.storage"))

    stores: list[str] = []
    in_run(root, ask)
    git(root, "config", "lfs.storage", "elsewhere")
    in_run(root, ask)
    assert stores == [str(root / ".git/lfs"), str(root / ".git/elsewhere")]
