"""OpenAPI documents and JSON Schemas against the published schemas of their formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from plait.core.finding import Finding, Severity
from plait.plans.contracts import extra
from plait.plans.contracts.openapi import version_of
from plait.plans.contracts.shelf import Contract, found
from plait.plans.nearest import did_you_mean
from plait.plans.yaml_source import Node, Path as Place

_MOST_FINDINGS = 50
_MOST_AT_ONCE = 3000  # values: a piece that is larger is told its first mistake alone
_LONGEST = 160
_LATEST = "https://json-schema.org/draft/2020-12/schema"
_DRAFTS = (
    _LATEST,
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-04/schema",
)
_REFERENCE = {"$ref": "#/definitions/Reference"}
_DIVIDED = frozenset({"paths", "webhooks", "components"})
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "nothing",
}


class _Validator(Protocol):
    def is_valid(self, instance: Any) -> bool: ...

    def validate(self, instance: Any) -> None: ...

    def iter_errors(self, instance: Any) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mistake:
    place: Place
    message: str
    hint: str
    key: bool = False


def available() -> bool:
    """Whether the validators are installed."""
    return extra.load("jsonschema_rs") is not None and _schemas().is_dir()


def check_openapi(contract: Contract) -> Iterator[Finding]:
    """`CONTRACT_OPENAPI_SHAPE` for every key and value that the document's version forbids."""
    version = version_of(contract)
    root = None if contract.document is None else contract.document.root
    if not version or root is None or not isinstance(root.value, dict):
        return
    validator, words = _of_version(version)
    told: set[_Mistake] = set()
    for values, piece in _pieces(contract, root.value):
        for mistake in _mistakes(validator, piece, words, every=values <= _MOST_AT_ONCE):
            if mistake not in told:
                told.add(mistake)
                yield _said(contract, "CONTRACT_OPENAPI_SHAPE", mistake)
            if len(told) >= _MOST_FINDINGS:
                return


def check_schema(contract: Contract) -> Iterator[Finding]:
    """`CONTRACT_SCHEMA_SHAPE` for what is no JSON Schema of its draft."""
    root = None if contract.document is None else contract.document.root
    if root is None:
        return
    given = _dialect(contract)
    draft = given if given in _DRAFTS else ""
    if draft != _LATEST:
        yield found(
            contract,
            "CONTRACT_SCHEMA_DRAFT",
            f"the schema's dialect is {given!r}, not 2020-12"
            + ("" if draft else ": only its references are checked"),
            at=("$schema",),
            severity=Severity.INFO,
            hint=f"contracts are written in 2020-12: {_LATEST}",
        )
    if draft:
        validator = _of_draft(draft)
        every = root.values <= _MOST_AT_ONCE
        mistakes = _mistakes(validator, root.plain(), (), every=every)
        for mistake in islice(mistakes, _MOST_FINDINGS):
            yield _said(contract, "CONTRACT_SCHEMA_SHAPE", mistake)


def _dialect(contract: Contract) -> str:
    text = "" if contract.document is None else contract.document.text(("$schema",))
    return text.removesuffix("#") or _LATEST


def _said(contract: Contract, code: str, mistake: _Mistake) -> Finding:
    return found(
        contract, code, mistake.message, at=mistake.place, key=mistake.key, hint=mistake.hint
    )


def _pieces(contract: Contract, fields: dict[str, Node]) -> Iterator[tuple[int, dict[str, Any]]]:
    """A document in parts, each a small document with one path or component, and its values.

    Thousands of mistakes take seconds to describe: so it is known early that there are enough.
    """
    version = "" if contract.document is None else contract.document.text(("openapi",))
    frame = {"openapi": version, "info": {"title": "", "version": ""}, "paths": {}}
    outer: dict[str, Any] = {}
    for key, node in fields.items():
        if key not in _DIVIDED or not isinstance(node.value, dict):
            outer[key] = node.plain()
            continue
        outer[key] = {}
        for name, child in node.value.items():
            deeper = key == "components" and isinstance(child.value, dict) and child.value
            if not deeper or name.startswith("x-"):
                yield child.values, {**frame, key: {name: child.plain()}}
                continue
            for inner, component in deeper.items():
                yield component.values, {**frame, key: {name: {inner: component.plain()}}}
    yield sum(node.values for key, node in fields.items() if key not in _DIVIDED), outer


def _mistakes(
    validator: _Validator, piece: Any, words: tuple[str, ...], *, every: bool
) -> Iterator[_Mistake]:
    """What is wrong with a piece, each mistake once."""
    if validator.is_valid(piece):
        return
    if every:
        errors = list(validator.iter_errors(piece))
    else:
        from jsonschema_rs import ValidationError

        errors = []
        try:
            validator.validate(piece)
        except ValidationError as error:
            errors.append(error)
    leaves = [leaf for error in errors for leaf in _leaves(error)]
    told: set[tuple[Place, str]] = set()
    for leaf in leaves:
        for mistake in _mistake(leaf, _place(piece, leaf.instance_path), words, leaves):
            if (mistake.place, mistake.message) not in told:
                told.add((mistake.place, mistake.message))
                yield mistake


