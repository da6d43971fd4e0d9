"""What an OpenAPI document must hold beyond its shape: version, operation ids, path parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from plait.core.finding import Finding
from plait.plans.contracts.references import Links, Target, children
from plait.plans.contracts.shelf import Contract, found
from plait.plans.nearest import did_you_mean

_VERSION = re.compile(r"3\.[0-2]\.[0-9]{1,4}(?:-[A-Za-z0-9.]{1,40})?")
_TEMPLATE = re.compile(r"\{([^{}/]{1,200})\}")
_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"})
_MOST_FINDINGS = 50
_MOST_DEEP = 5  # callbacks in operations of callbacks


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operation:
    method: str
    at: Target


@dataclass(slots=True)
class _Ids:
    """Where each operation id was first given; links that name one are looked up at the end."""

    first: dict[str, Target] = field(default_factory=dict)
    linked: list[Target] = field(default_factory=list)
    seen: set[tuple[str, object]] = field(default_factory=set)


def version_of(contract: Contract) -> str:
    """The version's first two numbers (`3.1`), or nothing where it is none that is known."""
    document = contract.document
    text = "" if document is None else document.text(("openapi",))
    return text[:3] if _VERSION.fullmatch(text) else ""


def check(contract: Contract, links: Links) -> Iterator[Finding]:
    """What is wrong with the version, the operations and the parameters of a document."""
    yield from _version(contract)
    ids = _Ids()
    root = Target(contract=contract, place=())
    paths = Target(contract=contract, place=("paths",))
    yield from islice(_templates(paths), _MOST_FINDINGS)
    yield from islice(_operations(root, links, ids), _MOST_FINDINGS)
    yield from islice(_unknown(ids), _MOST_FINDINGS)
    wrong = (found for path, item in children(paths) for found in _parameters(path, item, links))
    yield from islice(wrong, _MOST_FINDINGS)


def _version(contract: Contract) -> Iterator[Finding]:
    document = contract.document
    node = None if document is None else document.node(("openapi",))
    swagger = None if document is None else document.node(("swagger",))
    if node is None and swagger is not None:
        yield found(
            contract,
            "CONTRACT_OPENAPI_VERSION",
            "this is Swagger 2.0, which is not checked",
            at=("swagger",),
            hint="convert it to OpenAPI 3.1",
        )
    elif node is None:
        yield found(
            contract,
            "CONTRACT_OPENAPI_VERSION",
            "field 'openapi' is missing: its version is not known",
            hint="begin with `openapi: 3.1.0`",
        )
    elif not version_of(contract):
        given = "a collection" if isinstance(node.value, dict | list) else repr(node.value)[:60]
        yield found(
            contract,
            "CONTRACT_OPENAPI_VERSION",
            f"openapi must be a version from 3.0.0 to 3.2 as text, here stands {given}",
            at=("openapi",),
            hint="write all three numbers, such as 3.1.0",
        )


def _templates(paths: Target) -> Iterator[Finding]:
    """Paths that differ in the names of their parameters alone: they are one."""
    first: dict[str, str] = {}
    for path, item in children(paths):
        shape = _TEMPLATE.sub("{}", path)
        other = first.setdefault(shape, path)
        if other != path and path.startswith("/"):
            span = item.contract.span((*paths.place, other), key=True)
            yield found(
                item.contract,
                "CONTRACT_PATH_TWICE",
                f"path {path!r} is the same as {other!r} ({span})",
                at=item.contract.span(item.place, key=True),
                hint="name the parameter alike, and put the operations under one path",
            )


def _items(root: Target) -> Iterator[Target]:
    """The path items of a document, callbacks apart."""
    for place in (("paths",), ("webhooks",), ("components", "pathItems")):
        for _, item in children(Target(contract=root.contract, place=place)):
            yield item
    callbacks = Target(contract=root.contract, place=("components", "callbacks"))
    for _, callback in children(callbacks):
        for _, item in children(callback):
            yield item


def _methods(item: Target) -> Iterator[_Operation]:
    for key, child in children(item):
        if key in _METHODS:
            yield _Operation(method=key, at=child)
        elif key == "additionalOperations":
            for method, operation in children(child):
                yield _Operation(method=method, at=operation)


