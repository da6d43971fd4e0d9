"""Which file is meant and which format it is in; what is refused, and with which hint."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import assume, given, strategies as st
from tests.fakes.plans import Piece, work_packages

from plait import plans
from plait.core.finding import Severity, errors
from plait.errors import UsageError
from plait.plans.registry import registered
from plait.plans.text import MAX_BYTES
from plait.ports import Loaded

TEXT = work_packages("add-users", [Piece(id="wp-a")])
FILE = "openspec/changes/add-users/work-packages.yaml"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository's folder with one change."""
    path = tmp_path / "repo" / FILE
    path.parent.mkdir(parents=True)
    path.write_text(TEXT)
    return tmp_path / "repo"


def load(
    plan: str, repo: Path, *, start: str = ".", root: bool = True, format_name: str | None = None
) -> Loaded:
    return plans.load(
        plan, start=repo / start, root=repo if root else None, format_name=format_name
    )


def refused(
    plan: str, repo: Path, *, start: str = ".", format_name: str | None = None
) -> UsageError:
    with pytest.raises(UsageError) as error:
        load(plan, repo, start=start, format_name=format_name)
    return error.value


@pytest.mark.parametrize(
    ("plan", "start"),
    [
        (FILE, "."),
        ("openspec/changes/add-users", "."),
        ("openspec/changes/add-users/", "."),
        ("./openspec/../openspec/changes/add-users", "."),
        ("add-users", "."),
        ("add-users", "openspec"),
        ("work-packages.yaml", "openspec/changes/add-users"),
        (".", "openspec/changes/add-users"),
        ("../add-users", "openspec/changes/add-users"),
    ],
)
def test_ways_to_name_a_plan(repo: Path, plan: str, start: str) -> None:
    """A file, a folder or a change's id, from wherever one stands, is the same plan."""
    loaded = load(plan, repo, start=start)
    assert loaded.plan is not None
    assert loaded.plan.id == "add-users"
    assert loaded.plan.files[0].path == FILE


def test_outside_a_repository(repo: Path) -> None:
    """Without a repository a plan is read the same, and its file is absolute."""
    for plan in (FILE, str(repo / FILE), "add-users", "openspec/changes/add-users"):
        loaded = load(plan, repo, root=False)
        assert loaded.plan is not None
        assert loaded.plan.files[0].path == str(repo / FILE)


def test_a_file_beside_the_repository(repo: Path) -> None:
    """A file outside the repository is read, and called by its absolute path."""
    path = repo.parent / "work-packages.yaml"
    path.write_text(TEXT)
    loaded = load(str(path), repo)
    assert loaded.plan is not None
    assert loaded.plan.files[0].path == str(path)


def test_content_tells_where_the_place_does_not(repo: Path) -> None:
    """A plan under any name is recognised by what it holds."""
    (repo / "notes.txt").write_text(TEXT)
    loaded = load("notes.txt", repo)
    assert loaded.plan is not None
    assert loaded.plan.format == "openspec-packages"


def test_the_place_beats_the_content(repo: Path) -> None:
    """A file at a format's place is of that format, whatever it holds."""
    path = repo / "documentation/features/search/tasks.md"
    path.parent.mkdir(parents=True)
    path.write_text(TEXT)
    loaded = load("search", repo)
    assert loaded.plan is None or loaded.plan.format == "specflow"


def test_a_folder_with_two_formats(repo: Path) -> None:
    """In a folder that several formats know, the file at its format's place is meant."""
    (repo / "openspec/changes/add-users/tasks.md").write_text("# Tasks\n\n- [ ] 1. Write it\n")
    (repo / "any").mkdir()
    (repo / "any/tasks.md").write_text("# Tasks\n\n- [ ] 1. Write it\n")
    (repo / "any/work-packages.yaml").write_text(TEXT)
    for plan in ("add-users", "openspec/changes/add-users", "any"):
        loaded = load(plan, repo)
        assert loaded.plan is not None
        assert loaded.plan.format == "openspec-packages"


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (bytes(range(256)), "binary"),
        ("a: 1".encode("utf-16"), "UTF-16"),
        (b"Dear reader,\n\nthis is a letter.\n", "no plan format"),
        (b"{}", "no plan format"),
    ],
)
def test_what_is_no_plan(repo: Path, raw: bytes, told: str) -> None:
    """A file that is no plan is one error on its first line that names the formats tried."""
    (repo / "thing").write_bytes(raw)
    loaded = load("thing", repo)
    assert loaded.plan is None
    (finding,) = errors(loaded.findings)
    assert finding.code == "PLAN_UNRECOGNISED"
    assert told in finding.message
    assert f"formats tried: {', '.join(registered().formats)}" in finding.message
    assert str(finding.span) == "thing:1:1"
    assert finding.hint


