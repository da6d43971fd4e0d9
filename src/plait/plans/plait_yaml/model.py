"""The shape of Plait's own `plait.yaml`, version 1: closed, strict, with a word on each field.

Short forms are written out before a file meets this model (see `plait_yaml_shape`), and the JSON
Schema that editors use is made from it (see `plait_yaml_schema`).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

LONGEST_S = 31_536_000.0  # a year
MOST_PACKAGES = 20_000
_AMOUNT = r"[0-9]{1,6}(?:\.[0-9]{1,3})?"
_DURATION = re.compile(
    rf"(?:(?P<h>{_AMOUNT}) ?h(?:ours?)?)? ?"
    rf"(?:(?P<m>{_AMOUNT}) ?m(?:in|inutes?)?)? ?"
    rf"(?:(?P<s>{_AMOUNT}) ?s(?:ec|econds?)?)?"
)


def seconds(value: Any) -> Any:
    """A duration in seconds; `2h`, `30m`, `1h 30m`, `90s` and numbers are understood.

    Raises:
        ValueError: A text that is no duration.
    """
    if not isinstance(value, str):
        return value
    found = _DURATION.fullmatch(value.strip())
    if found is None or not any(found.groups()):
        raise ValueError("must be seconds, or hours, minutes and seconds like 1h 30m")
    hours, minutes, rest = (float(each or 0) for each in found.group("h", "m", "s"))
    return hours * 3600 + minutes * 60 + rest


Text = Annotated[str, Field(min_length=1, max_length=100_000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Place = Annotated[str, Field(min_length=1, max_length=512)]
Id = Annotated[str, Field(min_length=1, max_length=128)]
Ids = Annotated[list[Id], Field(max_length=MOST_PACKAGES)]
Names = Annotated[list[Name], Field(max_length=1000)]
Places = Annotated[list[Place], Field(max_length=1000)]
Count = Annotated[int, Field(ge=0, le=1000)]
Trust = Annotated[int, Field(ge=0, le=4)]
Priority = Annotated[int, Field(ge=1, le=10)]
Revision = Annotated[int, Field(ge=1, le=1_000_000_000)]
Duration = Annotated[
    float,
    BeforeValidator(seconds),
    Field(gt=0, le=LONGEST_S),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0},
                {"type": "string", "pattern": f"^{re.sub('[?]P<.>', '?:', _DURATION.pattern)}$"},
            ]
        },
    ),
]


class Closed(BaseModel):
    """Every object is closed: a field that is not named here is a mistake."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Need(Closed):
    """A package that must have landed before this one starts. Short: its id alone."""

    id: Annotated[Id, Field(description="The id of the package that is needed.")]
    why: Annotated[
        str,
        Field(max_length=500, description="What it is needed for; `plait show --explain` says it."),
    ] = ""


class ScopeShape(Closed):
    """What a package may touch: globs relative to the repository's root."""

    write: Annotated[
        Places | None,
        Field(description="What it may change. A change outside of it never lands."),
    ] = None
    read: Annotated[
        Places | None, Field(description="What it needs to read; without it, everything.")
    ] = None
    deny: Annotated[
        Places | None, Field(description="What it may not change although `write` allows it.")
    ] = None
    confidence: Annotated[
        Literal["declared", "inferred"],
        Field(description="`inferred`: a change outside is told of, and lands."),
    ] = "declared"


class LockShape(Closed):
    """What a package claims for itself alone. Short: the list of keys."""

    keys: Annotated[Names, Field(description="Lock keys, as `db:schema:users`.")] = []
    files: Annotated[Places, Field(description="Globs of files.")] = []


class CiJob(Closed):
    """Checks that a CI provider runs. Short: the workflow's name."""

    workflow: Annotated[Name | None, Field(description="The workflow's file or name.")] = None
    provider: Annotated[str, Field(max_length=60, description="Who runs it.")] = "github"
    required_checks: Annotated[Names, Field(description="The checks that must pass.")] = []


class CheckShape(Closed):
    """What tells whether a package is done: one of `command`, `ci`, `manual`.

    Short: the command alone. Plait runs commands; the others are named in the report.
    """

    name: Annotated[
        Name | None, Field(description="What the report calls it; without it, the command.")
    ] = None
    command: Annotated[
        str | None,
        Field(pattern=r"\S", max_length=100_000, description="Run by `/bin/sh -c`."),
    ] = None
    ci: Annotated[CiJob | None, Field(description="A job that a CI provider runs.")] = None
    manual: Annotated[Text | None, Field(description="What a person has to do.")] = None
    cwd: Annotated[Place, Field(description="The folder, relative to the root.")] = "."
    env: Annotated[
        dict[str, str], Field(description="Variables beside those that Plait sets.")
    ] = {}
    expect_exit_code: Annotated[
        int, Field(ge=0, le=255, description="The exit code that means success.")
    ] = 0
    artifacts: Annotated[Places, Field(description="Files it leaves as evidence.")] = []
    result_keys: Annotated[
        Names, Field(description="Keys of the agent's result that it stands for.")
    ] = []


Checks = Annotated[list[CheckShape], Field(max_length=100)]


class ContractShape(Closed):
    """Interface definitions that packages build against. Short: the list of files."""

    files: Annotated[Places, Field(description="The contract files, of whatever kind.")] = []
    primary: Annotated[Place | None, Field(description="The one that leads.")] = None
    revision: Annotated[Revision, Field(description="Counts up as they change.")] = 1


