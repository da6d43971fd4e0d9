"""Where a run's time goes, from the events it prints."""

from __future__ import annotations

import json
import subprocess
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import mean
from typing import Any

from bench.ground import Ground

# phase → the events it lies between; packages pass through them side by side
BETWEEN = {
    "agent to verdict (commit, scope)": ("agent_ended", "attempt_ended"),
    "verdict to landing (queue)": ("attempt_ended", "landing_started"),
    "landing (merge, branch moves)": ("landing_started", "landed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Seconds of one run: `once` happen once, `each` are means over packages."""

    wall_s: float
    once: Mapping[str, float]
    each: Mapping[str, float]

    def told(self) -> str:
        """For people, in milliseconds."""
        lines = [f"  where the time goes, one run of {self.wall_s * 1_000:.0f} ms:"]
        lines += [f"    once  {name:34} {s * 1_000:8.1f} ms" for name, s in self.once.items()]
        lines += [f"    each  {name:34} {s * 1_000:8.1f} ms" for name, s in self.each.items()]
        return "\n".join(lines)


def phases_of(ground: Ground, argv: Sequence[str | Path], *, cwd: Path) -> Phases:
    """Run `plait run --json` once and read its events.

    Raises:
        SystemExit: The run failed.
    """
    began = time.time()
    done = subprocess.run(
        argv, cwd=cwd, env=ground.environment, capture_output=True, text=True, check=False
    )
    ended = time.time()
    if done.returncode != 0:
        raise SystemExit(f"exit code {done.returncode}\n{done.stdout[-500:]}{done.stderr[-1500:]}")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    marks = _marks(events)
    first, last = _seconds(events[0]), _seconds(events[-1])
    data = {kind: [e["data"] for e in events if e["type"] == kind] for kind in marks}
    return Phases(
        wall_s=ended - began,
        once={
            "start to first event": first - began,
            "first to last event": last - first,
            "last event to exit (reports)": ended - last,
        },
        each={
            "workspace ready (setup_s)": mean(d["setup_s"] for d in data["attempt_started"]),
            "agent (duration_s)": mean(d["duration_s"] for d in data["agent_ended"]),
            **{name: _mean_gap(marks, *ends) for name, ends in BETWEEN.items()},
        },
    )


def _marks(events: Sequence[Mapping[str, Any]]) -> Mapping[str, Mapping[str, float]]:
    """When each package met each type of event."""
    marks: dict[str, dict[str, float]] = defaultdict(dict)
    for event in events:
        if "package" in event:
            marks[event["type"]][event["package"]] = _seconds(event)
    return marks


def _mean_gap(marks: Mapping[str, Mapping[str, float]], start: str, end: str) -> float:
    return mean(at - marks[start][package] for package, at in marks[end].items())


def _seconds(event: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()
