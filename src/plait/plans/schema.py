"""A parsed document against a pydantic model: every mistake at once, each at its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from plait.core.finding import Finding, Severity
from plait.plans.nearest import did_you_mean, nearest
from plait.plans.yaml_source import MOST_FINDINGS, Document, Path

M = TypeVar("M", bound=BaseModel)

_MOST_MENDED = 2000
_LONGEST_QUOTE = 60
_MOST_NAMED = 8


def validate(
    model: type[M], document: Document, *, other_names: Mapping[str, str]
) -> tuple[M | None, tuple[Finding, ...]]:
    """Check a document whose root is a mapping.

    A mistake in what the model can do without (an unknown field, a bad optional value) is
    found and taken out of the document, text that is too long is cut, and the rest is read all
    the same.

    Args:
        model: A strict model that forbids unknown fields.
        document: The document.
        other_names: Names that people use for a field: theirs to the model's.

    Returns:
        The model, or None where it cannot be made, and `SCHEMA_MISSING_FIELD`,
        `SCHEMA_UNKNOWN_FIELD` and `SCHEMA_BAD_VALUE` findings.
    """
    data = None if document.root is None else document.root.plain()
    try:
        return model.model_validate(data), ()
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=True)
    findings = [
        _finding(model, document, detail, other_names) for detail in details[:MOST_FINDINGS]
    ]
    if len(details) > MOST_FINDINGS:
        findings.append(
            Finding(
                code="SCHEMA_MORE",
                severity=Severity.ERROR,
                message=f"{len(details) - MOST_FINDINGS} more mistakes are not listed",
                span=document.span(_path(details[MOST_FINDINGS])),
                hint="correct those that are, and check again",
            )
        )
    if len(details) > _MOST_MENDED:
        return None, tuple(findings)
    for detail in details:
        _shorten(document, detail)
    document.drop(_path(detail) for detail in details if detail["type"] != "string_too_long")
    data = None if document.root is None else document.root.plain()
    try:
        return model.model_validate(data), tuple(findings)
    except ValidationError:
        return None, tuple(findings)


def where(path: Path) -> str:
    """A path as people write it: `packages[2].scope.write_allow`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def quoted(value: object) -> str:
    """A value as shown in a message, cut where it is long."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def _finding(
    model: type[BaseModel],
    document: Document,
    detail: ErrorDetails,
    other_names: Mapping[str, str],
) -> Finding:
    path, kind = _path(detail), detail["type"]
    unknown = kind == "extra_forbidden"
    code = "SCHEMA_BAD_VALUE"
    if unknown:
        code, message = "SCHEMA_UNKNOWN_FIELD", f"unknown field {quoted(path[-1])}"
        hint = _field_hint(model, document, path, other_names)
    elif kind == "missing":
        code, message = "SCHEMA_MISSING_FIELD", f"field {path[-1]!r} is missing"
        hint = f"add {path[-1]}"
    else:
        message, hint = _message(detail), _value_hint(detail)
    return Finding(
        code=code,
        severity=Severity.ERROR,
        message=message,
        span=document.span(path, key=unknown),
        where=where(path),
        hint=hint,
    )


def _message(detail: ErrorDetails) -> str:
    """Pydantic's sentence in the words of someone who writes a plan."""
    said = _SAID.get(detail["type"])
    context = detail.get("ctx", {})
    if said is not None:
        said = said.format(**context)
    elif "error" in context:
        said = str(context["error"])
    else:
        said = detail["msg"].replace("Input should be", "must be")
    return f"{said}, here stands {quoted(detail['input'])}"


_SAID: Mapping[str, str] = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "literal_error": "must be {expected}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must match {pattern}",
    "too_short": "must have at least {min_length} entry",
    "too_long": "must have at most {max_length} entries",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}


def _value_hint(detail: ErrorDetails) -> str:
    value, context = detail["input"], detail.get("ctx", {})
    if detail["type"] == "string_type" and isinstance(value, int | float):
        return "put it in quotes to make it text"
    if detail["type"] == "literal_error" and isinstance(value, str):
        choices = re.findall(r"'([^']*)'", context["expected"])
        return did_you_mean(value, choices) or "write one of these"
    return _CURES.get(detail["type"], "write a value of that kind")


_CURES: Mapping[str, str] = {
    "string_too_long": "shorten it",
    "string_too_short": "write something, or remove the field if it may be left out",
    "string_pattern_mismatch": "use only characters that this allows",
    "too_short": "add an entry",
}


def _field_hint(
    model: type[BaseModel], document: Document, path: Path, other_names: Mapping[str, str]
) -> str:
    fields = _model_at(model, path[:-1]).model_fields
    parent = document.node(path[:-1])
    taken = parent.keys if parent is not None else {}
    free = [name for name in fields if name not in taken]
    word = str(path[-1])
    meant = other_names.get(word, "")
    found = meant if meant in free else nearest(word, free)
    if found:
        return f"did you mean {found!r}?"
    few = len(fields) <= _MOST_NAMED
    return f"remove it; known here: {', '.join(fields)}" if few else "remove it"


def _model_at(model: type[BaseModel], path: Path) -> type[BaseModel]:
    """The model that a path leads to; positions and free keys stay in the model they are in."""
    for step in path:
        info = model.model_fields.get(step) if isinstance(step, str) else None
        if info is not None:
            model = _model_in(info.annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)


def _path(detail: ErrorDetails) -> Path:
    """Where it is; pydantic marks a mistake in a mapping's key by a step of its own."""
    return tuple(step for step in detail["loc"] if step != "[key]")


def _shorten(document: Document, detail: ErrorDetails) -> None:
    node = document.node(_path(detail)) if detail["type"] == "string_too_long" else None
    if node is not None and isinstance(node.value, str):
        node.value = node.value[: detail["ctx"]["max_length"]]
