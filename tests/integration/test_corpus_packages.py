"""Real OpenSpec work packages: the same verdict as their own validator's, and each at a line."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from plait import plans
from plait.core.finding import errors
from plait.core.plan import PackageKind
from plait.core.validate import validate
from plait.ports import Loaded

pytestmark = pytest.mark.corpus

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("PLAIT_CORPUS", REPOSITORY.parent / "shared" / "corpus"))
PARALLEL = CORPUS / "openspec-parallel"
FURTHER = CORPUS / "openspec-workpackages"


def _manifest() -> list[dict[str, Any]]:
    path = PARALLEL / "manifest.json"
    return list(json.loads(path.read_text())["plans"]) if path.is_file() else []


def _further() -> list[dict[str, str]]:
    path = FURTHER / "SOURCES.tsv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows, delimiter="\t"))


MANIFEST = _manifest()


@pytest.fixture(autouse=True)
def _present() -> None:
    if not MANIFEST:
        pytest.skip(f"no real plans at {CORPUS}: set PLAIT_CORPUS")


def read(copy: Path, place: str, root: Path) -> Loaded:
    """Read a plan at the place where its project keeps it, and validate it."""
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(copy.read_bytes())
    loaded = plans.load(place, start=root, root=root, format_name=None)
    if loaded.plan is None:
        return loaded
    return replace(loaded, findings=(*loaded.findings, *validate(loaded.plan)))


@pytest.mark.parametrize("row", MANIFEST, ids=lambda row: Path(row["file"]).name)
def test_verdict(row: dict[str, Any], tmp_path: Path) -> None:
    """What upstream calls invalid, or crashes on, has an error with a line; the rest has none."""
    name = Path(row["file"]).name
    loaded = read(PARALLEL / "plans" / name, row["path"], tmp_path)
    wrong = errors(loaded.findings)
    if row["status"] == "valid":
        assert wrong == ()
        assert loaded.plan is not None
        assert len(loaded.plan.packages) == row["n"]
    else:
        assert wrong
    for finding in loaded.findings:
        assert finding.span is not None
        assert finding.span.file == row["path"]
        assert finding.hint


@pytest.mark.parametrize("row", _further(), ids=lambda row: row["path"])
def test_further_plans(row: dict[str, str], tmp_path: Path) -> None:
    """Plans of the second collection are plans, or have errors with a line."""
    loaded = read(FURTHER / row["file"], row["path"], tmp_path)
    assert loaded.plan is not None or errors(loaded.findings)
    assert all(finding.span is not None for finding in loaded.findings)


def test_reasons(tmp_path: Path) -> None:
    """Each of the known reasons of invalidity is found under its own code."""
    for row in MANIFEST:
        name = Path(row["file"]).name
        loaded = read(PARALLEL / "plans" / name, row["path"], tmp_path)
        codes = {finding.code for finding in errors(loaded.findings)}
        status = row["status"]
        if "keys" in status:
            assert "BAD_LOCK_KEY" in codes, name
        if "schema" in status or status == "crash":
            assert any(code.startswith("SCHEMA_") for code in codes) or codes == {"BAD_LOCK_KEY"}, (
                name
            )


def test_integration_packages(tmp_path: Path) -> None:
    """All that is called integration is found as such, whatever its task type says."""
    kinds: list[PackageKind] = []
    others: list[str] = []
    for row in MANIFEST:
        name = Path(row["file"]).name
        loaded = read(PARALLEL / "plans" / name, row["path"], tmp_path)
        for package in loaded.plan.packages if loaded.plan else ():
            if package.id == "wp-integration":
                kinds.append(package.kind)
            elif package.kind is PackageKind.INTEGRATE:
                others.append(package.id)
    assert set(kinds) == {PackageKind.INTEGRATE}
    assert others == ["wp-docs-finalize"]
