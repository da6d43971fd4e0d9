"""OpenSpec work packages: `openspec/changes/<id>/work-packages.yaml`, schema version 1.

What reads it (YAML, models) is imported when a plan is loaded: detection stays light.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans import openspec_layout
from plait.ports import Loaded, PlanFormat, PlanSource

_FILE = "work-packages.yaml"
_PLACE = re.compile(r"(?:.*[^A-Za-z0-9])?work[-_]packages\.ya?ml")
_SIGNS = {
    "package_id": 0.3,
    "packages": 0.15,
    "feature": 0.1,
    "contracts": 0.15,
    "schema_version": 0.15,
    "write_allow": 0.15,
}
_OTHER_NAMES = {
    "id": "package_id",
    "name": "title",
    "type": "task_type",
    "dependencies": "depends_on",
    "needs": "depends_on",
    "change_id": "feature",
    "read": "read_allow",
    "write": "write_allow",
    "timeout": "timeout_minutes",
    "retries": "retry_budget",
    "tier": "tier_required",
    "instructions": "manual_instructions",
    "run": "command",
}
_NOT_BY_DEFAULT = frozenset({"priority", "timeout_minutes", "retry_budget", "min_trust_level"})


class WorkPackages:
    """The format; see `PlanFormat`."""

    name = "openspec-packages"

    def locate(self, root: Path, name: str) -> Path | None:
        """The file of a change, given its folder or id; archived changes are found too."""
        return openspec_layout.locate(root, name, _FILE)

    def by_place(self, path: Path) -> bool:
        """Whether the file is called `work-packages.yaml`, with anything before it."""
        return _PLACE.fullmatch(path.name) is not None

    def by_content(self, text: str) -> float:
        """How many of the format's telling field names the text uses."""
        return sum(
            weight
            for field, weight in _SIGNS.items()
            if re.search(rf"^[ \-{{]*+[\"']?{field}[\"']?[ \t]*:", text, re.MULTILINE)
        )

    def load(self, source: PlanSource) -> Loaded:
        """Read, check and map the file; findings come in the order of its lines, contracts' last.

        Raises:
            UsageError: The file, or a contract that it names, cannot be read.
        """
        from plait.plans import schema, text, yaml_source
        from plait.plans.work_packages import (
            checks as work_packages_checks,
            plan as work_packages_plan,
        )
        from plait.plans.work_packages.model import WorkPackagesFile

        content = text.read(source.path, source.name)
        document = yaml_source.parse(content)
        findings = [*content.findings, *document.findings]
        if document.root is None or not isinstance(document.root.value, dict):
            if not findings:
                findings.append(_no_mapping(document.span(())))
            return Loaded(plan=None, findings=tuple(findings))
        change = openspec_layout.change_of(source)
        findings += work_packages_checks.check(document, change)
        references = work_packages_checks.unknown_references(document)
        file, mistakes = schema.validate(WorkPackagesFile, document, other_names=_OTHER_NAMES)
        findings += (_specific(mistake) for mistake in mistakes)
        if file is None:
            plan, findings = None, [*findings, *references]
        else:
            plan = work_packages_plan.build(
                self.name, file, document=document, source=content, change=change
            )
        ordered = sorted(findings, key=lambda finding: _place(finding, source.name))
        return Loaded(plan=plan, findings=tuple(ordered))


FORMAT: PlanFormat = WorkPackages()


def _no_mapping(span: Span) -> Finding:
    return Finding(
        code="SCHEMA_BAD_VALUE",
        severity=Severity.ERROR,
        message="a plan is a mapping with schema_version, feature, contracts and packages",
        span=span,
        hint="begin with `schema_version: 1`, or name the right file",
    )


def _specific(finding: Finding) -> Finding:
    """What this format has to say of a mistake in its shape."""
    field = finding.where.rpartition(".")[2]
    if finding.where == "schema_version" and finding.code == "SCHEMA_BAD_VALUE":
        return replace(finding, code="SCHEMA_VERSION", hint="write 1, the only version there is")
    if finding.code == "SCHEMA_MISSING_FIELD" and field in _NOT_BY_DEFAULT:
        return replace(finding, hint=f"add {field}: a package does not take it from 'defaults'")
    return finding


def _place(finding: Finding, own: str) -> tuple[str, int, int, str]:
    span = finding.span or Span(file=own)
    return ("" if span.file == own else span.file, span.line, span.column, finding.code)
