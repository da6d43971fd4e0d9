"""How the scripted model reads scenarios, and does a step with the tools that are offered."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from plait import demo
from plait.demo.model import listing, tools
from plait.demo.model.heard import Heard, Piece, Tool, Voice
from plait.demo.model.scenario import Scenarios
from plait.errors import UsageError


def tool(name: str, *keys: str, required: tuple[str, ...] = (), **properties: Any) -> Tool:
    """An offered tool; keys are texts."""
    inner: dict[str, Any] = {key: {"type": "string"} for key in keys} | properties
    return Tool(name=name, properties=inner, required=required or tuple(keys))


def test_a_step_is_called_by_each_program_s_own_names():
    """Names of tools and arguments are those of the offer; what else it wants is filled in."""
    given = {"path": "a/b.txt", "text": "x", "old": "o", "new": "n"}
    several = {"edits": {"type": "array", "items": {"properties": {"oldText": {}, "newText": {}}}}}
    for op, offered, expected in (
        ("write", tool("write", "filePath", "content"), {"filePath": "/w/a/b.txt", "content": "x"}),
        (
            "write",
            tool("file_editor", "command", "path", "file_text"),
            {"command": "create", "path": "/w/a/b.txt", "file_text": "x"},
        ),
        (
            "edit",
            tool("replace", "file_path", "old_string", "new_string", "instruction"),
            {
                "file_path": "/w/a/b.txt",
                "old_string": "o",
                "new_string": "n",
                "instruction": "Change a/b.txt",
            },
        ),
        (
            "edit",
            tool("edit", "path", **several),
            {"path": "/w/a/b.txt", "edits": [{"oldText": "o", "newText": "n"}]},
        ),
        ("read", tool("view", "path"), {"path": "/w/a/b.txt"}),
        (
            "shell",
            tool("bash", "command", "description", flag={"type": "boolean"}),
            {"command": "x", "description": "Run a command"},
        ),
        ("shell", tool("run_commands", commands={"type": "array"}), {"commands": ["x"]}),
        ("shell", tool("shell", command={"type": "array"}), {"command": ["bash", "-lc", "x"]}),
    ):
        assert tools.call(op, given, [offered], "/w") == ("", offered.name, expected)


def test_a_patch_stands_in_for_files():
    """A program that takes patches gets one; freeform as a text, else as its argument."""
    given = {"path": "a.txt", "text": "one\ntwo\n"}
    patch = "*** Begin Patch\n*** Add File: a.txt\n+one\n+two\n*** End Patch\n"
    free = Tool(name="apply_patch", freeform=True)
    assert tools.call("write", given, [free, tool("exec_command", "cmd")]) == (
        "", "apply_patch", patch,
    )  # fmt: skip
    plain = tool("apply_patch", "input")
    assert tools.call("write", given, [plain]) == ("", "apply_patch", {"input": patch})
    updated = tools.call("edit", {"path": "a.txt", "old": "one", "new": "1"}, [free])
    assert updated
    assert "*** Update File: a.txt\n@@\n-one\n+1\n" in updated[2]


def test_a_shell_can_do_everything(tmp_path):
    """Where nothing else is offered each step is a command, which does the same."""
    offered = [tool("bash", "command")]
    for op, given in (
        ("write", {"path": "d/it's.txt", "text": "one 'two'\n"}),
        ("append", {"path": "d/it's.txt", "text": "three\n"}),
        ("edit", {"path": "d/it's.txt", "old": "'two'", "new": '"2"'}),
        ("rename", {"from": "d/it's.txt", "to": "d/-b"}),
        ("chmod", {"path": "d/-b", "mode": "755"}),
        ("symlink", {"path": "link", "target": "d/-b"}),
        ("write", {"path": "gone", "text": ""}),
        ("delete", {"path": "gone"}),
    ):
        called = tools.call(op, given, offered)
        assert called
        assert isinstance(called[2], dict)
        subprocess.run(["/bin/sh", "-c", called[2]["command"]], cwd=tmp_path, check=True)
    assert (tmp_path / "link").read_text() == 'one "2"\nthree\n'
    assert (tmp_path / "d" / "-b").stat().st_mode & 0o777 == 0o755
    assert not (tmp_path / "gone").exists()


def test_a_tool_that_only_makes_new_files_is_not_used_for_others():
    """A file that is there is written by another tool than one that only creates."""
    offered = [tool("create", "path", "file_text"), tool("bash", "command")]
    new = tools.call("write", {"path": "a", "text": ""}, offered)
    there = tools.call("write", {"path": "a", "text": "", "there": True}, offered)
    assert new
    assert there
    assert [new[1], there[1]] == ["create", "bash"]


def test_a_program_that_ends_by_its_shell_is_told_the_word_for_it():
    """Wherever it tells its model of it: in the system's words, or in the user's."""
    word = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
    shell = (tool("bash", "command"),)
    for voice in (Voice.SYSTEM, Voice.USER):
        pieces = (Piece(voice=voice, text=f"End by: echo {word}"),)
        heard = Heard(model="m", stream=False, pieces=pieces, tools=shell)
        assert tools.last_call(heard.told, shell) == ("", "bash", {"command": f"echo {word}"})
    assert tools.last_call("just say so", shell) is None


def test_nothing_fits():
    """With no tool by which a step could be done there is no call."""
    assert tools.call("shell", {"text": "ls"}, [tool("search", "query")]) is None


def test_tools_of_mcp_servers_have_many_names():
    """A server's tool is called as it is offered, in two parts too, or by its commonest name."""
    given = {"server": "demo", "tool": "add", "args": {"a": 1}}
    for offered, expected in (
        (tool("demo_add"), ("", "demo_add")),
        (tool("mcp_demo_add"), ("", "mcp_demo_add")),
        (tool("mcp__demo__add"), ("", "mcp__demo__add")),
        (Tool(name="add", namespace="mcp__demo"), ("mcp__demo", "add")),
        (tool("exec_command", "cmd"), ("mcp__demo", "add")),
        (tool("Bash", "command"), ("", "mcp__demo__add")),
    ):
        assert tools.call("mcp", given, [offered]) == (*expected, {"a": 1})


