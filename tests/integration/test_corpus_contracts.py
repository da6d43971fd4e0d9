"""Real contracts: what is wrong with them, counted; what is right has no error."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from plait.core.finding import Severity
from plait.plans.contracts import ContractFile, check

pytestmark = pytest.mark.corpus

REPOSITORY = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("PLAIT_CORPUS", REPOSITORY.parent / "shared" / "corpus"))
CONTRACTS = CORPUS / "openspec-parallel" / "contracts"
CHANGES = sorted(path.name for path in CONTRACTS.iterdir()) if CONTRACTS.is_dir() else []

# Change -> its errors, each looked at by a person: true ones all of them.
WRONG = {
    # Prose as a value: `- dict[name, list[{"file": str}]]` is no YAML.
    "archive__2026-03-28-parallel-scrub-pipeline": [
        "CONTRACT_SYNTAX contracts/internal/parallel-runner-api.yaml:80:56",
    ],
    # OpenAPI 3.0 has no type 'null'.
    "archive__2026-06-26-extend-kanban-viz-prs-proposals": [
        "CONTRACT_OPENAPI_SHAPE contracts/openapi/v1.yaml:170:21",
        "CONTRACT_OPENAPI_SHAPE contracts/openapi/v1.yaml:201:21",
        "CONTRACT_OPENAPI_SHAPE contracts/openapi/v1.yaml:285:21",
    ],
}
# Change -> references to a schema that another change holds.
DANGLING = {"active__integrate-main-context-convergence": 6}


@pytest.fixture(autouse=True)
def _present() -> None:
    if not CHANGES:
        pytest.skip(f"no real contracts at {CONTRACTS}: set PLAIT_CORPUS")


def test_there_are_enough() -> None:
    """The folder holds the contracts of many changes."""
    assert len(CHANGES) >= 30


@pytest.mark.parametrize("change", CHANGES)
def test_real_contracts(change: str) -> None:
    """Errors are those that are known to be true, at their places; it takes no time."""
    folder = CONTRACTS / change
    files = [
        ContractFile(path=path, name=path.relative_to(folder).as_posix())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    began = time.process_time()
    found = check(files, root=folder)
    assert time.process_time() - began < 2.0
    wrong = [f"{each.code} {each.span}" for each in found if each.severity is Severity.ERROR]
    assert wrong == WRONG.get(change, [])
    doubtful = [each.code for each in found if each.severity is Severity.WARNING]
    assert doubtful == ["CONTRACT_REF_MISSING"] * DANGLING.get(change, 0)
    assert all(each.hint and each.span for each in found)
