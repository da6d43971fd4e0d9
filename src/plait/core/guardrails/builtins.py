"""Commands that change the shell itself: its folder, its variables, its aliases."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from plait.core.guardrails.call import Call, behind
from plait.core.guardrails.state import HOLE, State


def run(call: Call, state: State) -> str | None:
    """What it prints, if that is known; the shell's state is changed by it."""
    known = _BUILTINS.get(call.name)
    if known is None:
        return None
    known(call, state)
    return ""


def _cd(call: Call, state: State) -> None:
    path = next(iter(behind(call.args)), "~")
    state.cwd = HOLE if path == "-" else call.normal(path)
    if state.cwd == ".":
        state.cwd = ""


def _unset(call: Call, state: State) -> None:
    for name in behind(call.args):
        state.variables.pop(name, None)
        state.functions.pop(name, None)


def _assigned(call: Call, state: State) -> None:
    """`export "$NAME=value"`: what the grammar does not see as an assignment."""
    for each in behind(call.args):
        name, equals, value = each.partition("=")
        if equals and name.isidentifier():
            state.set(name, ((value,),))


def _read(call: Call, state: State) -> None:
    """Variables that take what comes: a line that is known, if it is a single name."""
    names = behind(call.args, ("-p", "-d", "-t", "-n", "-u", "-N", "-i"))
    lines = (call.stdin or HOLE).split("\n")
    for name in names or ["REPLY"]:
        known = len(names) == 1 and call.stdin is not None
        state.set(name, tuple((each,) for each in lines[:32]) if known else ((HOLE,),))


def _alias(call: Call, state: State) -> None:
    for each in behind(call.args):
        name, equals, text = each.partition("=")
        if equals:
            state.aliases[name] = text


def _set(call: Call, state: State) -> None:
    if call.args[:1] == ("--",):
        state.given = call.args[1:]
    elif call.args and not call.args[0].startswith(("-", "+")):
        state.given = call.args


def _shift(_call: Call, state: State) -> None:
    if state.given is not None:
        state.given = state.given[1:]


_BUILTINS: Mapping[str, Callable[[Call, State], None]] = {
    "cd": _cd, "pushd": _cd, "chdir": _cd, "unset": _unset, "export": _assigned,
    "declare": _assigned, "typeset": _assigned, "local": _assigned, "readonly": _assigned,
    "read": _read, "mapfile": _read, "readarray": _read, "alias": _alias, "set": _set,
    "shift": _shift,
}  # fmt: skip
