"""Tests that were deleted, skipped, emptied or weakened.

A test is known by its name: in its file first, then anywhere in the diff, so that one that moves
is not deleted. One whose text is mostly found under another name was renamed; one whose
assertions are found elsewhere was merged; one that speaks of a function that the commit removes
goes with it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from plait.core.finding import Finding
from plait.core.integrity.asked import asks_for
from plait.core.integrity.case import Case, Cases
from plait.core.integrity.cases import is_test_file, may_hold_cases, read_cases
from plait.core.integrity.change import Changed, Subject, grave, slight

_ALIKE = 0.55  # of the words of two tests that are one under two names
_MERGED = 0.5  # of the assertions of a test that are to be found elsewhere
_NAMED = 5
_MOST_PAIRS = 40_000
_DEFINED = re.compile(
    r"^[ \t]*+(?:(?:export|default|pub|public|private|static|async|abstract|final)"
    r"(?:\([^)\n]{0,40}\))?[ \t]++)*+(?:def|class|func|fn|function|struct|enum|interface|trait|"
    r"type|const|module|object|record)[ \t]++(?:\([^)\n]{0,80}\)[ \t]*+)?(\w{3,})|"
    r"^([A-Za-z]\w{2,})[ \t]*+(?::[^=\n]{1,80})?=[^=]",
    re.MULTILINE,
)
_REVIEW = (
    "bring it back, or have it accepted: `plait answer RUN PACKAGE yes`; a plan that asks for it "
    "says so in the package's title"
)


@dataclass(slots=True, kw_only=True)
class _Suite:
    """The tests of the changed files, as they were and as they are."""

    subject: Subject
    old: Mapping[str, Cases]
    new: Mapping[str, Cases]
    pairs: list[tuple[str, Case, str, Case]] = field(default_factory=list)
    gone: list[tuple[str, Case]] = field(default_factory=list)
    fresh: list[tuple[str, Case]] = field(default_factory=list)


def judge_tests(subject: Subject) -> Iterator[Finding]:
    """What the commit did to tests that were there."""
    files = [each for each in subject.changes if may_hold_cases(each.path)]
    suite = _Suite(
        subject=subject,
        old={each.path: read_cases(each.path, each.old) for each in files if each.old is not None},
        new={each.path: read_cases(each.path, each.new) for each in files if each.new is not None},
    )
    _pair(suite)
    added = _added(suite)
    removed = _removed(subject.changes)
    yield from _deleted(suite, added, removed)
    yield from _unreadable(suite, files)
    yield from _skipped(suite)
    yield from _focused(suite)
    yield from _emptied(suite)
    yield from _weakened(suite, added, removed)


def _pair(suite: _Suite) -> None:
    """Find for each old test the new one that it has become."""
    gone = [(path, case) for path, cases in suite.old.items() for case in cases.cases]
    fresh = [(path, case) for path, cases in suite.new.items() for case in cases.cases]
    keys = (
        lambda path, case: (path, case.qualified),
        lambda _path, case: case.qualified,
        lambda _path, case: case.name,
    )
    for key in keys:
        waiting: dict[object, list[tuple[str, Case]]] = defaultdict(list)
        for path, case in fresh:
            waiting[key(path, case)].append((path, case))
        left = []
        for path, case in gone:
            found = waiting.get(key(path, case))
            if found:
                suite.pairs.append((path, case, *found.pop(0)))
            else:
                left.append((path, case))
        gone, fresh = left, [each for row in waiting.values() for each in row]
    if len(gone) * len(fresh) <= _MOST_PAIRS:
        gone, fresh = _renamed(suite, gone, fresh)
    suite.gone, suite.fresh = gone, fresh


def _renamed(
    suite: _Suite, gone: list[tuple[str, Case]], fresh: list[tuple[str, Case]]
) -> tuple[list[tuple[str, Case]], list[tuple[str, Case]]]:
    likeness = sorted(
        (
            (-_alike(case, other), i, j)
            for i, (_, case) in enumerate(gone)
            for j, (_, other) in enumerate(fresh)
            if _alike(case, other) >= _ALIKE
        ),
    )
    olds, news = set[int](), set[int]()
    for _, i, j in likeness:
        if i not in olds and j not in news:
            olds.add(i)
            news.add(j)
            suite.pairs.append((*gone[i], *fresh[j]))
    return (
        [each for i, each in enumerate(gone) if i not in olds],
        [each for j, each in enumerate(fresh) if j not in news],
    )


def _alike(one: Case, other: Case) -> float:
    both = one.words | other.words
    return len(one.words & other.words) / len(both) if both else 0.0


def _added(suite: _Suite) -> Counter[str]:
    """The assertions that the commit adds, in tests and beside them."""
    added: Counter[str] = Counter()
    for _, old, _, new in suite.pairs:
        added += Counter(new.asserts) - Counter(old.asserts)
    for _, case in suite.fresh:
        added += Counter(case.asserts)
    for path, cases in suite.new.items():
        before = suite.old[path].beside if path in suite.old else ()
        added += Counter(cases.beside) - Counter(before)
    return added


def _removed(changes: Sequence[Changed]) -> frozenset[str]:
    """What the commit removes from the code: names that were defined and are nowhere any more."""
    old, new = set[str](), set[str]()
    for each in changes:
        if not is_test_file(each.path):
            old |= _defined(each.old)
            new |= _defined(each.new)
    return frozenset(old - new)


def _defined(text: str | None) -> set[str]:
    return {one or other for one, other in _DEFINED.findall(text or "")}


def _deleted(suite: _Suite, added: Counter[str], removed: frozenset[str]) -> Iterator[Finding]:
    lost: dict[str, list[Case]] = defaultdict(list)
    for path, case in suite.gone:
        if case.empty or (case.skipped and not case.conditional) or _merged(case, added):
            continue
        lost[path].append(case)
    for path, cases in lost.items():
        whole = path not in suite.new
        what = f"{_listed(cases)} deleted{', with the file' if whole else ''}"
        hint = _REVIEW
        if all(case.words & removed for case in cases):
            what, made = f"{what}; what it tests is removed as well", slight
        elif asks_for(suite.subject.package, "TEST_DELETED", [path, *(c.name for c in cases)]):
            what, made = f"{what}, as the plan asks", slight
        else:
            made = grave
        yield made("TEST_DELETED", what, hint, file=path, line=cases[0].line)


def _merged(case: Case, added: Counter[str]) -> bool:
    """Whether most of what it asserts is asserted somewhere else now."""
    kept = sum(added[each] > 0 for each in case.asserts)
    return bool(case.asserts) and kept >= _MERGED * len(case.asserts)


def _unreadable(suite: _Suite, files: Sequence[Changed]) -> Iterator[Finding]:
    """Files of tests of which no test could be read: a deletion can be told all the same."""
    names = {each.path.rpartition("/")[2] for each in files if each.new is not None}
    for each in files:
        name = each.path.rpartition("/")[2]
        by_name = name.startswith("test_") or ".test." in name or ".spec." in name
        if each.deleted and by_name and not suite.old[each.path].cases and name not in names:
            asked = asks_for(suite.subject.package, "TEST_DELETED", [each.path])
            made = slight if asked or not (each.old or "").strip() else grave
            yield made("TEST_DELETED", "the file of tests is deleted", _REVIEW, file=each.path)


def _skipped(suite: _Suite) -> Iterator[Finding]:
    now: dict[str, list[Case]] = defaultdict(list)
    somewhere: dict[str, list[Case]] = defaultdict(list)
    for _, old, path, new in suite.pairs:
        if new.skipped and not old.skipped:
            (somewhere if new.conditional else now)[path].append(new)
        elif new.skipped and old.conditional and not new.conditional:
            now[path].append(new)
    for path, cases in now.items():
        asked = asks_for(suite.subject.package, "TEST_SKIPPED", [path, *(c.name for c in cases)])
        made, more = (slight, ", as the plan asks") if asked else (grave, "")
        message = f"{_listed(cases)} skipped now{more}"
        yield made("TEST_SKIPPED", message, _REVIEW, file=path, line=cases[0].skipped)
    for path, cases in somewhere.items():
        message = f"{_listed(cases)} skipped under a condition now"
        hint = "see that the condition does not hold where checks run"
        yield slight("TEST_SKIPPED", message, hint, file=path, line=cases[0].skipped)
    for path, case in suite.fresh:
        if case.skipped and not case.conditional:
            message = f"the new test {case.name!r} is skipped"
            hint = "let it run, or leave it out: it proves nothing"
            yield slight("TEST_SKIPPED", message, hint, file=path, line=case.skipped)


def _focused(suite: _Suite) -> Iterator[Finding]:
    for path, cases in suite.new.items():
        before = suite.old[path].focused if path in suite.old else ()
        if len(cases.focused) > len(before):
            yield grave(
                "TEST_FOCUSED",
                "one test runs alone, and all others of the file do not",
                "take `.only` out again; it is for trying things out",
                file=path,
                line=cases.focused[0],
            )


def _emptied(suite: _Suite) -> Iterator[Finding]:
    for path, case in suite.fresh:
        if case.empty and not case.skipped:
            message = f"the new test {case.name!r} cannot fail"
            yield slight(
                "TEST_EMPTIED", message, "let it assert something", file=path, line=case.line
            )
    for _, old, path, new in suite.pairs:
        if new.empty and not old.empty and not new.skipped:
            asked = asks_for(suite.subject.package, "TEST_EMPTIED", [path, new.name])
            made = slight if asked else grave
            message = f"the test {new.name!r} cannot fail any more: nothing is left of what it does"
            yield made("TEST_EMPTIED", message, _REVIEW, file=path, line=new.line)


def _weakened(suite: _Suite, added: Counter[str], removed: frozenset[str]) -> Iterator[Finding]:
    helpers = frozenset(name for cases in suite.new.values() for name in cases.helpers)
    for _, old, path, new in suite.pairs:
        if new.empty or old.empty or old.skipped or new.skipped:
            continue
        asserts = new.asserts
        fewer = len(old.asserts) - len(asserts)
        lost = Counter(old.asserts) - Counter(asserts)
        elsewhere = sum(min(number, added[each]) for each, number in lost.items())
        gone = sum(
            number for each, number in lost.items() if removed & frozenset(re.findall(r"\w+", each))
        )
        by_helper = (new.calls - old.calls) & helpers
        restructured = new.loops > old.loops or by_helper
        looser = old.exact - new.exact >= 1 and new.loose > old.loose and fewer == 0
        if fewer - elsewhere - gone > 0 and not restructured:
            first = next(iter(lost), "")
            what = f"asserts less than before ({len(asserts)} instead of {len(old.asserts)})"
            what += f"; gone: {first[:80]}" if first else ""
        elif looser and not restructured and not gone:
            what = "no longer compares with a value where it did"
        else:
            continue
        asked = asks_for(suite.subject.package, "TEST_WEAKENED", [path, new.name])
        made = slight if asked else grave
        message = f"the test {new.name!r} {what}"
        yield made("TEST_WEAKENED", message, _REVIEW, file=path, line=new.line)


def _listed(cases: Sequence[Case]) -> str:
    names = ", ".join(case.name for case in cases[:_NAMED])
    more = f" and {len(cases) - _NAMED} more" if len(cases) > _NAMED else ""
    noun, verb = ("test", "is") if len(cases) == 1 else ("tests", "are")
    return f"{len(cases)} {noun} ({names}{more}) {verb}"
