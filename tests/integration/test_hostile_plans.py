"""Cut, torn and hostile plans of every format: findings, never a traceback, never a long wait.

`PLAIT_FUZZ=2000` tries more; `make fuzz` does.
"""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.fakes.corpus import Real, real_files

from plait import plans
from plait.core.arrange import Arrangement, arrange
from plait.core.validate import validate

LIMIT_S = 2.0
TRIES = int(os.environ.get("PLAIT_FUZZ", "60"))
LARGEST = 60_000  # bytes of a real file that is torn
PLACES = {
    "agent-os": "agent-os/specs/2025-10-15-login/tasks.md",
    "beads": ".beads/issues.jsonl",
    "ccpm": ".claude/epics/login/epic.md",
    "droidz": "droidz/specs/2025-10-15-login/tasks.md",
    "kiro": ".kiro/specs/login/tasks.md",
    "openspec": "openspec/changes/add-login/tasks.md",
    "openspec-packages": "openspec/changes/add-login/work-packages.yaml",
    "plait": "plans/login.plait.yaml",
    "purple": "purple/documentation/250101-login/agent-written-specifications/"
    "implementation-spec-login.md",
    "spec-kit": "specs/001-login/tasks.md",
    "spec-kitty": "kitty-specs/001-login/tasks.md",
    "spec-workflow": ".spec-workflow/specs/login/tasks.md",
    "specflow": "documentation/features/login/tasks.md",
    "task-master": ".taskmaster/tasks/tasks.json",
}
GROUPS = {
    "openspec-packages": "openspec-workpackages",
    "spec-workflow": "spec-workflow-mcp",
}
COMPOSED = b"""\
# Tasks

## Phase 1: Setup
- [ ] 1. **Types** (2h)
  - Files: `src/a.py`, src/*.ts
  - _Requirements: 1.1, 2.3_
  - [x] 1.1 Part [P]
- [ ]* 2. Optional
- [~] T003 [P] [US1] Do it in src/b.py (depends on T001-T002)

### Task Group A: Core
**Dependencies:** Tasks 1-2, Phase 1
```json
{"waves": [{"id": 0, "tasks": ["1.1"]}]}
```
"""


def test_every_format_has_a_place_here() -> None:
    """A new format is torn too."""
    assert set(PLACES) == set(plans.formats())


@cache
def samples(name: str) -> tuple[bytes, ...]:
    """Texts of a format: real ones where they are present, a composed one in any case."""
    real: list[Real] = real_files(GROUPS.get(name, name))
    form = plans.formats()[name]
    placed = [each.file for each in real if form.by_place(Path("/r") / each.path)]
    texts = [path.read_bytes() for path in placed[:6]]
    return (COMPOSED, *(text for text in texts if len(text) <= LARGEST))


Tear = Callable[[bytes, int, int], bytes]


def cut(text: bytes, here: int, _there: int) -> bytes:
    return text[:here]


def doubled(text: bytes, here: int, there: int) -> bytes:
    low, high = sorted((here, there))
    return text[:high] + text[low:high] + text[high:]


def gone(text: bytes, here: int, there: int) -> bytes:
    low, high = sorted((here, there))
    return text[:low] + text[high:]


def flipped(text: bytes, here: int, there: int) -> bytes:
    return text[:here] + bytes([there % 256]) + text[here + 1 :]


def swapped(text: bytes, here: int, there: int) -> bytes:
    lines = text.splitlines(keepends=True)
    if not lines:
        return text
    one, other = here % len(lines), there % len(lines)
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


TEARS: tuple[Tear, ...] = (cut, doubled, gone, flipped, swapped)


@pytest.mark.parametrize("name", sorted(PLACES))
@settings(
    max_examples=TRIES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_a_torn_plan_ends_in_findings(name: str, tmp_path: Path, data: st.DataObject) -> None:
    """Cut, doubled, swapped, flipped: read as its format, it is a plan or it is told why not."""
    text = data.draw(st.sampled_from(samples(name)))
    for _ in range(data.draw(st.integers(0, 4))):
        tear = data.draw(st.sampled_from(TEARS))
        places = st.integers(0, max(len(text) - 1, 0))
        text = tear(text, data.draw(places), data.draw(places))
    read(name, tmp_path, text)


def read(name: str, folder: Path, text: bytes) -> None:
    """Load, validate and arrange a text at a format's place, within the limit."""
    path = folder / PLACES[name]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    gc.disable()  # what it costs to look through all that other tests have left is not the plan's
    try:
        started = time.process_time()
        loaded = plans.load(str(path), start=folder, root=folder, format_name=name)
        assert loaded.plan is not None or loaded.findings
        if loaded.plan is not None:
            validate(loaded.plan)
            arrange(loaded.plan, Arrangement())
        assert time.process_time() - started < LIMIT_S
    finally:
        gc.enable()


BOMBS = {
    "a million empty lines": b"\n" * 1_000_000,
    "boxes": b"- [ ] 1.1 x\n" * 400_000,
    "nested boxes": b"".join(b" " * (n % 400) + b"- [ ] %d x\n" % n for n in range(12_000)),
    "headings": b"### Task 1: x\n" * 300_000,
    "fences": b"```\n" * 400_000,
    "comments": b"<!--\n" * 400_000,
    "one line": b"- [ ] 1. " + b"a" * 4_900_000,
    "stars": b"- [ ] 1. " + b"*" * 1_000_000 + b"_" * 1_000_000,
    "brackets": b"[" * 1_000_000,
    "braces": b'{"a":' * 500_000,
    "ranges": b"- [ ] 1. x\n  - Dependencies: " + b"1-999999999, " * 100_000,
    "all": b"".join(b"- [ ] %d. x\n  - Dependencies: all\n" % n for n in range(5_000)),
    "aliases": b"a: &a [x, x]\n"
    + b"".join(b"%c: &%c [*%c, *%c]\n" % (n, n, n - 1, n - 1) for n in range(98, 122)),
    "frontmatter": b"---\n" + b"depends_on: [" + b"1, " * 1_000_000,
    "records": b'{"id": "a-1", "title": "x", "status": "open"}\n' * 100_000,
    "zero bytes": b"\0" * 1_000_000,
    "broken UTF-8": b"\xff\xfe" * 1_000_000,
}


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("name", sorted(PLACES))
def test_what_multiplies_is_bounded(name: str, bomb: str, tmp_path: Path) -> None:
    """Large, deep and multiplying texts are read or refused within two seconds of CPU."""
    read(name, tmp_path, BOMBS[bomb])


@pytest.mark.parametrize("name", sorted(PLACES))
def test_a_plan_that_leads_out_of_the_repository_is_refused(name: str, tmp_path: Path) -> None:
    """A link to a file outside is not followed."""
    root, outside = tmp_path / "repo", tmp_path / "outside.md"
    outside.write_bytes(COMPOSED)
    path = root / PLACES[name]
    path.parent.mkdir(parents=True)
    path.symlink_to(outside)
    loaded = plans.load(PLACES[name], start=root, root=root, format_name=None)
    assert loaded.plan is None
    assert [finding.code for finding in loaded.findings] == ["PLAN_OUTSIDE"]
