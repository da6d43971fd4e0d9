"""Over the whole corpus: every plan is known for what it is, by place and by content alone."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from tests.fakes.corpus import CORPUS, Real, real_files

from plait import plans
from plait.core.finding import Severity

pytestmark = pytest.mark.corpus

# What of each folder is a plan, by the path in its project; the rest are documents around one.
PLANS = {
    "agent-os": ("agent-os", r"tasks\.md"),
    "beads": ("beads", r".*\.jsonl"),
    "ccpm": ("ccpm", r"(?!.*analysis).*\.md"),
    "droidz": ("droidz", r"tasks\.md"),
    "kiro": ("kiro", r"tasks\.md"),
    "openspec": ("openspec", r"tasks\.md"),
    "openspec-workpackages": ("openspec-packages", r"work-packages\.ya?ml"),
    "purple": ("purple", r"implementation-spec.*\.md"),
    "spec-kit": ("spec-kit", r"tasks\.md"),
    "spec-kitty": ("spec-kitty", r"tasks\.md"),
    "spec-workflow-mcp": ("spec-workflow", r"tasks\.md"),
    "specflow": ("specflow", r"tasks\.md"),
    "task-master": ("task-master", r"tasks\.json"),
}
FILES = [(group, real) for group in PLANS for real in real_files(group)]
NAMES = [f"{group}:{real.path}" for group, real in FILES]


def expected(group: str, real: Real) -> str | None:
    """The format a file is a plan of, or None."""
    name, pattern = PLANS[group]
    return name if re.fullmatch(pattern, Path(real.path).name) else None


def recognised(path: Path, root: Path) -> tuple[str | None, tuple[str, ...], float]:
    """The format that is recognised, the findings' codes, and the seconds of CPU it took."""
    started = time.process_time()
    loaded = plans.load(str(path), start=root, root=root, format_name=None)
    took = time.process_time() - started
    wrong = [f for f in loaded.findings if f.severity is Severity.ERROR]
    assert loaded.plan is not None or wrong, "neither a plan nor a reason"
    name = loaded.plan.format if loaded.plan is not None else None
    return name, tuple(finding.code for finding in wrong), took


def test_the_corpus_is_there() -> None:
    """Without it these tests hold nothing, and say so."""
    if not CORPUS.is_dir():
        pytest.skip(f"no corpus at {CORPUS}")
    assert len(FILES) > 150


@pytest.mark.parametrize(("group", "real"), FILES, ids=NAMES)
def test_at_its_place_a_plan_is_known(group: str, real: Real, tmp_path: Path) -> None:
    """A plan at its own path is read as what it is; no other format claims it."""
    name = expected(group, real)
    found, codes, took = recognised(real.below(tmp_path), real.root(tmp_path))
    if name is not None:
        assert found == name or (found is None and "PLAN_UNRECOGNISED" not in codes), codes
    assert took < 2.0


@pytest.mark.parametrize(("group", "real"), FILES, ids=NAMES)
def test_by_content_alone_a_plan_is_known(group: str, real: Real, tmp_path: Path) -> None:
    """Elsewhere and under another name: the same format, or no plan at all with the reason."""
    path = tmp_path / f"notes{Path(real.path).suffix}"
    path.write_bytes(real.file.read_bytes())
    name = expected(group, real)
    found, codes, took = recognised(path, tmp_path)
    assert found == name or (found is None and "PLAN_UNRECOGNISED" in codes), (found, codes)
    assert took < 2.0
