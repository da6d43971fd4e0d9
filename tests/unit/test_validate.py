"""What is said of a plan, rule by rule."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st
from tests.fakes.runs import package, plan

from plait.core import validate as rules
from plait.core.catalogue import RULES
from plait.core.finding import Finding, Severity, errors
from plait.core.plan import (
    Check,
    CheckKind,
    Confidence,
    Edge,
    Locks,
    PackageId,
    PackageKind,
    Plan,
    Scope,
    SourceFile,
    SourceStatus,
    Span,
    WorkPackage,
)
from plait.core.validate import validate

CHECKED = (Check(name="t", command="true"),)


def sound(name: str, *needs: str, **fields: object) -> WorkPackage:
    """A package with a check and a line of its own."""
    line = sum(map(ord, name))
    return package(
        name, *needs, **{"checks": CHECKED, "span": Span(file="plan.yaml", line=line), **fields}
    )


def inferred(*write: str) -> Scope:
    """A scope that was read out of prose."""
    return Scope(write=write, confidence=Confidence.INFERRED)


def found(code: str, *packages: WorkPackage, **fields: object) -> list[Finding]:
    """The findings of that code."""
    return [f for f in validate(replace(plan(*packages), **fields)) if f.code == code]


def test_a_sound_plan_has_no_findings():
    """Packages with ids, checks and scopes of their own leave nothing to say."""
    assert validate(plan(sound("a"), sound("b", "a"), sound("c", "a"))) == ()


def test_an_empty_plan_is_an_error_at_its_file():
    """A plan without packages names the file that was read."""
    (finding,) = found("NO_TASKS", files=(SourceFile(path="tasks.md", sha256="0"),))
    assert finding.severity is Severity.ERROR
    assert finding.span == Span(file="tasks.md")


NO_BRANCHES = ("", "a b", "a//b", "/a", "a/", "../a", "a/.", "ä", "a\n", "..a", ".a", "a/.b")


@pytest.mark.parametrize("name", [*NO_BRANCHES, "1.", "a..b", "a.lock/b", "x.lock"])
def test_an_id_that_could_name_no_branch_is_refused(name):
    """An id has letters, digits, `._-` and slashes between segments that are no dots."""
    (finding,) = found("BAD_ID", sound(name, write=["x"]))
    assert finding.where == "packages[0].id"


@pytest.mark.parametrize("name", ["a", "wp-1", "api/3.2", "T_1", "-a", "a.b/c"])
def test_an_id_within_the_alphabet_is_taken(name):
    """What formats use as ids is taken as it is."""
    assert found("BAD_ID", sound(name, write=["x"])) == []


def test_an_id_below_another_one_is_refused():
    """Git holds no branch `a/b` beside a branch `a`; `ab/c` is no matter."""
    packages = [sound(name, write=[f"x/{place}"]) for place, name in enumerate(("a", "ab/c"))]
    assert found("BAD_ID", *packages) == []
    (finding,) = found("BAD_ID", *packages, sound("a/b/c", write=["y"]))
    assert "beside 'a'" in finding.message
    assert "a-b-c" in finding.hint


def test_a_second_package_of_an_id_is_named_with_the_place_of_the_first():
    """The finding stands at the second and tells of the first."""
    first, second = sound("a"), replace(sound("a"), span=Span(file="plan.yaml", line=9))
    (finding,) = found("DUPLICATE_ID", first, second)
    assert finding.span == second.span
    assert str(first.span) in finding.message


def test_an_unknown_dependency_comes_with_the_nearest_id():
    """A misspelt id is answered with the one that was meant, at the edge's place."""
    span = Span(file="plan.yaml", line=3, column=7)
    edge = Edge(id=PackageId("wp-backnd"), span=span)
    (finding,) = found("UNKNOWN_DEPENDENCY", sound("wp-backend"), sound("b", needs=(edge,)))
    assert (finding.span, finding.where) == (span, "packages[1].needs[0]")
    assert finding.hint == "did you mean wp-backend?"


def test_a_package_that_needs_itself_is_told_apart_from_a_cycle():
    """A loop is one finding, and hides no cycle."""
    packages = (sound("a", "a"), sound("b", "c"), sound("c", "b"))
    (loop,) = found("SELF_DEPENDENCY", *packages)
    assert loop.message == "a needs itself"
    (cycle,) = found("DEPENDENCY_CYCLE", *packages)
    assert cycle.message.endswith("b -> c -> b")


def test_a_cycle_is_named_edge_by_edge_at_its_first_edge():
    """The message walks the circle, the span is where its first edge was written."""
    span = Span(file="plan.yaml", line=5, column=9)
    packages = (
        sound("a", needs=(Edge(id=PackageId("b"), span=span),)),
        sound("b", "c"),
        sound("c", "a"),
    )
    (finding,) = found("DEPENDENCY_CYCLE", *packages)
    assert "a -> b -> c -> a" in finding.message
    assert finding.span == span
    assert finding.where == "packages[0].needs[0]"
    assert "c needs a (explicit)" in finding.hint


