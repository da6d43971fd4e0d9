"""Plait's own format: `plait.yaml` or `<name>.plait.yaml`, version 1.

What reads it (YAML, models) is imported when a plan is loaded: detection stays light.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path, PurePath

from plait.core.finding import Finding, Severity
from plait.core.plan import Span
from plait.plans.places import located
from plait.ports import Loaded, PlanFormat, PlanSource

_FILES = ("plait.yaml", "plait.yml")
_ENDINGS = (".plait.yaml", ".plait.yml")
_HOME = "plans"
_SIGNS = {
    r"version[ \t]*:[ \t]*1[ \t]*(?:#.*)?$": 0.3,
    r"packages[ \t]*:": 0.15,
    r"[ \-{]*+(?:id|title)[ \t]*:": 0.1,
    r"[ \-{]*+(?:needs|write|checks|estimate)[ \t]*:": 0.3,
}
_OTHER_NAMES = {
    "after": "needs",
    "dependencies": "needs",
    "depends": "needs",
    "depends_on": "needs",
    "duration": "estimate",
    "files": "write",
    "instructions": "manual",
    "jobs": "packages",
    "name": "title",
    "package_id": "id",
    "reason": "why",
    "retry_budget": "retries",
    "run": "command",
    "schema_version": "version",
    "state": "status",
    "tasks": "packages",
    "tests": "checks",
    "timeout_minutes": "timeout",
    "type": "kind",
    "verification": "checks",
    "write_allow": "write",
    "read_allow": "read",
}


class PlaitYaml:
    """The format; see `PlanFormat`."""

    name = "plait"

    def locate(self, root: Path, name: str) -> Path | None:
        """A folder's `plait.yaml` or its only `*.plait.yaml`, or a name below `plans/`."""
        found = located(root, name, homes=(_HOME,), files=_FILES)
        homes = (root / _HOME, root) if name == PurePath(name).name else (root,)
        for home, end in product(homes, _ENDINGS):
            file = f"{name}{end}"
            found = found or located(home, file, homes=(), files=(PurePath(file).name,))
        return found or _only_plan(root / name)

    def by_place(self, path: Path) -> bool:
        """Whether the file is called `plait.yaml`, or with a name before that."""
        return path.name in _FILES or path.name.endswith(_ENDINGS)

    def by_content(self, text: str) -> float:
        """Whether it has a version, packages, and fields that packages have."""
        return sum(
            weight for sign, weight in _SIGNS.items() if re.search(f"^{sign}", text, re.MULTILINE)
        )

    def load(self, source: PlanSource) -> Loaded:
        """Read, check and map the file; findings come in the order of its lines.

        Raises:
            UsageError: The file, or a contract that it names, cannot be read.
        """
        from plait.plans import schema, text, yaml_source
        from plait.plans.plait_yaml import (
            checks as plait_yaml_checks,
            plan as plait_yaml_plan,
            shape as plait_yaml_shape,
        )
        from plait.plans.plait_yaml.model import PlaitFile
        from plait.plans.plait_yaml.plan import MOST_BARRIERS

        content = text.read(source.path, source.name)
        document = yaml_source.parse(content)
        findings = [*content.findings, *document.findings]
        if document.root is None or not isinstance(document.root.value, dict):
            if not findings:
                findings.append(_no_mapping(document.span(())))
            return Loaded(plan=None, findings=tuple(findings))
        findings += plait_yaml_shape.write_out(document)
        findings += plait_yaml_checks.check(document, source)
        references = plait_yaml_checks.unknown_references(document)
        file, mistakes = schema.validate(PlaitFile, document, other_names=_OTHER_NAMES)
        findings += (_specific(mistake) for mistake in mistakes)
        plan = None
        if file is None:
            findings += references
        else:
            plan = plait_yaml_plan.build(
                self.name, file, document=document, text=content, source=source
            )
            if plan.phased and plait_yaml_plan.barriers(plan.packages) > MOST_BARRIERS:
                findings.append(_no_barriers(document.span(("phased",))))
        return Loaded(plan=plan, findings=tuple(sorted(findings, key=_place)))


FORMAT: PlanFormat = PlaitYaml()


def _only_plan(folder: Path) -> Path | None:
    with suppress(OSError):  # a sentence, perhaps, too long for a folder
        if folder.is_dir():
            plans = [path for end in _ENDINGS for path in sorted(folder.glob(f"*{end}"))]
            return plans[0] if len(plans) == 1 else None
    return None


def _no_mapping(span: Span) -> Finding:
    return Finding(
        code="SCHEMA_BAD_VALUE",
        severity=Severity.ERROR,
        message="a plan is a mapping with version and packages",
        span=span,
        hint="begin with `version: 1`, or name the right file",
    )


def _no_barriers(span: Span) -> Finding:
    return Finding(
        code="SCHEMA_BAD_VALUE",
        severity=Severity.ERROR,
        message="the phases have so many packages side by side that nothing can keep them apart",
        span=span,
        where="phased",
        hint="put a checkpoint between two phases, that needs the one and that the other needs",
    )


def _specific(finding: Finding) -> Finding:
    """What this format has to say of a mistake in its shape."""
    if finding.where == "version" and finding.code == "SCHEMA_BAD_VALUE":
        return replace(finding, code="SCHEMA_VERSION", hint="write 1, the only version there is")
    return finding


def _place(finding: Finding) -> tuple[int, int, str]:
    span = finding.span or Span(file="")
    return (span.line, span.column, finding.code)
