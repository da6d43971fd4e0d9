"""The reference of the coordinator's verbs is what their descriptions say.

`python -m tests.unit.test_coordinator_docs` writes it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plait.core import policy
from plait.engine.coordinator.desk import VERBS
from plait.engine.coordinator.verb import Capability, Verb
from plait.service.handshake import Class, class_of

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "coordinator.md"
BEGIN, END = "<!-- verbs -->\n", "<!-- end of verbs -->\n"


def kinds(schema: dict[str, Any]) -> str:
    """The type of a field, in short."""
    if "const" in schema or "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema.get("enum", [schema.get("const")]))
    if "anyOf" in schema:
        return " or ".join(kinds(each) for each in schema["anyOf"])
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if schema.get("type") == "array":
        return f"list of {kinds(schema.get('items', {}))}"
    return str(schema.get("type", "any JSON"))


def row(name: str, schema: dict[str, Any], *, needed: bool) -> str:
    """A field as a row of a table."""
    default = "" if needed else f"; default `{str(schema.get('default')).lower()}`"
    if schema.get("default") in (None, "", [], {}):
        default = "" if needed else "; may be left out"
    told = " ".join(str(schema.get("description", "")).split()).replace("|", "\\|")
    return f"| `{name}` | {kinds(schema)}{default} | {told} |"


def fields(schema: dict[str, Any], *, asked: bool) -> Iterator[str]:
    """The fields of a request or an answer as a table."""
    properties = schema.get("properties", {})
    if not properties:
        return
    yield "| field | type | meaning |"
    yield "|---|---|---|"
    for name, each in properties.items():
        yield row(name, each, needed=not asked or name in schema.get("required", ()))


def section(verb: Verb[Any, Any]) -> Iterator[str]:
    """What a page tells of a verb."""
    yield f"### {verb.name}"
    yield ""
    yield verb.description
    yield ""
    session = "needs a session" if verb.needs_session else "needs no session"
    kind = policy.VERBS[verb.name]
    yield (
        f"It {session}; to the [policy](../howto/write-policies.md) it is of the kind "
        f"`{kind}` (trust {policy.NEEDED[kind]:d})."
    )
    yield ""
    table = list(fields(verb.asks.model_json_schema(), asked=True))
    yield from ["Asks:", "", *table, ""] if table else ["It asks for nothing.", ""]
    schema = verb.answers.model_json_schema(mode="serialization")
    yield from ["Answers:", "", *fields(schema, asked=False), ""]
    for name, inner in schema.get("$defs", {}).items():
        if inner.get("properties"):
            yield from [f"`{name}`:", "", *fields(inner, asked=False), ""]


def described() -> str:
    """All verbs, by capability."""
    lines: list[str] = []
    for capability in Capability:
        verbs = [each for each in VERBS.values() if each.capability is capability]
        if not verbs:
            continue
        weight = class_of(capability)
        lines += [f"## {capability}", "", f"Class: {weight}.", ""]
        for verb in verbs:
            lines += section(verb)
    return "\n".join(lines)


def test_the_reference_of_the_verbs_is_current() -> None:
    """Every verb, every field, in the words of the code; the module's own command writes it."""
    text = PAGE.read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0] == described()


def test_every_class_is_explained() -> None:
    """The page tells what the three classes of the handshake mean."""
    text = PAGE.read_text(encoding="utf-8")
    for each in Class:
        assert f"| `{each}` |" in text


def test_the_policy_knows_every_verb() -> None:
    """One that it does not know would be denied to everybody."""
    assert set(VERBS) <= set(policy.VERBS)


if __name__ == "__main__":
    told = PAGE.read_text(encoding="utf-8")
    before, rest = told.partition(BEGIN)[0], told.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}{described()}{END}{rest}", encoding="utf-8")