def test_scopes_that_meet_without_an_order_are_an_error_with_an_example():
    """Two declared scopes that share a path are named with such a path."""
    a, b = sound("a", write=["src/*/x.py"]), sound("b", write=["src/api/*.py"])
    (finding,) = found("SCOPE_OVERLAP", a, b)
    assert finding.severity is Severity.ERROR
    assert finding.message == "a and b may both write src/api/x.py, and neither needs the other"
    assert (finding.span, finding.where) == (a.span, "packages[0].scope.write")
    assert str(b.span) in finding.hint


@pytest.mark.parametrize(
    "packages",
    [
        (sound("a", write=["x"]), sound("b", "a", write=["x"])),
        (sound("a", write=["x"]), sound("m", "a"), sound("b", "m", write=["x"])),
        (sound("b", "m", write=["x"]), sound("m", "a"), sound("a", write=["x"])),
        (sound("a", write=["x"]), sound("b", write=["x"], kind=PackageKind.INTEGRATE)),
        (sound("a", write=["x"]), sound("b", write=["x"], kind=PackageKind.GATE)),
        (sound("a", write=["x"]), sound("b", write=["x"], status=SourceStatus.DONE)),
        (sound("a", write=["x"]), sound("b", scope=Scope(write=("**",)))),
        (
            sound("a", write=["src/api/**"]),
            sound(
                "b",
                scope=Scope(
                    write=("src/**",), deny=("src/api/**",), confidence=Confidence.DECLARED
                ),
            ),
        ),
    ],
    ids=["needed", "needed further on", "other way", "integrates", "gate", "done", "?", "denied"],
)
def test_scopes_that_cannot_collide_are_no_finding(packages):
    """An order, an exempt kind, an unknown scope or a deny glob keeps two packages apart."""
    assert found("SCOPE_OVERLAP", *packages) == []


def test_inferred_scopes_that_meet_are_a_warning_for_each_package():
    """Packages that seem to write the same are gathered by the first, as they are serialised."""
    packages = [sound(name, scope=inferred("src/app.py")) for name in "abc"]
    first, second = found("SCOPE_OVERLAP", *packages)
    assert (first.severity, second.severity) == (Severity.WARNING, Severity.WARNING)
    assert "a will not run beside b, c" in first.message
    assert "src/app.py" in first.message


def test_one_inferred_scope_makes_an_overlap_a_warning():
    """An error takes two declared scopes."""
    (finding,) = found("SCOPE_OVERLAP", sound("a", write=["x"]), sound("b", scope=inferred("x")))
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("source", "severity"),
    [("openspec-packages", Severity.ERROR), ("specflow", Severity.INFO)],
)
def test_a_shared_lock_weighs_as_the_format_has_it(source, severity):
    """OpenSpec refuses what elsewhere is only serialised."""
    (finding,) = found(
        "LOCK_OVERLAP", sound("a", keys=["db:x"]), sound("b", keys=["db:x"]), format=source
    )
    assert finding.severity is severity
    assert "a and b both claim the lock db:x" in finding.message


def test_lock_keys_that_conflict_are_both_named():
    """One key that covers another is a shared lock; two spellings of one are told too."""
    a = sound("a", locks=Locks(keys=("flag:billing/*",)))
    b = sound("b", locks=Locks(keys=("FLAG:billing/x",)))
    (finding,) = found("LOCK_OVERLAP", a, b)
    assert "both claim the lock flag:billing/* (as FLAG:billing/x in the other)" in finding.message


def test_file_locks_are_globs():
    """Two locks on files clash if a file is held by both."""
    a = sound("a", locks=Locks(files=("db/*.sql",)))
    b = sound("b", locks=Locks(files=("db/1.sql",)))
    (finding,) = found("LOCK_OVERLAP", a, b)
    assert "the file db/1.sql" in finding.message
    assert found("LOCK_OVERLAP", a, replace(b, kind=PackageKind.INTEGRATE)) == []


@pytest.mark.parametrize("field", ["write", "read", "deny"])
def test_a_glob_that_cannot_be_read_is_named_with_the_reason(field):
    """The finding names the glob, its place and why."""
    scope = replace(Scope(confidence=Confidence.DECLARED), **{field: ("ok", "../x")})
    (finding,) = found("BAD_GLOB", sound("a", scope=scope))
    assert finding.where == f"packages[0].scope.{field}[1]"
    assert "'../x'" in finding.message
    assert "`..`" in finding.message


@pytest.mark.parametrize(
    "glob", [".git/**", ".git/hooks/*", "./.plait/x", ".*/**", "[.]git/x", "{.git,a}/x", "**/.git"]
)
def test_a_scope_that_means_a_protected_folder_is_refused(glob):
    """Neither git's nor Plait's own folder is a package's to write."""
    (finding,) = found("PROTECTED_PATH", sound("a", write=[glob]))
    assert finding.severity is Severity.ERROR
    assert finding.where == "packages[0].scope.write[0]"


