"""Whatever is found in real plans is in the catalogue, and becomes valid SARIF."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.corpus import CORPUS, real_files
from tests.fakes.sarif import VALIDATOR

from plait.app.loading import load_plan
from plait.core.catalogue import RULES
from plait.errors import PlaitError
from plait.faces.findings_sarif import findings_sarif

pytestmark = pytest.mark.corpus

GROUPS = sorted(table.parent.name for table in CORPUS.glob("*/SOURCES.tsv"))


@pytest.mark.parametrize("group", GROUPS or [""])
def test_findings_of_real_plans_are_in_the_catalogue(group: str, tmp_path: Path) -> None:
    """Each has a code and a severity of the catalogue; together they are SARIF by its schema."""
    if not group:
        pytest.skip(f"no real plans at {CORPUS}: set PLAIT_CORPUS")
    found = 0
    for real in real_files(group):
        real.below(tmp_path)
        (real.root(tmp_path) / ".git").mkdir(exist_ok=True)
        try:
            findings = load_plan(real.path, start=real.root(tmp_path)).findings
        except PlaitError:
            continue  # no plan, and so no findings
        for finding in findings:
            assert finding.severity in RULES[finding.code].severities, (real.path, finding)
            assert finding.hint, (real.path, finding)
        assert not list(VALIDATOR.iter_errors(findings_sarif(findings))), real.path
        found += len(findings)
    assert found
