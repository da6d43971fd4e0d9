"""What the places of runs answer with, as schemas: the values themselves come as they are."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from plait.engine.coordinator.fields import Message


class Health(Message):
    """That it serves."""

    status: Literal["ok"]
    version: str


class Offered(Message):
    """One capability."""

    available: bool
    verbs: tuple[str, ...]
    without: str
    """What follows where it is absent"""


class Handshake(Message):
    """What a client can count on."""

    name: Literal["plait"]
    version: str
    coordinated: bool
    """Whether all that is required is there"""
    required: dict[str, Offered]
    safety: dict[str, Offered]
    enriching: dict[str, Offered]
    verbs: tuple[str, ...]


class Tokens(Message):
    """What agents say they used up; null where nobody says it."""

    input: int | None
    output: int | None


class RunLine(Message):
    """A run as a list shows it."""

    run: str
    plan: str
    digest: str
    status: str
    branch: str
    base: str
    head: str
    created_at: str
    updated_at: str


class AllRuns(Message):
    """All runs that the caller may see, newest first."""

    runs: tuple[RunLine, ...]


class PackageLine(Message):
    """A package as the state of a run shows it."""

    id: str
    title: str
    status: str
    attempts: int
    epoch: int
    commit: str | None
    reason: str
    updated_at: str
    cost_usd: float | None
    tokens: Tokens | None


class Noted(Message):
    """What a person asked of the run and nobody has answered yet."""

    number: int
    kind: str
    data: dict[str, JsonValue]
    who: str
    at: str


class RunStatus(RunLine):
    """Where a run stands, as `plait status --json` tells it."""

    cost_usd: float | None
    tokens: Tokens | None
    packages: tuple[PackageLine, ...]
    requests: tuple[Noted, ...]


class OneEvent(BaseModel):
    """An event, as `plait run --json` prints it."""

    model_config = ConfigDict(extra="forbid")

    seq: int
    at: str
    run: str
    package: str | None = None
    attempt: int | None = None
    epoch: int | None = None
    type: str
    data: dict[str, Any]


class Report(BaseModel):
    """A report, as `plait report --json` prints it."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    run: str
    status: str
    packages: list[Any]


MODELS = (Health, Handshake, AllRuns, RunStatus, OneEvent, Report)
