"""`scripted:FILE`: a deterministic agent that plays a YAML of edits and commands per package.

The file maps a package id (or `default`) to one list of steps, or to a list of such lists, one
an attempt; the last one serves all further attempts. `{package}` and `{attempt}` in the texts
of `default` are filled in. It comes in by the same door as any other agent and runs as a child
process like any other.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from plait.agents.result import outcome_of, usage_of
from plait.core.transcript import Account
from plait.errors import UsageError
from plait.ports import Agent, AgentOutcome, AgentTask, Invocation, Usage
from plait.process import Exit

PLAYER = Path(__file__).with_name("player.py")
NO_SCRIPT = 3  # the exit code of an attempt for which the file has no steps

_FIELDS: Mapping[str, frozenset[str]] = {
    "write": frozenset({"path", "text"}),
    "append": frozenset({"path", "text"}),
    "edit": frozenset({"path", "old", "new"}),
    "read": frozenset({"path"}),
    "delete": frozenset({"path"}),
    "rename": frozenset({"from", "to"}),
    "chmod": frozenset({"path", "mode"}),
    "symlink": frozenset({"path", "target"}),
}
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "shell": (str,),
    "sleep": (int, float),
    "commit": (str,),
    "print": (str,),
    "result": (dict,),
    "exit": (int,),
}


class ScriptedAgent(Agent):
    """Plays a script.

    Args:
        argument: The script's path.

    Raises:
        UsageError: `BAD_SCRIPT`, with file, line and column.
    """

    def __init__(self, argument: str) -> None:
        self._path = Path(argument)
        if not argument or not self._path.is_file():
            raise UsageError(
                f"there is no script {argument!r}" if argument else "no script is named",
                code="BAD_SCRIPT",
                hint="--agent scripted:FILE, where FILE is YAML",
            )
        self._script  # noqa: B018 - a wrong script is told before the run begins

    @property
    def name(self) -> str:
        """`scripted`."""
        return "scripted"

    @property
    def reads(self) -> frozenset[str]:
        """Variables for its commands."""
        return frozenset({"set_env"})

    def probe(self) -> str | None:
        """Nothing to look for."""
        return None

    def invocation(self, task: AgentTask) -> Invocation:
        """The player, with this attempt's steps on its standard input."""
        steps = self._steps(task)
        return Invocation(
            argv=(sys.executable, "-I", "-S", str(PLAYER)),
            env=task.profile.set_env,
            stdin=json.dumps(steps).encode(),
        )

    def outcome(
        self,
        task: AgentTask,
        ended: Exit,
        account: Account | None = None,  # noqa: ARG002 - its output is no more than text
    ) -> AgentOutcome:
        """By exit code and result file, as for any command."""
        return outcome_of(task, ended)

    def usage(self, task: AgentTask) -> Usage | None:
        """What the result file says so far."""
        return usage_of(task)

    @cached_property
    def _script(self) -> Mapping[str, list[list[dict[str, Any]]]]:
        return _Script(self._path).packages()

    def _steps(self, task: AgentTask) -> list[dict[str, Any]]:
        own = self._script.get(task.package)
        attempts = own or self._script.get("default")
        if not attempts:
            return [{"print": f"the script has no steps for {task.package}"}, {"exit": NO_SCRIPT}]
        steps = attempts[min(task.attempt, len(attempts)) - 1]
        if own:
            return steps
        filled: list[dict[str, Any]] = _fill(steps, task)
        return filled


class _Script:
    """A script being read, with the place of every node."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def packages(self) -> dict[str, list[list[dict[str, Any]]]]:
        import yaml

        loader_type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        loader = loader_type(self._path.read_bytes())
        try:
            self._loader = loader
            root = loader.get_single_node()
            if not isinstance(root, yaml.MappingNode):
                raise self._bad(root, "the script must map package ids to steps")
            return {str(key.value): self._attempts(value) for key, value in root.value}
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = f"{self._path}:{mark.line + 1}:{mark.column + 1}" if mark else str(self._path)
            raise UsageError(
                f"it is not YAML: {error.problem}", code="BAD_SCRIPT", where=where
            ) from None
        finally:
            loader.dispose()

    def _attempts(self, node: Any) -> list[list[dict[str, Any]]]:
        items = self._list(node, "a list of steps, or a list of such lists, one an attempt")
        if items and all(each.id == "sequence" for each in items):
            return [self._steps(each) for each in items]
        return [self._steps(node)]

    def _steps(self, node: Any) -> list[dict[str, Any]]:
        return [self._step(each) for each in self._list(node, "a list of steps")]

    def _step(self, node: Any) -> dict[str, Any]:
        value = self._loader.construct_object(node, deep=True)
        if not isinstance(value, dict) or len(value) != 1:
            raise self._bad(node, "a step has one name, such as `write:` or `shell:`")
        ((name, given),) = value.items()
        if name in _FIELDS:
            wanted = _FIELDS[name]
            if not isinstance(given, dict) or set(given) != wanted:
                raise self._bad(node, f"{name} takes {', '.join(sorted(wanted))}")
            return {name: {key: str(each) for key, each in given.items()}}
        if name not in _PLAIN:
            known = ", ".join([*_FIELDS, *_PLAIN])
            raise self._bad(node, f"there is no step {name!r}; steps: {known}")
        if not isinstance(given, _PLAIN[name]) or isinstance(given, bool):
            raise self._bad(node, f"{name} takes {_PLAIN[name][0].__name__}")
        return {name: given}

    def _list(self, node: Any, told: str) -> list[Any]:
        if node.id != "sequence":
            raise self._bad(node, f"here must stand {told}")
        items: list[Any] = node.value
        return items

    def _bad(self, node: Any, message: str) -> UsageError:
        mark = node.start_mark if node is not None else None
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        return UsageError(message, code="BAD_SCRIPT", where=f"{self._path}{place}")


def _fill(value: Any, task: AgentTask) -> Any:
    if isinstance(value, str):
        return value.replace("{package}", task.package).replace("{attempt}", str(task.attempt))
    if isinstance(value, dict):
        return {key: _fill(each, task) for key, each in value.items()}
    if isinstance(value, list):
        return [_fill(each, task) for each in value]
    return value
