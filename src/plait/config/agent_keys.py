"""The settings of agents: profiles, their limits and servers, and who works on what."""

from __future__ import annotations

from collections.abc import Mapping

from plait.config import values
from plait.config.table import Table, key
from plait.core.plan import PackageKind

_PROFILE = {
    "use": key(
        "use",
        values.word,
        "the profile's name",
        'Which agent it is, as `--agent` takes it: `"claude"`, `"command:./agent.sh"`.',
        '"claude"',
    ),
    "program": key(
        "program",
        values.word,
        "the agent's own",
        "The program to run instead: a name on the `PATH`, or a path, relative to the folder of "
        "the file that names it.",
        '"/opt/agents/bin/claude"',
    ),
    "model": key(
        "model",
        values.word,
        "the agent's own choice",
        "The model, as the agent's program calls it.",
        '"MODEL"',
    ),
    "args": key(
        "args", values.texts, "none", "Further arguments for the program.", '["--verbose"]'
    ),
    "env": key(
        "env",
        values.variables,
        "none",
        "Names of your variables that it is handed, beside the few that it needs by itself.",
        '["MY_TOKEN"]',
    ),
    "set_env": key(
        "set_env", values.assignments, "none", "Variables that are set for it.", '{ KEY = "value" }'
    ),
    "trust": key(
        "trust",
        values.trust,
        "2",
        "How far it is trusted, from 0 to 4: see [guardrails](guardrails.md).",
        "3",
    ),
    "limits": key(
        "limits",
        lambda value: value,  # a table of its own
        "none",
        "What one attempt may use up: see [agents.NAME.limits](#agentsnamelimits).",
        "{ turns = 100 }",
    ),
    "mcp": key(
        "mcp",
        lambda value: value,  # a table for each server
        "none",
        "MCP servers that it is told of: see [agents.NAME.mcp.SERVER](#agentsnamemcpserver).",
        '{ docs = { url = "http://127.0.0.1:8080/mcp" } }',
    ),
}
_LIMITS = {
    "turns": key("turns", values.positive, "none", "Steps of its model.", "100"),
    "tokens": key("tokens", values.positive, "none", "Tokens, read and written.", "2_000_000"),
    "cost": key("cost_usd", values.money, "none", "USD, where it says what it costs.", "2.5"),
    "memory": key(
        "memory",
        values.limit_size,
        "none",
        "Memory of the agent and of everything that it started, together.",
        '"2 GiB"',
    ),
    "output": key("output", values.limit_size, "none", "What it writes as output.", '"50 MB"'),
}
_SERVER = {
    "command": key(
        "command", values.word, "none", "The program of a server that talks over its standard "
        "input and output.", '"docs-server"',
    ),
    "args": key("args", values.texts, "none", "Its arguments.", '["--stdio"]'),
    "env": key(
        "env", values.assignments, "none", "Variables that are set for it.", '{ KEY = "value" }'
    ),
    "url": key(
        "url", values.word, "none", "Instead of `command`: the address of a server over HTTP.",
        '"http://127.0.0.1:8080/mcp"',
    ),
}  # fmt: skip
_RULE = {
    "agent": key(
        "agents",
        values.words,
        "required",
        "Who works: a name, or a list of them. Of several the first one works; the next ones "
        "take over, in this order, where it fails by itself or must rest.",
        '"claude"',
    ),
    "match": key("pattern", values.word, "any", "A pattern of the package's id.", '"api-*"'),
    "kind": key(
        "kind",
        values.one_of(*(kind.value for kind in PackageKind if kind.has_agent)),
        "any",
        'The package\'s kind: `"implement"`, `"integrate"`, `"qa"` or `"fix"`.',
        '"integrate"',
    ),
    "role": key(
        "role", values.word, "any", "A pattern of the role that the plan gives it.", '"frontend*"'
    ),
    "archetype": key(
        "archetype",
        values.word,
        "any",
        "A pattern of the archetype that the plan gives it.",
        '"migration"',
    ),
    "trust": key(
        "trust",
        values.positive,
        "any",
        "The least level of trust that the plan asks for: this one or a higher one.",
        "3",
    ),
    "track": key("track", values.word, "any", "A pattern of its track.", '"A"'),
    "phase": key("phase", values.word, "any", "A pattern of its phase.", '"1*"'),
    "group": key("group", values.word, "any", "A pattern of its group.", '"api*"'),
}

# Tables that a name, or a place in a list, stands for.
FURTHER: Mapping[str, Table] = {
    "run.agents": Table(about="Who works on which packages.", keys=_RULE),
    "agents.NAME": Table(about="An agent as you want it, by a name of your own.", keys=_PROFILE),
    "agents.NAME.limits": Table(about="What one attempt of it may use up.", keys=_LIMITS),
    "agents.NAME.mcp.SERVER": Table(about="An MCP server.", keys=_SERVER),
    "agent.limits": Table(
        about="What one attempt of any agent may use up, if its own limits say nothing else.",
        keys={
            **_LIMITS,
            "output": key(
                "output", values.limit_size, '`"1 GiB"`', "What it writes as output.", '"50 MB"'
            ),
        },
    ),
}