DECLARED = """Run JavaScript.

### `apply_patch`
declare const tools: { apply_patch(input: string): Promise<unknown>; };

### `exec_command`
declare const tools: { exec_command(args: {
  // Shell command to execute.
  cmd: string;
  login?: boolean;
}): Promise<unknown>; };
"""


def test_tools_are_called_from_within_another():
    """A program that takes JavaScript gets its calls as such, by what it declares."""
    offered = [Tool(name="exec", namespace="functions", freeform=True, description=DECLARED)]
    for op, given, expected in (
        ("shell", {"text": 'echo "x"'}, r'tools.exec_command({"cmd": "echo \"x\""})'),
        ("write", {"path": "a", "text": "b"}, 'tools.apply_patch("*** Begin Patch'),
        ("mcp", {"server": "demo", "tool": "add"}, "tools.mcp__demo__add({})"),
    ):
        called = tools.call(op, given, offered)
        assert called
        assert called[:2] == ("functions", "exec")
        assert str(called[2]).startswith(f"text(await {expected}")


def test_edits_as_text():
    """Programs that offer no tools get their edits in the form that they ask for."""
    steps = [
        ("write", {"path": "a", "text": "x\n"}),
        ("edit", {"path": "b", "old": "o", "new": "n"}),
    ]
    told = listing.listed(steps, "Use SEARCH/REPLACE blocks", "")
    assert told == (
        "a\n```\n<<<<<<< SEARCH\n=======\nx\n>>>>>>> REPLACE\n```\n\n"
        "b\n```\n<<<<<<< SEARCH\no\n=======\nn\n>>>>>>> REPLACE\n```"
    )
    assert listing.listed(steps, "a *file listing*", "") == "a\n```\nx\n```"
    assert listing.listed(steps, "be kind", "") is None


def test_an_edit_where_whole_files_are_wanted():
    """The file as the program showed it last, with all edits of the script in it."""
    shown = "b\n````\nolder\n````\n\nb\n````\none\n```\ntwo\n````\n\nbc\n````\nx\n````\n"
    edits = [
        ("edit", {"path": "b", "old": "one", "new": "1"}),
        ("edit", {"path": "b", "old": "two", "new": "2"}),
        ("edit", {"path": "hidden", "old": "o", "new": "n"}),
    ]
    told = listing.listed(edits, "a *file listing*:\n````", shown)
    assert told == "b\n````\n1\n```\n2\n````"


def test_the_demo_s_script_is_a_scenario():
    """What the scripted agent plays, the model plays too."""
    known = Scenarios(demo.SCRIPT).known()
    assert len(known["wp-functions"]) == 2
    ops = [each.op for each in known["wp-integration"][0]]
    assert ops == ["read", "write", "write", "read", "edit", "edit", "shell", ""]


def test_words_and_delays_belong_to_the_next_step(tmp_path):
    """Words, delays and faults are gathered into the answer that follows; repeats are many."""
    path = tmp_path / "s.yaml"
    path.write_text(
        "a:\n- say: one\n- sleep: 0.5\n- fault: {status: 500}\n- shell: x\n"
        "- repeat: {times: 2, steps: [{say: again}, {shell: y}]}\n- result: {summary: over}\n"
    )
    first, second, third, last = Scenarios(path).known()["a"][0]
    assert (first.says, first.delay_s, len(first.faults)) == ("one", 0.5, 1)
    assert [(each.says, each.delay_s) for each in (second, third)] == [("again", 0.0)] * 2
    assert (last.op, last.says) == ("", "over")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("- a", 1),
        ("a:\n- shell: 3", 2),
        ("a:\n- shell: x\n- jump: 3", 3),
        ("a:\n- write: {path: x}", 2),
        ("a:\n- fault: {status: 500, hang: true}", 2),
        ("a:\n- fault: {states: 500}", 2),
        ("a:\n- usage: {out: 5}", 2),
        ("a:\n- repeat: {times: many, steps: []}", 2),
        ("a:\n- finish: x\n- shell: y", 3),
        ("a:\n- call: {name: x, args: 3}", 2),
        ("a: [", 2),
    ],
)
def test_a_wrong_scenario_is_told_with_its_place(tmp_path, text, line):
    """A mistake in a scenario has a code, and the line where it stands."""
    path = tmp_path / "s.yaml"
    path.write_text(text)
    with pytest.raises(UsageError) as raised:
        Scenarios(path)
    assert raised.value.code == "BAD_SCENARIO"
    assert raised.value.where.startswith(f"{path}:{line}:")


def test_no_scenario_is_told(tmp_path):
    """A missing file, or a folder without any, is named."""
    for path in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(UsageError, match="no scenario"):
            Scenarios(path)
