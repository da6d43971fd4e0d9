"""Real lists in task groups, of Droidz and of agent-os, at the paths where projects keep them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.fakes.corpus import CORPUS, Real, real_files

from plait.core.finding import Finding
from plait.core.plan import Plan, SourceStatus
from plait.plans.circles import circling
from plait.plans.detect import recognise, resolve
from plait.plans.registry import registered
from plait.ports import Loaded

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not real_files("droidz"), reason=f"no real plans at {CORPUS}: set PLAIT_CORPUS"
    ),
]

FILES = [("droidz", real) for real in real_files("droidz")]
FILES += [("agent-os", real) for real in real_files("agent-os")]
LISTS = [(name, real) for name, real in FILES if real.path.endswith("/tasks.md")]
UNWRITTEN = "droidz/specs/2026-02-09-performance-enhancements/tasks.md"
FORMATS = registered().formats


def named(value: object) -> str:
    return value.path if isinstance(value, Real) else str(value)


def load(real: Real, folder: Path) -> Loaded:
    """The plan of a file by its place, its project's other files beside it."""
    for _, other in FILES:
        if other.repository == real.repository:
            other.below(folder)
    root = real.root(folder)
    source = resolve(real.path, start=root, root=root, formats=FORMATS)
    found = recognise(source, FORMATS, forced=False)
    assert not isinstance(found, Finding)
    return found.load(source)


def plan_of(real: Real, folder: Path) -> Plan:
    plan = load(real, folder).plan
    assert plan is not None
    return plan


def by_content(text: str) -> str | None:
    """The format that a text's content alone tells, as detection chooses it."""
    scores = {name: each.by_content(text) for name, each in FORMATS.items()}
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= 0.5 else None


@pytest.mark.parametrize(("name", "real"), LISTS, ids=named)
def test_recognised(name: str, real: Real, tmp_path: Path) -> None:
    """By its place, and by its content alone, each list is its own format's."""
    root = real.root(tmp_path)
    real.below(tmp_path)
    source = resolve(real.path, start=root, root=root, formats=FORMATS)
    found = recognise(source, FORMATS, forced=False)
    assert not isinstance(found, Finding)
    assert found.name == name
    told = by_content(real.file.read_text(encoding="utf-8"))
    assert told == (None if real.path == UNWRITTEN else name)


@pytest.mark.parametrize(
    "real", [real for _, real in FILES if not real.path.endswith("/tasks.md")], ids=named
)
def test_no_plans(real: Real, tmp_path: Path) -> None:
    """Specs, requirements and orchestrations are no plans, by place and by content."""
    real.below(tmp_path)
    root = real.root(tmp_path)
    source = resolve(real.path, start=root, root=root, formats=FORMATS)
    found = recognise(source, FORMATS, forced=False)
    assert isinstance(found, Finding)
    assert found.code == "PLAN_UNRECOGNISED"


@pytest.mark.parametrize(("name", "real"), LISTS, ids=named)
def test_sound(name: str, real: Real, tmp_path: Path) -> None:
    """No list has an error, a circle or a reference to nowhere; each package has its place."""
    loaded = load(real, tmp_path)
    found = {finding.code for finding in loaded.findings}
    if real.path == UNWRITTEN:
        assert "NO_TASKS" in found
        return
    assert loaded.plan is not None
    assert found <= {"MISSING_CONTEXT", "ACTIVE_IN_SOURCE"}
    order = {str(p.id): [str(e.id) for e in p.needs] for p in loaded.plan.packages}
    assert not circling(order)
    raw = real.file.read_bytes()
    for package in loaded.plan.packages:
        assert package.title
        for marker in package.markers:
            assert re.fullmatch(rb"\[[ x]\]", raw[marker.offset - 1 : marker.offset + 2])


# -- the second method: plain expressions over lines, by rules that were checked by hand ----------

HEADING = re.compile(r"^### Task (?P<id>\d+\.\d+): ")
SECTION = re.compile(r"^### (?P<id>\d+\.\d+) ")
BOX = re.compile(r"^- \[(?P<mark>[ x])\] \*\*(?:Task )?(?P<id>[A-Z0-9]+(?:\.\d+)+)")
NESTED = re.compile(r"^ {0,2}- \[(?P<mark>[ x])\] \*{0,2}(?P<id>\d+(?:\.\d+)?)\.?\*{0,2}:? ")
NEEDS = re.compile(
    r"^(?: {2})?(?:- )?(?:.* \| )?(?:\*\*)?Dependencies:?(?:\*\*)?:? (?P<phrase>.*)$"
)
SPAN = re.compile(r"(?P<a>[\d.]*\d)[-–](?P<b>[\d.]*\d)")  # noqa: RUF001 - as people write it
NAME = re.compile(r"\b(?:[A-Z]\.)?\d+(?:\.\d+)*\b")


