"""A check never stops at the first error: a plan with many mistakes hears of all."""

from __future__ import annotations

from pathlib import Path

from tests.fakes.finding_pages import check

from plait.core.finding import Finding, Severity

PACKAGES = "openspec/changes/add-export/work-packages.yaml"
TASKS = "documentation/features/export/tasks.md"

# Each mistake stands on a line of its own; what is missing is missing on purpose.
BROKEN_SHAPE = """\
schema_version: 2
feature: {id: add-export, plan_revision: one}
contracts: {revision: 1, openapi: {primary: contracts/a.yaml, files: [contracts/a.yaml]}}
packages:
  - package_id: wp-model
    depend_on: []
    priority: 5
    priority: 4
    locks: {files: [docs/other.md], keys: ["api:get /v1/exports"]}
    scope: {write_allow: ["src/**/*.sql"], read_allow: ["**"]}
    verification:
      tier_required: A
      steps:
        - name: look
          kind: manual
          command: make test
  - package_id: wp-api
    depends_on: [wp-modle]
    scope: {write_allow: [], read_allow: ["**"]}
    metadata: !python/name:os.system {}
"""

SOUND_SHAPE = """\
schema_version: 1
feature: {id: add-export, plan_revision: 1}
contracts: {revision: 1, openapi: {primary: contracts/a.yaml, files: [contracts/a.yaml]}}
packages:
  - &common
    package_id: wp-model
    task_type: implement
    description: A part of the export.
    depends_on: []
    priority: 5
    locks: {files: [], keys: ["db:schema:exports", "exports"]}
    scope: {write_allow: ["src/**", "../up", ".git/hooks/x"], read_allow: ["**"]}
    worktree: {name: wp-model}
    timeout_minutes: 60
    retry_budget: 1
    min_trust_level: 2
    verification:
      tier_required: A
      steps:
        - name: look
          kind: manual
          manual_instructions: Look at it.
          evidence: {artifacts: [], result_keys: [passed]}
    outputs: {result_keys: [passed]}
  - <<: *common
    package_id: wp-api
    depends_on: [wp-docs, wp-modle]
  - <<: *common
    package_id: wp-docs
    depends_on: [wp-docs]
  - <<: *common
    package_id: wp-docs
"""

TASK_LIST = """\
# Tasks: export

### Track A: Model (Dependencies: Track Z)

- [ ] 1. **Add the model**
  - _Dependencies: Tasks 2, 9_
- [~] 2. **Store it**
  - _Dependencies: Tasks 1, 2_
- [ ] 2. **Store it twice**
  - _Dependencies: the database_
- [x] CR-A: Review the model
  - Status: REQUIRES CHANGES
  - _Dependencies: RW-A, Tasks 1-4_
- [ ] RW-A: Rework the model

## Parallel Execution Groups

- Track B: Tasks 1-2

```sql
"""


def codes(findings: tuple[Finding, ...], severity: Severity) -> set[str]:
    """The codes of that severity."""
    return {finding.code for finding in findings if finding.severity is severity}


def test_a_file_whose_shape_is_wrong_hears_of_the_rest(tmp_path: Path):
    """Syntax, shape, references, locks, checks and contracts are told of in one go."""
    found = check({PACKAGES: BROKEN_SHAPE}, tmp_path)
    assert codes(found, Severity.ERROR) == {
        *("BAD_LOCK_KEY", "BAD_YAML", "DUPLICATE_KEY", "SCHEMA_BAD_VALUE", "SCHEMA_MISSING_FIELD"),
        *("SCHEMA_UNKNOWN_FIELD", "SCHEMA_VERSION", "UNKNOWN_DEPENDENCY"),
    }
    assert codes(found, Severity.WARNING) == {"CONTRACT_MISSING", "SCHEMA_IDLE_FIELD"}
    assert codes(found, Severity.INFO) == {"LOCK_OUTSIDE_SCOPE", "READ_ONLY"}


def test_a_plan_that_can_be_read_hears_of_every_rule(tmp_path: Path):
    """A format's findings and those that hold for all plans stand beside one another."""
    found = check({PACKAGES: SOUND_SHAPE}, tmp_path)
    assert codes(found, Severity.ERROR) == {
        *("BAD_GLOB", "BAD_LOCK_KEY", "DUPLICATE_ID", "LOCK_OVERLAP", "PROTECTED_PATH"),
        *("SCOPE_OVERLAP", "SELF_DEPENDENCY", "UNKNOWN_DEPENDENCY"),
    }
    assert codes(found, Severity.WARNING) == {"CONTRACT_MISSING", "NO_CHECKS"}


def test_a_task_list_hears_of_everything(tmp_path: Path):
    """A circle, an id that stands twice and all that is only worth a warning are told together."""
    found = check({TASKS: TASK_LIST}, tmp_path)
    assert codes(found, Severity.ERROR) == {"DEPENDENCY_CYCLE", "DUPLICATE_ID"}
    assert codes(found, Severity.WARNING) == {
        *("CONTRADICTORY_STATUS", "CONTRADICTORY_TRACKS", "MISSING_CONTEXT", "NO_CHECKS"),
        *("RANGE_HOLE", "SELF_DEPENDENCY", "UNCLOSED_FENCE", "UNKNOWN_MARK", "UNKNOWN_REFERENCE"),
    }
    assert codes(found, Severity.INFO) == {
        *("GATE_NEEDS_OWN_REWORK", "UNKNOWN_SCOPE", "UNREAD_DEPENDENCY"),
    }
