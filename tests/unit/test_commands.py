"""The commands for agents' own programs: their texts, their forms, and whose a file is."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from plait.app.commands.layouts import AGENTS, LAYOUTS, Layout, typed
from plait.app.commands.sources import NAMES, Command, commands
from plait.cli.main import root
from plait.core.finding import errors
from plait.core.owned import Owner, owner_of, stamped
from plait.plans import work_packages
from plait.ports import PlanSource

COMMANDS = {each.name: each for each in commands()}
FORMS = [
    pytest.param(layout, command, id=f"{layout.folder}-{name}")
    for layout in LAYOUTS
    for name, command in COMMANDS.items()
]
# What a source's own command takes; its options must stand in Plait's as well.
ARGUMENTS = {
    "parallel-plan-feature": ["<feature description>"],
    "parallel-implement-feature": ["<change-id>"],
    "orchestrate-implementation": ["<feature-folder-path>"],
    "parallel-implementation": ["<spec-slug>"],
    "spec:parallel_execute": [
        "<feature-name>",
        "[--max-agents=N]",
        "[--dry-run]",
        "[--continue-on-error]",
        "[--track=TRACK]",
    ],
}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:nohup )?plait [^`]+)`")


def prompt_of(layout: Layout, command: Command) -> str:
    """What the agent is told, of a file as it is written."""
    text = layout.render(command, version="1.0")
    if layout.ending == ".toml":
        prompt: str = tomllib.loads(text)["prompt"]
        return prompt
    return text.split("---\n", 2)[2]


def head_of(layout: Layout, command: Command) -> dict[str, Any]:
    """The fields before it."""
    text = layout.render(command, version="1.0")
    if layout.ending == ".toml":
        return {key: each for key, each in tomllib.loads(text).items() if key != "prompt"}
    head: dict[str, Any] = yaml.safe_load(text.split("---\n", 2)[1])
    return head


def calls(text: str) -> list[list[str]]:
    """The calls of `plait` that a text tells to make, in blocks and in its lines."""
    blocks = [block for kind, block in _FENCE.findall(text) if not kind]
    lines = [line for block in blocks for line in block.splitlines()]
    lines += _INLINE.findall(_FENCE.sub("", text))
    words = [shlex.split(line.partition(" > ")[0]) for line in lines if "plait " in line]
    return [each[each.index("plait") + 1 :] for each in words if "plait" in each]


def read_by_click(argv: list[str]) -> None:
    """Have a call read by the command line's own parser; nothing is carried out.

    A verb alone is its name in a sentence, and needs no arguments.

    Raises:
        click.UsageError: There is no such verb or option, or its value is none.
    """
    above = click.Context(root)
    name, command, rest = root.resolve_command(above, argv)
    assert command
    if rest:
        command.make_context(name, rest, parent=above)


@pytest.mark.parametrize(("layout", "command"), FORMS)
def test_each_call_in_a_command_is_one_that_plait_takes(layout: Layout, command: Command) -> None:
    """Verbs, options and their values are read by the command line's own parser."""
    found = calls(prompt_of(layout, command))
    for argv in found:
        read_by_click(argv)
    assert {"check", "show", "approve", "run", "doctor"} <= {argv[0] for argv in found}
    # approval is the person's: no call to make has it said by the agent
    assert [argv for argv in found if "--yes" in argv] == []


def test_a_call_that_plait_does_not_take_would_be_found() -> None:
    """The test above sees verbs, options and values that do not exist."""
    for line in (
        "plait fly x",
        "plait run x --sideways",
        "plait run x --max-agents N",
        "plait run --qa",
    ):
        for text in (f"```\n{line} > out 2>&1 &\n```\n", f"Call `{line}`."):
            (argv,) = calls(text)
            with pytest.raises(click.UsageError):
                read_by_click(argv)


@pytest.mark.parametrize(("layout", "command"), FORMS)
def test_nothing_in_a_command_is_expanded_but_its_arguments(
    layout: Layout, command: Command
) -> None:
    """No file, shell or position that a program would put in, and no place left unfilled."""
    prompt = prompt_of(layout, command)
    places = re.findall(r"\$ARGUMENTS|\{\{args\}\}", prompt)
    by_skill = layout.folder == ".agents/skills"
    assert len(places) == (0 if by_skill else 1)
    rest = re.sub(r"\$ARGUMENTS|\{\{args\}\}", "", prompt)
    for sign in ("$", "@", "!`", "!{", "{{", "}}", "'''"):
        assert sign not in rest


