"""The coordinator of a project: its desk, by the policy that the settings choose; what it shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from plait.app.outsiders import desk_of
from plait.app.policing import policy_of
from plait.app.project import Project, fold_run, open_store
from plait.core.event import RunId, to_json
from plait.errors import EnvironmentLack
from plait.ports import Store

if TYPE_CHECKING:
    from plait.engine.coordinator.desk import Desk
    from plait.ports.coordination import Coordination
    from plait.service.mcp.prompts import Prompt

NEEDS: Mapping[str, Sequence[str]] = {"serve": ("starlette", "uvicorn"), "mcp": ("mcp",)}


def lacks(extra: str) -> tuple[str, ...]:
    """The packages of an extra that are not installed."""
    return tuple(each for each in NEEDS[extra] if find_spec(each) is None)


def require(extra: str) -> None:
    """Go on only where an extra is installed.

    Raises:
        EnvironmentLack: `EXTRA_MISSING`.
    """
    if missing := lacks(extra):
        raise EnvironmentLack(
            f"`plait {extra}` needs what is not installed: {', '.join(missing)}; without it no "
            "worker from elsewhere can join, and `plait run` works by itself as ever",
            code="EXTRA_MISSING",
            hint=f'pip install "plait[{extra}]"',
        )


@contextmanager
def open_desk(project: Project) -> Iterator[tuple[Desk, Shown]]:
    """The project's coordinator, and what is told of its runs; closed at the end.

    Raises:
        UsageError: `BAD_POLICY`.
        EnvironmentLack: The store cannot be opened, `POLICY_ENGINE_MISSING`.
    """
    policy_of(project.root, project.settings)  # what is wrong with it is told before all else
    with open_store(project, create=True) as store:
        desk = desk_of(project, cast("Coordination", store))
        yield desk, Shown(project=project, store=store)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Runs as the commands show them, as values."""

    project: Project
    store: Store

    def all(self) -> Sequence[Mapping[str, Any]]:
        """A line for each run, newest first."""
        from plait.faces.status_text import run_json

        return [run_json(each) for each in self.store.runs()]

    def status(self, run: str) -> Mapping[str, Any]:
        """Where a run stands. Raises UsageError `NO_SUCH_RUN`."""
        from plait.faces.status_text import status_json

        name = RunId(run)
        row = self.store.run(name)
        told = status_json(
            row,
            self.store.packages(name),
            self.store.requests(name),
            used=self.store.used(name),
        )
        parsed: Mapping[str, Any] = json.loads(told)
        return parsed

    def events(self, run: str, *, after: int, most: int) -> Sequence[tuple[int, bytes]]:
        """Events behind a number, as JSON. Raises UsageError `NO_SUCH_RUN`."""
        from plait.faces.text import rfc3339

        found = self.store.some_events(RunId(run), after=after, most=most)
        return [(each.seq, _line({**to_json(each), "at": rfc3339(each.at)})) for each in found]

    def report(self, run: str, form: str) -> str:
        """The report. Raises UsageError `NO_SUCH_RUN`."""
        from plait.app.reporting import render, report_of

        folded = fold_run(self.store, RunId(run))
        return render(report_of(self.project, self.store, folded), form)


def prompts() -> tuple[Prompt, ...]:
    """The commands that people give to agents, as prompts of MCP."""
    from plait.app.commands.sources import Command, commands, filled
    from plait.service.mcp.prompts import Prompt

    known = commands()
    calls = {each.name: f"the prompt `{each.name}` of Plait" for each in known}

    def prompt(command: Command) -> Prompt:
        def text(argument: str) -> str:
            # The argument last, and as it is: what stands in it is no place of the text's.
            before, _, after = filled(command.body, {}, calls).partition("{{arguments}}")
            return f"{before}{argument or '(nothing was given)'}{after}"

        return Prompt(
            name=command.name, description=command.description, hint=command.hint, text=text
        )

    return tuple(map(prompt, known))


def _line(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "backslashreplace"
    )
