"""The catalogue of findings: what each code means, and how severe it can be.

Each code has a page, `docs/reference/findings/<CODE>.md`. A new code is one line here, in its
group and in the order of the alphabet, and its page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from plait.core.finding import Severity


class Group(StrEnum):
    """What a finding is about; the index of the pages has a section for each."""

    FILES = "Plan files"
    SHAPE = "Shape of a file"
    TASKS = "Packages and tasks"
    NEEDS = "Dependencies and references"
    SCOPES = "Scopes"
    LOCKS = "Locks"
    CHECKS = "Checks"
    CONTRACTS = "Contracts and context"
    APPROVALS = "Approvals"
    STATUS = "Status and boxes"
    ORDER = "Gates, tracks and phases"
    PLUGINS = "Plug-ins"
    WORK = "Packages' work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A code with its meaning in one sentence; the first of its severities is the usual one."""

    code: str
    meaning: str
    severities: tuple[Severity, ...]


def _error(code: str, meaning: str, *also: Severity) -> Rule:
    return Rule(code=code, meaning=meaning, severities=(Severity.ERROR, *also))


def _warning(code: str, meaning: str, *also: Severity) -> Rule:
    return Rule(code=code, meaning=meaning, severities=(Severity.WARNING, *also))


def _info(code: str, meaning: str) -> Rule:
    return Rule(code=code, meaning=meaning, severities=(Severity.INFO,))