def key(name: str) -> list[int]:
    return [ord(part) if part.isalpha() else int(part) for part in name.split(".")]


def meant(phrase: str, ids: list[str], at: int) -> set[str]:
    """The ids that a phrase of plain numbers, ranges, sections and "all" means."""
    phrase = re.sub(r"\(.*?\)", "", phrase)
    if re.match(r"None|Nothing", phrase):
        return set()
    if phrase.startswith("All"):
        return set(ids[:at])
    names = set(NAME.findall(SPAN.sub("", phrase)))
    for span in SPAN.finditer(phrase):
        low, high = key(span["a"]), key(span["b"])
        size = len(low)
        names |= {name for name in ids if low <= key(name)[:size] <= high}
    return {i for i in ids for name in names if i == name or i.startswith(f"{name}.")}


@dataclass(frozen=True)
class Count:
    """What a list holds: tasks, those done, and what orders them."""

    tasks: int
    done: int
    edges: int


def counted(text: str, head: re.Pattern[str]) -> Count:
    """The same of a list whose tasks begin with `head` and all say what they need."""
    ids: list[str] = []
    marks: list[str] = []
    phrases: dict[int, str] = {}
    for line in text.splitlines():
        if task := head.match(line):
            ids.append(task["id"])
            marks.append(task.groupdict().get("mark") or ("x" if line.endswith("[x]") else " "))
            if "[x] (" in line:
                marks[-1] = "x"
        elif re.match(r"^#{1,4} ", line) and head is not BOX:
            continue
        elif ids and (needs := NEEDS.match(line)):
            phrases.setdefault(len(ids) - 1, needs["phrase"])
    sought = {at: meant(phrase, ids, at) - {ids[at]} for at, phrase in phrases.items()}
    return Count(len(ids), marks.count("x"), sum(map(len, sought.values())))


def grouped(text: str) -> Count:
    """The same of a list in task groups: a chain in each, its first task after other groups."""
    groups: dict[str, list[str]] = {}
    needs: dict[str, str] = {}
    marks: dict[str, str] = {}
    here = ""
    for line in text.splitlines():
        if begun := re.match(r"^#{3,4} Task Group (\d+):", line):
            here = begun[1]
            groups[here] = []
        elif line.startswith("## ") and here:
            here = ""
        elif here and (said := re.match(r"\*\*Dependencies:\*\* (.*)", line)):
            needs[here] = said[1]
        elif here and (box := NESTED.match(line)):
            groups[here].append(box["id"])
            marks[box["id"]] = box["mark"]
    leaves = {
        group: [i for i in ids if not (i.endswith(".0") and len(ids) > 1)]
        for group, ids in groups.items()
    }
    edges = 0
    for at, (group, ids) in enumerate(leaves.items()):
        others = meant(needs[group].removeprefix("Phase 1"), list(groups), at)
        if needs[group].startswith("Phase 1"):
            others = set(list(groups)[:at])
        edges += len(ids) - 1 + sum(len(leaves[other]) for other in others)
    done = sum(marks[i] == "x" for ids in leaves.values() for i in ids)
    return Count(sum(map(len, leaves.values())), done, edges)


def chained(text: str) -> Count:
    """The same of a list in which every task has steps of its own and follows the one before."""
    steps: list[list[str]] = []
    for line in text.splitlines():
        if HEADING.match(line) or SECTION.match(line):
            steps.append([])
        elif steps and (box := re.match(r"- \[(.)\] ", line)):
            steps[-1].append(box[1])
    return Count(len(steps), sum(set(marks) == {"x"} for marks in steps), len(steps) - 1)


def parts(text: str) -> Count:
    """The same of a list of tasks with parts, each part after the one before."""
    marks = re.findall(r"^  - \[(.)\] \d+\.\d+ ", text, re.MULTILINE)
    return Count(len(marks), marks.count("x"), len(marks) - 1)


