"""The example on every page of a finding is carried out, and prints what the page says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.fakes.finding_pages import check, in_work, page_of, stands_in
from tests.fakes.listed import lowered, task
from tests.fakes.runs import package, plan

from plait.core import features
from plait.core.catalogue import RULES
from plait.core.finding import Finding
from plait.core.integrity import CONCERNS
from plait.core.plan import Confidence, Scope, Span, WorkPackage
from plait.core.validate import validate
from plait.faces.findings_text import findings_text
from plait.plans.registry import Registry
from plait.plans.tasks import State

TASKS = "documentation/features/export/tasks.md"
CHANGE = "openspec/changes/add-export"
PACKAGES = f"{CHANGE}/work-packages.yaml"


def tasks(number: int) -> str:
    """A task list with so many tasks."""
    return "".join(f"- [ ] {n}. **Do part {n}**\n" for n in range(1, number + 1))


def contract(name: str, content: str | bytes) -> Mapping[str, str | bytes]:
    """A plan with this contract."""
    listed = f"contracts:\n  openapi:\n    primary: contracts/{name}\n"
    return {PACKAGES: listed, f"{CHANGE}/contracts/{name}": content}


def groups() -> str:
    """Two groups of a thousand tasks each, the second after the first."""
    bullets = ("**Group 1**", "- Tasks 1-1000", "**Group 2** (Depends on Group 1)")
    lists = "\n\n".join(("## Parallel Execution Groups", *bullets, "- Tasks 1001-2000\n"))
    return f"{tasks(2000)}\n{lists}"


def writing(name: str, *write: str) -> WorkPackage:
    """A package that may write there."""
    return replace(package(name), scope=Scope(write=write, confidence=Confidence.DECLARED))


# Files that are too large or too odd for a page; the page says in words what is in them.
GENERATED: Mapping[str, Callable[[], Mapping[str, str | bytes]]] = {
    "BAD_ENCODING": lambda: {TASKS: "# Tasks\n\n- [ ] 1. **Résumé**\n".encode("latin-1")},
    "CONTRACT_EMPTY": lambda: contract("export.yaml", "\n"),
    "CONTRACT_ENCODING": lambda: contract("export.md", "# Résumé\n".encode("latin-1")),
    "CONTRACT_TOO_LARGE": lambda: contract("export.json", "[" * 1000),
    "PLAN_TOO_DENSE": lambda: {TASKS: groups()},
    "PLAN_TOO_LARGE": lambda: {TASKS: tasks(20_001)},
    "SCHEMA_MORE": lambda: {PACKAGES: "packages:\n" + "  - {}\n" * 1000},
}

# What no file of a format that ships with Plait leads to, or only some list in some grammar.
COMPOSED: Mapping[str, Callable[[], Sequence[Finding]]] = {
    "ACTIVE_IN_SOURCE": lambda: lowered(task("1", state=State.ACTIVE))[1],
    "BAD_ID": lambda: validate(
        plan(package("web"), package("../api", span=Span(file="plan.tasks", line=4)))
    ),
    "BLOCKED_IN_SOURCE": lambda: lowered(
        task("2", state=State.BLOCKED, reason="waits for the bank")
    )[1],
    "FEATURE_CONFLICT": lambda: features.findings(
        plan(writing("web", "src/web/**")),
        features.of_run(
            "20260921-141320-a1b2",
            replace(plan(writing("search", "src/*/a.py")), id="add-search"),
            [("search", "running")],
        ),
    ),
    "FORMAT_BROKEN": lambda: Registry(
        formats={}, broken={"ledger": "ModuleNotFoundError: No module named 'ledger'"}
    ).warnings(),
    "NEEDS_SKIPPED": lambda: lowered(
        task("1", state=State.SKIPPED, reason="deferred"), task("2", 2, "Task 1")
    )[1],
    "PARENT_CONTRADICTS_PARTS": lambda: lowered(
        task("1", state=State.DONE),
        task("1.1", 2, parent="1", state=State.DONE),
        task("1.2", 3, parent="1"),
    )[1],
    **{code: partial(in_work, code) for code in CONCERNS},
}

# Examples that are not carried out, and why.
UNTRIED = {
    "CONTRACT_ONLY_PARSED": "tests have the validators (tests/unit/test_contracts)",
    "CONTRACT_UNREADABLE": "a superuser, as whom tests may run, is refused no file",
    "APPROVALS_UNREAD": "it takes a store that was damaged",
    "CHANGED_SINCE_LANDING": "it takes a run and a merge (tests/acceptance/test_ledger)",
    "LANDED_BEFORE": "it takes a run and a merge (tests/acceptance/test_ledger)",
    "CHANGED_SINCE_APPROVAL": "it takes an approval and a time (tests/acceptance/test_task_lists)",
    "REVIEW_FINDING": "it takes a run and its reviewers (tests/unit/test_review)",
    "PLAN_OUTSIDE": "it takes a symbolic link (tests/unit/test_plans_detect)",
    "PLAN_UNREADABLE": "a superuser, as whom tests may run, is refused no file",
}


@pytest.mark.parametrize("code", [code for code in RULES if code not in UNTRIED])
def test_the_example_prints_what_its_page_says(code, tmp_path: Path):
    """`plait check` prints the page's lines, and whatever else it finds is of the catalogue."""
    page = page_of(code)
    assert bool(page.files) != (code in GENERATED or code in COMPOSED)
    if code in COMPOSED:
        found = tuple(COMPOSED[code]())
    else:
        found = check(GENERATED[code]() if code in GENERATED else page.files, tmp_path)
    output = findings_text(found, everything=True)
    assert stands_in(page.told, output), output[:4000]
    for finding in found:
        assert finding.severity in RULES[finding.code].severities, finding
        assert finding.hint, finding


def test_the_exceptions_are_codes():
    """No exception outlives its code."""
    assert {*GENERATED, *COMPOSED, *UNTRIED} <= set(RULES)
