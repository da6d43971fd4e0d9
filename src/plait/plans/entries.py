"""Reading a YAML document entry by entry, beside its model: what is listed, and where."""

from __future__ import annotations

from collections.abc import Iterator

from plait.core.finding import Finding, Severity
from plait.plans.schema import where
from plait.plans.yaml_source import Document, Path


def items(document: Document, path: Path) -> Iterator[Path]:
    """The paths of a list's entries."""
    node = document.node(path)
    if node is not None and isinstance(node.value, list):
        yield from ((*path, position) for position in range(len(node.value)))


def texts(document: Document, path: Path) -> Iterator[tuple[Path, str]]:
    """The entries of a list that are text."""
    node = document.node(path)
    if node is not None and isinstance(node.value, list):
        for position, item in enumerate(node.value):
            if isinstance(item.value, str):
                yield (*path, position), item.value


def twice(document: Document, path: Path) -> Iterator[Finding]:
    """`SCHEMA_BAD_VALUE` for each text that a list has had before."""
    seen: set[str] = set()
    for item, text in texts(document, path):
        if text in seen:
            message = f"{text!r} is listed twice"
            yield finding(document, item, "SCHEMA_BAD_VALUE", message, hint="remove one")
        seen.add(text)


def finding(
    document: Document,
    path: Path,
    code: str,
    message: str,
    *,
    severity: Severity = Severity.ERROR,
    hint: str = "",
    key: bool = False,
) -> Finding:
    """A finding at the place of a value, or with `key` at that of its key."""
    return Finding(
        code=code,
        severity=severity,
        message=message,
        span=document.span(path, key=key),
        where=where(path),
        hint=hint,
    )
