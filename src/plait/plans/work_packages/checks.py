"""What the shape of a `work-packages.yaml` cannot say: keys, references to files, idle fields.

Each check reads the document itself, so that a plan whose shape is wrong still hears of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import partial
from itertools import islice
from pathlib import PurePosixPath

from plait.core.finding import Finding, Severity
from plait.core.lock_keys import spelling
from plait.core.scope import invalid, overlap
from plait.plans.entries import (
    finding as _finding,
    items as _items,
    texts as _texts,
    twice as _twice,
)
from plait.plans.nearest import did_you_mean
from plait.plans.openspec_layout import Change
from plait.plans.work_packages import contracts as openspec_contracts
from plait.plans.work_packages.keys import accepted, cure
from plait.plans.yaml_source import MOST_FINDINGS, Document, Path

_OF_KIND = {
    "command": ("command", "cwd", "env", "expect_exit_code"),
    "ci": ("ci",),
    "manual": ("manual_instructions",),
}
_MOST_UNKNOWN = 20  # each is compared with all ids
_MOST_COMPARED = 10_000  # pairs of a lock and a glob in one package


def check(document: Document, change: Change) -> list[Finding]:
    """All findings beyond the shape, in no particular order."""
    kinds: tuple[Callable[[Document, Path], Iterator[Finding]], ...] = (
        _steps,
        _needs,
        partial(_lock_keys, declared=change.source.lock_namespaces),
        _scope,
    )
    packages = list(_items(document, ("packages",)))
    findings = [*_contracts(document, change), *openspec_contracts.check(document, change)]
    for kind in kinds:
        found = (finding for package in packages for finding in kind(document, package))
        findings += islice(found, MOST_FINDINGS)
    return findings


def unknown_references(document: Document) -> list[Finding]:
    """`UNKNOWN_DEPENDENCY` where no plan could be made: on a plan the validation says it."""
    packages = list(_items(document, ("packages",)))
    known = {document.text((*package, "package_id")) for package in packages}
    unknown = (
        (path, need)
        for package in packages
        for path, need in _texts(document, (*package, "depends_on"))
        if need not in known
    )
    return [
        _finding(
            document,
            path,
            "UNKNOWN_DEPENDENCY",
            f"{need!r} is needed, which the plan does not hold",
            hint=did_you_mean(need, known) or "correct the id, or add the package",
        )
        for path, need in islice(unknown, _MOST_UNKNOWN)
    ]


def _contracts(document: Document, change: Change) -> Iterator[Finding]:
    listed: Path = ("contracts", "openapi", "files")
    yield from islice(_twice(document, listed), MOST_FINDINGS)
    if change.id is None and not change.source.in_repository:
        return  # a file on its own: where its contracts lie is not known
    named = {text: path for path, text in _texts(document, listed)}
    primary = document.node(("contracts", "openapi", "primary"))
    if primary is not None and isinstance(primary.value, str):
        named.setdefault(primary.value, ("contracts", "openapi", "primary"))
    for text, path in islice(named.items(), MOST_FINDINGS):
        if change.find(text) is None:
            yield _finding(
                document,
                path,
                "CONTRACT_MISSING",
                f"contract file {text!r} exists neither from the repository's root"
                " nor from the change's folder",
                severity=Severity.WARNING,
                hint="correct the path, or write the contract before its first package starts",
            )


def _steps(document: Document, package: Path) -> Iterator[Finding]:
    for step in _items(document, (*package, "verification", "steps")):
        fields = document.fields(step)
        kind = document.text((*step, "kind"))
        if kind not in _OF_KIND:
            continue  # the shape says so
        needed, *_ = _OF_KIND[kind]
        given = document.node((*step, needed))
        if given is None or given.value is None:
            yield _finding(
                document,
                (*step, needed),
                "SCHEMA_MISSING_FIELD",
                f"field {needed!r} is missing in a step of kind {kind!r}",
                hint=f"add {needed}",
            )
        for other, names in _OF_KIND.items():
            for name in names:
                if other != kind and name in fields:
                    yield _finding(
                        document,
                        (*step, name),
                        "SCHEMA_IDLE_FIELD",
                        f"{name!r} has no effect in a step of kind {kind!r}",
                        severity=Severity.WARNING,
                        hint=f"remove it, or make the step's kind {other!r}",
                        key=True,
                    )
        cwd = document.text((*step, "cwd"))
        if cwd.startswith(("/", "~")) or ".." in PurePosixPath(cwd).parts:
            yield _finding(
                document,
                (*step, "cwd"),
                "SCHEMA_BAD_VALUE",
                f"cwd {cwd!r} leaves the tree",
                hint="name a folder relative to the repository's root",
            )


def _needs(document: Document, package: Path) -> Iterator[Finding]:
    yield from _twice(document, (*package, "depends_on"))


def _lock_keys(document: Document, package: Path, declared: Collection[str]) -> Iterator[Finding]:
    feature = document.text(("feature", "id"))
    for path, key in _texts(document, (*package, "locks", "keys")):
        if not accepted(key, declared):
            yield _finding(
                document,
                path,
                "BAD_LOCK_KEY",
                f"lock key {key!r} is not spelt as the format wants it",
                hint=cure(key, feature, declared),
            )
        elif spelling(key) != key:
            yield _finding(
                document,
                path,
                "LOCK_KEY_RESPELT",
                f"lock key {key!r} is held as {spelling(key)!r}",
                severity=Severity.INFO,
                hint="nothing has to be done; written so, it is found by a search",
            )


def _scope(document: Document, package: Path) -> Iterator[Finding]:
    write = document.node((*package, "scope", "write_allow"))
    if write is None or not isinstance(write.value, list):
        return
    if not write.value:
        yield _finding(
            document,
            (*package, "scope", "write_allow"),
            "READ_ONLY",
            "this package may write nothing",
            severity=Severity.INFO,
            hint="its checks decide alone; any change it makes is a violation",
        )
        return
    globs = [text for _, text in _texts(document, (*package, "scope", "write_allow"))]
    files = list(_texts(document, (*package, "locks", "files")))
    if any(invalid(glob) for glob in globs) or len(globs) * len(files) > _MOST_COMPARED:
        return
    for path, file in files:
        if not any(_meet(file, glob) for glob in globs):
            yield _finding(
                document,
                path,
                "LOCK_OUTSIDE_SCOPE",
                f"{file!r} is locked but outside the package's own scope",
                severity=Severity.INFO,
                hint="add it to write_allow if the package changes it",
            )


def _meet(file: str, glob: str) -> bool:
    """Whether a lock on a file, or on a folder called like one, touches what a glob allows."""
    names = [name for name in (file, f"{file.rstrip('/')}/**") if invalid(name) is None]
    return not names or any(overlap(name, glob) for name in names)
