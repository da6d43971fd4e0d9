"""What another version of a plan means for a run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.fakes.runs import begin, end, landed, package, plan, record, started

from plait.core.escalation import Consequence, EscalationType, Severity
from plait.core.event import (
    EscalationRaised,
    EscalationSettled,
    PackageAdded,
    PackageRequeued,
    PackageSkipped,
    QuestionAnswered,
    Verdict,
)
from plait.core.package import PackageStatus
from plait.core.plan import (
    Check,
    Confidence,
    Contracts,
    Digest,
    Edge,
    Locks,
    Marker,
    PackageId,
    PackageKind,
    Plan,
    Provenance,
    Revisions,
    Scope,
    SourceFile,
    SourceStatus,
    Span,
    WorkPackage,
)
from plait.core.revision import Revision, compare
from plait.core.run import Run, conclude
from plait.core.schedule import compile_plan
from plait.engine.revise import tick_landed

A, B, C = (PackageId(each) for each in "abc")
API = "contracts/api.yaml"


def contracted(*packages: WorkPackage, sha: str = "1", revision: int = 1) -> Plan:
    """A plan with one contract file."""
    return replace(
        plan(*packages),
        digest=Digest(f"sha256:{sha}{revision}"),
        files=(SourceFile(path=API, sha256=sha),),
        contracts=Contracts(primary=API, files=(API,)),
        revisions=Revisions(contracts=revision),
    )


OLD = contracted(package("a"), package("b", "a"), package("c", "a"))
RUN = record(
    started(OLD),
    begin("a"),
    landed("a"),
    begin("b"),
    landed("b"),
    begin("c"),
    end("c", Verdict.REJECT),
)


def other(name: str, **fields: object) -> Plan:
    """The plan with one package changed."""
    packages = [replace(p, **fields) if p.id == name else p for p in OLD.packages]
    return replace(OLD, digest=Digest("sha256:new"), packages=tuple(packages))


def meaning(run: Run, new: Plan) -> Revision:
    """What it means, all packages selected."""
    return compare(run, new, selected=[each.id for each in new.packages], who="ann")


def after(run: Run, revision: Revision) -> Run:
    """The run once the revision is recorded."""
    return record(replace(run, plan=revision.plan), *revision.events())


@pytest.mark.parametrize(
    ("fields", "name", "again"),
    [
        ({"scope": Scope(write=("b/x",), confidence=Confidence.DECLARED)}, "scope", True),
        ({"locks": Locks(keys=("db:x",))}, "locks", True),
        ({"checks": (Check(name="c", command="true"),)}, "checks", True),
        ({"description": "other words"}, "text", False),
        ({"timeout_s": 7.0}, "terms", False),
        ({"needs": ()}, "needs", False),
    ],
)
def test_of_what_landed_only_what_it_was_judged_by_makes_it_run_again(fields, name, again):
    """Scope, locks and checks; other words alone change nothing that was accepted."""
    found = meaning(RUN, other("b", **fields))
    assert found.differences == {B: (name,)}
    assert found.told.again == ((B,) if again else ())
    assert (B in found.reused) is not again
    assert A in found.reused
    run = after(RUN, found)
    expected = PackageStatus.PENDING if again else PackageStatus.LANDED
    assert run.packages[B].status is expected
    assert run.packages[C].status is PackageStatus.FAILED  # nothing of it changed


def test_where_a_plan_declares_no_scope_its_text_counts():
    """There the words are all that a result was judged by."""
    inferred = Scope(write=("b/**",), confidence=Confidence.INFERRED)
    old = replace(OLD, packages=tuple(replace(p, scope=inferred) for p in OLD.packages))
    run = replace(RUN, plan=old)
    new = [replace(p, description="new") if p.id == B else p for p in old.packages]
    assert meaning(run, replace(old, packages=tuple(new))).told.again == (B,)


def test_the_same_plan_means_nothing_and_derived_order_is_no_change():
    """An edge that Plait arranged says nothing of the package."""
    assert meaning(RUN, OLD).requeued == ()
    derived = Edge(id=B, provenance=Provenance.SCOPE)
    found = meaning(RUN, other("c", needs=(*OLD.package(C).needs, derived)))
    assert (found.differences, found.requeued) == ({}, ())


def test_an_unfinished_package_that_changed_is_tried_anew():
    """With a whole budget, and what was skipped for want of it with it."""
    old = contracted(*OLD.packages, package("d", "c"))
    run = record(
        started(old),
        begin("c"),
        end("c", Verdict.REJECT),
        PackageSkipped(package=PackageId("d"), reason="it needs c (failed)", because=(C,)),
    )
    new = replace(
        old, packages=(*OLD.packages[:2], replace(OLD.package(C), title="C"), old.packages[3])
    )
    found = meaning(run, new)
    assert found.requeued == (C, PackageId("d"))
    state = after(run, found).packages[C]
    assert (state.status, state.attempts_used) == (PackageStatus.PENDING, 0)


def test_added_removed_and_done_by_hand():
    """A package that landed and is removed stays landed; another one removed hurts nobody."""
    new = contracted(replace(package("b"), needs=()), package("n"), sha="1")
    run = after(RUN, meaning(RUN, new))
    assert tuple(run.packages) == ("b", "n", "a", "c")
    assert run.packages[A].status is PackageStatus.LANDED
    assert run.packages[C].benign
    assert run.packages[PackageId("n")].status is PackageStatus.PENDING
    assert compile_plan(run.plan).graph.needs[C] == ()
    done = meaning(RUN, other("c", status=SourceStatus.DONE))
    run = after(RUN, done)
    assert run.packages[C].status is PackageStatus.DONE_BEFORE
    assert conclude(run).value == "succeeded"


def reads(name: str, *globs: str, **fields: object) -> WorkPackage:
    """A package that reads so."""
    scope = Scope(write=(f"{name}/**",), read=globs or ("**",), confidence=Confidence.DECLARED)
    return replace(package(name), scope=scope, **fields)


@pytest.mark.parametrize(
    ("revision", "again"), [(1, {"names", "reads"}), (2, {"names", "reads", "all"})]
)
def test_a_contract_makes_those_run_again_that_build_on_it(revision, again):
    """By what they read or say; who may read everything counts where the revision rose."""
    packages = (
        reads("names", "src/**", description="Serve `contracts/api.yaml`."),
        reads("reads", "contracts/**"),
        reads("all"),
        reads("apart", "docs/**"),
        replace(package("maker"), scope=Scope(write=("contracts/**",))),
    )
    run = started(contracted(*packages))
    for each in packages:
        run = record(run, begin(each.id), landed(each.id))
    found = meaning(run, contracted(*packages, sha="2", revision=revision))
    assert set(found.told.again) == again
    assert found.told.contracts == (API,)


def test_whoever_asks_for_another_contract_says_whom_it_concerns():
    """It starts again, with those; who may read everything is reused."""
    packages = (reads("a"), reads("b"), reads("c"))
    run = record(
        started(contracted(*packages)),
        *(event for name in "bc" for event in (begin(name), landed(name))),
        begin("a"),
        EscalationRaised(
            package=A,
            attempt=1,
            epoch=1,
            id="a:1.1",
            kind=EscalationType.CONTRACT_REVISION_REQUIRED,
            severity=Severity.BLOCKING,
            summary="no id",
            impacted=("c",),
        ),
        EscalationSettled(package=A, id="a:1.1", consequence=Consequence.REVISE, reason=""),
        end("a", Verdict.BLOCKED, question="no id"),
    )
    found = meaning(run, contracted(*packages, sha="2", revision=2))
    assert (found.told.again, found.requeued) == ((C,), (C, A))
    assert found.reused == (B,)
    answered = QuestionAnswered(package=A, question="no id", answer="add it", who="ann")
    run = record(run, answered, PackageRequeued(package=A, reason="answered"))
    assert meaning(run, contracted(*packages, sha="2", revision=2)).told.again == (C,)


def test_a_package_that_plait_opened_outlives_a_revision():
    """Its owner still needs it, as long as the owner's scope is what it was."""
    fix = replace(package("c-fix-1", write=["a/x"]), kind=PackageKind.FIX)
    grown = replace(OLD, packages=(*OLD.packages, fix))
    run = record(replace(RUN, plan=grown), PackageAdded(package=fix.id, needed_by=C, reason="so"))
    found = meaning(run, other("b", locks=Locks(keys=("db:x",))))
    assert found.told.removed == ()
    assert fix.id in {edge.id for edge in found.plan.package(C).needs}
    wider = meaning(run, other("c", scope=Scope(write=("c/**", "a/x"))))
    assert wider.told.removed == (fix.id,)
    later = meaning(after(run, wider), other("b", locks=Locks(keys=("db:x",))))
    assert later.told.removed == ()
    assert later.plan.package(fix.id).status is SourceStatus.SKIPPED


def test_boxes_of_what_landed_are_ticked_in_the_edited_text_byte_for_byte():
    """CRLF, a missing last line break and odd bytes stay; what is done again is left open."""
    text = b"# Plan\r\n- [ ] a\r\n- [ ] b \xff\r\nnew line\n- [ ] c"
    boxes = {
        name: Marker(span=Span(file="tasks.md"), offset=text.index(f"] {name}".encode()) - 1)
        for name in "abc"
    }
    new = replace(OLD, packages=tuple(replace(p, markers=(boxes[p.id],)) for p in OLD.packages))
    edited = tick_landed(new, RUN, {"tasks.md": text}, again=set())
    assert edited["tasks.md"] == text.replace(b"[ ] a", b"[x] a").replace(b"[ ] b", b"[x] b")
    open_again = tick_landed(new, RUN, {"tasks.md": text}, again={"b"})
    assert open_again["tasks.md"] == text.replace(b"[ ] a", b"[x] a")
