"""Plans composed for tests: OpenSpec work packages from a few words each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A work package in short: what it needs, may write, and must pass."""

    id: str
    needs: Sequence[str] = ()
    write: Sequence[str] = ()
    deny: Sequence[str] = ()
    checks: Sequence[str] = ("true",)
    retry_budget: int = 0
    keys: Sequence[str] = ()
    task_type: str = "implement"
    priority: int = 5
    timeout_minutes: int = 1
    extra: dict[str, Any] = field(default_factory=dict)

    def as_mapping(self, change: str) -> dict[str, Any]:
        """The package in the schema's words, every required field present."""
        return {
            "package_id": self.id,
            "title": f"Build {self.id}",
            "task_type": self.task_type,
            "description": f"Write what {self.id} is for.",
            "depends_on": list(self.needs),
            "priority": self.priority,
            "locks": {"files": [], "keys": list(self.keys)},
            "scope": {
                "write_allow": list(self.write or [f"src/{self.id}/**"]),
                "read_allow": ["**"],
                "deny": list(self.deny),
            },
            "worktree": {"name": f"{change}.{self.id}"},
            "timeout_minutes": self.timeout_minutes,
            "retry_budget": self.retry_budget,
            "min_trust_level": 2,
            "verification": {
                "tier_required": "A",
                "steps": [
                    {
                        "name": f"step {number}",
                        "kind": "command",
                        "command": command,
                        "evidence": {"artifacts": [], "result_keys": []},
                    }
                    for number, command in enumerate(self.checks, start=1)
                ],
            },
            "outputs": {"result_keys": ["done"]},
            **self.extra,
        }


def work_packages(change: str, pieces: Sequence[Piece]) -> str:
    """The text of a work-packages.yaml (JSON is YAML too; one package a block for line numbers)."""
    head = {
        "schema_version": 1,
        "feature": {"id": change, "plan_revision": 1, "title": f"The change {change}"},
        "contracts": {
            "revision": 1,
            "openapi": {"primary": "contracts/README.md", "files": ["contracts/README.md"]},
        },
    }
    lines = [f"{key}: {json.dumps(value)}" for key, value in head.items()]
    lines.append("packages:")
    lines += [f"  - {json.dumps(piece.as_mapping(change))}" for piece in pieces]
    return "\n".join(lines) + "\n"


def write_change(repo: Path, change: str, pieces: Sequence[Piece]) -> Path:
    """Write a change folder with its plan; returns the plan's path."""
    folder = repo / "openspec" / "changes" / change
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    (folder / "contracts" / "README.md").write_text("No interfaces.\n", encoding="utf-8")
    (folder / "proposal.md").write_text(f"# {change}\n", encoding="utf-8")
    path = folder / "work-packages.yaml"
    path.write_text(work_packages(change, pieces), encoding="utf-8")
    return path
