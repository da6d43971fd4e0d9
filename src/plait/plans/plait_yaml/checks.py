"""What the shape of a `plait.yaml` cannot say: kinds of checks, lock keys, files, idle fields.

Each check reads the document itself, so that a plan whose shape is wrong still hears of the rest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import PurePosixPath

from plait.core.finding import Finding, Severity
from plait.core.lock_keys import NAMESPACES, namespace_of, spelling
from plait.plans.entries import finding, items, texts, twice
from plait.plans.nearest import did_you_mean
from plait.plans.places import holds
from plait.plans.yaml_source import MOST_FINDINGS, Document, Path
from plait.ports import PlanSource

_KINDS = ("command", "ci", "manual")
_OF_COMMANDS = ("cwd", "env", "expect_exit_code")
_SCOPE = ("write", "read", "deny")
_BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}")
_MOST_UNKNOWN = 20  # each is compared with all ids

_Rule = Callable[[Document, Path], Iterator[Finding]]


def check(document: Document, source: PlanSource) -> list[Finding]:
    """All findings beyond the shape, in no particular order."""
    rules: Sequence[_Rule] = (
        _checks,
        _needs,
        _scope,
        _idle,
        partial(_lock_keys, known=(*NAMESPACES, *source.lock_namespaces)),
    )
    packages = list(items(document, ("packages",)))
    findings = [
        *_branch(document),
        *islice(_checks(document, ("defaults",)), MOST_FINDINGS),
        *_files(document, source, ("context",), "MISSING_CONTEXT", "file"),
        *_contracts(document, source),
    ]
    for rule in rules:
        found = (each for package in packages for each in rule(document, package))
        findings += islice(found, MOST_FINDINGS)
    return findings


def unknown_references(document: Document) -> list[Finding]:
    """`UNKNOWN_DEPENDENCY` where no plan could be made: on a plan the validation says it."""
    packages = list(items(document, ("packages",)))
    known = {document.text((*package, "id")) for package in packages}
    named = (
        (path, text)
        for package in packages
        for path, text in _references(document, package)
        if text not in known
    )
    return [
        finding(
            document,
            path,
            "UNKNOWN_DEPENDENCY",
            f"{text!r} is needed, which the plan does not hold",
            hint=did_you_mean(text, known) or "correct the id, or add the package",
        )
        for path, text in islice(named, _MOST_UNKNOWN)
    ]


def _references(document: Document, package: Path) -> Iterator[tuple[Path, str]]:
    for need in items(document, (*package, "needs")):
        path = (*need, "id")
        yield path, document.text(path)
    for field in ("guards", "reworks"):
        yield from texts(document, (*package, field))


def _branch(document: Document) -> Iterator[Finding]:
    branch = document.text(("branch",))
    odd = ".." in branch or "//" in branch or branch.endswith(("/", ".", ".lock"))
    if branch and (odd or not _BRANCH.fullmatch(branch)):
        yield finding(
            document,
            ("branch",),
            "SCHEMA_BAD_VALUE",
            f"git takes no branch called {branch!r}",
            hint="use letters, digits and `._-`, with `/` in between",
        )


def _checks(document: Document, package: Path) -> Iterator[Finding]:
    for each in items(document, (*package, "checks")):
        fields = document.fields(each)
        given = [kind for kind in _KINDS if kind in fields]
        node = document.node(each)
        if node is not None and isinstance(node.value, dict) and not given:
            yield finding(
                document,
                each,
                "SCHEMA_MISSING_FIELD",
                "a check says none of 'command', 'ci' and 'manual'",
                hint="add command",
            )
        for kind in given[1:]:
            yield finding(
                document,
                (*each, kind),
                "SCHEMA_BAD_VALUE",
                f"a check cannot be both {given[0]!r} and {kind!r}",
                hint="make two checks of it",
                key=True,
            )
        for name in _OF_COMMANDS:
            if given and name in fields and given[0] != "command":
                yield _useless(document, (*each, name), f"a check of kind {given[0]!r}")
        cwd = document.text((*each, "cwd"))
        if cwd.startswith(("/", "~")) or ".." in PurePosixPath(cwd).parts:
            yield finding(
                document,
                (*each, "cwd"),
                "SCHEMA_BAD_VALUE",
                f"cwd {cwd!r} leaves the tree",
                hint="name a folder relative to the repository's root",
            )


def _needs(document: Document, package: Path) -> Iterator[Finding]:
    seen: set[str] = set()
    for need in items(document, (*package, "needs")):
        path = (*need, "id")
        text = document.text(path)
        if text and text in seen:
            message = f"{text!r} is listed twice"
            yield finding(document, path, "SCHEMA_BAD_VALUE", message, hint="remove one")
        seen.add(text)
    for field in ("guards", "reworks"):
        yield from twice(document, (*package, field))


def _scope(document: Document, package: Path) -> Iterator[Finding]:
    short, long = document.fields(package), document.fields((*package, "scope"))
    for name in _SCOPE:
        if name in short and name in long:
            yield finding(
                document,
                (*package, name),
                "SCHEMA_BAD_VALUE",
                f"{name!r} stands in the package and in its scope",
                hint="keep one of them",
                key=True,
            )
    for path in ((*package, "write"), (*package, "scope", "write")):
        node = document.node(path)
        if node is not None and node.value == []:
            yield finding(
                document,
                path,
                "READ_ONLY",
                "this package may write nothing",
                severity=Severity.INFO,
                hint="its checks decide alone; any change it makes is a violation",
            )


def _idle(document: Document, package: Path) -> Iterator[Finding]:
    kind = document.text((*package, "kind")) or "implement"
    fields = document.fields(package)
    if "guards" in fields and kind not in {"gate", "checkpoint"}:
        yield _useless(document, (*package, "guards"), f"a package of kind {kind!r}")
    if "write" not in fields and "write" not in document.fields((*package, "scope")):
        for path in ((*package, "deny"), (*package, "scope", "deny")):
            if document.node(path) is not None:
                yield _useless(document, path, "a package that does not say what it writes")


def _useless(document: Document, path: Path, where: str) -> Finding:
    return finding(
        document,
        path,
        "SCHEMA_IDLE_FIELD",
        f"{path[-1]!r} has no effect in {where}",
        severity=Severity.WARNING,
        hint="remove it",
        key=True,
    )


def _lock_keys(document: Document, package: Path, known: Sequence[str]) -> Iterator[Finding]:
    for path, key in texts(document, (*package, "locks", "keys")):
        namespace = namespace_of(key)
        if ":" not in key or namespace not in known:
            meant = did_you_mean(namespace, known)
            yield finding(
                document,
                path,
                "BAD_LOCK_KEY",
                f"lock key {key!r} has no namespace that is known",
                hint=f"{meant} "
                * bool(meant)
                + f"write one of {', '.join(f'{name}:' for name in known)},"
                " or declare it as `[locks] namespaces` in plait.toml",
            )
        elif spelling(key) != key:
            yield finding(
                document,
                path,
                "LOCK_KEY_RESPELT",
                f"lock key {key!r} is held as {spelling(key)!r}",
                severity=Severity.INFO,
                hint="nothing has to be done; written so, it is found by a search",
            )


def _contracts(document: Document, source: PlanSource) -> Iterator[Finding]:
    listed: Path = ("contracts", "files")
    yield from islice(twice(document, listed), MOST_FINDINGS)
    yield from _files(document, source, listed, "CONTRACT_MISSING", "contract file")
    path: Path = ("contracts", "primary")
    primary = document.text(path)
    if primary and primary not in {text for _, text in texts(document, listed)}:
        yield from _missing(
            document, source, path, primary, code="CONTRACT_MISSING", what="contract file"
        )
    if source.in_repository:
        yield from _contents(source, [primary, *(text for _, text in texts(document, listed))])


def _contents(source: PlanSource, names: Sequence[str]) -> Iterator[Finding]:
    """What is wrong with the contracts that exist."""
    paths = {
        os.path.normpath(name): source.root / os.path.normpath(name)
        for name in names[:MOST_FINDINGS]
        if name
    }
    found = {name: path for name, path in paths.items() if holds(source, path)}
    if found:
        from plait.plans import contracts

        files = [contracts.ContractFile(path=path, name=name) for name, path in found.items()]
        yield from contracts.check(files, root=source.root)


def _files(
    document: Document, source: PlanSource, path: Path, code: str, what: str
) -> Iterator[Finding]:
    for item, text in islice(texts(document, path), MOST_FINDINGS):
        yield from _missing(document, source, item, text, code=code, what=what)


def _missing(
    document: Document, source: PlanSource, path: Path, text: str, *, code: str, what: str
) -> Iterator[Finding]:
    """A file that does not exist; a plan on its own cannot tell where its files lie."""
    if source.in_repository and not holds(source, source.root / os.path.normpath(text)):
        yield finding(
            document,
            path,
            code,
            f"{what} {text!r} does not exist below the repository's root",
            severity=Severity.WARNING,
            hint="correct the path, or write the file before the first package starts",
        )
