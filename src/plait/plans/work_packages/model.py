"""The shape of OpenSpec's `work-packages.yaml`, schema version 1: closed, strict, unchanging.

What a value means beyond its shape (references, lock keys, contract files) is checked in
`work_packages_checks`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]
Glob = Annotated[str, Field(min_length=1, max_length=512)]
FilePath = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^/](.*\S)?$")]
Tier = Literal["A", "B", "C"]
Priority = Annotated[int, Field(ge=1, le=10)]
Minutes = Annotated[int, Field(ge=1, le=525_600)]
LockMinutes = Annotated[int, Field(ge=1, le=480)]
Trust = Annotated[int, Field(ge=0, le=4)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Revision = Annotated[int, Field(ge=1, le=1_000_000_000)]
Surface = Literal[
    "capabilities", "apis", "architecture", "decisions", "documentation", "semantic_code"
]


class Closed(BaseModel):
    """Every object is closed: a field that is not named here is a mistake."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Feature(Closed):
    """What the packages build together."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
    plan_revision: Revision
    title: Annotated[str, Field(max_length=200)] = ""
    created_by: Annotated[str, Field(max_length=128)] = ""
    created_at: Text | None = None


class OpenApi(Closed):
    """The contract files, of whatever kind."""

    primary: FilePath
    files: Annotated[list[FilePath], Field(min_length=1, max_length=200)]


class Generated(Closed):
    """Where generated code lies."""

    pydantic_dir: Text | None = None
    typescript_dir: Text | None = None


class Prism(Closed):
    """How the mock server is started."""

    enabled: bool = True
    command: Text | None = None
    base_url: Text | None = None


class Mocks(Closed):
    """Mock servers."""

    prism: Prism | None = None


class Pact(Closed):
    """Consumer-driven contract tests."""

    enabled: bool = False
    broker_url: Text | None = None
    consumer_dir: Text | None = None


class Cdc(Closed):
    """Consumer-driven contracts."""

    pact: Pact | None = None


class ContractSet(Closed):
    """What packages build against."""

    revision: Revision
    openapi: OpenApi
    generated: Generated | None = None
    mocks: Mocks | None = None
    cdc: Cdc | None = None


class Defaults(Closed):
    """Said once for the reader; each package states its own values all the same."""

    priority: Priority = 5
    lock_ttl_minutes: LockMinutes = 120
    timeout_minutes: Minutes = 60
    retry_budget: Count = 1
    verification_tier_required: Tier = "A"
    min_trust_level: Trust = 2


class LockSet(Closed):
    """What a package claims for itself alone."""

    files: list[FilePath]
    keys: list[Text]
    ttl_minutes: LockMinutes | None = None
    reason: Annotated[str, Field(max_length=500)] = ""


class PackageScope(Closed):
    """Globs; an empty `write_allow` makes the package read-only."""

    write_allow: list[Glob]
    read_allow: Annotated[list[Glob], Field(min_length=1)]
    deny: list[Glob] = []


class Worktree(Closed):
    """The name of the package's worktree."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]
    mode: Literal["isolated", "shared"] = "isolated"


class Evidence(Closed):
    """What a step leaves."""

    artifacts: list[Text]
    result_keys: list[Text]


class CiJob(Closed):
    """Checks of a CI provider."""

    provider: Literal["github", "other"]
    workflow: Text | None = None
    required_checks: list[Text] = []


class Step(Closed):
    """One step of verification; which further fields it needs depends on its kind."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    kind: Literal["command", "ci", "manual"]
    evidence: Evidence
    command: Annotated[str, Field(pattern=r"\S")] | None = None
    cwd: Text = "."
    env: dict[str, str] = {}
    expect_exit_code: Annotated[int, Field(ge=0, le=255)] = 0
    ci: CiJob | None = None
    manual_instructions: Text | None = None


class Verification(Closed):
    """How a package shows that it is done."""

    tier_required: Tier
    steps: Annotated[list[Step], Field(min_length=1, max_length=100)]


class Outputs(Closed):
    """What a package's result holds."""

    result_keys: Annotated[list[Text], Field(min_length=1)]
    artifacts: list[Text] = []


class Metadata(Closed):
    """What the planner thought of the package's size."""

    loc_estimate: Count | None = None
    alternatives_count: Count | None = None
    complexity: Literal["low", "medium", "high"] | None = None
    package_kind: (
        Literal["algorithm", "data_model", "crud", "config", "migration", "integration"] | None
    ) = None


class Rationale(Closed):
    """Why a surface is not affected, and who agreed."""

    reason: Text
    approved_by: Text


class ContextImpact(Closed):
    """Which derived project context a package may make stale."""

    surfaces: list[Surface]
    rationale: dict[Surface, Rationale] = {}


class Package(Closed):
    """One unit of work."""

    package_id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
    task_type: Annotated[str, Field(min_length=1, max_length=40)]
    description: Annotated[str, Field(min_length=1, max_length=4000)]
    depends_on: list[Text]
    priority: Priority
    locks: LockSet
    scope: PackageScope
    worktree: Worktree
    timeout_minutes: Minutes
    retry_budget: Count
    min_trust_level: Trust
    verification: Verification
    outputs: Outputs
    title: Annotated[str, Field(max_length=120)] = ""
    role: Annotated[str, Field(max_length=60)] = ""
    decomposition: Literal["stacked", "branch"] = "branch"
    stack_position: Count | None = None
    archetype: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")] | None = None
    context_impact: ContextImpact | None = None
    metadata: Metadata | None = None
    inputs: dict[str, object] = {}


class WorkPackagesFile(Closed):
    """The whole file."""

    schema_version: Literal[1]
    feature: Feature
    contracts: ContractSet
    packages: Annotated[list[Package], Field(min_length=1, max_length=20_000)]
    defaults: Defaults | None = None
