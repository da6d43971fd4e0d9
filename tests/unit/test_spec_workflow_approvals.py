"""Approvals that spec-workflow-mcp records: which of them hold for the list as it is today."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.specs import SpecDesk, codes, only

from plait.plans.spec_workflow import FORMAT

FOLDER = ".spec-workflow/specs/login"
APPROVALS = ".spec-workflow/approvals/login"
SNAPSHOTS = f"{APPROVALS}/.snapshots/tasks.md"
LIST = "# Tasks\n\n- [ ] 1. A\n  - Do it\n- [ ] 2. B\n"


@pytest.fixture
def desk(tmp_path: Path) -> SpecDesk:
    return SpecDesk(tmp_path, FORMAT, FOLDER)


def asked(status: str, name: str = "approval_1_a", **more: Any) -> dict[str, Any]:
    """A request for approval of the list."""
    return {
        "id": name,
        "filePath": f"{FOLDER}/tasks.md",
        "type": "document",
        "status": status,
        "createdAt": "2026-01-01T00:00:00.000Z",
        "respondedAt": "2026-01-02T00:00:00.000Z",
        "category": "spec",
        "categoryName": "login",
        **more,
    }


def kept(content: str, trigger: str = "approved", name: str = "approval_1_a") -> dict[str, Any]:
    """What the tool kept of the list's content."""
    return {"approvalId": name, "trigger": trigger, "status": "pending", "content": content}


def test_approved(desk: SpecDesk) -> None:
    """A request that was granted is an approval; the record names nobody."""
    desk.write(f"{APPROVALS}/approval_1_a.json", asked("approved"))
    loaded = desk.load(LIST)
    assert loaded.plan
    (approval,) = loaded.plan.approvals
    assert approval.at == "2026-01-02T00:00:00.000Z"
    assert approval.span.file == f"{APPROVALS}/approval_1_a.json"
    assert "names nobody" in approval.who
    assert codes(loaded) == []


@pytest.mark.parametrize(
    "today",
    [
        LIST,
        LIST.replace("- [ ] 1", "- [x] 1").replace("- [ ] 2", "- [~] 2"),
        LIST.replace("- [ ] 2. B\n", "- [~] 2. B\n  - _Blocked: no key_\n"),
        LIST.replace("\n", "\r\n") + "\r\n",
    ],
)
def test_boxes_may_change(desk: SpecDesk, today: str) -> None:
    """Ticked boxes, notes of what blocks, and line ends are no other content."""
    desk.write(f"{APPROVALS}/approval_1_a.json", asked("approved"))
    desk.write(f"{SNAPSHOTS}/snapshot-001.json", kept("# Old", trigger="initial"))
    desk.write(f"{SNAPSHOTS}/snapshot-002.json", kept(LIST))
    loaded = desk.load(today.encode())
    assert loaded.plan
    assert len(loaded.plan.approvals) == 1
    assert "APPROVAL_OUTDATED" not in codes(loaded)


@pytest.mark.parametrize(
    ("today", "line"),
    [
        (LIST.replace("Do it", "Do that"), 4),
        (LIST + "- [ ] 3. C\n", 6),
        (LIST.replace("- [ ] 2. B\n", ""), 4),
        (LIST.replace("- [ ] 2. B", "- [x] 2. Bee"), 5),
    ],
)
def test_other_changes_end_an_approval(desk: SpecDesk, today: str, line: int) -> None:
    """Where more than boxes differs, the approval does not count, and the first line is told."""
    desk.write(f"{APPROVALS}/approval_1_a.json", asked("approved"))
    desk.write(f"{SNAPSHOTS}/snapshot-002.json", kept(LIST))
    loaded = desk.load(today)
    assert loaded.plan
    assert loaded.plan.approvals == ()
    finding = only(loaded, "APPROVAL_OUTDATED")
    assert finding.span
    assert (finding.span.file, finding.span.line) == (f"{FOLDER}/tasks.md", line)


