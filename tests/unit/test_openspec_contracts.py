"""The contracts of an OpenSpec change: which files these are, and how a plan's check shows them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.fakes.contracts import told
from tests.fakes.plans import Piece, work_packages

from plait.plans.work_packages import FORMAT
from plait.ports import Loaded, PlanSource

CHANGE = "openspec/changes/add-parcels"
ARCHIVED = "openspec/changes/archive/2026-03-02-add-parcels"
BROKEN = "def f(:\n"


def plan(*listed: str, **generated: str) -> str:
    """A plan of one package that lists these contracts and folders of generated code."""
    contracts = {
        "revision": 1,
        "openapi": {"primary": listed[0], "files": list(listed)},
        **({"generated": generated} if generated else {}),
    }
    lines = work_packages("add-parcels", [Piece(id="wp-a")]).splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("contracts:"))
    lines[place] = f"contracts: {json.dumps(contracts)}"
    return "\n".join(lines) + "\n"


def load(
    root: Path, files: Mapping[str, str], *, change: str = CHANGE, in_repository: bool = True
) -> Loaded:
    """Read the change with these files below the repository's root."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    path = root / change / "work-packages.yaml"
    name = path.relative_to(root).as_posix() if in_repository else str(path)
    source = PlanSource(
        path=path,
        root=root if in_repository else path.parent,
        name=name,
        in_repository=in_repository,
    )
    return FORMAT.load(source)


def test_files_that_are_listed(tmp_path: Path) -> None:
    """Listed files are checked wherever they lie, each once, after the plan's own findings."""
    files = {
        f"{CHANGE}/work-packages.yaml": plan("contracts/a.py", "shared/b.py", "gone.yaml"),
        f"{CHANGE}/contracts/a.py": BROKEN,
        "shared/b.py": BROKEN,
    }
    loaded = load(tmp_path, files)
    assert loaded.plan is not None
    codes = [line.split()[1] for line in told(loaded.findings)]
    assert codes == ["CONTRACT_MISSING", "CONTRACT_SYNTAX", "CONTRACT_SYNTAX"]
    assert [str(finding.span) for finding in loaded.findings[1:]] == [
        f"{CHANGE}/contracts/a.py:1:7",
        "shared/b.py:1:7",
    ]


def test_generated_code(tmp_path: Path) -> None:
    """Of folders of generated code the files of that language are checked."""
    text = plan("contracts/a.md", pydantic_dir="gen/models", typescript_dir="gen/types")
    files = {
        f"{CHANGE}/work-packages.yaml": text,
        f"{CHANGE}/contracts/a.md": "x\n",
        "gen/models/deep/a.py": BROKEN,
        "gen/models/a.json": "{",
        "gen/types/b.ts": "interface {",
        "gen/types/b.py": BROKEN,
    }
    assert [str(finding.span) for finding in load(tmp_path, files).findings] == [
        "gen/models/deep/a.py:1:7",
        "gen/types/b.ts:1:1",
    ]


def test_the_folder_of_contracts(tmp_path: Path) -> None:
    """What lies in the change's folder of contracts is checked, listed or not; no hidden file."""
    files = {
        f"{CHANGE}/work-packages.yaml": plan("contracts/a.md"),
        f"{CHANGE}/contracts/a.md": "x\n",
        f"{CHANGE}/contracts/events/moved.json": "{",
        f"{CHANGE}/contracts/.cache/b.json": "{",
        f"{CHANGE}/contracts/.hidden.json": "{",
        f"{CHANGE}/notes.json": "{",
    }
    assert told(load(tmp_path, files).findings) == [
        f"error CONTRACT_SYNTAX {CHANGE}/contracts/events/moved.json:1:2"
    ]


def test_an_archived_change(tmp_path: Path) -> None:
    """Contracts are found where archiving moved them."""
    files = {
        f"{ARCHIVED}/work-packages.yaml": plan(f"{CHANGE}/contracts/a.py"),
        f"{ARCHIVED}/contracts/a.py": BROKEN,
    }
    assert told(load(tmp_path, files, change=ARCHIVED).findings) == [
        f"error CONTRACT_SYNTAX {ARCHIVED}/contracts/a.py:1:7"
    ]


def test_outside_a_repository(tmp_path: Path) -> None:
    """Outside a repository files are called by their absolute paths."""
    files = {
        f"{CHANGE}/work-packages.yaml": plan("contracts/a.py"),
        f"{CHANGE}/contracts/a.py": BROKEN,
    }
    assert told(load(tmp_path, files, in_repository=False).findings) == [
        f"error CONTRACT_SYNTAX {tmp_path}/{CHANGE}/contracts/a.py:1:7"
    ]


@pytest.mark.parametrize("generated", ["..", "/etc", "gen", "a\0b", ""])
def test_folders_outside(generated: str, tmp_path: Path) -> None:
    """A folder that lies outside, or leads there by a link, is not looked into."""
    root = tmp_path / "repository"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/a.py").write_text(BROKEN)
    root.mkdir()
    (root / "gen").symlink_to("../elsewhere")
    files = {
        f"{CHANGE}/work-packages.yaml": plan("contracts/a.md", pydantic_dir=generated),
        f"{CHANGE}/contracts/a.md": "x\n",
    }
    assert [
        finding.code
        for finding in load(root, files).findings
        if finding.code.startswith("CONTRACT_")
    ] == []


def test_links_in_the_folder(tmp_path: Path) -> None:
    """A link in the folder of contracts is not followed."""
    root = tmp_path / "repository"
    (root / CHANGE / "contracts").mkdir(parents=True)
    (tmp_path / "secret.json").write_text("{")
    (root / CHANGE / "contracts/link.json").symlink_to(tmp_path / "secret.json")
    files = {
        f"{CHANGE}/work-packages.yaml": plan("contracts/a.md"),
        f"{CHANGE}/contracts/a.md": "x\n",
    }
    assert load(root, files).findings == ()


def test_validators_are_loaded_when_they_are_needed(tmp_path: Path) -> None:
    """A plan whose contracts are prose loads no validator."""
    files = {
        f"{CHANGE}/work-packages.yaml": plan("contracts/a.md"),
        f"{CHANGE}/contracts/a.md": "x\n",
    }
    load(tmp_path, files)
    code = (
        "import sys; from pathlib import Path; from plait import plans;"
        f"plans.load('add-parcels', start=Path({str(tmp_path)!r}), root=Path({str(tmp_path)!r}),"
        " format_name=None);"
        "print(sorted({'jsonschema_rs', 'sqlglot', 'tree_sitter', 'jsonschema',"
        " 'openapi_spec_validator', 'sqlite3'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "[]\n"
