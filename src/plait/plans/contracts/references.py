"""Every `$ref` of OpenAPI documents and JSON Schemas, followed to what it names.

A reference is followed within its file, to other files below the root and to schemas that are
known by their `$id`; nothing is ever fetched. Circles are no mistake.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from plait.core.finding import Finding, Severity
from plait.plans.contracts.kinds import Kind
from plait.plans.contracts.shelf import Contract, Refused, Shelf, found, pointer
from plait.plans.nearest import did_you_mean
from plait.plans.yaml_source import Node, Path as Place

MOST_FILES = 200  # read because references lead to them
_MOST_MISSED = 1000  # files that are not there: more are not looked for
_MOST_HOPS = 20
_MOST_FINDINGS = 50  # in one contract
_LONGEST_NUMBER = 7
_MOST_COMPARED = 500  # names among which a misspelt one is looked for

_KEYWORDS = ("$ref", "$dynamicRef", "operationRef")
_DATA = frozenset({"example", "default", "const", "enum"})  # what a contract quotes, not says
_NAMES = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "schemas"}
    | {"responses", "parameters", "examples", "requestBodies", "headers", "securitySchemes"}
    | {"links", "callbacks", "pathItems", "paths", "webhooks", "content", "encoding"}
    | {"mediaTypes", "additionalOperations", "variables", "dependencies"}
)
_PUBLISHED = ("https://json-schema.org/", "http://json-schema.org/", "https://spec.openapis.org/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A place in a contract."""

    contract: Contract
    place: Place

    @property
    def node(self) -> Node | None:
        """What stands there."""
        document = self.contract.document
        return None if document is None else document.node(self.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """A reference: its text, the base that it is relative to and the schema it stands in."""

    contract: Contract
    place: Place
    text: str
    base: str
    resource: Place


@dataclass(slots=True)
class Links:
    """The references of some contracts and of all files that they lead to."""

    shelf: Shelf
    findings: list[Finding] = field(default_factory=list)
    _uses: list[_Use] = field(default_factory=list)
    _ids: dict[str, Target] = field(default_factory=dict)
    _anchors: dict[tuple[str, Place, str], Place] = field(default_factory=dict)

    def collect(self, contracts: Sequence[Contract]) -> None:
        """Read what the contracts refer to, and what that refers to."""
        waiting = list(contracts)
        seen = {contract.path for contract in waiting}
        missed = 0
        while waiting:
            contract = waiting.pop()
            before = len(self._uses)
            self._walk(contract)
            for use in self._uses[before:]:
                if len(seen) >= MOST_FILES or missed >= _MOST_MISSED:
                    break
                other = self._file(use)
                missed += isinstance(other, Refused)
                if isinstance(other, Contract) and other.path not in seen:
                    seen.add(other.path)
                    waiting.append(other)

    def check(self) -> None:
        """Find every reference that leads nowhere, out of the root or to the network."""
        told: dict[str, int] = {}
        for use in self._uses:
            name = use.contract.name
            if told.get(name, 0) < _MOST_FINDINGS:
                problem = self._problem(use)
                if problem is not None:
                    told[name] = told.get(name, 0) + 1
                    self.findings.append(problem)

    def follow(self, target: Target) -> Target | None:
        """What stands at a place, its reference followed if it is one; None if that fails."""
        for _ in range(_MOST_HOPS):
            node = target.node
            text = _reference(node)
            if node is None or text is None:
                return None if node is None else target
            use = _Use(
                contract=target.contract,
                place=(*target.place, "$ref"),
                text=text,
                base="",
                resource=(),
            )
            further = self._target(use)
            if not isinstance(further, Target):
                return None
            target = further
        return None

    def _walk(self, contract: Contract) -> None:
        root = None if contract.document is None else contract.document.root
        if root is None:
            return
        base = _identifier(root) if contract.kind is not Kind.OPENAPI else ""
        if contract.kind is Kind.OPENAPI:
            own = root.value.get("$self") if isinstance(root.value, dict) else None
            base = own.value if own is not None and isinstance(own.value, str) else ""
        stack: list[tuple[Node, Place, str, Place, bool]] = [(root, (), base, (), False)]
        self._enter(contract, (), base)
        while stack:
            node, place, base, resource, names = stack.pop()
            if isinstance(node.value, list):
                stack += reversed(
                    [
                        (child, (*place, number), base, resource, False)
                        for number, child in enumerate(node.value)
                    ]
                )
            if not isinstance(node.value, dict):
                continue
            if not names:
                own_id = _identifier(node)
                if own_id.startswith("#"):  # how older drafts write an anchor
                    self._anchors.setdefault((contract.name, resource, own_id[1:]), place)
                elif own_id and place:
                    base, resource = _joined(base, own_id), place
                    self._enter(contract, place, base)
                self._mark(contract, node, place, resource)
            self._note(contract, node, place, base, resource, names=names)
            for key, child in reversed(node.value.items()):
                if not names and (key in _DATA or key.startswith("x-")):
                    continue
                if not names and key == "value" and "examples" in place[-2:]:
                    continue  # what an example object quotes
                if not names and key == "examples" and isinstance(child.value, list):
                    continue
                inner = not names and key in _NAMES
                stack.append((child, (*place, key), base, resource, inner))

    def _enter(self, contract: Contract, place: Place, base: str) -> None:
        if _scheme(base):  # a relative one says no more than the file's name
            self._ids.setdefault(urldefrag(base)[0], Target(contract=contract, place=place))

    def _mark(self, contract: Contract, node: Node, place: Place, resource: Place) -> None:
        """Take down the anchors of one object."""
        fields = node.value if isinstance(node.value, dict) else {}
        for keyword in ("$anchor", "$dynamicAnchor"):
            anchor = fields.get(keyword)
            if anchor is not None and isinstance(anchor.value, str):
                self._anchors.setdefault((contract.name, resource, anchor.value), place)

    def _note(
        self,
        contract: Contract,
        node: Node,
        place: Place,
        base: str,
        resource: Place,
        *,
        names: bool,
    ) -> None:
        """Take down the references of one object; among `names` only text is a reference."""
        fields = node.value if isinstance(node.value, dict) else {}
        for keyword in _KEYWORDS:
            child = fields.get(keyword)
            if child is None or (names and not isinstance(child.value, str)):
                continue
            if isinstance(child.value, str):
                use = _Use(
                    contract=contract,
                    place=(*place, keyword),
                    text=child.value,
                    base=base,
                    resource=resource,
                )
                self._uses.append(use)
            else:
                message = f"{keyword} must be text: a file, a pointer or both"
                self.findings.append(
                    found(
                        contract,
                        "CONTRACT_REF_MISSING",
                        message,
                        at=(*place, keyword),
                        hint="write it as '#/components/schemas/Name' or 'file.yaml#/Name'",
                    )
                )

    def _problem(self, use: _Use) -> Finding | None:
        target = self._target(use)
        return target if isinstance(target, Finding) else None

    def _target(self, use: _Use) -> Target | Finding | None:
        """What a reference names, or what is wrong with it; None where that cannot be told."""
        part, fragment = _divided(use.text)
        if not part:
            return self._within(use, use.contract, use.resource, fragment)
        known = self._ids.get(_joined(use.base, part)) or self._ids.get(part)
        if known is not None:
            return self._within(use, known.contract, known.place, fragment)
        if _scheme(part) and not _is_file(part):
            return None if part.startswith(_PUBLISHED) else _remote(use, part)
        other = self._file(use)
        if isinstance(other, Refused):
            return _refused(use, part, outside=other.outside)
        if other is None or other.document is None or other.document.root is None:
            return None  # what is wrong with that file is said there
        return self._within(use, other, (), fragment)

    def _file(self, use: _Use) -> Contract | Refused | None:
        """The other file that a reference names, if it names one."""
        part, _ = _divided(use.text)
        if not part or _joined(use.base, part) in self._ids or part in self._ids:
            return None
        if _is_file(part) or part.startswith(("/", "~")):
            return Refused(outside=True)
        if _scheme(part):
            return None
        try:
            return self.shelf.follow(use.contract.path.parent / unquote(part))
        except ValueError:
            return Refused(outside=False)

    def _within(
        self, use: _Use, contract: Contract, resource: Place, fragment: str
    ) -> Target | Finding:
        """The place in a file that a reference's fragment names."""
        if fragment and not fragment.startswith("/"):
            place = self._anchors.get((contract.name, resource, fragment))
            if place is not None:
                return Target(contract=contract, place=place)
            hint = f"did you mean '#/{fragment}'?" if "/" in fragment else "correct the anchor"
            return _missing(use, f"{contract.name} has no anchor {fragment!r}", hint)
        steps = [step.replace("~1", "/").replace("~0", "~") for step in fragment.split("/")[1:]]
        place = resource
        for step in steps:
            node = Target(contract=contract, place=place).node
            key = _step(node, step)
            if key is None:
                near = _near(node, step)
                return _missing(
                    use, f"{contract.name} has nothing at {pointer((*place, step))}", near
                )
            place = (*place, key)
        return Target(contract=contract, place=place)


def _reference(node: Node | None) -> str | None:
    fields = node.value if node is not None and isinstance(node.value, dict) else {}
    text = fields.get("$ref")
    return text.value if text is not None and isinstance(text.value, str) else None


def _identifier(node: Node) -> str:
    own = node.value.get("$id") if isinstance(node.value, dict) else None
    return own.value if own is not None and isinstance(own.value, str) else ""


def _divided(text: str) -> tuple[str, str]:
    part, _, fragment = text.partition("#")
    return part, unquote(fragment)


def _scheme(part: str) -> str:
    try:
        split = urlsplit(part)
    except ValueError:
        return "unknown"
    return split.scheme or split.netloc


def _joined(base: str, part: str) -> str:
    try:
        return urljoin(base, part)
    except ValueError:  # no URI
        return part


def _is_file(part: str) -> bool:
    return part[:5].lower() == "file:"


def _step(node: Node | None, step: str) -> str | int | None:
    if node is None:
        return None
    if isinstance(node.value, dict):
        return step if step in node.value else None
    if isinstance(node.value, list) and step.isascii() and step.isdigit():
        plain = len(step) <= _LONGEST_NUMBER and (step == "0" or not step.startswith("0"))
        return int(step) if plain and int(step) < len(node.value) else None
    return None


def _near(node: Node | None, step: str) -> str:
    fields = node.value if node is not None and isinstance(node.value, dict) else {}
    near = did_you_mean(step, fields) if len(fields) <= _MOST_COMPARED else ""
    return near or "correct the pointer, or write what it names"


def _missing(use: _Use, message: str, hint: str) -> Finding:
    said = f"{use.text!r} leads nowhere: {message}"
    return found(use.contract, "CONTRACT_REF_MISSING", said, at=use.place, hint=hint)


def _refused(use: _Use, part: str, *, outside: bool) -> Finding:
    if outside:
        return found(
            use.contract,
            "CONTRACT_REF_OUTSIDE",
            f"{use.text!r} leaves the repository: it is not followed",
            at=use.place,
            hint="keep what the contract refers to in the repository, and name it relatively",
        )
    if "/" not in part and "." not in part:
        hint = f"did you mean '#/components/schemas/{part}'?"
    else:
        hint = "correct the path: it is relative to this file's folder"
    remote = bool(_scheme(use.base))
    return found(
        use.contract,
        "CONTRACT_REF_MISSING",
        f"{use.text!r} leads nowhere: there is no file {part!r}"
        + (" and no contract with that $id" if remote else ""),
        at=use.place,
        # By the letter, relative to an $id on the network: it may be published there.
        severity=Severity.WARNING if remote else Severity.ERROR,
        hint=hint,
    )


def _remote(use: _Use, part: str) -> Finding:
    return found(
        use.contract,
        "CONTRACT_REF_REMOTE",
        f"{use.text!r} is not followed: nothing is fetched",
        at=use.place,
        severity=Severity.INFO,
        hint=f"keep a copy of {part} beside this contract to have it checked",
    )


def children(target: Target) -> Iterator[tuple[str, Target]]:
    """The fields of the mapping at a place."""
    node = target.node
    if node is not None and isinstance(node.value, dict):
        for key in node.value:
            yield key, Target(contract=target.contract, place=(*target.place, key))
