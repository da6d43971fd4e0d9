"""Steps → calls of the tools that a request offers, by their names and their schemas."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from plait.demo.model import nested
from plait.demo.model.heard import Tool

_PATH = ("file_path", "filePath", "path", "absolute_path", "target_file", "filename", "file")
_TEXT = ("content", "contents", "file_text", "text", "new_content", "file_content")
_OLD = ("old_string", "oldString", "old_str", "oldText", "old", "search")
_NEW = ("new_string", "newString", "new_str", "newText", "new", "replace")
_COMMAND = ("command", "cmd", "commands", "script")

# Names that programs have for such a tool, the surest first.
_WRITES = (
    "Write",
    "write",
    "write_file",
    "create",
    "create_file",
    "file_editor",
    "str_replace_editor",
)
_ONLY_NEW = {"create", "create_file", "file_editor", "str_replace_editor"}  # never write anew
_EDITS = (
    "Edit",
    "edit",
    "replace",
    "edit_file",
    "str_replace",
    "file_editor",
    "str_replace_editor",
)
_READS = ("Read", "read", "read_file", "view", "view_file", "open_file", "file_editor")
_SHELLS = (
    "Bash", "bash", "run_shell_command", "exec_command", "shell_command", "shell", "local_shell",
    "run_commands", "terminal", "run_terminal_cmd", "execute_command", "execute_bash",
)  # fmt: skip
_FINISH = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"  # the word by which some programs know the end
_SHELL_LIST = ("bash", "-lc")

Called = tuple[str, str, Mapping[str, Any] | str]  # namespace, name, arguments


def call(op: str, given: Mapping[str, Any], tools: Sequence[Tool], cwd: str = "") -> Called | None:
    """The call that does a step; None if the request offers nothing by which to do it."""
    host = nested.host(tools)
    if host is not None and not (op == "call" and given["name"] in {t.name for t in tools}):
        called = call(op, given, nested.inside(host), cwd)
        if called is None:
            return None
        name = "__".join(filter(None, called[:2]))
        return host.namespace, host.name, nested.script(name, called[2])
    match op:
        case "call":
            return _verbatim(given["name"], given.get("args", {}), tools)
        case "mcp":
            return _mcp(given, tools)
        case "write":
            found = _write(given, tools, cwd) or _patch(_added(given), tools)
        case "edit":
            found = _edit(given, tools, cwd) or _patch(_updated(given), tools)
        case "read":
            found = _read(given, tools, cwd)
        case _:
            found = None
    return found or _shell(command(op, given), tools)


def command(op: str, given: Mapping[str, Any]) -> str:
    """A step as a shell's command."""
    path = shlex.quote(given.get("path", ""))
    folder = f'mkdir -p -- "$(dirname -- {path})" && '
    text = shlex.quote(given.get("text", ""))
    match op:
        case "write":
            return f"{folder}printf %s {text} > {path}"
        case "append":
            return f"{folder}printf %s {text} >> {path}"
        case "edit":
            old, new = repr(given["old"]), repr(given["new"])
            code = f"p, old, new = {given['path']!r}, {old}, {new}; text = open(p).read(); "
            code += "assert old in text; open(p, 'w').write(text.replace(old, new))"
            return f"python3 -c {shlex.quote(code)}"
        case "read":
            return f"cat -- {path}"
        case "delete":
            return f"rm -- {path}"
        case "rename":
            return f"mv -- {shlex.quote(given['from'])} {shlex.quote(given['to'])}"
        case "chmod":
            return f"chmod {shlex.quote(given['mode'])} {path}"
        case "symlink":
            return f"ln -s -- {shlex.quote(given['target'])} {path}"
        case "commit":
            who = "-c user.name=Scripted -c user.email=scripted@localhost"
            return f"git add -A && git {who} commit -q -m {text}"
        case _:
            return str(given["text"])


def last_call(told: str, tools: Sequence[Tool]) -> Called | None:
    """What ends the work where a program wants a word by its shell; None where words will do.

    Args:
        told: What the program told the model, as its system or in the user's name.
        tools: What it offers.
    """
    return _shell(f"echo {_FINISH}", tools) if _FINISH in told else None


def sample(schema: Mapping[str, Any]) -> Any:
    """A value of a JSON schema, as small as can be."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = str(schema.get("type", "object")).lower()
    if kind == "object":
        inner = schema.get("properties") or {}
        return {key: sample(inner.get(key, {})) for key in schema.get("required") or inner}
    plain = {"string": "ok", "integer": 1, "number": 1, "boolean": False, "array": []}
    return plain.get(kind)


def filler(schema: Mapping[str, Any] | None) -> str:
    """The answer to a request that is none of the agent's work, such as for a title."""
    return json.dumps(sample(schema)) if schema else "Working on the package"


def _named(names: Sequence[str], tools: Sequence[Tool], *groups: Sequence[str]) -> Tool | None:
    """The offered tool of one of these names that has a property of each group."""
    offered = {each.name: each for each in tools if all(_key(each, g) for g in groups)}
    return next((offered[name] for name in names if name in offered), None)


