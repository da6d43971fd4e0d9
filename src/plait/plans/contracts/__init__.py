"""Contract files checked for what they are: OpenAPI, JSON Schema, events, SQL, prose, code.

This belongs to no plan format: whoever names files has them checked. What is heavy is imported
when the first file of its kind comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from plait.core.finding import Finding, Severity
from plait.core.plan import Span

if TYPE_CHECKING:
    from plait.plans.contracts.references import Links
    from plait.plans.contracts.shelf import Contract

MOST_FILES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractFile:
    """A contract: where it is, and how findings call it."""

    path: Path
    name: str


def check(files: Sequence[ContractFile], *, root: Path) -> list[Finding]:
    """What is wrong with contracts. Nothing in them is run, and nothing is fetched.

    Args:
        files: The contracts, which exist. Their kind is decided by what they hold, then by
            suffix and place.
        root: The folder that no reference may leave: the repository's.

    Returns:
        `CONTRACT_…` findings, each with its place. Where validators of the extra `contracts` are
        not installed, `CONTRACT_ONLY_PARSED` names the files that were not validated.
    """
    from plait.plans.contracts.kinds import Kind
    from plait.plans.contracts.references import Links
    from plait.plans.contracts.shelf import Shelf

    shelf = Shelf(root)
    taken = [shelf.take(file.path, file.name) for file in files[:MOST_FILES]]
    contracts = list(dict.fromkeys(contract for contract in taken if contract is not None))
    links = Links(shelf)
    linked = {Kind.OPENAPI, Kind.JSON_SCHEMA}
    links.collect([contract for contract in contracts if contract.kind in linked])
    links.check()
    findings = [*shelf.findings, *links.findings]
    unvalidated: list[str] = []
    for contract in contracts:
        findings += _of_kind(contract, links, unvalidated)
    if unvalidated:
        from plait.plans.contracts.extra import only_parsed

        findings.append(only_parsed(unvalidated))
    if len(files) > MOST_FILES:
        findings.append(_too_many(files))
    return sorted(findings, key=_place)


def _place(finding: Finding) -> tuple[str, int, int, str]:
    span = finding.span or Span(file="")
    return (span.file, span.line, span.column, finding.code)


def _of_kind(contract: Contract, links: Links, unvalidated: list[str]) -> Iterator[Finding]:
    """The findings of one contract; its name is put down if its validator is not installed."""
    from plait.plans.contracts.kinds import Kind

    if _is_empty(contract):
        yield _empty(contract)
        return
    match contract.kind:
        case Kind.OPENAPI | Kind.JSON_SCHEMA | Kind.EVENT:
            yield from _of_document(contract, links, unvalidated)
        case Kind.SQL:
            from plait.plans.contracts import sql

            if sql.available():
                yield from sql.check(contract)
            else:
                unvalidated.append(contract.name)
        case Kind.MARKDOWN:
            from plait.plans.contracts import prose

            yield from prose.check(contract)
        case Kind.PYTHON:
            from plait.plans.contracts import python

            yield from python.check(contract)
        case Kind.TYPESCRIPT:
            from plait.plans.contracts import typescript

            if typescript.available():
                yield from typescript.check(contract)
            else:
                unvalidated.append(contract.name)
        case Kind.DATA | Kind.OTHER:
            pass  # it was read: no more is known of it


def _of_document(contract: Contract, links: Links, unvalidated: list[str]) -> Iterator[Finding]:
    from plait.plans.contracts import events, openapi, shapes
    from plait.plans.contracts.kinds import Kind

    if contract.document is None or contract.document.root is None:
        return  # what is wrong with it was said when it was read
    if contract.kind is Kind.EVENT:
        yield from events.check_example(contract)
        return
    if not shapes.available():
        unvalidated.append(contract.name)
    if contract.kind is Kind.OPENAPI:
        yield from openapi.check(contract, links)
        if shapes.available():
            yield from shapes.check_openapi(contract)
        return
    yield from events.check_schema(contract, links)
    if shapes.available():
        yield from shapes.check_schema(contract)


def _is_empty(contract: Contract) -> bool:
    """Whether nothing is written in it; an empty module of code is usual and means nothing."""
    from plait.plans.contracts.kinds import Kind

    code = {Kind.PYTHON, Kind.TYPESCRIPT, Kind.OTHER}
    return contract.kind not in code and not contract.source.text.strip()


def _empty(contract: Contract) -> Finding:
    return Finding(
        code="CONTRACT_EMPTY",
        severity=Severity.ERROR,
        message="the contract is empty",
        span=Span(file=contract.name),
        hint="write what packages may rely on, or take it off the list",
    )


def _too_many(files: Sequence[ContractFile]) -> Finding:
    return Finding(
        code="CONTRACT_TOO_LARGE",
        severity=Severity.WARNING,
        message=f"{len(files) - MOST_FILES} more contracts are not checked",
        span=Span(file=next(islice(files, MOST_FILES, None)).name),
        hint=f"at most {MOST_FILES} files of a plan are checked",
    )
