"""The settings of QA, and of the scenarios that it tries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plait.config import values
from plait.config.table import Table, key
from plait.config.values import WrongValueError
from plait.core.event import QaKind

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_STEPS: Mapping[str, frozenset[str]] = {
    "cli": frozenset({"expect", "send", "type"}),
    "web": frozenset({"expect", "click", "fill", "with", "press"}),
}
_KNOWN = frozenset().union(*_STEPS.values())


def steps(value: Any) -> tuple[Mapping[str, str], ...]:
    """Tables of texts."""
    known = ", ".join(sorted(_KNOWN))
    if not isinstance(value, list):
        raise WrongValueError(f"a list of tables of texts, with the keys {known}")
    for each in value:
        if not isinstance(each, dict) or not each or not set(each) <= _KNOWN:
            raise WrongValueError(f"a list of tables of texts, with the keys {known}")
        if not all(isinstance(told, str) for told in each.values()):
            raise WrongValueError(f"a list of tables of texts, with the keys {known}")
    return tuple(value)


def headers(value: Any) -> Mapping[str, str]:
    """Names and texts."""
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise WrongValueError('a table of texts, like { Accept = "application/json" }')
    return value


def kind_of(found: Mapping[str, Any]) -> str:
    """The kind of a scenario, where it does not say: that of a command, of steps, of a request.

    Raises:
        WrongValueError: What it says does not fit together.
    """
    kind = str(found.get("kind") or ("cli" if found.get("command") else ""))
    if not kind:
        kind = "web" if found.get("steps") else "api"
    if (kind == "cli") != bool(found.get("command")):
        raise WrongValueError("a scenario with a command, or one of kind api or web without")
    odd = [
        name
        for each in found.get("steps", ())
        for name in each
        if name not in _STEPS.get(kind, frozenset())
    ]
    if odd:
        raise WrongValueError(f"a scenario without the step {odd[0]!r}: {kind} has no such")
    return kind


QA = Table(
    about="How the landed tree is tried.",
    keys={
        "run": key(
            "qa_run",
            values.one_of("auto", "always", "never"),
            '`"auto"`',
            'Whether a run ends with [QA](../explanation/qa.md). `"auto"`: where the plan\'s '
            'format prescribes it (Purple), or with `--qa`. `"never"`: with `--qa` alone.',
        ),
        "serve": key(
            "qa_serve",
            values.word,
            "found in the repository",
            "The command that serves pages and API. It listens on `$PORT` of 127.0.0.1, and is "
            "ended with all that it started.",
            '"npm run start"',
        ),
        "address": key(
            "qa_url",
            values.word,
            "`http://127.0.0.1:{port}`",
            "The base address of what is served; `{port}` stands for the leased port.",
            '"http://127.0.0.1:{port}/app"',
        ),
        "ready": key(
            "qa_ready_s",
            values.limit_s,
            '`"60s"`',
            "How long it may take until somebody listens there.",
        ),
        "timeout": key("qa_timeout_s", values.limit_s, '`"2m"`', "How long one item may take."),
        "openapi": key(
            "qa_openapi",
            values.word,
            "found in the repository",
            "Where the API is described: a file of the repository, or a path below the address.",
            '"openapi.yaml"',
        ),
        "cli": key(
            "qa_cli",
            values.word,
            "found in the repository",
            "The command of a command line; it is asked for its `--help`.",
            '"bin/tool"',
        ),
        "pages": key(
            "qa_pages",
            values.texts,
            "`/`, where there is an `index.html`",
            "Paths of pages below the base address. Each must show without errors.",
            '["/", "/about"]',
        ),
        "scenarios": key(
            "qa_scenarios",
            lambda value: value,  # a list of tables: each is read by itself
            "none",
            "What is tried beside that: see [qa.scenarios](#qascenarios).",
            '[{ name = "adds", command = "bin/tool add 1 2", text = ["3"] }]',
        ),
    },
)
SCENARIO = Table(
    about="What is done, and what must come of it.",
    keys={
        "name": key("name", values.word, "required", "How it is called in reports.", '"adds"'),
        "kind": key(
            "kind",
            values.one_of(*(each.value for each in QaKind if each is not QaKind.AGENT)),
            "by what it has",
            '`"cli"`: a command in a terminal. `"api"`: a request. `"web"`: a page.',
            '"cli"',
        ),
        "command": key(
            "command", values.word, "none", "A command for the shell, in the worktree.",
            '"bin/tool add 1 2"',
        ),
        "method": key("method", values.one_of(*_METHODS), '`"GET"`', "Of a request."),
        "path": key(
            "path", values.word, '`"/"`', "Of a request or a page, below the base address."
        ),
        "headers": key(
            "headers", headers, "none", "Of a request.", '{ Accept = "application/json" }'
        ),
        "body": key("body", values.text, "none", "Of a request.", "'{\"name\": \"Ada\"}'"),
        "steps": key(
            "steps",
            steps,
            "none",
            "One after the other. In a terminal: `expect` a text, `send` a line, `type` keys. "
            "In a page: `expect` a text, `click` a selector, `fill` one `with` a text, `press` a "
            "key.",
            '[{ expect = "Name?", send = "Ada" }]',
        ),
        "status": key(
            "status", values.positive, "any below 400", "That the request must be answered with.",
            "201",
        ),
        "text": key(
            "text", values.words, "none", "Texts that must be seen in the end.", '["3"]'
        ),
        "exit_code": key("exit_code", values.count, "0", "That the command must end with."),
        "packages": key(
            "packages",
            values.words,
            "all that landed",
            "Patterns of the packages whose files may be changed to mend it.",
            '["api-*"]',
        ),
    },
)  # fmt: skip