# By hand: the headings or boxes with an id were counted, and some tasks' needs were followed.
DROIDZ = {
    "2025-11-25-course-creation-wizard": (HEADING, Count(31, 0, 130)),
    "code-review-fixes": (HEADING, Count(40, 0, 75)),
    "2026-01-15-phase1-mvp": (BOX, Count(151, 151, 518)),
    "2026-01-21-app-management-raycast-parity": (HEADING, Count(40, 0, 58)),
    "2026-01-21-window-management-raycast-parity": (HEADING, Count(55, 0, 112)),
    "2026-01-23-native-extension-system": (HEADING, Count(80, 0, 126)),
    "2026-01-29-new-feature": (HEADING, Count(27, 27, 27)),
    "2026-01-21-quicklinks-raycast-parity": (None, Count(21, 21, 20)),
    "2026-02-11-search-and-ux-improvements": (None, Count(27, 25, 26)),
}
AGENT_OS = {
    "2025-10-07-secure-credential-keystore": Count(38, 38, 37),
    "2025-10-17-fix-gitlab-ci-sphinx-build-error": Count(13, 13, 19),
    "2025-11-06-assist-show-reasoning-flag": Count(22, 22, 44),
    "2025-12-23-database-schema-and-core-models": Count(61, 48, 99),
    "2025-10-15-improved-synergy-analysis": Count(51, 44, 179),
    "2025-10-15-test-quality-and-ci-improvements": Count(47, 23, 116),
    "20251015-character-analysis-mvp": Count(19, 19, 31),
    "20251015-project-scaffolding": Count(43, 37, 78),
}
COUNTS = {**{name: count for name, (_, count) in DROIDZ.items()}, **AGENT_OS}


def slug_of(real: Real) -> str:
    return Path(real.path).parent.name


def second(real: Real) -> Count:
    """What the second method counts."""
    text = real.file.read_text(encoding="utf-8")
    slug = slug_of(real)
    if slug in DROIDZ:
        head = DROIDZ[slug][0]
        return counted(text, head) if head else chained(text)
    return parts(text) if slug == "2025-10-07-secure-credential-keystore" else grouped(text)


@pytest.mark.parametrize("real", [real for _, real in LISTS if slug_of(real) in COUNTS], ids=named)
def test_counts(real: Real, tmp_path: Path) -> None:
    """Tasks, done ones and edges are those that plain expressions count, and the table's."""
    plan = plan_of(real, tmp_path)
    read = Count(
        tasks=len(plan.packages),
        done=sum(p.status is SourceStatus.DONE for p in plan.packages),
        edges=sum(len(p.needs) for p in plan.packages),
    )
    assert read == COUNTS[slug_of(real)]
    assert second(real) == read


def open_boxes(plan: Plan) -> Iterator[str]:
    """The packages that one byte can mark as done."""
    for package in plan.packages:
        pending = [marker for marker in package.markers if marker.pending == " "]
        if package.status is SourceStatus.PENDING and len(package.markers) == len(pending) == 1:
            yield str(package.id)


MARKED = ["2026-01-16-phase-2-v1.0", "database-schema-and-core", "improved-synergy", "scaffolding"]


@pytest.mark.parametrize("part", MARKED)
def test_one_byte_marks_one_task(part: str, tmp_path: Path) -> None:
    """The byte at a marker is all that differs, and that task alone is done."""
    real = next(real for _, real in LISTS if part in real.path)
    before = plan_of(real, tmp_path)
    done = {str(p.id) for p in before.packages if p.status is SourceStatus.DONE}
    path = real.below(tmp_path)
    raw = path.read_bytes()
    names = list(open_boxes(before))
    assert names
    for name in names:
        (marker,) = next(p for p in before.packages if p.id == name).markers
        changed = raw[: marker.offset] + b"x" + raw[marker.offset + 1 :]
        assert sum(a != b for a, b in zip(raw, changed, strict=True)) == 1
        path.write_bytes(changed)
        after = plan_of(real, tmp_path)
        assert {str(p.id) for p in after.packages if p.status is SourceStatus.DONE} == done | {name}
    path.write_bytes(raw)


def test_steps_mark_their_task(tmp_path: Path) -> None:
    """A task of several steps is done with the last of them."""
    real = next(real for _, real in LISTS if "rust-performance" in real.path)
    before = plan_of(real, tmp_path)
    package = next(p for p in before.packages if p.id == "0.1")
    assert package.status is SourceStatus.PENDING
    path = real.below(tmp_path)
    raw = bytearray(path.read_bytes())
    for marker in package.markers:
        raw[marker.offset] = ord("x")
    path.write_bytes(raw)
    after = plan_of(real, tmp_path)
    changed = {
        p.id for p, q in zip(before.packages, after.packages, strict=True) if p.status != q.status
    }
    assert changed == {"0.1"}


def test_orchestration_joins(tmp_path: Path) -> None:
    """Every name of the real orchestration beside a list is one of its groups."""
    real = next(real for _, real in LISTS if "database-schema-and-core" in real.path)
    plan = plan_of(real, tmp_path)
    roles = {p.group: p.role for p in plan.packages}
    assert list(roles.values()) == ["api-engineer"] + ["database-engineer"] * 5
    assert [Path(file.path).name for file in plan.files] == ["tasks.md", "orchestration.yml"]
