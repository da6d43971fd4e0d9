"""Scenarios: YAML of what the model does for each package, read into steps.

The file has the form of the scripted agent's: a package's id, or `default`, maps to a list of
steps, or to a list of such lists, one for each attempt. What the scripted agent plays, the model
has an agent do by its tools; `read`, `call`, `mcp`, `finish`, `usage`, `fault` and `repeat` are
the model's alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from plait.errors import UsageError

DEFAULT = "default"
OVER = "Done."  # what is said where a script has come to its end without a word of its own
MOST_TURNS = 10_000  # of a script, whatever its repetitions say

_FIELDS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {  # must be there, may be there
    "write": (frozenset({"path", "text"}), frozenset()),
    "append": (frozenset({"path", "text"}), frozenset()),
    "edit": (frozenset({"path", "old", "new"}), frozenset()),
    "delete": (frozenset({"path"}), frozenset()),
    "rename": (frozenset({"from", "to"}), frozenset()),
    "chmod": (frozenset({"path", "mode"}), frozenset()),
    "symlink": (frozenset({"path", "target"}), frozenset()),
    "read": (frozenset({"path"}), frozenset()),
    "call": (frozenset({"name"}), frozenset({"args"})),
    "mcp": (frozenset({"server", "tool"}), frozenset({"args"})),
}
_NUMBERS = (int, float)
_FAULT: Mapping[str, tuple[type, ...]] = {
    "status": (int,),
    "message": (str,),
    "code": (str,),
    "retry_after": _NUMBERS,
    "reset": _NUMBERS,
    "headers": (dict,),
    "cut": (int,),
    "hang": (bool,),
    "times": (int,),
}
_USAGE = frozenset({"input", "output", "cached"})
_PLAIN: Mapping[str, tuple[tuple[type, ...], str]] = {
    "shell": ((str,), "a command"),
    "commit": ((str,), "a message"),
    "say": ((str,), "a text"),
    "print": ((str,), "a text"),
    "finish": ((str,), "a text"),
    "sleep": (_NUMBERS, "seconds"),
    "result": ((dict,), "a mapping"),
    "usage": ((dict,), "input, output and cached, numbers of tokens"),
    "fault": ((dict,), f"one of status, cut and hang, and of the others of {', '.join(_FAULT)}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong in place of an answer, `times` times; None: always.

    Either an error (`status`; `retry_after_s` and `reset_s` in seconds from now), or the stream
    breaks off after `cut` events, or nothing ever comes (`hang`).
    """

    status: int = 0
    message: str = ""
    code: str = ""
    retry_after_s: float | None = None
    reset_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    hang: bool = False
    times: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One answer: what is said, after how many seconds, and what is done (nothing: the end).

    `usage` is what is told to have been used up; None: about what it was.
    """

    op: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""
    delay_s: float = 0.0
    faults: tuple[Fault, ...] = ()
    usage: Mapping[str, int] | None = None


Attempts = Sequence[Sequence[Step]]  # the last one serves all further attempts


class Scenarios:
    """All scenarios that a server knows.

    Args:
        path: A file, or a folder of files `NAME.yaml`.

    Raises:
        UsageError: `BAD_SCENARIO`, with file, line and column.
    """

    def __init__(self, path: Path) -> None:
        files = sorted(path.glob("*.y*ml")) if path.is_dir() else [path]
        if not files or not files[0].is_file():
            raise UsageError(
                f"there is no scenario at {str(path)!r}",
                code="BAD_SCENARIO",
                hint="--scenario FILE, or a folder with files NAME.yaml",
            )
        self.files: Mapping[str, Mapping[str, Attempts]] = {
            each.stem: _Source(each).packages() for each in files
        }

    def known(self, within: str = "") -> dict[str, Attempts]:
        """The packages of a file, or of all of them."""
        if within:
            return dict(self.files[within])
        return {name: each for file in self.files.values() for name, each in file.items()}


class _Source:
    """A file being read, with the place of every node."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def packages(self) -> dict[str, Attempts]:
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(self._path.read_bytes())
        self._loader: Any = loader
        try:
            root: Any = loader.get_single_node()
            if root is None or root.id != "mapping":
                raise self._bad(root, "a scenario maps package ids to steps")
            return {str(key.value): self._attempts(value) for key, value in root.value}
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = f"{self._path}:{mark.line + 1}:{mark.column + 1}" if mark else str(self._path)
            raise UsageError(
                f"it is not YAML: {error.problem}", code="BAD_SCENARIO", where=where
            ) from None
        finally:
            loader.dispose()

    def _attempts(self, node: Any) -> Attempts:
        items = self._list(node, "a list of steps, or a list of such lists, one an attempt")
        if items and all(each.id == "sequence" for each in items):
            written = set[str]()  # by earlier attempts: it may still be there
            return [self._script(each, written) for each in items]
        return [self._script(node, set())]

    def _script(self, node: Any, written: set[str]) -> list[Step]:
        """The steps, with what stands before one (words, delays, faults) gathered into it."""
        script: list[Step] = []
        waiting, there, summary, seen = Step(), set[str](), OVER, False
        for name, given, place in self._plain(node):
            if len(script) > MOST_TURNS:
                raise self._bad(node, f"a script has at most {MOST_TURNS} steps")
            match name:
                case "say" | "print":
                    waiting = replace(waiting, says="\n".join(filter(None, [waiting.says, given])))
                case "sleep":
                    waiting = replace(waiting, delay_s=waiting.delay_s + given)
                case "fault":
                    waiting = replace(waiting, faults=(*waiting.faults, _fault(given)))
                case "usage":
                    waiting = replace(waiting, usage={key: int(given[key]) for key in given})
                case "result":
                    summary = str(given.get("summary") or OVER)
                case "finish":
                    summary, seen = given, True
                case _ if seen:
                    raise self._bad(place, "nothing is done after finish")
                case _:
                    path = str(given.get("path", ""))
                    unread = name == "edit" or (name == "write" and path in written)
                    if unread and path not in there:  # most agents insist on it
                        script.append(replace(waiting, op="read", given={"path": path}))
                        waiting = Step(usage=waiting.usage)
                    if name == "write" and path in there | written:
                        given = {**given, "there": True}  # noqa: PLW2901 - with what is known
                    there.discard(path) if name == "delete" else there.add(path)
                    script.append(replace(waiting, op=name, given=given))
                    waiting = Step(usage=waiting.usage)
        written |= there
        words = "\n".join(filter(None, [waiting.says, summary]))
        return [*script, replace(waiting, says=words)]

    def _plain(self, node: Any) -> Iterator[tuple[str, Any, Any]]:
        """Name, value and node of each step, repetitions written out."""
        for each in self._list(node, "a list of steps"):
            if each.id != "mapping" or len(each.value) != 1:
                raise self._bad(each, "a step has one name, such as `write:` or `shell:`")
            ((key, value),) = each.value
            if key.value == "repeat":
                yield from self._repeated(value)
                continue
            given = self._loader.construct_object(value, deep=True)
            yield key.value, self._checked(key.value, given, each), each

    def _repeated(self, node: Any) -> Iterator[tuple[str, Any, Any]]:
        inner = {key.value: value for key, value in node.value} if node.id == "mapping" else {}
        times = self._loader.construct_object(inner["times"]) if "times" in inner else None
        if set(inner) != {"times", "steps"} or not isinstance(times, int):
            raise self._bad(node, "repeat takes times, a number, and steps")
        steps = list(self._plain(inner["steps"]))
        for _ in range(min(times, MOST_TURNS + 1)):
            yield from steps

    def _checked(self, name: str, given: Any, node: Any) -> Any:
        if name in _FIELDS:
            wanted, more = _FIELDS[name]
            if not isinstance(given, dict) or not wanted <= set(given) <= wanted | more:
                raise self._bad(node, f"{name} takes {', '.join(sorted(wanted | more))}")
            args = given.get("args", {})
            if not isinstance(args, dict):
                raise self._bad(node, f"{name}: args is a mapping")
            return {key: each if key == "args" else str(each) for key, each in given.items()}
        if name not in _PLAIN:
            known = ", ".join([*_FIELDS, *_PLAIN, "repeat"])
            raise self._bad(node, f"there is no step {name!r}; steps: {known}")
        kinds, told = _PLAIN[name]
        fits = isinstance(given, kinds) and not isinstance(given, bool)
        if not fits or (name == "fault" and not self._is_fault(given)):
            raise self._bad(node, f"{name} takes {told}")
        if name == "usage" and not set(given) <= _USAGE:
            raise self._bad(node, f"{name} takes {told}")
        return {"text": given} if name in {"shell", "commit"} else given

    def _is_fault(self, given: Mapping[str, Any]) -> bool:
        fits = all(key in _FAULT and isinstance(given[key], _FAULT[key]) for key in given)
        return fits and len({"status", "cut", "hang"} & set(given)) == 1

    def _list(self, node: Any, told: str) -> list[Any]:
        if node.id != "sequence":
            raise self._bad(node, f"here must stand {told}")
        items: list[Any] = node.value
        return items

    def _bad(self, node: Any, message: str) -> UsageError:
        mark = node.start_mark if node is not None else None
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        return UsageError(message, code="BAD_SCENARIO", where=f"{self._path}{place}")


def _fault(given: Mapping[str, Any]) -> Fault:
    return Fault(
        status=given.get("status", 0),
        message=given.get("message", ""),
        code=given.get("code", ""),
        retry_after_s=given.get("retry_after"),
        reset_s=given.get("reset"),
        headers={str(key): str(value) for key, value in given.get("headers", {}).items()},
        cut=given.get("cut"),
        hang=given.get("hang", False),
        times=given.get("times"),
    )