def _leaves(error: Any) -> Iterator[Any]:
    """The errors that matter in one that says that no choice fits: those of the best choice."""
    branches = getattr(error.kind, "context", None)
    if not branches or not any(branches):
        yield error
        return
    here = list(error.instance_path)

    def poorness(branch: list[Any]) -> tuple[bool, int, int]:
        other = any(
            list(e.instance_path) == here
            and (e.kind.name == "type" or (e.kind.name == "required" and e.kind.property == "$ref"))
            for e in branch
        )
        return other, -max((len(e.instance_path) for e in branch), default=0), len(branch)

    for inner in min((branch for branch in branches if branch), key=poorness):
        yield from _leaves(inner)


def _place(piece: Any, path: list[str | int]) -> Place:
    """A validator's path as one of the document: it takes keys of digits for positions."""
    place: list[str | int] = []
    for step in path:
        key = step
        if isinstance(piece, dict) and isinstance(step, int):
            key = next((k for k in piece if k.isdecimal() and int(k) == step), str(step))
        known = key in piece if isinstance(piece, dict) else isinstance(piece, list)
        piece = piece[key] if known else None
        place.append(key)
    return tuple(place)


def _mistake(
    error: Any, place: Place, words: tuple[str, ...], leaves: list[Any]
) -> Iterator[_Mistake]:
    kind = error.kind
    if kind.name in {"additionalProperties", "unevaluatedProperties"}:
        for name in kind.unexpected:
            inside = [*error.instance_path, name]
            if any(leaf.instance_path[: len(inside)] == inside for leaf in leaves):
                continue  # it is known here, and wrong inside: that is told
            hint = (
                did_you_mean(name, [word for word in words if word != name])
                or "remove it, or name an extension x-…"
            )
            yield _Mistake(
                place=(*place, name), message=f"unknown field {name!r}", hint=hint, key=True
            )
    elif kind.name == "required":
        message = f"field {kind.property!r} is missing"
        yield _Mistake(place=place, message=message, hint=f"add {kind.property}")
    elif kind.name == "type":
        wanted = " or ".join(_TYPES.get(name, name) for name in kind.types)
        message = f"must be {wanted}, here stands {_quoted(error.instance)}"
        hint = "put it in quotes to make it text" if wanted == "text" else "mend the value"
        yield _Mistake(place=place, message=message, hint=hint)
    elif kind.name == "enum":
        choices = [option for option in kind.options if isinstance(option, str)]
        listed = ", ".join(choices)[:_LONGEST]
        message = f"must be one of {listed}, here stands {_quoted(error.instance)}"
        near = did_you_mean(error.instance, choices) if isinstance(error.instance, str) else ""
        yield _Mistake(place=place, message=message, hint=near or "write one of these")
    elif kind.name == "propertyNames" and isinstance(kind.error.instance, str):
        name, hint = kind.error.instance, "use only characters that the format allows in it"
        message = f"name {name[:60]!r} is not allowed: {_short(kind.error)}"
        yield _Mistake(place=(*place, name), message=message, hint=hint, key=True)
    elif kind.name == "not" and isinstance(kind.schema, dict) and kind.schema.get("required"):
        both = " and ".join(map(repr, kind.schema["required"]))
        yield _Mistake(place=place, message=f"{both} exclude one another", hint="keep one of them")
    else:
        message = _short(error)
        yield _Mistake(place=place, message=message, hint="see the format's specification")


def _short(error: Any) -> str:
    message: str = error.message.replace("\n", " ")
    if len(message) <= _LONGEST:
        return message
    return f"the value breaks the rule {error.kind.name!r} of its format"


def _quoted(value: Any) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else repr(value)[:60]


def _schemas() -> Path:
    """The published schemas of OpenAPI: that package's files are read, its code is not run."""
    return (extra.folder("openapi_spec_validator") or Path("none")) / "resources" / "schemas"


@cache
def _of_draft(draft: str) -> _Validator:
    from jsonschema_rs import validator_for

    return validator_for({"$schema": draft, "$ref": draft}, offline=True)


@cache
def _of_version(version: str) -> tuple[_Validator, tuple[str, ...]]:
    """The validator of an OpenAPI version, and the names of all fields that it knows."""
    from jsonschema_rs import validator_for

    path = _schemas() / f"v{version}" / "schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    if version == "3.0":
        schema = _with_conditions(schema)
        schema["$schema"] = _DRAFTS[2]
        schema["$id"] = schema.pop("id")
    else:  # these leave the schemas in a document to a dialect: that is 2020-12
        schema["$defs"]["schema"] = {"$dynamicAnchor": "meta", "$ref": _LATEST}
    return validator_for(schema, offline=True), tuple(sorted(_words(schema)))


def _with_conditions(schema: Any) -> Any:
    """OpenAPI 3.0's schema with "a reference, else a thing" said by a condition.

    "One of both" describes each mistake once for every level above it, and blames both.
    """
    if isinstance(schema, list):
        return [_with_conditions(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    said = {key: _with_conditions(inner) for key, inner in schema.items()}
    if said.get("exclusiveMinimum") is True:
        said["exclusiveMinimum"] = said.pop("minimum")
    choices = said.get("oneOf")
    if isinstance(choices, list) and len(choices) == 2 and _REFERENCE in choices:  # noqa: PLR2004
        thing = choices[1 - choices.index(_REFERENCE)]
        del said["oneOf"]
        reference = {"type": "object", "required": ["$ref"]}
        said |= {"if": reference, "then": _REFERENCE, "else": thing}
    return said


def _words(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(_words, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    own = schema.get("properties")
    names = set(own) if isinstance(own, dict) else set()
    return names.union(*map(_words, schema.values()))
