"""What Plait's client of the Agent Client Protocol lets an agent do, in the owner's place.

What writes files that it names may write within the package's scope. A shell's command for which
permission is asked is judged by the guardrails; what it writes is held by the sandbox, and by the
check of the commit. Whatever cannot be understood is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plait.agents.hook import commands, refusal, unguarded

LARGEST = 32 * 1024 * 1024  # of a file that is read for an agent, in bytes
_WRITES = frozenset({"edit", "delete", "move"})
_NAMES = ("file_path", "filePath", "path", "fileName", "absolute_path", "notebook_path")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """An attempt's places: its worktree, its file of the scope, and the folders that are its.

    `rules` are the guardrails', as the checker of the hooks takes them.
    """

    worktree: str
    scope: str
    own: Sequence[str]
    rules: str

    def writes(self, path: str) -> str:
        """Why the path may not be written; empty if it may."""
        places = [self.scope, self.worktree, *self.own]
        try:
            return refusal("write", {"path": path}, self.worktree, places)
        except (OSError, ValueError, KeyError, TypeError) as error:
            return f"the check of the scope failed, so the call is refused: {error!r}"

    def asked(self, call: Mapping[str, Any]) -> str:
        """Why a call for which permission is asked is refused; empty if it is not."""
        named, diffs = paths(call), _diffs(call)
        if call.get("kind") in _WRITES and not named:
            return "it does not say which file it writes"
        if call.get("kind") not in _WRITES and not diffs:
            return self._runs(call)
        return next(filter(None, map(self.writes, named)), "")

    def _runs(self, call: Mapping[str, Any]) -> str:
        """Why what the call would run is refused; empty if it runs nothing, or may."""
        given = call.get("rawInput")
        texts = commands("terminal", given) if isinstance(given, dict) else []
        if call.get("kind") == "execute" and not texts:
            texts = [str(call.get("title") or "").strip("`")]
        elif call.get("kind") != "execute" and isinstance(given, dict):
            texts = commands("", given)
        if not any(texts):
            return ""
        try:
            places = [self.worktree, *self.own]
            return unguarded(texts, dict(given or {}), self.worktree, places, self.rules)
        except (OSError, ValueError, KeyError, TypeError, ImportError) as error:
            return f"the check of the command failed, so it is refused: {error!r}"

    def read(self, path: str) -> str:
        """The text of a file; empty if there is none, which some agents take for a new one.

        Raises:
            PermissionError: It lies neither in the worktree nor in a folder of the attempt.
        """
        real = Path(self.worktree, path).resolve()
        roots = [Path(each).resolve() for each in (self.worktree, *self.own)]
        if not any(real.is_relative_to(root) for root in roots):
            raise PermissionError(f"{path} is outside the worktree")
        if not real.is_file():
            return ""
        with real.open("rb") as file:
            return file.read(LARGEST).decode("utf-8", "replace")

    def write(self, path: str, content: str) -> None:
        """Write a file that may be written.

        Raises:
            PermissionError: It may not, with the reason.
        """
        told = self.writes(path)
        if told:
            raise PermissionError(told)
        real = Path(self.worktree, path).resolve()
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_text(content, encoding="utf-8", newline="")


def paths(call: Mapping[str, Any]) -> list[str]:
    """The files that a call names: where it is at work, what it changes, what it is given."""
    places = [each.get("path") for each in _tables(call, "locations")]
    given = call.get("rawInput")
    told = [given.get(name) for name in _NAMES] if isinstance(given, dict) else []
    found = [*places, *_diffs(call), *told]
    return list(dict.fromkeys(each for each in found if isinstance(each, str) and each))


def _diffs(call: Mapping[str, Any]) -> list[Any]:
    return [each.get("path") for each in _tables(call, "content") if each.get("type") == "diff"]


def _tables(call: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = call.get(key)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