def test_the_format_can_be_named(repo: Path) -> None:
    """`--format` reads a file as that format, whatever it looks like."""
    (repo / "thing").write_text("a: 1\n")
    loaded = load("thing", repo, format_name="openspec-packages")
    assert {finding.code for finding in errors(loaded.findings)} >= {"SCHEMA_MISSING_FIELD"}


def test_an_unknown_format(repo: Path) -> None:
    """An unknown format is refused with the closest one and all that are known."""
    error = refused(FILE, repo, format_name="openspec-package")
    assert (error.code, error.exit_code) == ("UNKNOWN_FORMAT", 2)
    assert "did you mean 'openspec-packages'?" in error.hint
    assert "specflow" in error.hint


@pytest.mark.parametrize(
    ("plan", "hint"),
    [
        ("add-user", "did you mean 'add-users'?"),
        ("openspec/changes/add-user", "did you mean"),
        (FILE.replace("yaml", "yml"), "did you mean"),
        ("something else", f"plans here: {FILE}"),
        ("archive", "plans here"),
        ("../../add-users", "did you mean 'add-users'?"),
        ("/nowhere/at-all.md", "plans here"),
    ],
)
def test_no_such_plan(repo: Path, plan: str, hint: str) -> None:
    """A name without a plan is refused with the closest plan there is."""
    error = refused(plan, repo)
    assert (error.code, error.exit_code) == ("NO_SUCH_PLAN", 2)
    assert hint in error.hint


@pytest.mark.parametrize("plan", ["", "\0", "a\0b", "x" * 5000, "a/" * 3000, "\udcff", "..", "/"])
def test_names_that_are_none(repo: Path, plan: str) -> None:
    """What no file can be called is refused like any other name."""
    assert refused(plan, repo).code == "NO_SUCH_PLAN"


def test_a_folder_without_a_plan(repo: Path) -> None:
    """A folder that holds no plan is refused with the plans there are."""
    error = refused(".", repo)
    assert error.code == "NO_SUCH_PLAN"
    assert FILE in error.hint


def wrong(name: str, root: Path) -> str:
    """The code of the one finding on a file that is there and cannot be read as a plan."""
    loaded = load(name, root)
    assert loaded.plan is None
    (finding,) = loaded.findings
    assert (finding.severity, finding.hint != "") == (Severity.ERROR, True)
    return finding.code


def test_a_link_out_of_the_repository(repo: Path) -> None:
    """A link inside the repository that leads out of it is refused; one that stays is followed."""
    outside = repo.parent / "work-packages.yaml"
    outside.write_text(TEXT)
    (repo / "out-work-packages.yaml").symlink_to(outside)
    (repo / "in-work-packages.yaml").symlink_to(repo / FILE)
    (repo / "folder").symlink_to(repo.parent, target_is_directory=True)
    assert wrong("out-work-packages.yaml", repo) == "PLAN_OUTSIDE"
    assert wrong("folder", repo) == "PLAN_OUTSIDE"
    loaded = load("in-work-packages.yaml", repo)
    assert loaded.plan is not None
    assert loaded.plan.files[0].path == "in-work-packages.yaml"


def test_a_repository_reached_by_a_link(repo: Path) -> None:
    """A repository that is itself reached by a link is no way out of it."""
    alias = repo.parent / "alias"
    alias.symlink_to(repo, target_is_directory=True)
    loaded = load("add-users", alias)
    assert loaded.plan is not None
    assert loaded.plan.files[0].path == FILE