def test_snapshots_of_other_requests_say_nothing(desk: SpecDesk) -> None:
    """Only the content that this very request was granted for is held against the list."""
    desk.write(f"{APPROVALS}/approval_1_a.json", asked("approved"))
    desk.write(f"{SNAPSHOTS}/snapshot-001.json", kept("# Old", name="approval_0_z"))
    desk.write(f"{SNAPSHOTS}/snapshot-002.json", kept("# Old", trigger="initial"))
    desk.write(f"{SNAPSHOTS}/metadata.json", {"snapshots": [{"filename": "../../secret.json"}]})
    assert len(desk.plan(LIST).approvals) == 1


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        ("pending", "APPROVAL_MISSING_IN_SOURCE", "nobody gave yet"),
        ("", "APPROVAL_MISSING_IN_SOURCE", "nobody gave yet"),
        ("Approved!", "APPROVAL_MISSING_IN_SOURCE", "nobody gave yet"),
        ("rejected", "APPROVAL_REFUSED", "was rejected: too long"),
        ("needs-revision", "APPROVAL_REFUSED", "needs to be revised: too long"),
    ],
)
def test_not_approved(desk: SpecDesk, status: str, code: str, told: str) -> None:
    """Every other status approves nothing, and is told."""
    desk.write(f"{APPROVALS}/approval_1_a.json", asked(status, response="too\nlong"))
    loaded = desk.load(LIST)
    assert loaded.plan
    assert loaded.plan.approvals == ()
    assert only(loaded, code).message.endswith(told)


@pytest.mark.parametrize(("first", "then"), [("approved", "rejected"), ("rejected", "approved")])
def test_the_newest_request_decides(desk: SpecDesk, first: str, then: str) -> None:
    """Of several requests, the one made last counts, whatever its file is called."""
    desk.write(f"{APPROVALS}/approval_9_a.json", asked(first))
    later = asked(then, createdAt="2026-03-01T00:00:00.000Z")
    desk.write(f"{APPROVALS}/approval_1_b.json", later)
    assert len(desk.plan(LIST).approvals) == (then == "approved")


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("tasks.md", True),
        (".spec-workflow\\specs\\login\\tasks.md", True),
        ("/srv/project/.spec-workflow/specs/login/tasks.md", True),
        (f"{FOLDER}/design.md", False),
        (".spec-workflow/specs/other/tasks.md", False),
        ("", False),
    ],
)
def test_requests_for_other_documents(desk: SpecDesk, path: str, counts: bool) -> None:
    """Only a request for the list counts, however its path is written."""
    desk.write(f"{APPROVALS}/approval_1_a.json", asked("approved", filePath=path))
    loaded = desk.load(LIST)
    assert loaded.plan
    assert bool(loaded.plan.approvals) is counts
    assert codes(loaded) == []


def test_an_archived_spec_keeps_its_approval(tmp_path: Path) -> None:
    """The list moves to the archive; its approval stays where it was, and counts."""
    desk = SpecDesk(tmp_path, FORMAT, ".spec-workflow/archive/specs/login")
    desk.write(f"{APPROVALS}/approval_1_a.json", asked("approved"))
    assert len(desk.plan(LIST).approvals) == 1


@pytest.mark.parametrize("content", [b"{", b"[1]", b"[" * 100_000, b"\x00\xff", b" " * 1_100_000])
def test_records_that_cannot_be_read(desk: SpecDesk, content: bytes) -> None:
    """They approve nothing and are told; others beside them count."""
    desk.write(f"{APPROVALS}/approval_2_b.json", content)
    desk.write(f"{APPROVALS}/approval_1_a.json", asked("approved"))
    loaded = desk.load(LIST)
    assert loaded.plan
    assert len(loaded.plan.approvals) == 1
    assert only(loaded, "SIDECAR_IGNORED").span


def test_a_snapshot_that_cannot_be_read(desk: SpecDesk) -> None:
    """Content that is no text is as good as none."""
    desk.write(f"{APPROVALS}/approval_1_a.json", asked("approved"))
    desk.write(f"{SNAPSHOTS}/snapshot-002.json", kept(LIST) | {"content": ["- [ ] 1. A"]})
    assert len(desk.plan(LIST).approvals) == 1


def test_very_many_records(desk: SpecDesk) -> None:
    """A folder full of large records is read within limits."""
    for n in range(60):
        record = asked("pending", f"approval_{n:03}_a", comment="x" * 900_000)
        desk.write(f"{APPROVALS}/approval_{n:03}_a.json", record)
    began = time.process_time()
    loaded = desk.load(LIST)
    assert time.process_time() - began < 2
    assert "APPROVAL_MISSING_IN_SOURCE" in codes(loaded)


def test_a_file_in_the_folders_place(desk: SpecDesk) -> None:
    """A file where the folder of approvals should be is no reason to fail."""
    desk.write(APPROVALS, "not a folder")
    assert desk.plan(LIST).approvals == ()
