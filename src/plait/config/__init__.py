"""One frozen Settings: defaults < user TOML < repository TOML < environment < flags.

Each value knows its origin. The files are `$XDG_CONFIG_HOME/plait/config.toml` and `plait.toml`
in the repository's root; the variables are `PLAIT_<FIELD>` in capitals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from plait.config import reading, values
from plait.config.values import seconds_of
from plait.core.board import Board
from plait.core.furnishing import Database, Furnishing
from plait.core.guardrails.verdict import Category
from plait.core.integrity import USUAL, Policies
from plait.core.plan import Check
from plait.core.profile import COMMON, AgentLimits, AgentProfile
from plait.core.qa import Scenario
from plait.core.roster import Seat

__all__ = ["Settings", "load", "seconds_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a person has set; see docs/reference/configuration.md."""

    agent: str = ""
    seats: tuple[Seat, ...] = ()
    profiles: Mapping[str, AgentProfile] = field(default_factory=dict)
    max_agents: int = 6
    continue_on_error: bool = True
    stop_on: str = ""
    start_dependents: str = "landed"
    external_workers: bool = True
    feature_conflicts: str = "warn"
    budget_usd: float | None = None
    timeout_s: float | None = None
    package_checks: tuple[Check, ...] = ()
    land_checks: tuple[Check, ...] = ()
    integration_checks: tuple[Check, ...] = ()
    integrity: Policies = field(default_factory=lambda: USUAL)
    workspace_root: Path | None = None
    workspace_backend: str = "pool"
    workspace_keep: bool = False
    workspace_copy: tuple[str, ...] = ()
    workspace_link: tuple[str, ...] = ()
    workspace_sparse: tuple[str, ...] = ()
    workspace_submodules: bool = True
    workspace_setup: tuple[str, ...] = ()
    workspace_setup_key: tuple[str, ...] = ()
    workspace_ports: tuple[str, ...] = ()
    workspace_port_range: tuple[int, int] = Furnishing().port_range
    workspace_databases: tuple[Database, ...] = ()
    min_free: int | None = None
    stall_s: float = 900.0
    agent_limits: AgentLimits = COMMON
    backoff_s: float = 1.0
    max_backoff_s: float = 60.0
    package_budget_usd: float | None = None
    room_wait_s: float = 15.0
    landing_runners: int = 1
    landing_together: str = "auto"
    qa_run: str = "auto"
    qa_serve: str = ""
    qa_url: str = ""
    qa_ready_s: float = 60.0
    qa_timeout_s: float = 120.0
    qa_openapi: str = ""
    qa_cli: str = ""
    qa_pages: tuple[str, ...] = ()
    qa_scenarios: tuple[Scenario, ...] = ()
    forge_kind: str = "auto"
    forge_remote: str = "origin"
    forge_address: str = ""
    forge_repository: str = ""
    forge_target: str = ""
    forge_ci: str = "auto"
    forge_poll_s: float = 10.0
    review_agents: tuple[str, ...] = ()
    review_quorum: int = 1
    review_rounds: int = 3
    review_required: bool = True
    sandbox_tier: str = ""
    sandbox_write: tuple[str, ...] = ()
    sandbox_read: tuple[str, ...] = ()
    sandbox_hosts: tuple[str, ...] | None = None
    guard_git: str = ""
    guard_file: str = ""
    guard_database: str = ""
    guard_credential: str = ""
    guard_deployment: str = ""
    guard_publish: str = ""
    guard_system: str = ""
    guard_unknown: str = ""
    policy_rules: str = ""
    serve_hosts: tuple[str, ...] = ()
    serve_rate: int = 1000
    serve_trust: int = 2
    brief_tokens: int = 12_000
    memory_briefs: int = 3
    memory_record: bool = True
    strict_results: bool = False
    gate_policy: str = "checks"
    unknown_scope: str = "declared"
    batch: str = "auto"
    optional_tasks: str = "skip"
    lock_namespaces: tuple[str, ...] = ()
    database_url: str | None = None
    boards: tuple[Board, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def guardrails(self) -> Mapping[str, str]:
        """The word (allow, ask, deny) on each category of operations for which there is one."""
        told = {each.value: getattr(self, f"guard_{each.value}") for each in Category}
        return {name: word for name, word in told.items() if word}

    def origin(self, name: str) -> str:
        """Where a value comes from: a place in a file, a variable, a flag, or `default`."""
        return self.origins.get(name, "default")


def load(root: Path, *, environ: Mapping[str, str], flags: Mapping[str, object]) -> Settings:
    """The settings of a repository.

    Args:
        root: The repository's root.
        environ: The environment.
        flags: Fields given on the command line.

    Raises:
        UsageError: `BAD_CONFIG`, with file and line where there is one.
    """
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")) / ".config")
    settings = Settings()
    for path, name in (
        (Path(home).expanduser() / "plait" / "config.toml", None),
        (root / "plait.toml", "plait.toml"),
    ):
        if path.is_file():
            read = reading.read(path, name or str(path), settings.profiles)
            origins = {**settings.origins, **read.origins}
            settings = replace(settings, **read.values, origins=origins)
    settings = _from_environment(settings, environ)
    origins = {**settings.origins, **{key: f"--{key.replace('_', '-')}" for key in flags}}
    return replace(settings, **flags, origins=origins)  # type: ignore[arg-type]


_VARIABLES: Mapping[str, Callable[[str], Any]] = {
    "agent": str,
    "max_agents": lambda text: values.positive(int(text) if text.isdigit() else text),
    "workspace_root": values.place,
    "database_url": str,
}


def _from_environment(settings: Settings, environ: Mapping[str, str]) -> Settings:
    found: dict[str, Any] = {}
    origins = dict(settings.origins)
    for name, parse in _VARIABLES.items():
        variable = f"PLAIT_{name.upper()}"
        text = environ.get(variable, "")
        if not text:
            continue
        try:
            found[name] = parse(text)
        except values.WrongValueError as wrong:
            raise reading.bad(f"{variable} must be {wrong}, not {text!r}") from None
        origins[name] = variable
    return replace(settings, **found, origins=origins)