GROUPS: Mapping[Group, tuple[Rule, ...]] = {
    Group.FILES: (
        _error("BAD_ENCODING", "The file holds bytes that are no UTF-8.", Severity.WARNING),
        _error(
            "BAD_JSON",
            "The file, or a line of it, is no JSON that Plait reads.",
            Severity.WARNING,
        ),
        _error("BAD_YAML", "The file is no YAML that Plait reads.", Severity.WARNING),
        _error("NO_TASKS", "The plan holds no task, and no package."),
        _info("OTHER_TAGS", "The file has several tags, of which one is read."),
        _info("PACKAGES_BESIDE", "Work packages lie beside the task list that is read."),
        _error("PLAN_OUTSIDE", "The plan's file is a link that leads out of the repository."),
        _error(
            "PLAN_TOO_DENSE", "The plan's orders multiply to more dependencies than can be read."
        ),
        _error("PLAN_TOO_LARGE", "The plan is larger than a plan can be.", Severity.WARNING),
        _error("PLAN_UNREADABLE", "A file or folder of the plan cannot be read.", Severity.WARNING),
        _error("PLAN_UNRECOGNISED", "No plan format recognises the file."),
        _warning("SIDECAR_IGNORED", "A file beside the plan, or a part of it, cannot be used."),
        _warning("UNCLOSED_FENCE", "A code fence or a comment opens and never closes."),
        _error("UNKNOWN_TAG", "The tag to read is none of the file's tags."),
    ),
    Group.SHAPE: (
        _error("DUPLICATE_KEY", "A mapping has the same key twice.", Severity.WARNING),
        _warning("NO_FRONT_MATTER", "A file has no front matter, or one that never closes."),
        _info("PLACEHOLDER_LEFT", "A field still holds what a template put there."),
        _error(
            "SCHEMA_BAD_VALUE", "A field's value is not what the format allows.", Severity.WARNING
        ),
        _warning("SCHEMA_IDLE_FIELD", "A field has no effect where it stands."),
        _error("SCHEMA_MISSING_FIELD", "A field that the format demands is missing."),
        _error("SCHEMA_MORE", "The file has more mistakes in its shape than are listed."),
        _error("SCHEMA_UNKNOWN_FIELD", "A field is not one of the format's."),
        _error("SCHEMA_VERSION", "The file's schema version is none that Plait reads."),
    ),
    Group.TASKS: (
        _error(
            "BAD_ID",
            "A package's id has other characters than `A-Za-z0-9._/-`, or names no branch.",
        ),
        _info("BOX_WITHOUT_ID", "A box among tasks has no id, so it is no task."),
        _error("DUPLICATE_ID", "Two packages or tasks have the same id.", Severity.WARNING),
        _warning("ID_DRIFT", "An id is spelt in two ways, or is named and nothing has it."),
        _info("NESTED_TASK", "Tasks lie inside another task and are done with it."),
        _warning(
            "NOT_IN_TASK_LIST", "A work package has a file, but the task list does not name it."
        ),
        _error("NO_ID", "A task has no id and is left out."),
        _info("NO_WORK", "Lines of a file are no work and are left out."),
        _info("SEVERAL_PARENTS", "A task is said to be a part of several others."),
        _warning("TASK_IN_OTHER_GROUP", "A task's number is not that of the group it stands in."),
        _warning("WRONG_FILE_NAME", "A work package's file has another package's name."),
    ),
    Group.NEEDS: (
        _warning(
            "AMBIGUOUS_REFERENCE", "A number means several tasks; the first of them is taken."
        ),
        _warning(
            "CONTRADICTORY_DEPENDENCIES", "A package's files say different things of what it needs."
        ),
        _error(
            "DEPENDENCY_CYCLE", "Packages need one another in a circle, so none of them can start."
        ),
        _warning("NEEDS_SKIPPED", "A task needs one that the plan leaves out."),
        _warning("NO_DEPENDENCIES", "A backup lacks the file of its dependencies."),
        _warning("RANGE_HOLE", "A range of tasks spans ids that do not exist."),
        _error("SELF_DEPENDENCY", "A package needs itself.", Severity.WARNING),
        _error("UNKNOWN_DEPENDENCY", "A package needs one that the plan does not hold."),
        _warning("UNKNOWN_REFERENCE", "A phrase names a task, track or phase that does not exist."),
        _warning(
            "UNMATCHED_GROUP", "An orchestration names a task group that the list does not have."
        ),
        _info("UNREAD_DEPENDENCY", "A dependency's words name no task, so they order nothing."),
    ),
    Group.SCOPES: (
        _error("BAD_GLOB", "A scope or a lock holds a glob that cannot be read."),
        _info("CONDITIONAL_FILE", "A file is to be written on a condition only."),
        _warning(
            "FEATURE_CONFLICT",
            "The plan can write what another run, or a registered feature, is writing.",
        ),
        _error("PROTECTED_PATH", "A declared scope reaches git's or Plait's own folder."),
        _info("READ_ONLY", "A package may write nothing."),
        _error(
            "SCOPE_OVERLAP",
            "Two packages that no dependency orders may write the same path.",
            Severity.WARNING,
        ),
        _info("UNKNOWN_SCOPE", "Nothing tells which paths a package may write."),
    ),
    Group.LOCKS: (
        _error("BAD_LOCK_KEY", "A lock's key is not spelt as the format wants it."),
        _info("LOCK_KEY_RESPELT", "A lock's key is held under another spelling than the plan's."),
        _info("LOCK_OUTSIDE_SCOPE", "A package locks a file that it may not write."),
        _error(
            "LOCK_OVERLAP",
            "Two packages that no dependency orders claim the same lock.",
            Severity.INFO,
        ),
    ),
    Group.CHECKS: (
        _warning("NO_CHECKS", "A package has no command that could tell whether it is done."),
    ),
    Group.CONTRACTS: (
        _warning("CHECKLIST_OPEN", "A checklist beside the plan has open boxes."),
        _error("CONTRACT_DUPLICATE_KEY", "A mapping in a contract has the same key twice."),
        _error("CONTRACT_EMPTY", "A contract holds nothing."),
        _error("CONTRACT_ENCODING", "A contract holds bytes that are no UTF-8."),
        _error(
            "CONTRACT_EVENT_ATTRIBUTE",
            "A CloudEvents envelope lacks a context attribute, or allows a wrong value.",
        ),
        _info("CONTRACT_EVENT_PLAIN", "The schema of an event is no CloudEvents envelope."),
        _warning(
            "CONTRACT_FENCE_OPEN", "A code fence or a comment in a Markdown contract never closes."
        ),
        _warning("CONTRACT_MISSING", "A contract file that the plan names does not exist."),
        _info(
            "CONTRACT_ONLY_PARSED",
            "Contracts were not validated, for validators are not installed.",
        ),
        _error(
            "CONTRACT_OPENAPI_SHAPE",
            "An OpenAPI document has a key or a value that its version does not allow.",
        ),
        _error(
            "CONTRACT_OPENAPI_VERSION", "An OpenAPI document states no version that Plait reads."
        ),
        _error(
            "CONTRACT_OPERATION_TWICE", "Two operations of an OpenAPI document have the same id."
        ),
        _error(
            "CONTRACT_OPERATION_UNKNOWN",
            "A link names an operation that the document does not hold.",
        ),
        _error(
            "CONTRACT_PARAMETER_MISSING", "A name in a path is declared as a parameter nowhere."
        ),
        _error("CONTRACT_PARAMETER_UNUSED", "A path parameter does not stand in the path."),
        _error("CONTRACT_PATH_TWICE", "Two paths differ in the names of their parameters alone."),
        _error(
            "CONTRACT_REF_MISSING", "A reference in a contract leads nowhere.", Severity.WARNING
        ),
        _error("CONTRACT_REF_OUTSIDE", "A reference in a contract leaves the repository."),
        _info(
            "CONTRACT_REF_REMOTE",
            "A reference in a contract leads to the network and is not followed.",
        ),
        _info("CONTRACT_SCHEMA_DRAFT", "A JSON Schema is written in another dialect than 2020-12."),
        _error("CONTRACT_SCHEMA_SHAPE", "A contract is no valid JSON Schema."),
        _error(
            "CONTRACT_SQL_TYPE",
            "A column's type is neither a common one nor created in the contract.",
            Severity.INFO,
        ),
        _error("CONTRACT_SYNTAX", "A contract does not parse.", Severity.WARNING),
        _warning("CONTRACT_TOO_LARGE", "A contract is too large, or too deep, to be checked."),
        _error("CONTRACT_UNREADABLE", "A contract exists and cannot be read."),
        _warning("MISSING_CONTEXT", "A document that agents should read is missing."),
        _error("MISSING_STANDARD", "A standard that the format demands is missing."),
        _warning("NO_SPEC_DELTA", "A spec of a change has no section that changes requirements."),
        _warning("REQUIREMENT_WITHOUT_SCENARIO", "A changed requirement has no scenario."),
    ),
    Group.STATUS: (
        _info("ACTIVE_IN_SOURCE", "A task is marked as in progress; a run starts it afresh."),
        _warning(
            "AMBIGUOUS_MARK", "A box holds a mark that means different things to different people."
        ),
        _info("APPROVED_NOT_MERGED", "A work package is approved, but its work is not merged yet."),
        _warning("BLOCKED_IN_SOURCE", "A task is marked as blocked; a run starts it all the same."),
        _warning("BOXES_IN_CODE", "Boxes stand in code or a comment, and are no tasks."),
        _warning(
            "CHANGED_SINCE_LANDING",
            "A package landed in an earlier run, but the plan says something else of it now.",
        ),
        _info("CHANGE_ARCHIVED", "The change is archived, so its work counts as delivered."),
        _warning(
            "CONTRADICTORY_STATUS",
            "Boxes, statuses or files say different things of how far a task is.",
        ),
        _info("LANDED_BEFORE", "Packages landed in earlier runs, and count as done."),
        _warning("NO_BOXES", "No task of a list has a box, so none can be ticked."),
        _warning(
            "PARENT_CONTRADICTS_PARTS",
            "The marks of a task and of its parts, or steps, differ.",
            Severity.INFO,
        ),
        _info("TASKS_LEFT_OUT", "The words of a list leave tasks out, so they are not run."),
        _warning("UNKNOWN_MARK", "A box holds a mark that the format does not know."),
        _warning("UNKNOWN_STATUS", "A status is none that the format knows."),
        _info("UNPORTABLE_MARK", "A box holds a mark that the format's own tool does not know."),
    ),
    Group.ORDER: (
        _warning("CONTRADICTORY_TRACKS", "Two maps put tasks into different tracks."),
        _info("GATE_NEEDS_OWN_REWORK", "A gate needs the rework that only its own failure calls."),
        _info("REWORK_NOT_AWAITED", "A task needs rework that is skipped unless a gate fails."),
        _warning("WAVES_DISAGREE", "A list's waves contradict one another."),
        _warning("WAVES_UNREADABLE", "A list's dependency graph tells no waves that can be read."),
        _info("WEAKER_ORDER_DROPPED", "An order was dropped where a stronger one says otherwise."),
    ),
    Group.APPROVALS: (
        _warning("APPROVALS_UNREAD", "Whether the plan is approved cannot be told."),
        _warning("APPROVAL_MISSING_IN_SOURCE", "The plan's own tool still awaits an approval."),
        _warning(
            "APPROVAL_OUTDATED", "The plan has changed since its own tool recorded an approval."
        ),
        _warning("APPROVAL_REFUSED", "The plan's own tool records that the list was not approved."),
        _warning("CHANGED_SINCE_APPROVAL", "The plan has changed since somebody approved it."),
    ),
    Group.PLUGINS: (
        _warning("FORMAT_BROKEN", "A plan format that is installed could not be loaded."),
    ),
    Group.WORK: (
        _error(
            "CHECK_CHANGED",
            "What a package's own check runs was changed by the package.",
            Severity.WARNING,
        ),
        _error(
            "CHECK_DEFUSED",
            "A command that runs tests or a linter was made to pass whatever it finds.",
            Severity.WARNING,
        ),
        _error(
            "CLAIMED_UNCHANGED",
            "The result tells of a change that the commit does not hold.",
            Severity.WARNING,
        ),
        _error(
            "EMPTY_DIFF", "The package may write, and its commit changes nothing.", Severity.WARNING
        ),
        _error(
            "LINT_RELAXED", "A linter or type checker looks at less than before.", Severity.WARNING
        ),
        _error(
            "LINT_SUPPRESSED",
            "A comment takes code out of a linter's, a type checker's or a coverage tool's sight.",
            Severity.WARNING,
        ),
        _warning(
            "REVIEW_FINDING", "A reviewer found something in work that landed.", Severity.INFO
        ),
        _error(
            "SECRET_ADDED",
            "A key, a token or a password would be in the history.",
            Severity.WARNING,
        ),
        _error(
            "TESTS_EXCLUDED", "Tests that were run are left out by a setting.", Severity.WARNING
        ),
        _error("TEST_DELETED", "Tests that were there are gone.", Severity.WARNING),
        _error("TEST_EMPTIED", "A test cannot fail any more.", Severity.WARNING),
        _error("TEST_FOCUSED", "One test runs alone, and the others of its file do not."),
        _error("TEST_SKIPPED", "A test that ran is skipped now.", Severity.WARNING),
        _error("TEST_WEAKENED", "A test asserts less than before.", Severity.WARNING),
        _error("THRESHOLD_LOWERED", "What tests must reach was lowered.", Severity.WARNING),
    ),
}

RULES: Mapping[str, Rule] = {rule.code: rule for rules in GROUPS.values() for rule in rules}
