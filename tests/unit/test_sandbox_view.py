"""What an agent sees of the file system, and which of it are programs' installations."""

from __future__ import annotations

from pathlib import Path

import pytest

from plait.ports import Confinement
from plait.sandbox.programs import installations
from plait.sandbox.view import Access, view


@pytest.fixture
def folders(tmp_path):
    """A home with a repository in it, a worktree below its state folder."""
    root = tmp_path.resolve()
    for name in (
        "home/repo/.plait/worktrees/w1/src/api",
        "home/repo/.plait/worktrees/w2",
        "home/repo/.plait/runs/r/p/1/home",
        "home/repo/.plait/runs/r/p/1/out",
        "home/repo/.plait/runs/r/p/1/tmp",
        "home/.nvm/versions/node/bin",
        "home/.cargo/bin",
    ):
        (root / name).mkdir(parents=True)
    return root


def confined(root: Path, **more: object) -> Confinement:
    """An attempt in the first worktree, whose scope opens `src/api`."""
    state = root / "home/repo/.plait"
    mine = state / "runs/r/p/1"
    given = {
        "worktree": state / "worktrees/w1",
        "write": (state / "worktrees/w1/src/api",),
        "own": (mine / "home", mine / "out"),
        "scratch": mine / "tmp",
        "notes": mine,
        "hidden": (root / "home", state, state / "worktrees"),
        "readable": (root / "home/repo",),
    }
    return Confinement(**{**given, **more})


def told(root: Path, confinement: Confinement) -> dict[str, Access]:
    """The view, by paths below the folder."""
    return {
        str(place.path.relative_to(root)): place.access
        for place in view(confinement)
        if place.path.is_relative_to(root)
    }


def test_a_view_goes_from_the_outside_in(folders):
    """The checkout is seen in the hidden home, not its state; the worktree, not its sibling."""
    found = told(folders, confined(folders))
    assert found["home/repo"] is Access.READ
    assert found["home/repo/.plait"] is Access.HIDDEN
    assert found["home/repo/.plait/worktrees/w1"] is Access.READ
    assert found["home/repo/.plait/worktrees/w1/src/api"] is Access.WRITE
    assert found["home/repo/.plait/runs/r/p/1"] is Access.READ
    assert found["home/repo/.plait/runs/r/p/1/home"] is Access.WRITE
    assert not any("w2" in path for path in found)
    assert [len(Path(path).parts) for path in found] == sorted(
        len(Path(path).parts) for path in found
    )


def test_what_is_shut_in_an_opened_folder_is_told(folders):
    """And only there: elsewhere nothing can be written anyway."""
    tree = folders / "home/repo/.plait/worktrees/w1"
    inside, outside = tree / "src/api", tree / "other"
    outside.mkdir()
    found = told(folders, confined(folders, write=(tree / "src",), shut=(inside, outside)))
    assert found[str(inside.relative_to(folders))] is Access.SHUT
    assert str(outside.relative_to(folders)) not in found


def test_the_owners_word_opens_what_the_scope_shuts(folders):
    """`[sandbox] write` is said by the owner, the scope by the plan."""
    tree = folders / "home/repo/.plait/worktrees/w1"
    path = tree / "src/api"
    given = confined(folders, write=(tree / "src",), shut=(path,), writable=(path,))
    assert str(path.relative_to(folders)) not in told(folders, given)  # open with what is around


def test_a_home_that_is_the_root_hides_nothing(folders):
    """In some containers it is; then the rest of the system stays readable."""
    assert all(each.path != Path("/") for each in view(confined(folders, hidden=(Path("/"),))))


def test_installations_are_shown_and_nothing_beside_them(folders):
    """A version manager as a whole; of cargo the programs, not the keys beside them."""
    home = folders / "home"
    (home / ".cargo/credentials.toml").write_text("key")
    search = f"/usr/bin:{home / '.nvm/versions/node/bin'}:{home / '.cargo/bin'}"
    found = installations(("sh",), search, (home,), (home,))
    assert home / ".nvm" in found
    assert home / ".cargo/bin" in found
    assert home / ".cargo" not in found
    assert home not in found


def test_the_installation_of_what_a_program_links_to_is_shown(folders):
    """`~/bin/agent` is often a link into a folder of node modules."""
    home = folders / "home"
    package = home / "lib/node_modules/agent"
    (package / "bin").mkdir(parents=True)
    script = package / "bin/agent.js"
    script.write_text("#!/usr/bin/env node\n")
    script.chmod(0o755)
    (home / "bin").mkdir()
    (home / "bin/agent").symlink_to("../lib/node_modules/agent/bin/agent.js")
    found = installations(("agent",), str(home / "bin"), (home,), (home,))
    assert home / "lib/node_modules" in found
    assert home / "lib" not in found


def test_a_file_that_a_shells_text_names_is_shown(folders):
    """The user wrote that text; in another program's arguments a plan's words may stand."""
    home = folders / "home"
    script = home / "agent.sh"
    script.write_text("true\n")
    text = f"sh '{script}' --fast"
    assert script in installations(("/bin/sh", "-c", text), "/usr/bin", (home,), (home,))
    assert script not in installations(("claude", "-p", text), "/usr/bin", (home,), (home,))