def _key(tool: Tool, names: Sequence[str]) -> str:
    return next((each for each in names if each in tool.properties), "")


def _full(tool: Tool, arguments: Mapping[str, Any], told: str) -> dict[str, Any]:
    """Arguments with whatever else the schema wants; of texts, what the call is for."""
    more = {}
    for key in tool.required:
        if key not in arguments:
            schema = tool.properties.get(key) or {}
            text = schema.get("type", "string") == "string" and "enum" not in schema
            more[key] = told if text else sample(schema)
    return {**arguments, **more}


def _place(path: str, cwd: str) -> str:
    return path if path.startswith("/") or not cwd else f"{cwd.rstrip('/')}/{path}"


def _write(given: Mapping[str, Any], tools: Sequence[Tool], cwd: str) -> Called | None:
    tool = _named(_WRITES, tools, _PATH, _TEXT)
    if tool is None or (given.get("there") and tool.name in _ONLY_NEW):
        return None
    arguments = {_key(tool, _PATH): _place(given["path"], cwd), _key(tool, _TEXT): given["text"]}
    return _done(tool, arguments, "create", f"Write {given['path']}")


def _edit(given: Mapping[str, Any], tools: Sequence[Tool], cwd: str) -> Called | None:
    several = next((t for t in tools if t.name in _EDITS and "edits" in t.properties), None)
    tool = _named(_EDITS, tools, _PATH, _OLD, _NEW) or several
    if tool is None or not _key(tool, _PATH):
        return None
    arguments: dict[str, Any] = {_key(tool, _PATH): _place(given["path"], cwd)}
    if _key(tool, _OLD):
        arguments |= {_key(tool, _OLD): given["old"], _key(tool, _NEW): given["new"]}
    else:
        inner = ((tool.properties["edits"].get("items") or {}).get("properties")) or {}
        old = next((each for each in _OLD if each in inner), "oldText")
        new = next((each for each in _NEW if each in inner), "newText")
        arguments["edits"] = [{old: given["old"], new: given["new"]}]
    return _done(tool, arguments, "str_replace", f"Change {given['path']}")


def _read(given: Mapping[str, Any], tools: Sequence[Tool], cwd: str) -> Called | None:
    tool = _named(_READS, tools, _PATH)
    if tool is None:
        return None
    arguments = {_key(tool, _PATH): _place(given["path"], cwd)}
    return _done(tool, arguments, "view", f"Read {given['path']}")


def _done(tool: Tool, arguments: dict[str, Any], verb: str, told: str) -> Called:
    """With the verb that tools want which do several things."""
    if "command" in tool.required:
        arguments = {"command": verb, **arguments}
    return tool.namespace, tool.name, _full(tool, arguments, told)


def _shell(text: str, tools: Sequence[Tool]) -> Called | None:
    tool = _named(_SHELLS, tools, _COMMAND)
    if tool is None:
        return None
    key = _key(tool, _COMMAND)
    value: Any = text
    if tool.properties[key].get("type") == "array":
        value = [text] if key == "commands" else [*_SHELL_LIST, text]
    return tool.namespace, tool.name, _full(tool, {key: value}, "Run a command")


def _patch(text: str, tools: Sequence[Tool]) -> Called | None:
    tool = next((each for each in tools if each.name == "apply_patch"), None)
    if tool is None:
        return None
    if tool.freeform:
        return tool.namespace, tool.name, text
    key = _key(tool, ("input", "patch", "patch_text", "patchText")) or "input"
    return tool.namespace, tool.name, _full(tool, {key: text}, "Change files")


def _added(given: Mapping[str, Any]) -> str:
    lines = "".join(f"+{each}\n" for each in given["text"].removesuffix("\n").split("\n"))
    return f"*** Begin Patch\n*** Add File: {given['path']}\n{lines}*** End Patch\n"


def _updated(given: Mapping[str, Any]) -> str:
    old = "".join(f"-{each}\n" for each in given["old"].removesuffix("\n").split("\n"))
    new = "".join(f"+{each}\n" for each in given["new"].removesuffix("\n").split("\n"))
    return f"*** Begin Patch\n*** Update File: {given['path']}\n@@\n{old}{new}*** End Patch\n"


def _verbatim(name: str, arguments: Mapping[str, Any], tools: Sequence[Tool]) -> Called:
    offered = next((each for each in tools if each.name == name), None)
    return (offered.namespace if offered else ""), name, arguments


def _mcp(given: Mapping[str, Any], tools: Sequence[Tool]) -> Called:
    """A tool of an MCP server. One that is not offered is called by its commonest name."""
    server, name, arguments = given["server"], given["tool"], given.get("args", {})
    for each in tools:
        if each.namespace and each.name == name and server in each.namespace:
            return each.namespace, name, arguments
    known = [f"{head}{server}{dash}{name}" for head in ("mcp__", "mcp_", "")
             for dash in ("__", "_", "-")]  # fmt: skip
    offered = {each.name for each in tools}
    if any(each.namespace for each in tools) or "exec_command" in offered:
        return f"mcp__{server}", name, arguments
    return "", next((each for each in known if each in offered), known[0]), arguments
