"""The short forms of `plait.yaml`, written out in the document itself, so that places stay true.

A text where a list is wanted is a list of one, packages may be a mapping by id, and what is meant
as text stays as it was written: `010` and `1.10` are ids, not numbers.
"""

from __future__ import annotations

from dataclasses import replace

from plait.core.finding import Finding
from plait.plans.entries import finding
from plait.plans.yaml_source import MOST_FINDINGS, Document, Node

_TEXTS = frozenset(
    {
        "archetype",
        "branch",
        "command",
        "cwd",
        "description",
        "feature",
        "group",
        "id",
        "manual",
        "name",
        "parent",
        "phase",
        "primary",
        "provider",
        "role",
        "tier",
        "title",
        "track",
        "why",
        "workflow",
    }
)
_LISTS = frozenset(
    {
        "artifacts",
        "checks",
        "context",
        "deny",
        "files",
        "guards",
        "keys",
        "needs",
        "read",
        "required_checks",
        "requirements",
        "result_keys",
        "reworks",
        "tasks",
        "write",
    }
)
_ONE = {"checks": "command", "needs": "id"}  # the field that an entry's short form stands for
_LONG = {"locks": "keys", "contracts": "files"}  # the field that a list stands for
_OBJECTS = frozenset({"contracts", "defaults", "locks", "scope"})


def write_out(document: Document) -> list[Finding]:
    """Write the short forms out; what fits none is left for the model to refuse.

    Findings: `SCHEMA_BAD_VALUE` where a package in a mapping has another id than its key.
    """
    root = document.root
    if root is None or not isinstance(root.value, dict):
        return []
    root.value.pop("$schema", None)
    written = _object(root)
    fields = written.value if isinstance(written.value, dict) else {}
    differing: list[tuple[int, str, str]] = []
    if "packages" in fields:
        packages, differing = _packages(fields["packages"])
        fields["packages"] = packages
    document.root = written
    return [
        finding(
            document,
            ("packages", position, "id"),
            "SCHEMA_BAD_VALUE",
            f"the package is {key!r} by its key and {other!r} by its id",
            hint="remove the id: in a mapping the key is the id",
        )
        for position, key, other in differing[:MOST_FINDINGS]
    ]


def _packages(node: Node) -> tuple[Node, list[tuple[int, str, str]]]:
    """The packages as a list, and those in a mapping whose id is not their key, with both."""
    if isinstance(node.value, list):
        return replace(node, value=[_object(package) for package in node.value]), []
    if not isinstance(node.value, dict):
        return node, []
    differing = []
    entries: list[Node] = []
    for position, (key, body) in enumerate(node.value.items()):
        place = node.keys[key]
        package = _object(replace(body, value={}) if body.value is None else body)
        if isinstance(package.value, dict):
            own = package.value.get("id", Node(index=place, value=key))
            if own.value != key:
                differing.append((position, key, str(own.value)))
            fields = {**package.value, "id": replace(own, value=key)}
            package = replace(package, value=fields, keys={"id": place, **package.keys})
        entries.append(package)
    return replace(node, value=entries, keys={}), differing


def _object(node: Node) -> Node:
    """An object with its fields written out, those that are left empty left out."""
    if not isinstance(node.value, dict):
        return node
    fields = {
        name: _field(name, field)
        for name, field in node.value.items()
        if field.value is not None  # said and left empty is as good as not said
    }
    return replace(node, value=fields)


def _field(name: str, node: Node) -> Node:
    if name in _TEXTS:
        return _text(node)
    if name in {"env", "parents"}:
        return _texts(node)
    if name == "ci":
        return _object(_in(node, "workflow") if isinstance(node.value, str) else node)
    if name in _LONG and not isinstance(node.value, dict):
        node = _in(node, _LONG[name])
    if name in _OBJECTS:
        return _object(node)
    return _list(name, node) if name in _LISTS else node


def _list(name: str, node: Node) -> Node:
    """A list; one thing where a list is wanted is a list of one."""
    entries = node.value if isinstance(node.value, list) else [node]
    one = _ONE.get(name)
    if one is None:
        written = [_text(entry) for entry in entries]
    else:
        written = [
            _object(entry if isinstance(entry.value, dict | list) else _in(_text(entry), one))
            for entry in entries
        ]
    return Node(index=node.index, value=written)


def _in(node: Node, name: str) -> Node:
    """An object that has the value as its one field."""
    return Node(index=node.index, value={name: node}, keys={name: node.index})


def _text(node: Node) -> Node:
    if node.said is None or node.value is None:
        return node
    return replace(node, value=node.said)


def _texts(node: Node) -> Node:
    if not isinstance(node.value, dict):
        return node
    return replace(node, value={key: _text(each) for key, each in node.value.items()})