def test_a_loop_of_links(repo: Path) -> None:
    """A link to itself is no plan."""
    (repo / "loop").symlink_to(repo / "loop")
    assert refused("loop", repo).code in {"NO_SUCH_PLAN", "PLAN_UNREADABLE"}


def test_what_cannot_be_read(repo: Path) -> None:
    """A pipe is refused at once, and so is a file that is too large for a plan."""
    os.mkfifo(repo / "pipe")
    assert wrong("pipe", repo) == "PLAN_UNREADABLE"
    (repo / "big").write_bytes(b"a" * (MAX_BYTES + 1))
    assert wrong("big", repo) == "PLAN_TOO_LARGE"


def test_the_formats() -> None:
    """What ships with Plait comes in by the same door as plug-ins."""
    known = plans.formats()
    assert set(known) >= {"openspec-packages", "specflow"}
    assert all(plan_format.name == name for name, plan_format in known.items())


PLUGIN = """
from plait.ports import Loaded


class Format:
    name = "{name}"

    def locate(self, root, name):
        {locate}

    def by_place(self, path):
        return path.name == "{name}.plan"

    def by_content(self, text):
        return 0.0

    def load(self, source):
        {load}


FORMAT = Format()
"""


def install(
    folder: Path, name: str, *, locate: str = "return None", load: str = "return Loaded(plan=None)"
) -> None:
    """A distribution with a plan format, as an installer leaves it."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[plait.plans]\n{name} = {name}_format:FORMAT\n")
    source = PLUGIN.format(name=name, locate=locate, load=load)
    (folder / f"{name}_format.py").write_text(source)


def test_a_plug_in(repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An installed plug-in is a format like any other."""
    install(tmp_path / "site", "acme")
    monkeypatch.syspath_prepend(tmp_path / "site")
    (repo / "acme.plan").write_text("anything\n")
    assert load("acme.plan", repo) == Loaded(plan=None)
    assert "acme" in plans.formats()


def test_a_plug_in_that_cannot_be_loaded(
    repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A plug-in that fails to load is a warning that names it; the others go on."""
    install(tmp_path / "site", "broken_one")
    (tmp_path / "site" / "broken_one_format.py").write_text("1 / 0\n")
    install(tmp_path / "site", "hollow")
    (tmp_path / "site" / "hollow_format.py").write_text("FORMAT = 3\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    loaded = load("add-users", repo)
    assert loaded.plan is not None
    broken = [finding for finding in loaded.findings if finding.code == "FORMAT_BROKEN"]
    assert [finding.severity for finding in broken] == [Severity.WARNING] * 2
    assert "'broken_one' could not be loaded: ZeroDivisionError" in broken[0].message
    assert "'hollow' could not be loaded: it has no name" in broken[1].message
    error = refused("add-users", repo, format_name="hollow")
    assert error.code == "UNKNOWN_FORMAT"
    assert "it has no name" in error.message


@pytest.mark.parametrize("part", ["locate", "load"])
def test_a_plug_in_that_fails(
    repo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, part: str
) -> None:
    """A plug-in that fails at work is an error that names it, not a traceback."""
    name = f"failing_{part}"
    install(tmp_path / "site", name, **{part: "raise KeyError('x')"})
    monkeypatch.syspath_prepend(tmp_path / "site")
    (repo / f"{name}.plan").write_text("anything\n")
    error = refused(f"{name}.plan" if part == "load" else "add-users", repo)
    assert (error.code, error.exit_code) == ("FORMAT_FAILED", 2)
    assert name in error.message
    assert load("add-users", repo, format_name="openspec-packages").plan is not None


@given(plan=st.text(max_size=40))
def test_no_name_raises(tmp_path_factory: pytest.TempPathFactory, plan: str) -> None:
    """Whatever is asked for in an empty folder, the refusal is one of those expected."""
    folder = tmp_path_factory.getbasetemp() / "empty"
    folder.mkdir(exist_ok=True)
    assume("\0" in plan or not (folder / plan).is_file())  # `/bin/sh` is a file, if no plan
    with pytest.raises(UsageError) as error:
        plans.load(plan, start=folder, root=folder, format_name=None)
    assert error.value.code in {"NO_SUCH_PLAN", "PLAN_UNREADABLE"}