@pytest.mark.parametrize("glob", ["**", "**/*.py", "*", ".github/**", ".gitignore", "src/git/**"])
def test_a_scope_that_means_the_project_is_not(glob):
    """A leading wildcard and names that only look alike are taken."""
    assert found("PROTECTED_PATH", sound("a", write=[glob])) == []


def test_what_a_package_is_denied_protects_too():
    """A wide glob with the protected folders denied is taken."""
    scope = Scope(write=(".*/**",), deny=(".git/**", ".plait/**"), confidence=Confidence.DECLARED)
    assert found("PROTECTED_PATH", sound("a", scope=scope)) == []


def test_an_unknown_scope_is_told_of():
    """It stops nothing, but costs parallelism."""
    (finding,) = found("UNKNOWN_SCOPE", sound("a", scope=Scope()))
    assert finding.severity is Severity.INFO
    assert found("UNKNOWN_SCOPE", sound("a", scope=Scope(), kind=PackageKind.GATE)) == []


def test_a_package_without_a_command_that_judges_it_is_warned_of():
    """Checks that Plait cannot run do not count; gates need none."""
    manual = (Check(name="look", kind=CheckKind.MANUAL),)
    (finding,) = found("NO_CHECKS", sound("a", checks=manual))
    assert finding.severity is Severity.WARNING
    assert found("NO_CHECKS", sound("a", checks=(), kind=PackageKind.GATE)) == []


NAMES = st.sampled_from(["a", "b", "c", "", "a b", "x/y"])
PACKAGES = st.builds(
    lambda name, needs, write, files, keys, confidence, kind, status: package(
        name,
        *needs,
        scope=Scope(write=tuple(write), confidence=confidence),
        locks=Locks(files=tuple(files), keys=tuple(keys)),
        kind=kind,
        status=status,
        span=Span(file="plan.yaml"),
    ),
    NAMES,
    st.lists(NAMES, max_size=3),
    st.lists(st.sampled_from(["**", "a/*", "a/b", "[", "", ".git/x"]), max_size=2),
    st.lists(st.sampled_from(["a/*", "a/b", "}"]), max_size=2),
    st.lists(st.sampled_from("kl"), max_size=2),
    st.sampled_from(Confidence),
    st.sampled_from(PackageKind),
    st.sampled_from(SourceStatus),
)


@given(packages=st.lists(PACKAGES, max_size=5))
@settings(max_examples=80)
def test_whatever_the_plan_every_finding_is_complete(packages):
    """Nothing raises; each finding is one of the catalogue, with place, message and hint."""
    drawn: Plan = replace(plan(*packages), files=(SourceFile(path="plan.yaml", sha256="0"),))
    for finding in validate(drawn):
        assert finding.severity in RULES[finding.code].severities
        assert finding.span is not None
        assert finding.where
        assert finding.message
        assert finding.hint


def test_every_rule_is_named_after_a_code_of_the_catalogue():
    """A rule and the code that it gives have one name."""
    assert {rule.__name__.lstrip("_").upper() for rule in rules._RULES} <= set(RULES)


def test_a_plan_in_which_all_overlaps_is_told_of_in_bounds():
    """Three hundred packages that may write everything give a readable number of findings."""
    packages = [sound(f"p{n}", write=["**"]) for n in range(300)]
    began = time.process_time()
    overlaps = found("SCOPE_OVERLAP", *packages)
    assert time.process_time() - began < 6
    assert len(overlaps) <= 6 * len(packages)
    assert "and 289 more" in overlaps[5].message
    assert errors(tuple(overlaps)) == tuple(overlaps)


def test_a_hub_that_many_write_in_turn_costs_little():
    """Packages in a row that all claim the same are not compared each with each."""

    def cost(count: int) -> float:
        chain = [
            sound(f"p{n}", *([f"p{n - 1}"] if n else []), write=["hub/**"], keys=["db:hub"])
            for n in range(count)
        ]
        began = time.process_time()
        assert found("SCOPE_OVERLAP", *chain) == []
        return time.process_time() - began

    cost(500)
    assert cost(4_000) < 40 * cost(500) + 0.5  # the square would be 64 times


def test_a_plan_in_which_all_is_claimed_by_all_is_told_of_in_bounds():
    """Packages without an order, each with everything and the same lock, do not run away."""
    packages = [sound(f"p{n}", write=["**"], keys=["db:*"]) for n in range(1_500)]
    began = time.process_time()
    assert found("LOCK_OVERLAP", *packages)
    assert time.process_time() - began < 10


def test_a_cycle_is_told_of_beside_a_duplicate():
    """The first package of an id is the one whose needs count."""
    packages = (sound("a", "b"), sound("b", "a"), sound("a"))
    (finding,) = found("DEPENDENCY_CYCLE", *packages)
    assert "a -> b -> a" in finding.message
    assert len(found("DUPLICATE_ID", *packages)) == 1