@pytest.mark.parametrize(("layout", "command"), FORMS)
def test_the_head_is_what_the_program_reads(layout: Layout, command: Command) -> None:
    """A description in one line, the arguments; a skill's name is its folder's."""
    head = head_of(layout, command)
    assert head["description"].startswith(command.description)
    assert "\n" not in head["description"]
    if layout.folder == ".agents/skills":
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", head["name"])
        assert layout.path(command.name) == f".agents/skills/{head['name']}/SKILL.md"
        assert len(head["description"]) <= 1024
    elif layout.ending == ".md":
        assert head["argument-hint"] == command.hint
    # by other words than its name a model may begin it only where its source says so
    alone = bool(head.get("disable-model-invocation")) or layout.ending == ".toml"
    assert alone or command.triggers


def test_all_five_commands_take_what_their_sources_take() -> None:
    """Names, arguments and options are the sources'."""
    assert tuple(COMMANDS) == NAMES == tuple(ARGUMENTS)
    for name, told in ARGUMENTS.items():
        assert COMMANDS[name].hint == " ".join(told)
    table = COMMANDS["spec:parallel_execute"].body
    for row in (
        "| `--max-agents=N` | at most so many agents at once (default 6) |",
        "| `--dry-run` |",
        "| `--continue-on-error` |",
        "| `--track=TRACK` |",
    ):
        assert row in table


def test_each_agent_has_one_place_and_one_way_to_type_a_command() -> None:
    """The same file never serves two layouts; what is typed fits the program."""
    assert sorted(AGENTS) == ["claude", "codex", "copilot", "gemini", "opencode", "pi", "qwen"]
    paths = [layout.path(name) for layout in LAYOUTS for name in NAMES]
    assert len(set(paths)) == len(paths)
    assert not any(":" in path for path in paths)  # it would not do on every system
    shown = {
        agent: typed(layout, agent, "spec:parallel_execute")
        for layout in LAYOUTS
        for agent in layout.agents
    }
    assert shown == {
        "claude": "/spec:parallel_execute",
        "codex": "$spec-parallel-execute",
        "copilot": "/spec-parallel-execute",
        "gemini": "/spec:parallel_execute",
        "opencode": "/spec/parallel_execute",
        "pi": "/spec-parallel_execute",
        "qwen": "/spec:parallel_execute",
    }


def test_the_plan_that_is_shown_as_an_example_is_one(tmp_path: Path) -> None:
    """The work packages in the planning command are read without an error."""
    body = COMMANDS["parallel-plan-feature"].body
    example = re.search(r"^```yaml\n(.*?)^```", body, re.MULTILINE | re.DOTALL)
    assert example
    place = "openspec/changes/add-user-login/work-packages.yaml"
    path = tmp_path / place
    (path.parent / "contracts").mkdir(parents=True)
    path.write_text(example[1], encoding="utf-8")
    (path.parent / "contracts/login.yaml").write_text(
        json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {}})
    )
    source = PlanSource(root=tmp_path, path=path, name=place, in_repository=True)
    loaded = work_packages.FORMAT.load(source)
    assert loaded.plan
    assert errors(loaded.findings) == ()
    assert [str(each.id) for each in loaded.plan.packages] == ["wp-backend", "wp-integration"]


@pytest.mark.parametrize(("layout", "command"), FORMS)
def test_a_file_says_that_it_is_plait_s(layout: Layout, command: Command) -> None:
    """As long as nothing in it is changed, wherever lines end; and only in its own place."""
    path = layout.path(command.name)
    text = layout.render(command, version="0.2.0")
    told = {"place": path, "version": "0.2.0"}
    assert owner_of(text.encode(), **told) is Owner.OURS
    assert owner_of(text.replace("\n", "\r\n").encode(), **told) is Owner.OURS
    assert owner_of(text.encode() + b" ", **told) is Owner.EDITED
    assert owner_of(text.encode(), place=f"x/{path}", version="0.2.0") is Owner.EDITED
    assert owner_of(text.encode(), place=path, version="0.10") is Owner.OURS
    assert owner_of(text.encode(), place=path, version="0.1.9") is Owner.NEWER


def test_a_file_without_that_line_is_somebody_else_s() -> None:
    """Also if it is no text, is empty, or says so far below."""
    place = ".claude/commands/x.md"
    text = stamped("---\na: 1\n---\n", place=place, version="1", line=1)
    line = text.splitlines(keepends=True)[1]
    for content in (b"", b"\xff\xfe", b"---\na: 1\n---\n", b"\n" * 9 + line.encode()):
        assert owner_of(content, place=place, version="1") is Owner.FOREIGN
    forged = text.replace("plait 1 ", "plait 2 ")
    assert owner_of(forged.encode(), place=place, version="1") is Owner.EDITED