def _operations(root: Target, links: Links, ids: _Ids) -> Iterator[Finding]:
    """Operation ids that are given twice, those of callbacks and of other files included."""
    stack = [(item, 0) for item in _items(root)][::-1]
    while stack:
        item, depth = stack.pop()
        target = links.follow(item)
        if target is None or (target.contract.name, target.place) in ids.seen:
            continue
        ids.seen.add((target.contract.name, target.place))
        for operation in _methods(target):
            yield from _twice(operation.at, ids)
            callbacks = Target(
                contract=operation.at.contract, place=(*operation.at.place, "callbacks")
            )
            if depth < _MOST_DEEP:
                inner = [
                    (inner_item, depth + 1)
                    for _, callback in children(callbacks)
                    for _, inner_item in children(callback)
                ]
                stack += inner[::-1]
            _links_of(operation.at, ids)


def _twice(operation: Target, ids: _Ids) -> Iterator[Finding]:
    at = Target(contract=operation.contract, place=(*operation.place, "operationId"))
    name = "" if at.node is None else at.node.value
    if not isinstance(name, str) or not name:
        return
    first = ids.first.setdefault(name, at)
    if first is not at:
        yield found(
            at.contract,
            "CONTRACT_OPERATION_TWICE",
            f"operationId {name!r} is given twice (first at {first.contract.span(first.place)})",
            at=at.place,
            hint="an operation's id names it alone: rename one",
        )


def _links_of(operation: Target, ids: _Ids) -> None:
    responses = Target(contract=operation.contract, place=(*operation.place, "responses"))
    for _, response in children(responses):
        links = Target(contract=response.contract, place=(*response.place, "links"))
        for _, link in children(links):
            named = Target(contract=link.contract, place=(*link.place, "operationId"))
            if named.node is not None and isinstance(named.node.value, str):
                ids.linked.append(named)


def _unknown(ids: _Ids) -> Iterator[Finding]:
    for named in ids.linked:
        name = named.node.value if named.node is not None else None
        if isinstance(name, str) and name not in ids.first:
            yield found(
                named.contract,
                "CONTRACT_OPERATION_UNKNOWN",
                f"the link names operation {name!r}, which the document does not hold",
                at=named.place,
                hint=did_you_mean(name, list(ids.first)[:500]) or "correct the id",
            )


def _parameters(path: str, item: Target, links: Links) -> Iterator[Finding]:
    """Names in a path's template and its declared parameters, each without the other."""
    target = links.follow(item)
    if target is None or not path.startswith("/"):
        return
    wanted = dict.fromkeys(_TEMPLATE.findall(path))
    shared, sure = _declared(target, links)
    yield from _unused(path, wanted, shared)
    for operation in _methods(target):
        own, own_sure = _declared(operation.at, links)
        yield from _unused(path, wanted, own)
        if not (sure and own_sure):
            continue  # a reference leads nowhere: that is said there
        for name in wanted:
            if name not in shared and name not in own:
                yield found(
                    operation.at.contract,
                    "CONTRACT_PARAMETER_MISSING",
                    f"{{{name}}} of {path!r} is declared neither by {operation.method}"
                    " nor by the path",
                    at=operation.at.contract.span(operation.at.place, key=True),
                    hint=did_you_mean(name, [*own, *shared])
                    or f"add a parameter with `name: {name}`, `in: path`, `required: true`",
                )


def _declared(holder: Target, links: Links) -> tuple[dict[str, Target], bool]:
    """The path parameters of a path item or an operation, and whether these are surely all."""
    listed = Target(contract=holder.contract, place=(*holder.place, "parameters"))
    node, sure = listed.node, True
    names: dict[str, Target] = {}
    for number in range(
        len(node.value) if node is not None and isinstance(node.value, list) else 0
    ):
        use = Target(contract=listed.contract, place=(*listed.place, number))
        target = links.follow(use)
        document = None if target is None else target.contract.document
        if target is None or document is None:
            sure = False
            continue
        name = document.text((*target.place, "name"))
        if name and document.text((*target.place, "in")) == "path":
            names.setdefault(name, use)
    return names, sure


def _unused(path: str, wanted: dict[str, None], declared: dict[str, Target]) -> Iterator[Finding]:
    for name, at in declared.items():
        if name not in wanted:
            yield found(
                at.contract,
                "CONTRACT_PARAMETER_UNUSED",
                f"path parameter {name!r} does not stand in the path {path!r}",
                at=at.place,
                hint=did_you_mean(name, wanted) or f"write {{{name}}} in the path, or remove it",
            )
