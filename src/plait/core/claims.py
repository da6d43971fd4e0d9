"""Claims: what a result says of itself, held against the plan.

The form is the work-queue result of OpenSpec's parallel plans; any part of it may be left out.
Nothing in it decides what Plait can see itself. But a result that widens its own scope, is about
another revision, or tells of a check that did not run shows that its agent worked at something
else than what was asked: it is refused, and the next brief says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plait.core.glob import normalise
from plait.core.plan import Check, CheckKind, Confidence, Plan, WorkPackage
from plait.core.scope import matches

_TIERS = {"A": 3, "B": 2, "C": 1}  # local tools, CI, static checks only
_MOST = 500
_TEXT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedStep:
    """A step of verification as a result tells it; None: it does not say."""

    name: str
    kind: str = "command"
    passed: bool | None = None
    command: str = ""
    exit_code: int | None = None
    artifacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a result says of itself; empty, or None, where it says nothing."""

    package: str = ""
    feature: str = ""
    plan_revision: int | None = None
    contracts_revision: int | None = None
    write: tuple[str, ...] | None = None
    deny: tuple[str, ...] | None = None
    tier: str = ""
    passed: bool | None = None
    steps: tuple[ClaimedStep, ...] = ()
    files: tuple[str, ...] = ()
    outputs: frozenset[str] = frozenset()  # names of metrics and paths of artifacts

    @property
    def artifacts(self) -> tuple[str, ...]:
        """The files that it names as evidence."""
        return tuple(dict.fromkeys(each for step in self.steps for each in step.artifacts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Where a result and the plan disagree; `code` is stable."""

    code: str
    message: str


def read_claims(data: Mapping[str, Any]) -> tuple[Claims, tuple[str, ...]]:
    """What a result says of itself, and what is wrong with how it is written.

    Args:
        data: A JSON object of any content.
    """
    reading = _Reading()
    verification = reading.mapping(data, "verification")
    scope = reading.mapping(data, "scope")
    steps = tuple(
        reading.step(each)
        for each in reading.items(verification, "steps")
        if isinstance(each, dict)
    )
    metrics = {
        name
        for each in reading.items(verification, "steps")
        if isinstance(each, dict) and isinstance(each.get("evidence"), dict)
        for name in reading.mapping(each["evidence"], "metrics")
    }
    claims = Claims(
        package=reading.text(data, "package_id"),
        feature=reading.text(data, "feature_id"),
        plan_revision=reading.number(data, "plan_revision"),
        contracts_revision=reading.number(data, "contracts_revision"),
        write=reading.texts(scope, "write_allow", "write"),
        deny=reading.texts(scope, "deny"),
        tier=reading.text(verification, "tier"),
        passed=reading.truth(verification, "passed"),
        steps=steps,
        files=reading.texts(data, "files_modified") or (),
        outputs=frozenset(metrics).union(*(step.artifacts for step in steps)),
    )
    return claims, tuple(dict.fromkeys(reading.warnings))


def contradictions(
    claims: Claims, plan: Plan, package: WorkPackage, checks: Sequence[Check]
) -> tuple[Contradiction, ...]:
    """Where a result disagrees with the plan, or with itself.

    Args:
        claims: What it says; its agent believes that it is done.
        plan: The plan.
        package: Whose result it is.
        checks: What Plait runs for the package; what else the plan declares is known from it.
    """
    return (
        *_identity(claims, plan, package),
        *_scope(claims, package),
        *_tier(claims, package),
        *_steps(claims, package, checks),
    )


def claimed_to_pass(claims: Claims, check: Check) -> bool:
    """Whether a result says of a check that it passed."""
    return any(step.passed and step.name == check.name for step in claims.steps)


def _identity(claims: Claims, plan: Plan, package: WorkPackage) -> Iterator[Contradiction]:
    if claims.package and claims.package not in {package.id, package.source_id, *package.tasks}:
        yield Contradiction(
            code="RESULT_FOREIGN",
            message=f"the result is of package {claims.package!r}, and this is {package.id}",
        )
    if claims.feature and claims.feature not in {plan.feature, plan.id}:
        yield Contradiction(
            code="RESULT_FOREIGN",
            message=f"the result is of feature {claims.feature!r}, and this is {plan.feature}",
        )
    for what, said, known in (
        ("plan", claims.plan_revision, plan.revisions.plan),
        ("contracts", claims.contracts_revision, plan.revisions.contracts),
    ):
        if said is not None and said != known:
            yield Contradiction(
                code="RESULT_REVISION",
                message=f"the result is of {what} revision {said}, and this is {known}",
            )


def _scope(claims: Claims, package: WorkPackage) -> Iterator[Contradiction]:
    scope = package.scope
    if scope.confidence is not Confidence.DECLARED:
        return
    allowed = {normalise(each) for each in scope.write}
    wider = [
        each
        for each in claims.write or ()
        if normalise(each) not in allowed and not _within(each, allowed)
    ]
    if wider:
        yield Contradiction(
            code="RESULT_SCOPE_WIDENED",
            message=f"the result's scope may write {', '.join(wider[:5])}; the plan's may not",
        )
    if claims.deny is not None:
        told = {normalise(each) for each in claims.deny}
        missing = [each for each in scope.deny if normalise(each) not in told]
        if missing:
            yield Contradiction(
                code="RESULT_SCOPE_WIDENED",
                message=f"the result's scope is no longer denied {', '.join(missing[:5])}",
            )


def _within(glob: str, allowed: set[str]) -> bool:
    """Whether a path, or a folder's glob, lies in what the plan allows."""
    plain = normalise(glob)
    if not set(plain) & set("*?[{"):
        return any(matches(each, plain) for each in allowed)
    folder, _, rest = plain.partition("*")
    return any(
        each.endswith("/**") and folder.startswith(each.removesuffix("**")) and "{" not in rest
        for each in allowed
        if not set(each.removesuffix("/**")) & set("*?[{")
    )


def _tier(claims: Claims, package: WorkPackage) -> Iterator[Contradiction]:
    said, asked = _TIERS.get(claims.tier.upper()), _TIERS.get((package.tier or "").upper())
    if said is not None and asked is not None and said < asked:
        yield Contradiction(
            code="RESULT_TIER_LOWERED",
            message=f"the result was verified by tier {claims.tier}, and the plan asks for "
            f"{package.tier}; what cannot be had is escalated (VERIFICATION_INFEASIBLE)",
        )


def _steps(
    claims: Claims, package: WorkPackage, checks: Sequence[Check]
) -> Iterator[Contradiction]:
    if claims.passed is False:
        yield Contradiction(
            code="RESULT_CONTRADICTORY",
            message="the result says that it is completed, and that its verification failed",
        )
    known = {check.name: check for check in (*package.checks, *checks)}
    commands = {check.command.strip() for check in known.values() if check.command}
    for step in claims.steps:
        check = known.get(step.name)
        expected = check.expect_exit_code if check is not None else 0
        if step.passed and step.exit_code is not None and step.exit_code != expected:
            yield Contradiction(
                code="RESULT_CONTRADICTORY",
                message=f"the result says that {step.name!r} passed, with exit code "
                f"{step.exit_code}",
            )
        elif step.passed is False and claims.passed:
            yield Contradiction(
                code="RESULT_CONTRADICTORY",
                message=f"the result says that its verification passed, and {step.name!r} failed",
            )
        elif step.passed and check is None and step.command.strip() not in commands:
            yield Contradiction(
                code="RESULT_CHECK_NOT_RUN",
                message=f"the result says that the check {step.name!r} passed; no such check ran",
            )
        elif (
            step.passed
            and check is not None
            and check.kind is CheckKind.COMMAND
            and step.command
            and step.command.strip() != check.command.strip()
        ):
            yield Contradiction(
                code="RESULT_CHECK_NOT_RUN",
                message=f"the result says that {step.name!r} passed by another command than the "
                f"plan's: {step.command.strip()[:200]}",
            )
    told = {step.name for step in claims.steps} | {step.command.strip() for step in claims.steps}
    missing = [
        check.name
        for check in package.checks
        if check.kind is CheckKind.COMMAND and not {check.name, check.command.strip()} & told
    ]
    if claims.passed and claims.steps and missing:
        yield Contradiction(
            code="RESULT_CHECK_NOT_RUN",
            message="the result says that its verification passed, and tells nothing of "
            f"{', '.join(map(repr, missing[:5]))}",
        )


class _Reading:
    """Values of any content being read; a wrong one becomes a warning and is left out."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def text(self, data: Mapping[str, Any], key: str) -> str:
        return str(self._of(data, key, str, "a text") or "")[:_TEXT]

    def truth(self, data: Mapping[str, Any], key: str) -> bool | None:
        found: bool | None = self._of(data, key, bool, "true or false")
        return found

    def number(self, data: Mapping[str, Any], key: str) -> int | None:
        value = data.get(key)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        self.warnings.append(f"{key} is no whole number")
        return None

    def mapping(self, data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._of(data, key, dict, "an object") or {}
        return found

    def items(self, data: Mapping[str, Any], key: str) -> list[Any]:
        found: list[Any] = self._of(data, key, list, "an array") or []
        if any(not isinstance(each, dict) for each in found):
            self.warnings.append(f"{key} holds something that is no object")
        return found[:_MOST]

    def texts(self, data: Mapping[str, Any], *keys: str) -> tuple[str, ...] | None:
        for key in keys:
            found = self._of(data, key, list, "an array")
            if found is not None:
                if not all(isinstance(each, str) for each in found):
                    self.warnings.append(f"{key} holds something that is no text")
                return tuple(each[:_TEXT] for each in found[:_MOST] if isinstance(each, str))
        return None

    def step(self, data: Mapping[str, Any]) -> ClaimedStep:
        evidence = self.mapping(data, "evidence")
        return ClaimedStep(
            name=self.text(data, "name"),
            kind=self.text(data, "kind") or "command",
            passed=self.truth(data, "passed"),
            command=self.text(data, "command"),
            exit_code=self.number(data, "exit_code"),
            artifacts=self.texts(evidence, "artifacts") or (),
        )

    def _of(self, data: Mapping[str, Any], key: str, kind: type, told: str) -> Any:
        value = data.get(key)
        if value is not None and not isinstance(value, kind):
            self.warnings.append(f"{key} is not {told}")
            return None
        return value