class Defaults(Closed):
    """What holds for each package that does not say it itself."""

    checks: Annotated[Checks, Field(description="As in a package.")] = []
    timeout: Annotated[Duration, Field(description="As in a package.")] = 3600.0
    retries: Annotated[Count, Field(description="As in a package.")] = 1
    priority: Annotated[Priority, Field(description="As in a package.")] = 5
    tier: Annotated[Name | None, Field(description="As in a package.")] = None
    role: Annotated[Name | None, Field(description="As in a package.")] = None
    read: Annotated[Places | None, Field(description="As in a package.")] = None
    deny: Annotated[Places | None, Field(description="As in a package.")] = None


class Package(Closed):
    """One unit of work."""

    id: Annotated[
        Id, Field(description="Letters, digits, `._-` and `/`; its key, if packages are a mapping.")
    ]
    title: Annotated[
        str, Field(max_length=200, description="One line; without it, the id.", examples=["Login"])
    ] = ""
    description: Annotated[
        str, Field(max_length=100_000, description="What the agent is told to do.")
    ] = ""
    kind: Annotated[
        Literal["implement", "integrate", "gate", "checkpoint", "qa", "fix"],
        Field(
            description="What it is for: `implement`, `integrate`, `gate`, `checkpoint`, `qa` or"
            " `fix`. Gates and checkpoints have no agent."
        ),
    ] = "implement"
    needs: Annotated[
        list[Need],
        Field(
            max_length=MOST_PACKAGES,
            description="What must have landed before.",
            examples=[["model", {"id": "api", "why": "it calls the route"}]],
        ),
    ] = []
    write: Annotated[
        Places | None, Field(description="Short for `scope.write`.", examples=[["src/login/**"]])
    ] = None
    read: Annotated[Places | None, Field(description="Short for `scope.read`.")] = None
    deny: Annotated[Places | None, Field(description="Short for `scope.deny`.")] = None
    scope: Annotated[
        ScopeShape | None,
        Field(description="What it may touch. Without `write` nobody knows (`UNKNOWN_SCOPE`)."),
    ] = None
    locks: Annotated[LockShape | None, Field(description="What it claims beside the scope.")] = None
    checks: Annotated[
        Checks | None, Field(description="What tells whether it is done.", examples=[["make test"]])
    ] = None
    estimate: Annotated[
        Duration | None,
        Field(description="How long it may take; for the forecast.", examples=["2h", 1800]),
    ] = None
    timeout: Annotated[
        Duration | None,
        Field(description="The time of the agent, and of each check; one hour without it."),
    ] = None
    retries: Annotated[
        Count | None, Field(description="Attempts after the first; one without it.")
    ] = None
    priority: Annotated[
        Priority | None, Field(description="1 is first, 10 last, 5 without it.")
    ] = None
    tier: Annotated[Name | None, Field(description="The tier of verification it asks for.")] = None
    role: Annotated[Name | None, Field(description="Who should do it.")] = None
    archetype: Annotated[Name | None, Field(description="What sort of work it is.")] = None
    trust: Annotated[
        Trust | None, Field(description="The least level of trust that it asks for, 0 to 4.")
    ] = None
    track: Annotated[Name | None, Field(description="The track it is on (`--track`).")] = None
    group: Annotated[Name | None, Field(description="The group or wave it is in.")] = None
    phase: Annotated[Name | None, Field(description="The phase it is in.")] = None
    parent: Annotated[Id | None, Field(description="The task that it is a part of.")] = None
    parallel: Annotated[
        bool, Field(description="It is safe beside others, though its scope is unknown.")
    ] = False
    optional: Annotated[
        bool, Field(description="It may be left out (`[plan] optional` in plait.toml).")
    ] = False
    status: Annotated[
        Literal["pending", "done", "skipped"] | None,
        Field(description="What holds before the run: `pending`, `done` or `skipped`."),
    ] = None
    requirements: Annotated[Names, Field(description="The requirements it meets.")] = []
    result_keys: Annotated[
        Names, Field(description="What the agent's result file should hold.")
    ] = []
    guards: Annotated[
        Ids, Field(description="Of a gate: the packages it judges; it needs them.")
    ] = []
    reworks: Annotated[
        Ids, Field(description="Of rework: the gates whose failure calls it; else it is skipped.")
    ] = []
    tasks: Annotated[Names, Field(description="The source's tasks that it consists of.")] = []


class PlaitFile(Closed):
    """A plan for Plait: work packages, what each needs, may write and must pass."""

    version: Annotated[Literal[1], Field(description="The version of this format.")]
    id: Annotated[
        Name | None, Field(description="The plan's id; without it, from the file's name.")
    ] = None
    title: Annotated[str, Field(max_length=200, description="One line.")] = ""
    feature: Annotated[
        Name | None, Field(description="What landings name: `feat(<feature>): …`.")
    ] = None
    branch: Annotated[
        Name | None, Field(description="The run's branch; without it, `feat/<feature>`.")
    ] = None
    revision: Annotated[Revision, Field(description="Counts up as the plan changes.")] = 1
    context: Annotated[
        Places, Field(description="Files that every agent should read.", examples=[["docs/a.md"]])
    ] = []
    contracts: Annotated[
        ContractShape | None, Field(description="What packages build against.")
    ] = None
    max_agents: Annotated[
        int | None, Field(ge=1, le=1000, description="Agents at work at once, at most.")
    ] = None
    phased: Annotated[
        bool, Field(description="No phase starts before the one before it has ended.")
    ] = False
    parents: Annotated[
        dict[Id, Name], Field(description="Titles of tasks that packages are a part of, by id.")
    ] = {}
    defaults: Annotated[
        Defaults, Field(description="What holds for each package that does not say it.")
    ] = Defaults()
    packages: Annotated[
        list[Package],
        Field(min_length=1, max_length=MOST_PACKAGES, description="The work packages."),
    ]
